"""hostile.py: what a flood may not do, from the far end of a card's cable; for
tests of both servers.

	m = t.machine("ns; echosrv", nics=[{"peer": hostile.peer(t)}]).start()
	...
	hostile.handshakes_in_flood(t, peer)
"""
import random
import time

from frames import (ACK, ARP, IPV4, PSH, RST, SYN, TCP, Peer, arp_request,
                    ethernet, ipv4, tcp)

SERVER = "10.0.2.15"
FRIEND, FRIEND_MAC = "10.0.2.2", "52:55:0a:00:02:02"
STRANGER, STRANGER_MAC = "10.0.2.3", "52:55:0a:00:02:03"
BACKLOG = 255                   # of a listener, at most
PORT = 7
FIRST_PORT = 40000


def peer(t):
    return Peer(t, hosts={FRIEND: FRIEND_MAC, STRANGER: STRANGER_MAC})


class Server:
    """The server as seen from the cable: it is asked for its address."""

    def __init__(self, t, peer):
        self.t = t
        self.peer = peer
        peer.send(arp_request(FRIEND_MAC, FRIEND, SERVER))
        self.mac = peer.expect(
            lambda f: f.type == ARP and f.op == 2 and f.src_ip == SERVER,
            "an answer to ARP").src_mac

    def send(self, ip, mac, port, seq, ack, flags, data=b"", window=65535):
        self.peer.send(ethernet(self.mac, mac, IPV4, ipv4(
            ip, SERVER, TCP, tcp(ip, SERVER, port, PORT, seq, ack, flags,
                                 data, window))))

    def expect(self, ip, port, flags, what):
        """The next segment to that port with any of these flags."""
        f = self.peer.expect(lambda f: f.protocol == TCP and f.dst_ip == ip and
                             f.dport == port and f.flags & (flags | RST), what)
        self.t.check(not f.flags & RST, "%s, not a reset" % what)
        return f


def flood(server, rng, n):
    """n SYNs that nobody means, one after another; each is answered, so the
    server has taken it in."""
    for port in rng.sample(range(1024, 32768), n):
        server.send(STRANGER, STRANGER_MAC, port, rng.getrandbits(32), 0, SYN)
        server.expect(STRANGER, port, SYN, "an answer to each SYN")


def handshakes_in_flood(t, peer, seed=1):
    """Handshakes that are begun while the backlog is full of half-open
    connections, and completed after more SYNs: those make room for which the
    server has waited longest."""
    rng = random.Random(seed)
    server = Server(t, peer)
    friends = range(FIRST_PORT, FIRST_PORT + 8)
    flood(server, rng, BACKLOG)
    answers = {}
    for port in friends:
        server.send(FRIEND, FRIEND_MAC, port, 1000, 0, SYN)
        answers[port] = server.expect(FRIEND, port, SYN, "SYN and ACK")
    flood(server, rng, BACKLOG - len(friends))
    for port in friends:
        data = b"%d" % port
        server.send(FRIEND, FRIEND_MAC, port, 1001, answers[port].seq + 1,
                    ACK | PSH, data)
        f = server.expect(FRIEND, port, PSH, "the echo of " + data.decode())
        t.equal(f.data, data, "what comes back")
        server.send(FRIEND, FRIEND_MAC, port, 1001 + len(data), 0, RST)


NEIGHBOURS = ["10.0.2.%d" % n for n in range(4, 255) if n != 15]
ASKED = 400                     # ARP requests in a second, at most


def neighbours_in_flood(t, peer):
    """SYNs from every other address of the network, where nobody is: the
    server keeps in mind where its client is, and does not drown in asking."""
    server = Server(t, peer)
    server.send(FRIEND, FRIEND_MAC, FIRST_PORT, 1000, 0, SYN)
    f = server.expect(FRIEND, FIRST_PORT, SYN, "SYN and ACK")
    seq, ack = 1001, f.seq + 1
    begin = len(peer.seen)
    until = time.monotonic() + 2
    number = 0
    while number < 2 * len(NEIGHBOURS) or time.monotonic() < until:
        if number < 2 * len(NEIGHBOURS):
            server.send(NEIGHBOURS[number % len(NEIGHBOURS)], STRANGER_MAC,
                        FIRST_PORT + number, 1000, 0, SYN)
        number += 1
        if number % 10:
            continue
        data = b"%06d" % number
        server.send(FRIEND, FRIEND_MAC, FIRST_PORT, seq, ack, ACK | PSH, data)
        f = peer.expect(lambda f: f.protocol == TCP and f.dport == FIRST_PORT
                        and f.seq == ack and f.flags & (PSH | RST),
                        "echo %d" % number)
        t.equal(f.data, data, "echo %d" % number)
        seq, ack = seq + len(data), ack + len(data)
    seen = peer.seen[begin:]
    asked = [f.dst_ip for _, f in seen if f.type == ARP and f.op == 1]
    t.equal(asked.count(FRIEND), 0, "requests for the client's own address")
    t.check(len(set(asked)) > 8, "other neighbours are asked for")
    seconds = seen[-1][0] - seen[0][0]
    t.check(len(asked) <= ASKED * (seconds + 1), "%d requests in %.1f s" % (
        len(asked), seconds))


SEGMENT = 1460


def deaf_clients(t, peer, n):
    """n connections to the echo service that send until nothing more is taken
    and whose window is closed from the start: all that they are to be sent
    stays with the server. Then somebody comes who does receive."""
    server = Server(t, peer)
    for port in range(FIRST_PORT, FIRST_PORT + n):
        fill(server, port)
    friend = FIRST_PORT + n
    server.send(FRIEND, FRIEND_MAC, friend, 1000, 0, SYN)
    f = server.expect(FRIEND, friend, SYN, "SYN and ACK")
    seq, ack = 1001, f.seq + 1
    for number in range(20):
        data = b"%d" % number * 100
        server.send(FRIEND, FRIEND_MAC, friend, seq, ack, ACK | PSH, data)
        got = b""
        seq += len(data)
        while len(got) < len(data):
            f = server.expect(FRIEND, friend, PSH, "echo %d" % number)
            if f.seq == ack:
                got += f.data
                ack += len(f.data)
        t.equal(got, data, "echo %d" % number)


def fill(server, port):
    """Open a connection with a window of 0 and send as long as the server's
    window is open and what is sent is acknowledged."""
    server.send(STRANGER, STRANGER_MAC, port, 1000, 0, SYN)
    f = server.expect(STRANGER, port, SYN, "SYN and ACK")
    ack = f.seq + 1

    def send(seq, data=b""):
        server.send(STRANGER, STRANGER_MAC, port, seq, ack, ACK, data,
                    window=0)

    seq = 1001
    send(seq)
    edge = seq + f.window
    while seq + SEGMENT <= edge:
        while seq + SEGMENT <= edge:
            send(seq, bytes(SEGMENT))
            seq += SEGMENT
        while f.ack < seq:
            f = server.peer.recv(0.1)
            if f is None:
                return
            if f.protocol != TCP or f.dport != port:
                f.ack = 0
        edge = f.ack + f.window
