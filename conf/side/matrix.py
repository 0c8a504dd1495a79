"""matrix.py: what `make compare` runs: which machine with which phases, and
what of its counters makes the figures of a row.
"""
import os
import statistics

from side import machine, wire

DESIGNS = ("lab6-poll", "lab6-irq", "ix", "ix-events", "ix-raw")
NAMES = {"lab6-poll": "lab-6, polling", "lab6-irq": "lab-6, interrupts",
         "ix": "IX, sockets", "ix-events": "IX, events",
         "ix-raw": "IX, raw calls"}
# The same program serves in all columns but the last two, whose programs use
# the dataplane's event layer and its own calls.
SERVERS = {"ix-events": "ixevecho", "ix-raw": "ixecho"}
COMPONENTS = ("kernel", "input", "output", "ns", "libos", "app")
# The columns of the CSV file: exact, the same in every run. Shown, but not
# among them: what the stacks' timers cost, which is spent by the time and not
# by the request; and wire_us, a mean of stamps of a microsecond, of which each
# may differ by one. Names that end in _us: on the wire, medians but for the
# mean hold_us (delay_us and slow_us are given).
FIELDS = ("section", "nic", "design", "server", "kind", "conns", "size",
          "cores", "batch", "hogs", "slow_us", "rate", "requests", "instr",
          ) + COMPONENTS + (
          "traps", "syscalls", "ipcs", "switches", "threads", "crossings",
          "locks", "copied", "copies", "doorbells", "frames_in", "frames_out",
          "per_poll", "rtt_min", "rtt_p50", "rtt_p99",
          "rtt_max", "client", "elapsed", "answered_per_s",
          "delay_us", "ping_us", "ack_us", "first_us", "last_us", "hold_us",
          "held", "held_max", "buffers", "buffers_max")
# Counted in ticks of the core: not in EXACT=load, where cores take turns.
TICKS = ("instr", "timer", "client") + COMPONENTS
ENVS = {"ns": "ns", "ns_input": "input", "ns_output": "output",
        "ns_timer": "timer"}


