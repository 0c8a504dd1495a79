"""wire.py: what a capture of the client's card says of the server alone: the
time from a request on the wire to its answer, what waits for what, and what
is not yet acknowledged. QEMU stamps frames with the machine's own clock, in
microseconds.
"""
import struct

PORT = 7
BASE = 946684800                # 2000-01-01, when machines start (-rtc base)
HEADERS = 34                    # Ethernet, IPv4 without options


class Frame:
    """One frame of the echo service, or a ping. peer: the client's port;
    end: the sequence number behind its payload; ping: "asks", "answers"."""

    __slots__ = ("us", "to_server", "payload", "peer", "end", "ack", "ping")

    def __init__(self, us, to_server, payload=0, peer=0, end=0, ack=None,
                 ping=None):
        self.us = us
        self.to_server = to_server
        self.payload = payload
        self.peer = peer
        self.end = end
        self.ack = ack
        self.ping = ping


def parse(us, frame):
    """The Frame, or None if it is of no interest."""
    if len(frame) < HEADERS + 8 or frame[12:15] != b"\x08\x00\x45":
        return None
    total = struct.unpack_from(">H", frame, 16)[0]
    if frame[23] == 1:
        ping = {8: "asks", 0: "answers"}.get(frame[HEADERS])
        return Frame(us, ping == "asks", ping=ping) if ping else None
    source, target = struct.unpack_from(">HH", frame, HEADERS)
    if PORT not in (source, target):
        return None
    out = Frame(us, target == PORT, peer=source if target == PORT else target)
    if frame[23] == 17:
        out.payload = total - 28
    elif frame[23] == 6:
        first, out.ack = struct.unpack_from(">II", frame, HEADERS + 4)
        out.payload = total - 20 - (frame[HEADERS + 12] >> 4) * 4
        out.end = (first + out.payload) % 2**32
    else:
        return None
    return out


def read(path):
    """The frames of a capture that belong to the echo service, and pings."""
    with open(path, "rb") as f:
        data = f.read()
    frames, at = [], 24
    while at + 16 <= len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        found = parse((sec - BASE) * 1000000 + usec,
                      data[at + 16:at + 16 + size])
        if found:
            frames.append(found)
        at += 16 + size
    return frames


def between(frames, first_tsc, last_tsc):
    """Those between two TSC values of a machine of 1 GHz."""
    return [f for f in frames if first_tsc <= f.us * 1000 <= last_tsc]


def reaches(ack, end):
    """Does the acknowledgement cover all bytes before `end`?"""
    return ack is not None and (ack - end) % 2**32 < 2**31


def service_times(frames):
    """Microseconds from the first frame of each request to the first of its
    answer; one connection."""
    answers = []
    asked = None
    for f in frames:
        if f.to_server:
            if f.payload and asked is None:
                asked = f.us
        elif asked is not None and f.payload:
            answers.append(f.us - asked)
            asked = None
    return answers


def busy_times(frames):
    """Of rounds (see busy_loop in user/ixloops.h): microseconds from the ping
    to its answer, and from the second message to its acknowledgement."""
    pings, acks = [], []
    asked = second = None
    probing = False
    for f in frames:
        if f.ping == "asks":
            asked, probing = f, True
        elif f.ping == "answers" and asked:
            pings.append(f.us - asked.us)
            asked = None
        elif f.to_server and f.payload and probing:
            second, probing = f, False
        elif not f.to_server and second and reaches(f.ack, second.end):
            acks.append(f.us - second.us)
            second = None
    return pings, acks


def burst_times(frames):
    """Of bursts of requests: microseconds from a burst to the first of its
    answers, and to the last."""
    first, last = [], []
    asked = answered = None
    for f in frames:
        if not f.payload:
            continue
        if f.to_server:
            if answered is not None:
                last.append(answered - asked)
                asked = answered = None
            asked = f.us if asked is None else asked
        elif asked is not None:
            if answered is None:
                first.append(f.us - asked)
            answered = f.us
    if answered is not None:
        last.append(answered - asked)
    return first, last


def held(frames):
    """What the server has sent and must keep: (segments on average, from the
    first one to the last acknowledgement, the most at a time, microseconds
    that one was kept)."""
    kept, waiting, most = [], {}, 0
    begin = end = None
    for f in frames:
        queue = waiting.setdefault(f.peer, [])
        if not f.to_server and f.payload:
            queue.append(f)
            begin = f.us if begin is None else begin
            most = max(most, sum(map(len, waiting.values())))
        elif f.to_server:
            while queue and reaches(f.ack, queue[0].end):
                kept.append(f.us - queue.pop(0).us)
                end = f.us
    if not kept or end == begin:
        return 0, most, 0
    return sum(kept) / (end - begin), most, sum(kept) / len(kept)
