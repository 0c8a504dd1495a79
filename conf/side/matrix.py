"""matrix.py: what `make compare` runs: which machine with which phases, and
what of its counters makes the figures of a row.
"""
import os

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
# by the request; times on the wire (wire_us, ack_us), from a capture whose
# stamps of a microsecond may differ by one.
FIELDS = ("section", "nic", "design", "server", "kind", "conns", "size",
          "cores", "batch", "hogs", "slow_us", "rate", "requests", "instr",
          ) + COMPONENTS + (
          "traps", "syscalls", "ipcs", "switches", "threads", "crossings",
          "locks", "copied", "doorbells", "frames_in", "frames_out",
          "per_poll", "rtt_min", "rtt_p50", "rtt_p99",
          "rtt_max", "client", "elapsed", "answered_per_s")
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
                "CPUS": str(2 + self.cores if self.ix else 2),
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
        row = {f: "" for f in FIELDS + ("timer", "wire_us", "ack_us")}
        for key in ("section", "nic", "design", "server", "cores", "batch",
                    "hogs", "slow_us"):
            row[key] = getattr(self, key)
        for key in ("kind", "conns", "size", "rate", "requests", "elapsed"):
            row[key] = result[key]
        client_cpu = int(run.text.split("ixbench: cpu ")[1].split(",")[0])
        work = ix_work(count, client_cpu, self.hogs) if self.ix \
            else lab6_work(count)
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
        if result["conns"] == 1 and result["kind"] in ("udp", "tcp"):
            self.add_wire(row, run, number, frames)
        return row

    @staticmethod
    def add_wire(row, run, number, frames):
        snapshots = run.export.snapshots
        answers, acks = wire.service_times(
            frames, snapshots[2 * number].tsc, snapshots[2 * number + 1].tsc)
        if answers:
            row["wire_us"] = round(sum(answers) / len(answers), 3)
        if acks:
            row["ack_us"] = round(sum(acks) / len(acks), 3)


def total(counts, *names):
    return sum(c.get(n, 0) for c in counts for n in names)


def structure(cpus, extra):
    """Counts that both designs have."""
    copies = {k for c in list(cpus) + list(extra) for k in c
              if k.startswith("copy_")}
    return {
        "traps": total(cpus, "traps"),
        "syscalls": total(cpus, "syscalls"),
        "ipcs": total(cpus, "ipc_sends"),
        "switches": total(cpus, "env_switches"),
        "threads": total(extra, "thread_switches"),
        "locks": total(cpus, "locks"),
        "copied": total(list(cpus) + list(extra), *copies),
    }


def lab6_work(count):
    """Of CPU 0: instructions by component, and counts. Rounds of polling in
    which nothing happened are idle; each has two system calls."""
    cpu = count.cpus[0]
    work = dict.fromkeys(COMPONENTS + ("timer",), 0)
    work["kernel"] = cpu["kernel_tsc"]
    for name, env in count.envs.items():
        work[ENVS.get(name, "app")] += env["user_tsc"]
    work.update(structure([cpu], count.published.values()))
    for key in ("traps", "syscalls", "locks"):
        work[key] -= 2 * cpu["idle_rounds"]
    work.update(crossings=0, doorbells=cpu["doorbells"],
                frames_in=cpu["rx_frames"], frames_out=cpu["tx_frames"],
                polls_full=cpu["polls"] - cpu["polls_empty"])
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

def quick_cells():
    """The thin slice: the counts of all designs, under a minute."""
    phases = ["tcp,n=50", "tcp,c=8,n=160", "udp,n=50"]
    return [Cell("cost", d, "igb", phases[:2 if d in SERVERS else 3])
            for d in DESIGNS]


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
                          ["tcp,n=100", "tcp,c=64,n=1280"], batch=b))
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
        for us in (0, 1000, 10000, 40000):
            cells.append(Cell("slow", d, "igb", ["tcp,n=8,w=2"],
                              slow_us=us))
    for d in DESIGNS:
        cells.append(Cell("load", d, "igb", load_phases(d), exact="load"))
    return cells


def load_phases(design):
    """Open loop, requests per second of virtual time; each core runs at
    half its speed (two are busy)."""
    top = 180000 if design.startswith("ix") else 42000
    return ["open,c=32,r=%d,n=1200" % (top * tenth // 10)
            for tenth in (1, 3, 5, 7, 8, 9, 10)]
