"""costs.py: the part "costs": `make figures` measures what a request costs the
dataplane, and the main figures do not grow. They are counts of instructions,
the same in every run; the bounds leave room for other compilers."""
import csv
import os
import subprocess
import sys

from gradelib import part, test
from testmachine import qemu_path

part("costs", budget=40)

# Instructions for each request, at most: of figures.csv, by run and phase.
BOUNDS = {
    ("frames", "frames", "32"): 380, ("udp", "udp", "1"): 2350,
    ("udp", "udp", "64"): 1800, ("raw", "tcp", "1"): 3700,
    ("raw", "tcp", "64"): 3150, ("raw", "conn", "1"): 12600,
    ("events", "tcp", "1"): 4250, ("sockets", "tcp", "1"): 4500,
}


@test(10, "make figures measures what a request costs", timeout=120)
def figures_run(t):
    tree = t.options.tree
    done = subprocess.run(
        [sys.executable, "conf/figures.py", "--quick"], cwd=tree,
        env=dict(os.environ, QEMU=qemu_path(tree)), timeout=t.remaining(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace")
    t.equal(done.returncode, 0, "status of make figures, which said:\n" + text)
    t.match(text, r"^layer-2 reflector, batch of 32 +\d+ +\d+ +(reach|miss)ed",
            r"^UDP echo 64 B, 64 in flight +\d+",
            r"^TCP echo 64 KB, 1 connection +\d+",
            r"^event layer over raw calls, 1 connection +\+",
            r"^sockets over raw calls, 64 connections +\+",
            r"^round trip of a TCP echo over the reflector's +\d")
    path = os.path.join(tree, "obj", "figures", "figures.csv")
    with open(path, newline="") as f:
        return {(r["run"], r["kind"], r["conns"]): r
                for r in csv.DictReader(f) if r["size"] == "64"}


@test(10, "no request costs more than it did", parent=figures_run)
def figures_bounds(t):
    for row, bound in BOUNDS.items():
        found = float(t.parent[row]["instr"])
        t.check(found <= bound, "%s, %s, %s at a time: at most %d "
                "instructions, not %.0f" % (row + (bound, found)))


@test(5, "a measured request enters no kernel and takes no lock",
      parent=figures_run)
def figures_structure(t):
    for row in t.parent.values():
        for name in "traps", "ipcs", "switches", "locks":
            t.equal(float(row[name]), 0, "%s of %s %s" % (
                name, row["run"], row["kind"]))
