"""qemu.py: run the machine for a user, and say in one line how it ended.

	python3 conf/qemu.py run [-nox] [-gdb] [NAME] -- VAR=VALUE...
	python3 conf/qemu.py print VAR=VALUE...	the command line alone
	python3 conf/qemu.py check NAME -- VAR=VALUE...
	python3 conf/qemu.py ports [NAME]	ports of the last machine

Called by conf/qemu.mk.  QEMU owns the terminal; this program watches it
through QMP.  Exit status: see class End.
"""
import json
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import command
import elflines

PCAP_MAX = 64 << 20		# bytes of one capture, then it is closed


class End:
    """Exit statuses of the launcher."""
    GOOD = 0			# the guest ended the machine with code 0
    GUEST = 1			# the guest ended it with another code
    USAGE = 2			# nothing was started: a value was refused
    PANIC = 3			# the kernel panicked
    RESET = 4			# triple fault (or the guest reset itself)
    HANG = 5			# no output for HANG seconds
    QEMU = 6			# QEMU failed, or ended without a word
    SIGNAL = 128		# plus the signal that ended the launcher


def say(text):
    sys.stderr.write("%s\n" % text)
    sys.stderr.flush()


class Qmp:
    """QEMU's control connection, over a socket pair made beforehand."""

    def __init__(self, sock):
        self.sock = sock
        self.data = b""
        self.events = []
        self.eof = False

    def fileno(self):
        return self.sock.fileno()

    def pump(self):
        """Read what is there; returns the replies, keeps the events."""
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        self.eof = self.eof or not data
        *lines, self.data = (self.data + data).split(b"\n")
        replies = []
        for line in lines:
            message = json.loads(line) if line.strip() else {}
            if "event" in message:
                self.events.append(message)
            elif ("return" in message or "error" in message) and \
                    message.get("id") != "poke":
                replies.append(message)
        return replies

    def poke(self):
        """A question whose answer nobody reads."""
        try:
            self.sock.sendall(b'{"execute":"query-status","id":"poke"}\n')
        except OSError:
            self.eof = True

    def send(self, what, **arguments):
        message = {"execute": what}
        if arguments:
            message["arguments"] = arguments
        try:
            self.sock.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            self.eof = True

    def call(self, what, timeout=5, **arguments):
        """The reply's value, or None."""
        self.send(what, **arguments)
        deadline = time.monotonic() + timeout
        while not self.eof:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self], [], [], left)[0]:
                return None
            for reply in self.pump():
                return reply.get("return")
        return None


