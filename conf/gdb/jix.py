"""jix.py: gdb commands that know JIX. Loaded by obj/gdbinit; `help jix`
lists them.

The kernel's symbols are always there. All user programs are linked at the
same address, so the symbols of one are loaded at a time: at every stop those
of the environment that the stopped CPU runs, or those chosen with `jix env`
or `jix program`. gdb's thread n is CPU n - 1.

Relies on the structures of inc/env.h, kern/cpu.h and inc/mmu.h through the
kernel's own debug information, on obj/ as the build leaves it, and on
gdb 12 or newer.
"""
import os
import sys

import gdb

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))

import frames  # noqa: E402

PHYSMAP = 0xffff800000000000
PHYS_MASK = 0x000ffffffffff000
STATUS = ("free", "dying", "runnable", "running", "blocked")
REGS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10",
        "r11", "r12", "r13", "r14", "r15")
WAITS = ("", "for a message", "to send", "for a time", "for an environment",
         "for the console", "for a frame", "for a dataplane event")


def number(expression):
    """A C expression's value as an unsigned number."""
    value = gdb.parse_and_eval("(unsigned long)(%s)" % expression)
    return int(value) & (2 ** 64 - 1)


# --- Environments and CPUs -------------------------------------------------

def envs():
    """Yields every environment in use, as a gdb.Value of struct env."""
    table = gdb.parse_and_eval("envs")
    if int(table) == 0:
        return
    count = 1 << 10
    for i in range(count):
        if int(table[i]["status"]) != 0:
            yield table[i]


def find_env(text):
    """An environment by id (hexadecimal), slot number or program name."""
    for env in envs():
        slot = int(env["id"]) & 1023
        if text in ("%08x" % int(env["id"]), "%x" % int(env["id"]),
                    str(slot), name_of(env)):
            return env
    raise gdb.GdbError("no environment '%s' (jix envs lists them)" % text)


def name_of(env):
    return env["name"].string(errors="replace")


def current_cpu():
    thread = gdb.selected_thread()
    return thread.num - 1 if thread else 0


def current_env(cpu=None):
    """The environment that a CPU runs, or None."""
    cpu = current_cpu() if cpu is None else cpu
    try:
        env = gdb.parse_and_eval("cpus[%d].cur" % cpu)
        return env.dereference() if int(env) else None
    except gdb.error:
        return None


# --- Symbols of user programs ----------------------------------------------

class Symbols:
    """Which program's symbols are loaded."""

    loaded = None

    @staticmethod
    def path(name):
        """The ELF file with symbols of the program called name."""
        words = name.split()
        base = os.path.basename(words[0]) if words else ""
        plain = base[:-3] if base.endswith(".ix") else base
        for where in (("user", base), ("ixapp", plain), ("net", base),
                      ("dp", base)):
            path = os.path.join(TREE, "obj", *where)
            if base and os.path.isfile(path):
                return path
        return None

    @classmethod
    def load(cls, name):
        """Make the program's symbols the loaded ones. Its file or None."""
        path = cls.path(name)
        if path and path != cls.loaded:
            cls.unload()
            gdb.execute("add-symbol-file " + path, to_string=True)
            cls.loaded = path
        return path

    @classmethod
    def unload(cls):
        if cls.loaded:
            try:
                gdb.execute("remove-symbol-file " + cls.loaded, to_string=True)
            except gdb.error:
                pass                    # the user removed it by hand
            cls.loaded = None


def on_stop(event):
    """At each stop, have the symbols of the environment that runs here."""
    try:
        env = current_env()
        if env is not None:
            Symbols.load(name_of(env))
    except (gdb.error, gdb.MemoryError):
        pass                            # too early in the boot to tell


# --- Memory of any environment ---------------------------------------------

def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address):
    return int.from_bytes(read(address, 8), "little")


def entries(root, va):
    """The page-table entries that translate va, from level 3 down, as
    (level, entry); the last is the leaf or is not present."""
    table = root
    for level in (3, 2, 1, 0):
        index = (va >> (12 + 9 * level)) & 511
        entry = word(PHYSMAP + (table & PHYS_MASK) + 8 * index)
        yield level, entry
        if not entry & 1 or (level in (1, 2) and entry & 0x80):
            return
        table = entry


def flags_text(entry):
    bits = ((1, "P"), (2, "W"), (4, "U"), (0x10, "CD"), (0x20, "A"),
            (0x40, "D"), (0x80, "PS"), (0x200, "COW"), (0x400, "SHARE"))
    words = [text for bit, text in bits if entry & bit]
    return " ".join(words + (["NX"] if entry >> 63 else []))


# --- The commands -----------------------------------------------------------

class Jix(gdb.Command):
    """Commands that know JIX: envs, env, program, cpus, tf, bt, walk, packet.
"""

    def __init__(self):
        super().__init__("jix", gdb.COMMAND_USER, prefix=True)


class Command(gdb.Command):
    """A subcommand of jix, named as its class in lower case."""

    def __init__(self, complete=gdb.COMPLETE_NONE):
        super().__init__("jix " + type(self).__name__.lower(),
                         gdb.COMMAND_USER, complete)

    def invoke(self, text, from_tty):
        try:
            self.run(gdb.string_to_argv(text))
        except gdb.MemoryError as e:
            raise gdb.GdbError("%s (this address is not mapped here)" % e)


class Envs(Command):
    """jix envs: every environment: id, parent, state, CPU, runs, name, ip."""

    def run(self, args):
        print("env       parent    state      cpu      runs  name")
        for env in envs():
            status, wait = int(env["status"]), int(env["wait"])
            state = STATUS[status]
            reason = ", waits " + WAITS[wait] if status == 4 and wait else ""
            print("%08x  %08x  %-9s  %3d  %8d  %s, ip %#x%s" % (
                int(env["id"]), int(env["parent_id"]), state, int(env["cpu"]),
                int(env["runs"]), name_of(env), int(env["tf"]["rip"]),
                reason))


