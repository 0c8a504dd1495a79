"""chart.py: charts as SVG text, with nothing but Python: lines over a linear
or logarithmic axis, and stacked bars. Colours can be told apart by the
colour-blind, and lines differ by their marks too.
"""
import html
import math

WIDTH, HEIGHT = 760, 400
LEFT, RIGHT, TOP, BOTTOM = 78, 24, 22, 58
COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9",
           "#8c6d31", "#444444")
DASHED = "stroke-dasharray='5 4' "
FONT = "font-family='Helvetica, Arial, sans-serif'"


def text(x, y, words, anchor="middle", size=13, fill="#222", more=""):
    return "<text x='%.1f' y='%.1f' text-anchor='%s' font-size='%d' " \
        "fill='%s' %s>%s</text>" % (x, y, anchor, size, fill, more,
                                    html.escape(words))


def line(x1, y1, x2, y2, stroke="#ddd", width=1, more=""):
    return "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='%s' " \
        "stroke-width='%s' %s/>" % (x1, y1, x2, y2, stroke, width, more)


def rect(x, y, w, h, fill, title=""):
    return "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s'>" \
        "<title>%s</title></rect>" % (x, y, w, h, fill, html.escape(title))


def svg(body, width=WIDTH, height=HEIGHT):
    return "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d' " \
        "width='%d' height='%d' %s>\n<rect width='100%%' height='100%%' " \
        "fill='#fff'/>\n%s\n</svg>\n" % (width, height, width, height, FONT,
                                         "\n".join(body))


