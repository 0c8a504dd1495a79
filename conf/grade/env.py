"""env.py: the part "environments": system calls with bad arguments, traps of
user code, and the programs that must be killed or must survive."""
from gradelib import part, test

part("environments", budget=30)

VERBOSE = {"verbose": 1}
ENV = r"\[0000[0-9a-f]{4}\] "
PANIC = r"^panic:"


def killed(t, program, reason, *patterns, no=()):
    """The program is killed for that reason; the machine lives on."""
    m = t.run(program, boot=VERBOSE)
    t.match(m, ENV + "killed: " + reason, ENV + "free env", *patterns,
            no=[PANIC, "exiting gracefully"] + list(no))
    return m


def fault(t, program, va, kind, no):
    """The program is killed for a page fault at va of that kind."""
    m = killed(t, program, "page fault", no=no)
    t.sequence(m, ENV + r"user fault va %016x ip 0000000000[0-9a-f]{6}$" % va,
               r"^TRAP frame at 0x[0-9a-f]+ from CPU \d",
               r"^  trap 0x0000000e Page Fault$",
               r"^  err  0x[0-9a-f]+ \[%s\]" % kind,
               ENV + "killed: page fault")


def survives(t, program, *patterns, no=(), **settings):
    """The program ends by itself, with this output."""
    settings.setdefault("boot", VERBOSE)
    m = t.run(program, **settings)
    t.match(m, *patterns, ENV + "exiting gracefully",
            no=[PANIC, "killed: "] + list(no))
    return m


def passes(t, program, deaths=False, **settings):
    """A test* program, which checks itself, finds nothing wrong; and none of
    its children dies, unless that is what it tries."""
    name = program.split()[0]
    m = t.run(program, **settings)
    t.match(m, r"^%s: OK$" % name, no=[PANIC, "FAIL"] + (
        [] if deaths else ["killed: ", "user panic"]))
    return m


def shut_down(m):
    """From the monitor, after the last environment has ended."""
    m.send("shutdown\n")
    m.wait_end()
    m.require_clean()


@test(5, "the first program runs, prints and ends")
def hello(t):
    m = survives(t, "hello", r"^hello, world$",
                 r"^i am environment 00001000$")
    t.sequence(m, "hello, world", r"\[00001000\] exiting gracefully",
               r"\[00001000\] free env 00001000", "all environments done")


@test(2, "dividing by zero kills")
def divzero(t):
    killed(t, "divzero", "Divide error", r"^  trap 0x00000000 Divide error$",
           no=["1/0 is"])


@test(2, "int $14 from ring 3 is a protection fault")
def softint(t):
    killed(t, "softint", "General Protection",
           r"^  trap 0x0000000d General Protection$", r"^  err  0x00000072$",
           no=["by hand", "trap 0x0000000e"])


@test(2, "loading a system segment is a protection fault")
def badsegment(t):
    killed(t, "badsegment", "General Protection",
           r"^  trap 0x0000000d General Protection$", r"^  err  0x00000040$",
           no=["loaded"])


@test(3, "reading address 0 kills")
def faultread(t):
    fault(t, "faultread", 0, "user, read, not-present", ["I read"])


@test(3, "reading the kernel's memory kills")
def faultreadkernel(t):
    fault(t, "faultreadkernel", 0xffffffff80200000, "user, read, protection",
          ["I read"])


@test(3, "writing address 0 kills")
def faultwrite(t):
    fault(t, "faultwrite", 0, "user, write, not-present", ["I wrote"])


@test(3, "writing the kernel's memory kills")
def faultwritekernel(t):
    fault(t, "faultwritekernel", 0xffffffff80200000, "user, write, protection",
          ["I wrote"])


@test(3, "calling address 0 kills")
def faultnull(t):
    fault(t, "faultnull", 0, "user, fetch, not-present", ["I called"])


@test(3, "data is not executable")
def faultnx(t):
    m = killed(t, "faultnx", "page fault", no=["I executed"])
    t.match(m, r"^  err  0x[0-9a-f]+ \[user, fetch, protection\]")


@test(5, "a program's bss is zero, and ends")
def testbss(t):
    m = killed(t, "testbss", "page fault", no=["isn't cleared", "didn't hold",
                                               "SHOULD HAVE TRAPPED"])
    t.sequence(m, "Making sure bss works right", "Yes, good.",
               r"user fault va 0000000000[0-9a-f]{6} ")


