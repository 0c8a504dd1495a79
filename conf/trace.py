"""trace.py: one request's way through both servers, as recorded at the
stations of inc/trace.h: obj/trace/paths.svg, and text on the terminal.

	trace.py [--seed N] [--nic NIC]

Run by `make trace`. Exact: a tick is an instruction. Recording a station
costs too, in lab-6 a system call where a user environment records: the way is
drawn as it was, that cost in it.
"""
import argparse
import os
import sys

import command
from side import lanes, machine, path
from side.matrix import NAMES, Cell

OUT = os.path.join(command.OBJ, "trace")
DESIGNS = ("lab6-poll", "lab6-irq", "ix", "ix-raw")


def record(design, nic, seed):
    """The Way of the last request of a short run."""
    cell = Cell("trace", design, nic, ["tcp,n=3"])
    given = cell.given(seed)
    given["KARGS"] += " trace=1"
    run = machine.execute(os.path.join(OUT, design), given)
    client = int(run.text.split("ixbench: cpu ")[1].split(",")[0])
    return path.Way(run.export, client, design)


def main():
    parser = argparse.ArgumentParser(prog="trace.py")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--nic", default="igb")
    options = parser.parse_args()
    ways = []
    for design in DESIGNS:
        try:
            way = record(design, options.nic, options.seed)
        except machine.RunFailed as e:
            raise SystemExit("trace: %s: %s" % (design, e))
        ways.append(way)
        print(way.text(NAMES[design]))
    picture = os.path.join(OUT, "paths.svg")
    with open(picture, "w") as f:
        f.write(lanes.draw([(NAMES[w.design], w) for w in ways
                            if w.design in ("lab6-poll", "ix-raw")]))
    print("picture: %s" % picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
