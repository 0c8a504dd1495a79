"""command.py: the machine that JIX runs on, as a QEMU command line.

Checks the variables that a user may give to make (`make help` lists them)
and turns them into arguments for QEMU.  Starts nothing: conf/qemu.py runs
the machine for a user, conf/gradelib.py for a test, and both build the
command here.  Relies on Python's standard library only.

	cfg = Config({"CPUS": "4", "ARGS": "hello"}, programs=["hello"])
	argv = cfg.command(chardev="stdio")

A value that cannot be used raises Refused, whose text is one line for the
user.
"""
import contextlib
import difflib
import fcntl
import os
import re
import shlex
import socket
import tempfile

OBJ = "obj"
RUN = os.path.join(OBJ, "run")
IMAGE = os.path.join(OBJ, "jix.img")
KERNEL = os.path.join(OBJ, "kern", "kernel")
MIN_MEM = 64 << 20
ARGS_MAX = 1023			# UINFO_ARGS in inc/uinfo.h, less the NUL
# An igb takes 8 functions: slots 2 or more apart. The slot modulo 4 is the
# interrupt line of an e1000: all different, because each may go to another CPU.
SLOTS = (4, 6, 9)
GUEST_IP = ("10.0.2.15", "10.0.3.15")
SUBNET = ("10.0.2.0/24", "10.0.3.0/24")
MAC = "52:54:00:12:34:%02x"
CHOICES = {
    "NIC": ("igb", "e1000"),
    "MODE": ("both", "lab6", "ix"),
    "LAB6": ("poll", "irq"),
    "EXACT": ("", "cost", "load"),
    "KVM": ("", "0", "1"),
    "PCAP": ("", "0", "1"),
}
# What starts when no program is named, by mode.
SERVERS = {"lab6": ["ns", "echosrv", "httpd"],
           "ix": ["ixcp run httpd -- -e 7"]}
# The CPU of EXACT runs: nothing in it depends on QEMU's version.
EXACT_CPU = ("qemu64,+smep,+smap,+umip,+fsgsbase,+rdtscp,+xsave,+xsaveopt,"
             "+erms,+pdpe1gb,+popcnt,+ssse3,+sse4.1,+sse4.2")


class Refused(Exception):
    """A value that the user gave cannot be used; str() says why."""


def nearest(word, known):
    """The known word that `word` was probably meant to be, or None."""
    found = difflib.get_close_matches(word, known, 1, 0.5)
    return found[0] if found else None


def quoted(text):
    """Text as a value inside a QEMU option, where a comma is doubled."""
    return text.replace(",", ",,")


def parse_size(text):
    """Bytes meant by a MEM value; QEMU's own unit is MiB."""
    match = re.fullmatch(r"(\d+)([KMGkmg]?)B?", text)
    if not match:
        raise Refused("MEM=%s is not a size (try 512M)" % text)
    shift = {"K": 10, "M": 20, "G": 30}[match.group(2).upper() or "M"]
    return int(match.group(1)) << shift


def number(name, text, low, high):
    """The whole number in text, refused outside low..high."""
    try:
        value = int(text, 0)
    except ValueError:
        raise Refused("%s=%s is not a number" % (name, text)) from None
    if not low <= value <= high:
        raise Refused("%s=%s is out of range (%d to %d)"
                      % (name, text, low, high))
    return value


