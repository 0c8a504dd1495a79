"""sidebyside.py: the part "side by side": the comparison repeats and counts
what the designs do; a request's way is drawn through both."""
import contextlib
import csv
import html.parser
import os
import re
import signal
import socket
import subprocess
import time

from gradelib import SCALE, part, test

part("side by side", budget=120)

# What a 64-byte TCP echo at one connection does, whatever it costs: of
# compare.csv, by design and server.
STRUCTURE = {
    ("lab6-poll", "echosrv"): {"ipcs": 8, "crossings": 0, "copies": 8},
    ("lab6-irq", "echosrv"): {"ipcs": 8, "crossings": 0, "copies": 8},
    ("ix", "echosrv"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                        "crossings": 1, "copies": 3},
    ("ix-raw", "ixecho"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                           "crossings": 1, "copies": 1},
}


def make(t, *words):
    """Run make in the tree; its output."""
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    limit = max(1, t.remaining())
    try:
        done = subprocess.run(["make", "-s"] + list(words), env=env,
                              cwd=t.options.tree, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=limit)
    except subprocess.TimeoutExpired:
        t.fail("make %s did not end in %.0f s" % (" ".join(words), limit))
    text = done.stdout.decode("utf-8", "replace")
    t.check(done.returncode == 0, "make %s to succeed:\n%s" % (
        " ".join(words), text[-2000:]))
    return text


def written(t, name):
    with open(os.path.join(t.options.tree, "obj", "compare", name),
              newline="") as f:
        return f.read()


def figures(t):
    return written(t, "compare.csv")


@test(15, "the comparison runs, twice with the same figures", timeout=360)
def compare_repeats(t):
    text = make(t, "compare", "QUICK=1", "SEED=1")
    first = figures(t)
    make(t, "compare", "QUICK=1", "SEED=1")
    again = figures(t)
    rows = list(csv.DictReader(first.splitlines()))
    for a, b in zip(rows, csv.DictReader(again.splitlines())):
        # Others run by turns (EXACT=load): on a busy host they may differ.
        for name in a if a["section"] == "cost" else ():
            t.equal(b[name], a[name], "%s of %s, %s, %s, second run" % (
                name, a["section"], a["design"], a["kind"]))
    t.equal(len(again.splitlines()), len(first.splitlines()), "rows")
    t.match(text, r"instructions per request", r"where the difference of .* is",
            r"together they explain of the difference +(9[5-9]|100)\.",
            r"^report: obj/compare/report.html")
    return rows, written(t, "report.html")


@test(10, "the designs do what they say: messages, crossings, entries",
      parent=compare_repeats)
def compare_structure(t):
    for (design, server), wanted in STRUCTURE.items():
        rows = [r for r in t.parent[0] if r["section"] == "cost" and
                r["design"] == design and r["server"] == server and
                r["kind"] == "tcp" and r["conns"] == "1"]
        t.check(rows, "no figures of %s with %s" % (design, server))
        for name, value in wanted.items():
            t.equal(float(rows[0][name]), value,
                    "%s of %s with %s" % (name, design, server))


@test(5, "the components add up to the whole", parent=compare_repeats)
def compare_adds_up(t):
    parts = "kernel input output ns libos app".split()
    for r in t.parent[0]:
        if r["section"] != "cost":
            continue
        total = sum(float(r[p] or 0) for p in parts)
        t.check(abs(total - float(r["instr"])) <= 0.05 * float(r["instr"]),
                "the parts of %s %s, %s connections, to make up 95 %% of %s; "
                "they are %.2f" % (r["design"], r["server"], r["conns"],
                                   r["instr"], total))


# Times on the wire, and the most that was kept at a time.
TIMED = "ping_us ack_us first_us last_us held_max buffers_max".split()


def of(t, section, **wanted):
    """The row of the quick comparison with these values, as numbers."""
    for r in t.parent[0]:
        if r["section"] == section and all(
                r[k] == str(v) for k, v in wanted.items()):
            return {k: float(r[k]) for k in TIMED + ["held", "buffers"]
                    if r[k]}
    t.fail("no figures of %s with %s" % (section, wanted))


@test(5, "while an application computes, who answers pings and acknowledges",
      parent=compare_repeats)
