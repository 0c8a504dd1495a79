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
    ("lab6-poll", "echosrv"): {"ipcs": 8, "crossings": 0},
    ("lab6-irq", "echosrv"): {"ipcs": 8, "crossings": 0},
    ("ix", "echosrv"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                        "crossings": 1},
    ("ix-raw", "ixecho"): {"ipcs": 0, "traps": 0, "switches": 0, "locks": 0,
                           "crossings": 1},
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


# What one connection does in every run alike. Elsewhere a timer may be due in
# one run and not in the other.
COUNTED = "ipcs switches crossings copied".split()
NEARLY = "instr kernel ns libos app traps syscalls locks".split()
# Medians of times on the wire, and the most that was kept at a time: the same
# on an idle host. On a busy one QEMU's timers move a turn of a core (10 us).
TIMED = "ping_us ack_us first_us last_us held_max buffers_max".split()


@test(15, "the comparison runs, twice with the same figures", timeout=360)
def compare_repeats(t):
    text = make(t, "compare", "QUICK=1", "SEED=1")
    first = figures(t)
    make(t, "compare", "QUICK=1", "SEED=1")
    second = list(csv.DictReader(figures(t).splitlines()))
    rows = list(csv.DictReader(first.splitlines()))
    t.equal(len(second), len(rows), "rows of the second run")
    for a, b in zip(rows, second):
        for name in TIMED:
            t.check(a[name] == b[name] or abs(float(b[name]) - float(a[name]))
                    <= 20 + 0.005 * float(a[name]),
                    "%s of %s %s like before: %s, then %s" % (
                        name, a["section"], a["design"], a[name], b[name]))
        if a["conns"] != "1" or a["section"] != "cost":
            continue
        for name in COUNTED:
            t.equal(b[name], a[name], "%s of %s %s, second run" % (
                name, a["design"], a["kind"]))
        for name in NEARLY:
            t.check(abs(float(b[name]) - float(a[name])) <=
                    0.005 * float(a[name]), "%s of %s %s within 0.5 %%: %s, "
                    "then %s" % (name, a["design"], a["kind"], a[name],
                                 b[name]))
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
        t.equal(later["held_max"], kept, "the most kept by " + design)
    t.check(abs(later["buffers"] - later["held"]) <= 0.05 * kept, "receive "
            "buffers in use as the libOS counts them, like the segments on "
            "the wire: %g, %g" % (later["buffers"], later["held"]))


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

    OMIT = {"meta", "tr", "td", "th", "p"}

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.loads = [], [], []
        self.refresh = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.loads += [v for k, v in attrs if k in ("src", "href")]
        self.refresh |= tag == "meta" and ("http-equiv", "refresh") in attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.OMIT:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.OMIT:
            assert self.open and self.open.pop() == tag, "</%s>" % tag

    def handle_data(self, data):
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def numbers(self, name):
        """What the row says in all of lab-6 and of IX."""
        row = next(r for r in self.rows if r[0].strip() == name)
        return [int("".join(re.findall(r"\d", row[i]))) for i in (1, 3)]


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


@test(10, "make qemu: the status page of either server counts both",
      timeout=90, parent=compare_cores)
def status_page(t):
    with make_qemu(t) as path:
        found = []
        while len(found) < 2:
            t.check(t.remaining() > 60, "two addresses to be printed")
            time.sleep(0.1)
            with open(path, errors="replace") as f:
                found = re.findall(r"http://127\.0\.0\.1:(\d+)/status",
                                   f.read())
        lab6, ix = map(int, found)
        first = fetch(t, lab6), fetch(t, ix)
        t.equal([r[0] for r in first[0].rows], [r[0] for r in first[1].rows],
                "the rows of both pages")
        for _ in range(10):
            last = fetch(t, lab6), fetch(t, ix)
        for page in last:
            for name, least in (("frames received", (30, 30)),
                                ("IPC messages", (100, 0)),
                                ("crossings into the libOS", (0, 20))):
                a, b = first[0].numbers(name), page.numbers(name)
                for k in (0, 1):
                    t.check(b[k] - a[k] >= least[k], "%s of %s to grow by "
                            "%d with 10 requests: %d, then %d" % (
                                name, ("lab-6", "IX")[k], least[k], a[k],
                                b[k]))
            t.equal(page.numbers("IPC messages")[1], 0, "IPCs of IX")
            t.equal(page.numbers("crossings into the libOS")[0], 0,
                    "crossings of lab-6")
