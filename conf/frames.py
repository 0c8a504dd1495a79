"""frames.py: the other end of a network card's cable, for tests.

Peer is a unix socket to which QEMU's stream netdev connects: a test sends and
receives raw Ethernet frames. The functions build and take apart Ethernet,
ARP, IPv4, ICMP, UDP and TCP; read_pcap() reads QEMU's captures. Addresses are
text ("10.0.2.15", "52:54:00:12:34:56"), payloads bytes.

	peer = Peer(t)
	m = t.run("testoutput 5", nics=[{"peer": peer}])
	frame = peer.expect(lambda f: f.type == ARP, "an ARP request")
"""
import os
import queue
import shutil
import socket
import struct
import tempfile
import threading
import time
from types import SimpleNamespace

SCALE = float(os.environ.get("TIMEOUT_SCALE") or 1)

IPV4, ARP = 0x0800, 0x0806
ICMP, TCP, UDP = 1, 6, 17
BROADCAST = "ff:ff:ff:ff:ff:ff"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def mac_bytes(mac):
    return bytes(int(part, 16) for part in mac.split(":"))


def mac_text(raw):
    return ":".join("%02x" % byte for byte in raw)


def checksum(data):
    """The internet checksum (RFC 1071) of data."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ethernet(dst, src, kind, payload):
    """A frame, padded to the 60 bytes that a wire carries at least."""
    frame = mac_bytes(dst) + mac_bytes(src) + struct.pack("!H", kind) + payload
    return frame.ljust(60, b"\0")


def arp(op, src_mac, src_ip, dst_mac, dst_ip):
    """The payload of an ARP packet: op 1 asks, 2 answers."""
    return (struct.pack("!HHBBH", 1, IPV4, 6, 4, op) +
            mac_bytes(src_mac) + socket.inet_aton(src_ip) +
            mac_bytes(dst_mac) + socket.inet_aton(dst_ip))


def arp_request(src_mac, src_ip, dst_ip):
    """A whole frame that asks everybody for dst_ip."""
    return ethernet(BROADCAST, src_mac, ARP, arp(
        1, src_mac, src_ip, "00:00:00:00:00:00", dst_ip))


def ipv4(src, dst, protocol, payload, ident=1, ttl=64, flags=0x4000,
         options=b""):
    """A packet. options must be a multiple of four bytes; flags is the word
    with the fragment's offset."""
    size = 20 + len(options)
    header = struct.pack("!BBHHHBBH4s4s", 0x40 + size // 4, 0,
                         size + len(payload), ident, flags, ttl, protocol, 0,
                         socket.inet_aton(src), socket.inet_aton(dst)) + options
    return (header[:10] + struct.pack("!H", checksum(header)) + header[12:] +
            payload)


def pseudo(src, dst, protocol, length):
    return struct.pack("!4s4sBBH", socket.inet_aton(src),
                       socket.inet_aton(dst), 0, protocol, length)


def udp(src, dst, sport, dport, payload):
    """A UDP datagram with its checksum, to be put into ipv4()."""
    size = 8 + len(payload)
    head = struct.pack("!HHH", sport, dport, size)
    value = checksum(pseudo(src, dst, UDP, size) + head + b"\0\0" + payload)
    return head + struct.pack("!H", value or 0xffff) + payload


def icmp_echo(kind, ident, number, payload):
    """kind 8 asks, 0 answers."""
    head = struct.pack("!BBHHH", kind, 0, 0, ident, number)
    value = checksum(head + payload)
    return head[:2] + struct.pack("!H", value) + head[4:] + payload


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b"", window=65535,
        options=b""):
    """A TCP segment; options must be a multiple of four bytes."""
    head = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xffffffff,
                       ack & 0xffffffff, (5 + len(options) // 4) << 4, flags,
                       window, 0, 0) + options
    value = checksum(pseudo(src, dst, TCP, len(head) + len(payload)) + head +
                     payload)
    return head[:16] + struct.pack("!H", value) + head[18:] + payload


def parse(raw):
    """A frame's fields: dst, src, type, payload, and by type those of ARP
    (op, src_mac, src_ip, dst_mac, dst_ip) or IPv4 (src_ip, dst_ip, protocol,
    ttl, ident, body, ip_ok), then of UDP and TCP (sport, dport, data, ...,
    sum_ok) or ICMP (kind, ident, number, data, sum_ok). raw is the frame."""
    f = SimpleNamespace(raw=raw, dst=mac_text(raw[:6]),
                        src=mac_text(raw[6:12]),
                        type=int.from_bytes(raw[12:14], "big"),
                        payload=raw[14:], protocol=None, op=None)
    p = f.payload
    if f.type == ARP and len(p) >= 28:
        f.op = int.from_bytes(p[6:8], "big")
        f.src_mac, f.src_ip = mac_text(p[8:14]), socket.inet_ntoa(p[14:18])
        f.dst_mac, f.dst_ip = mac_text(p[18:24]), socket.inet_ntoa(p[24:28])
    elif f.type == IPV4 and len(p) >= 20 and p[0] >> 4 == 4:
        size = (p[0] & 15) * 4
        total, f.ident = struct.unpack("!HH", p[2:6])
        f.ttl, f.protocol = p[8], p[9]
        f.src_ip, f.dst_ip = (socket.inet_ntoa(p[12:16]),
                              socket.inet_ntoa(p[16:20]))
        f.ip_ok = checksum(p[:size]) == 0 and total <= len(p)
        f.body = p[size:total]
        parse_transport(f, f.body)
    return f


