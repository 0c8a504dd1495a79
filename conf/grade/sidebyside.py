"""sidebyside.py: the part "side by side": the comparison repeats and counts
what the designs do; a request's way is drawn through both."""
import csv
import os
import re
import subprocess

from gradelib import part, test

part("side by side", budget=120)

# What a 64-byte TCP echo at one connection does, whatever it costs: of
# compare.csv, by design and server.
STRUCTURE = {
    ("lab6-poll", "echosrv"): {"ipcs": 8, "crossings": 0},
    ("lab6-irq", "echosrv"): {"ipcs": 8, "crossings": 0},
    ("ix", "echosrv"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                        "crossings": 1},
    ("ix-raw", "ixecho"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                           "crossings": 1},
}
# What one connection does in every run alike.
COUNTED = "traps syscalls ipcs switches crossings locks copied".split()


def make(t, *words):
    """Run make in the tree; its output."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    limit = max(1, t.remaining())
    try:
        done = subprocess.run(["make", "-s"] + list(words), env=env,
                              cwd=t.options.tree, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit)
    except subprocess.TimeoutExpired:
        t.fail("make %s did not end in %.0f s" % (" ".join(words), limit))
    text = done.stdout.decode("utf-8", "replace")
    t.check(done.returncode == 0, "make %s to succeed:\n%s" % (
        " ".join(words), text[-2000:]))
    return text


def figures(t):
    with open(os.path.join(t.options.tree, "obj", "compare",
                           "compare.csv"), newline="") as f:
        return f.read()


@test(15, "the comparison runs, twice with the same counts", timeout=240)
def compare_repeats(t):
    text = make(t, "compare", "QUICK=1", "SEED=1")
    first = figures(t)
    make(t, "compare", "QUICK=1", "SEED=1")
    second = list(csv.DictReader(figures(t).splitlines()))
    rows = list(csv.DictReader(first.splitlines()))
    t.equal(len(second), len(rows), "rows of the second run")
    for a, b in zip(rows, second):
        if a["conns"] != "1":
            continue
        for name in COUNTED:
            t.equal(b[name], a[name], "%s of %s %s, second run" % (
                name, a["design"], a["kind"]))
        t.check(abs(float(b["instr"]) - float(a["instr"])) <=
                0.01 * float(a["instr"]), "instructions of %s within 1 %%: "
                "%s, then %s" % (a["design"], a["instr"], b["instr"]))
    t.match(text, r"instructions per request", r"where the difference of .* is",
            r"^report: obj/compare/report.html")
    return rows


@test(10, "the designs do what they say: messages, crossings, entries",
      parent=compare_repeats)
def compare_structure(t):
    for (design, server), wanted in STRUCTURE.items():
        rows = [r for r in t.parent if r["section"] == "cost" and
                r["design"] == design and r["server"] == server and
                r["kind"] == "tcp" and r["conns"] == "1"]
        t.check(rows, "no figures of %s with %s" % (design, server))
        for name, value in wanted.items():
            t.equal(float(rows[0][name]), value,
                    "%s of %s with %s" % (name, design, server))


@test(5, "the components add up to the whole", parent=compare_repeats)
def compare_adds_up(t):
    parts = "kernel input output timer ns libos app".split()
    for r in t.parent:
        if r["section"] != "cost":
            continue
        total = sum(float(r[p] or 0) for p in parts)
        t.check(abs(total - float(r["instr"])) <= 0.05 * float(r["instr"]),
                "the parts of %s %s, %s connections, to make up 95 %% of %s; "
                "they are %.2f" % (r["design"], r["server"], r["conns"],
                                   r["instr"], total))


@test(10, "one request's way through both designs is drawn", timeout=120,
      parent=compare_repeats)
def trace_draws(t):
    text = make(t, "trace")
    t.match(text, r"the driver finds the frame in its ring",
            r"copied to the input environment's page",
            r"ns passes the frame to output",
            r"the libOS polls and finds a batch",
            r"ring 3 enters the libOS with its calls")
    with open(os.path.join(t.options.tree, "obj", "trace",
                           "paths.svg")) as f:
        svg = f.read()
    t.check(re.match(r"\s*(<\?xml.*?\?>\s*)?<svg ", svg) and
            svg.rstrip().endswith("</svg>"), "a whole picture")
