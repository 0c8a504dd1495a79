"""rings.py: the part "rings": the three rings: gates, crossings and attacks on
them. Nearly all attacks of one kind share a machine, in which the lab-6 server
must go on answering."""
import re
import socket
import threading

from gradelib import part, test

part("rings", budget=120)

PANIC = r"^panic:"
GP, PF, UD, DB, BP, DE = 13, 14, 6, 1, 3, 0

# ixevil, ring 3: attack and the trap in which it must end.
TOUCHES = """read-null read-data write-data read-sys write-stack read-ring
write-ring read-pool read-common write-common read-text run-text read-regs
write-regs write-tail write-rxbuf other-rxbuf write-own-text run-stack
run-own-data write-uinfo write-ucount read-uenvs read-uvpt read-kernel
write-kernel read-physmap read-gdt write-gdt read-idt write-idt
write-entry-stack read-kstack read-mmio""".split()
INSTRUCTIONS = {
    "int41": GP, "int20": GP, "intf2": GP, "int3": BP, "syscall": UD,
    "sysenter": UD, "cli": GP, "sti": GP, "hlt": GP, "in": GP, "out": GP,
    "wrmsr": GP, "rdmsr": GP, "cr3": GP, "cr0": GP, "dr7": GP, "lidt": GP,
    "sgdt": GP, "ltr": GP, "swapgs": GP, "invlpg": GP, "trap-flag": DB,
    "ud2": UD, "divide": DE, "ring1": GP, "ring0": GP, "iret1": GP,
    "lgdt": GP, "lldt": GP, "clts": GP, "rdpmc": GP, "xsetbv": GP, "sidt": GP,
    "str": GP, "smsw": GP, "sysret": GP}

# evilos, ring 1. 0: it goes on and must have been refused everything.
EVIL_TOUCHES = """read-kernel read-physmap write-physmap read-kstack
read-lapic read-uvpt read-uenvs write-uinfo write-gdt write-tss
read-other-gdt write-idt other-idt other-stack write-text write-app-text
write-regs-end run-app run-data""".split()
EVIL_INSTRUCTIONS = dict.fromkeys(
    """cli sti hlt in out cr0 cr3 cr4 dr7 lgdt lidt lldt ltr clts invlpg
    swapgs sysret xsetbv rdmsr wrmsr int20 intfd ring0 iret0""".split(), GP)
EVIL_INSTRUCTIONS.update({"stac": UD, "syscall": UD, "int40": UD,
                          "run-stub": GP, "write-stub": PF})
EVIL_REFUSED = ["flags", "kcalls", "own-stack", "junk-registers",
                "junk-stats"]


def two_nics():
    """NIC 0: lab-6 with UDP echo forwarded; NIC 1: the dataplane's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    return port, [
        {"slirp": "net=10.0.2.0/24,hostfwd=udp:127.0.0.1:%d-10.0.2.15:7"
                  % port},
        {"slirp": "net=10.0.3.0/24,dhcpstart=10.0.3.15"}]


class Lab6Client:
    """Asks the lab-6 echo server again and again; .answers counts."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(0.5)
        self.socket.connect(("127.0.0.1", port))
        self.answers = 0
        self.stop = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            text = b"%d" % self.answers
            try:
                self.socket.send(text)
                if self.socket.recv(100) == text:
                    self.answers += 1
            except OSError:             # not yet, or lost: once more
                pass

    def end(self):
        self.stop = True
        self.thread.join()
        self.socket.close()


def attack(t, words, expected, options="", ring=3, timeout=90):
    """Run each attack in one machine beside lab-6; each must end so."""
    port, nics = two_nics()
    app = "ixcross" if "-L" in options else "ixevil"
    m = t.machine("ns; udpecho; ixcp each -k %s %s %s" % (
        options, app, ",".join(words)), cpus=2, nics=nics,
        boot={"mode": "both", "until": "ixcp", "verbose": 0})
    client = Lab6Client(port)
    t.on_end(client.end)
    m.start()
    m.wait_line("press a key")
    t.wait_for(lambda: client.answers > 0, "lab-6 to answer")
    m.send("k")
    m.wait_line("press a key", timeout)
    answers = client.answers
    t.wait_for(lambda: client.answers > answers + 10,
               "lab-6 to answer after the attacks")
    m.send("k")
    m.wait_end()
    m.require_clean()
    t.match(m, no=[PANIC, "was possible", "no attack is called"])
    for word in words:
        wanted = expected(word)
        line = "core 0 exited with 0\n" if wanted is None else \
            "core 0 died in ring %d: trap %d," % (ring, wanted)
        whole = m.text.split("ixcp: %s %s\n" % (app, word))
        t.check(len(whole) == 2, "attack %s was run" % word)
        got = whole[1].split("ixcp: dataplane")[0]
        t.check(line in got, "%s ends with '%s', not: %s" % (
            word, line.strip(), got.strip()))