class Ports:
    """Host ports for a machine: the JOS numbers when free, else others.

    Kept in obj/ports, so that nc-7 and the like find the last machine's.
    """
    NAMES = ("gdb", "echo", "http", "echo-ix", "http-ix")
    PATH = os.path.join(OBJ, "ports")

    def __init__(self, numbers):
        self.numbers = numbers

    def __getitem__(self, name):
        return self.numbers[name]

    @staticmethod
    def base():
        """The first of the numbers that the JOS labs give this user."""
        return os.getuid() % 5000 + 25000

    @classmethod
    def load(cls):
        """The ports of the last machine, or those the next would prefer."""
        numbers = {n: cls.base() + i for i, n in enumerate(cls.NAMES)}
        try:
            with open(cls.PATH) as f:
                for line in f:
                    name, value = line.split()
                    if name in numbers:
                        numbers[name] = int(value)
        except (OSError, ValueError):
            pass
        return cls(numbers)

    @staticmethod
    def free(port, taken=()):
        """Can a server on this host use the port, by TCP and by UDP?"""
        if port in taken or not 1024 <= port <= 65535:
            return False
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_INET, kind) as s:
                if kind == socket.SOCK_STREAM:
                    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    s.bind(("127.0.0.1", port))
                    if kind == socket.SOCK_STREAM:
                        s.listen(1)
                except OSError:
                    return False
        return True

    @classmethod
    def any_free(cls, taken):
        """Some free port that is not among `taken`."""
        while True:
            with socket.socket() as s:
                s.bind(("127.0.0.1", 0))
                port = s.getsockname()[1]
            if cls.free(port, taken):
                return port

    @staticmethod
    @contextlib.contextmanager
    def lock():
        """Waits until no other launcher of this user is between the choice of
        its ports and QEMU's use of them."""
        path = os.path.join(tempfile.gettempdir(),
                            "jix-ports-%d" % os.getuid())
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        except OSError as e:
            raise Refused("cannot lock %s: %s" % (path, e.strerror))
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    @classmethod
    def choose(cls, gdb=None):
        """Free ports; gdb is the user's own GDBPORT, or None. Under lock(),
        if they are to be still free when they are used."""
        numbers, last = {}, cls.load()
        for i, name in enumerate(cls.NAMES):
            taken = numbers.values()
            wish = [cls.base() + i, last[name]]
            if name == "gdb" and gdb:
                if not cls.free(gdb):
                    raise Refused("GDBPORT=%d is in use" % gdb)
                wish = [gdb]
            numbers[name] = next((p for p in wish if cls.free(p, taken)),
                                 None) or cls.any_free(taken)
        return cls(numbers)

    def save(self):
        """Remember these ports as the last machine's."""
        os.makedirs(OBJ, exist_ok=True)
        with open(self.PATH, "w") as f:
            for name in self.NAMES:
                f.write("%s %d\n" % (name, self.numbers[name]))


