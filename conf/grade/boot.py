"""boot.py: the part "boot and memory": boot sector, loader, memory, machine,
backtraces, monitor and the launcher's refusals."""
import os
import re
import shutil
import subprocess
import threading

from gradelib import SCALE, part, test

part("boot and memory", budget=30)

PANIC = r"^panic:"
LOADER = "JIX boot: "


# --- The loader -------------------------------------------------------------

def refused(t, message, **settings):
    """The loader stops with one line that says why."""
    m = t.run("hello", clean=False, **settings)
    t.match(m, "^" + LOADER + message, no=["^jix: kernel", "hello, world"])
    t.equal(m.status, 253, "QEMU's exit status")
    return m


@test(3, "the loader refuses a disk without a kernel")
def no_kernel(t):
    with open(os.path.join(t.options.tree, "obj", "jix.img"), "rb") as f:
        disk = bytearray(f.read())
    image = os.path.join(t.dir, "disk.img")
    disk[32768:32768 + 64] = bytes(64)
    with open(image, "wb") as f:
        f.write(disk)
    refused(t, "no ELF64 kernel for x86-64 at sector 64", image=image)


@test(2, "the loader refuses a disk that it cannot read")
def short_disk(t):
    image = os.path.join(t.dir, "disk.img")
    with open(os.path.join(t.options.tree, "obj", "jix.img"), "rb") as f:
        disk = f.read()
    with open(image, "wb") as f:
        f.write(disk[:1 << 20])         # the kernel goes on behind it
    refused(t, r"cannot read the disk \(from sector \d+", image=image)


@test(3, "the loader refuses too little memory")
def small_memory(t):
    refused(t, r"memory too small: \d+ MiB found, \d+ MiB needed \(see MEM\)",
            mem="3M")


@test(3, "the loader refuses processors without long mode or NX")
def old_cpu(t):
    refused(t, "this CPU lacks long mode", cpu="qemu32")
    refused(t, "this CPU lacks NX", cpu="qemu64,-nx")


# --- The machine ------------------------------------------------------------

@test(5, "the kernel boots, and ends the machine")
def boots(t):
    m = t.run("", cpus=1)
    t.sequence(m, r"^jix: kernel 0xffffffff80200000 to 0xffffffff8",
               r"^jix: 1 CPU, 511 MB, TSC \d+ MHz, boot \d+ us$",
               r"^jix: all environments done")


@test(4, "memory from 64 MB to 4 GB is found and used")
def memory_sizes(t):
    for mem, megabytes in (("64M", 63), ("1G", 1023), ("4G", 6143)):
        m = t.run("hello", mem=mem, boot={"check": 1}, timeout=60)
        t.match(m, r"^mem_check: page allocator OK$", "hello, world",
                no=[PANIC])
        found = int(re.search(r", (\d+) MB,", m.text).group(1))
        t.check(abs(found - megabytes) <= 1,
                "%s: %d MB up to the last page, got %d" % (mem, megabytes,
                                                           found))


@test(5, "up to 16 CPUs are started")
def cpus(t):
    for count in (2, 5, 16):
        m = t.machine("", cpus=count, boot={"then": "monitor"}).start()
        m.prompt()
        t.match(m, r"^jix: %d CPUs, " % count)
        t.match(m.prompt("cpus"), r"^CPU 0: APIC \d+, monitor$",
                *[r"^CPU %d: APIC \d+, idle$" % n for n in range(1, count)])
        m.stop()


@test(4, "the TSC's rate is right within 1 %")
def tsc_rate(t):
    # Under icount the virtual clock is exact: 1 GHz, at any shift.
    m = t.run("hello", cpus=1, thread="single",
              extra=["-icount", "shift=4,sleep=off"])
    rate = int(re.search(r"TSC (\d+) MHz", m.text).group(1))
    t.check(990 <= rate <= 1010, "TSC at 1000 MHz, got %d" % rate)


@test(0, "the kernel's self checks run")
def self_checks(t):
    return t.run("hello", cpus=2, boot={"check": 1}, clean=False)


def self_check(name):
    def look(t):
        t.match(t.parent, r"^mem_check: %s OK$" % name)
    return look


for points, function, title in (
        (8, "page_allocator", "page allocator"),
        (6, "big_pages", "2 MB pages"),
        (8, "page_tables", "page tables"),
        (8, "kernel_map", "kernel map")):
    check = self_check(title)
    check.__name__ = function
    test(points, "self check: " + title, parent=self_checks)(check)


# --- When the kernel fails --------------------------------------------------

