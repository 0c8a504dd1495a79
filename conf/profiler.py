"""profiler.py: where the instructions of a request go on the dataplane's core,
by function: run by `make profile` (APP=ixecho, LOAD=tcp,c=64).

The request's cost is measured first (conf/figures.py). Then the machine runs
again, QEMU writes down every instruction of libOS and application for a
while, and each is given to the function it was written in, inlined or not.
Empty polls are left out, as in the figure.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import time

import command
import figures
from side import machine

LOG_SIZE = 60 << 20             # bytes of QEMU's log, 71 for an instruction
EMPTY_POLL = 120                # from one `pause` to the next; work has more
LIBOS = os.path.join(command.OBJ, "dp", "libos")
APPLICATION_END = 0x40000000    # IX_TEXT_END
EXECUTED = re.compile(rb"^Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]+)/", re.M)
# Parts of the libOS by the directories of their sources.
GROUPS = (("lwip/", "lwIP"), ("inc/ring", "rings"), ("lib/lwip/", "buckets"),
          ("dp/", "dp"), ("user/", "application"), ("lib/ix/", "libix"),
          ("inc/", "inc"), ("lib/", "lib"))


FILTER = "0xffc0000000+0x40000000,0x800000+%#x" % (APPLICATION_END - 0x800000)


def record(directory, cell, seed, addresses=FILTER):
    """Run the cell; QEMU's log of a stretch of its counted messages."""
    log = os.path.join(directory, "exec.log")
    if os.path.exists(log):
        os.unlink(log)
    marks = os.path.join(directory, "debugcon.bin")
    extra = ["-D", log, "-dfilter", addresses]
    end = time.monotonic() + machine.PATIENCE

    def wait(path, size):
        while not os.path.exists(path) or os.path.getsize(path) <= size:
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("profile: %s does not grow" % path)
            machine.send(qmp, "query-status")
            qmp.recv(65536)
            time.sleep(0.02)

    with machine.running(directory, cell.given(seed), extra) as (process, qmp):
        machine.send(qmp, "qmp_capabilities")
        wait(marks, 0)
        for line in ("one-insn-per-tb on", "log exec,nochain"):
            machine.send(qmp, "human-monitor-command", **{
                "command-line": line})
        wait(log, LOG_SIZE)
    return log


def busy(log, cpu, pauses):
    """{address: times executed} on a CPU, without its empty polls."""
    counts = collections.Counter()
    stretch, first = [], True           # the first began before the record
    with open(log, "rb") as f:
        data = f.read()
    for match in EXECUTED.finditer(data):
        if int(match.group(1)) != cpu:
            continue
        address = int(match.group(2), 16)
        stretch.append(address)
        if address in pauses:
            if len(stretch) > EMPTY_POLL and not first:
                counts.update(stretch)
            stretch, first = [], False
    return counts


def pause_addresses():
    tool = command.host().get("JIX_OBJDUMP", "objdump")
    text = subprocess.run([tool, "-d", "--no-show-raw-insn", LIBOS],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    return {int(a, 16) for a in re.findall(r"^\s*([0-9a-f]+):\s+pause", text,
                                           re.M)}


def functions(program, addresses):
    """{address: (function, source file)}."""
    tool = command.host().get("JIX_ADDR2LINE", "addr2line")
    text = subprocess.run(
        [tool, "-f", "-e", program], input="".join(
            "%#x\n" % a for a in addresses).encode(),
        stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    return {a: (text[2 * i], text[2 * i + 1].split(":")[0])
            for i, a in enumerate(addresses)}


def group(path):
    path = os.path.normpath(path)
    return next((name for prefix, name in GROUPS if path.startswith(prefix)),
                "other")


def main():
    parser = argparse.ArgumentParser(prog="profiler.py")
    parser.add_argument("--app", default="ixecho")
    parser.add_argument("--load", default="tcp")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lines", type=int, default=45)
    options = parser.parse_args()
    directory = os.path.join(command.OBJ, "profile")
    cell = figures.Cell("profile", options.app, [options.load])
    try:
        cost = cell.run(directory, options.seed)[0]["instr"]
        directory = os.path.join(directory, "profile")
        cell.phases = [re.sub(r",n=\d+", "", options.load) + ",n=100000000"]
        log = record(directory, cell, options.seed)
    except (machine.RunFailed, command.Refused) as e:
        raise SystemExit("profile: %s" % e) from None
    with open(os.path.join(directory, "serial.log"), errors="replace") as f:
        client = int(re.search(r"^ixbench: cpu (\d)", f.read(), re.M).group(1))
    counts = busy(log, 3 - client, pause_addresses())   # of CPUs 1 and 2
    os.unlink(log)
    program = os.path.join(command.OBJ, "ixapp", options.app.split()[0])
    where = functions(LIBOS, [a for a in counts if a >= APPLICATION_END])
    where.update(functions(program, [a for a in counts
                                     if a < APPLICATION_END]))
    total = sum(counts.values())
    by_function, by_group = collections.Counter(), collections.Counter()
    for address, n in counts.items():
        name, path = where[address]
        by_function[group(path), name] += n
        by_group[group(path)] += n
    print("%s, %s: %.0f instructions a request, by function (%d recorded)" % (
        options.app, options.load, cost, total))
    for name, n in by_group.most_common():
        print("%8.1f  %s" % (cost * n / total, name))
    print()
    for (part, name), n in by_function.most_common(options.lines):
        print("%8.1f  %-12s %s" % (cost * n / total, part, name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
