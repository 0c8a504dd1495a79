"""labcost.py: what a 64-byte echo costs the lab-6 server at steady state, and
where the instructions go: run by `make cost-lab6` (LAB6=irq SERVER='echosrv
-b' LOAD=tcp).

Counted first: messages, system calls, switches, copies by site (netstat -w, in
a run of its own), and exactly the instructions of each environment and of the
kernel. Then the machine runs again, QEMU writes down every instruction of a
while, and each is given to the function it was written in, inlined or not.
"""
import argparse
import collections
import os
import re
import subprocess
import sys

import command
import profiler
from side import machine, matrix

KERNEL = os.path.join(command.OBJ, "kern", "kernel")
KERNEL_START = 0xffffffff80000000
NETWORK = os.path.join(command.OBJ, "user", "ns")       # and its helpers
COUNTS = (("system calls", "syscalls"), ("environment switches", "switches"),
          ("doorbells", "doorbells"))
# A line of netstat: messages by kind, copies by site.
WATCHED = re.compile(r"^netstat:   ([A-Z]+|cop(?:y|ies) \w+|answered|"
                     r"replies|IPC messages|thread switches in ns) +\d+ +"
                     r"([\d.]+) each$", re.M)
LINES = 45


class Watched(matrix.Cell):
    """A boot in which netstat looks on; it is no part of the cost."""

    def given(self, seed):
        given = super().given(seed)
        given["ARGS"] = given["ARGS"].replace("ns; ", "ns; netstat -w; ", 1)
        return given

    def lines(self, directory, seed):
        """[(what, how many for each request)] of all the client did."""
        run = machine.execute(directory, self.given(seed),
                              last_word=re.compile(r"^netstat: end", re.M))
        return WATCHED.findall(run.text)


def show(row, watched):
    """The figures of one request."""
    for what, each in watched:
        print("%10s  %s" % (each, what))
    for text, key in COUNTS:
        print("%10.2f  %s" % (row[key], text))
    print("%10.0f  instructions" % row["instr"])
    for part in matrix.COMPONENTS:
        if row[part]:
            print("%10.0f      %s" % (row[part], part))


def instructions(program):
    """The addresses at which an instruction of the program begins."""
    tool = command.host().get("JIX_OBJDUMP", "objdump")
    text = subprocess.run([tool, "-d", "--no-show-raw-insn", program],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    return {int(a, 16) for a in re.findall(r"^\s*([0-9a-f]+):\t", text, re.M)}


def executed(log):
    """Addresses of CPU 0, in order: the client has the other CPU."""
    with open(log, "rb") as f:
        for match in profiler.EXECUTED.finditer(f.read()):
            if match.group(1) == b"0":
                yield int(match.group(2), 16)


def stretches(addresses):
    """Runs of addresses that are all the kernel's, or all a program's."""
    stretch = []
    for address in addresses:
        if stretch and (address >= KERNEL_START) != (
                stretch[-1] >= KERNEL_START):
            yield stretch
            stretch = []
        stretch.append(address)


def count(log, server):
    """{(program, address): times executed}."""
    programs = {p: instructions(p) for p in (NETWORK, server)}
    counts = collections.Counter()
    for stretch in stretches(executed(log)):
        if stretch[0] >= KERNEL_START:
            owner = KERNEL
        else:
            owner = max(programs, key=lambda p: sum(
                a in programs[p] for a in stretch))
        counts.update((owner, a) for a in stretch)
    return counts


def by_function(counts, server):
    found = collections.Counter()
    for program in KERNEL, NETWORK, server:
        mine = {a: n for (p, a), n in counts.items() if p == program}
        where = profiler.functions(program, list(mine))
        for address, n in mine.items():
            found[os.path.basename(program), where[address][0]] += n
    return found


def main():
    parser = argparse.ArgumentParser(prog="labcost.py")
    parser.add_argument("--lab6", default="irq")
    parser.add_argument("--server", default="echosrv -b")
    parser.add_argument("--load", default="tcp")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", action="store_true",
                        help="not by function")
    options = parser.parse_args()
    directory = os.path.join(command.OBJ, "cost-lab6")
    server = os.path.join(command.OBJ, "user", options.server.split()[0])
    settings = ("cost", "lab6-" + options.lab6, "igb",
                [options.load + ",n=400"], options.server)
    cell = matrix.Cell(*settings)
    try:
        row = cell.run(directory, options.seed)[0]
        watched = Watched(*settings).lines(
            os.path.join(directory, "watched"), options.seed)
        print("%s, LAB6=%s, %s: a request costs" % (
            options.server, options.lab6, options.load))
        show(row, watched)
        if options.counts:
            return 0
        cell.phases = [options.load + ",n=100000000"]
        log = profiler.record(os.path.join(directory, "profile"), cell,
                              options.seed, "%#x+0x7fffffff,0x800000+%#x" % (
                                  KERNEL_START, 0x40000000))
    except (machine.RunFailed, command.Refused) as e:
        raise SystemExit("cost-lab6: %s" % e) from None
    counts = count(log, server)
    os.unlink(log)
    total = sum(counts.values())
    print("by function (%d instructions recorded)" % total)
    for (program, name), n in by_function(counts, server).most_common(LINES):
        print("%10.1f  %-8s %s" % (row["instr"] * n / total, program, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
