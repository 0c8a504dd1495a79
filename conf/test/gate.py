"""gate.py: unit tests of conf/side/gate.py, run by `make check`. Starts no
machine: a program with three threads stands for QEMU."""
import os
import select
import subprocess
import sys
import unittest

CONF = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
sys.path.insert(0, CONF)
from side.gate import Gate, look  # noqa: E402

# The main thread waits for a line and says it; the other passes the gate.
PROGRAM = """
import os, sys, threading
def cpus():
    with open("/proc/thread-self/comm", "w") as f:
        f.write("cpus")
    os.write(1, b"at\\n")
    gate = os.open("/dev/fd/" + sys.argv[1], os.O_WRONLY)
    os.write(gate, b"x")
    os.write(1, b"through\\n")
    threading.Event().wait()
threading.Thread(target=cpus).start()
threading.Thread(target=threading.Event().wait).start()
os.write(1, b"heard " + os.read(0, 100))
"""


class Opening(unittest.TestCase):
    def open_gate(self, name):
        """(Was it left alone?, state of its main thread after that)."""
        with Gate() as gate, subprocess.Popen(
                [sys.executable, "-c", PROGRAM, str(gate.outside)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                pass_fds=[gate.outside]) as child:
            try:
                self.assertEqual(child.stdout.readline(), b"at\n")
                self.assertEqual(
                    select.select([child.stdout], [], [], 0.2)[0], [])
                alone = gate.open(child.pid, name=name)
                self.assertEqual(child.stdout.readline(), b"through\n")
                state = look(child.pid, child.pid, "stat")
                return alone, state.rsplit(")", 1)[1].split()[0]
            finally:
                child.kill()
                gate.forget()

    def test_others_are_stopped(self):
        self.assertEqual(self.open_gate("cpus"), (True, "t"))

    def test_unknown_thread(self):
        self.assertEqual(self.open_gate("no such"), (False, "S"))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