def compare_slow(t):
    beside = of(t, "slow", design="lab6-irq", cores=2, slow_us=10000)
    between = of(t, "slow", design="ix", slow_us=10000)
    for name in ("ping_us", "ack_us"):
        t.check(beside[name] < 1000, "%s of lab-6 with a second CPU while the "
                "application computes for 10 ms: %g" % (name, beside[name]))
        t.check(between[name] > 9000, "%s of IX, which waits until the "
                "application is done: %g" % (name, between[name]))


@test(5, "what is kept until it is acknowledged: rate times delay",
      parent=compare_repeats)
def compare_held(t):
    kept = 2 * 5000 * 0.005     # segments a second, seconds
    for design, least in (("lab6-irq", 0.8), ("ix-raw", 0.93)):
        at_once = of(t, "held", design=design, delay_us=0)
        later = of(t, "held", design=design, delay_us=5000)
        t.check(at_once["held"] < 1, "segments kept by %s, acknowledged at "
                "once: %g" % (design, at_once["held"]))
        t.check(least * kept <= later["held"] <= 1.02 * kept, "about %g "
                "segments kept by %s, acknowledged after 5 ms: %g" % (
                    kept, design, later["held"]))
        t.check(abs(later["held_max"] - kept) <= 2, "the most kept by %s: "
                "%g" % (design, later["held_max"]))
        t.check(abs(later["buffers"] - later["held"]) <= 0.1 * kept,
                "as many as %s counts itself, as on the wire: %g, %g" % (
                    design, later["buffers"], later["held"]))


@test(5, "the first packet of a batch waits for the batch",
      parent=compare_repeats)
def compare_batch(t):
    one = of(t, "batch", batch=1)
    all_ = of(t, "batch", batch=64)
    t.check(5 * one["first_us"] < all_["first_us"], "the first of 64 answers "
            "earlier with B = 1 than with B = 64: %g us, %g us" % (
                one["first_us"], all_["first_us"]))
    t.equal(all_["first_us"], all_["last_us"], "with B = 64, the first and "
            "the last answer")
    t.check(one["last_us"] > all_["last_us"], "the last one later: %g us, "
            "%g us" % (one["last_us"], all_["last_us"]))


@test(5, "the report has a plot of each section that was measured",
      parent=compare_repeats)
def compare_report(t):
    text = t.parent[1]
    page = Page(text)
    t.equal(page.open, [], "elements left open")
    t.equal(page.loads, [], "what the report loads from elsewhere")
    t.match(text, r"who still answers a ping\?", r"who still acknowledges\?",
            r"What is kept until it is acknowledged",
            r"What a batch costs the first of its packets",
            r"Little&#x27;s law")
    t.equal(text.count("<figure>"), text.count("</svg>"), "plots")
    for svg in re.findall(r"<svg.*?</svg>", text, re.S):
        t.check("<polyline" in svg or svg.count("<rect") > 3,
                "a plot that shows something")


@test(10, "one request's way through both designs is drawn", timeout=120,
      parent=compare_repeats)
def trace_draws(t):
    text = make(t, "trace")
    t.match(text, r"the driver finds the frame in its ring",
            r"copied to the input environment's page",
            r"ns passes the frame to output",
            r"the libOS polls and finds a batch",
            r"ring 3 enters the libOS with its calls")
    with open(os.path.join(t.options.tree, "obj", "trace",
                           "paths.svg")) as f:
        svg = f.read()
    t.check(re.match(r"\s*(<\?xml.*?\?>\s*)?<svg ", svg) and
            svg.rstrip().endswith("</svg>"), "a whole picture")


@test(10, "a request costs the same on any number of cores, and beside one "
      "that spins", timeout=180, parent=trace_draws)
def compare_cores(t):
    make(t, "compare", "ONLY=cores,busy", "SEED=1")
    rows = list(csv.DictReader(figures(t).splitlines()))
    cores = [float(r["instr"]) for r in rows if r["section"] == "cores"]
    t.equal(len(cores), 4, "figures of 1, 2, 4 and 8 cores")
    t.check(max(cores) <= 1.03 * min(cores), "instructions per request "
            "within 3 %% on 1, 2, 4 and 8 cores: %s" % cores)
    busy = [(r["libos"], r["app"]) for r in rows if r["section"] == "busy"]
    t.equal(len(busy), 2, "figures with and without a spinning environment")
    t.equal(busy[1], busy[0], "instructions per request of libOS and "
            "application, another CPU spinning")


