"""mklines.py [ELF]: the table that gives kernel addresses their names.

Writes an assembly file with the functions and lines of ELF's code, in the
layout that kern/lines.c reads; without ELF an empty table. The kernel is
linked first with the empty table, then with the table of that first result.
The table is read-only data and lies behind the code, so that the second link
moves no code:

	mklines.py --check ELF TABLE.S    fails if TABLE.S does not fit ELF

The output depends on ELF alone: rows are sorted, paths are those of the tree.
"""
import sys

import elflines

KERNBASE = 0xffffffff80000000
HEAD = """\
/* Made by conf/mklines.py: functions and lines of the kernel's code. */
	.section .lines, "a", @progbits
	.globl lines_rows, lines_nrows, lines_funcs, lines_nfuncs
	.globl lines_files, lines_strings
"""
TAIL = """\
	.section .note.GNU-stack, "", @progbits
"""


class Strings:
    """Strings stored once each, by their offset."""

    def __init__(self):
        self.offsets = {}
        self.order = []
        self.size = 0

    def add(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.order.append(text)
            self.size += len(text.encode()) + 1
        return self.offsets[text]


def table(rows, functions):
    """The assembly text for rows (address, file, line) and functions."""
    strings = Strings()
    files = {None: 0}
    out = [HEAD]
    for _, name, _ in rows:
        files.setdefault(name, len(files))
    out.append("\t.balign 8\nlines_rows:\n")
    for address, name, line in rows:
        out.append("\t.long %#x, %#x\n" % (
            address - KERNBASE, files[name] | min(line, 0xffff) << 16))
    out.append("lines_funcs:\n")
    for start, end, name in functions:
        out.append("\t.long %#x, %#x, %d\n" % (
            start - KERNBASE, end - KERNBASE, strings.add(name)))
    out.append("lines_files:\n")
    for name in files:
        out.append("\t.long %d\n" % strings.add(name or "?"))
    out.append("lines_nrows:\n\t.long %d\n" % len(rows))
    out.append("lines_nfuncs:\n\t.long %d\n" % len(functions))
    out.append("lines_strings:\n")
    for text in strings.order:
        out.append('\t.asciz "%s"\n' % text)
    out.append(TAIL)
    return "".join(out)


def table_of(path):
    """The table of an ELF file's code above KERNBASE."""
    elf = elflines.Elf(path)
    rows = [r for r in elf.lines() if r[0] >= KERNBASE]
    functions = [f for f in elf.functions() if f[0] >= KERNBASE]
    return table(rows, functions)


def main():
    args = sys.argv[1:]
    if args[:1] == ["--check"] and len(args) == 3:
        with open(args[2]) as f:
            if f.read() != table_of(args[1]):
                sys.exit("%s: the second link moved code: the line table must "
                         "lie behind .text" % args[1])
    elif len(args) <= 1:
        sys.stdout.write(table_of(args[0]) if args else table([], []))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
