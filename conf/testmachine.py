"""testmachine.py: one run of JIX in QEMU, driven by a test.

A Machine starts QEMU on the tree's disk image with boot arguments, keeps the
serial port as text and in a log file, waits for lines, types input, and ends
with QEMU's exit status read as the kernel means it. It may have network
cards whose other side is a unix socket (see frames.py) and a gdb stub on
another. Used by gradelib.py; needs no privileges.
"""
import math
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import weakref

import command

SCALE = float(os.environ.get("TIMEOUT_SCALE") or 1)

# Exit statuses of QEMU: isa-debug-exit gives 2 * code + 1.
CLEAN, LOST, PANIC, LOADER = 1, 3, 5, 253
MEANINGS = {
    0: "the processor was reset (a triple fault), or QEMU was ended",
    CLEAN: "the machine shut down",
    LOST: "the machine shut down, but pages or environments were lost",
    PANIC: "the kernel panicked",
    LOADER: "the loader refused to go on",
}


class MachineError(Exception):
    """The machine did not do what was waited for."""


class Machine:
    """One run. `programs` are command lines separated by ';'. Settings:

    cpus, mem, cpu  as QEMU's -smp, -m and -cpu
    boot            dict of boot arguments besides then=exit and tscale=
    thread          "multi" or "single"; by default multi while the host has
                    a core for each CPU
    nics            list of dicts, see TestConfig.card(); default none
    gdb             True: listen on self.gdb_path; freeze: wait for gdb there
    image           another disk image
    extra           further words for QEMU's command line
    """

    live = weakref.WeakSet()

    def __init__(self, test, programs="", cpus=1, mem="512M", cpu="max",
                 boot=None, thread=None, nics=(), gdb=False, freeze=False,
                 image=None, extra=()):
        self.test = test
        self.programs = programs
        self.cpus = cpus
        self.tree = test.options.tree
        number = len(test.machines) + 1
        self.dir = test.dir if number == 1 else os.path.join(test.dir,
                                                             str(number))
        os.makedirs(self.dir, exist_ok=True)
        self.log_path = os.path.join(self.dir, "serial.log")
        self.sockets = tempfile.mkdtemp(prefix="jix-")
        self.gdb_path = os.path.join(self.sockets, "gdb")
        self.process = None
        self.status = None              # exit status, once it has ended
        self.stopped = False            # by us
        self.timed_out = None           # what was waited for in vain
        self.text = ""
        self.partial = ""               # a line not ended yet
        self.calls = []
        self.changed = threading.Condition()
        self.seen = 0                   # lines that wait_line has passed
        self.lines = []
        config = TestConfig(self.dir, programs, cpus, mem, cpu, thread, nics,
                            dict({"then": "exit", "tscale": math.ceil(SCALE)},
                                 **(boot or {})))
        self.command = config.command(
            qemu_path(self.tree),
            image=image or os.path.join(self.tree, command.IMAGE))
        if gdb:
            self.command += ["-gdb", "unix:path=%s,server=on,wait=off"
                             % self.gdb_path]
        if freeze:
            self.command.append("-S")
        self.command += list(extra)

    def shell_command(self):
        return " ".join(shlex.quote(word) for word in self.command)

    def debug_command(self):
        settings = "" if self.cpus == 2 else " CPUS=%d" % self.cpus
        if re.fullmatch(r"[\w.]+", self.programs):
            run = "run-%s-nox-gdb" % self.programs
        else:
            run = "qemu-nox-gdb ARGS=%s" % shlex.quote(self.programs)
        return "make %s%s   and, in another terminal, make gdb" % (run,
                                                                   settings)

    # --- Starting and ending ---------------------------------------------

    def start(self):
        try:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT)
        except OSError as e:
            raise MachineError("cannot start QEMU: %s" % e) from None
        Machine.live.add(self)
        threading.Thread(target=self.read, daemon=True).start()
        return self

    def stop(self):
        """End QEMU if it still runs, and forget the sockets."""
        if self.process and self.process.poll() is None:
            self.stopped = True
            self.process.kill()
        if self.process:
            self.process.wait()
            with self.changed:
                self.changed.wait_for(lambda: self.status is not None, 5)
        Machine.live.discard(self)
        shutil.rmtree(self.sockets, ignore_errors=True)

    @classmethod
    def stop_all(cls):
        for m in list(cls.live):
            if m.process.poll() is None:
                m.process.kill()

    def read(self):
        """Thread: take the serial port's output until QEMU ends. QEMU
        itself writes it to the log."""
        while True:
            data = self.process.stdout.read1(65536)
            if not data:
                break
            self.take(data.decode("latin-1").replace("\r", ""))
        status = self.process.wait()
        with self.changed:
            if self.partial:
                self.lines.append(self.partial)
            self.status = status
            self.changed.notify_all()

    def take(self, text):
        with self.changed:
            self.text += text
            *whole, self.partial = (self.partial + text).split("\n")
            self.lines += whole
            self.changed.notify_all()
        for line in whole:
            for pattern, function in self.calls:
                found = pattern.search(line)
                if found:
                    function(self, found)

    # --- Watching and typing ----------------------------------------------

    def call_on_line(self, pattern, function):
        """Call function(machine, match) for each whole line that matches, on
        the reading thread: it may send, but not wait."""
        self.calls.append((re.compile(pattern), function))

    def send(self, text):
        """Type on the serial port."""
        try:
            self.process.stdin.write(text.encode("latin-1"))
            self.process.stdin.flush()
        except OSError:
            raise MachineError("the machine ended before it was sent %r"
                               % text) from None

    def wait_line(self, pattern, timeout=20):
        """Wait for a line that matches, later than the last one that was
        waited for; an unfinished line counts if it ends in a blank (a
        prompt). The match."""
        regex = re.compile(pattern)
        found = []

        def ready():
            while self.seen < len(self.lines):
                self.seen += 1
                found.append(regex.search(self.lines[self.seen - 1]))
                if found[-1]:
                    return True
            found.append(self.partial.endswith(" ") and
                         regex.search(self.partial))
            return found[-1] or self.status is not None

        self.wait(ready, timeout, "a line matching  %s" % pattern)
        if not found[-1]:
            raise MachineError("expected a line matching  %s" % pattern)
        return found[-1]

    def prompt(self, typed=None, timeout=20):
        """Wait for the monitor's prompt; with a command typed there, for the
        next prompt. The output in between."""
        if typed is not None:
            echo = self.seen            # becomes the line "K> " + typed
            self.send(typed + "\n")
            self.wait(lambda: len(self.lines) > echo or
                      self.status is not None, timeout, "an echo")
            self.seen = echo + 1
        begin = self.seen
        # A program on another CPU may go on where the prompt ends.
        self.wait_line(r"^K> ($|\w+: )", timeout)
        return "\n".join(self.lines[begin:self.seen])

    def wait_end(self, timeout=30):
        self.wait(lambda: self.status is not None, timeout,
                  "the end of the run")

    def wait(self, ready, timeout, what):
        limit = min(timeout * SCALE, max(self.test.remaining(), 0.1))
        with self.changed:
            if not self.changed.wait_for(ready, limit):
                self.timed_out = what
                raise MachineError("waited %.0f s for %s" % (limit, what))

    def require_clean(self):
        """The machine shut down by itself and lost nothing."""
        if self.status != CLEAN:
            raise MachineError("expected the machine to shut down with "
                               "nothing lost")
        if not re.search(r"^jix: all environments done: pages lost 0, "
                         r"envs lost 0$", self.text, re.M):
            raise MachineError("expected a line  jix: all environments done: "
                               "pages lost 0, envs lost 0")

    def outcome(self):
        """How the run went, in one line."""
        if self.process is None:
            return "the machine was not started"
        if self.timed_out:
            return "it was stopped: waited in vain for " + self.timed_out
        if self.stopped or self.status is None:
            return "the machine was running until the test ended it"
        if self.status == CLEAN and self.text.startswith("qemu"):
            return "QEMU failed (status 1)"
        return "%s (QEMU's status %d)" % (
            MEANINGS.get(self.status, "QEMU failed"), self.status)

    # --- gdb ----------------------------------------------------------------

    def gdb(self, commands, timeout=30):
        """Run gdb on this machine (gdb=True) with the tree's settings and
        the given commands, in batch mode; its output. At the end it leaves
        the machine as it is, or goes on after `detach`."""
        self.test.wait_for(lambda: os.path.exists(self.gdb_path) or
                           self.status is not None, "QEMU's gdb stub")
        script = os.path.join(self.dir, "gdb.cmd")
        with open(script, "w") as f:
            f.write("set pagination off\nset confirm off\nset width 0\n")
            f.write("target remote %s\n" % self.gdb_path)
            f.write("\n".join(commands) + "\n")
            if commands[-1] != "detach":
                f.write("disconnect\n")
        limit = min(timeout * SCALE, max(self.test.remaining(), 0.1))
        init = os.path.join(self.tree, "obj", "gdbinit")
        try:
            done = subprocess.run(
                [gdb_path(self.tree), "-n", "-q", "-batch", "-x", init,
                 "-x", script], cwd=self.tree, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=limit)
        except subprocess.TimeoutExpired as e:
            text = (e.stdout or b"").decode("utf-8", "replace")
            raise MachineError("gdb did not end in %.0f s; it said:\n%s"
                               % (limit, text)) from None
        text = done.stdout.decode("utf-8", "replace")
        with open(os.path.join(self.dir, "gdb.log"), "w") as f:
            f.write(text)
        return text


