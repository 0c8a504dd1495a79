"""gate.py: keep QEMU's other threads out of an exact run.

QEMU runs all virtual CPUs on one thread and, while it counts instructions, its
devices' timers as well. Two more threads disturb that at moments which the
host chooses, and then the CPUs' turns end elsewhere than in the run before.
The main thread looks at the same timers whenever it happens to be awake; the
thread that frees what RCU has retired interrupts CPUs that read for long. A
run has no use for them: no halted machine to wake, no file to wait for, memory
enough. So they are stopped.

The kernel writes a byte to the gate, a port (kern/exact.c); behind it is a
pipe that is full, so the CPUs wait there, with QEMU's big lock: the others
soon sleep. They are stopped, the pipe is emptied, and the CPUs go on alone.
Where a process may not stop its child's threads (ptrace(2)), the run goes on
without that.
"""
import ctypes
import os
import time

PORT = 0xea                     # GATE_PORT in kern/exact.c
CPUS = "ALL CPUs/TCG"           # QEMU's name for the CPUs' thread
SEIZE, INTERRUPT, CONT = 0x4206, 0x4207, 7      # PTRACE_..., linux/ptrace.h
WALL = 0x40000000               # __WALL, linux/wait.h


class Gate:
    """One for each run, closed at first. A context manager."""

    def __init__(self):
        self.stopped = []       # threads
        self.inside, self.outside = os.pipe()
        os.set_blocking(self.outside, False)
        try:
            while True:
                os.write(self.outside, bytes(65536))
        except BlockingIOError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.inside)
        os.close(self.outside)

    def arguments(self):
        """For QEMU, to which self.outside is passed."""
        return ["-chardev", "file,id=gate,path=/dev/fd/%d" % self.outside,
                "-device", "isa-debugcon,iobase=%#x,chardev=gate" % PORT]

    def open(self, pid, alone=True, name=CPUS):
        """The machine is at the gate: let it through, alone. False if the
        threads but that of this name could not be stopped. They go on when
        the calling thread ends."""
        alone = alone and self.stop_others(pid, name)
        os.set_blocking(self.inside, False)
        try:
            while os.read(self.inside, 65536):
                pass
        except BlockingIOError:
            pass
        return alone


    def stop_others(self, pid, name):
        threads = {int(tid): look(pid, int(tid), "comm")
                   for tid in os.listdir("/proc/%d/task" % pid)}
        others = [tid for tid, its in threads.items() if its != name]
        if len(others) == len(threads):
            return False
        for tid in others:
            if not stop_asleep(pid, tid):
                return False
            if tid != pid:
                self.stopped.append(tid)
        return True

    def forget(self):
        """The process was killed: it has ended when its parent has heard of
        each stopped thread, too."""
        for tid in self.stopped:
            os.waitpid(tid, WALL)
        self.stopped = []


def look(pid, tid, what):
    with open("/proc/%d/task/%d/%s" % (pid, tid, what)) as f:
        return f.read().strip()


def stop_asleep(pid, tid):
    """Stop a thread where it sleeps: there it holds no lock."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p,
                            ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(SEIZE, tid, None, None):
        return False
    while True:
        asleep = look(pid, tid, "stat").rsplit(")", 1)[1].split()[0] == "S"
        libc.ptrace(INTERRUPT, tid, None, None)
        os.waitpid(tid, WALL)
        # Of one that is in no system call the first word is not its number.
        if asleep and look(pid, tid, "syscall").split()[0].isdigit():
            return True
        libc.ptrace(CONT, tid, None, None)
        time.sleep(0.001)       # it is about to sleep