def short(value):
    """1500 as 1.5k: what fits on an axis."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return ("%.4g" % (value / limit)) + unit
    return "%.4g" % value


def colour(i):
    return COLOURS[i % len(COLOURS)]


def round_values(low, high):
    """1, 2, 5, 10, 20, ... in that range."""
    found = [m * 10 ** e for e in range(math.floor(math.log10(low)),
                                        math.ceil(math.log10(high)) + 1)
             for m in (1, 2, 5)]
    return [v for v in found if low <= v <= high]


class Axis:
    """Maps values to places from `start` to `end` (pixels)."""

    def __init__(self, low, high, start, end, log=False):
        self.log = log
        self.start, self.end = start, end
        if log:
            self.low = 10 ** math.floor(math.log10(low) + 1e-9)
            self.high = 10 ** math.ceil(math.log10(high) - 1e-9)
            if self.high == self.low:
                self.high *= 10
        else:
            self.low = 0
            step = self.step(high)
            self.high = math.ceil(high / step - 1e-9) * step or 1

    @staticmethod
    def step(high):
        if high <= 0:
            return 1
        raw = high / 5
        unit = 10 ** math.floor(math.log10(raw))
        return next(m * unit for m in (1, 2, 2.5, 5, 10)
                    if m * unit >= raw - 1e-12)

    def at(self, value):
        if self.log:
            part = (math.log10(max(value, self.low)) - math.log10(self.low)) \
                / (math.log10(self.high) - math.log10(self.low))
        else:
            part = (value - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)

    def ticks(self):
        if self.log:
            n = round(math.log10(self.high / self.low))
            return [self.low * 10 ** i for i in range(n + 1)]
        step = self.step(self.high)
        return [i * step for i in range(int(self.high / step + 1e-9) + 1)]


def mark(i, x, y, title):
    """The mark of series i: circle, square, triangle, diamond in turn."""
    title = "<title>%s</title>" % html.escape(title)
    if i % 4 == 0:
        return "<circle cx='%.1f' cy='%.1f' r='4.5' fill='%s'>%s</circle>" \
            % (x, y, colour(i), title)
    points = (((-4, -4), (4, -4), (4, 4), (-4, 4)),
              ((0, -5.5), (5, 4), (-5, 4)),
              ((0, -6), (6, 0), (0, 6), (-6, 0)))[i % 4 - 1]
    return "<polygon points='%s' fill='%s'>%s</polygon>" % (
        " ".join("%.1f,%.1f" % (x + a, y + b) for a, b in points),
        colour(i), title)


def legend(names, y, looks=None):
    """A row of names (wrapped when it gets long): (body, lines used). looks:
    as look() of lines() says of each; none: plain fields."""
    body, x, rows = [], LEFT, 1
    for i, name in enumerate(names):
        wide = (31 if looks else 22) + 6.7 * len(name)
        if x + wide > WIDTH - RIGHT:
            x, y, rows = LEFT, y + 20, rows + 1
        if looks:
            number, dashed = looks[i]
            body.append(line(x, y - 4, x + 22, y - 4, colour(number), 2.5,
                             DASHED * dashed))
            body.append(mark(number, x + 11, y - 4, ""))
        else:
            body.append(rect(x, y - 11, 14, 12, colour(i)))
        body.append(text(x + (27 if looks else 19), y, name, "start"))
        x += wide + 10
    return body, rows


def frame(y_axis, x_label, y_label, bottom):
    body = []
    for value in y_axis.ticks():
        y = y_axis.at(value)
        body.append(line(LEFT, y, WIDTH - RIGHT, y))
        body.append(text(LEFT - 8, y + 4, short(value), "end", 12))
    body.append(line(LEFT, bottom, WIDTH - RIGHT, bottom, "#555"))
    body.append(text((LEFT + WIDTH - RIGHT) / 2, bottom + 42, x_label))
    middle = (TOP + bottom) / 2
    body.append(text(18, middle, y_label, more="transform='rotate(-90 18 "
                     "%.1f)'" % middle))
    return body


def marks_below(axis, places, word, bottom):
    """Ticks below the plot with their words, but none over another."""
    body, free = [], 0          # where the next one may begin
    for x in places:
        if axis.low <= x <= axis.high:
            at, half = axis.at(x), 4 * len(word(x))
            body.append(line(at, bottom, at, bottom + 5, "#555"))
            if at - half >= free:
                body.append(text(at, bottom + 20, word(x), size=12))
                free = at + half + 4
    return body


def lines(series, x_label, y_label, x_log=False, y_log=False, places=None,
          names=None, word=short, look=None):
    """series: {name: [(x, y), ...]}. places: the values of x to label, by
    word(x). names: the values of x are spaced evenly, each with what names(x)
    says below. look(name): the number of its colour and mark, and whether
    its line is dashed."""
    series = {n: p for n, p in series.items() if p}
    if names:
        given = sorted({x for p in series.values() for x, _ in p})
        words = [names(x) for x in given]
        places, word = range(len(words)), words.__getitem__
        series = {n: [(given.index(x), y) for x, y in p]
                  for n, p in series.items()}
    xs = sorted({x for p in series.values() for x, _ in p})
    ys = [y for p in series.values() for _, y in p]
    bottom = HEIGHT - BOTTOM
    looks = [look(n) if look else (i, False) for i, n in enumerate(series)]
    key, rows = legend(series, HEIGHT + 8, looks)
    x_axis = Axis(min(xs) or 1, max(xs), LEFT + 14, WIDTH - RIGHT - 20, x_log)
    if x_log:                   # no need to reach powers of ten sideways
        x_axis.low, x_axis.high = min(xs), max(max(xs), min(xs) * 1.01)
    y_axis = Axis(min(ys) or 1, max(ys), bottom, TOP, y_log)
    body = frame(y_axis, x_label, y_label, bottom)
    if not places:
        places = x_axis.ticks() if not x_log else xs if len(xs) <= 8 \
            else round_values(xs[0], xs[-1])
    body += marks_below(x_axis, places, word, bottom)
    for (name, points), (i, dashed) in zip(series.items(), looks):
        where = [(x_axis.at(x), y_axis.at(y), x, y) for x, y in
                 sorted(points)]
        body.append("<polyline fill='none' stroke='%s' stroke-width='2.5' "
                    "%spoints='%s'/>" % (
                        colour(i), DASHED * dashed, " ".join(
                            "%.1f,%.1f" % (a, b) for a, b, _, _ in where)))
        body += [mark(i, a, b, "%s: %s, %s" % (
            name, word(x), short(y))) for a, b, x, y in where]
    return svg(body + key, height=HEIGHT + 20 * rows)


def stacked(bars, parts, x_label, y_label):
    """bars: [(name, {part: value})]; each part a colour."""
    bottom = HEIGHT - BOTTOM
    parts = [p for p in parts if any(v.get(p) for _, v in bars)]
    totals = [sum(v.get(p, 0) for p in parts) for _, v in bars]
    y_axis = Axis(1, max(totals), bottom, TOP)
    key, rows = legend(parts, HEIGHT + 8)
    body = frame(y_axis, x_label, y_label, bottom)
    room = (WIDTH - RIGHT - LEFT) / len(bars)
    wide = min(90, room * 0.62)
    for n, (name, values) in enumerate(bars):
        x = LEFT + room * (n + 0.5) - wide / 2
        y = bottom
        for i, part in enumerate(parts):
            value = values.get(part, 0)
            tall = bottom - y_axis.at(value)
            y -= tall
            body.append(rect(x, y, wide, tall, colour(i), "%s, %s: %s" % (
                name, part, short(value))))
        body.append(text(x + wide / 2, y - 6, short(round(totals[n])),
                         size=12))
        for k, word in enumerate(name.split("|")):
            body.append(text(x + wide / 2, bottom + 16 + 13 * k, word,
                             size=11))
    return svg(body + key, height=HEIGHT + 20 * rows)
