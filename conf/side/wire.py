"""wire.py: what a capture of the client's card says of the server alone: the
time from a request on the wire to its answer. QEMU stamps frames with the
machine's own clock, in microseconds.
"""
import struct

PORT = 7
BASE = 946684800                # 2000-01-01, when machines start (-rtc base)


class Frame:
    __slots__ = ("us", "to_server", "payload")

    def __init__(self, us, to_server, payload):
        self.us = us
        self.to_server = to_server
        self.payload = payload


def parse(frame):
    """(to the server?, bytes of payload) of a TCP or UDP frame, or None."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00":
        return None
    header = (frame[14] & 15) * 4
    total = struct.unpack_from(">H", frame, 16)[0]
    at = 14 + header
    source, target = struct.unpack_from(">HH", frame, at)
    if PORT not in (source, target):
        return None
    if frame[23] == 6:
        inner = (frame[at + 12] >> 4) * 4
    elif frame[23] == 17:
        inner = 8
    else:
        return None
    return target == PORT, total - header - inner


def read(path):
    """The frames of a capture that belong to the echo service."""
    with open(path, "rb") as f:
        data = f.read()
    frames, at = [], 24
    while at + 16 <= len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        found = parse(data[at + 16:at + 16 + size])
        if found:
            frames.append(Frame((sec - BASE) * 1000000 + usec, *found))
        at += 16 + size
    return frames


def service_times(frames, first_tsc, last_tsc):
    """Microseconds from the first frame of each request to the first of its
    answer, and to the first frame of any kind that comes back, between two
    TSC values of a machine of 1 GHz; one connection."""
    answers, acks = [], []
    asked = None
    acked = True
    for f in frames:
        if not first_tsc <= f.us * 1000 <= last_tsc:
            continue
        if f.to_server:
            if f.payload and asked is None:
                asked, acked = f.us, False
        elif asked is not None:
            if not acked:
                acks.append(f.us - asked)
                acked = True
            if f.payload:
                answers.append(f.us - asked)
                asked = None
    return answers, acks