def crash(t, kind, *patterns, no=(), status=5):
    m = t.run("hello", cpus=2, boot={"crash": kind}, clean=False)
    t.match(m, *patterns, no=list(no) + ["hello, world"])
    t.equal(m.status, status, "QEMU's exit status")
    return m


@test(0, "a backtrace is printed")
def backtrace(t):
    return t.run("hello", cpus=1, boot={"crash": "backtrace"})


@test(5, "backtrace: every call is there", parent=backtrace)
def backtrace_count(t):
    lines = t.parent.text.splitlines()
    frames = [line for line in lines
              if re.match(r"  rip [0-9a-f]{16}  rbp [0-9a-f]{16}$", line)]
    t.equal(len([line for line in lines if "crash_nested" in line]), 6,
            "frames of crash_nested")
    pointers = [int(line.split()[-1], 16) for line in frames]
    t.check(pointers[-1] == 0 and pointers[:-1] == sorted(pointers[:-1]) and
            len(set(pointers)) == len(pointers),
            "frame pointers that go up to the stack's top: %s" % [
                "%x" % p for p in pointers])


@test(5, "backtrace: functions have their names", parent=backtrace)
def backtrace_names(t):
    t.sequence(t.parent, *[r": crash_nested\+0x[0-9a-f]+$"] * 6 +
               [r": crash_test\+0x", r": init_rest\+0x", r": kern_init\+0x"])


@test(5, "backtrace: lines are those of the source", parent=backtrace)
def backtrace_lines(t):
    places = re.findall(r"^    (\S+):(\d+): (\w+)\+0x", t.parent.text, re.M)
    called = {"crash_nested": ["crash_nested(", "backtrace_here()"],
              "crash_test": ["crash_nested("], "init_rest": ["crash_test()"]}
    for path, line, function in places:
        with open(os.path.join(t.options.tree, path)) as f:
            text = f.readlines()[int(line) - 1]
        if function in called:
            t.check(any(word in text for word in called[function]),
                    "%s:%s is the call in %s: %s" % (path, line, function,
                                                     text.strip()))


@test(3, "a panic says where, and ends the machine")
def panic(t):
    m = crash(t, "panic", r"^panic: CPU 0 at kern/crash.c:\d+: asked for by "
              "the boot arguments, 42$")
    t.sequence(m, PANIC, "^Stack backtrace:$", r": crash_test\+0x")


@test(2, "a panic whose report fails ends the machine, too")
def panic_again(t):
    m = crash(t, "again", r"^panic: CPU 0 at kern/crash.c:\d+: asked for by",
              r"^panic: again, at kern/trap.c:\d+$")
    t.equal(m.text.count("panic: again"), 1, "reports of the second panic")


@test(5, "a kernel stack's overflow is reported as such")
def stack_overflow(t):
    m = crash(t, "stack", r"^kernel stack overflow on CPU 0$",
              r"^panic: .*Double Fault in the kernel, in crash_overflow")
    t.sequence(m, "^  trap 0x00000008 Double Fault$", PANIC,
               *[r": crash_overflow[.\w]*\+0x"] * 5)


@test(6, "the kernel's text is not writable, its data not executable")
def kernel_wx(t):
    fault = r"^panic: CPU 0 .*Page Fault in the kernel, in %s at kern/crash.c"
    crash(t, "null", fault % r"crash_\w+", r"^  cr2  0x0000000000000008$",
          r"\[kernel, write, not-present\]", no=["crash: "])
    crash(t, "text", fault % r"crash_\w+", r"\[kernel, write, protection\]",
          no=["crash: "])
    crash(t, "rodata", fault % r"crash_\w+", r"\[kernel, write, protection\]",
          no=["crash: "])
    crash(t, "execute", r"^panic: CPU 0 .*Page Fault in the kernel",
          r"\[kernel, fetch, protection\]", no=["crash: "])


@test(3, "the kernel does not use user memory by accident (SMAP)")
def kernel_smap(t):
    crash(t, "smap", r"^panic: CPU 0 .*Page Fault in the kernel, in crash_",
          r"^  cr2  0x00007f0000000000$", r"\[kernel, read, protection\]",
          no=["crash: "])


@test(2, "a processor without SMAP, SMEP and UMIP will do")
def plain_cpu(t):
    # One after the other: either takes all there is of something.
    for program in "testfork", "evilsyscalls":
        m = t.run(program, cpus=2, cpu="max,-smap,-smep,-umip",
                  boot={"crash": "smap"})
        t.match(m, r"^crash: read \d+ from a user page$",
                "^%s: OK$" % program, no=[PANIC])


# --- The monitor ------------------------------------------------------------

