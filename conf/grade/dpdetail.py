"""dpdetail.py: the part "dataplane, in detail": batches, memory that is sent
in place, the last bytes of a connection, bad calls, flows and cores, death
under load. The dataplane has the second network card, whose cable leads to the
load generator, to raw frames or to the host's sockets."""
import http.client
import os
import socket

from dptest import (DIED, HOST, HOST_MAC, IP, MAC, Background, Client, finish,
                    hear, kill_under_load, load, report, ring, start,
                    under_load)
from frames import (ACK, ARP, FIN, ICMP, PSH, RST, SYN, TCP, UDP, Peer,
                    ethernet, icmp_echo, ipv4, tcp, udp)
from gradelib import SCALE, part, test
from loadtool import Link

part("dataplane, in detail", budget=80)

NO_KERNEL = ", 0 kernel entries, 0 locks, 0 env switches, 0 IPCs$"
NUMBERS = os.path.join("user", "www", "numbers.txt")


# --- What the data path costs ------------------------------------------------

# -w -1: no waiting in the kernel; -t 0: no tick. What is left is the path.

@test(10, "10,000 UDP echoes do not enter the kernel")
def dp_udp(t):
    link = Link(t)
    m = start(t, "ixcp run -k -w -1 -t 0 ixudp -- -m 10000", link.card())
    # A request sent twice would be counted twice.
    load(link, "udp", "--conns", 16, "--messages", 625, "--rto", 10,
         "--retries", 0).require(r"^udp: 10000 messages")
    finish(t, m, r"^ixudp: core 0: 10\d{3} requests.*" + NO_KERNEL)


def histogram(t, command, conns, messages):
    link = Link(t)
    m = start(t, command, link.card())
    load(link, "echo", "--conns", conns, "--messages", messages).require()
    finish(t, m)
    return report(t, m, "ixecho")["batches"], ring(t, m, "ixecho")


@test(5, "one connection: batches of one frame, nobody waits for more")
def dp_batch_one(t):
    b, _ = histogram(t, "ixcp run -k -w -1 ixecho -- -m 1", 1, 300)
    # The handshake's last frame may come with the first request.
    t.check(b[0] >= 295 and b[1] <= 2 and sum(b[2:]) == 0,
            "batches of one frame only, not %s" % b)


@test(5, "256 connections: batches reach the bound and not more")
def dp_batch_many(t):
    b, (looks, taken, _, deepest, waited) = histogram(
        t, "ixcp run -k -w -1 ixecho -- -m 256", 256, 40)
    t.check(b[6] > 0 and sum(b[7:]) == 0,
            "batches of 64 frames and none of 128, not %s" % b)
    t.equal(looks, sum(b), "looks at the ring that found something")
    t.check(64 <= deepest < 512 and taken > looks and waited > 0,
            "a deep ring, its frames to wait: %d frames, %d at most, %d ticks"
            % (taken, deepest, waited))


@test(5, "a bound of 1 makes batches of one frame")
def dp_batch_bound(t):
    b, (looks, taken, left, deepest, waited) = histogram(
        t, "ixcp run -k -w -1 -b 1 ixecho -- -m 64", 64, 20)
    t.check(b[0] >= 1280 and sum(b[1:]) == 0,
            "batches of one frame only, not %s" % b)
    # What a full batch leaves in the ring is counted, and waits.
    t.equal(taken, looks, "frames taken, one with each look")
    t.check(left > 0 and deepest > 8 and waited > taken,
            "frames left in the ring: %d, %d deep at most, %d ticks waited"
            % (left, deepest, waited))


# --- Memory in use -----------------------------------------------------------

def held_bytes(t):
    """Start ixtest hold and make it send 8 KB."""
    peer = Peer(t, hosts={HOST: HOST_MAC})
    m = start(t, "ixcp run -k -w -1 ixtest hold", {"peer": peer})
    hear(peer)
    c = Client(t, peer)
    c.send(ACK | PSH, b"go")
    m.wait_line(r"^ixtest: 8192 bytes taken")
    return m, c


