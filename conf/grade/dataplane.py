"""dataplane.py: the part "dataplane": what an application on the dataplane
serves, at what cost in crossings and copies, on which cores; and what is left
when it ends. The peer is host/load on the card's other side."""
import os
import re

import hostile
import net_server

from gradelib import part, test
from loadtool import Link
from net_server import NUMBERS

part("dataplane", budget=180)

BOOT = {"mode": "ix", "ip0": "10.0.2.15"}
REPORT = (r"^%s: core (\d+): (\d+) requests, (\d+) TSC ticks busy each, "
          r"(\d+) crossings, (\d+) kernel entries, (\d+) locks, "
          r"(\d+) env switches, (\d+) IPCs$")
FRAMES = (r"^%s: core (\d+): (\d+) frames in, (\d+) out, (\d+) doorbells, "
          r"(\d+) dropped, copied (\d+), zero-copy sends (\d+), "
          r"batches ([\d ]+)$")


def serve(t, app, ready, cpus=2, nic="igb", options="", boot=None):
    """A machine whose only card belongs to a dataplane that runs `app`."""
    link = Link(t)
    m = t.machine("ixcp run %s %s" % (options, app), cpus=cpus,
                  nics=[link.card(model=nic)], boot=dict(BOOT, **(boot or {})))
    m.start()
    m.wait_line(ready)
    return m, link


def alive(t, m):
    t.match(m, no=[r"^panic", r"panic at", r"died in ring", r"killed"])
    t.check(m.status is None, "the machine to run on")


# --- One machine that serves everything -------------------------------------

@test(10, "TCP echo and HTTP from one dataplane core; ping", timeout=150)
def dp_serves(t):
    m, link = serve(t, "httpd -- -e 7", r"^httpd: .*port 80")
    results = {}

    def run(name, *words, **settings):
        results[name] = link.load(*words, **settings)

    run("one", "echo", "--messages", 100)
    run("ping", "ping", "--conns", 2, "--messages", 20)
    run("many", "echo", "--conns", 64, "--messages", 20)
    run("big", "echo", "--conns", 4, "--messages", 10, "--size", "64k")
    run("xfer", "xfer", "--size", "2M")
    run("lossy", "xfer", "--size", "2M", "--loss", 5, "--dup", 5, "--reorder",
        5, "--seed", 6, timeout=60)
    run("http", "http", "--conns", 4, "--messages", 10, "--path",
        "/numbers.txt", "--expect", os.path.join(t.options.tree, NUMBERS))
    run("missing", "http", "--path", "/random_file.txt", "--status", 404,
        "--messages", 2, "--no-keepalive")
    run("churn", "churn", "--conns", 200, "--rounds", 10, timeout=60)
    run("reset", "churn", "--conns", 50, "--rounds", 2, "--abort")
    run("fuzz", "fuzz", "--count", 2000, "--seed", 3)
    run("syn", "synflood", "--count", 500)
    run("after", "echo", "--conns", 8, "--messages", 10)
    alive(t, m)
    results["one"].require(r"^echo: 100 messages")
    results["ping"].require(r"^ping: 40 messages")
    return results


@test(10, "echo: 64 connections at once", parent=dp_serves)
def dp_many(t):
    t.parent["many"].require(r"^echo: 1280 messages")


@test(5, "echo: messages of 64 KB", parent=dp_serves)
def dp_big(t):
    t.parent["big"].require(r"^echo: 40 messages")


@test(10, "2 MB each way arrive as they were sent", parent=dp_serves)
def dp_transfer(t):
    t.parent["xfer"].require(r"they match$")


@test(10, "2 MB each way under 5 % loss, duplication and reordering",
      parent=dp_serves)
def dp_lossy(t):
    t.parent["lossy"].require(r"they match$")
    t.check(t.parent["lossy"].number(r"retransmits: (\d+)") > 0,
            "frames to have been lost")


@test(10, "the shared HTTP server: files, and 404", parent=dp_serves)
def dp_http(t):
    t.parent["http"].require(r"^http: 40 messages")
    t.parent["missing"].require()


@test(10, "connections opened and closed, or reset, 2,100 times",
      parent=dp_serves)
def dp_churn(t):
    t.parent["churn"].require(r"^churn: 2000 messages")
    t.parent["reset"].require(r"^churn: 100 messages")


@test(10, "2,000 hostile frames and 500 SYNs, and it still serves",
      parent=dp_serves)
def dp_hostile(t):
    t.parent["after"].require(r"^echo: 80 messages")


@test(5, "the shared servers through forwarded ports, as in lab-6 mode",
      timeout=60)
def dp_host(t):
    card, ports = net_server.forwarded()
    m = t.machine("ixcp run httpd -- -e 7", cpus=2, nics=[card],
                  boot=BOOT).start()
    m.wait_line(r"^httpd: echo on port 7")
    net_server.echo_by_socket(t, ports[0])
    net_server.http_by_socket(t, ports[1])
    alive(t, m)