class TestConfig(command.Config):
    """The launcher's machine, but with what a test asks for: any amount of
    memory, any CPU model, its own boot arguments and network cards."""

    def __init__(self, run_dir, programs, cpus, mem, cpu, thread, nics, boot):
        super().__init__({"CPUS": str(cpus), "MODE": "lab6", "PCAP": "0",
                          "ARGS": programs}, run_dir=run_dir)
        if not programs:                # none, not the servers
            self.commands = []
        self.mem = command.parse_size(mem)
        self.cpu = cpu
        if thread is None:
            thread = "multi" if cpus <= (os.cpu_count() or 1) else "single"
        self.thread = thread
        self.nics = nics
        self.boot = boot

    def boot_args(self):
        words = ["%s=%s" % item for item in getattr(self, "boot", {}).items()]
        return " ".join(words + ["--", "; ".join(self.commands)]).strip()

    def processor(self):
        return ["-accel", "tcg,thread=" + self.thread, "-cpu", self.cpu]

    def network(self, ports):
        argv = []
        for i, nic in enumerate(self.nics):
            argv += self.card(i, nic)
        return argv

    def card(self, i, nic):
        """Network card i. Keys of nic: model ("igb"), peer (a frames.Peer on
        its other side), listen (a socket's path: QEMU serves it, for
        loadtool.Link) or slirp (text after "user,"), mac, addr (PCI slot; as
        in make qemu), pcap (name of a capture file in the test's log)."""
        name = "n%d" % i
        netdev = "user,id=%s,%s" % (name, nic.get("slirp", "restrict=on"))
        if "peer" in nic:
            netdev = "stream,id=%s,server=off,addr.type=unix,addr.path=%s" % (
                name, nic["peer"].path)
        if "listen" in nic:
            netdev = "stream,id=%s,server=on,addr.type=unix,addr.path=%s" % (
                name, nic["listen"])
        argv = ["-netdev", netdev, "-device",
                "%s,netdev=%s,addr=%s,mac=%s,romfile=" % (
                    nic.get("model", "igb"), name,
                    nic.get("addr", command.SLOTS[i]),
                    nic.get("mac", command.MAC % (0x56 + i)))]
        if "pcap" in nic:
            argv += ["-object", "filter-dump,id=dump%d,netdev=%s,file=%s" % (
                i, name, os.path.join(self.run_dir, nic["pcap"]))]
        return argv


def host_tool(tree, variable):
    """What conf/setup found for the tree, or for the one we lie in."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for top in (tree, own):
        found = command.host(os.path.join(top, "obj", "host.mk"))
        if variable in found:
            return found[variable]
    return None


def qemu_path(tree):
    return (os.environ.get("QEMU") or host_tool(tree, "JIX_QEMU") or
            "qemu-system-x86_64")


def gdb_path(tree):
    return host_tool(tree, "JIX_GDB") or "gdb"