def parse_transport(f, b):
    def sum_ok():
        return checksum(pseudo(f.src_ip, f.dst_ip, f.protocol, len(b)) +
                        b) == 0

    if f.protocol == UDP and len(b) >= 8:
        f.sport, f.dport, size, value = struct.unpack("!HHHH", b[:8])
        f.data, f.sum_ok = b[8:size], not value or sum_ok()
    elif f.protocol == TCP and len(b) >= 20:
        f.sport, f.dport, f.seq, f.ack, offset, f.flags, f.window = \
            struct.unpack("!HHIIBBH", b[:16])
        f.options, f.data = b[20:(offset >> 4) * 4], b[(offset >> 4) * 4:]
        f.sum_ok = sum_ok()
    elif f.protocol == ICMP and len(b) >= 8:
        f.kind, f.code, _, f.ident, f.number = struct.unpack("!BBHHH", b[:8])
        f.data, f.sum_ok = b[8:], checksum(b) == 0


class Peer:
    """The far end of a cable: frames to and from one network card.

    With hosts={ip: mac}, ARP requests for those addresses are answered by
    itself. Frames that arrive wait in order until recv() or expect() takes
    them; everything is also kept in self.seen, as (seconds, frame)."""

    def __init__(self, test, hosts=None):
        self.test = test
        self.hosts = hosts or {}
        self.dir = tempfile.mkdtemp(prefix="jix-")
        self.path = os.path.join(self.dir, "net")
        self.frames = queue.Queue()
        self.seen = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen(1)
        self.connection = None
        self.connected = threading.Event()
        self.lock = threading.Lock()
        test.on_end(self.close)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        """Thread: take frames, each after its length in four bytes."""
        try:
            self.connection, _ = self.listener.accept()
            stream = self.connection.makefile("rb")
            self.connected.set()
            while True:
                head = stream.read(4)
                size = int.from_bytes(head, "big")
                raw = stream.read(size)
                if len(head) < 4 or len(raw) < size:
                    break
                self.take(raw)
        except OSError:
            pass                        # QEMU has ended, or close()
        self.frames.put(None)

    def take(self, raw):
        f = parse(raw)
        self.seen.append((time.monotonic(), f))
        if f.type == ARP and f.op == 1 and f.dst_ip in self.hosts:
            mac = self.hosts[f.dst_ip]
            self.send(ethernet(f.src, mac, ARP, arp(
                2, mac, f.dst_ip, f.src_mac, f.src_ip)))
        self.frames.put(f)

    def send(self, frame):
        """Put a frame on the cable; waits until QEMU has connected."""
        if not self.connected.wait(20 * SCALE):
            self.test.fail("QEMU did not connect to the test's network")
        with self.lock:
            self.connection.sendall(len(frame).to_bytes(4, "big") + frame)

    def recv(self, timeout=5):
        """The next frame, None after `timeout` seconds or when QEMU ended."""
        try:
            return self.frames.get(timeout=timeout * SCALE)
        except queue.Empty:
            return None

    def expect(self, wanted, what, timeout=5):
        """Take frames until wanted(frame); the test fails without one."""
        deadline = time.monotonic() + timeout * SCALE
        passed = []
        while True:
            left = deadline - time.monotonic()
            f = self.recv(left / SCALE) if left > 0 else None
            if f is None:
                self.test.fail("expected %s within %g s; %d other frames "
                               "came%s" % (what, timeout, len(passed), "".join(
                                   "\n    " + describe(o) for o in
                                   passed[-8:])))
            if wanted(f):
                return f
            passed.append(f)

    def close(self):
        for s in (self.listener, self.connection):
            if s:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
                s.close()
        shutil.rmtree(self.dir, ignore_errors=True)


def describe(f):
    """A frame in one line."""
    if f.type == ARP and f.op:
        what = "ARP %s %s for %s" % ({1: "request", 2: "reply"}.get(
            f.op, f.op), f.src_ip, f.dst_ip)
    elif f.protocol in (UDP, TCP) and hasattr(f, "sport"):
        what = "%s %s:%d > %s:%d, %d bytes" % (
            {UDP: "UDP", TCP: "TCP"}[f.protocol], f.src_ip, f.sport, f.dst_ip,
            f.dport, len(f.data))
    elif f.protocol is not None:
        what = "IPv4 %s > %s, protocol %d" % (f.src_ip, f.dst_ip, f.protocol)
    else:
        what = "type %#06x" % f.type
    return "%s > %s %d bytes: %s" % (f.src, f.dst, len(f.raw), what)


def read_pcap(path):
    """The frames of a capture file, as [(seconds, bytes)]."""
    with open(path, "rb") as f:
        data = f.read()
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}[data[:4]]
    frames, pos = [], 24
    while pos + 16 <= len(data):
        sec, usec, size, _ = struct.unpack_from(order + "IIII", data, pos)
        frames.append((sec + usec / 1e6, data[pos + 16:pos + 16 + size]))
        pos += 16 + size
    return frames
