"""figures.py: what a request costs the dataplane: instructions on its core
outside the idle loop, exact, against the figures that the design set itself;
and one ratio of elapsed times (conf/roundtrip.py).

	figures.py [--quick] [--seed N] [--only NAME,...]

Run by `make figures` (QUICK=1, SEED=, ONLY=). Machines and their clients are
those of `make compare` (conf/side/); obj/figures/figures.csv keeps the rows.
"""
import concurrent.futures
import csv
import os
import sys

import command
import roundtrip
from side import machine, matrix
from side.options import measuring

OUT = os.path.join(command.OBJ, "figures")


class Cell(matrix.Cell):
    """A boot of one server on one dataplane core."""

    def __init__(self, name, server, phases, mem="512M"):
        super().__init__("figures", "ix-raw", "igb", phases, server)
        self.short = name
        self.mem = mem

    def name(self):
        return self.short

    def given(self, seed):
        return dict(super().given(seed), MEM=self.mem)


def tcp_phases(quick):
    few = 2 if quick else 1
    return ["tcp,n=%d" % (400 // few), "tcp,c=64,n=%d" % (2560 // few)]


def cells(quick):
    few = 4 if quick else 1
    echo = tcp_phases(quick)
    out = [
        Cell("frames", "ixreflect -- -u",
             ["frames,n=%d" % (400 // few),
              "frames,c=32,n=%d" % (3200 // few)]),
        Cell("udp", "ixudp", ["udp,n=%d" % (400 // few),
                              "udp,c=64,n=%d" % (6400 // few)]),
        Cell("raw", "ixecho", echo + ["conn,n=%d" % (200 // few),
                                      "tcp,s=65536,n=%d" % (40 // few)]),
        Cell("events", "ixevecho", echo),
        Cell("sockets", "echosrv", echo + ["udp,n=%d" % (400 // few)])]
    if not quick:
        out.append(Cell("many", "ixecho", ["tcp,c=10000,f=64,n=20000"], "1G"))
    return out


class Figure:
    """A row of the table. value and goal are numbers of one kind: unit is
    "instructions", "times" or "%"; rows with a goal are to stay below it."""

    def __init__(self, title, value, goal, unit="", detail=""):
        self.title = title
        self.value = value
        self.goal = goal
        self.unit = unit
        self.detail = detail

    def verdict(self):
        if self.value <= self.goal:
            return "reached"
        if self.unit:
            return "missed by %.2f" % (self.value - self.goal)
        return "missed by %d (%.0f %%)" % (
            self.value - self.goal, 100 * (self.value / self.goal - 1))

    def line(self):
        show = {"": "%.0f", "times": "%.2f x", "%": "+%.1f %%"}[self.unit]
        return "%-44s %10s %10s   %-22s %s" % (
            self.title, show % self.value, show % self.goal, self.verdict(),
            self.detail)


def whole(row):
    """All instructions: what the stack's timers cost is the request's, too,
    as they cost it by the number of connections."""
    return row["instr"] + row["timer"]


def parts(row):
    return "libOS %.0f, timers %.0f, application %.0f" % (
        row["libos"], row["timer"], row["app"])


def table(rows):
    """rows: of each cell by name. The figures whose cells were run."""
    out = []

    def cost(title, cell, phase, goal):
        if cell in rows:
            row = rows[cell][phase]
            out.append(Figure(title, whole(row), goal, "", parts(row)))

    def over(title, cell, phase, goal):
        if cell in rows and "raw" in rows:
            out.append(Figure(title, 100 * (
                whole(rows[cell][phase]) / whole(rows["raw"][phase]) - 1),
                goal, "%", parts(rows[cell][phase])))

    cost("layer-2 reflector, batch of 32", "frames", 1, 200)
    cost("UDP echo 64 B, 1 in flight", "udp", 0, 1800)
    cost("UDP echo 64 B, 64 in flight", "udp", 1, 1200)
    cost("TCP echo 64 B, 1 connection", "raw", 0, 4000)
    cost("TCP echo 64 B, 64 connections", "raw", 1, 3200)
    if "many" in rows and "raw" in rows:
        out.append(Figure("TCP echo 64 B, 10,000 connections, over 64",
                          whole(rows["many"][0]) / whole(rows["raw"][1]),
                          1.15, "times", parts(rows["many"][0])))
    cost("connect, one request, close", "raw", 2, 15000)
    cost("TCP echo 64 KB, 1 connection", "raw", 3, 100000)
    over("event layer over raw calls, 1 connection", "events", 0, 10)
    over("event layer over raw calls, 64 connections", "events", 1, 10)
    over("sockets over raw calls, 1 connection", "sockets", 0, 25)
    over("sockets over raw calls, 64 connections", "sockets", 1, 25)
    if "roundtrip" in rows:
        a, b = rows["roundtrip"]
        out.append(Figure("round trip of a TCP echo over the reflector's",
                          a / b, 1.5, "times", "elapsed: %.0f and %.0f us" % (
                              a, b)))
    return out


def measure(wanted, seed, jobs):
    """{name of a cell: its rows}."""
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        work = {c.short: pool.submit(c.run, OUT, seed) for c in wanted}
        try:
            return {name: f.result() for name, f in work.items()}
        except (machine.RunFailed, command.Refused) as e:
            for f in work.values():
                f.cancel()
            raise SystemExit("figures: %s" % e)


def main():
    parser = measuring("figures.py")
    options = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    wanted = cells(options.quick)
    known = [c.short for c in wanted] + ["roundtrip"]
    names = options.only.split(",") if options.only else known
    for n in names:
        if n not in known:
            raise SystemExit("figures: ONLY=%s: the runs are %s" % (
                n, ", ".join(known)))
    wanted = [c for c in wanted if c.short in names]
    rows = measure(wanted, options.seed, options.jobs)
    with open(os.path.join(OUT, "figures.csv"), "w", newline="") as f:
        out = csv.DictWriter(f, ["run"] + list(matrix.FIELDS),
                             extrasaction="ignore")
        out.writeheader()
        for name, found in rows.items():
            out.writerows(dict(r, run=name) for r in found)
    # Elapsed time, so last and alone.
    if "roundtrip" in names:
        try:
            rows["roundtrip"] = roundtrip.measure(
                os.path.join(OUT, "roundtrip"), 200 if options.quick else 2000)
        except machine.RunFailed as e:
            raise SystemExit("figures: roundtrip: %s" % e) from None
    print("instructions of the dataplane's core for each request, outside "
          "the idle loop\n")
    print("%-44s %10s %10s" % ("", "measured", "to reach"))
    for figure in table(rows):
        print(figure.line())
    return 0


if __name__ == "__main__":
    sys.exit(main())