def monitor(t, programs="hello", **settings):
    """A machine whose programs have ended, at the prompt."""
    m = t.machine(programs, boot={"then": "monitor"}, **settings).start()
    m.prompt()
    return m


@test(4, "monitor: help, kerninfo, cpus, counters, backtrace")
def monitor_shows(t):
    m = monitor(t, cpus=2)
    t.match(m.prompt("help"), *[r"^%s - \S" % name for name in (
        "help", "kerninfo", "backtrace", "mappings", "permissions", "dump",
        "envs", "cpus", "run", "kill", "step", "continue", "counters",
        "shutdown")])
    t.match(m.prompt("kerninfo"), r"text +0xffffffff80200000 to 0xffffffff80",
            r"\d+ programs, pages \d+ of \d+ free")
    t.match(m.prompt("cpus"), "^CPU 0: APIC 0", "^CPU 1: APIC 1")
    t.match(m.prompt("counters"), r"^syscalls +\d+ +\d+  system calls$",
            r"^traps +\d+")
    t.sequence(m.prompt("backtrace"), "^Stack backtrace:",
               r"kern/moncmd.c:\d+: cmd_backtrace", r": monitor\+0x")
    t.match(m.prompt("nonsense"), "Unknown command 'nonsense'")


@test(4, "monitor: mappings, permissions, dump")
def monitor_memory(t):
    m = monitor(t)
    t.match(m.prompt("mappings ffffffff80200000 ffffffff80201000"),
            r"^ffffffff80200000 -> 0+200000 krx",
            r"^ffffffff80201000 -> 0+201000 krx")
    t.match(m.prompt("mappings ffff800000000000"),
            r"^ffff800000000000 -> 0+ krw?-|kw-")
    t.match(m.prompt("mappings 5000"), r"^0+5000 -> not mapped$")
    virtual = m.prompt("dump ffffffff80200000 2")
    physical = m.prompt("dump -p 200000 2")
    words = re.compile(r": ([0-9a-f]{16} [0-9a-f]{16})")
    t.equal(words.search(physical).group(1), words.search(virtual).group(1),
            "the words at physical 2 MB and at the kernel's first address")
    t.match(m.prompt("dump 5000 1"), "not mapped")
    t.match(m.prompt("dump fffffe8000000000 1"), "is no memory")
    rodata = re.search(r"rodata (0x[0-9a-f]+)", m.prompt("kerninfo")).group(1)
    t.match(m.prompt("permissions %s w" % rodata[2:]), r"-> 0+[0-9a-f]+ kw-")
    t.match(m.prompt("permissions %s r" % rodata[2:]), r"-> 0+[0-9a-f]+ kr-")
    for wrong in ("mappings", "mappings zz", "dump 1", "permissions 1"):
        t.match(m.prompt(wrong), "usage|not a hexadecimal number")


@test(4, "monitor: run, envs, kill, shutdown")
def monitor_run(t):
    m = monitor(t, "")
    t.match(m.prompt("run nosuch"), 'cannot start "nosuch"')
    t.match(m.prompt("run primes 20"), r"^CPU \d: 19 is a prime$",
            "^primes: OK$", "pages lost 0, envs lost 0")
    t.match(m.prompt("envs"), "^id +parent", no=["primes"])
    m.prompt("run breakpoint")
    env = re.search(r"^([0-9a-f]{8}) .*running .*breakpoint$",
                    m.prompt("envs"), re.M)
    t.check(env, "envs shows the environment that stopped")
    t.match(m.prompt("kill 12345"), "no environment")
    m.prompt("kill " + env.group(1))
    t.match(m, r"killed: by the monitor")
    m.send("shutdown\n")
    m.wait_end()
    t.equal(m.status, 1, "QEMU's exit status")


@test(3, "monitor: step executes one instruction")
def monitor_step(t):
    m = t.machine("breakpoint", boot={"then": "monitor"}).start()
    first = re.search(r"^  rip  0x(\w+)", m.prompt(), re.M)
    addresses = [int(first.group(1), 16)]
    for _ in range(3):
        shown = m.prompt("step")
        t.match(shown, "^  trap 0x00000001 Debug$")
        addresses.append(int(re.search(r"^  rip  0x(\w+)", shown,
                                       re.M).group(1), 16))
    t.equal(len(set(addresses)), 4, "different addresses")
    t.match(m.prompt("continue"), "breakpoint: continued")


