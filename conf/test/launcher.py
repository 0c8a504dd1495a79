"""launcher.py: unit tests of conf/command.py, conf/check.py and conf/style.py,
run by `make check`.  Starts no machine."""
import os
import subprocess
import sys
import tempfile
import unittest

CONF = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, CONF)
import check  # noqa: E402
import command  # noqa: E402
import style  # noqa: E402

PROGRAMS = ["hello", "pingpong", "primes"]


class Ports(dict):
    def __init__(self):
        names = command.Ports.NAMES
        super().__init__({n: 30000 + i for i, n in enumerate(names)})


def config(**given):
    return command.Config(given, PROGRAMS)


class Refusals(unittest.TestCase):
    """Each value that cannot be used is refused with its name and reason."""

    def refused(self, words, **given):
        with self.assertRaises(command.Refused) as caught:
            config(**given)
        text = str(caught.exception)
        self.assertNotIn("\n", text)
        for word in words:
            self.assertIn(word, text)

    def test_cpus(self):
        self.refused(["CPUS=0", "1 to 16"], CPUS="0")
        self.refused(["CPUS=99", "1 to 16"], CPUS="99")
        self.refused(["CPUS=two"], CPUS="two")

    def test_memory(self):
        self.refused(["MEM=8", "64M"], MEM="8")
        self.refused(["MEM=63M", "64M"], MEM="63M")
        self.refused(["MEM=lots"], MEM="lots")
        self.assertEqual(config(MEM="64M").mem, 64 << 20)
        self.assertEqual(config(MEM="1G").mem, 1 << 30)

    def test_lists(self):
        self.refused(["igb", "e1000"], NIC="rtl8139")
        self.refused(["ixgbe", "no model"], NIC="ixgbe")
        self.refused(["both, lab6, ix"], MODE="xi")
        self.refused(["poll, irq"], LAB6="push")
        self.refused(["cost, load"], EXACT="1")
        self.refused(["stream:PATH"], NET="bridge")
        self.refused(["NET=stream"], NET="stream")
        self.refused(["100 bytes"], NET="stream:/" + 101 * "x")
        self.refused(["PCAP=yes"], PCAP="yes")

    def test_combinations(self):
        self.refused(["dataplane", "core"], CPUS="1", MODE="both")
        self.refused(["dataplane", "core"], CPUS="1", MODE="ix")
        self.refused(["EXACT=cost", "hub"], EXACT="cost", NET="user")
        self.refused(["EXACT=load", "PCAP"], EXACT="load", PCAP="1")
        self.assertEqual(config(CPUS="1").mode, "lab6")

    def test_programs(self):
        self.refused(["helo", "hello"], ARGS="helo")
        self.refused(["zzz"], ARGS="hello; zzz 1 2")
        with self.assertRaises(command.Refused):
            command.Config({"ARGS": "a;b"}, PROGRAMS, program="hello")
        with self.assertRaises(command.Refused):
            config(ARGS="hello " + 1000 * "x")


