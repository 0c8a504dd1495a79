"""fingerprint.py: what a report's figures belong to."""
import hashlib
import os
import subprocess

import command
from side.machine import qemu_path


def first_line(*argv):
    try:
        text = subprocess.run(argv, capture_output=True, text=True).stdout
    except OSError:
        return "unknown"
    return text.splitlines()[0].strip() if text.strip() else "unknown"


def tree():
    """The commit, and whether files differ from it."""
    commit = first_line("git", "rev-parse", "--short=12", "HEAD")
    if commit == "unknown":
        return "not a clone"
    dirty = subprocess.run(["git", "status", "--porcelain"], text=True,
                           capture_output=True).stdout.strip()
    return "%s, %s" % (commit, "with changes" if dirty else "clean")


def compiler():
    """What conf/setup found, and the image was compiled by."""
    host = command.host()
    return "%s %s" % (os.path.basename(host.get("JIX_CC", "unknown")),
                      host.get("JIX_CC_VERSION", ""))


def fingerprint(seed):
    """Pairs of name and value, for the head of a report."""
    with open(command.IMAGE, "rb") as f:
        image = hashlib.sha256(f.read()).hexdigest()
    return [("image", "SHA-256 " + image), ("compiler", compiler()),
            ("QEMU", first_line(qemu_path(), "--version")),
            ("seed", str(seed)), ("tree", tree())]
