"""kernel.py: the part "kernel, at length": the programs that once found races
many times over, and the kernel's graded tests on other builds of it."""
import os
import re
import shutil
import subprocess
import sys

import build

from gradelib import part, test

part("kernel, at length", budget=2400)

ROUNDS = 20
GRADED = ["boot", "env", "multi"]
SCRIPT = os.path.join(os.path.dirname(build.__file__), "..", "..",
                      "grade-lab-ix")


def again(t, program, cpus, thread, pattern):
    """Run a program ROUNDS times; each run must be clean and match."""
    for n in range(ROUNDS):
        m = t.run(program, cpus=cpus, thread=thread, timeout=120)
        t.match(m, pattern, no=[r"\bpanic"])
        t.forget(m)


@test(0, "primes, 4 CPUs, 20 times, a host thread for each", timeout=2400)
def primes_multi(t):
    again(t, "primes", 4, "multi", r"^primes: OK")


@test(0, "primes, 4 CPUs, 20 times, one host thread", timeout=2400)
def primes_single(t):
    again(t, "primes", 4, "single", r"^primes: OK")


@test(0, "stresssched, 8 CPUs, 20 times, a host thread for each",
      timeout=2400)
def stresssched_multi(t):
    again(t, "stresssched", 8, "multi", r"^stresssched: OK")


@test(0, "stresssched, 8 CPUs, 20 times, one host thread", timeout=2400)
def stresssched_single(t):
    again(t, "stresssched", 8, "single", r"^stresssched: OK")


def graded(t, *settings):
    """Build a copy of the tree with make's settings and run the kernel's
    graded tests on it."""
    tree = build.copy_tree(t)
    settings = ("CI=1",) + settings
    build.make(t, tree, "all", *settings)
    done = subprocess.run(
        [sys.executable, SCRIPT, "--no-build", "--tree", tree] + GRADED,
        # The tests call make themselves: it must see the same settings.
        env=dict(os.environ, **dict(s.split("=", 1) for s in settings)),
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=t.remaining())
    first = re.search(r"^.*: FAIL \(", done.stdout, re.M)
    if first:
        t.fail("\n".join(done.stdout[first.start():].splitlines()[:40]))
    t.match(done.stdout, r"^\d+ passed, 0 failed")
    t.equal(done.returncode, 0, "exit status of grade-lab-ix")


@test(0, "the graded tests of the kernel with UBSAN=1", timeout=900)
def ubsan_graded(t):
    graded(t, "UBSAN=1")


@test(0, "the graded tests of the kernel, built by clang", timeout=900)
def clang_graded(t):
    if not shutil.which("clang"):
        t.skip("clang is not installed (make setup-full)")
    graded(t, "CC=clang")
