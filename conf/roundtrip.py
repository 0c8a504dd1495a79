"""roundtrip.py: elapsed time, not instructions: how long an unloaded 64-byte
TCP echo takes from this host and back, against a frame that ixreflect sends
back, in one machine, in turns. For figures.py.

The client is this process: one frame out, one frame in, over the unix sockets
of QEMU's stream netdevs. All else that takes time is the same for both.
"""
import os
import shutil
import socket
import struct
import tempfile
import time

import command
from frames import ACK, PSH, SYN, TCP, UDP, arp_request, ethernet, ipv4
from frames import parse, tcp, udp
from side import machine

HOST_MAC = "52:54:00:4a:58:64"
LOST = 10                       # seconds
PAYLOAD = b"0123456789abcdef" * 4


class Wire:
    """Our end of one card's cable."""

    def __init__(self, path, host, server, end):
        self.host, self.server = host, server
        self.socket = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise machine.RunFailed("no QEMU at " + path) from None
                time.sleep(0.05)
        self.data = b""

    def send(self, frame):
        self.socket.sendall(struct.pack("!I", len(frame)) + frame)

    def receive(self, seconds):
        """The next frame, or None."""
        self.socket.settimeout(seconds)
        while True:
            if len(self.data) >= 4:
                size = 4 + struct.unpack_from("!I", self.data)[0]
                if len(self.data) >= size:
                    frame, self.data = self.data[4:size], self.data[size:]
                    return frame
            try:
                self.data += self.socket.recv(65536)
            except TimeoutError:
                return None

    def ask(self, frame, wanted, end):
        """Send it until a frame comes that wanted(parsed) accepts."""
        while time.monotonic() < end:
            self.send(frame)
            answer = self.receive(0.2)
            while answer:
                f = parse(answer)
                if wanted(f):
                    return f
                answer = self.receive(0.2)
        raise machine.RunFailed("no answer from " + self.server)

    def packet(self, mac, protocol, payload):
        return ethernet(mac, HOST_MAC, 0x0800, ipv4(
            self.host, self.server, protocol, payload))

    def neighbour(self, end):
        """The server's Ethernet address."""
        return self.ask(arp_request(HOST_MAC, self.host, self.server),
                        lambda f: f.type == 0x0806 and f.op == 2, end).src


class Echo:
    """A TCP connection to the echo service: each message acknowledges the
    answer before it, so a round trip is two frames."""

    def __init__(self, wire, end):
        self.wire = wire
        self.mac = wire.neighbour(end)
        self.seq = 1000
        f = wire.ask(self.segment(SYN, 0), lambda f: f.protocol == TCP and
                     f.flags & SYN and f.flags & ACK, end)
        self.seq, self.ack = self.seq + 1, f.seq + 1
        wire.send(self.segment(ACK, self.ack))

    def segment(self, flags, ack, payload=b""):
        return self.wire.packet(self.mac, TCP, tcp(
            self.wire.host, self.wire.server, 40000, 7, self.seq, ack, flags,
            payload))

    def answers(self, f):
        """The echo of the last message, not of one before?"""
        return f.protocol == TCP and f.data and f.seq == self.ack & 0xffffffff

    def round_trip(self):
        frame = self.segment(ACK | PSH, self.ack, PAYLOAD)
        begun = time.perf_counter()
        self.wire.send(frame)
        answer = self.wire.receive(LOST)
        took = time.perf_counter() - begun
        while answer and not self.answers(parse(answer)):
            answer = self.wire.receive(LOST)
        if not answer:
            raise machine.RunFailed("an echo was lost")
        self.seq += len(PAYLOAD)
        self.ack += len(PAYLOAD)
        return took


class Reflector:
    def __init__(self, wire, end):
        self.wire = wire
        mac = wire.neighbour(end)
        self.frame = wire.packet(mac, UDP, udp(
            wire.host, wire.server, 40000, 7, PAYLOAD))
        # The first is answered by the stack, all others are reflected.
        wire.ask(self.frame, lambda f: f.protocol == UDP, end)

    def round_trip(self):
        begun = time.perf_counter()
        self.wire.send(self.frame)
        if not self.wire.receive(LOST):
            raise machine.RunFailed("a frame was lost")
        return time.perf_counter() - begun


def measure(directory, rounds):
    """(median of the TCP echo, of the reflector), in microseconds."""
    place = tempfile.mkdtemp(prefix="jix-")
    path = os.path.join(place, "n")
    given = {"NET": "stream:" + path, "CPUS": "3", "MODE": "ix",
             "PCAP": "0", "ARGS": "ixcp run -n 0 -w -1 ixecho; "
                                  "ixcp run -n 1 -w -1 ixreflect -- -u"}
    end = time.monotonic() + 40 * float(os.environ.get("TIMEOUT_SCALE") or 1)
    times = ([], [])
    try:
        with machine.running(directory, given):
            both = (Echo(Wire(path, "10.0.2.100", command.GUEST_IP[0], end),
                         end),
                    Reflector(Wire(path + ".1", "10.0.3.100",
                                   command.GUEST_IP[1], end), end))
            for _ in range(rounds):
                for way, took in zip(both, times):
                    took.append(way.round_trip())
    finally:
        shutil.rmtree(place)
    return tuple(1e6 * sorted(t)[len(t) // 2] for t in times)
