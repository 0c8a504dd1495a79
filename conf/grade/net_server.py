"""net_server.py: the part "network server": sockets, echo and HTTP through the
lab-6 server, and what a message costs there.

The tests that share a machine are children of the one that runs it: that one
makes the machine do everything, they look at what came of it."""
import os
import re
import socket
import subprocess
import sys

import hostile

from frames import ACK, ARP, SYN, TCP, parse, read_pcap
from gradelib import SCALE, part, test
from loadtool import Link

part("network server", budget=90)

LAB6 = {"mode": "lab6", "lab6": "poll"}
UP = r"^ns: [0-9a-f:]{17} bound to static IP 10\.0\.2\.15"
NUMBERS = os.path.join("user", "www", "numbers.txt")
REST = r"^netstat: at rest: (.*), pages free (\d+)"
LEAK = 200                      # pages that may differ: tables, caches


def boot(t, programs, *lines, nic="igb", cpus=2, lab6="poll", pcap=None):
    """A machine that serves, and the cable to it."""
    link = Link(t)
    card = link.card(model=nic, **({"pcap": pcap} if pcap else {}))
    m = t.machine("ns; " + programs, cpus=cpus, nics=[card],
                  boot=dict(LAB6, lab6=lab6))
    m.start()
    t.wait_for(lambda: all(re.search(line, m.text, re.M)
                           for line in (UP,) + lines) or
               m.status is not None, "the servers to start")
    return m, link


def no_panic(t, m):
    t.match(m, no=[r"^panic", r"panic at", r"destroying"])
    t.check(m.status is None, "the machine to run on")


# --- One machine for everything that serves ---------------------------

@test(5, "echo: one connection, over both protocols", timeout=120)
def net_echo(t):
    m, link = boot(t, "echosrv; httpd; netstat -w", r"^echosrv: port 7",
                   r"^httpd: waiting", r"^netstat: at rest")
    results = {}

    def run(name, *words, **settings):
        results[name] = link.load(*words, **settings)

    run("one", "echo", "--messages", 100)
    run("udp", "udp", "--conns", 4, "--messages", 50)
    run("ping", "ping", "--conns", 2, "--messages", 20)
    run("many", "echo", "--conns", 64, "--messages", 10)
    run("xfer", "xfer", "--size", "2M")
    run("lossy", "xfer", "--size", "2M", "--loss", 5, "--dup", 5, "--reorder",
        5, "--seed", 6, timeout=60)
    run("http", "http", "--conns", 4, "--messages", 10, "--path",
        "/numbers.txt", "--expect", os.path.join(t.options.tree, NUMBERS))
    run("index", "http", "--path", "/index.html", "--messages", 2)
    run("root", "http", "--path", "/", "--messages", 2)
    run("missing", "http", "--path", "/random_file.txt", "--status", 404,
        "--messages", 2, "--no-keepalive")
    no_panic(t, m)
    results["one"].require(r"^echo: 100 messages")
    results["udp"].require(r"^udp: 200 messages")
    return results


@test(3, "ICMP echo is answered", parent=net_echo)
def net_ping(t):
    t.parent["ping"].require(r"^ping: 40 messages")


@test(10, "echo: 64 connections at once", parent=net_echo)
def net_echo_many(t):
    t.parent["many"].require(r"^echo: 640 messages")


@test(10, "2 MB each way arrive as they were sent", parent=net_echo)
def net_transfer(t):
    t.parent["xfer"].require(r"they match$")


@test(10, "2 MB each way under 5 % loss, duplication and reordering",
      parent=net_echo)
def net_lossy(t):
    t.parent["lossy"].require(r"they match$")
    t.check(t.parent["lossy"].number(r"retransmits: (\d+)") > 0,
            "frames to have been lost")


@test(10, "httpd: /index.html", parent=net_echo)
def http_index(t):
    t.parent["index"].require()
    t.parent["root"].require()


@test(10, "httpd: a larger file over persistent connections",
      parent=net_echo)
def http_file(t):
    t.parent["http"].require(r"^http: 40 messages")


@test(10, "httpd: a file that is missing is 404", parent=net_echo)
def http_missing(t):
    t.parent["missing"].require()


# --- The host's own sockets, through QEMU's forwarded ports -----------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def converse(port, request):
    """Send a request, and return all that comes until the end."""
    with socket.create_connection(("127.0.0.1", port), 10 * SCALE) as s:
        s.sendall(request)
        data = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                return data.decode("latin-1")
            data += piece


