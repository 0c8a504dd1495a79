"""waits.py: the sections that show who waits for what, as lines of values for
the table and for the plots alike: a slow application, the batch bound, and
what is kept until it is acknowledged.
"""
from side.matrix import DESIGNS, NAMES

SEGMENT_RATE = 2 * 5000         # of matrix.HELD: two segments in each message


def section(rows, name, kind):
    return [r for r in rows if r["section"] == name and r["kind"] == kind]


def lines(rows, x, y, label):
    """{label(row): [(x, y)]} in the order of the rows."""
    out = {}
    for r in rows:
        if r[y] != "":
            out.setdefault(label(r), []).append((r[x], r[y]))
    return out


def design(row):
    return NAMES[row["design"]]


def with_cpus(row):
    return "%s, %d CPU%s" % (NAMES[row["design"]].replace(", sockets", ""),
                             row["cores"], "s"[:row["cores"] > 1])


def slow(rows, y):
    """Until the stack answers, by computing time; y: ping_us or ack_us."""
    found = section(rows, "slow", "busy")
    found.sort(key=lambda r: (DESIGNS.index(r["design"]), r["cores"]))
    return lines(found, "slow_us", y, with_cpus)


def bursts(rows):
    """Until the first and the last answer to a burst leave, by bound B."""
    found = section(rows, "batch", "lazy")
    return {**lines(found, "batch", "first_us", lambda r: "the first answer"),
            **lines(found, "batch", "last_us", lambda r: "the last answer")}


def held(rows, y="held"):
    """Segments kept on average, by the acknowledgements' delay."""
    return lines(section(rows, "held", "lazy"), "delay_us", y, design)


def little(rows):
    """What Little's law says to that: rate times delay."""
    delays = sorted({r["delay_us"] for r in section(rows, "held", "lazy")})
    return [(d, SEGMENT_RATE * d / 1e6) for d in delays if d]


def span(us):
    """1000 as "1 ms"."""
    return "%g ms" % (us / 1000) if us >= 1000 else \
        "%g us" % us if us else "0"


def figure(value):
    """For a column: 10846.0 as "10 846"."""
    if value >= 1000:
        return format(round(value), ",").replace(",", " ")
    return "%.3g" % value


def grid(title, head, groups, name):
    """Lines of text: a column for each x. groups: [(heading, {name: points})];
    name(x): the column's."""
    xs = sorted({x for _, g in groups for p in g.values() for x, _ in p})
    if not xs:
        return []
    out = [title, "%-34s" % head + "".join("%12s" % name(x) for x in xs)]
    for heading, group in groups:
        if group and heading:
            out.append(heading)
        for label, points in group.items():
            have = dict(points)
            out.append("%-34s" % ("  " + label) + "".join(
                "%12s" % (figure(have[x]) if x in have else "-")
                for x in xs))
    return out + [""]


def text(rows):
    out = grid("A slow application: when its server's stack answers, us",
               "computing for each request",
               [("a ping", slow(rows, "ping_us")),
                ("the acknowledgement of a message", slow(rows, "ack_us"))],
               span)
    out += grid("64 requests at once: when their answers leave, us (IX, raw "
                "calls)", "batch bound B", [("", bursts(rows))], str)
    return out + grid(
        "Kept until acknowledged: segments, %d sent in a second" %
        SEGMENT_RATE, "acknowledged after",
        [("rate times delay", {"": little(rows)}),
         ("on average, as the wire shows", held(rows)),
         ("on average, as the server counts", held(rows, "buffers")),
         ("at most, as the wire shows", held(rows, "held_max"))], span)
