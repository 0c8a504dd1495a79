"""net_driver.py: the part "network driver": both cards found, frames out and
in compared byte for byte, a ring held full, wrong calls refused."""
import os

from frames import Peer, read_pcap
from gradelib import part, test

part("network driver", budget=60)

MODELS = {"igb": "82576", "e1000": "82540EM"}
MAC = "52:54:00:12:34:56"
EXPERIMENT = 0x88b5             # EtherType for experiments, IEEE 802


def on_each_card(cpus):
    """(model, number of CPUs) of the runs that a test makes."""
    return [(model, n) for model in MODELS for n in cpus]


def packet(number):
    """The frame that testoutput sends, as it is on the wire."""
    raw = (b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) +
           EXPERIMENT.to_bytes(2, "big") + b"Packet %02d" % number)
    return raw.ljust(60, b"\0")


@test(5, "the clock counts seconds")
def testtime(t):
    m = t.run("testtime")
    t.match(m, r"^starting count down: 5 4 3 2 1 0 $",
            r"^testtime: 5 seconds counted down$")


@test(5, "both cards are found, with their addresses and queues")
def pci_attach(t):
    for model, chip in MODELS.items():
        cards = [{"model": model, "slirp": "restrict=on"} for _ in range(2)]
        m = t.run("hello", nics=cards)
        dot = "" if model == "igb" else r"\."
        t.match(m, *(r"^%s%s%d: %s at 00:\d\d\.0, 52:54:00:12:34:5%d, "
                     r"\d queues?, link" % (model, dot, i, chip, 6 + i)
                     for i in range(2)))


def send_frames(t, count, cpus=(1, 4), boot=None, says=""):
    """Run testoutput; the frames that arrive, and the capture file, must be
    those it says, in order and byte for byte."""
    wanted = [packet(i) for i in range(count)]
    for model, n in on_each_card(cpus):
        peer = Peer(t)
        # The monitor keeps QEMU, which queues frames, until all have come.
        m = t.machine("testoutput %d" % count, cpus=n,
                      boot=dict(boot or {}, then="monitor"),
                      nics=[{"model": model, "peer": peer,
                             "pcap": "out.pcap"}]).start()
        m.prompt()
        t.match(m, r"^testoutput: %d frames sent%s" % (count, says))
        t.wait_for(lambda: len(peer.seen) >= count, "%d frames" % count)
        m.send("shutdown\n")
        m.wait_end()
        m.require_clean()
        got = [f.raw for _, f in peer.seen]
        t.equal(len(got), count, "frames of %s on %d CPUs" % (model, n))
        for i, raw in enumerate(got):
            t.equal(raw, wanted[i], "frame %d of %s" % (i, model))
        seen = [raw for _, raw in read_pcap(os.path.join(m.dir, "out.pcap"))]
        t.equal(seen, wanted, "the capture file of " + model)


@test(15, "testoutput: 5 frames", timeout=90)
def testoutput_5(t):
    send_frames(t, 5)


@test(10, "testoutput: 100 frames", timeout=90)
def testoutput_100(t):
    send_frames(t, 100, cpus=(1,))


@test(10, "testoutput: 1,000 frames through a ring held full", timeout=90)
def testoutput_full(t):
    send_frames(t, 1000, cpus=(1,), boot={"nic.txhold": 50},
                says=", waited for room")


@test(5, "wrong addresses, lengths and checksums of frames are refused")
def evilframes(t):
    for model, n in on_each_card((2,)):
        m = t.run("evilframes", cpus=n, nics=[{"model": model}])
        t.match(m, r"^evilframes: OK$", r"^evilframes: %d frames sent$" % (
            64 if model == "igb" else 8), no=["FAIL", r"^panic"])


def frame_in(number, size):
    raw = (bytes.fromhex(MAC.replace(":", "")) + b"\x02jixjx" +
           EXPERIMENT.to_bytes(2, "big") + b"frame %d " % number)
    return (raw + bytes(i & 0xff for i in range(size)))[:size]


def dumped(m):
    """The frames that testinput has printed."""
    frames, now = [], bytearray()
    for line in m.lines:
        word = line.split()
        if len(word) > 1 and word[0] == "input:":
            if word[1] == "0000":
                now = bytearray()
                frames.append(now)
            now += bytes.fromhex("".join(word[2:]))
    return [bytes(f) for f in frames]


def receive_frames(t, sizes, cpus=(1, 4)):
    """Send testinput frames of these sizes; it must print each, those below
    the Ethernet minimum padded."""
    wanted = [frame_in(i, size) for i, size in enumerate(sizes)]
    for model, n in on_each_card(cpus):
        peer = Peer(t)
        m = t.machine("testinput %d" % len(sizes), cpus=n,
                      nics=[{"model": model, "peer": peer}]).start()
        m.wait_line(r"^Waiting for packets\.\.\.$")
        f = peer.expect(lambda f: f.type == 0x806, "an ARP request", 10)
        t.equal((f.op, f.src_ip, f.dst_ip, f.src_mac),
                (1, "10.0.2.15", "10.0.2.2", MAC), "the ARP request")
        for i, raw in enumerate(wanted):
            peer.send(raw)
            if i % 16 == 15:            # do not overrun the ring
                t.wait_for(lambda: len(dumped(m)) > i or
                           m.status is not None, "frame %d" % i)
        m.wait_end()
        m.require_clean()
        got = dumped(m)
        t.equal(len(got), len(wanted), "frames on %s, %d CPUs" % (model, n))
        for i, raw in enumerate(got):
            t.equal(raw, wanted[i].ljust(60, b"\0"),
                    "frame %d on %s" % (i, model))


@test(15, "testinput: 5 frames, from the shortest to the longest", timeout=90)
def testinput_5(t):
    receive_frames(t, [14, 59, 60, 61, 1514])


@test(10, "testinput: 100 frames", timeout=90)
def testinput_100(t):
    receive_frames(t, [60 + 7 * i % 300 for i in range(100)], cpus=(1,))


@test(5, "only frames for this card come in")
def filtered(t):
    for model in MODELS:
        peer = Peer(t)
        m = t.machine("testinput 1",
                      nics=[{"model": model, "peer": peer}]).start()
        m.wait_line(r"^Waiting for packets\.\.\.$")
        peer.expect(lambda f: f.type == 0x806, "an ARP request", 10)
        mine = frame_in(7, 64)
        peer.send(b"\x52\x54\x00\x99\x99\x99" + mine[6:])
        peer.send(mine)
        m.wait_end()
        m.require_clean()
        t.equal(dumped(m), [mine], "what came in on " + model)
