"""gradelib.py: graded tests, their running and their report.

A file of conf/grade/ holds one part. It names it with part() and declares
each test as a function that takes a Test and returns if all is well:

	from gradelib import part, test

	part("boot and memory", budget=30)

	@test(5, "the page allocator's self check")
	def page_allocator(t):
	    m = t.run("hello", boot={"check": 1})
	    t.match(m, r"mem_check: page allocator OK", no=[r"panic"])

The function's name is the test's name, which filters choose by; its points
are given whole or not at all. A test with parent=FUNCTION runs after that
test, finds its result in t.parent, and fails if the parent failed: so several
tests can look at one run of the machine. Machines are started through t.run()
and t.machine() (see testmachine.py) and never outlive their test.

Times are multiplied by TIMEOUT_SCALE of the environment. Nothing here needs
privileges or anything beyond Python and QEMU.
"""
import argparse
import collections
import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

from gradereport import list_tests, summary, write_json
from testmachine import Machine, MachineError

SCALE = float(os.environ.get("TIMEOUT_SCALE") or 1)
LAST_LINES = 12                 # of the serial log, shown when a test fails

TESTS = []
PARTS = []


class Failed(Exception):
    """The test's expectation does not hold; the text says which."""


class Skipped(Exception):
    """The test cannot run here; the text says why."""


class Entry:
    """A declared test, and after its run the outcome."""

    def __init__(self, function, points, title, parent, timeout):
        self.function = function
        self.name = function.__name__
        self.points = points
        self.title = title
        self.parent = parent
        self.timeout = timeout
        self.part = PARTS[-1]
        self.children = []
        self.value = None               # what the function returned
        self.machines = []
        self.status = None              # "OK", "FAIL" or "SKIP"
        self.report = ""
        self.seconds = 0.0


class Part:
    def __init__(self, title, key, budget):
        self.title = title
        self.key = key                  # name of its file, for filters
        self.budget = budget


def part(title, budget=0):
    """Begin a part; budget is the seconds it may take on two cores."""
    key = sys._getframe(1).f_globals["__name__"]
    PARTS.append(Part(title, key, budget))


def test(points, title, parent=None, timeout=60):
    """Declare a test. `timeout` bounds the whole test, in seconds."""
    def declare(function):
        entry = Entry(function, points, title, None, timeout)
        if parent:
            entry.parent = parent.entry
            entry.parent.children.append(entry)
        if any(e.name == entry.name for e in TESTS):
            raise ValueError("two tests are called " + entry.name)
        function.entry = entry
        TESTS.append(entry)
        return function
    return declare