@test(3, "monitor: lines are edited, and come back")
def monitor_edit(t):
    m = monitor(t)
    t.match(m.prompt("nonsenX\x08se"), "Unknown command 'nonsense'")
    t.match(m.prompt("garbage\x15nothing"), "Unknown command 'nothing'")
    t.match(m.prompt("\x1b[A"), "Unknown command 'nothing'")
    t.match(m.prompt("\x1b[A\x1b[A\x1b[Ax"), "Unknown command 'nonsensex'")


# --- The launcher -----------------------------------------------------------

def make(t, *words, tree=None):
    """Output and exit status of make, as a user would call it."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "QEMU",
                                "ARGS", "GRADEFLAGS")}
    done = subprocess.run(
        ["make", "-s", "--no-print-directory", "-C", tree or t.options.tree] +
        list(words), env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=max(t.remaining(), 1))
    return done.stdout, done.returncode


def make_refuses(t, message, *words, **settings):
    """make prints one line with the reason, besides its own, and fails."""
    out, status = make(t, *words, **settings)
    lines = [line for line in out.splitlines() if not re.match(
        r"make: \*\*\*|\S+:\d+: \S+: No such file", line)]
    t.match(out, message)
    t.check(status != 0, "make %s fails" % " ".join(words))
    t.equal(len(lines), 1, "lines of make %s (%s)" % (" ".join(words), out))


@test(4, "the launcher refuses wrong names and values in one line")
def refusals(t):
    make_refuses(t, "no program helo .*hello", "run-helo-nox")
    make_refuses(t, "MEM=8 ", "qemu-nox", "MEM=8")
    make_refuses(t, "CPUS=0 .*1 to 16", "qemu-nox", "CPUS=0")
    make_refuses(t, "CPUS=99 .*1 to 16", "qemu-nox", "CPUS=99")
    make_refuses(t, "NIC=rtl8139 .*igb, e1000", "qemu-nox", "NIC=rtl8139")
    make_refuses(t, "MODE=none .*both, lab6, ix", "qemu-nox", "MODE=none")
    make_refuses(t, "CPUS=1 MODE=both", "qemu-nox", "CPUS=1", "MODE=both")
    make_refuses(t, "nothing makes 'qmeu'", "qmeu")


def unbuilt(t, name):
    """A copy of the tree, not built."""
    tree = os.path.join(t.dir, name)
    shutil.copytree(t.options.tree, tree, ignore=shutil.ignore_patterns(
        "obj", ".git", "__pycache__"))
    return tree


@test(4, "an old QEMU, a missing tool and a path with a space are refused")
def bad_hosts(t):
    make_refuses(t, "path of this tree has a space", "qemu-nox",
                 tree=unbuilt(t, "a tree"))
    tree = unbuilt(t, "tree")
    old = os.path.join(t.dir, "old-qemu")
    with open(old, "w") as f:
        f.write("#!/bin/sh\necho 'QEMU emulator version 6.2.0'\n")
    os.chmod(old, 0o755)
    make_refuses(t, "version 6.2.0: 8.2 or newer", "qemu-nox", "QEMU=" + old,
                 "SETUP=check", tree=tree)
    out, status = make(t, "qemu-nox", "GCCPREFIX=nonesuch-", "SETUP=check",
                       tree=tree)
    t.match(out, "setup: GCCPREFIX=nonesuch-: there is no")
    t.check(status != 0, "make fails without the tools")


@test(4, "the launcher tells a panic, a triple fault and a hang in one line",
      timeout=90)
def endings(t):
    out, status = make(t, "run-hello-nox", "CPUS=1", "MODE=lab6",
                       "PCAP=0", "KARGS=then=exit")
    t.match(out, "^hello, world")
    for kind, line in (
            ("panic", r"^panic: CPU 0 at kern/crash.c:\d+: asked for .*log: "),
            ("triple", r"^triple fault: cpu0 .* at \w+ kern/crash.c:\d+ .*"
             "log: "),
            ("hang", r"^hang: .*cpu0 .* at \w+ kern/crash.c:\d+ .*log: ")):
        out, status = make(t, "run-hello-nox", "CPUS=1", "MODE=lab6",
                           "PCAP=0", "HANG=%d" % (4 if SCALE < 2 else 8),
                           "KARGS=then=exit crash=" + kind)
        t.match(out, line, no=["hello, world"])
        t.check(status != 0, "make fails after crash=" + kind)


@test(2, "machines that are started at the same moment have ports of their "
      "own", parent=endings, timeout=60)
def at_once(t):
    machines = [threading.Thread(target=lambda: told.append(make(
        t, "run-hello-nox", "CPUS=1", "MODE=lab6", "PCAP=0",
        "KARGS=then=exit"))) for _ in range(4)]
    told = []
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    for out, _ in told:
        t.match(out, "^hello, world")