@test(10, "a million crossings do not enter the kernel")
def crossings(t):
    _, nics = two_nics()
    m = t.run("ixcp run -t 0 ixcross", cpus=2, nics=nics,
              boot={"mode": "ix"})
    t.match(m, r"^ixcross: core 0: 1000000 crossings, 0 kernel entries",
            r"^ixcp: core 0 exited with 0$", no=[PANIC])


@test(10, "an application cannot touch what is not its own", timeout=120)
def app_memory(t):
    attack(t, TOUCHES, lambda word: PF)


@test(10, "an application cannot run what it may not", timeout=120)
def app_instructions(t):
    attack(t, list(INSTRUCTIONS), INSTRUCTIONS.get)


@test(3, "interrupts lose no flag of ring 3")
def app_flags(t):
    _, nics = two_nics()
    m = t.run("ixcp run ixflags", cpus=2, nics=nics, boot={"mode": "ix"})
    t.match(m, "^ixflags: OK$", no=[PANIC, "died"])


@test(10, "every call refuses bad arguments")
def app_calls(t):
    _, nics = two_nics()
    m = t.run("ixcp run ixevil calls", cpus=2, nics=nics,
              boot={"mode": "ix"})
    t.match(m, r"^ixevil: calls: [1-9]\d{3} tried, 0 not refused$",
            r"^ixcp: core 0 exited with 0$", no=[PANIC, " gave "])


@test(5, "calls may change while the libOS reads them")
def app_race(t):
    _, nics = two_nics()
    # Without a bound on user time: one core writes and never enters.
    m = t.run("ixcp run -c 2 -t 0 ixevil race", cpus=3, nics=nics,
              boot={"mode": "ix"})
    t.match(m, r"^ixevil: race: [1-9]\d* batches survived$",
            r"^ixcp: core 0 exited with 0$", r"^ixcp: core 1 exited with 0$",
            no=[PANIC, "died"])


@test(5, "an application that never returns is killed")
def app_spin(t):
    _, nics = two_nics()
    m = t.run("ixcp each -t 100 ixevil spin,spin-late", cpus=2, nics=nics,
              boot={"mode": "ix"})
    t.sequence(m, "ixevil spin$", "core 0: 101 ms in ring 3, killed$",
               "ixevil spin-late$", "core 0: 101 ms in ring 3, killed$",
               "dataplane 0 has been killed$")


@test(5, "an application that takes memory leaves some to the others")
def app_hoards_memory(t):
    _, nics = two_nics()
    m = t.run("ixcp run ixevil memory", cpus=2, nics=nics, mem="256M",
              boot={"mode": "ix"})
    t.match(m, r"^ixcp: core 0 exited with 0$", no=[PANIC])
    taken = int(re.search(r"memory: (\d+) MB taken", m.text).group(1))
    # 48 MB were its own from the start, 32 stay.
    t.check(100 < taken <= 256 - 48 - 32, "an eighth of 256 MB to be left: "
            "%d taken" % taken)


@test(5, "the control plane's calls refuse bad arguments, and other callers")
def control_calls(t):
    _, nics = two_nics()
    m = t.run("evilcp", cpus=2, nics=nics, boot={"mode": "ix"})
    t.match(m, "^evilcp: OK$", no=[PANIC])


@test(5, "a CPU is given away without harm to either side", timeout=120)
def give_cpu(t):
    """Environments that ran or slept there; and a dataplane without a tick,
    which the timer of those that sleep must not end."""
    for cpus, programs in [(2, "ixcp run ixudp; testgive")] * 3 + [
            (3, "ixcp run -c 2 -t 0 ixevil spin; testgive -s")]:
        _, nics = two_nics()
        m = t.run(programs, cpus=cpus, nics=nics,
                  boot={"mode": "ix", "until": "testgive"})
        t.match(m, "^testgive: OK$", no=[PANIC])


@test(10, "a libOS cannot touch what is not its own", timeout=120)
def libos_memory(t):
    attack(t, EVIL_TOUCHES, lambda word: PF, "-L evilos", 1)


@test(10, "a libOS cannot run what ring 1 may not", timeout=120)
def libos_instructions(t):
    attack(t, list(EVIL_INSTRUCTIONS), EVIL_INSTRUCTIONS.get, "-L evilos", 1)


@test(10, "the kernel trusts nothing that a libOS left behind")
def libos_kernel_calls(t):
    attack(t, EVIL_REFUSED, lambda word: None, "-L evilos", 1)