REQUESTS = [
    # what is sent, the status line's start, a line there, one not there
    (b"GET /index.html HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "<h1>", None),
    (b"HEAD /index.html HTTP/1.0\r\n\r\n", "HTTP/1.1 200",
     "Content-Length: ", "<h1>"),
    (b"GET /style.css HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 200", "Content-Type: text/css", None),
    (b"GET /%69ndex.html?a=b HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "<h1>", None),
    (b"GET /../kern/init.c HTTP/1.0\r\n\r\n", "HTTP/1.1 404", None, None),
    (b"GET /index.html HTTP/1.1\r\n\r\n", "HTTP/1.1 400", None, "<p>JIX"),
    (b"nonsense\r\n\r\n", "HTTP/1.1 400", None, None),
    (b"GET index.html HTTP/1.0\r\n\r\n", "HTTP/1.1 400", None, None),
    (b"GET / HTTP/1.0\r\nBad Name: x\r\n\r\n", "HTTP/1.1 400", None, None),
    (b"GET / HTTP/2.0\r\n\r\n", "HTTP/1.1 505", None, None),
    (b"POST / HTTP/1.0\r\n\r\n", "HTTP/1.1 501", None, None),
    (b"GET /" + b"a" * 3000 + b" HTTP/1.0\r\n\r\n", "HTTP/1.1 414", None,
     None),
    (b"GET / HTTP/1.0\r\n" + b"X: y\r\n" * 2000 + b"\r\n", "HTTP/1.1 431",
     None, None),
]


def forwarded():
    """A card whose TCP ports 7 and 80 are forwarded: it, and the ports."""
    ports = free_port(), free_port()
    return {"slirp": "net=10.0.2.0/24,hostfwd=tcp:127.0.0.1:%d-10.0.2.15:7,"
            "hostfwd=tcp:127.0.0.1:%d-10.0.2.15:80" % ports}, ports


def echo_by_socket(t, port):
    with socket.create_connection(("127.0.0.1", port), 10 * SCALE) as s:
        for n in range(20):
            message = bytes([n]) * (1 + 37 * n)
            s.sendall(message)
            got = b""
            while len(got) < len(message):
                piece = s.recv(4096)
                t.check(piece, "the connection to stay open")
                got += piece
            t.equal(got, message, "message %d" % n)
        s.shutdown(socket.SHUT_WR)
        t.equal(s.recv(10), b"", "after our end of stream, the server's")


def http_by_socket(t, port):
    for request, status, there, absent in REQUESTS:
        answer = converse(port, request)
        what = "the answer to %r" % request[:40]
        t.equal(answer[:len(status)], status, what)
        t.check(there is None or there in answer, "%r in %s" % (there, what))
        t.check(absent is None or absent not in answer,
                "no %r in %s" % (absent, what))


@test(10, "httpd and echosrv through forwarded ports", timeout=60)
def net_host(t):
    card, ports = forwarded()
    m = t.machine("ns; echosrv; httpd", cpus=2, nics=[card],
                  boot=LAB6).start()
    for line in (UP, r"^echosrv: port 7", r"^httpd: waiting"):
        t.wait_for(lambda: re.search(line, m.text, re.M), "a line  " + line)
    echo_by_socket(t, ports[0])
    http_by_socket(t, ports[1])
    no_panic(t, m)


# --- Nothing is lost --------------------------------------------------

def at_rest(t, m):
    """Wait until the server is at rest: what is in use, and pages free."""
    found = m.wait_line(REST, timeout=30)
    return found.group(1), int(found.group(2))


@test(10, "200 connections opened and closed 10 times leave nothing behind",
      timeout=120)
def net_churn(t):
    m, link = boot(t, "echosrv; netstat -w", r"^echosrv: port 7")
    at_rest(t, m)               # perhaps before echosrv waits in poll
    link.load("churn", "--conns", 200).require(r"^churn: 200 messages")
    warm, pages = at_rest(t, m)
    link.load("churn", "--conns", 200, "--rounds", 10,
              timeout=60).require(r"^churn: 2000 messages")
    after, left = at_rest(t, m)
    t.match(warm, r"tcp 0, listeners 1, udp 1, pbufs 0, segments 0, heap 0")
    t.equal(after, warm, "what is in use after 2000 more")
    # malloc keeps what the most connections at one time needed, two pages
    # each and its own; how many that were depends on the host.
    t.check(left >= pages - 200 * 3 - LEAK, "%d pages free, not %d" %
            (pages, left))
    link.load("churn", "--conns", 50, "--rounds", 2,
              "--abort").require(r"^churn: 100 messages")
    reset, _ = at_rest(t, m)
    t.equal(reset, warm, "what is in use after 100 resets")
    no_panic(t, m)


# --- What a message costs ---------------------------------------------

WARM, MESSAGES, SIZE = 100, 1000, 64
SITES = ["dma_to_page", "page_to_pbuf", "pbuf_to_req", "req_to_app",
         "app_to_req", "req_to_pbuf", "pbuf_to_page", "page_to_dma"]
HEADERS = 14 + 20 + 20


def cost(text):
    """netstat's lines of the last burst, as a dict."""
    lines = re.findall(r"^netstat:   (\S.*?) +(\d+) +[\d.]+ each$",
                       text, re.M)
    return {name: int(total) for name, total in lines}


class Way:
    """What a capture shows of one direction, from the second connection on:
    all frames, and the distinct pieces of data among them. (Frames without
    data are acknowledgements that a timer sent before the application did,
    retransmissions on a slow host, and the ends of the connection.)"""

    def __init__(self, frames, mac):
        frames = [f for f in frames if f.src == mac]
        self.frames = len(frames)
        self.pieces = len({f.seq for f in frames
                           if f.protocol == TCP and f.data})


def ways(path):
    """The capture's frames to the server and from it, as two Ways."""
    frames = [parse(raw) for _, raw in read_pcap(path)]
    opened = [i for i, f in enumerate(frames)
              if f.protocol == TCP and f.flags & SYN and not f.flags & ACK]
    client = frames[opened[-1]]
    first = opened[-1]
    while frames[first - 1].type == ARP:        # who is the server?
        first -= 1
    frames = frames[first:]
    return Way(frames, client.src), Way(frames, client.dst)


@test(15, "echosrv -b: 6 messages and 8 copies for each echo", timeout=60)
def net_cost(t):
    m, link = boot(t, "echosrv -b; netstat -w", r"^echosrv: port 7",
                   r"^netstat: at rest", pcap="net.pcap")
    link.load("echo", "--messages", WARM).require()
    m.wait_line(r"^netstat: end", timeout=20)
    first = len(m.text)
    link.load("echo", "--messages", MESSAGES).require()
    m.wait_line(r"^netstat: end", timeout=20)
    c = cost(m.text[first:])
    path = os.path.join(m.dir, "net.pcap")
    there, back = ways(path)
    t.equal(there.pieces, MESSAGES, "messages in the capture")
    t.equal(back.pieces, MESSAGES, "answers in the capture")
    t.equal(c["INPUT"], there.frames, "INPUT messages, one for each frame")
    t.equal(c["OUTPUT"], back.frames, "OUTPUT messages, one for each frame")
    # One connection costs an ACCEPT, a CLOSE, and the RECV of its end.
    t.equal(c["RECV"], MESSAGES + 1, "RECV requests")
    t.equal(c["SEND"], MESSAGES, "SEND requests")
    t.equal(c["answered"], MESSAGES, "requests that echosrv has answered")
    requests = sum(c.get(name, 0) for name in
                   ("RECV", "SEND", "ACCEPT", "CLOSE"))
    t.equal(c["replies"], requests, "replies, one for each request")
    t.equal(c["IPC messages"], c["INPUT"] + c["OUTPUT"] + 2 * requests,
            "IPC messages: those listed, and no other")
    for site in SITES[2:6]:
        t.equal(c["copy " + site], SIZE * MESSAGES, "bytes copied, " + site)
        t.equal(c["copies " + site], MESSAGES, "copies, " + site)
    return c


@test(5, "the copies with headers are one of each frame", parent=net_cost)
def net_cost_frames(t):
    c = t.parent
    for kind, sites in ("INPUT", SITES[:2]), ("OUTPUT", SITES[6:]):
        small = c[kind] - MESSAGES
        for site in sites:
            t.equal(c["copies " + site], c[kind], "copies, " + site)
            rest = c["copy " + site] - MESSAGES * (SIZE + HEADERS)
            t.check(42 * small <= rest <= (SIZE + HEADERS) * small,
                    "%s: %d frames with a message and %d others, not %d "
                    "bytes" % (site, MESSAGES, small, c["copy " + site]))


@test(10, "make cost-lab6: messages, calls, copies by site, instructions",
      timeout=90)
def net_cost_command(t):
    done = subprocess.run(
        [sys.executable, "conf/labcost.py", "--counts"], text=True,
        cwd=t.options.tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=max(1, t.remaining()))
    t.equal(done.returncode, 0, "status of cost-lab6, which said:\n" +
            done.stdout)
    found = {name: float(n) for n, name in re.findall(
        r"^ *([\d.]+)  +(\S.*)$", done.stdout, re.M)}
    for what, low, high in (("IPC messages", 6, 6.2), ("system calls", 10, 16),
                            ("environment switches", 6, 10)):
        t.check(low <= found.get(what, 0) <= high, "%s between %d and %d:\n%s"
                % (what, low, high, done.stdout))
    for site in SITES:
        t.check(found.get("copy " + site, 0) > SIZE * 0.95, "copy " + site)
    parts = sum(found.get(p, 0) for p in "kernel input output ns app".split())
    t.check(abs(parts - found["instructions"]) < 5, "the parts to be the "
            "whole:\n" + done.stdout)


# --- Hostile traffic and hostile programs -----------------------------

@test(10, "forged, deaf and dying clients do the server no harm", timeout=60)
def evilns(t):
    m = t.machine("ns; evilns", cpus=2, boot=LAB6, nics=[{}]).start()
    m.wait_line(r"^evilns: \w", timeout=40)
    t.match(m, r"^evilns: OK")


@test(10, "2,000 hostile frames and 500 SYNs, and it still serves",
      timeout=90)
def net_hostile(t):
    m, link = boot(t, "echosrv", r"^echosrv: port 7")
    link.load("fuzz", "--count", 2000).require(r"^alive: 10 messages")
    link.load("synflood", "--count", 500).require(r"^alive: 10 messages")
    link.load("echo", "--conns", 8, "--messages", 5).require()
    no_panic(t, m)


@test(5, "a handshake under way outlives a flood of SYNs", timeout=60)
def net_syn_flood(t):
    peer = hostile.peer(t)
    m = t.machine("ns; echosrv", cpus=2, boot=LAB6,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^echosrv: port 7")
    hostile.handshakes_in_flood(t, peer)
    no_panic(t, m)


@test(5, "a flood from neighbours that are not there drives no other out",
      timeout=60)
def net_neighbours(t):
    peer = hostile.peer(t)
    m = t.machine("ns; echosrv", cpus=2, boot=LAB6,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^echosrv: port 7")
    hostile.neighbours_in_flood(t, peer)
    no_panic(t, m)


@test(5, "an environment that hoards sockets and frames starves only itself",
      timeout=60)
def net_hoard(t):
    m, link = boot(t, "echosrv; evilhoard", r"^echosrv: port 7",
                   r"^evilhoard: accepts", r"^evilhoard: \d+ listeners")
    link.load("echo", "--conns", 64, "--messages", 5).require()
    # 60 windows of 44 frames are more than the server has.
    hoarded = link.load("echo", "--port", 9, "--conns", 60, "--messages", 1,
                        "--size", "64k", timeout=3)
    t.check(hoarded.status != 0, "nobody to answer on port 9")
    link.load("echo", "--conns", 8, "--messages", 10).require(
        r"^echo: 80 messages")
    link.load("xfer", "--size", "256k").require(r"they match$")
    no_panic(t, m)


@test(5, "clients that never receive do not keep others waiting", timeout=60)
def net_deaf(t):
    peer = hostile.peer(t)
    m = t.machine("ns; echosrv", cpus=2, boot=LAB6,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^echosrv: port 7")
    hostile.deaf_clients(t, peer, 48)
    no_panic(t, m)


# --- Every card, one and four processors, polling and interrupts ------

def variant(nic, cpus, lab6):
    def run(t):
        m, link = boot(t, "echosrv", r"^echosrv: port 7", nic=nic, cpus=cpus,
                       lab6=lab6)
        link.load("echo", "--conns", 4, "--messages", 20).require()
        link.load("udp", "--messages", 20).require()
        no_panic(t, m)
    run.__name__ = "net_%s_%d_%s" % (nic, cpus, lab6)
    return test(3, "echo on %s, %d CPU%s, LAB6=%s" % (
        nic, cpus, "" if cpus == 1 else "s", lab6))(run)


for NIC in "igb", "e1000":
    for CPUS in 1, 4:
        for MODE in "poll", "irq":
            variant(NIC, CPUS, MODE)
