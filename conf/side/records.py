"""records.py: reads what leaves the machine over the debug console: records
of inc/export.h, with the counters, stations and statistics that the headers
in inc/ name. The headers are read, not copied, so a counter that is added
there is known here.
"""
import re
import struct

MAGIC = 0x5249584a
HEADER = struct.Struct("<IHHQ")
EVENT = struct.Struct("<QHBBIQQ")


def header(name):
    with open("inc/" + name) as f:
        return re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)


def rows(text, macro):
    """The X(...) rows of a list macro: tuples of their words."""
    body = re.search(r"#define %s\(X\)((?:.*\\\n)*.*\n)" % macro,
                     text).group(1)
    return [tuple(w.strip().strip('"')
                  for w in row.split(",", row.split('"')[0].count(",")))
            for row in re.findall(r'X\((.*?"[^"]*")\)', body)]


def number(text, name):
    return int(re.search(r"#define %s\s+(\d+)" % name, text).group(1))


class Layout:
    """The lists of inc/count.h, inc/trace.h, inc/export.h and inc/dp.h."""

    def __init__(self):
        count, trace = header("count.h"), header("trace.h")
        self.counters = [r[0] for r in rows(count, "COUNTERS")]
        self.counters += ["copy_" + r[0] for r in rows(count, "COPY_SITES")]
        self.counters += ["copies_" + r[0] for r in rows(count, "COPY_SITES")]
        self.copies = {"copy_" + r[0]: r[1]
                       for r in rows(count, "COPY_SITES")}
        self.buckets = number(count, "BATCH_BUCKETS")
        self.stations = rows(trace, "STATIONS")
        self.kinds = [w.split("=")[0].strip() for w in re.search(
            r"enum export_kind \{(.*?)\}", header("export.h"),
            re.S).group(1).split(",") if w.strip()]
        self.dp_fields = self.read_dp()

    def kind(self, number):
        """EXPORT_MARK as "MARK"; they count from 1."""
        if 0 < number <= len(self.kinds):
            return self.kinds[number - 1][len("EXPORT_"):]
        return "?"

    def read_dp(self):
        """The fields of struct dp_stats, in order."""
        body = re.search(r"struct dp_stats \{(.*?)\} ALIGNED", header("dp.h"),
                         re.S).group(1)
        fields = []
        for line in body.split(";"):
            line = line.strip()
            if line == "struct counters c":
                # The libOS counts its crossings outside of these.
                fields += ["c_" + n if n in fields else n
                           for n in self.counters]
            elif line.startswith("uint64_t batches["):
                fields += self.batch_names()
            elif line.startswith("uint64_t"):
                fields += [n.strip() for n in line[len("uint64_t"):].split(",")]
            elif line.startswith("struct queue"):
                break       # for those who look at a running dataplane
            elif line:
                raise ValueError("struct dp_stats has %r" % line)
        return fields

    def batch_names(self):
        return ["batch_%d" % i for i in range(self.buckets)]

    def unpack(self, names, data):
        return dict(zip(names, struct.unpack_from("<%dQ" % len(names), data)))


class Snapshot:
    """All counters at one moment."""

    def __init__(self, tag, tsc):
        self.tag = tag
        self.tsc = tsc
        self.cpus = {}                  # CPU: counters
        self.envs = {}                  # environment's name: counters
        self.dps = {}                   # CPU: struct dp_stats
        self.published = {}             # environment's name: its own counters


def subtract(after, before):
    return {k: after[k] - before.get(k, 0) for k in after}


class Export:
    """Everything that one run exported."""

    def __init__(self, path):
        self.layout = Layout()
        self.snapshots = {}
        self.events = []
        self.env_names = {}
        self.tsc_hz = 10**9
        with open(path, "rb") as f:
            data = f.read()
        at, snapshot = 0, None
        while at + HEADER.size <= len(data):
            magic, kind, tag, size = HEADER.unpack_from(data, at)
            if magic != MAGIC:
                raise ValueError("%s: no record at byte %d" % (path, at))
            at += HEADER.size
            snapshot = self.record(self.layout.kind(kind), tag,
                                   data[at:at + size], snapshot)
            at += size

    def record(self, kind, tag, data, snapshot):
        if kind == "MARK":
            snapshot = Snapshot(tag, struct.unpack("<Q", data)[0])
        elif kind == "COUNTERS":
            snapshot.cpus[tag] = self.layout.unpack(
                self.layout.counters + self.layout.batch_names(), data)
        elif kind == "ENV_COUNTERS":
            snapshot.envs[self.env_name(data)] = self.layout.unpack(
                self.layout.counters, data[32:])
        elif kind == "ENV_PUBLISHED":
            snapshot.published[self.env_name(data)] = self.layout.unpack(
                self.layout.counters, data[32:])
        elif kind == "DP_COUNTERS":
            snapshot.dps[tag] = self.layout.unpack(self.layout.dp_fields, data)
        elif kind == "END":
            self.snapshots[tag] = snapshot
        elif kind == "CLOCK":
            self.tsc_hz = struct.unpack_from("<Q", data)[0]
        elif kind == "TRACE":
            self.events += [EVENT.unpack_from(data, i)
                            for i in range(0, len(data), EVENT.size)]
        elif kind == "ENV":
            for i in range(0, len(data), 32):
                env = struct.unpack_from("<i", data, i)[0]
                self.env_names[env] = text(data[i + 4:i + 32])
        return snapshot

    @staticmethod
    def env_name(data):
        """Several environments of one name are told apart by number."""
        return text(data[4:32])

    def between(self, first, last):
        """What was counted between two snapshots, as another."""
        a, b = self.snapshots[first], self.snapshots[last]
        d = Snapshot(last, b.tsc - a.tsc)
        for name in ("cpus", "envs", "dps", "published"):
            before, after = getattr(a, name), getattr(b, name)
            setattr(d, name, {k: subtract(after[k], before.get(k, {}))
                              for k in after})
        return d


def text(data):
    return data.split(b"\0")[0].decode("ascii", "replace")