@test(5, "a handshake under way outlives a flood of SYNs", timeout=60)
def dp_syn_flood(t):
    peer = hostile.peer(t)
    m = t.machine("ixcp run ixecho", cpus=2, boot=BOOT,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^ixecho: core 0")
    hostile.handshakes_in_flood(t, peer)
    alive(t, m)


@test(5, "a flood from neighbours that are not there drives no other out",
      timeout=60)
def dp_neighbours(t):
    peer = hostile.peer(t)
    m = t.machine("ixcp run ixecho", cpus=2, boot=BOOT,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^ixecho: core 0")
    hostile.neighbours_in_flood(t, peer)
    alive(t, m)


@test(5, "clients that never receive do not keep others waiting", timeout=90)
def dp_deaf(t):
    peer = hostile.peer(t)
    m = t.machine("ixcp run ixecho", cpus=2, boot=BOOT,
                  nics=[{"peer": peer}]).start()
    m.wait_line(r"^ixecho: core 0")
    hostile.deaf_clients(t, peer, 160)
    alive(t, m)


@test(5, "the shared echo server by TCP and UDP, on an 82540EM", timeout=60)
def dp_e1000(t):
    m, link = serve(t, "echosrv", r"^echosrv: port 7", nic="e1000")
    tcp = link.load("echo", "--conns", 16, "--messages", 20)
    udp = link.load("udp", "--conns", 4, "--messages", 50)
    alive(t, m)
    tcp.require(r"^echo: 320 messages")
    udp.require(r"^udp: 200 messages")


# --- What it costs ----------------------------------------------------

def report(t, m, app):
    """The numbers of ix_report's two lines, as dicts of the core."""
    t.match(m, REPORT % app, FRAMES % app)
    names = "requests ticks crossings entries locks switches ipcs".split()
    cost = re.search(REPORT % app, m.text, re.M).groups()
    found = dict(zip(names, map(int, cost[1:])))
    frames = re.search(FRAMES % app, m.text, re.M).groups()
    names = "rx tx doorbells dropped copied zero_copy".split()
    found.update(zip(names, map(int, frames[1:7])))
    found["batches"] = [int(n) for n in frames[7].split()]
    return found


def measure(t, conns, messages, size, options="-w -1 -t 0"):
    """ixecho's own account of a run of echoes. Without the tick (-t 0) and
    without waiting in the kernel (-w -1) nothing enters the kernel."""
    m, link = serve(t, "ixecho -- -m %d" % conns, r"^ixecho: core 0",
                    options=options)
    result = link.load("echo", "--conns", conns, "--messages", messages,
                       "--size", size, timeout=60)
    m.wait_end()
    m.require_clean()
    result.require(r"^echo: %d messages" % (conns * messages))
    return report(t, m, "ixecho")


@test(15, "10,000 TCP echoes enter no kernel, take no lock, pass no IPC",
      timeout=120)
def dp_no_kernel(t):
    cost = measure(t, 16, 650, 64)
    t.check(cost["requests"] >= 10000, "10,000 requests, not %d" %
            cost["requests"])
    for name in "entries", "locks", "switches", "ipcs":
        t.equal(cost[name], 0, name + " while it serves")
    return cost


@test(5, "messages of 4 KB and 64 KB are not copied", timeout=120)
def dp_zero_copy(t):
    for size, messages in (4096, 100), (65536, 10):
        cost = measure(t, 2, messages, size)
        t.equal(cost["copied"], 0, "bytes copied of messages of %d" % size)
        t.check(cost["zero_copy"] > 0, "sends without a copy")


# --- Several cores ----------------------------------------------------

@test(10, "connections spread over 2 and 4 cores, each with its own",
      timeout=120)
def dp_cores(t):
    for cores in 2, 4:
        m, link = serve(t, "ixecho", r"^ixecho: core \d+ of %d" % cores,
                        cpus=cores + 1, options="-c %d" % cores)
        for _ in range(cores - 1):
            m.wait_line(r"^ixecho: core \d+ of %d" % cores)
        result = link.load("echo", "--conns", 32, "--messages", 10, timeout=60)
        alive(t, m)
        result.require(r"^echo: 320 messages")
        m.stop()


# --- The end ----------------------------------------------------------

@test(10, "ended under load, ten times: everything comes back", timeout=150)
def dp_stop(t):
    link = Link(t)
    m = t.machine("ixcp run ixecho -- -n 300 -s 0",
                  boot=dict(BOOT, then="monitor"), cpus=2,
                  nics=[link.card(model="igb")]).start()
    for n in range(10):
        m.wait_line(r"^ixecho: core 0 of 1")
        link.load("echo", "--conns", 4, "--messages", 100)
        m.wait_line(r"^jix: all environments done: pages lost 0, envs lost 0")
        m.prompt()
        if n < 9:
            m.send("run ixcp run ixecho -- -n 300 -s 0\n")
    t.match(m, no=[r"^panic", r"no link"])
    m.send("shutdown\n")
    m.wait_end()