@test(3, "a breakpoint enters the monitor, which goes on")
def breakpoint(t):
    m = t.machine("breakpoint", boot={"then": "monitor"}).start()
    t.match(m.prompt(), r"^  trap 0x00000003 Breakpoint$")
    t.match(m.prompt("envs"), r"^00001000 .*running .*breakpoint$")
    t.match(m.prompt("continue"), "breakpoint: continued", no=["killed"])
    shut_down(m)


@test(3, "without anybody at the prompt a breakpoint kills")
def breakpoint_alone(t):
    killed(t, "breakpoint", "Breakpoint", no=["^K> ", "continued"])


@test(3, "a breakpoint stops any CPU, and time goes on after it")
def testbreak(t):
    for cpus in (1, 2):
        m = t.machine("testbreak", cpus=cpus, boot={"then": "monitor"})
        t.match(m.start().prompt(), "from CPU %d$" % (cpus - 1))
        for command in ("envs", "cpus", "counters"):
            m.prompt(command)
        t.match(m.prompt("continue"), "^testbreak: OK$", no=[PANIC])
        shut_down(m)


@test(3, "a wild pointer given to a system call is refused")
def buggyhello(t):
    survives(t, "buggyhello", "^buggyhello: sys_cputs: bad address$")


@test(3, "a length beyond the mapped memory is refused")
def buggyhello2(t):
    survives(t, "buggyhello2", "^buggyhello2: sys_cputs: bad address$",
             no=["hello, world"])


@test(3, "the kernel prints none of its own memory")
def evilhello(t):
    survives(t, "evilhello", "^evilhello: sys_cputs: bad address$")


@test(5, "system calls refuse bad addresses and lengths")
def evilsyscalls(t):
    m = passes(t, "evilsyscalls", cpus=1)
    t.match(m, no=["!!"])


@test(5, "no instruction of the kernel's runs in ring 3")
def evilinsn(t):
    m = passes(t, "evilinsn", deaths=True, timeout=60)
    t.match(m, "^evilinsn: cli$", "^evilinsn: hlt$")


@test(4, "registers set by a parent give no privilege")
def eviltrapframe(t):
    passes(t, "eviltrapframe", deaths=True)


@test(4, "IPC with wrong partners, addresses and rights is refused")
def evilipc(t):
    passes(t, "evilipc", cpus=2)


@test(2, "an ordinary environment sends and receives no frames")
def evilnic(t):
    passes(t, "evilnic", nics=[{}])


@test(5, "system calls at random harm nobody", timeout=120)
def evilrandom(t):
    passes(t, "evilrandom 1", deaths=True, cpus=2, timeout=60)
    passes(t, "evilrandom 20260101", deaths=True, cpus=2, timeout=60)


@test(4, "rights do not grow when memory is mapped")
def testmap(t):
    passes(t, "testmap")


@test(4, "what the kernel shows is true and read-only")
def testuvpt(t):
    passes(t, "testuvpt", deaths=True, cpus=2)


@test(4, "when memory or environments are used up, calls say so",
      timeout=120)
def testnomem(t):
    passes(t, "testnomem", mem="64M", timeout=60)


@test(4, "a program has its arguments, memory and descriptors")
def testspawn(t):
    passes(t, "testspawn")


@test(2, "malloc under random use")
def testmalloc(t):
    passes(t, "testmalloc", deaths=True)


@test(2, "thread-local variables")
def testtls(t):
    passes(t, "testtls")


@test(2, "endless recursion ends at the guard page below the stack")
def faultstack(t):
    killed(t, "faultstack", "page fault",
           r"user fault va 00007efff[0-9a-f]{7} ", no=["I returned"])


@test(2, "arguments, setjmp and descriptors of the library")
def testlib(t):
    passes(t, "testlib")


@test(3, "a program reads lines from the console")
def testkbd(t):
    m = t.machine("testkbd").start()
    m.wait_line("^Type a line: $")
    m.send("some words\n")
    m.wait_line("^some words$")
    m.wait_line("^Type a line: $")
    m.send("nax\x08me\n")
    m.wait_line("^name$")
    m.wait_line("^Type a line: $")
    m.send("\x04")
    m.wait_end()
    m.require_clean()
    t.match(m, "testkbd: done$")