class Supervisor:
    """One QEMU process, from its start to the line that says how it ended.

    cfg: a command.Config; argv: its command line; quiet: print no report.
    """

    def __init__(self, cfg, argv):
        self.cfg = cfg
        self.argv = argv
        self.log = os.path.join(cfg.run_dir, "serial.log")
        self.reason = None	# of QEMU's SHUTDOWN event
        self.running = False	# the machine was started
        self.where = ""		# where the CPUs were when it mattered
        self.end = None		# End.HANG, or a signal's End
        self.killed_by = None

    def start(self):
        """Start QEMU; the machine does not run before run() says so. When
        QEMU answers, it has its ports."""
        os.makedirs(self.cfg.run_dir, exist_ok=True)
        for name in command.pcap_files() if self.cfg.pcap else ():
            if os.path.exists(name):
                os.unlink(name)
        ours, theirs = socket.socketpair()
        argv = self.argv + [
            "-chardev", "socket,id=qmp,fd=%d" % theirs.fileno(),
            "-qmp", "chardev:qmp",
            "-action", "shutdown=pause"]
        if not self.cfg.wait_gdb:
            argv.append("-S")
        self.process = subprocess.Popen(
            argv, pass_fds=[theirs.fileno()], preexec_fn=die_with_parent)
        theirs.close()
        self.qmp = Qmp(ours)
        self.qmp.call("qmp_capabilities", timeout=30)

    def run(self):
        """Let the machine run until it ends; returns QEMU's exit status."""
        if not self.cfg.wait_gdb:
            self.qmp.send("cont")
        grown, since = -1, time.monotonic()
        while not self.qmp.eof and self.killed_by is None:
            # A signal ends the wait: its handler writes to the wake pipe.
            if self.qmp in select.select([self.qmp, WAKE], [], [], 0.5)[0]:
                self.qmp.pump()
            elif self.cfg.exact:
                # With all CPUs halted, QEMU at times forgets to move its
                # clock on until something wakes its main loop.
                self.qmp.poke()
            self.look_at_events()
            self.cap_captures()
            size = self.output_size()
            if size != grown:
                grown, since = size, time.monotonic()
            elif self.hanging(time.monotonic() - since):
                break
        return self.finish()

    def look_at_events(self):
        for event in self.qmp.events:
            if event["event"] == "RESUME":
                self.running = True
            if event["event"] == "SHUTDOWN" and not self.reason:
                self.reason = event.get("data", {}).get("reason", "?")
                if self.reason == "guest-reset":
                    self.where = self.places()
                self.qmp.send("quit")
            if event["event"] == "STOP" and not self.reason:
                self.look_at_stop()
        self.qmp.events = []

    def look_at_stop(self):
        """Stopped by gdb, or because the accelerator cannot go on?"""
        status = (self.qmp.call("query-status") or {}).get("status")
        if status == "internal-error":
            self.reason = status
            self.where = self.places()
            self.qmp.send("quit")

    def hanging(self, idle):
        limit = self.cfg.hang * self.cfg.timeout_scale
        if not limit or idle < limit or not self.running:
            return False
        self.end = End.HANG
        self.where = self.places()
        return True

    def output_size(self):
        total = 0
        for name in ("serial.log", "debugcon.bin"):
            try:
                total += os.path.getsize(
                    os.path.join(self.cfg.run_dir, name))
            except OSError:
                pass
        return total

    def cap_captures(self):
        for i, name in enumerate(command.pcap_files()):
            if self.cfg.pcap and os.path.exists(name) and \
                    os.path.getsize(name) > PCAP_MAX:
                say("qemu: %s has %d MB, no more is recorded"
                    % (name, PCAP_MAX >> 20))
                self.qmp.send("object-del", id="pcap%d" % i)
                self.cfg.pcap = False

    def finish(self):
        """See QEMU out, whatever it takes."""
        if self.process.poll() is None and not self.qmp.eof:
            self.qmp.send("quit")
        for stop in (None, self.process.terminate, self.process.kill):
            if stop:
                stop()
            try:
                return self.process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        return self.process.wait()

    # --- What happened ---------------------------------------------------

    def places(self):
        """'cpu0 in ring 0 at FUNCTION FILE:LINE, cpu1 ...'."""
        text = self.qmp.call("human-monitor-command",
                             **{"command-line": "info registers -a"})
        places = []
        for block in re.split(r"(?=CPU#\d+)", text or ""):
            cpu = re.match(r"CPU#(\d+)", block)
            rip = re.search(r"\b[ER]IP=([0-9a-f]+)", block)
            ring = re.search(r"\bCPL=(\d)", block)
            # A CPU that nobody has started yet waits at ...fff0.
            if cpu and rip and not rip.group(1).endswith("0000fff0"):
                places.append("cpu%s in ring %s at %s" % (
                    cpu.group(1), ring.group(1) if ring else "?",
                    self.place(int(rip.group(1), 16))))
        return ", ".join(places)

    def place(self, rip):
        """An address as function, file and line, as far as known."""
        files = [command.KERNEL]
        if rip < 1 << 47:
            names = {w for c in self.cfg.commands for w in c.split()}
            files = ["%s/%s/%s" % (command.OBJ, d, n)
                     for d in ("user", "ixapp") for n in names]
            files += [command.OBJ + "/dp/libos",
                      command.OBJ + "/boot/boot.elf"]
        for path in files:
            if not os.path.exists(path):
                continue
            function, _, source, line = elflines.Elf(path).where(rip)
            if function or source:
                return "%s %s:%s (%s, %#x)" % (
                    function, source, line, os.path.basename(path), rip)
        return "%#x" % rip

    def panic_line(self):
        """The kernel's last word, if it panicked."""
        try:
            with open(self.log, "rb") as f:
                text = f.read().decode("ascii", "replace")
        except OSError:
            return None
        lines = re.findall(r"^.*?\bpanic: .*$", text, re.MULTILINE)
        return lines[-1].strip() if lines else None

    def verdict(self, status):
        """(exit status, the line to print or None)."""
        if self.killed_by is not None:
            return End.SIGNAL + self.killed_by, None
        panic = self.panic_line()
        log = "; serial log: %s" % self.log
        if panic:
            return End.PANIC, panic + log
        if self.end == End.HANG:
            return End.HANG, "hang: no output for %d s: %s%s" % (
                self.cfg.hang * self.cfg.timeout_scale, self.where, log)
        if self.reason == "guest-reset":
            return End.RESET, "triple fault: %s%s" % (self.where, log)
        if self.reason == "internal-error":
            return End.QEMU, "the accelerator failed: %s%s" % (
                self.where, log)
        if status == 0 and (self.reason or "").startswith("host"):
            return End.GOOD, None
        if status > 0 and status & 1 and self.running:
            return self.guest_verdict(status >> 1, log)
        if status == 0 and self.reason == "guest-shutdown":
            return End.GOOD, None
        return End.QEMU, "QEMU ended with status %d" % status


    @staticmethod
    def guest_verdict(code, log):
        """The guest ended the machine with this code (kern/shutdown.c)."""
        if code == 0:
            return End.GOOD, None
        if code == 1:
            return End.GUEST, "pages or environments were lost" + log
        return End.GUEST, "the guest ended with status %d%s" % (code, log)