class CommandLine(unittest.TestCase):
    def words(self, **given):
        return config(**given).command("qemu", Ports())

    def after(self, words, option):
        return [w for o, w in zip(words, words[1:]) if o == option]

    def test_boot_args(self):
        cfg = config(ARGS="pingpong; hello a,b", KARGS="then=exit")
        self.assertTrue(cfg.boot_args().endswith(
            "then=exit -- pingpong; hello a,b"))
        words = cfg.command("qemu", Ports())
        self.assertIn("hello a,,b", self.after(words, "-fw_cfg")[0])

    def test_run_name(self):
        cfg = command.Config({"ARGS": "7 8"}, PROGRAMS, program="primes")
        self.assertEqual(cfg.commands, ["primes 7 8"])

    def test_dataplane_programs_go_through_the_control_plane(self):
        cfg = command.Config({"ARGS": "a.ix 1; b; hello x"}, ixprograms=[
            "a.ix", "b"])
        self.assertEqual(cfg.commands, ["ixcp run a 1", "ixcp run b",
                                        "hello x"])

    def test_servers(self):
        cfg = command.Config({"CPUS": "2"}, servers=True)
        self.assertIn("ns", cfg.commands)
        self.assertTrue([c for c in cfg.commands if c.startswith("ixcp ")])
        cfg = command.Config({"MODE": "lab6", "ARGS": "hello"}, servers=True)
        self.assertEqual(cfg.commands, ["hello"])

    def test_threads(self):
        many = str(min(16, os.cpu_count() + 1))
        if int(many) > os.cpu_count():
            self.assertIn("tcg,thread=single", self.words(CPUS=many))
        self.assertIn("tcg,thread=multi", self.words(CPUS="1"))

    def test_nics_are_two_slots_apart(self):
        for net, count in (("user", 2), ("hub", 3)):
            devices = [w for w in self.after(self.words(NET=net), "-device")
                       if w.startswith("igb,")]
            self.assertEqual(len(devices), count)
            slots = [int(d.split("addr=")[1].split(",")[0], 16)
                     for d in devices]
            for a, b in zip(slots, slots[1:]):
                self.assertGreaterEqual(b - a, 2)
            self.assertLessEqual(max(slots), 24)

    def test_exact_has_nothing_of_the_host(self):
        words = self.words(EXACT="cost", SEED="7")
        self.assertIn("shift=0,sleep=off", words)
        self.assertEqual(self.after(words, "-seed"), ["7"])
        self.assertIn("tcg,thread=single", words)
        for netdev in self.after(words, "-netdev"):
            self.assertTrue(netdev.startswith("hubport,"))
        self.assertFalse([w for w in words if w.startswith("filter-dump")])
        self.assertIn("sd-card,drive=card", words)
        self.assertEqual(words, self.words(EXACT="cost", SEED="7"))

    def test_sockets(self):
        netdevs = self.after(self.words(NET="stream:/tmp/a,b"), "-netdev")
        self.assertIn("path=/tmp/a", netdevs[0])
        self.assertIn("path=b", netdevs[1])
        netdevs = self.after(self.words(NET="dgram:/tmp/a"), "-netdev")
        self.assertIn("remote.path=/tmp/a.1.peer", netdevs[1])


class PortNumbers(unittest.TestCase):
    def test_used_port_is_avoided(self):
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen(1)
            self.assertFalse(command.Ports.free(s.getsockname()[1]))
        ports = command.Ports.choose()
        numbers = [ports[n] for n in command.Ports.NAMES]
        self.assertEqual(len(set(numbers)), len(numbers))


class Tools(unittest.TestCase):
    def program(self, text):
        f = tempfile.NamedTemporaryFile("w", suffix=".py", delete=False)
        self.addCleanup(os.unlink, f.name)
        with f:
            f.write(text)
        return f.name

    def test_check_counts(self):
        good = self.program("print('2 passed, 0 failed')")
        self.assertEqual(check.run(good)[:2], (2, 0))
        mute = self.program("print('ok x')")
        self.assertEqual(check.run(mute)[:2], (0, 1))
        crash = self.program("print('2 passed, 0 failed')\nraise SystemExit(3)")
        self.assertEqual(check.run(crash)[:2], (2, 1))

    def test_style_finds(self):
        bad = self.program("import os \n" + "x = 1\n" * 500)
        found = [what for _, what in style.check(bad)]
        self.assertEqual(len(found), 3, found)

    def test_style_of_the_tree(self):
        """What `make format-check` says of every file that git knows."""
        tree = os.path.dirname(CONF)
        listed = subprocess.run(["git", "ls-files", "*.[chS]", "*.py"],
                                cwd=tree, stdout=subprocess.PIPE, text=True)
        paths = [p for p in listed.stdout.split()
                 if os.path.exists(os.path.join(tree, p))]
        if not paths:
            self.skipTest("not a git clone")
        found = ["%s:%d: %s" % (p, line, what) for p in paths
                 for line, what in style.check(os.path.join(tree, p))]
        self.assertEqual(found, [])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
