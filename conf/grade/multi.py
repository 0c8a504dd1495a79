"""multi.py: the part "multitasking": fork, page-fault upcalls, IPC, time,
preemption, pipes, and several processors."""
import os
import re
import socket

from gradelib import part, test

from env import ENV, PANIC, VERBOSE, killed, passes, shut_down, survives

part("multitasking", budget=40)


@test(5, "a fork by copying everything")
def dumbfork(t):
    m = survives(t, "dumbfork", r"^0: I am the parent!$",
                 r"^9: I am the parent!$", r"^0: I am the child!$",
                 r"^19: I am the child!$", r"\[00001000\] exiting",
                 r"\[00001001\] exiting",
                 no=["10: I am the parent", "20: I am the child"])
    t.equal(m.text.count("I am the parent"), 10, "lines of the parent")
    t.equal(m.text.count("I am the child"), 20, "lines of the child")


@test(3, "environments take turns")
def yield_(t):
    # Time by counted instructions: however slow the host, no time slice ends
    # between a line and the next yield.
    m = survives(t, "yield; yield; yield", cpus=1, thread="single",
                 extra=["-icount", "shift=0,sleep=off"])
    for env in ("00001000", "00001001", "00001002"):
        t.sequence(m, "I am environment %s" % env,
                   *["Back in environment %s, iteration %d" % (env, i)
                     for i in range(5)],
                   "All done in environment %s" % env)
    turns = [line.split()[3].rstrip(",") for line in m.text.splitlines()
             if line.startswith("Back in")]
    t.check(all(a != b for a, b in zip(turns[:12], turns[1:])),
            "after each yield another environment runs: %s" % turns)


@test(4, "a handler of page faults can end its environment")
def faultdie(t):
    m = t.run("faultdie", boot=VERBOSE)
    t.match(m, r"^i faulted at va deadbeef, err 6$", ENV + "exiting",
            no=[PANIC, "killed", "I wrote"])


@test(5, "a handled page fault changes no register")
def faultregs(t):
    survives(t, "faultregs", "^Registers in UTrapframe OK$",
             "^Registers after page-fault OK$", no=["MISMATCH"])


@test(4, "a handler maps what is missing, and faults itself")
def faultalloc(t):
    survives(t, "faultalloc", "^fault deadbeef$",
             "^this string was faulted in at deadbeef$", "^fault cafebffe$",
             "^fault cafec000$", "^this string was faulted in at cafebffe$")


@test(3, "a system call does not run the handler")
def faultallocbad(t):
    survives(t, "faultallocbad", "^faultallocbad: sys_cputs: bad address$",
             no=["^fault "])


@test(3, "an upcall without an exception stack kills")
def faultnostack(t):
    killed(t, "faultnostack", "page fault", "user fault va 0000000000000000",
           no=["I wrote"])


@test(3, "an upcall that cannot run kills")
def faultbadhandler(t):
    killed(t, "faultbadhandler", "page fault",
           "user fault va 00000000deadbeef ip 00000000deadbeef",
           no=["I wrote"])


@test(3, "an upcall in the kernel is refused")
def faultevilhandler(t):
    killed(t, "faultevilhandler", "page fault",
           "^faultevilhandler: non-canonical upcall: (?!no error)",
           "^faultevilhandler: kernel upcall: (?!no error)", no=["I wrote"])


@test(5, "a tree of copy-on-write forks")
def forktree(t):
    m = survives(t, "forktree")
    t.match(m, *[r"^[0-9a-f]{4}: I am '%s'$" % name for name in
                 ("", "0", "1", "00", "01", "10", "11", "000", "001", "010",
                  "011", "100", "101", "110", "111")])
    t.equal(m.text.count("exiting gracefully"), 15, "environments that ended")


@test(4, "a spinning child is preempted and ended")
def spin(t):
    for cpus in (1, 2):
        m = t.run("spin", cpus=cpus, boot=VERBOSE)
        t.sequence(m, "I am the parent.  Forking", "I am the parent.  Running",
                   "I am the parent.  Killing", "^spin: OK$")
        t.match(m, r"\[00001000\] destroying 00001001", no=[PANIC])


