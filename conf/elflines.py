"""elflines.py: which function, file and line an address of an ELF file is in.

Reads .symtab and .debug_line (DWARF 2 to 5, little-endian) by itself, so that
it works with the output of every compiler and needs no binutils.
Relies on nothing but Python; used by conf/mklines.py, the launcher and the
graded tests.

	elf = Elf("obj/kern/kernel")
	elf.functions()   sorted [(start, end, name)]
	elf.lines()       sorted [(address, file or None, line)]
	elf.where(addr)   (function, offset, file, line), each may be None

Called as a program: python3 conf/elflines.py ELF ADDRESS...
"""
import bisect
import os
import posixpath
import struct
import sys
import zlib

SHF_COMPRESSED = 0x800
SHT_SYMTAB = 2
STT_FUNC = 2
SHN_UNDEF = 0


class Cursor:
    """Reads numbers and strings from a byte string, front to back."""

    def __init__(self, data, pos=0):
        self.data = data
        self.pos = pos

    def fixed(self, size):
        value = int.from_bytes(self.data[self.pos:self.pos + size], "little")
        self.pos += size
        return value

    def uleb(self):
        result = shift = 0
        while True:
            byte = self.data[self.pos]
            self.pos += 1
            result |= (byte & 0x7f) << shift
            shift += 7
            if not byte & 0x80:
                return result

    def sleb(self):
        start = self.pos
        value = self.uleb()
        bits = 7 * (self.pos - start)
        return value - (1 << bits) if value >> (bits - 1) else value

    def string(self):
        end = self.data.index(0, self.pos)
        text = self.data[self.pos:end].decode("utf-8", "replace")
        self.pos = end + 1
        return text


class Elf:
    """The sections of one ELF file, and what they say about addresses."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        if self.data[:4] != b"\x7fELF" or self.data[4] not in (1, 2):
            raise ValueError("%s: not an ELF file" % path)
        # Where the section headers are, and how they and symbols look.
        self.wide = self.data[4] == 2
        at, kind = (40, "<Q") if self.wide else (32, "<I")
        shoff, = struct.unpack_from(kind, self.data, at)
        shentsize, shnum, shstrndx = struct.unpack_from(
            "<HHH", self.data, 58 if self.wide else 46)
        header = "<IIQQQQIIQQ" if self.wide else "<IIIIIIIIII"
        headers = [struct.unpack_from(header, self.data, shoff + i * shentsize)
                   for i in range(shnum)]
        names = headers[shstrndx][4] if headers else 0
        self.sections = {}
        self.by_index = headers
        for h in headers:
            self.sections[Cursor(self.data, names + h[0]).string()] = h
        self._functions = self._lines = None

    def section(self, name):
        """The bytes of a section, decompressed; empty if there is none."""
        h = self.sections.get(name)
        if not h:
            return b""
        raw = self.data[h[4]:h[4] + h[5]]
        if h[2] & SHF_COMPRESSED:
            return zlib.decompress(raw[24 if self.wide else 12:])
        return raw

    def symbols(self):
        """Yields (name, value, size, type) of every defined symbol."""
        for h in self.by_index:
            if h[1] != SHT_SYMTAB:
                continue
            strings = self.by_index[h[6]][4]
            for pos in range(h[4], h[4] + h[5], 24 if self.wide else 16):
                if self.wide:
                    name, info, _, shndx, value, size = struct.unpack_from(
                        "<IBBHQQ", self.data, pos)
                else:
                    name, value, size, info, _, shndx = struct.unpack_from(
                        "<IIIBBH", self.data, pos)
                if shndx != SHN_UNDEF and name:
                    yield (Cursor(self.data, strings + name).string(), value,
                           size, info & 15)

    def functions(self):
        """Sorted (start, end, name); a function without a size reaches up
        to the next one. Of two names at one address the first stays."""
        if self._functions is None:
            found = {}
            for name, value, size, kind in self.symbols():
                if kind == STT_FUNC:
                    old = found.get(value)
                    if not old or (size, old[1]) > (old[0], name):
                        found[value] = (size, name)
            starts = sorted(found)
            self._functions = []
            for i, start in enumerate(starts):
                size, name = found[start]
                end = start + size
                if not size:
                    end = starts[i + 1] if i + 1 < len(starts) else start + 64
                self._functions.append((start, end, name))
        return self._functions

    def lines(self):
        """Sorted (address, file, line); file None ends a run of code."""
        if self._lines is None:
            self._lines = merge(line_programs(self))
        return self._lines

    def where(self, addr):
        """(function, offset, file, line) of an address; parts may be None."""
        function = offset = None
        table = self.functions()
        i = bisect.bisect_left(table, (addr + 1,)) - 1
        if i >= 0 and addr < table[i][1]:
            function, offset = table[i][2], addr - table[i][0]
        rows = self.lines()
        i = bisect.bisect_left(rows, (addr + 1,)) - 1
        if i >= 0 and rows[i][1] is not None:
            return function, offset, rows[i][1], rows[i][2]
        return function, offset, None, None


def merge(sequences):
    """One sorted table from the line sequences: of several rows at an address
    the last counts, and rows that change nothing are left out."""
    rows = []
    for sequence in sorted(sequences, key=lambda s: s[0][0]):
        for address, name, line in sequence:
            if rows and rows[-1][0] == address:
                rows.pop()
            if rows and rows[-1][1:] == (name, line):
                continue
            rows.append((address, name, line))
    return rows


def line_programs(elf):
    """The line sequences of all compilation units, each a list of rows that
    ends with (end address, None, 0)."""
    data = elf.section(".debug_line")
    sequences = []
    pos = 0
    while pos < len(data):
        c = Cursor(data, pos)
        length, wide = c.fixed(4), 4
        if length == 0xffffffff:
            length, wide = c.fixed(8), 8
        end = c.pos + length
        sequences += Program(c, end, wide, elf).run()
        pos = end
    return sequences


def entry_table(c, wide, elf):
    """A version 5 directory or file table: a list of (path, directory)."""
    formats = [(c.uleb(), c.uleb()) for _ in range(c.fixed(1))]
    table = []
    for _ in range(c.uleb()):
        path, directory = "", 0
        for content, form in formats:
            value = read_form(c, form, wide, elf)
            if content == 1:            # DW_LNCT_path
                path = value
            elif content == 2:          # DW_LNCT_directory_index
                directory = value
        table.append((path, directory))
    return table


def read_form(c, form, wide, elf):
    """One attribute of a header entry, in the forms that DWARF 5 allows."""
    if form == 0x08:                    # DW_FORM_string
        return c.string()
    if form == 0x1f:                    # DW_FORM_line_strp
        return Cursor(elf.section(".debug_line_str"), c.fixed(wide)).string()
    if form == 0x0e:                    # DW_FORM_strp
        return Cursor(elf.section(".debug_str"), c.fixed(wide)).string()
    if form == 0x0f:                    # DW_FORM_udata
        return c.uleb()
    sizes = {0x0b: 1, 0x05: 2, 0x06: 4, 0x07: 8, 0x1e: 16}
    if form in sizes:                   # DW_FORM_data1 .. data16
        return c.fixed(sizes[form])
    if form == 0x09:                    # DW_FORM_block
        c.pos += c.uleb()
        return None
    raise ValueError("form %#x in a line table header" % form)


def file_names(c, version, wide, elf):
    """The unit's files, as a list indexed by the numbers its rows use."""
    if version >= 5:
        directories = [d for d, _ in entry_table(c, wide, elf)]
        files = entry_table(c, wide, elf)
    else:
        directories, files = ["."], [("", 0)]
        while c.data[c.pos]:
            directories.append(c.string())
        c.pos += 1
        while c.data[c.pos]:
            files.append((c.string(), c.uleb()))
            c.uleb()
            c.uleb()
        c.pos += 1
    names = []
    for path, directory in files:
        if directory:
            path = posixpath.join(directories[directory], path)
        names.append(relative(path))
    return names


