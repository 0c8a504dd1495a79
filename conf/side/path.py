"""path.py: picks one request's stations out of a recorded run.

A request begins when the client rings its doorbell and is over when its libOS
takes the answer from the ring. What the serving CPU recorded in between, and
until it comes to rest, is the way.
"""

PASSIVE = ("ENV_SWITCH", "IPC", "NONE")


class Station:
    __slots__ = ("at", "name", "text", "lane", "ring", "cpu", "a")

    def __init__(self, at, name, text, lane, ring, cpu, a):
        self.at = at
        self.name = name
        self.text = text
        self.lane = lane
        self.ring = ring
        self.cpu = cpu
        self.a = a


class Way:
    """stations: those the request passed, at ticks from its beginning.
    bars: (lane, from, to) of who had the serving CPU."""

    def __init__(self, export, client, design):
        self.design = design
        self.ix = design.startswith("ix")
        self.names = export.env_names
        self.layout = export.layout.stations
        events = sorted(set(export.events))
        server = {e[2] for e in events if e[2] != client}
        self.server = max(server) if self.ix else 0
        mine = [e for e in events if e[2] == client]
        self.start, self.answer = self.window(mine)
        self.end = self.find_end(events)
        self.stations = [self.station(e) for e in events
                         if self.start <= e[0] <= self.end and
                         (e[2] == self.server or e[0] in
                          (self.start, self.answer))]
        self.bars = self.find_bars(events)
        self.stations = [s for s in self.stations if s.name not in PASSIVE]

    def id(self, event):
        return self.layout[event[1]][0]

    def window(self, mine):
        """The last request: the client's doorbell with data to send, and the
        answer taken from its ring."""
        start = answer = None
        sends = [e for e in mine if self.id(e) == "DP_STACK_OUT" and
                 e[5] > 66]
        for bell in mine:
            if self.id(bell) == "DP_DOORBELL" and bell[0] > sends[-1][0]:
                start = bell[0]
                break
        for event in mine:
            if self.id(event) == "DP_RX" and start and event[0] > start:
                answer = event[0]
                break
        return start, answer

    def find_end(self, events):
        """The server's last station of this request."""
        last = self.answer
        bells = [e for e in events if e[2] == self.server and
                 self.id(e) in ("TX_DOORBELL", "DP_DOORBELL") and
                 self.start < e[0] <= self.answer]
        for e in events:
            if e[2] == self.server and self.start < e[0] and \
                    e[0] < self.answer + 12000 and \
                    self.id(e) in ("APP_RECV", "NS_REPLY", "IPC"):
                last = max(last, e[0])
        return last if bells else self.answer

    def lane(self, event):
        if event[2] != self.server:
            return "client"
        if self.ix:
            return "libOS (ring 1)"
        name = self.names.get(event[4], "")
        name = {"ns_input": "input", "ns_output": "output",
                "ns_timer": "timer", "ns": "ns (server)"}.get(name, name)
        return name if name else "kernel"

    def station(self, event):
        name, _, text = self.layout[event[1]]
        if event[2] != self.server:
            text = "the client's request is on the wire" \
                if event[0] == self.start else "the client finds the answer"
        return Station(event[0] - self.start, name, text, self.lane(event),
                       event[3], event[2], event[5])

    def find_bars(self, events):
        """Who had the CPU when."""
        bars, since, who = [], None, None
        for e in events:
            if e[2] != self.server or e[0] > self.end:
                continue
            now = self.holder(e, who)
            if now != who:
                if who and e[0] > self.start:
                    bars.append((who, max(since, self.start) - self.start,
                                 e[0] - self.start))
                who, since = now, e[0]
        if who:
            bars.append((who, max(since, self.start) - self.start,
                         self.end - self.start))
        return bars

    def holder(self, event, who):
        name = self.id(event)
        if not self.ix:
            return self.lane(event) if name == "ENV_SWITCH" else who
        if name == "DP_RETURN":
            return "application (ring 3)"
        if name == "DP_DOORBELL":
            return None
        return "libOS (ring 1)"

    def ran(self, lane, first, last):
        """Ticks in which this lane had the CPU."""
        return sum(max(0, min(b, last) - max(a, first))
                   for who, a, b in self.bars if who == lane)

    def text(self, title):
        """The way as lines: instructions since the last station, and how
        many of them others had the CPU."""
        out = ["%s: %d instructions from the request on the wire to the "
               "answer found" % (title, self.answer - self.start),
               "%9s %8s %8s  %-20s %s" % ("at", "since", "waiting", "where",
                                         "station")]
        before = None
        for s in self.stations:
            since = s.at - before.at if before else 0
            waiting = 0
            if before and not self.ix and "client" not in (s.lane,
                                                           before.lane):
                own = self.ran(s.lane, before.at, s.at)
                if s.lane != before.lane:
                    own += self.ran(before.lane, before.at, s.at)
                waiting = max(0, since - own)
            out.append("%9d %8d %8s  %-20s %s" % (
                s.at, since, waiting or "", "CPU %d ring %d %s" % (
                    s.cpu, s.ring, s.lane.split(" ")[0]), s.text))
            before = s
        return "\n".join(out) + "\n"