# --- The machine of `make qemu` and its status page -----------------------

class Page(html.parser.HTMLParser):
    """A page as its table's rows of words; no element is left open but those
    whose end tags HTML leaves out, none loads anything."""

    OMIT = {"br", "meta", "tr", "td", "th", "p"}

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.loads = [], [], []
        self.refresh = self.in_cell = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.loads += [v for k, v in attrs if k in ("src", "href")]
        self.refresh |= tag == "meta" and ("http-equiv", "refresh") in attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True
        if tag not in self.OMIT:
            self.open.append(tag)

    def handle_endtag(self, tag):
        self.in_cell &= tag != "table"
        if tag not in self.OMIT:
            assert self.open and self.open.pop() == tag, "</%s>" % tag

    def handle_data(self, data):
        if self.in_cell:
            self.rows[-1][-1] += data

    def cells(self, name):
        """The row of that name: numbers, None where there is a dash."""
        row = next(r for r in self.rows if re.match(
            re.escape(name) + r"\d?$", r[0].strip()))
        return [float(re.sub(r"[^\d.]", "", c)) if re.search(r"\d", c)
                else None for c in row[1:]]

    def total(self, name, side):
        """What the row says in all of lab-6 (0) or of IX (1)."""
        return self.cells(name)[3 * side + 2]


@contextlib.contextmanager
def make_qemu(t):
    """`make qemu-nox` as a user starts it; its output so far as a list."""
    path = os.path.join(t.dir, "make-qemu.log")
    with open(path, "wb") as log:
        run = subprocess.Popen(
            ["make", "-s", "qemu-nox", "PCAP=0"], cwd=t.options.tree,
            stdin=subprocess.PIPE, stdout=log, stderr=log,
            start_new_session=True)
    try:
        yield path
        run.stdin.write(b"\x01x")
        run.stdin.flush()
        run.wait(20 * SCALE)
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait()


def fetch(t, port):
    """The page /status from that port, once somebody answers there."""
    while True:
        t.check(t.remaining() > 5, "port %d to answer" % port)
        with contextlib.suppress(OSError), socket.create_connection(
                ("127.0.0.1", port), 10 * SCALE) as s:
            s.sendall(b"GET /status HTTP/1.0\r\n\r\n")
            data = b""
            while piece := s.recv(65536):
                data += piece
            if data:
                break
        time.sleep(0.1)
    head, _, body = data.decode("utf-8").partition("\r\n\r\n")
    t.match(head, r"^HTTP/1.1 200", r"^Content-Type: text/html",
            r"^Content-Length: %d" % len(body.encode()))
    page = Page(body)
    t.equal(page.open, [], "elements left open")
    t.equal(page.loads, [], "what the page loads from elsewhere")
    t.check(page.refresh, "the page to ask for itself again")
    return page


def addresses(t, path):
    """The ports that `make qemu` prints: echo and HTTP of lab-6, then IX."""
    echo = http = ()
    while len(http) < 2:
        t.check(t.remaining() > 60, "two addresses to be printed")
        time.sleep(0.1)
        with open(path, errors="replace") as f:
            text = f.read()
        echo = re.findall(r"nc 127\.0\.0\.1 (\d+)", text)
        http = re.findall(r"http://127\.0\.0\.1:(\d+)/status", text)
    return [int(p) for p in echo], [int(p) for p in http]


def exchange(socks, n):
    """A message over each connection, and wait for all answers."""
    for s in socks:
        s.sendall(b"%063d\n" % n)
    for s in socks:
        data = b""
        while len(data) < 64:
            data += s.recv(64)
        assert data == b"%063d\n" % n


def echo(port, conns, messages):
    """So many messages over each of so many connections; see the server close
    its side. The first is sent as each opens: the forwarder's own queue of
    those that are not open yet is short."""
    socks = []
    for _ in range(conns):
        socks.append(socket.create_connection(("127.0.0.1", port),
                                              20 * SCALE))
        exchange(socks[-1:], 0)
    for n in range(1, messages):
        exchange(socks, n)
    for s in socks:
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b""
        s.close()