class Test:
    """What a test function works with."""

    def __init__(self, entry, options):
        self.entry = entry
        self.name = entry.name
        self.options = options
        self.parent = entry.parent.value if entry.parent else None
        self.deadline = time.monotonic() + entry.timeout * SCALE
        self.dir = os.path.join(options.tree, "obj", "grade", entry.name)
        self.machines = []
        self.ends = []

    def begin(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        os.makedirs(self.dir)

    def machine(self, programs="", **settings):
        """A Machine that belongs to this test; call its start()."""
        m = Machine(self, programs, **settings)
        self.machines.append(m)
        return m

    def forget(self, m):
        """A machine of many is done with: drop its log and its output."""
        self.machines.remove(m)
        m.stop()
        shutil.rmtree(m.dir, ignore_errors=True)
        os.makedirs(self.dir, exist_ok=True)

    def run(self, programs="", timeout=30, clean=True, on_line=(),
            stop_on=None, **settings):
        """Start a machine and wait for its end, or for a line that matches
        `stop_on`. on_line is a list of (pattern, function(machine, match)).
        With clean, a panic, lost pages or environments, a triple fault, and
        a run longer than `timeout` fail the test."""
        m = self.machine(programs, **settings)
        for pattern, function in on_line:
            m.call_on_line(pattern, function)
        m.start()
        if stop_on:
            m.wait_line(stop_on, timeout)
            m.stop()
        else:
            m.wait_end(timeout)
            if clean:
                m.require_clean()
        return m

    def match(self, where, *required, no=()):
        """Each pattern of `required` must match a line of the machine's
        output (or of a text), in any order; none of `no` may."""
        text = where.text if isinstance(where, Machine) else where
        lines = text.splitlines()
        for pattern in no:
            for i, line in enumerate(lines):
                if re.search(pattern, line):
                    self.fail("no line may match  %s\nbut this one does:\n%s"
                              % (pattern, context(lines, i)))
        missing = [p for p in required
                   if not any(re.search(p, line) for line in lines)]
        if missing:
            self.fail("\n".join("expected a line matching  %s" % colour(p, 31)
                                for p in missing) +
                      "".join("\nfound                     %s" % colour(p, 32)
                              for p in required if p not in missing) +
                      shown_text(where))

    def sequence(self, where, *patterns):
        """The patterns must match lines in this order."""
        text = where.text if isinstance(where, Machine) else where
        lines = text.splitlines()
        at = 0
        for n, pattern in enumerate(patterns):
            while at < len(lines) and not re.search(pattern, lines[at]):
                at += 1
            if at == len(lines):
                after = patterns[n - 1] if n else "the start"
                self.fail("expected a line matching  %s\nafter  %s%s"
                          % (colour(pattern, 31), after, shown_text(where)))
            at += 1

    def equal(self, got, wanted, what):
        if got != wanted:
            self.fail("%s: expected %r, got %r" % (what, wanted, got))

    def check(self, condition, what):
        if not condition:
            self.fail("expected: " + what)

    def wait_for(self, ready, what, timeout=20):
        """Wait until ready() is true: for what another process does and no
        event tells of."""
        limit = time.monotonic() + min(timeout * SCALE, self.remaining())
        while not ready():
            if time.monotonic() > limit:
                self.fail("waited in vain for " + what)
            time.sleep(0.05)

    def fail(self, text):
        raise Failed(text)

    def skip(self, reason):
        raise Skipped(reason)

    def on_end(self, function):
        """Call function() when the test is over, however it ends."""
        self.ends.append(function)

    def end(self):
        for m in self.machines:
            m.stop()
        for function in self.ends:
            function()

    def remaining(self):
        return self.deadline - time.monotonic()


def colour(text, code):
    """ANSI colour where a person reads along."""
    return "\033[%dm%s\033[0m" % (code, text) if sys.stdout.isatty() else text


def shown_text(where):
    """The end of a text that was searched; a machine's is shown anyway."""
    if isinstance(where, Machine):
        return ""
    return "\nin this text:" + "".join(
        "\n    " + line for line in where.splitlines()[-20:])


def context(lines, i, around=2):
    """Line i in red between its neighbours."""
    shown = []
    for n in range(max(0, i - around), min(len(lines), i + around + 1)):
        line = "  %s %s" % (">" if n == i else " ", lines[n])
        shown.append(colour(line, 31) if n == i else line)
    return "\n".join(shown)


def describe_failure(t, text):
    """The report of a failure: what was expected, what was there, where the
    log is, and how to go on."""
    out = [text]
    machines = t.machines
    if not machines and t.entry.parent:
        machines = t.entry.parent.machines
    for m in machines:
        out.append("the run:    " + m.outcome())
        lines = m.text.splitlines()
        if lines:
            out.append("last lines of the serial port:")
            out += ["    " + line for line in lines[-LAST_LINES:]]
        out.append("log:        " + relative(m.log_path, t))
    script = os.path.relpath(sys.argv[0])
    script = script if "/" in script else "./" + script
    tree = "" if t.options.own_tree else " --tree " + t.options.tree
    out.append("run again:  %s%s -v %s" % (script, tree, t.name))
    if machines:
        out.append("debug:      %s" % machines[-1].debug_command())
    return "\n".join(out)


def relative(path, t):
    return os.path.relpath(path, t.options.tree if not t.options.own_tree
                           else os.getcwd())


def run_entry(entry, options):
    """Run one test: fills in its outcome, and lets nothing escape."""
    began = time.monotonic()
    status, report = "FAIL", ""
    t = Test(entry, options)
    try:
        t.begin()
        if entry.parent and entry.parent.status != "OK":
            raise Failed("needs %s, which did not pass" % entry.parent.name)
        entry.value = entry.function(t)
        status = "OK"
    except Skipped as e:
        status, report = "SKIP", str(e)
    except (Failed, MachineError) as e:
        report = describe_failure(t, str(e))
    except Exception:                   # a mistake in the test itself
        report = describe_failure(t, "the test itself broke:\n" +
                                  traceback.format_exc().rstrip())
    finally:
        t.end()
    if options.verbose:
        report = verbose_report(t, report)
    entry.machines = t.machines
    entry.seconds = time.monotonic() - began
    entry.report = report
    entry.status = status


def verbose_report(t, report):
    out = []
    for m in t.machines:
        out.append("$ " + m.shell_command())
        out += ["| " + line for line in m.text.splitlines()]
    return "\n".join(out + [report] if report else out)


class Runner:
    """Runs families (a test without parent, then its descendants in order)
    on several threads, and prints outcomes in the order of declaration."""

    def __init__(self, entries, options):
        self.entries = entries
        self.options = options
        self.queue = collections.deque(e for e in entries if not e.parent)
        self.lock = threading.Lock()
        self.printed = 0
        self.part = None
        self.stopping = False

    def run(self):
        threads = [threading.Thread(target=self.work, daemon=True)
                   for _ in range(self.options.jobs)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                for thread in threads:
                    thread.join(0.2)
        except KeyboardInterrupt:
            self.stopping = True
            Machine.stop_all()
            for thread in threads:      # let them put things away
                thread.join(5)
            print("\ninterrupted")

    def work(self):
        while not self.stopping:
            with self.lock:
                if not self.queue:
                    return
                entry = self.queue.popleft()
            self.run_family(entry)

    def run_family(self, entry):
        """Run a test and its descendants: did all pass? Then no log stays."""
        if entry not in self.entries or self.stopping:
            return True
        run_entry(entry, self.options)
        self.show()
        good = entry.status == "OK"
        for child in entry.children:
            good = self.run_family(child) and good
        if good and not self.options.keep:
            shutil.rmtree(os.path.join(self.options.tree, "obj", "grade",
                                       entry.name), ignore_errors=True)
        return good

    def show(self):
        with self.lock:
            while self.printed < len(self.entries):
                entry = self.entries[self.printed]
                if entry.status is None or self.stopping:
                    break
                self.show_entry(entry)
                self.printed += 1

    def show_entry(self, entry):
        if entry.part is not self.part:
            self.part = entry.part
            print("== %s ==" % entry.part.title)
        word = colour(entry.status, {"OK": 32, "FAIL": 31, "SKIP": 33}
                      [entry.status])
        indent = "  " if entry.parent else ""
        print("%s%s: %s: %s (%.1fs)" % (indent, entry.name, entry.title, word,
                                        entry.seconds))
        for line in entry.report.splitlines():
            print("    " + line)
        sys.stdout.flush()


def select(words):
    """The tests that the words choose, with the parents they need. A word is
    the name of a part's file, or a piece of a test's name or title."""
    if not words:
        return list(TESTS)
    chosen = set()
    for word in words:
        found = [e for e in TESTS if word in (e.part.key, e.name)]
        found = found or [e for e in TESTS
                          if word.lower() in (e.name + " " + e.title).lower()
                          or word.lower() in e.part.title.lower()]
        if not found:
            sys.exit("no test or part is called '%s' (--list names them)"
                     % word)
        for e in found:
            while e:
                chosen.add(e.name)
                e = e.parent
    return [e for e in TESTS if e.name in chosen]


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="grade-lab-ix", description="Run the graded tests. Each FILTER "
        "is a part (boot, env, ...), a test's name, or a piece of its title.")
    parser.add_argument("filters", nargs="*", metavar="FILTER")
    parser.add_argument("-v", "--verbose", action="store_true",
                        help="show commands and the whole serial output")
    parser.add_argument("-j", "--jobs", type=int, metavar="N",
                        default=min(2, os.cpu_count() or 1),
                        help="tests at once (default %(default)s)")
    parser.add_argument("-k", "--keep", action="store_true",
                        help="keep the logs of tests that pass, too")
    parser.add_argument("-l", "--list", action="store_true",
                        help="list the tests and their points")
    parser.add_argument("--json", metavar="FILE",
                        help="write results for Gradescope")
    parser.add_argument("--tree", metavar="DIR",
                        help="grade the tree in DIR with these tests")
    parser.add_argument("--no-build", action="store_true",
                        help="use obj/ as it is")
    options = parser.parse_args(argv)
    if options.jobs < 1:
        parser.error("-j takes a number from 1")
    return options


def build(options):
    """Bring the tree's image up to date, if asked; True if there is one."""
    if not options.no_build:
        made = subprocess.run(["make", "-s", "-C", options.tree,
                               "--no-print-directory", "all"])
        if made.returncode:
            print("the tree does not build: no test was run")
            return False
    image = os.path.join(options.tree, "obj", "jix.img")
    if not os.path.isfile(image):
        print("%s is not there: no test was run" % image)
        return False
    return True


def load(name):
    """Load a part; one that does not load is a failed test, not the end."""
    try:
        importlib.import_module(name)
    except Exception:
        report = "conf/grade/%s.py does not load:\n%s" % (
            name, traceback.format_exc())
        PARTS.append(Part(name, name, 0))

        def broken(t):
            t.fail(report)

        broken.__name__ = "load_" + name
        test(0, "the part can be loaded")(broken)


def interrupt(number, frame):
    """Any signal that asks us to end does what ^C does."""
    raise KeyboardInterrupt


def main(own_tree, parts, argv=None):
    """The program: load the parts, run what was asked for, report."""
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    options = arguments(sys.argv[1:] if argv is None else argv)
    for name in parts:
        load(name)
    entries = select(options.filters)
    if options.list:
        list_tests(entries)
        return 0
    options.own_tree = options.tree is None
    options.tree = os.path.abspath(options.tree or own_tree)
    began = time.monotonic()
    if build(options):
        Runner(entries, options).run()
    passed = summary(PARTS, entries)
    if options.json:
        write_json(options.json, entries, time.monotonic() - began)
    return 0 if passed else 1
