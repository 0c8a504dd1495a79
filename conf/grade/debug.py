"""debug.py: the part "debugging": gdb from the boot sector to user code,
packets, traces."""
import os
import re
import subprocess

from gradelib import part, test

part("debugging", budget=60)


def gdb(t, programs, *commands, **settings):
    """What gdb says to the commands, from the machine's reset on."""
    m = t.machine(programs, gdb=True, freeze=True, **settings).start()
    text = m.gdb(list(commands))
    if commands[-1] == "detach":        # the machine goes on, unharmed
        m.prompt()
        t.match(m, "^jix: all environments done: pages lost 0, envs lost 0$")
    t.match(text, no=[r"Error in sourced command file", r"^Python Exception",
                      r"g' packet reply is too long"])
    m.stop()
    return text


@test(6, "gdb: breakpoints from the boot sector to the kernel")
def gdb_boot(t):
    text = gdb(t, "hello", "hbreak *0x7c00", "continue", "x/i $pc",
               "break kern_init", "continue", "backtrace", "info threads",
               cpus=2)
    t.sequence(text, r"Breakpoint 1, boot_start \(\) at boot/boot.S:\d+",
               r"^=> 0x7c00 <boot_start>:\s+cli",
               r"Breakpoint 2, kern_init \(bi=",
               r"^#0 +kern_init ", r"^#1 .* in kern_entry \(\) at kern/entry.S",
               r"CPU#0 .*kern_init", r"CPU#1 ")


@test(6, "gdb: user code, with its symbols, arguments and steps")
def gdb_user(t):
    text = gdb(t, "hello one two", "jix program hello", "break main",
               "continue", "print argc", "print argv[2]", "next", "next",
               "backtrace", "jix env", "info symbol main")
    t.sequence(text, r"symbols of obj/user/hello$",
               r"Breakpoint 1, main \(argc=3, .*user/hello.c:\d+",
               r"= 3$", r'= 0x[0-9a-f]+ "two"$', r"^\d+\t.*i am environment",
               r"^#0 +main ", r"^env 00001000 runs hello: symbols of ",
               r"^main in section .text of .*obj/user/hello$")


@test(6, "gdb: a system call, and the user code that made it")
def gdb_syscall(t):
    text = gdb(t, "hello", "jix program hello",
               "break syscall_dispatch if r->rax == SYS_cputs", "continue",
               "backtrace", "jix tf r")
    t.sequence(text, r"Breakpoint 1, syscall_dispatch \(e=",
               r"^#0 +syscall_dispatch ", r"^#\d .*\btrap \(tf=",
               r"<signal handler called>", r"^#\d .*at lib/printf.c",
               r"^#\d .* main \(argc=.* at user/hello.c:\d+",
               r"^  rip  0000000000[0-9a-f]{6}  ")


@test(6, "gdb: through a page fault's frame to the user's registers")
def gdb_fault(t):
    text = gdb(t, "faultread one", "break page_fault_user", "continue",
               "backtrace", "frame function main", "print argc",
               "print argv[1]", "jix tf")
    t.sequence(text, r"Breakpoint 1, page_fault_user \(",
               r"^#0 +page_fault_user ", "<signal handler called>",
               r"^#\d +main \(argc=2, .* at user/faultread.c:\d+", r"= 2$",
               r'"one"$', r"^  trap 14, error 0x4, ring 3$")


@test(6, "gdb: environments and CPUs, their stacks and tables")
def gdb_envs(t):
    text = gdb(t, "faultdie; spin", "jix program spin",
               "break exit", "continue",       # faultdie has none
               "jix envs", "jix cpus", "jix walk 0x800000 spin",
               "jix walk 0xffffffff80200000", "thread 2", "backtrace",
               cpus=2)
    t.sequence(text, r"^env +parent +state",
               r"^0000[0-9a-f]{4}  00000000  running .* spin, ip 0x8",
               r"^cpu 0: apic id 0, ", r"^cpu 1: apic id 1, ",
               r"^level 3\[  0\]  [0-9a-f]{16}  P W U", r"^level 0\[  0\]  ",
               r"^physical 0x[0-9a-f]+000$", r"^level 3\[511\]  ",
               r"^physical 0x200000$", r"^#0 ")


@test(3, "gdb: the stack of an environment that waits")
def gdb_blocked(t):
    # Whoever runs first, the child soon calls one of these while the parent
    # waits in the other.
    text = gdb(t, "pingpong", "jix program pingpong",
               "break ipc_recv if envs[0].status == 4",
               "break ipc_send if envs[0].status == 4",
               "continue", "jix envs", "jix bt 1000", "print $rip",
               "delete", "detach", boot={"then": "monitor"})
    t.sequence(text, r"^00001000 .* blocked .*pingpong, ip 0x[0-9a-f]+, waits",
               r"^#\d .*\bipc_(send|recv) \(",
               r"^#\d .*\bmain \(argc=.* at user/pingpong.c:\d+$",
               r"= \(void \(\*\)\(\)\) 0x[0-9a-f]+ <ipc_(send|recv)")


@test(3, "gdb: a frame in memory, in words")
def gdb_packet(t):
    frame = ("ffffffffffff 525400123456 0806 0001 0800 06 04 0001 "
             "525400123456 0a00020f 000000000000 0a000202").split()
    octets = [int(text[i:i + 2], 16) for text in frame
              for i in range(0, len(text), 2)]
    text = gdb(t, "hello", "break kern_init", "continue",
               *["set *(unsigned char *)(0x90000 + %d) = %d" % item
                 for item in enumerate(octets)], "jix packet 0x90000 42")
    t.match(text, r"^52:54:00:12:34:56 > ff:ff:ff:ff:ff:ff 42 bytes: "
            r"ARP request 10.0.2.15 for 10.0.2.2$",
            r"^  0000  ff ff ff ff ff ff 52 54 ")


@test(4, "make run-hello-nox-gdb and make gdb find each other", timeout=90)
def gdb_make(t):
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    make = ["make", "-s", "--no-print-directory", "-C", t.options.tree]
    with open(os.path.join(t.dir, "run.log"), "wb") as log:
        run = subprocess.Popen(
            make + ["run-hello-nox-gdb", "CPUS=1", "MODE=lab6", "PCAP=0",
                    "KARGS=then=exit"], env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    t.on_end(lambda: run.poll() is None and run.terminate())
    t.wait_for(lambda: "make gdb" in read(log.name), "the launcher's hint")
    done = subprocess.run(
        make + ["gdb"], env=environment, text=True, timeout=t.remaining(),
        input="set pagination off\njix program hello\nbreak main\ncontinue\n"
        "delete\ncontinue\n", stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    t.match(done.stdout, r"Breakpoint 1, main .* at user/hello.c")
    run.wait(max(t.remaining(), 1))
    t.match(read(log.name), r"^hello, world$")
    t.equal(run.returncode, 0, "exit status of make run-hello-nox-gdb")


def read(path):
    with open(path, encoding="latin-1") as f:
        return re.sub("\r", "", f.read())
