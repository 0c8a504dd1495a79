"""exercises.py: unit tests of the exercise marks in the sources, run by
`make check`: they pair up, have names of their own, lie around whole
functions, and doc/labs.md tells of each, with graded tests that exist."""
import glob
import os
import re
import sys
import unittest

TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
MARK = re.compile(r"// @exercise (\w+) (\d+) '[^']+'$")
FOLDERS = ("boot", "kern", "lib", "net", "dp", "user")


def marked():
    """{name: (path, lines between the marks)}; raises on a lone mark."""
    found = {}
    for folder in FOLDERS:
        for path in sorted(glob.glob(os.path.join(TREE, folder, "**", "*.*"),
                                     recursive=True)):
            if path.endswith((".c", ".h", ".S")):
                for name, body in marked_in(path):
                    assert name not in found, "%s: %s again" % (path, name)
                    found[name] = os.path.relpath(path, TREE), body
    return found


def marked_in(path):
    name, body = None, []
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            if "@exercise" in line or line == "// @end":
                assert (name is None) == ("@exercise" in line), path
                if name:
                    yield name, body
                    name = None
                else:
                    assert MARK.match(line), "%s: %s" % (path, line)
                    name, body = MARK.match(line).group(1), []
            elif name:
                body.append(line)
    assert name is None, "%s: %s has no end" % (path, name)


def graded():
    """Names of graded tests, as far as they stand in the sources."""
    names = set()
    for path in glob.glob(os.path.join(TREE, "conf", "grade", "*.py")):
        with open(path, encoding="utf-8") as f:
            names.update(re.findall(r"^def (\w+)|\"(\w+)\"", f.read(), re.M))
    return {a or b for a, b in names}


class Marks(unittest.TestCase):
    def test_whole_functions(self):
        for name, (path, body) in marked().items():
            self.assertTrue(body, name)
            if path.endswith(".c"):
                self.assertIn("}", body, "%s: %s" % (path, name))
                self.assertEqual(body.count("{"), body.count("}"), name)

    def test_handbook(self):
        with open(os.path.join(TREE, "doc", "labs.md")) as f:
            rows = [[cell.strip() for cell in line.split("|")[1:-1]]
                    for line in f if line.startswith("| ")][1:]
        told = {}
        for _, names, paths, tests in rows:
            for name in names.split(", "):
                told[name] = paths.split(", ")
            for test in tests.split(", "):
                self.assertIn(test, graded())
        real = {name: path for name, (path, _) in marked().items()}
        self.assertEqual(sorted(told), sorted(real))
        for name, path in real.items():
            self.assertIn(path, told[name], name)


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=0).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - failed, failed))
    sys.exit(1 if failed else 0)
