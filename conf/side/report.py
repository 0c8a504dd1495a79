"""report.py: the comparison as one HTML page with its plots inside: no script
and nothing from outside.
"""
import html

from side import chart, table, waits
from side.matrix import DESIGNS, NAMES
from side.words import CAPTIONS, GLOSSARY

STYLE = """
body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #222;
  max-width: 860px; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.7em; } h2 { font-size: 1.25em; margin-top: 2.2em; }
table { border-collapse: collapse; margin: 1em 0; font-size: 14px; }
th, td { padding: .25em .8em; text-align: right;
  border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; white-space: pre; }
figure { margin: 1.5em 0; } figcaption { font-size: 14px; color: #444; }
dt { font-weight: bold; margin-top: .6em; } dd { margin-left: 1.5em; }
.facts td { text-align: left; font-family: monospace; font-size: 12px; }
"""


def escape(words):
    return html.escape(str(words))


def html_table(head, body, kind=""):
    out = ["<table class='%s'>" % kind]
    if head:
        out.append("<tr>%s</tr>" % "".join(
            "<th>%s</th>" % escape(h) for h in head))
    for row in body:
        out.append("<tr>%s</tr>" % "".join(
            "<td>%s</td>" % escape(v) for v in row))
    return "\n".join(out + ["</table>"])


def case_table(rows, **wanted):
    found = table.columns(rows, **wanted)
    if not any(found):
        return ""
    keep = [i for i, r in enumerate(found) if r]
    body = []
    for name, key, _ in table.LINES:
        values = [table.value(found[i], key) for i in keep]
        if any(v not in ("", 0) for v in values):
            body.append([name] + [table.number(v) for v in values])
    return html_table([""] + [NAMES[DESIGNS[i]] for i in keep], body)


def ratio_text(rows, title, **wanted):
    found = table.ratios(rows, **wanted)
    if not found:
        return ""
    a = table.better(rows, **wanted)
    b = table.best_ix(rows, **wanted)
    parts, whole = table.explanation(rows, **wanted)
    return "<h2>%s against %s: %s</h2>\n" % (
        NAMES[b["design"]], NAMES[a["design"]], escape(title)) + html_table(
            ["", "lab-6", "IX", "ratio"],
            [[w, table.number(x), table.number(y), "%.1f" % r]
             for w, x, y, r in found]) + \
        "<p>Where the difference of %s instructions is:</p>" % table.number(
            a["instr"] - b["instr"]) + html_table(
                ["component", "lab-6", "IX", "share of the difference"],
                [[w, table.number(x), table.number(y), "%.1f %%" % (100 * s)]
                 for w, x, y, s in parts] +
                [["together they explain", "", "",
                  "%.1f %%" % (100 * whole)]]) + \
        "<p>%s</p>" % escape(table.reason(rows, **wanted))


def figure(name, picture):
    head, words = CAPTIONS[name]
    return "<h2>%s</h2>\n<figure>\n%s<figcaption>%s</figcaption></figure>" \
        % (escape(head), picture, escape(words))


def select(rows, section, **wanted):
    return [r for r in rows if r["section"] == section and
            all(r[k] == v for k, v in wanted.items())]


def series(rows, x, y):
    """{name of design: [(x, y)]}"""
    out = {}
    for d in DESIGNS:
        points = [(r[x], y(r)) for r in rows if r["design"] == d]
        if points:
            out[NAMES[d]] = points
    return out


def look(name):
    """A design has the same colour and mark in all plots; dashed is what is a
    second line of it. Of others, the first one has the first."""
    for i, d in enumerate(DESIGNS):
        if name.startswith(NAMES[d]):
            return i, "2 CPUs" in name or "counts" in name
    return (2, False) if name.startswith("IX") else (7, True)


def component_bars(rows, **wanted):
    """Bars of components, a group of designs for each case."""
    bars = []
    for row in select(rows, "cost", **wanted):
        name = NAMES[row["design"]].split(", ")
        bars.append(("|".join(name + ["%d conn." % row["conns"]]),
                     {table.WHERE[c]: row[c] for c in table.COMPONENTS}))
    return bars


