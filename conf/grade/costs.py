"""costs.py: the part "costs": `make figures` measures what a request costs the
dataplane, and the main figures do not grow. They are counts of instructions,
the same in every run; the bounds leave a tenth to other versions of GCC."""
import csv
import os
import re
import subprocess
import sys

from dptest import HOST, HOST_MAC, Background, Client, finish, load, start
from frames import FIN, TCP, Peer
from gradelib import part, test
from loadtool import Link
from testmachine import host_tool, qemu_path

part("costs", budget=40)

# Instructions for each request, at most: of figures.csv, by run and phase.
BOUNDS = {
    ("frames", "frames", "32", "64"): 210, ("udp", "udp", "1", "64"): 1500,
    ("udp", "udp", "64", "64"): 1150, ("raw", "tcp", "1", "64"): 2820,
    ("raw", "tcp", "64", "64"): 2470, ("raw", "conn", "1", "64"): 10000,
    ("raw", "tcp", "1", "65536"): 127000, ("events", "tcp", "1", "64"): 3120,
    ("events", "tcp", "64", "64"): 2730,
    ("sockets", "tcp", "1", "64"): 3540, ("sockets", "udp", "1", "64"): 2250,
}


@test(10, "make figures measures what a request costs", timeout=120)
def figures_run(t):
    tree = t.options.tree
    done = subprocess.run(
        [sys.executable, "conf/figures.py", "--quick"], cwd=tree,
        env=dict(os.environ, QEMU=qemu_path(tree)), timeout=t.remaining(),
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    text = done.stdout.decode("utf-8", "replace")
    t.equal(done.returncode, 0, "status of make figures, which said:\n" + text)
    t.match(text, r"^layer-2 reflector, batch of 32 +\d+ +\d+ +(reach|miss)ed",
            r"^UDP echo 64 B, 64 in flight +\d+",
            r"^TCP echo 64 KB, 1 connection +\d+",
            r"^event layer over raw calls, 1 connection +\+",
            r"^sockets over raw calls, 64 connections +\+",
            r"^round trip of a TCP echo over the reflector's +\d")
    path = os.path.join(tree, "obj", "figures", "figures.csv")
    with open(path, newline="") as f:
        return {(r["run"], r["kind"], r["conns"], r["size"]): r
                for r in csv.DictReader(f)}


@test(10, "no request costs more than it did", parent=figures_run)
def figures_bounds(t):
    if not host_tool(t.options.tree, "JIX_CC_LTO"):
        t.skip("the bounds are those of GCC, which optimises the libOS whole")
    for row, bound in BOUNDS.items():
        found = float(t.parent[row]["instr"])
        t.check(found <= bound, "%s, %s, %s at a time, %s bytes: at most %d "
                "instructions, not %.0f" % (row + (bound, found)))


@test(5, "a measured request enters no kernel and takes no lock",
      parent=figures_run)
def figures_structure(t):
    for row in t.parent.values():
        for name in "traps", "ipcs", "switches", "locks":
            t.equal(float(row[name]), 0, "%s of %s %s" % (
                name, row["run"], row["kind"]))


@test(5, "the event layer: messages of 64 bytes and 64 KB, many connections, "
      "ends in both ways", timeout=90)
def event_layer(t):
    link = Link(t)
    m = t.machine("ixcp run ixevecho", nics=[link.card()], cpus=2,
                  boot={"mode": "ix", "ip0": "10.0.2.15"}).start()
    m.wait_line(r"^ixevecho: core 0")
    results = [link.load("echo", "--conns", 64, "--messages", 10),
               link.load("echo", "--conns", 4, "--messages", 10, "--size",
                         "64k"),
               link.load("xfer", "--size", "1M", "--loss", 3, "--seed", 5),
               link.load("churn", "--conns", 50, "--rounds", 4),
               link.load("churn", "--conns", 50, "--rounds", 2, "--abort"),
               link.load("echo", "--conns", 8, "--messages", 10)]
    t.match(m, no=[r"panic", r"died in ring", r"killed"])
    for result in results:
        result.require()


@test(5, "the event layer: pieces sent in any way go out in order, together, "
      "and are released")
def event_pieces(t):
    peer = Peer(t, hosts={HOST: HOST_MAC})
    m = start(t, "ixcp run -k -w -1 ixstream", {"peer": peer})
    clients = {p: Client(t, peer, p) for p in (40000, 40001)}
    sizes = {p: [] for p in clients}
    ended = set()
    while len(ended) < 2:
        f = peer.expect(lambda f: f.protocol == TCP and f.dport in clients and
                        (f.data or f.flags & FIN), "a segment")
        c = clients[f.dport]
        if (f.seq - c.start) & 0xffffffff == len(c.data):
            sizes[f.dport].append(len(f.data))
            c.data += f.data
            if f.flags & FIN:
                ended.add(f.dport)
        c.acknowledge(len(c.data) + (f.dport in ended))
    for p, c in clients.items():
        t.equal(len(c.data), 200000, "bytes")
        t.equal(c.data, bytes(i % 251 for i in range(200000)), "the bytes")
        t.equal(sizes[p][0], 100, "the size of the first segment, of ten "
                "pieces sent at once")
    m.wait_line(r"^ixstream: all released, [1-9]\d* sent from done functions")
    m.stop()
    t.match(m, no=[r"panic", r"died in ring", r"killed"])


@test(5, "ixping: message size against latency and goodput", timeout=60)
def ixping(t):
    link = Link(t)
    m = start(t, "ixcp run -k ixping -- -h %s -m 20" % HOST, link.card(),
              ready=None)
    server = Background(lambda: load(link, "serve", timeout=60))
    t.on_end(server.end)
    finish(t, m, r"^ixping: done")
    found = re.findall(r"^ixping: +(\d+) bytes: \d+\.\d us, worst \d+\.\d, "
                       r"(\d+\.\d\d) Mbit/s$", m.text, re.M)
    t.equal([int(f[0]) for f in found], [64 << i for i in range(11)], "sizes")
    t.check(all(float(f[1]) > 0 for f in found), "goodput of all sizes")