@test(10, "sent memory is not released before its acknowledgement, but then")
def dp_release(t):
    m, c = held_bytes(t)
    c.take()
    first = len(c.data)
    # Without an acknowledgement the same comes again; nothing is released.
    c.expect(lambda f: f.data and f.seq == c.start, "a retransmission", 20)
    t.check("released" not in m.text, "no memory to be released yet")
    c.acknowledge(first)
    m.wait_line(r"^ixtest: %d bytes released" % first)
    while len(c.data) < 8192:
        c.take()
        c.acknowledge(len(c.data))
    m.wait_line(r"^ixtest: 8192 bytes released")
    t.equal(c.data, b"".join(bytes([d]) * 16 for d in b"0123456789abcdef")
            * 32, "the bytes")
    c.send(ACK | FIN)
    finish(t, m)


@test(5, "a reset releases everything")
def dp_reset(t):
    m, c = held_bytes(t)
    c.take()
    c.send(RST | ACK)
    m.wait_line(r"^ixtest: dead, 0 buffers missing")
    # And a new connection is served to its end.
    c = Client(t, c.peer, 40001)
    c.send(ACK | PSH, b"go")
    while len(c.data) < 8192:
        c.take()
        c.acknowledge(len(c.data))
    m.wait_line(r"^ixtest: 8192 bytes released")
    c.send(ACK | FIN)
    finish(t, m)


# --- The end of a connection -------------------------------------------------

def stream(size):
    return bytes(i % 251 for i in range(size))


def send_all(c, size, end):
    """Some segments and the end, in one go."""
    for at in range(0, size, 1000):
        c.send(ACK | PSH, stream(size)[at:at + 1000])
    c.send(end)


class Late:
    """An application that takes its time, and its client."""

    def __init__(self, t, command="ixlate"):
        self.t = t
        self.peer = Peer(t, hosts={HOST: HOST_MAC})
        self.m = start(t, "ixcp run -k -w -1 " + command,
                       {"peer": self.peer})
        hear(self.peer)
        self.port = 40000

    def tell(self, letter):
        self.peer.send(ethernet(MAC, HOST_MAC, 0x0800, ipv4(
            HOST, IP, UDP, udp(HOST, IP, 9, 9, letter))))

    def knock(self):
        self.port += 1
        c = Client(self.t, self.peer, self.port)
        self.m.wait_line("^ixlate: a knock")
        return c

    def noise(self):
        """More frames than a ring has buffers: what is free is overwritten."""
        frame = ethernet(MAC, HOST_MAC, 0x0800, ipv4(HOST, IP, UDP, udp(
            HOST, IP, 9, 10, b"x" * 1400)))
        for _ in range(6):
            for _ in range(100):
                self.peer.send(frame)
            hear(self.peer)

    def found(self, order, error, size):
        self.tell(b"r")
        self.m.wait_line(r"^ixlate: %s %s: %d bytes, 0 wrong, recv_done 0, 0 "
                         "buffers missing$" % (order, error, size))


@test(10, "every byte acknowledged is read before the end, whichever end and "
      "however late", timeout=90)
def dp_last_bytes(t):
    late = Late(t)
    # Before it is accepted: FIN, with and without data before it; RST.
    for end, order, error in ((ACK | FIN, "e", "0"),
                              (RST, "d", "-[1-9]\\d*")):
        for size in 0, 20000:
            send_all(late.knock(), size, end)
            late.noise()
            late.tell(b"a")
            late.m.wait_line("^ixlate: it has ended")
            late.found("r" * (size > 0) + order, error, size)
    # While it is open, and read long after it has ended.
    for end, order, error in ((ACK | FIN, "re", "0"),
                              (RST, "rd", "-[1-9]\\d*")):
        c = late.knock()
        late.tell(b"a")
        send_all(c, 20000, end)
        late.m.wait_line("^ixlate: it has ended")
        late.noise()
        late.found(order, error, 20000)
    # Connected, sent and reset in one go, by a server.
    late.tell(b"c")
    f = late.peer.expect(lambda f: f.protocol == TCP and f.flags & SYN,
                         "a SYN")
    at, ack = 5000, f.seq + 1
    for flags, data in ((SYN | ACK, b""), (ACK, stream(1000)), (RST, b"")):
        late.peer.send(ethernet(MAC, HOST_MAC, 0x0800, ipv4(
            HOST, IP, TCP, tcp(HOST, IP, 7, f.sport, at, ack, flags, data))))
        at += len(data) + bool(flags & SYN)
    late.m.wait_line("^ixlate: it has ended")
    late.noise()
    late.found("Crd", "-[1-9]\\d*", 1000)
    late.m.stop()


