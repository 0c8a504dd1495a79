"""gradereport.py: what a run of the graded tests adds up to: points, the
closing line, and results for an autograder. Used by gradelib.py."""
import collections
import json
import re


def summary(parts, entries):
    """Print points and the closing line; True if nothing failed."""
    count = collections.Counter(e.status or "FAIL" for e in entries)
    for p in parts:
        mine = [e for e in entries if e.part is p]
        if mine:
            print("%-22s %3d/%d" % (p.title + ":", score(mine), total(mine)))
    for e in entries:
        if e.status not in ("OK", "SKIP"):
            why = e.report.strip().splitlines()[:1] or ["did not run"]
            print("failed: %s: %s: %s" % (e.name, e.title, why[0].strip()))
    print("Score: %d/%d" % (score(entries), total(entries)))
    skipped = ", %d skipped" % count["SKIP"] if count["SKIP"] else ""
    print("%d passed, %d failed%s" % (count["OK"], count["FAIL"], skipped))
    return count["FAIL"] == 0


def score(entries):
    return sum(e.points for e in entries if e.status == "OK")


def total(entries):
    return sum(e.points for e in entries)


def write_json(path, entries, seconds):
    """Results in the format of Gradescope's autograder."""
    words = {"OK": "passed", "FAIL": "failed", "SKIP": "failed"}
    tests = [{"name": "%s: %s" % (e.part.title, e.title),
              "number": e.name,
              "score": e.points if e.status == "OK" else 0,
              "max_score": e.points,
              "status": words.get(e.status, "failed"),
              "output": re.sub(r"\033\[\d+m", "", e.report)}
             for e in entries]
    with open(path, "w") as f:
        json.dump({"score": score(entries), "execution_time": round(seconds),
                   "tests": tests}, f, indent=1)
        f.write("\n")


def list_tests(entries):
    part = None
    for e in entries:
        if e.part is not part:
            part = e.part
            print("== %s (%s, %d points) ==" % (
                part.title, part.key,
                total([o for o in entries if o.part is part])))
        print("%s%-22s %3d  %s" % ("  " if e.parent else "", e.name, e.points,
                                   e.title))
