"""loadtool.py: host/load at the other end of a network card, for tests.

	link = Link(t)
	m = t.machine("ns; echosrv", nics=[link.card()]).start()
	link.load("echo", "--conns", "64").require()

The load generator is built from the tree that these tests lie in, once. It
speaks to QEMU over a unix socket and needs no privileges.
"""
import os
import re
import shutil
import subprocess
import tempfile
import threading

OWN = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join("obj", "host", "load")
BUILD = threading.Lock()
SCALE = float(os.environ.get("TIMEOUT_SCALE") or 1)


def build(t):
    """The load generator's path."""
    with BUILD:
        made = subprocess.run(["make", "-s", "-C", OWN, "--no-print-directory",
                               PROGRAM], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
    if made.returncode:
        t.fail("the load generator does not build:\n" +
               made.stdout.decode("utf-8", "replace"))
    return os.path.join(OWN, PROGRAM)


class Result:
    """What one run of the load generator said."""

    def __init__(self, t, words, status, text):
        self.t = t
        self.command = "load " + " ".join(words)
        self.status = status
        self.text = text

    def require(self, *patterns):
        """It ended well and wrote these lines; and errors were none."""
        if self.status != 0:
            self.t.fail("%s ended with status %s:\n%s" % (
                self.command, self.status, self.text))
        self.t.match(self.text, r"^errors: 0 ", *patterns)
        return self

    def number(self, pattern):
        """The number in the first group of a pattern."""
        found = re.search(pattern, self.text, re.M)
        if not found:
            self.t.fail("%s: expected %s in\n%s" % (self.command, pattern,
                                                    self.text))
        return int(found.group(1))


class Link:
    """A cable to one network card, for one run of load after the other."""

    def __init__(self, t):
        self.t = t
        self.program = build(t)
        self.dir = tempfile.mkdtemp(prefix="jix-")
        self.path = os.path.join(self.dir, "net")
        t.on_end(lambda: shutil.rmtree(self.dir, ignore_errors=True))

    def card(self, **settings):
        return dict(settings, listen=self.path)

    def load(self, mode, *options, timeout=30):
        words = [mode, "stream:" + self.path] + [str(o) for o in options]
        limit = max(1, min(timeout * SCALE, self.t.remaining()))
        try:
            done = subprocess.run(
                [self.program] + words + ["--timeout", str(limit)],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=limit + 5)
        except subprocess.TimeoutExpired as e:
            text = (e.stdout or b"").decode("utf-8", "replace")
            return Result(self.t, words, "none: it did not end", text)
        return Result(self.t, words, done.returncode,
                      done.stdout.decode("utf-8", "replace"))