@test(5, "sockets and the event layer keep what was received before a reset")
def dp_last_bytes_lib(t):
    for layer in "sock", "ev":
        late = Late(t, "ixlast " + layer)
        send_all(Client(t, late.peer), 20000, RST)
        late.m.wait_line("^ixlast: it has ended")
        late.noise()
        late.tell(b"r")
        late.m.wait_line("^ixlast: 20000 bytes, 0 wrong, then .*reset")
        finish(t, late.m)


@test(5, "a message out of 64 places goes out whole")
def dp_pieces(t):
    late = Late(t)
    c = late.knock()
    late.tell(b"a")
    late.tell(b"s")
    while len(c.data) < 1280:
        c.take()
        c.acknowledge(len(c.data))
    t.equal(c.data, stream(1280), "the bytes")
    late.m.stop()


@test(5, "ICMP echo with IP options is answered; fragments are dropped and "
      "counted")
def dp_ip(t):
    def send(protocol, payload, **fields):
        late.peer.send(ethernet(MAC, HOST_MAC, 0x0800, ipv4(
            HOST, IP, protocol, payload, **fields)))

    late = Late(t)
    # A record-route option with room for one address, and without options.
    for number, options in enumerate((b"\x07\x07\x08\x0a\x00\x03\x0f\x01",
                                      b"\x01" * 40, b"")):
        send(ICMP, icmp_echo(8, 7, number, stream(56)), options=options)
        f = late.peer.expect(lambda f: f.protocol == ICMP and
                             f.number == number, "an echo reply")
        t.check(f.ip_ok and f.sum_ok and f.kind == 0, "right checksums")
        t.equal(f.data, stream(56), "the bytes")
    # Two fragments of a datagram, and a connection's first frame in two.
    whole = udp(HOST, IP, 9, 9, b"f" + stream(999))
    for part_of, flags in ((whole[:800], 0x2000), (whole[800:], 100)):
        send(UDP, part_of, flags=flags, ident=77)
    whole = tcp(HOST, IP, 40000, 7, 1, 0, SYN)
    send(TCP, whole[:16], flags=0x2000, ident=78)
    send(TCP, whole[16:], flags=2, ident=78)
    late.tell(b"f")
    late.m.wait_line("^ixlate: 4 fragments dropped")
    t.check("knock" not in late.m.text, "no knock")
    late.m.stop()


# --- Attacks on TCP's calls --------------------------------------------------

@test(10, "every TCP call refuses bad arguments, and the connection goes on")
def dp_bad_calls(t):
    link = Link(t)
    m = start(t, "ixcp run -k ixtest calls", link.card())
    load(link, "echo", "--messages", 1).require(r"^echo: 1 messages")
    finish(t, m, r"^ixtest: calls: [1-9]\d\d+ tried, 0 not refused$",
           no=[DIED, " gave "])


@test(5, "gather lists may change while they are read: no other memory goes "
      "out", timeout=90)