class Cell:
    """One boot: a design on a card with phases for its client."""

    def __init__(self, section, design, nic, phases, server=None, cores=1,
                 batch=64, hogs=0, slow_us=0, exact="cost", median=False):
        self.section = section
        self.design = design
        self.nic = nic
        self.phases = phases
        self.ix = design.startswith("ix")
        self.server = server or SERVERS.get(design, "echosrv")
        self.cores = cores
        self.batch = batch
        self.hogs = hogs
        self.slow_us = slow_us
        self.exact = exact
        self.median = median    # of all phases, one row: the median

    def name(self):
        parts = [self.section, self.nic, self.design, self.server]
        for key, usual in (("cores", 1), ("batch", 64), ("hogs", 0),
                           ("slow_us", 0)):
            value = getattr(self, key)
            if value != usual:
                parts.append("%s%d" % (key, value))
        return "-".join(parts)

    def given(self, seed):
        """The launcher's variables for this boot."""
        server = self.server
        if self.slow_us:
            server += " -d %d" % self.slow_us
        client = "ixcp run -n 2 -t 0 -w -1 ixbench -- -s 10.0.%d.15 %s%s" % (
            3 if self.ix else 2, "-g 30000 " if self.hogs else "",
            " ".join(self.phases))
        if self.ix:
            # The server first: it gets the CPUs from the top.
            programs = ["ixcp run -n 1 -t 0 -w -1 -c %d -b %d %s" % (
                self.cores, self.batch, server)]
        else:
            programs = ["ns", server]
        programs += ["hog -w %d" % (1 + self.ix * self.cores)] * self.hogs
        programs.append(client)
        return {"EXACT": self.exact, "NIC": self.nic, "SEED": str(seed),
                "CPUS": str(1 + self.ix + self.cores),
                "MODE": "ix" if self.ix else "lab6",
                "LAB6": "irq" if self.design == "lab6-irq" else "poll",
                "KARGS": "export=1 ip2=10.0.%d.2" % (3 if self.ix else 2),
                "ARGS": "; ".join(programs)}

    def run(self, directory, seed):
        """Run it: the rows."""
        directory = os.path.join(directory, self.name())
        pcap = os.path.join(directory, "client.pcap")
        given = self.given(seed)
        run = machine.execute(directory, given, extra=[
            "-object", "filter-dump,id=wire,netdev=n2,maxlen=96,file=" + pcap])
        frames = wire.read(pcap)
        os.unlink(pcap)
        if len(run.results) != len(self.phases):
            raise machine.RunFailed("%s: %d of %d phases" % (
                self.name(), len(run.results), len(self.phases)))
        rows = [self.row(run, i, frames) for i in range(len(run.results))]
        if self.median:
            rows.sort(key=lambda r: r["instr"])
            rows = rows[len(rows) // 2:][:1]
        return rows

    def row(self, run, number, frames):
        result = run.results[number]
        if result["errors"]:
            raise machine.RunFailed("%s: phase %d had errors" % (
                self.name(), number))
        count = run.export.between(2 * number, 2 * number + 1)
        n = result["requests"]
        row = {f: "" for f in FIELDS + ("timer", "wire_us")}
        for key in ("section", "nic", "design", "server", "cores", "batch",
                    "hogs", "slow_us"):
            row[key] = getattr(self, key)
        for key in ("kind", "conns", "size", "rate", "requests", "elapsed"):
            row[key] = result[key]
        client_cpu = int(run.text.split("ixbench: cpu ")[1].split(",")[0])
        work = ix_work(count, client_cpu, self.hogs) if self.ix \
            else lab6_work(count, client_cpu)
        row.update({k: round(v / n, 2) for k, v in work.items()})
        row["instr"] = round(sum(work[c] for c in COMPONENTS) / n, 2)
        if work["polls_full"]:
            row["per_poll"] = round(
                work["frames_in"] / work["polls_full"], 3)
        del row["polls_full"]
        for key in ("min", "p50", "p99", "max"):
            row["rtt_" + key] = result[key]
        row["client"] = round(
            (result["client_app"] + result["client_libos"]) / n, 2)
        row["answered_per_s"] = round(n * 1e9 / result["elapsed"], 1)
        if self.exact == "load":
            row.update(dict.fromkeys(TICKS, ""))
        snapshots = run.export.snapshots
        add_wire(row, result, wire.between(
            frames, snapshots[2 * number].tsc, snapshots[2 * number + 1].tsc))
        return row


def add_wire(row, result, frames):
    """What the wire says of a phase."""
    kind = result["kind"]

    if result["conns"] == 1 and kind in ("udp", "tcp", "busy"):
        times = wire.service_times(frames)
        row["wire_us"] = round(statistics.mean(times), 3) if times else ""
    if kind == "busy":
        pings, acks = wire.busy_times(frames)
        if not len(pings) == len(acks) == result["requests"] // 2:
            raise machine.RunFailed("%d pings answered, %d messages "
                                    "acknowledged" % (len(pings), len(acks)))
        row["ping_us"] = statistics.median_low(pings)
        row["ack_us"] = statistics.median_low(acks)
    if kind == "lazy":
        first, last = wire.burst_times(frames)
        row["first_us"] = statistics.median_low(first)
        row["last_us"] = statistics.median_low(last)
        row["delay_us"] = result["delay"]
        mean, row["held_max"], hold = wire.held(frames)
        row["held"], row["hold_us"] = round(mean, 2), round(hold)
        row["buffers"] = round(result["held_mean"] / 1000, 2)
        row["buffers_max"] = result["held_max"]


def total(counts, *names):
    return sum(c.get(n, 0) for c in counts for n in names)


def structure(cpus, extra):
    """Counts that both designs have."""
    names = {k for c in list(cpus) + list(extra) for k in c}
    return {
        "traps": total(cpus, "traps"),
        "syscalls": total(cpus, "syscalls"),
        "ipcs": total(cpus, "ipc_sends"),
        "switches": total(cpus, "env_switches"),
        "threads": total(extra, "thread_switches"),
        "locks": total(cpus, "locks"),
        "copied": total(list(cpus) + list(extra), *[
            k for k in names if k.startswith("copy_")]),
        "copies": total(list(cpus) + list(extra), *[
            k for k in names if k.startswith("copies_")]),
    }


def lab6_work(count, client_cpu):
    """Of all CPUs but the client's: instructions by component, and counts.
    Rounds of polling in which nothing happened are idle; each has two system
    calls."""
    cpus = [c for cpu, c in count.cpus.items() if cpu != client_cpu]
    work = dict.fromkeys(COMPONENTS + ("timer",), 0)
    work["kernel"] = total(cpus, "kernel_tsc")
    for name, env in count.envs.items():
        work[ENVS.get(name, "app")] += env["user_tsc"]
    work.update(structure(cpus, count.published.values()))
    for key in ("traps", "syscalls", "locks"):
        work[key] -= 2 * total(cpus, "idle_rounds")
    work.update(crossings=0, doorbells=total(cpus, "doorbells"),
                frames_in=total(cpus, "rx_frames"),
                frames_out=total(cpus, "tx_frames"),
                polls_full=total(cpus, "polls") - total(cpus, "polls_empty"))
    return work


def ix_work(count, client_cpu, hogs):
    """Of the serving cores, and what the kernel did on them and, unless hogs
    run there, on CPU 0."""
    cores = [d for cpu, d in count.dps.items() if cpu != client_cpu]
    cpus = [c for cpu, c in count.cpus.items() if cpu != client_cpu and
            (cpu in count.dps or not hogs)]
    work = dict.fromkeys(COMPONENTS + ("timer",), 0)
    work["kernel"] = total(cpus, "kernel_tsc", "user_tsc")
    work["libos"] = total(cores, "libos_tsc")
    work["timer"] = total(cores, "timer_tsc")
    work["app"] = total(cores, "user_tsc")
    work.update(structure(cpus, cores))
    work.update(crossings=total(cores, "crossings"),
                doorbells=total(cores, "doorbells"),
                frames_in=total(cores, "rx_frames"),
                frames_out=total(cores, "tx_frames"),
                polls_full=total(cores, "polls") -
                total(cores, "polls_empty"))
    return work


# --- The matrix ---------------------------------------------------------------

# A ping and a message d microseconds after the message that is computed for.
SLOW = "busy,n=3,w=1,d=200"
# Batches of 64 requests, one a millisecond: 64 000 in a second.
BURSTS = "lazy,c=64,r=64000,d=1000,n=%d"
# Messages of two full segments, each acknowledged when it is taken.
HELD = "lazy,c=64,s=2920,r=5000,w=16,d=%d,n=%d"


def quick_cells():
    """The thin slice: the counts of all designs, under a minute."""
    phases = ["tcp,n=50", "tcp,c=8,n=160", "udp,n=50"]
    cells = [Cell("cost", d, "igb", phases[:2 if d in SERVERS else 3])
             for d in DESIGNS]
    cells += [Cell("slow", d, "igb", [SLOW], cores=n, slow_us=10000,
                   exact="load") for d, n in (("lab6-irq", 2), ("ix", 1))]
    cells += [Cell("held", d, "igb", [HELD % (us, 50) for us in (0, 5000)])
              for d in ("lab6-irq", "ix-raw")]
    return cells + [Cell("batch", "ix-raw", "igb", [BURSTS % 128], batch=b)
                    for b in (1, 64)]


def cost_phases(design):
    phases = ["udp,n=100"] if design not in SERVERS else []
    phases += ["tcp,c=%d,n=%d" % (c, n) for c, n in (
        (1, 200), (8, 400), (64, 640), (256, 1024))]
    phases += ["tcp,s=%d,n=%d" % (s, n) for s, n in (
        (512, 60), (1460, 60), (4096, 40), (16384, 20), (65535, 12))]
    return phases + ["conn,n=50"]


def all_cells():
    cells = []
    for nic in ("igb", "e1000"):
        for d in DESIGNS:
            cells.append(Cell("cost", d, nic, cost_phases(d)))
    for b in (1, 2, 8, 16, 64):
        cells.append(Cell("batch", "ix-raw", "igb",
                          ["tcp,n=100", "tcp,c=64,n=1280", BURSTS % 640],
                          batch=b))
    for k in (1, 2, 4, 8):
        cells.append(Cell("cores", "ix-raw", "igb", ["tcp,c=64,n=5120"],
                          cores=k))
    # Whatever another CPU does, a request costs the same. Phases are short,
    # as QEMU's timers may cut one in two: the median is whole.
    for h in (0, 1):
        cells.append(Cell("busy", "ix", "igb", ["udp,n=2,w=1"] * 9, hogs=h,
                          median=True))
    for d in DESIGNS[:3]:
        for h in (0, 1, 4):
            cells.append(Cell("hogs", d, "igb",
                              ["tcp,n=4,w=1" if h else "tcp,n=40"], hogs=h,
                              exact="load"))
    for d in DESIGNS[:3]:
        for n in (1, 2)[:1 if d == "ix" else 2]:
            for us in (0, 1000, 10000, 40000):
                cells.append(Cell("slow", d, "igb", [SLOW], cores=n,
                                  slow_us=us, exact="load"))
    for d in ("lab6-poll", "lab6-irq", "ix-raw"):
        cells.append(Cell("held", d, "igb", [
            HELD % (us, n) for us, n in ((0, 50), (100, 50), (1000, 50),
                                         (3000, 90), (10000, 200))]))
    for d in DESIGNS:
        cells.append(Cell("load", d, "igb", load_phases(d), exact="load"))
    return cells


def load_phases(design):
    """Open loop, requests per second of virtual time; each core runs at
    half its speed (two are busy)."""
    top = 180000 if design.startswith("ix") else 42000
    return ["open,c=32,r=%d,n=1200" % (top * tenth // 10)
            for tenth in (1, 3, 5, 7, 8, 9, 10)]