class Config:
    """One machine.  `given` maps variable names to values ('' is unset).

    programs: names of the embedded programs, ixprograms those of them that
    run in the dataplane's ring 3; program: NAME of run-NAME; window: a
    display is wanted; wait_gdb: stop before the first instruction; servers:
    start those of the mode when no program is named.
    """

    def __init__(self, given, programs=(), program=None, window=False,
                 ixprograms=(), wait_gdb=False, servers=False, run_dir=RUN):
        self.given = {k: v.strip() for k, v in given.items()}
        self.programs = list(programs)
        self.ixprograms = list(ixprograms)
        self.window = window
        self.wait_gdb = wait_gdb
        self.run_dir = run_dir
        for name, known in CHOICES.items():
            self.check_choice(name, known)
        self.check_machine()
        self.check_network()
        self.check_exact()
        self.check_programs(program, servers)

    def get(self, name, default=""):
        return self.given.get(name) or default

    def check_choice(self, name, known):
        value = self.get(name)
        if not value or value in known:
            return
        if name == "NIC" and value == "ixgbe":
            raise Refused("NIC=ixgbe: there is no model of it yet "
                          "(known: igb, e1000)")
        raise Refused("%s=%s is unknown (known: %s)"
                      % (name, value, ", ".join(k for k in known if k)))

    def check_machine(self):
        self.nic = self.get("NIC", "igb")
        self.lab6 = self.get("LAB6", "poll")
        self.kvm = self.get("KVM") == "1"
        self.cpus = number("CPUS", self.get("CPUS", "2"), 1, 16)
        # One core is enough for the lab-6 server, and for programs.
        alone = self.cpus == 1
        self.mode = self.get("MODE", "lab6" if alone else "both")
        if alone and self.mode != "lab6":
            raise Refused(
                "CPUS=1 MODE=%s: a dataplane takes a core of its own and the "
                "control plane needs another (CPUS=2, or MODE=lab6)"
                % self.mode)
        mem = self.get("MEM", "512M" if self.cpus <= 5 else "1G")
        self.mem = parse_size(mem)
        if self.mem < MIN_MEM:
            raise Refused("MEM=%s is too small (at least 64M)" % mem)
        if self.mem > 64 << 30:
            raise Refused("MEM=%s is too large (at most 64G)" % mem)
        seed = self.get("SEED", "1")
        if seed == "random":
            seed = str(int.from_bytes(os.urandom(4), "little") or 1)
        self.seed = number("SEED", seed, 0, 2**63 - 1)
        gdb = self.get("GDBPORT")
        self.gdbport = number("GDBPORT", gdb, 1024, 65535) if gdb else None
        try:
            self.timeout_scale = float(self.get("TIMEOUT_SCALE", "1"))
        except ValueError:
            self.timeout_scale = 0
        if not 0 < self.timeout_scale <= 1000:
            raise Refused("TIMEOUT_SCALE=%s is not a number above 0"
                          % self.get("TIMEOUT_SCALE"))
        self.hang = number("HANG", self.get("HANG", "0"), 0, 86400)
        if self.kvm and not os.access("/dev/kvm", os.R_OK | os.W_OK):
            raise Refused("KVM=1: this user cannot open /dev/kvm")
        try:
            self.extra = shlex.split(self.get("QEMUEXTRA"))
        except ValueError as e:
            raise Refused("QEMUEXTRA: %s" % e) from None

    def check_network(self):
        """Sets net, the kind, and peers, the host's end for each NIC."""
        exact = self.get("EXACT")
        net = self.get("NET", "hub" if exact else "user")
        self.net, _, peer = net.partition(":")
        known = "user, stream:PATH, dgram:PATH, tap:NAME, hub"
        if self.net not in ("user", "stream", "dgram", "tap", "hub"):
            raise Refused("NET=%s is unknown (known: %s)" % (net, known))
        if bool(peer) != (self.net in ("stream", "dgram", "tap")):
            raise Refused("NET=%s: this is written as one of %s"
                          % (net, known))
        # The second NIC's own end may follow after a comma.
        first, _, second = peer.partition(",")
        self.peers = (first, second or first + ".1")
        for path in self.peers if self.net in ("stream", "dgram") else ():
            if len(os.fsencode(path)) > 100:
                raise Refused("NET=%s: a socket's path has at most 100 bytes"
                              % net)
        for name in self.peers if self.net == "tap" else ():
            if len(name) > 15:
                raise Refused("NET=%s: an interface's name has at most 15 "
                              "characters (%s)" % (net, name))
        self.pcap = self.get("PCAP", "0" if exact else "1") == "1"

    def check_exact(self):
        self.exact = self.get("EXACT")
        if not self.exact:
            return
        why = None
        if self.kvm:
            why = "KVM=1: only TCG can count instructions"
        elif self.net != "hub":
            why = ("NET=%s: the host's time is not the machine's, client and "
                   "server share a hub (NET=hub)" % self.get("NET"))
        elif self.pcap:
            why = "PCAP=1: a capture belongs to runs outside EXACT"
        elif self.window:
            why = "a window: use the -nox target"
        elif self.cpus < 2 and self.mode != "lab6":
            why = "CPUS=1: the load generator takes a core of its own"
        if why:
            raise Refused("EXACT=%s does not go with %s" % (self.exact, why))

    def check_programs(self, program, servers):
        """Sets commands, the program command lines for the kernel, and
        serving: these are the servers of the mode."""
        args = self.get("ARGS")
        if program is not None:
            if ";" in args:
                raise Refused("ARGS=%s: a `;` cannot be in the arguments of "
                              "one program" % args)
            self.commands = [("%s %s" % (program, args)).strip()]
        else:
            self.commands = [c.strip() for c in args.split(";") if c.strip()]
        self.serving = servers and not self.commands
        if self.serving:
            for mode in ("lab6", "ix"):
                if self.mode in (mode, "both"):
                    self.commands += SERVERS[mode]
        for command in self.commands:
            name = command.split()[0]
            if self.programs and not self.serving and name not in self.programs:
                near = nearest(name, self.programs)
                raise Refused("there is no program %s%s" % (
                    name, " (did you mean %s?)" % near if near else
                    " (make programs lists them)"))
        self.commands = [self.through_control_plane(c) for c in self.commands]
        if len(os.fsencode(self.boot_args())) > ARGS_MAX:
            raise Refused("ARGS and KARGS exceed %d bytes" % ARGS_MAX)

    def through_control_plane(self, command):
        """A dataplane's program is started by ixcp, which finds NAME.ix."""
        name, space, rest = command.partition(" ")
        if name not in self.ixprograms:
            return command
        if name.endswith(".ix"):
            name = name[:-3]
        return "ixcp run " + name + space + rest

    def boot_args(self):
        """The string that the kernel reads from fw_cfg opt/jix/args."""
        scale = -int(-self.timeout_scale // 1)
        words = ["mode=%s" % self.mode, "lab6=%s" % self.lab6,
                 "seed=%d" % self.seed, "exact=%s" % (self.exact or "0"),
                 "tscale=%d" % scale,
                 "ip0=%s" % GUEST_IP[0], "ip1=%s" % GUEST_IP[1]]
        words += self.get("KARGS").split()
        return " ".join(words + ["--", "; ".join(self.commands)]).strip()

    # --- The command line ------------------------------------------------

    def command(self, qemu="qemu-system-x86_64", ports=None, image=IMAGE,
                chardev="stdio"):
        """The argument list.  chardev: QEMU's kind of character device for
        the serial line, with options ('stdio', 'socket,path=S,server=on',
        'pipe,path=P', ...).  ports: of choose(), needed by NET=user and for
        the GDB stub, which listens there when wait_gdb is set."""
        argv = [qemu, "-machine", "q35", "-no-user-config", "-nodefaults"]
        argv += self.processor()
        argv += ["-m", "%dM" % (self.mem >> 20), "-smp", str(self.cpus),
                 "-no-reboot", "-boot", "menu=off"]
        argv += self.disk(quoted(image))
        argv += self.consoles(chardev)
        argv += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                 "-fw_cfg", "name=opt/jix/args,string="
                 + quoted(self.boot_args())]
        argv += self.network(ports)
        if self.wait_gdb:
            argv += ["-gdb", "tcp:127.0.0.1:%d" % ports["gdb"], "-S"]
        return argv + self.extra

    def processor(self):
        if self.exact:
            return ["-accel", "tcg,thread=single", "-cpu", EXACT_CPU,
                    "-icount", "shift=0,sleep=off", "-seed", str(self.seed),
                    "-rtc", "clock=vm,base=2000-01-01"]
        if self.kvm:
            return ["-accel", "kvm", "-cpu", "host"]
        # More polling CPUs than host cores collapse with a thread each.
        many = self.cpus > (os.cpu_count() or 1)
        return ["-accel", "tcg,thread=" + ("single" if many else "multi"),
                "-cpu", "max"]

    def disk(self, image):
        drive = "file=%s,format=raw,snapshot=on" % image
        if not self.exact:
            return ["-drive", drive + ",if=ide"]
        # QEMU reads a memory card while the guest waits, but a disk in its
        # own time: how long the loader takes would differ from run to run.
        return ["-device", "sdhci-pci", "-device", "sd-card,drive=card",
                "-drive", drive + ",if=none,id=card"]

    def consoles(self, chardev):
        out = os.path.join(self.run_dir, "debugcon.bin")
        log = os.path.join(self.run_dir, "serial.log")
        argv = ["-vga", "std"] if self.window else \
            ["-vga", "none", "-display", "none"]
        kind, _, options = chardev.partition(",")
        serial = "%s,id=serial,logfile=%s,logappend=off" % (kind, quoted(log))
        if kind == "stdio":
            serial += ",mux=on,signal=off"
        if options:
            serial += "," + options
        return argv + [
            "-chardev", serial, "-serial", "chardev:serial",
            "-chardev", "file,id=debugcon,path=" + quoted(out),
            "-device", "isa-debugcon,iobase=0xe9,chardev=debugcon"]

    def network(self, ports):
        argv = []
        nics = 3 if self.net == "hub" else 2
        for i in range(nics):
            argv += ["-netdev", self.netdev(i, ports),
                     "-device", "%s,netdev=n%d,addr=%x,mac=%s,romfile=" % (
                         self.nic, i, SLOTS[i], MAC % (0x56 + i))]
        if self.pcap:
            for i, name in enumerate(pcap_files()):
                argv += ["-object", "filter-dump,id=pcap%d,netdev=n%d,file=%s"
                         % (i, i, name)]
        return argv

    def netdev(self, i, ports):
        """The -netdev value of NIC i: 0 lab-6, 1 dataplane, 2 client."""
        if self.net == "hub":
            return "hubport,id=n%d,hubid=0" % i
        if self.net == "tap":
            return "tap,id=n%d,ifname=%s,script=no,downscript=no" % (
                i, quoted(self.peers[i]))
        if self.net == "stream":
            return ("stream,id=n%d,server=on,addr.type=unix,addr.path=%s"
                    % (i, quoted(self.peers[i])))
        if self.net == "dgram":
            path = quoted(self.peers[i])
            return ("dgram,id=n%d,local.type=unix,local.path=%s,"
                    "remote.type=unix,remote.path=%s.peer" % (i, path, path))
        echo, http = (("echo", "http"), ("echo-ix", "http-ix"))[i]
        netdev = "user,id=n%d,ipv6=off,net=%s,dhcpstart=%s" % (
            i, SUBNET[i], GUEST_IP[i])
        for proto, name, port in (("tcp", echo, 7), ("udp", echo, 7),
                                  ("tcp", http, 80)):
            netdev += ",hostfwd=%s:127.0.0.1:%d-%s:%d" % (
                proto, ports[name], GUEST_IP[i], port)
        return netdev


def pcap_files():
    """Where the frames of the two NICs are recorded."""
    return (os.path.join(OBJ, "qemu.pcap"), os.path.join(OBJ, "qemu-ix.pcap"))


def host(path=os.path.join(OBJ, "host.mk")):
    """What conf/setup found on this host: {'JIX_QEMU': ..., ...}."""
    found = {}
    try:
        with open(path) as f:
            for line in f:
                name, sep, value = line.partition(" := ")
                if sep:
                    found[name] = value.strip()
    except OSError:
        pass
    return found
