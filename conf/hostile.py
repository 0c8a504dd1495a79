"""hostile.py: what a flood may not do, from the far end of a card's cable; for
tests of both servers.

	m = t.machine("ns; echosrv", nics=[{"peer": hostile.peer(t)}]).start()
	...
	hostile.handshakes_in_flood(t, peer)
"""
import random

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
