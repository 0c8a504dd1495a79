"""grading.py: unit tests of the graded tests' own tools (conf/gradelib.py,
frames.py, elflines.py), run by `make check`. Starts no machine."""
import os
import sys
import tempfile
import threading
import types
import unittest

CONF = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, CONF)
import elflines  # noqa: E402
import frames  # noqa: E402
import gradelib  # noqa: E402
import gradereport  # noqa: E402
import testmachine  # noqa: E402


def graded(*functions):
    """Run functions as tests of one part: their entries."""
    gradelib.TESTS.clear()
    gradelib.PARTS.clear()
    gradelib.part("a part")
    for function in functions:
        gradelib.test(5, function.__doc__)(function)
    with tempfile.TemporaryDirectory() as tree:
        options = types.SimpleNamespace(tree=tree, own_tree=True, keep=False,
                                        verbose=False, jobs=1)
        for entry in gradelib.TESTS:
            gradelib.run_entry(entry, options)
    return list(gradelib.TESTS)


class Waiting(unittest.TestCase):
    def test_wait_line(self):
        test = types.SimpleNamespace(remaining=lambda: 0.1)
        m = testmachine.Machine.__new__(testmachine.Machine)
        m.__dict__.update(test=test, text="", partial="", lines=[], seen=0,
                          calls=[], status=None, timed_out=None,
                          changed=threading.Condition())
        m.take("one\nfree 12")
        with self.assertRaises(testmachine.MachineError):
            m.wait_line(r"^free (\d+)$")        # more may come
        m.take("34\nK> ")
        m.seen = 0
        self.assertEqual(m.wait_line(r"^free (\d+)$").group(1), "1234")
        self.assertTrue(m.wait_line(r"^K> $"))


class Verdicts(unittest.TestCase):
    def verdict(self, body):
        def one(t):
            """title"""
            body(t)
        return graded(one)[0]

    def test_match(self):
        text = "hello\npanic: no\n"
        ok = self.verdict(lambda t: t.match(text, "^hello$", no=["^bye"]))
        self.assertEqual(ok.status, "OK")
        bad = self.verdict(lambda t: t.match(text, "^hello$", "^bye$"))
        self.assertEqual(bad.status, "FAIL")
        self.assertIn("expected a line matching  ^bye$", bad.report)
        bad = self.verdict(lambda t: t.match(text, no=["^panic"]))
        self.assertEqual(bad.status, "FAIL")
        self.assertIn("> panic: no", bad.report)

    def test_sequence(self):
        text = "one\ntwo\n"
        ok = self.verdict(lambda t: t.sequence(text, "one", "two"))
        self.assertEqual(ok.status, "OK")
        bad = self.verdict(lambda t: t.sequence(text, "two", "one"))
        self.assertEqual(bad.status, "FAIL")

    def test_others(self):
        for body, status in ((lambda t: t.equal(1, 2, "a number"), "FAIL"),
                             (lambda t: t.check(False, "truth"), "FAIL"),
                             (lambda t: t.skip("no reason"), "SKIP"),
                             (lambda t: 1 // 0, "FAIL")):
            self.assertEqual(self.verdict(body).status, status)

    def test_points(self):
        def good(t):
            """good"""

        def bad(t):
            """bad"""
            t.fail("so")

        entries = graded(good, bad)
        self.assertEqual(gradereport.score(entries), 5)
        self.assertEqual(gradereport.total(entries), 10)
        self.assertEqual([e.name for e in gradelib.select(["bad"])], ["bad"])
        with self.assertRaises(SystemExit):
            gradelib.select(["neither"])


class Frames(unittest.TestCase):
    A, B = "52:54:00:12:34:56", "52:55:0a:00:02:02"

    def test_checksum(self):
        self.assertEqual(frames.checksum(bytes.fromhex(  # RFC 1071, section 3
            "0001f203f4f5f6f7")), 0xffff ^ 0xddf2)

    def test_udp(self):
        body = frames.udp("10.0.2.2", "10.0.2.15", 5000, 7, b"odd")
        f = frames.parse(frames.ethernet(self.A, self.B, frames.IPV4, frames.
                                         ipv4("10.0.2.2", "10.0.2.15",
                                              frames.UDP, body)))
        self.assertEqual((f.sport, f.dport, f.data), (5000, 7, b"odd"))
        self.assertTrue(f.ip_ok and f.sum_ok)
        self.assertEqual(len(f.raw), 60)
        bad = bytearray(f.raw)
        bad[44] ^= 1
        self.assertFalse(frames.parse(bytes(bad)).sum_ok)

    def test_tcp_and_arp(self):
        body = frames.tcp("10.0.2.2", "10.0.2.15", 5000, 80, -1, 9,
                          frames.SYN, b"x")
        f = frames.parse(frames.ethernet(self.A, self.B, frames.IPV4, frames.
                                         ipv4("10.0.2.2", "10.0.2.15",
                                              frames.TCP, body)))
        self.assertEqual((f.seq, f.ack, f.flags, f.data),
                         (0xffffffff, 9, frames.SYN, b"x"))
        self.assertTrue(f.sum_ok)
        f = frames.parse(frames.arp_request(self.A, "10.0.2.15", "10.0.2.2"))
        self.assertEqual((f.op, f.src_ip, f.dst_ip, f.dst),
                         (1, "10.0.2.15", "10.0.2.2", frames.BROADCAST))


class Lines(unittest.TestCase):
    def test_merge(self):
        rows = elflines.merge([[(16, "b", 1), (24, None, 0)],
                               [(0, "a", 1), (4, "a", 2), (4, "a", 3),
                                (8, "a", 3), (16, None, 0)]])
        self.assertEqual(rows, [(0, "a", 1), (4, "a", 3), (16, "b", 1),
                                (24, None, 0)])

    def test_numbers(self):
        c = elflines.Cursor(bytes([0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x7f]))
        self.assertEqual((c.uleb(), c.sleb(), c.sleb()), (624485, -1, -128))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