class Env(Command):
    """jix env [ENV]: use the symbols of an environment's program, by default
of the one that the selected CPU runs. ENV is an id, a slot or a name."""

    def run(self, args):
        env = find_env(args[0]) if args else current_env()
        if env is None:
            print("CPU %d runs no environment" % current_cpu())
            return
        name = name_of(env)
        path = Symbols.load(name)
        print("env %08x runs %s: %s" % (
            int(env["id"]), name, "symbols of " + os.path.relpath(path, TREE)
            if path else "no file with its symbols under obj/"))


class Program(Command):
    """jix program NAME: use the symbols of a program, for breakpoints in it
before it runs."""

    def run(self, args):
        if len(args) != 1:
            raise gdb.GdbError("usage: jix program NAME")
        path = Symbols.load(args[0])
        if not path:
            raise gdb.GdbError("no program '%s' under obj/" % args[0])
        print("symbols of " + os.path.relpath(path, TREE))


class Cpus(Command):
    """jix cpus: what each CPU does. gdb's thread n is CPU n - 1."""

    def run(self, args):
        for i in range(number("ncpu")):
            env = current_env(i)
            what = "%08x %s" % (int(env["id"]), name_of(env)) \
                if env is not None else "no environment"
            if number("cpus[%d].idle" % i):
                what += ", idle"
            if number("cpus[%d].dp" % i):
                what += ", bound to a dataplane"
            print("cpu %d: apic id %d, %s" % (
                i, number("cpus[%d].apic_id" % i), what))


class Tf(Command):
    """jix tf [EXPRESSION]: a trap frame: the one at the address, by default
that of the environment that the selected CPU runs. Also a struct env."""

    def run(self, args):
        if args:
            value = gdb.parse_and_eval(" ".join(args))
            kind = gdb.lookup_type("struct trapframe")
            if value.type.code == gdb.TYPE_CODE_PTR and \
                    value.type.target().strip_typedefs() == \
                    gdb.lookup_type("struct env"):
                tf = value["tf"]
            else:
                tf = value.cast(kind.pointer()).dereference()
        else:
            env = current_env()
            if env is None:
                raise gdb.GdbError("this CPU runs no environment")
            tf = env["tf"]
        self.show(tf)

    @staticmethod
    def show(tf):
        cells = ["%-4s %016x" % (n, int(tf["regs"][n])) for n in REGS]
        for i in range(0, len(cells), 3):
            print("  " + "   ".join(cells[i:i + 3]))
        print("  trap %d, error %#x, ring %d" % (
            int(tf["trapno"]), int(tf["err"]), int(tf["cs"]) & 3))
        print("  rip  %016x   rsp  %016x   flags %08x" % (
            int(tf["rip"]), int(tf["rsp"]), int(tf["rflags"])))


class Bt(Command):
    """jix bt ENV: the stack of an environment that is not running, with its
arguments and variables as bt shows them. For one that runs, select its CPU's
thread and use bt. The selected CPU lends its registers for the time."""

    def run(self, args):
        if len(args) != 1:
            raise gdb.GdbError("usage: jix bt ENV")
        env = find_env(args[0])
        wanted = {name: int(env["tf"]["regs"][name]) for name in REGS}
        wanted.update(rip=int(env["tf"]["rip"]), rsp=int(env["tf"]["rsp"]),
                      cr3=int(env["pml4_pa"]))
        gdb.execute("select-frame 0")
        # As text: cr3 is no number to gdb, but a set of flags.
        saved = {name: int(gdb.execute("output/x $" + name, False, True), 16)
                 for name in wanted}
        loaded = Symbols.loaded
        try:
            Symbols.load(name_of(env))
            self.set(wanted)
            gdb.execute("backtrace")
        finally:
            self.set(saved)
            if loaded and loaded != Symbols.loaded:
                Symbols.load(os.path.basename(loaded))

    @staticmethod
    def set(values):
        for name, value in values.items():
            gdb.execute("set $%s = %#xul" % (name, value))


class Walk(Command):
    """jix walk ADDRESS [ENV]: the page-table entries of a virtual address,
in the kernel's own tables or in those of an environment."""

    def run(self, args):
        if len(args) not in (1, 2):
            raise gdb.GdbError("usage: jix walk ADDRESS [ENV]")
        va = number(args[0])
        root = int(find_env(args[1])["pml4_pa"]) if len(args) == 2 else \
            number("kern_pml4_pa")
        for level, entry in entries(root, va):
            print("level %d[%3d]  %016x  %s" % (
                level, (va >> (12 + 9 * level)) & 511, entry,
                flags_text(entry)))
        size = 1 << (12 + 9 * level)
        if entry & 1:
            print("physical %#x" % ((entry & PHYS_MASK & -size) +
                                    (va & (size - 1))))
        else:
            print("not mapped")


class Packet(Command):
    """jix packet ADDRESS LENGTH: an Ethernet frame in memory, in words and
in hexadecimal."""

    def run(self, args):
        if len(args) != 2:
            raise gdb.GdbError("usage: jix packet ADDRESS LENGTH")
        raw = read(number(args[0]), number(args[1]))
        print(frames.describe(frames.parse(raw)))
        for at in range(0, len(raw), 16):
            piece = raw[at:at + 16]
            print("  %04x  %-47s  %s" % (
                at, piece.hex(" "), "".join(
                    chr(b) if 32 <= b < 127 else "." for b in piece)))


Jix()
for command in (Envs, Env, Program, Cpus, Tf, Bt, Walk, Packet):
    command()
gdb.events.stop.connect(on_stop)
