"""readme.py: every command of the README does what the README says. A command
there is an indented line that begins with "$"; the tests below claim each, and
one without a test fails."""
import os
import re
import signal
import subprocess
import threading

from gradelib import part, test

part("README", budget=400)

CLAIMED = {}            # command: the test that runs it


def readme(*commands):
    """Say which commands of the README a test runs."""
    def claim(function):
        CLAIMED.update(dict.fromkeys(commands, function.__name__))
        return function
    return claim


class Shell:
    """A command line, with its output as it comes. Given to a shell, in a
    process group of its own that ends with the test."""

    def __init__(self, t, command):
        self.t = t
        self.text = ""
        env = {k: v for k, v in os.environ.items()
               if k not in ("DISPLAY", "WAYLAND_DISPLAY", "MAKEFLAGS", "MFLAGS",
                            "MAKELEVEL")}
        self.process = subprocess.Popen(
            command, shell=True, cwd=t.options.tree, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        t.on_end(self.end)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while True:
            data = self.process.stdout.read1(65536)
            if not data:
                return
            self.text += data.decode("latin-1").replace("\r", "")

    def type(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def wait_for(self, pattern, timeout=60):
        self.t.wait_for(lambda: re.search(pattern, self.text, re.M) or
                        self.process.poll() is not None, pattern, timeout)
        self.reader.join(0 if self.process.poll() is None else 5)
        self.t.match(self.text, pattern)

    def end(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait()


def run(t, command, *patterns, text=None, timeout=120):
    """Run a command to its end; it must succeed and print the patterns."""
    shell = Shell(t, command)
    if text is not None:
        shell.type(text)
    shell.process.stdin.close()
    t.wait_for(lambda: shell.process.poll() is not None, "the end of " +
               command, timeout)
    shell.reader.join(5)
    t.match(shell.text, *patterns)
    t.equal(shell.process.returncode, 0, "exit status of " + command)
    return shell.text


# The others are its children, so that one runs after the other: they use the
# ports and files of `make qemu`.
@test(5, "no command of the README is without a test")
def readme_complete(t):
    with open(os.path.join(t.options.tree, "README")) as f:
        commands = re.findall(r"^ +\$ (.+)$", f.read(), re.M)
    t.check(commands, "the README has no commands")
    for command in commands:
        t.check(command in CLAIMED, "no test runs  " + command)


@test(5, "the servers answer as the README says", timeout=240,
      parent=readme_complete)
@readme("make qemu", "make qemu-nox", "make which-ports", "make nc-7",
        "make nc-7-ix", "make nc-80", "make nc-80-ix",
        "tshark -r obj/qemu.pcap", "tshark -r obj/qemu-ix.pcap")
def readme_servers(t):
    for command in "make qemu", "make qemu-nox":
        shell = Shell(t, command)
        shell.wait_for(r"^httpd: .*port 80")
        shell.wait_for(r"^ixcp: .* is dataplane")
        run(t, "make -s which-ports", r"echo", r"http")
        for service in "nc-7", "nc-7-ix":
            talk = Shell(t, "make -s " + service)
            talk.type("it comes back\n")
            talk.wait_for(r"^it comes back$", 30)
            talk.end()
        for service in "nc-80", "nc-80-ix":
            run(t, "make -s " + service, r"HTTP/1\.[01] 200", r"<html")
        shell.end()
        run(t, "tshark -r obj/qemu.pcap", r"TCP")
        run(t, "tshark -r obj/qemu-ix.pcap", r"TCP")


@test(5, "programs run, and the monitor takes over", timeout=120,
      parent=readme_complete)
@readme("make run-hello-nox", "make qemu-nox ARGS='pingpong; primes' CPUS=4",
        "make help")
def readme_programs(t):
    for command, line in (
            ("make run-hello-nox", r"^hello, world$"),
            ("make qemu-nox ARGS='pingpong; primes' CPUS=4", r"^primes: OK$")):
        shell = Shell(t, command)
        shell.wait_for(r"^K> ", 60)
        t.match(shell.text, line, r"pages lost 0, envs lost 0")
        shell.type("shutdown\n")
        t.wait_for(lambda: shell.process.poll() is not None, "the end", 20)
    run(t, "make help", r"grade", r"compare", r"CPUS=2")


@test(5, "gdb stops where the README says", timeout=120,
      parent=readme_complete)
@readme("make qemu-nox-gdb", "make gdb")
def readme_gdb(t):
    shell = Shell(t, "make qemu-nox-gdb")
    shell.wait_for(r"gdb")
    run(t, "make -s gdb", r"call_net_receive",
        text="break call_net_receive\ncontinue\nbacktrace\nkill\nquit\n")


@test(5, "both designs are compared and traced", timeout=300,
      parent=readme_complete)
@readme("make compare QUICK=1", "make compare REAL=1 QUICK=1", "make trace")
def readme_compare(t):
    run(t, "make compare QUICK=1", r"lab-6", r"IX", timeout=200)
    run(t, "make compare REAL=1 QUICK=1", r"^64 connections$",
        r"^  lab-6, polling  ( +[\d.]+){5}$",
        r"^  IX, raw calls  ( +[\d.]+){5}$", timeout=200)
    run(t, "make trace", r"the libOS polls and finds a batch", timeout=100)
    for path in "obj/compare/report.html", "obj/trace":
        t.check(os.path.exists(os.path.join(t.options.tree, path)), path)


@test(5, "what a request costs is measured", timeout=200,
      parent=readme_complete)
@readme("make figures", "make profile APP=ixecho LOAD=tcp,c=64")
def readme_figures(t):
    run(t, "make figures",
        r"^TCP echo 64 B, 10,000 connections, over 64 +[\d.]+ x +1.15 x ",
        r"^round trip of a TCP echo over the reflector's +[\d.]+ x ",
        timeout=150)
    run(t, "make profile APP=ixecho LOAD=tcp,c=64",
        r"^ixecho, tcp,c=64: \d+ instructions a request", r"^ +[\d.]+  lwIP$",
        timeout=100)


@test(5, "the test commands run", timeout=300,
      parent=readme_complete)
@readme("make grade", "./grade-lab-ix --list", "./grade-lab-ix boot",
        "make check", "make check-full")
def readme_tests(t):
    run(t, "make grade GRADEFLAGS=hello", r"^1 passed, 0 failed$")
    run(t, "./grade-lab-ix --list", r"^hello +\d+ ")
    run(t, "./grade-lab-ix --no-build boot", r"passed, 0 failed$")
    run(t, "make check", r"passed, 0 failed$")
    run(t, "make -n check-full", r"check-full")