def cost_figures(rows):
    tcp = select(rows, "cost", nic="igb", kind="tcp")
    if not tcp:
        return
    small = [r for r in tcp if r["size"] == 64]
    sizes = [r for r in tcp if r["conns"] == 1]
    parts = [table.WHERE[c] for c in table.COMPONENTS]
    bars = component_bars(rows, nic="igb", kind="tcp", size=64, conns=1)
    many = max((r["conns"] for r in small), default=1)
    many = 64 if many >= 64 else many
    if many > 1:
        bars += component_bars(rows, nic="igb", kind="tcp", size=64,
                               conns=many)
    yield "components", chart.stacked(bars, parts, "", "instructions")
    if len({r["conns"] for r in small}) > 1:
        yield "conns", chart.lines(
            series(small, "conns", lambda r: r["instr"]),
            "TCP connections", "instructions per request", x_log=True,
            look=look)
    if len({r["size"] for r in sizes}) > 1:
        yield "sizes", chart.lines(
            series(sizes, "size", lambda r: r["instr"]),
            "message size (bytes)", "instructions per request", x_log=True,
            y_log=True, word=str, look=look)
        yield "goodput", chart.lines(
            series(sizes, "size",
                   lambda r: r["size"] * 8e9 / r["instr"] / 1e6),
            "message size (bytes)", "Mbit/s of payload per core", x_log=True,
            word=str, look=look)
    both = select(rows, "cost", kind="tcp", size=64, conns=1)
    if len({r["nic"] for r in both}) > 1:
        yield "nics", chart.stacked(
            [("|".join(NAMES[r["design"]].split(", ") + [r["nic"]]),
              {table.WHERE[c]: r[c] for c in table.COMPONENTS})
             for r in both], parts, "", "instructions")


def other_figures(rows):
    load = select(rows, "load")
    if load:
        yield "load", chart.lines(
            series(load, "rate", lambda r: r["rtt_p99"] / 1000),
            "requests per second (virtual time)", "p99 latency (us)",
            x_log=True, y_log=True, look=look)
    batch = [r for r in select(rows, "batch", kind="tcp") if r["conns"] > 1]
    if batch:
        yield "batch", chart.lines(
            {"instructions per request": [(r["batch"], r["instr"])
                                          for r in batch]},
            "batch bound B", "instructions per request", x_log=True)
    if waits.bursts(rows):
        yield "delay", chart.lines(
            waits.bursts(rows), "batch bound B",
            "since the requests arrived (us)", x_log=True)
    cores = select(rows, "cores")
    if cores:
        yield "cores", chart.lines(
            {"IX": [(r["cores"], r["instr"]) for r in cores]},
            "serving cores", "instructions per request", x_log=True,
            look=look)
    hogs = select(rows, "hogs")
    if hogs:
        yield "hogs", chart.lines(
            series(hogs, "hogs", lambda r: r["rtt_p50"] / 1000),
            "spinning environments", "median round trip (us)", y_log=True,
            places=[0, 1, 4], look=look)
    for name, column, words in (
            ("ping", "ping_us", "time to the reply (us)"),
            ("ack", "ack_us", "time to the acknowledgement (us)")):
        if waits.slow(rows, column):
            yield name, chart.lines(
                waits.slow(rows, column), "computing for each request", words,
                y_log=True, names=waits.span, look=look)
    if waits.held(rows):
        yield "held", chart.lines(
            {**waits.held(rows),
             **{n + ", as it counts": p
                for n, p in waits.held(rows, "buffers").items()},
             "rate times delay": waits.little(rows)},
            "acknowledged after", "segments kept, on average", y_log=True,
            names=waits.span, look=look)


CASES = (("TCP, one connection", dict(kind="tcp", conns=1)),
         ("TCP, 8 connections", dict(kind="tcp", conns=8)),
         ("TCP, 64 connections", dict(kind="tcp", conns=64)),
         ("TCP, 256 connections", dict(kind="tcp", conns=256)),
         ("UDP, one client", dict(kind="udp", conns=1)),
         ("Connect, one message, close", dict(kind="conn", conns=1)))


def html_text(rows, facts):
    out = ["<!DOCTYPE html>", "<html lang='en'><head><meta charset='utf-8'>",
           "<title>JIX: two network servers side by side</title>",
           "<style>%s</style></head><body>" % STYLE,
           "<h1>Two network servers side by side</h1>",
           "<p>The lab-6 server passes each packet through four environments "
           "by system calls and messages; IX serves it on one core in one "
           "loop. Both run the same lwIP with the same options, on the same "
           "card, for the same client; in the columns <i>lab-6</i> and "
           "<i>IX, sockets</i> the application is the same source too. "
           "What still differs is the structure.</p>",
           html_table(None, facts, "facts")]
    out.append(ratio_text(rows, "TCP, one connection, 64 bytes", nic="igb",
                          kind="tcp", conns=1, size=64))
    for title, case in CASES[1:4]:
        out.append(ratio_text(rows, title + ", 64 bytes", nic="igb", size=64,
                              **case))
    for name, picture in cost_figures(rows):
        out.append(figure(name, picture))
    for name, picture in other_figures(rows):
        out.append(figure(name, picture))
    for title, case in CASES:
        found = case_table(rows, nic="igb", size=64, **case)
        if found:
            out += ["<h2>%s: what a request takes</h2>" % title, found]
    out.append("<h2>Words</h2><dl>")
    out += ["<dt>%s</dt><dd>%s</dd>" % (escape(w), escape(t))
            for w, t in GLOSSARY]
    return "\n".join(out + ["</dl></body></html>", ""])