def die_with_parent():
    """End when the parent does, even if it is killed: QEMU with the launcher,
    the launcher with make."""
    try:
        import ctypes
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except (OSError, AttributeError):
        pass


# --- The user's side ------------------------------------------------------

WAKE, WAKE_WRITE = os.pipe()


def has_window(qemu):
    """Is there a screen, and can this QEMU open a window on it?"""
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
            or sys.platform == "darwin"):
        return False
    known = subprocess.run([qemu, "-display", "help"], text=True,
                           capture_output=True).stdout.split()
    return any(k in known for k in ("gtk", "sdl", "cocoa"))


def hints(cfg, ports):
    """What to try, before the machine starts."""
    if cfg.net == "user" and cfg.serving:
        for mode, name, echo, http in (
                ("lab6", "lab-6", "echo", "http"),
                ("ix", "IX", "echo-ix", "http-ix")):
            if cfg.mode in (mode, "both"):
                say("%-6s curl http://127.0.0.1:%d/index.html    "
                    "nc 127.0.0.1 %d" % (name + ":", ports[http], ports[echo]))
                say("%-6s http://127.0.0.1:%d/status shows both servers' "
                    "counters, live" % ("", ports[http]))
    if cfg.wait_gdb:
        say("gdb:   waiting on port %d; type `make gdb` in another terminal"
            % ports["gdb"])
    if sys.stdin.isatty():
        say("quit:  Ctrl-a x")


def keep_terminal():
    """A function that puts the terminal back as it is now."""
    if not sys.stdin.isatty():
        return lambda: None
    import termios
    saved = termios.tcgetattr(0)
    return lambda: termios.tcsetattr(0, termios.TCSANOW, saved)


def run(cfg, qemu):
    if not os.path.exists(command.IMAGE):
        raise command.Refused("%s is not built (make all)" % command.IMAGE)
    restore = keep_terminal()
    with command.Ports.lock():
        ports = command.Ports.choose(cfg.gdbport)
        ports.save()
        supervisor = Supervisor(cfg, cfg.command(qemu, ports))

        def on_signal(number, frame):
            supervisor.killed_by = number
            os.write(WAKE_WRITE, b"x")

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, on_signal)
        die_with_parent()
        hints(cfg, ports)
        supervisor.start()
    try:
        status = supervisor.run()
    finally:
        restore()
    code, line = supervisor.verdict(status)
    if line:
        say("\n" + line)
    return code


def show_ports(name):
    ports = command.Ports.load()
    if name:
        print(ports[name])
        return
    for name in command.Ports.NAMES:
        print("%-8s %d" % (name, ports[name]))


def parse(words):
    """Split the command line: (flags, names, variables)."""
    flags = {w for w in words if w.startswith("-")}
    names = [w for w in words if not w.startswith("-") and "=" not in w]
    given = dict(w.split("=", 1) for w in words
                 if not w.startswith("-") and "=" in w)
    return flags, names, given


def main(words):
    action = words[0] if words else "help"
    flags, names, given = parse(words[1:])
    if action == "ports":
        show_ports(names[0] if names else None)
        return End.GOOD
    qemu = given.pop("QEMU", "") or command.host().get("JIX_QEMU") or \
        "qemu-system-x86_64"
    if not shutil.which(qemu):
        raise command.Refused("QEMU=%s: no such program" % qemu)
    window = action == "run" and "-nox" not in flags and has_window(qemu)
    cfg = command.Config(
        given, given.pop("PROGRAMS", "").split(),
        ixprograms=given.pop("IXPROGRAMS", "").split(),
        program=names[0] if names else None, window=window,
        wait_gdb="-gdb" in flags, servers=True)
    if action == "run":
        return run(cfg, qemu)
    if action == "print":
        ports = command.Ports.choose(cfg.gdbport)
        print(" ".join(shlex.quote(a) for a in cfg.command(qemu, ports)))
    elif action != "check":
        raise command.Refused("usage: see the head of conf/qemu.py")
    return End.GOOD


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except command.Refused as refusal:
        say("make: %s" % refusal)
        sys.exit(End.USAGE)
