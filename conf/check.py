"""check.py PROGRAM...: run unit tests and sum up what they report.

Each program (a .py file is run by Python) prints `ok NAME` and `FAIL NAME`
lines and ends with a line `N passed, N failed`; one that ends without it, or
badly without a failure of its own, counts as one failure.  Output is shown
for programs with failures only (all of it with V=1).  Called by `make check`.
"""
import os
import re
import subprocess
import sys
import time

LIMIT = 120 * float(os.environ.get("TIMEOUT_SCALE") or 1)


def run(path):
    """(passed, failed, output) of one program."""
    words = [sys.executable, "-B", path] if path.endswith(".py") else [path]
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=LIMIT,
                              stderr=subprocess.STDOUT)
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as e:
        output = (e.stdout or b"") + b"\nno end within %d s\n" % LIMIT
        status = None
    except OSError as e:
        output, status = str(e).encode() + b"\n", None
    text = output.decode("utf-8", "replace")
    last = re.findall(r"^(\d+) passed, (\d+) failed$", text, re.MULTILINE)
    if not last:
        return 0, 1, text + "it ended without a summary (status %s)\n" % status
    passed, failed = map(int, last[-1])
    if status != 0 and not failed:
        return passed, 1, text + "it ended with status %s\n" % status
    return passed, failed, text


def main(paths):
    total = [0, 0]
    for path in paths:
        began = time.monotonic()
        passed, failed, text = run(path)
        total[0] += passed
        total[1] += failed
        print("%s: %d passed, %d failed (%.1fs)" % (
            path, passed, failed, time.monotonic() - began))
        if failed or os.environ.get("V") == "1":
            print("".join("    %s\n" % l for l in text.splitlines()), end="")
        sys.stdout.flush()
    print("%d passed, %d failed" % tuple(total))
    return 0 if total[0] and not total[1] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
