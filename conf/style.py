"""style.py FILE...: is each file in the style of the house?

Checks what a machine can: lines of 80 columns with tabs of 8, no white space
at the end of a line, tabs to indent C, a comment at the head of a file, the
function's name at the start of its own line, files of at most 500 lines and
functions of at most 60, no marks of deferred work.  Layout inside a line is
clang-format's business (.clang-format, `make format`).  Called by
`make format-check`.
"""
import re
import sys

FILE_LINES = 500
FUNCTION_LINES = 60
COLUMNS = 80
MARKS = re.compile(r"\b(FIX" r"ME|TO" r"DO|XX" r"X)\b")
# A definition whose type and name share a line; the brace follows alone.
ONE_LINE = re.compile(r"[A-Za-z_][\w\s*]*[\s*]\**[A-Za-z_]\w*\([^;{}]*$")
NAME = re.compile(r"([A-Za-z_]\w*)\(")


def check_lines(path, lines):
    """Findings about single lines: (line number, text)."""
    tabs = path.endswith((".c", ".h", ".S"))
    for n, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield n, "more than %d columns" % COLUMNS
        if line != line.rstrip():
            yield n, "white space at the end"
        if tabs and line.startswith(" " * 8):
            yield n, "indented with spaces"
        if MARKS.search(line):
            yield n, "deferred work: do it, or say it in the limits"


def check_file(path, lines, text):
    if len(lines) > FILE_LINES:
        yield len(lines), "more than %d lines in a file" % FILE_LINES
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    starts = {"c": ("/*", "//"), "h": ("/*", "//"), "S": ("/*", "//", "#"),
              "y": ('"""', "#!")}[path[-1]]
    if lines and not lines[0].startswith(starts):
        yield 1, "no comment at the head says what the file is for"


def check_functions(path, lines):
    """C: name at the start of a line, length of the body."""
    name, begin = None, 0
    for n, line in enumerate(lines, 1):
        if line == "{":
            head = start_of_head(lines, n - 1)
            if head is not None and ONE_LINE.match(lines[head]) and \
                    not NAME.match(lines[head]):
                yield head + 1, "the function's name goes on its own line"
            found = NAME.match(lines[head]) if head is not None else None
            name, begin = found.group(1) if found else "?", n
        elif line == "}" and name:
            if n - begin - 1 > FUNCTION_LINES:
                yield begin, "%s has %d lines, more than %d" % (
                    name, n - begin - 1, FUNCTION_LINES)
            name = None


def start_of_head(lines, brace):
    """Index of the line with a definition's name and open bracket."""
    i = brace - 1
    while i >= 0 and lines[i][:1] in ("\t", " ") and brace - i < 10:
        i -= 1
    return i if i >= 0 and "(" in lines[i] else None


def check_python(path, lines):
    name, begin, depth = None, 0, 0
    for n, line in enumerate(lines + ["end"], 1):
        indent = len(line) - len(line.lstrip())
        if name and line.strip() and indent <= depth and \
                not line.strip().startswith((")", "]", "}")):
            if n - begin > FUNCTION_LINES + 1:
                yield begin, "%s is longer than %d lines" % (
                    name, FUNCTION_LINES)
            name = None
        found = re.match(r"\s*def (\w+)", line)
        if found and not name:
            name, begin, depth = found.group(1), n, indent


def check(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    lines = text.splitlines()
    yield from check_lines(path, lines)
    yield from check_file(path, lines, text)
    if path.endswith(".c"):
        yield from check_functions(path, lines)
    if path.endswith(".py"):
        yield from check_python(path, lines)


def main(paths):
    bad = 0
    for path in paths:
        for line, what in sorted(check(path)):
            print("%s:%d: %s" % (path, line, what))
            bad += 1
    if bad:
        print("%d places are not in the style of the house" % bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