def dp_race(t):
    peer = Peer(t, hosts={HOST: HOST_MAC})
    m = t.machine("ixcp run -c 2 -t 0 ixrace", cpus=3,
                  nics=[{}, {"peer": peer}], thread="multi",
                  boot={"mode": "both"}).start()
    m.wait_line("^ixrace: serves")
    # Connections come to either core; only core 0 listens.
    port = next(p for p in range(40000, 40100)
                if toeplitz(HOST, IP, p, 7) % 128 % 2 == 0)
    hear(peer)
    c = Client(t, peer, port)
    while c.segments < 60:
        f = c.take()
        c.acknowledge(len(c.data))
        t.check(not f.data.strip(b"v"), "only what may be sent: %r" %
                f.data[:64])
    c.send(RST | ACK)
    m.wait_end()
    m.require_clean()
    t.match(m, r"^ixrace: [1-9]\d* sends taken, [1-9]\d* refused$",
            r"^ixcp: core 0 exited with 0$", no=[DIED])


@test(10, "a core's connections are refused on another core")
def dp_other_core(t):
    link = Link(t)
    m = start(t, "ixcp run -k -c 2 ixtest cores 32", link.card(), cpus=3)
    load(link, "echo", "--conns", 32, "--messages", 10).require(
        r"^echo: 320 messages")
    finish(t, m, r"^ixtest: cores: [1-9]\d+ tried, 0 not refused$")


# --- Flows and cores ---------------------------------------------------------

KEY = bytes.fromhex("6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b4"
                    "77cb2da38030f20c6a42b73bbeac01fa")