@test(4, "pages go to and fro by IPC")
def sendpage(t):
    survives(t, "sendpage", "^child received correct message$",
             "^parent received correct message$", cpus=2)


@test(4, "a number goes to and fro by IPC")
def pingpong(t):
    m = survives(t, "pingpong", cpus=2)
    t.sequence(m, *["%x got %d from %x" % (0x1000 + (i + 1) % 2, i,
                                           0x1000 + i % 2)
                    for i in range(11)])


@test(8, "the prime sieve on 4 CPUs", timeout=120)
def primes(t):
    m = t.run("primes", cpus=4, timeout=100)
    found = [int(line.split()[2]) for line in m.text.splitlines()
             if line.endswith("is a prime")]
    wanted = [n for n in range(2, 1878)
              if all(n % d for d in range(2, int(n ** .5) + 1))]
    t.equal(sorted(found), wanted, "the primes up to 1877")
    t.match(m, "^primes: OK$", no=[PANIC])
    used = {line.split(":")[0] for line in m.text.splitlines()
            if line.startswith("CPU ") and "prime" in line}
    t.check(len(used) > 1, "several CPUs found primes")


@test(3, "non-maskable interrupts, at whatever moment, change nothing")
def nmi(t):
    m = t.machine("primes 1200", cpus=2)
    path = os.path.join(m.sockets, "monitor")
    m.command += ["-monitor", "unix:%s,server=on,wait=off" % path]
    m.start().wait_line("is a prime$")
    with socket.socket(socket.AF_UNIX) as qemu:
        qemu.connect(path)
        for _ in range(300):
            qemu.sendall(b"nmi\n")
            while b"(qemu)" not in qemu.recv(4096):
                pass
    m.wait_line("^primes: OK$")
    m.wait_end()
    m.require_clean()
    t.match(m, no=[PANIC, "killed"])


@test(5, "twenty busy environments on 4 CPUs")
def stresssched(t):
    m = passes(t, "stresssched", cpus=4)
    lines = [line for line in m.text.splitlines()
             if "stresssched on CPU" in line]
    t.equal(len(lines), 20, "environments that finished")
    cpus = re.search(r"^stresssched: by CPUs 0x(\w+)$", m.text, re.M)
    t.check(cpus and bin(int(cpus.group(1), 16)).count("1") > 1,
            "several CPUs were used")


@test(3, "queued senders are served in turn")
def fairness(t):
    passes(t, "fairness", cpus=1)


@test(4, "memory after a fork is copied when written")
def testfork(t):
    passes(t, "testfork", deaths=True, cpus=2)


@test(5, "IPC: queues, calls, timeouts and the end of a partner")
def testipc(t):
    passes(t, "testipc", cpus=2)


@test(4, "spinners share the processors")
def testpreempt(t):
    for cpus in (1, 2):
        passes(t, "testpreempt", cpus=cpus)


@test(4, "a stopped child goes on with its registers as they were")
def teststop(t):
    for cpus in (1, 2):
        passes(t, "teststop", cpus=cpus)


@test(3, "time goes forward, and sleepers wake in its order")
def testsleep(t):
    passes(t, "testsleep", cpus=2)


@test(5, "floating-point registers are each environment's own")
def testfpu(t):
    # Twice: the second environment has the first one's place.
    m = t.machine("testfpu", cpus=2, boot={"then": "monitor"}).start()
    for shown in (m.prompt(), m.prompt("run testfpu")):
        t.match(shown, "^testfpu: OK$", no=[PANIC, "killed: "])
    shut_down(m)


@test(4, "pipes carry bytes in order, and end")
def testpipe(t):
    passes(t, "testpipe", cpus=2)


@test(3, "an open pipe is not taken for a closed one")
def testpiperace(t):
    passes(t, "testpiperace", cpus=2)


@test(3, "shared pages stay shared over fork and spawn")
def testpteshare(t):
    t.match(t.run("testpteshare"), "fork handles PTE_SHARE right",
            "spawn handles PTE_SHARE right", no=[PANIC])


@test(4, "a mapping removed is gone for another CPU, too")
def testtlb(t):
    m = t.run("testtlb", cpus=2)
    t.match(m, "^testtlb: OK$", ENV + r"user fault va 0000001000000000 ",
            no=[PANIC, "check failed"])
