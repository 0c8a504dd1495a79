"""lanes.py: ways of a request (side/path.py) as swim lanes on one time axis:
a bar where an environment or ring has the CPU, a numbered mark at each
station, the stations' names below.
"""
from side.chart import line, rect, svg, text

WIDTH = 1240
LEFT, RIGHT = 170, 40
LANE = 50
MARK = 19                       # a mark and a little room
LEVELS = (0, -15, 15)
COLOURS = {"client": "#777777", "input": "#e69f00", "ns (server)": "#0072b2",
           "output": "#d55e00", "timer": "#8c6d31", "kernel": "#444444",
           "libOS (ring 1)": "#0072b2", "application (ring 3)": "#009e73"}
APPLICATION = "#009e73"


def colour(lane):
    return COLOURS.get(lane, APPLICATION)


def order(way):
    """Lanes in the order in which the request meets them."""
    out = []
    for s in way.stations:
        if s.lane not in out:
            out.append(s.lane)
    for who, _, _ in way.bars:
        if who not in out:
            out.append(who)
    return out


def panel(title, way, scale, top, named=True):
    """One way: (body, height). named: with its stations' names below."""
    lanes = order(way)
    body = [text(20, top + 18, title, "start", 16, more="font-weight='bold'")]
    first = top + 34
    for i, lane in enumerate(lanes):
        y = first + i * LANE
        body.append(rect(LEFT, y + 3, WIDTH - LEFT - RIGHT, LANE - 6,
                         "#f4f4f4"))
        body.append(text(LEFT - 12, y + LANE / 2 + 4, lane, "end"))
    for who, a, b in way.bars:
        y = first + lanes.index(who) * LANE
        body.append(rect(LEFT + a * scale, y + 9, max(1, (b - a) * scale),
                         LANE - 18, colour(who), "%s: %d instructions" % (
                             who, b - a)))
    body += marks(way, lanes, scale, first)
    height = 34 + len(lanes) * LANE + 10
    if not named:
        return body, height
    names, more = key(way, top + height)
    return body + names, height + more


def marks(way, lanes, scale, first):
    """The stations' numbers. Those that would lie on one another go on three
    levels; where that is not enough a line leads to the place."""
    body = []
    taken = {}                  # (lane, level): where the last mark is
    for n, s in enumerate(way.stations, 1):
        place = LEFT + s.at * scale
        row = lanes.index(s.lane)
        y = first + row * LANE + LANE / 2
        shift = next((k for k in LEVELS if
                      place - taken.get((row, k), -99) >= MARK), None)
        if shift is None:
            shift = min(LEVELS, key=lambda k: taken[row, k])
        x = max(place, taken.get((row, shift), -99) + MARK)
        taken[row, shift] = x
        if x != place:
            body.append(line(place, y, x, y + shift, "#999"))
        body.append("<circle cx='%.1f' cy='%.1f' r='8.5' fill='#fff' "
                    "stroke='%s' stroke-width='2'><title>%s</title></circle>"
                    % (x, y + shift, colour(s.lane), s.text))
        body.append(text(x, y + shift + 4, str(n), size=10))
    return body


def key(way, top):
    """The stations by number, in three columns."""
    rows = -(-len(way.stations) // 3)
    body = []
    wide = (WIDTH - 40) / 3
    for i, s in enumerate(way.stations):
        x = 24 + wide * (i // rows)
        y = top + 16 + 17 * (i % rows)
        for place, words, anchor in (
                (x + 16, str(i + 1), "end"),
                (x + 74, "%.2f us" % (s.at / 1000), "end"),
                (x + 84, s.text, "start")):
            body.append(text(place, y, words, anchor, 12, "#333"))
    return body, 17 * rows + 26


def axis(longest, scale, y):
    body = [line(LEFT, y, LEFT + longest * scale, y, "#555")]
    step = next(s for s in (100, 200, 500, 1000, 2000, 5000, 10000, 20000,
                            50000)
                if longest / s <= 16)
    for t in range(0, int(longest) + 1, step):
        x = LEFT + t * scale
        body.append(line(x, y, x, y + 5, "#555"))
        body.append(text(x, y + 20, "%g us" % (t / 1000), size=12))
    return body


def length(way):
    return max(s.at for s in way.stations)


def draw(ways):
    """ways: [(title, Way)], on one time axis; one that is short there follows
    once more, enlarged, with its names."""
    room = WIDTH - LEFT - RIGHT - 10
    longest = max(length(w) for _, w in ways)
    body, y = axis(longest, room / longest, 30), 62
    body.append(text(20, 18, "1 us = 1000 instructions", "start", 12))
    for title, way in ways:
        times = int(longest / length(way))
        piece, height = panel(title, way, room / longest, y, times <= 2)
        body += piece
        y += height + 14
        if times > 2:
            body += axis(longest / times, room * times / longest, y + 12)
            piece, height = panel("%s: %d times as large" % (title, times),
                                  way, room * times / longest, y + 44)
            body += piece
            y += height + 58
    return svg(body, WIDTH, int(y))
