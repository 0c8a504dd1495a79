"""table.py: the comparison as text for a terminal, and the ratios and the
explanation that the report shows too.
"""
import textwrap

from side import waits
from side.matrix import COMPONENTS, DESIGNS, NAMES

WHERE = {
    "kernel": "kernel: system calls, messages, switches, driver",
    "input": "input environment", "output": "output environment",
    "ns": "lab-6 server: stack, threads, sockets",
    "libos": "libOS: driver, stack, events",
    "app": "application and its library",
}


def find(rows, **wanted):
    """The first row with these values, or None."""
    for row in rows:
        if all(row[k] == v for k, v in wanted.items()):
            return row
    return None


def columns(rows, **wanted):
    """A row of each design: the whole table's columns."""
    return [find(rows, section="cost", design=d, **wanted) for d in DESIGNS]


def number(value):
    if value == "":
        return "-"
    if isinstance(value, str):
        return value
    if value >= 1000:
        return format(round(value), ",").replace(",", " ")
    return "%.4g" % value if value else "0"


LINES = (
    ("instructions per request", "instr", "%"),
    ("  kernel", "kernel", ""), ("  input environment", "input", ""),
    ("  output environment", "output", ""),
    ("  network server (ns)", "ns", ""), ("  libOS", "libos", ""),
    ("  application", "app", ""),
    ("requests per s at 10^9 instr/s", "capacity", ""),
    ("service time on the wire, us", "wire_us", ""),
    ("client's round trip, us (median)", "rtt_us", ""),
    ("  of it the client's own work, us", "client_us", ""),
    ("timers besides, in these runs", "timer", ""),
    ("kernel entries", "traps", ""), ("  of them system calls", "syscalls", ""),
    ("IPC messages", "ipcs", ""), ("environment switches", "switches", ""),
    ("crossings into the libOS", "crossings", ""),
    ("bytes copied, with headers", "copied", ""),
    ("  by how many copies", "copies", ""), ("doorbells", "doorbells", ""),
    ("frames per non-empty poll", "per_poll", ""),
)


def value(row, key):
    if row is None:
        return ""
    if key == "capacity":
        return 1e9 * row["cores"] / row["instr"] if row["instr"] else ""
    if key == "rtt_us":
        return row["rtt_p50"] / 1000
    if key == "client_us":
        return row["client"] / 1000
    return row[key]


def block(rows, title, **wanted):
    found = columns(rows, **wanted)
    if not any(found):
        return []
    out = [title, "%-34s" % "" + "".join(
        "%19s" % NAMES[d] for d in DESIGNS)]
    for name, key, _ in LINES:
        values = [value(r, key) for r in found]
        if any(v not in ("", 0) for v in values):
            out.append("%-34s" % name + "".join(
                "%19s" % number(v) for v in values))
    return out + [""]


def better(rows, **wanted):
    """The lab-6 row with fewer instructions."""
    lab6 = [r for r in columns(rows, **wanted)[:2] if r]
    return min(lab6, key=lambda r: r["instr"]) if lab6 else None


def best_ix(rows, **wanted):
    """The IX row: with the dataplane's own calls, if that was measured."""
    ix = [r for r in columns(rows, **wanted)[2:] if r]
    return ix[-1] if ix else None


def ratios(rows, **wanted):
    """[(what, lab-6, IX, ratio)] against the better lab-6 variant."""
    a, b = better(rows, **wanted), best_ix(rows, **wanted)
    if not a or not b:
        return []
    out = [("instructions per request", a["instr"], b["instr"],
            a["instr"] / b["instr"]),
           ("capacity, requests per second", value(a, "capacity"),
            value(b, "capacity"), value(b, "capacity") / value(a, "capacity"))]
    if a["wire_us"] and b["wire_us"]:
        out.append(("service time on the wire, us", a["wire_us"],
                    b["wire_us"], a["wire_us"] / b["wire_us"]))
        out.append(("client's round trip, us", a["rtt_p50"] / 1000,
                    b["rtt_p50"] / 1000, a["rtt_p50"] / b["rtt_p50"]))
    return out


def explanation(rows, **wanted):
    """[(component, lab-6, IX, share of the difference)] and the sum of the
    shares; lab-6's better variant."""
    a, b = better(rows, **wanted), best_ix(rows, **wanted)
    if not a or not b:
        return [], 0
    whole = a["instr"] - b["instr"]
    parts = [(WHERE[c], a[c], b[c], (a[c] - b[c]) / whole)
             for c in COMPONENTS if a[c] or b[c]]
    return parts, sum(p[3] for p in parts)


def reason(rows, **wanted):
    """Why the ratio is what it is, as a sentence: both do TCP/IP."""
    a, b = better(rows, **wanted), best_ix(rows, **wanted)
    stacks = a["ns"], b["libos"]
    rest = a["instr"] - a["ns"], b["instr"] - b["libos"]
    return "What bounds the ratio is what both must do: the same TCP/IP is " \
        "in lab-6's server (%s, with threads, sockets and copies) and in " \
        "IX's libOS (%s, with the driver). All the rest is %s against %s, " \
        "%.0f times as much." % (*map(number, stacks + rest),
                                             rest[0] / rest[1])


def compared(rows, title, **wanted):
    found = ratios(rows, **wanted)
    if not found:
        return []
    a, b = better(rows, **wanted), best_ix(rows, **wanted)
    out = ["%s against %s, %s" % (NAMES[b["design"]], NAMES[a["design"]],
                                  title)]
    for what, x, y, ratio in found:
        out.append("  %-36s %12s %12s   %5.1f times" % (
            what, number(x), number(y), ratio))
    parts, whole = explanation(rows, **wanted)
    out.append("  where the difference of %s instructions is:" % number(
        a["instr"] - b["instr"]))
    for what, x, y, share in parts:
        out.append("    %-48s %8s %8s  %6.1f %%" % (
            what, number(x), number(y), 100 * share))
    out.append("    %-48s %25.1f %%" % (
        "together they explain of the difference", 100 * whole))
    out += textwrap.wrap(reason(rows, **wanted), 78, initial_indent="  ",
                         subsequent_indent="  ")
    return out + [""]


def text(rows):
    out = ["64-byte echo, igb, one serving core; per request; "
           "1 instruction is 1 ns", ""]
    cases = (("UDP, one client", dict(kind="udp", conns=1)),
             ("TCP, one connection", dict(kind="tcp", conns=1)),
             ("TCP, 8 connections", dict(kind="tcp", conns=8)),
             ("TCP, 64 connections", dict(kind="tcp", conns=64)),
             ("TCP, 256 connections", dict(kind="tcp", conns=256)),
             ("TCP, connect + one message + close",
              dict(kind="conn", conns=1)))
    for title, case in cases:
        out += block(rows, title, nic="igb", size=64, **case)
    for title, case in cases[1:5]:
        out += compared(rows, title, nic="igb", size=64, **case)
    return "\n".join(out + waits.text(rows))
