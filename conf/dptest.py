"""dptest.py: a dataplane on the second network card, for tests: starting and
ending it, and clients made of raw frames.

	peer = Peer(t, hosts={HOST: HOST_MAC})
	m = start(t, "ixcp run -k ixecho -- -m 1", {"peer": peer})
	...
	finish(t, m)
"""
import re
import threading

from frames import ACK, ARP, SYN, TCP, arp_request, ethernet, ipv4, tcp
from loadtool import Link

IP, HOST = "10.0.3.15", "10.0.3.100"
MAC, HOST_MAC = "52:54:00:12:34:57", "52:54:00:4a:58:64"
SERVES = r"^(ix\w+|echosrv|httpd): (core 0 of \d+ )?(core 0 )?" \
         r"(serves|port|waiting)"
DIED = r"^panic|libOS panic|panic in core|died in ring"


def start(t, command, card, cpus=2, ready=SERVES, programs=""):
    """A machine whose second card is the dataplane's. It stays after ixcp's
    end until finish(): `command` has the option -k."""
    m = t.machine(programs + command, cpus=cpus, nics=[{}, card],
                  boot={"mode": "both", "until": "ixcp"})
    m.start()
    m.wait_line("press a key")
    m.send("k")
    if ready:
        m.wait_line(ready)
    return m


def finish(t, m, *lines, no=(DIED,)):
    """ixcp has ended its dataplane; nothing was lost."""
    m.wait_line("press a key")
    m.send("k")
    m.wait_end()
    m.require_clean()
    t.match(m, *lines, no=no)


def hear(peer):
    """Everything sent so far has been received, and HOST is known."""
    peer.send(arp_request(HOST_MAC, HOST, IP))
    peer.expect(lambda f: f.type == ARP and f.op == 2, "an ARP reply")


def load(link, mode, *options, **settings):
    return link.load(mode, "--peer", IP, "--ip", HOST, *options, **settings)


def report(t, m, name):
    """The counts of the report that a program prints at its end."""
    found = re.search(r"^%s: core 0: (\d+) frames in, (\d+) out, (\d+) "
                      r"doorbells, (\d+) dropped, copied (\d+), zero-copy "
                      r"sends (\d+), batches( [\d ]+)$" % name, m.text, re.M)
    if not found:
        t.fail("%s printed no report" % name)
    numbers = [int(n) for n in found.groups()[:-1]]
    return dict(zip(("in", "out", "doorbells", "dropped", "copied",
                     "zero_copy"), numbers),
                batches=[int(n) for n in found.group(7).split()])


def ring(t, m, name):
    """The same of the receive ring: looks, frames taken, frames left, the
    greatest depth, TSC ticks waited by all frames."""
    found = re.search(r"^%s: core 0: receive ring: (\d+) looks found (\d+) "
                      r"frames and left (\d+), (\d+) at most; they waited "
                      r"(\d+) TSC ticks$" % name, m.text, re.M)
    if not found:
        t.fail("%s said nothing of its receive ring" % name)
    return [int(n) for n in found.groups()]


class Client:
    """A TCP client made of raw frames: it acknowledges only when told."""

    def __init__(self, t, peer, port=40000):
        self.t, self.peer, self.port = t, peer, port
        self.seq, self.ack = 1000, 0
        self.data = b""                 # in order, from what came so far
        self.segments = 0
        self.send(SYN)
        f = self.expect(lambda f: f.flags & SYN, "a SYN|ACK")
        self.seq += 1
        self.start = self.ack = (f.seq + 1) & 0xffffffff
        self.send(ACK)

    def send(self, flags, payload=b""):
        self.peer.send(ethernet(MAC, HOST_MAC, 0x0800, ipv4(
            HOST, IP, TCP, tcp(HOST, IP, self.port, 7, self.seq, self.ack,
                               flags, payload))))
        self.seq += len(payload)

    def expect(self, wanted, what, timeout=5):
        return self.peer.expect(
            lambda f: f.protocol == TCP and f.dport == self.port and
            wanted(f), what, timeout)

    def take(self, timeout=5):
        """The next segment with data."""
        f = self.expect(lambda f: f.data, "data", timeout)
        self.segments += 1
        at = (f.seq - self.start) & 0xffffffff
        if at == len(self.data):
            self.data += f.data
        return f

    def acknowledge(self, count):
        self.ack = (self.start + count) & 0xffffffff
        self.send(ACK)


class Background:
    """Something that runs meanwhile and ends with the machine."""

    def __init__(self, function):
        self.thread = threading.Thread(target=function, daemon=True)
        self.thread.start()

    def end(self):
        self.thread.join(30)


def datagrams(t, link):
    """Datagrams come in until the machine ends."""
    seconds = t.entry.timeout
    client = Background(lambda: load(
        link, "udp", "--conns", 8, "--messages", 0, "--time", seconds,
        "--rto", 0.1, "--retries", 10 * seconds, timeout=seconds))
    t.on_end(client.end)


def under_load(t, command, times, how, programs=""):
    """The dataplane ends `times` times while datagrams come in."""
    link = Link(t)
    m = start(t, command, link.card(), cpus=3, ready=None, programs=programs)
    datagrams(t, link)
    for n in range(times):
        m.wait_line(how)
    finish(t, m, no=[r"^panic", r"libOS panic"])
    return m


def kill_under_load(t, times):
    """In the monitor: of a machine stopped while datagrams come in."""
    link = Link(t)
    run = "ixcp run ixudp"
    m = t.machine(run + "; breakdp", cpus=2, nics=[{}, link.card()],
                  boot={"mode": "both", "then": "monitor"}).start()
    datagrams(t, link)
    frames = 0
    for n in range(times):
        m.prompt()
        before, frames = frames, int(re.findall(
            r"received (\d+) frames", m.prompt("nics"))[1])
        t.check(frames > before, "datagrams to have come")
        env = re.search(r"^(\w+) .* ixcp$", m.prompt("envs"), re.M).group(1)
        t.match(m.prompt("dataplanes"),
                r"^dataplane 0: running, owner %s, \d+ pages of 2 MB, \d+ of "
                "tables, heap 0 MB, bound 100 ms$" % env,
                "^  core 0: CPU 1 bound, root .*, igb1 queue 0, 128 flow "
                "groups")
        m.prompt("kill " + env)
        t.match(m.prompt("dataplanes"), "^no dataplane$")
        if n < times - 1:
            m.prompt("run " + run)
            m.prompt("run breakdp")
        m.send("continue\n")
        m.wait_line("^K> continue$")
    m.wait_line(r"^jix: all environments done: pages lost 0, envs lost 0")
    m.prompt()
    m.send("shutdown\n")
    m.wait_end()
    t.match(m, no=[r"^panic", "no link"])