def relative(path):
    """The path as seen from the top of the tree, if it lies below it."""
    if posixpath.isabs(path):
        below = os.path.relpath(path)
        return path if below.startswith("..") else below
    return posixpath.normpath(path)


class Program:
    """The line-number program of one unit: a small machine that emits rows
    (DWARF 5, section 6.2)."""

    def __init__(self, c, end, wide, elf):
        version = c.fixed(2)
        if version >= 5:
            c.pos += 2                  # address and segment selector sizes
        header = c.fixed(wide)
        program = c.pos + header
        self.min_inst = c.fixed(1)
        if version >= 4:
            c.pos += 1                  # operations per instruction: VLIW
        c.pos += 1                      # default is_stmt: all rows are taken
        self.line_base = c.fixed(1)
        self.line_base -= 256 if self.line_base > 127 else 0
        self.line_range, self.opcode_base = c.fixed(1), c.fixed(1)
        self.arguments = [c.fixed(1) for _ in range(self.opcode_base - 1)]
        self.files = file_names(c, version, wide, elf)
        c.pos = program
        self.c, self.end = c, end
        self.sequences = []
        self.reset()

    def reset(self):
        self.rows = []
        self.address, self.number, self.line = 0, 1, 1

    def emit(self):
        known = self.number < len(self.files)
        name = self.files[self.number] if known else "?"
        self.rows.append((self.address, name, self.line))

    def run(self):
        """The sequences that the program makes."""
        while self.c.pos < self.end:
            op = self.c.fixed(1)
            if op >= self.opcode_base:  # special: advance both and emit
                op -= self.opcode_base
                self.address += op // self.line_range * self.min_inst
                self.line += self.line_base + op % self.line_range
                self.emit()
            elif op == 0:
                self.extended()
            else:
                self.standard(op)
        return self.sequences

    def extended(self):
        size = self.c.uleb()
        after = self.c.pos + size
        op = self.c.fixed(1)
        if op == 1:                     # DW_LNE_end_sequence
            self.rows.append((self.address, None, 0))
            if self.rows[0][0]:         # code that was not linked is at 0
                self.sequences.append(self.rows)
            self.reset()
        elif op == 2:                   # DW_LNE_set_address
            self.address = self.c.fixed(size - 1)
        self.c.pos = after

    def standard(self, op):
        c = self.c
        if op == 1:                     # DW_LNS_copy
            self.emit()
        elif op == 2:                   # DW_LNS_advance_pc
            self.address += c.uleb() * self.min_inst
        elif op == 3:                   # DW_LNS_advance_line
            self.line += c.sleb()
        elif op == 4:                   # DW_LNS_set_file
            self.number = c.uleb()
        elif op == 8:                   # DW_LNS_const_add_pc
            self.address += ((255 - self.opcode_base) // self.line_range *
                             self.min_inst)
        elif op == 9:                   # DW_LNS_fixed_advance_pc
            self.address += c.fixed(2)
        else:                           # columns, blocks and what is unknown
            for _ in range(self.arguments[op - 1]):
                c.uleb()


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: python3 conf/elflines.py ELF ADDRESS...")
    elf = Elf(sys.argv[1])
    for text in sys.argv[2:]:
        function, offset, name, line = elf.where(int(text, 16))
        place = "%s+%#x" % (function, offset) if function else "?"
        print("%s: %s%s" % (text, place,
                            " (%s:%d)" % (name, line) if name else ""))


if __name__ == "__main__":
    main()