def toeplitz(src, dst, sport, dport):
    """The RSS hash of a UDP or TCP packet over IPv4."""
    data = (socket.inet_aton(src) + socket.inet_aton(dst) +
            sport.to_bytes(2, "big") + dport.to_bytes(2, "big"))
    key, value = int.from_bytes(KEY, "big"), 0
    for i in range(len(data) * 8):
        if data[i // 8] >> (7 - i % 8) & 1:
            value ^= key >> (len(KEY) * 8 - 32 - i) & 0xffffffff
    return value


PORTS = range(20000, 20048)
GROUP = {port: toeplitz(HOST, IP, port, 7) % 128 for port in PORTS}


def start_who(t, cores, programs=""):
    """A dataplane of which each core answers a datagram by its number."""
    peer = Peer(t, hosts={HOST: HOST_MAC})
    m = t.machine("ixcp run -c %d ixtest who" % cores + programs,
                  cpus=cores + 1, nics=[{}, {"peer": peer}],
                  mem="1G" if cores > 4 else "512M", boot={"mode": "both"})
    m.start()
    for _ in range(cores):
        m.wait_line(r"^ixtest: core \d serves")
    # Each announces itself in its first turn.
    t.wait_for(lambda: sum(f.type == ARP and f.src_ip == f.dst_ip == IP
                           for _, f in list(peer.seen)) >= cores,
               "every core's first turn")
    hear(peer)
    return m, peer


def ask(peer, port, text=b"who?"):
    peer.send(ethernet(MAC, HOST_MAC, 0x0800, ipv4(HOST, IP, UDP, udp(
        HOST, IP, port, 7, text))))


def flows(t, cores):
    """Each flow comes to the core that the hash of its addresses names."""
    m, peer = start_who(t, cores)
    seen = set()
    for port in PORTS:
        ask(peer, port)
        f = peer.expect(lambda f: f.protocol == UDP and f.dport == port,
                        "an answer to port %d" % port)
        wanted = GROUP[port] % cores
        t.equal(f.data, b"%d" % wanted, "the core of port %d" % port)
        seen.add(wanted)
    t.equal(len(seen), cores, "cores that were asked")
    m.stop()


@test(10, "flows arrive where the Toeplitz hash says: 1, 2 and 4 cores")
def dp_flows(t):
    for cores in 1, 2, 4:
        flows(t, cores)


@test(5, "flows arrive where the Toeplitz hash says: 8 cores", timeout=90)
def dp_flows_8(t):
    flows(t, 8)


@test(10, "moving a flow group under load moves exactly its flows, and loses "
      "nothing", timeout=90)
def dp_move(t):
    m, peer = start_who(t, 2, "; ixcp move -k 0 %d 1 %d" % (
        GROUP[PORTS[0]], 1 - GROUP[PORTS[0]] % 2))
    moved = {port for port in PORTS if GROUP[port] == GROUP[PORTS[0]]}
    cores = {port: "" for port in PORTS}        # as they answer
    after = None                    # rounds left once the group has moved
    while after != 0:
        for port in PORTS:
            ask(peer, port)
        for _ in PORTS:
            f = peer.expect(lambda f: f.protocol == UDP, "an answer")
            cores[f.dport] += f.data.decode()
        if len(cores[PORTS[0]]) == 20:
            m.send("k")
        if after is None and "moved to core" in m.text:
            after = 20
        elif after:
            after -= 1
    for port in PORTS:
        old = "%d" % (GROUP[port] % 2)
        rest = cores[port].lstrip(old)
        if port in moved:
            t.check(rest and not rest.strip("10".replace(old, "")),
                    "port %d to move once: %s" % (port, cores[port]))
        else:
            t.equal(rest, "", "other cores' answers to port %d" % port)
        t.equal(len(cores[port]), len(cores[PORTS[0]]), "answers")
    m.stop()


@test(10, "4 cores know no neighbour, connect, and hear the answers",
      timeout=90)
def dp_dial(t):
    link = Link(t)
    m = start(t, "ixcp run -k -c 4 ixtest dial 20", link.card(), cpus=5,
              ready=None)
    server = Background(lambda: load(link, "serve", timeout=60))
    t.on_end(server.end)
    finish(t, m, *[r"^ixtest: core %d: 20 connections came back$" % core
                   for core in range(4)])


# --- Real clients -------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@test(5, "the host's own clients: HTTP and a stream in both directions")
def dp_clients(t):
    web, echo = free_port(), free_port()
    card = {"slirp": "net=10.0.3.0/24,dhcpstart=10.0.3.15,"
            "hostfwd=tcp:127.0.0.1:%d-%s:80" % (web, IP)}
    m = start(t, "ixcp run -k httpd", card)
    with open(os.path.join(t.options.tree, NUMBERS), "rb") as f:
        wanted = f.read()
    c = http.client.HTTPConnection("127.0.0.1", web, timeout=10 * SCALE)
    for path, status in (("/numbers.txt", 200), ("/none", 404),
                         ("/numbers.txt", 200)):
        c.request("GET", path)
        answer = c.getresponse()
        body = answer.read()
        t.equal(answer.status, status, "the status of " + path)
        if status == 200:
            t.check(body == wanted, "the whole file")
    c.close()
    m.stop()
    card["slirp"] = card["slirp"].replace("%d-%s:80" % (web, IP),
                                          "%d-%s:7" % (echo, IP))
    m = start(t, "ixcp run -k ixecho -- -m 1", card)
    text = bytes(i * 7 & 255 for i in range(20000))
    with socket.create_connection(("127.0.0.1", echo), 10 * SCALE) as s:
        s.sendall(text)
        s.shutdown(socket.SHUT_WR)
        got = b""
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
    t.check(got == text, "the stream to come back whole")
    finish(t, m)


# --- Death under load --------------------------------------------------------

@test(10, "an application crashes under load, 10 times; all comes back",
      timeout=120)
def dp_crash(t):
    words = ",".join(["crash"] * 10)
    under_load(t, "ixcp each -k ixtest " + words, 10,
               r"^ixcp: core 0 died in ring 3: trap 6,")


@test(10, "a dataplane is stopped by force under load, 10 times; all comes "
      "back", timeout=120)
def dp_force(t):
    # A core that never enters the kernel by itself.
    words = ",".join(["-"] * 10)
    under_load(t, "ixcp each -k -w -1 -t 0 ixudp " + words, 10,
               r"^ixcp: core 0 taken back", programs="ixcp stop 0 1000; ")


@test(10, "the control plane is killed under load, 10 times; all comes back",
      timeout=120)
def dp_kill(t):
    kill_under_load(t, 10)
