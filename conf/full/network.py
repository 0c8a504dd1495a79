"""network.py: the part "network, at length": both servers under floods, with
clients that vanish, with transfers and connections in great number; each then
still serves, and holds what it held at the start. One set of tests for both:
class Lab6 and class Ix say what differs."""
import http.client
import os
import re
import selectors
import shutil
import socket
import subprocess
import threading

from gradelib import SCALE, part, test
from loadtool import Link

part("network, at length", budget=240)

VANISHED = 80           # seconds until a silent client is given up


class Lab6:
    """ns with echosrv and httpd; netstat -w watches."""

    boot = {"mode": "lab6", "lab6": "irq"}
    ready = [r"^echosrv: port 7", r"^httpd: waiting", r"^netstat: at rest"]
    REST = r"^netstat: at rest: (.*), pages free (\d+)"
    spare = 1000                # pages: what malloc keeps of the most at once

    programs = "ns; echosrv; httpd; netstat -w"

    def __init__(self, t, link=None, **card):
        self.t = t
        self.link = link
        nic = link.card() if link else card
        self.m = t.machine(self.programs, cpus=2, nics=[nic],
                           boot=self.boot).start()
        t.wait_for(lambda: all(re.search(line, self.m.text, re.M)
                               for line in self.ready) or
                   self.m.status is not None, "the servers to start")

    def load(self, *words, **settings):
        return self.link.load(*words, **settings)

    def rest(self):
        """What is in use, and pages free, when no connection is left."""
        self.m.seen = len(self.m.lines)
        self.load("echo").require()
        found = self.m.wait_line(self.REST, timeout=VANISHED + 60)
        return found.group(1), int(found.group(2))

    def end(self):
        """The server is well; it does not end by itself."""
        self.t.match(self.m, no=[r"^panic", r"panic at", r"destroying"])
        self.t.check(self.m.status is None, "the machine to run on")


class Ix(Lab6):
    """httpd with its echo port on a dataplane core; ixcp watch shows."""

    boot = {"mode": "ix", "ip0": "10.0.2.15"}
    ready = [r"^httpd: .*port 80", r"^ixcp: press a key"]
    programs = "ixcp run httpd -- -e 7; ixcp watch"
    REST = (r"^  core 0: (\d+ connections, \d+ PCBs, \d+ segments, heap \d+, "
            r"\d+ buffers free)$")
    IDLE = "0 connections, 0 PCBs, 0 segments, heap 0,"
    spare = 0

    def look(self):
        self.m.send("k")
        return self.m.wait_line(self.REST).group(1)

    def rest(self):
        self.load("echo").require()
        state = []

        def at_rest():
            state.append(self.look())
            return state[-1].startswith(self.IDLE)

        self.t.wait_for(at_rest, "all connections to end", VANISHED + 60)
        return state[-1], 0

    def end(self):
        """Stop the dataplane: all that it had comes back."""
        super().end()
        self.m.send("0")
        self.m.wait_end()
        self.m.require_clean()


class IxEcho(Ix):
    """ixecho, for more connections than poll can name."""

    ready = [r"^ixecho: core 0", r"^ixcp: press a key"]
    programs = "ixcp run ixecho; ixcp watch"


def unchanged(t, server, before):
    """Is the server as it was, but for pages that its malloc keeps?"""
    now, pages = server.rest()
    t.equal(now, before[0], "what is in use when all have gone")
    t.check(pages >= before[1] - server.spare, "%d pages free, not %d" %
            (before[1], pages))


# --- Hostile peers ----------------------------------------------------

def hostile(t, kind):
    """Clients that vanish; meanwhile 100,000 hostile frames and SYNs that
    nobody completes, at full rate; then everybody has gone."""
    server = kind(t, Link(t))
    server.load("echo", "--conns", 200, "--messages", 5).require()
    before = server.rest()
    # A flood sends no SYN twice: on a busy host some find the ring full.
    gone = server.load("synflood", "--complete", "--count", 150,
                       "--rate", 300).require()
    t.check(gone.number(r"(\d+) SYN-ACKs") >= 100, "100 to come and go")
    fuzz = server.load("fuzz", "--count", 100000, "--seed", 11, timeout=120)
    fuzz.require(r"^fuzz: 100000 frames", r"^alive: 10 messages")
    flood = server.load("synflood", "--count", 50000, timeout=120)
    flood.require(r"^synflood: 50000 SYNs", r"^alive: 10 messages")
    server.load("echo", "--conns", 64, "--messages", 10).require(
        r"^echo: 640 messages")
    server.load("xfer", "--size", "16M", timeout=120).require(r"they match$")
    server.load("churn", "--conns", 200, "--rounds", 10, "--abort",
                timeout=60).require(r"^churn: 2000 messages")
    unchanged(t, server, before)
    server.end()


@test(0, "lab-6: floods and clients that vanish leave nothing behind; "
      "16 MB each way", timeout=400)
def full_hostile_lab6(t):
    hostile(t, Lab6)


@test(0, "IX: floods and clients that vanish leave nothing behind; "
      "16 MB each way", timeout=400)
def full_hostile_ix(t):
    hostile(t, Ix)