@test(5, "a libOS on one core cannot reach another core's entry stack")
def libos_second_core(t):
    _, nics = two_nics()
    m = t.run("ixcp each -c 2 -L evilos ixcross other-stack,own-stack",
              cpus=3, nics=nics, boot={"mode": "ix"})
    # Core 1 is CPU 1, core 0 is CPU 2, whose stack both write to.
    t.sequence(m, "ixcross other-stack", "core 1 died in ring 1: trap 14, "
               "error 2", "ixcross own-stack", "core 0 exited with 0",
               "core 1 exited with 0")


# --- Bindings: taken back by force, and waiting ------------------------------

@test(10, "a libOS that never answers is revoked by force")
def libos_revoked(t):
    """Busy in ring 1; waiting in ring 0 for ever."""
    for word in "spin", "wait":
        _, nics = two_nics()
        m = t.machine("ixcp run -L evilos ixcross %s; ixcp stop -k 0" % word,
                      cpus=2, nics=nics,
                      boot={"mode": "ix", "then": "monitor"}).start()
        m.wait_line(r"^ixcp: ixcross is dataplane 0")
        m.send("k")
        m.wait_line(r"^ixcp: core 0 taken back")
        m.wait_line(r"^ixcp: dataplane 0 has been killed")
        m.wait_line(r"^jix: all environments done: pages lost 0, envs lost 0")
        m.prompt()
        t.match(m.prompt("dataplanes"), r"^no dataplane$")
        # The core is the scheduler's again, and the queue can be had again.
        m.send("run ixcp run ixcross\n")
        m.wait_line(r"^ixcross: core 0: 1000000 crossings")
        m.wait_line(r"^jix: all environments done: pages lost 0, envs lost 0")
        m.prompt()
        m.send("shutdown\n")
        m.wait_end()


@test(5, "a dataplane ends with its control plane")
def control_plane_killed(t):
    _, nics = two_nics()
    m = t.machine("ixcp run -t 0 ixevil spin; ixcp status -k", cpus=2,
                  nics=nics, boot={"mode": "ix", "until": "ixcp"}).start()
    m.wait_line(r"^ixcp: ixevil is dataplane 0")
    m.send("k")
    m.wait_line(r"^dataplane 0: running, owner \w+, NIC 1, 1 cores, "
                r"\d+ pages of 2 MB")
    m.wait_line(r"^  core 0: CPU 1, queue 0, 128 flow groups")
    m.wait_end()                        # until=: the first ixcp is ended
    m.require_clean()


def ask(port, number, first=0):
    """Datagrams one at a time; those of which the answer came late."""
    late = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(2)
        s.connect(("127.0.0.1", port))
        for i in range(first, first + number):
            s.send(b"%08d" % i)
            try:
                while s.recv(100) != b"%08d" % i:
                    pass
            except OSError:
                late += 1
    return late


def forwarded(nic):
    """A free UDP port, and the cards for a dataplane that answers there."""
    port, nics = two_nics()
    return port, [{}, dict(slirp="net=10.0.3.0/24,dhcpstart=10.0.3.15,"
                           "hostfwd=udp:127.0.0.1:%d-10.0.3.15:7" % port,
                           model=nic)]


@test(10, "no wake-up is lost: 1,000 datagrams to a core that always waits",
      timeout=90)
def no_lost_wakeup(t):
    for nic in "igb", "e1000":
        port, nics = forwarded(nic)
        m = t.machine("ixcp run -w 0 ixudp -- -m 1000", cpus=2, nics=nics,
                      boot={"mode": "ix"}).start()
        m.wait_line(r"^ixudp: core 0 of 1 serves")
        t.equal(ask(port, 1000), 0, "late answers on " + nic)
        m.wait_end()
        m.require_clean()
        t.match(m, r"^ixcp: core 0 exited with 0$", no=[PANIC])


@test(10, "an application that hoards buffers starves only itself",
      timeout=90)
def hoard(t):
    port, nics = forwarded("igb")
    m = t.machine("ixcp run ixevil hoard", cpus=2, nics=nics,
                  boot={"mode": "ix"}).start()
    m.wait_line(r"^ixcp: ixevil is dataplane 0")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        while m.status is None and t.remaining() > 0 and \
                "ixevil: hoard" not in m.text:
            for _ in range(16):
                try:
                    s.send(b"x" * 64)
                except OSError:
                    pass
            threading.Event().wait(0.001)
    m.wait_end()
    m.require_clean()
    t.match(m, r"^ixevil: hoard: kept 71\d\d, \d{4,} dropped, 512 free$",
            r"^ixcp: core 0 exited with 0$", no=[PANIC])
