"""machine.py: one run of the exact laboratory: starts QEMU, waits for the
client's last word, ends QEMU, and hands out what was said and exported.
Nothing that the run measures depends on when or how it is ended.
"""
import contextlib
import functools
import json
import os
import re
import select
import socket
import subprocess
import sys
import time

import command
from side.gate import Gate
from side.records import Export

AT_GATE = re.compile(r"^jix: exact from here", re.M)
LAST_WORD = re.compile(r"^ixbench: \d+ phases done", re.M)
BAD = re.compile(r"^.*(panic: |ixcp: .*(died|killed)|libOS panic|"
                 r"connection lost).*$", re.M)
STALL = 3                       # seconds in which a boot is over
PATIENCE = 120                  # seconds for a run, times TIMEOUT_SCALE


class RunFailed(Exception):
    """The machine did not get to its end; str() says how far."""


class Run:
    """A finished run. text: the serial port; export: records.Export;
    results: what ixbench printed, a dict for each phase."""

    def __init__(self, directory):
        self.directory = directory
        with open(os.path.join(directory, "serial.log"),
                  errors="replace") as f:
            self.text = f.read()
        self.export = Export(os.path.join(directory, "debugcon.bin"))
        self.results = [
            {k: int(v) if v.lstrip("-").isdigit() else v
             for k, v in (w.split("=", 1) for w in line.split())}
            for line in re.findall(r"^ixbench: result (.*)$", self.text,
                                   re.M)]


def qemu_path():
    return os.environ.get("QEMU") or command.host().get("JIX_QEMU") or \
        "qemu-system-x86_64"


@contextlib.contextmanager
def running(directory, given, extra=(), image=None, gate=None):
    """The machine that `given` describes, while it runs: (its process, a
    socket to its QMP server)."""
    os.makedirs(directory, exist_ok=True)
    for name in ("serial.log", "debugcon.bin"):
        if os.path.exists(os.path.join(directory, name)):
            os.unlink(os.path.join(directory, name))
    cfg = command.Config(given, run_dir=directory)
    ours, theirs = socket.socketpair()
    os.set_inheritable(theirs.fileno(), True)
    argv = cfg.command(qemu_path(), chardev="null",
                       image=image or command.IMAGE)
    argv += ["-chardev", "socket,id=qmp,fd=%d" % theirs.fileno(),
             "-qmp", "chardev:qmp"] + list(extra)
    fds = [theirs.fileno()]
    if gate:
        argv += gate.arguments()
        fds.append(gate.outside)
    with open(os.path.join(directory, "qemu.log"), "wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, pass_fds=fds)
    theirs.close()
    try:
        yield process, ours
    finally:
        process.kill()
        if gate:
            gate.forget()
        process.wait()
        ours.close()


def execute(directory, given, extra=(), last_word=LAST_WORD, image=None):
    """Run the machine that `given` describes until last_word is printed."""
    with Gate() as gate, running(directory, given, extra, image,
                                 gate) as (process, qmp):
        # In EXACT=load a machine was seen to stand still alone.
        watch(process, qmp, gate, directory, last_word,
              given.get("EXACT") == "cost")
    return Run(directory)


def watch(process, qmp, gate, directory, last_word, alone):
    """Until the last word, or RunFailed."""
    at_gate = False
    scale = float(os.environ.get("TIMEOUT_SCALE") or 1)
    end = time.monotonic() + PATIENCE * scale
    stalled = time.monotonic() + STALL
    path = os.path.join(directory, "serial.log")
    send(qmp, "qmp_capabilities")
    while True:
        text = ""
        if os.path.exists(path):
            with open(path, errors="replace") as f:
                text = f.read()
        if last_word.search(text):
            return
        bad = BAD.search(text)
        over = process.poll() is not None
        if bad or over or time.monotonic() > end:
            raise RunFailed("%s (%s)" % (
                bad.group(0).strip() if bad else
                "QEMU has ended" if over else "nothing more happened",
                path))
        if not at_gate and AT_GATE.search(text):
            at_gate = True
            if not gate.open(process.pid, alone) and alone:
                say_once("QEMU's main thread cannot be stopped here "
                         "(ptrace): on a busy host figures may differ a "
                         "little")
        # While the firmware halts its only CPU, QEMU at times forgets to
        # move its clock on until something wakes its main loop.
        if not at_gate and time.monotonic() > stalled:
            stalled = time.monotonic() + STALL
            if select.select([qmp], [], [], 0)[0]:
                qmp.recv(65536)
            send(qmp, "query-status")
        time.sleep(0.05)


@functools.cache
def say_once(line):
    print(line, file=sys.stderr)


def send(qmp, what, **arguments):
    try:
        qmp.sendall(json.dumps({"execute": what, "arguments": arguments})
                    .encode() + b"\n")
    except OSError:
        pass