REQUESTS = 100


@test(10, "make qemu: the status page of either server counts both",
      timeout=120)
def status_page(t):
    """A page each before and after REQUESTS echoes to each server, then one
    after bursts."""
    with make_qemu(t) as path:
        echoes, (lab6, ix) = addresses(t, path)
        fetch(t, ix)    # its heap grows, by a call of the kernel
        first = fetch(t, lab6), fetch(t, ix)
        t.equal([r[0] for r in first[0].rows], [r[0] for r in first[1].rows],
                "the rows of both pages")
        for port in echoes:
            echo(port, 1, REQUESTS)
        last = fetch(t, lab6), fetch(t, ix)
        for port in echoes:
            echo(port, 24, 10)
        return first, last, fetch(t, ix)


def grown(t, name, side):
    """By how much a row has grown, as the pages of IX tell."""
    first, last, _ = t.parent
    return last[1].total(name, side) - first[1].total(name, side)


@test(5, "status: requests are counted, each once", parent=status_page)
def status_requests(t):
    # And one page: of lab-6 the second, of IX the first.
    for side, name in enumerate(("lab-6", "IX")):
        t.equal(grown(t, "requests answered", side), REQUESTS + 1,
                "requests of %s between two pages" % name)


@test(5, "status: of IX no request enters the kernel, of lab-6 each does",
      parent=status_page)
def status_structure(t):
    for name in ("entries into the kernel", "IPC messages",
                 "environment switches", "big kernel lock taken"):
        t.equal(grown(t, name, 1), 0, name + ", IX")
        t.check(grown(t, name, 0) >= 4 * REQUESTS,
                "%s, lab-6: 4 or more for each request" % name)
    t.check(grown(t, "crossings into the libOS", 1) >= REQUESTS,
            "a crossing for each request")
    t.equal(t.parent[1][0].cells("crossings into the libOS")[:3], [None] * 3,
            "crossings of lab-6")
    for side, name in ((0, "ticks in the kernel"), (1, "ticks in the libOS"),
                       (0, "ticks in ring 3"), (1, "ticks in ring 3")):
        t.check(grown(t, name, side) >= 1000 * REQUESTS, name + " are counted")
    t.check(t.parent[1][1].cells("IPC messages")[0] > 4,
            "IPC messages for each request of the last interval")


@test(5, "status: copies by place, in lab-6 eight for each request",
      parent=status_page)
def status_copies(t):
    _, last, _ = t.parent
    sites = [r[0] for r in last[1].rows
             if re.match(r"lab-6: (receive|send):", r[0])]
    t.equal(len(sites), 8, "places where lab-6 copies")
    for site in sites + ["IX: short send copied into a buffer",
                         "IX: receive buffer to the application, by its "
                         "library", "IX: application to its library's buffer"]:
        row = [page.cells(site) for page in (t.parent[0][1], last[1])]
        t.check(row[1][2] - row[0][2] >= REQUESTS, "%s: a copy for each of %d "
                "requests" % (site, REQUESTS))
        t.check(row[1][3] - row[0][3] >= 64 * REQUESTS,
                site + ": 64 bytes each")
    t.equal(last[1].cells("IX: copied inside the stack"), [0] * 4,
            "copies inside the stack of IX")


@test(5, "status: queues are deep after a burst, and frames wait",
      parent=status_page)
def status_queues(t):
    _, _, page = t.parent
    for name in ("lab-6: receive ring, frames", "lab-6: messages to ns",
                 "IX: receive ring, frames", "IX: events"):
        taken, mean, most, wait = page.cells(name)[4:]
        t.check(1 <= taken <= mean <= most, "%s: %s taken at once of %s, at "
                "most %s" % (name, taken, mean, most))
        t.check(most >= 2, "%s: deeper than one in a burst" % name)
        if name != "IX: events":
            t.check(wait > 0, name + ": a wait")
    t.equal(page.cells("lab-6: receive ring, frames")[4], 1,
            "frames that lab-6 takes at once")
    t.check(page.cells("IX: receive ring, frames")[4] > 1,
            "frames that IX takes at once")
