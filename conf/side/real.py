"""real.py: both servers in elapsed time, for `make compare REAL=1`: host/load
drives each design in turns, round after round, so that whatever else this host
does falls on all of them alike. Medians, and ratios of medians, are shown; the
host's speed and QEMU's translation are in every figure, so only ratios say
something of the designs.
"""
import csv
import os
import shutil
import statistics
import subprocess
import tempfile

import command
from side import machine
from side.matrix import NAMES

DESIGNS = ("lab6-poll", "lab6-irq", "ix", "ix-events", "ix-raw")
SERVERS = {"ix-events": "ixevecho", "ix-raw": "ixecho"}
CONNS = (1, 64)
FIELDS = ("round", "design", "conns", "msgs_per_s", "p50_us", "p99_us",
          "errors")
LOAD = os.path.join(command.OBJ, "host", "load")


def given(design, path):
    """The launcher's variables: one serving core, and one for the control
    plane where there is one."""
    server = SERVERS.get(design, "echosrv")
    ix = design.startswith("ix")
    return {"NET": "stream:" + path, "NIC": "igb", "PCAP": "0",
            "CPUS": "2" if ix else "1", "MODE": "ix" if ix else "lab6",
            "LAB6": "irq" if design == "lab6-irq" else "poll",
            "ARGS": "ixcp run -n 0 -w -1 " + server if ix
                    else "ns; " + server}


def wait_for(path, process, scale):
    """Until QEMU listens at `path`."""
    for _ in range(int(200 * scale)):
        if os.path.exists(path):
            return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise machine.RunFailed("QEMU does not listen at " + path)


def load(path, conns, seconds, scale):
    """One run of host/load: its CSV line as a dict."""
    done = subprocess.run(
        [LOAD, "echo", "stream:" + path, "--conns", str(conns),
         "--messages", "0", "--time", str(seconds), "--warmup", "0.2",
         "--csv", "--csv-header", "--timeout", str(20 * scale)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    rows = list(csv.DictReader(done.stdout.splitlines()))
    if done.returncode != 0 or not rows:
        raise machine.RunFailed("load ended with status %d: %s" % (
            done.returncode, done.stderr.strip()))
    return rows[-1]


def visit(design, number, seconds, out):
    """Boot one design and load it: a row for each number of connections."""
    scale = float(os.environ.get("TIMEOUT_SCALE") or 1)
    place = tempfile.mkdtemp(prefix="jix-")
    path = os.path.join(place, "n")
    rows = []
    try:
        with machine.running(os.path.join(out, "real-" + design),
                             given(design, path)) as (process, _):
            wait_for(path, process, scale)
            for conns in CONNS:
                row = load(path, conns, seconds, scale)
                rows.append({
                    "round": number, "design": design, "conns": conns,
                    "msgs_per_s": row["achieved"], "p50_us": row["p50_us"],
                    "p99_us": row["p99_us"],
                    "errors": row["errors"]})
    finally:
        shutil.rmtree(place)
    return rows


def measure(rounds, seconds, out, progress):
    rows = []
    for number in range(rounds):
        # Every other round backwards: nobody always comes after the same.
        for design in DESIGNS[::-1 if number % 2 else 1]:
            try:
                rows += visit(design, number + 1, seconds, out)
            except machine.RunFailed as e:
                raise SystemExit("compare: %s: %s" % (design, e)) from None
            progress(len(rows) // len(CONNS), rounds * len(DESIGNS))
    return rows


def median(rows, design, conns, field):
    return statistics.median(
        float(r[field]) for r in rows
        if r["design"] == design and r["conns"] == conns)


def text(rows, rounds, seconds):
    """The table; the ratio is to the better of the lab-6 variants."""
    out = ["64-byte TCP echo from this host, igb, one serving core: elapsed "
           "time.", "Medians of %d interleaved rounds of %g s; ratios are to "
           "the better lab-6 variant." % (rounds, seconds), ""]
    for conns in CONNS:
        out += ["%d connection%s" % (conns, "s"[:conns > 1]),
                "  %-18s%12s%8s%12s%8s%12s" % (
                    "", "messages/s", "ratio", "p50 us", "ratio", "p99 us")]
        value = {(d, f): median(rows, d, conns, f) for d in DESIGNS
                 for f in ("msgs_per_s", "p50_us", "p99_us")}
        lab6 = [d for d in DESIGNS if d.startswith("lab6")]
        rate = max(value[d, "msgs_per_s"] for d in lab6)
        p50 = min(value[d, "p50_us"] for d in lab6)
        for d in DESIGNS:
            out.append("  %-18s%12.0f%8.2f%12.0f%8.2f%12.0f" % (
                NAMES[d], value[d, "msgs_per_s"],
                value[d, "msgs_per_s"] / rate, value[d, "p50_us"],
                p50 / value[d, "p50_us"], value[d, "p99_us"]))
        out.append("")
    return "\n".join(out)


def run(out, quick, progress):
    rounds, seconds = (3, 0.5) if quick else (7, 2)
    rows = measure(rounds, seconds, out, progress)
    path = os.path.join(out, "real.csv")
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, FIELDS)
        writer.writeheader()
        writer.writerows(rows)
    print(text(rows, rounds, seconds))
    print("figures of every round: " + path)
    return 0