@test(0, "lab-6: forged, deaf and dying clients, 20 times over", timeout=200)
def full_evilns(t):
    m = t.machine("ns; evilns 20", cpus=2, boot=Lab6.boot, nics=[{}]).start()
    m.wait_line(r"^evilns: \w", timeout=150)
    t.match(m, r"^evilns: OK", no=[r"^panic", r"panic at"])


# --- Many -------------------------------------------------------------

@test(0, "IX: 10,000 connections held at once and each served; 50,000 opened "
      "and closed", timeout=300)
def full_many_ix(t):
    server = IxEcho(t, Link(t))
    server.load("echo", "--conns", 200, "--messages", 5).require()
    before = server.rest()
    server.load("hold", "--conns", 10000, timeout=120).require(
        r"^hold: 10000 messages")
    server.load("churn", "--conns", 500, "--rounds", 100,
                timeout=200).require(r"^churn: 50000 messages")
    unchanged(t, server, before)
    server.end()


# --- A client that everybody knows ------------------------------------

def tools(t, kind):
    """curl and nc as a student would use them."""
    for tool in "curl", "nc":
        if not shutil.which(tool):
            t.skip(tool + " is not installed (make setup-full)")
    ports = free_port(), free_port()
    server = kind(t, slirp="net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:%d-"
                  "10.0.2.15:7,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:80" % ports)

    def run(*words, **settings):
        return subprocess.run(words, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=30 * SCALE,
                              **settings)

    url = "http://127.0.0.1:%d/" % ports[1]
    with open(os.path.join(t.options.tree, "user", "www",
                           "numbers.txt"), "rb") as f:
        wanted = f.read()
    for form in [], ["--http1.0"], ["--parallel", url + "numbers.txt"]:
        done = run("curl", "-sSf", *form, url + "numbers.txt")
        t.equal(done.returncode, 0, "curl's exit status")
        t.check(done.stdout in (wanted, 2 * wanted), "the file, by curl")
    t.equal(run("curl", "-sf", url + "none").returncode, 22,
            "curl's exit status for a file that is missing")
    text = b"".join(b"line %d\n" % i for i in range(5000))
    done = run("nc", "-N", "-w", "10", "127.0.0.1", str(ports[0]), input=text)
    t.check(done.stdout == text, "%d bytes back by nc, not %d" % (
        len(text), len(done.stdout)))
    server.end()


@test(0, "lab-6: curl and nc", timeout=120)
def full_tools_lab6(t):
    tools(t, Lab6)


@test(0, "IX: curl and nc", timeout=120)
def full_tools_ix(t):
    tools(t, Ix)


CONNS = 16
REQUEST = b"GET /index.html HTTP/1.1\r\nHost: jix\r\n\r\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Relay(threading.Thread):
    """Connections to a forwarded port, opened one after the other, and a port
    of our own where they can be had at once. QEMU's forwarded ports have a
    backlog of 1: of several connections at one moment the host's kernel lets
    some wait for seconds."""

    def __init__(self, t, port, n):
        super().__init__(daemon=True)
        self.ready = [self.open(t, port) for _ in range(n)]
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=n)
        self.port = self.listener.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.start()

    def open(self, t, port):
        """A connection that has been answered once."""
        s = socket.create_connection(("127.0.0.1", port), 10 * SCALE)
        s.sendall(REQUEST)
        answer = http.client.HTTPResponse(s)
        answer.begin()
        t.equal((answer.status, answer.will_close), (200, False), "answer")
        answer.read()
        return s

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    ends = self.listener.accept()[0], self.ready.pop()
                    for one, other in ends, ends[::-1]:
                        self.selector.register(one, selectors.EVENT_READ,
                                               other)
                elif key.fileobj.fileno() >= 0:
                    self.pass_on(key.fileobj, key.data)

    def pass_on(self, one, other):
        try:
            data = one.recv(65536)
            if data:
                other.sendall(data)
                return
        except OSError:                 # wrk ends with answers under way
            pass
        for s in one, other:
            self.selector.unregister(s)
            s.close()


def wrk(t, kind):
    """wrk on 16 keep-alive connections for 10 s; it opens one more."""
    if not shutil.which("wrk"):
        t.skip("wrk is not installed (make setup-full)")
    port = free_port()
    server = kind(t, slirp="net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:%d-"
                  "10.0.2.15:80" % port)
    relay = Relay(t, port, CONNS + 1)
    done = subprocess.run(
        ["wrk", "-t", "1", "-c", str(CONNS), "-d", "10s",
         "http://127.0.0.1:%d/index.html" % relay.port], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * SCALE)
    t.equal(done.returncode, 0, "exit status of wrk, which said:\n" +
            done.stdout)
    t.match(done.stdout, r"^ +[1-9]\d+ requests in 10",
            no=[r"Socket errors", r"Non-2xx"])
    server.end()


@test(0, "lab-6: wrk, 16 connections for 10 s", timeout=120)
def full_wrk_lab6(t):
    wrk(t, Lab6)


@test(0, "IX: wrk, 16 connections for 10 s", timeout=120)
def full_wrk_ix(t):
    wrk(t, Ix)
