"""compare.py: both servers over one matrix, and what their difference is made
of: a table on the terminal, obj/compare/compare.csv, obj/compare/report.html.

	compare.py [--quick] [--seed N] [--only SECTION,...] [--real]

Run by `make compare` (QUICK=1, SEED=, ONLY=, REAL=1). Everything but --real
is exact: virtual time counts instructions. Two runs write the same CSV.
"""
import concurrent.futures
import csv
import os
import sys
import time

import command
from side import machine, matrix, real, report, table
from side.fingerprint import fingerprint
from side.options import measuring

OUT = os.path.join(command.OBJ, "compare")


def progress(done, cells, began):
    if sys.stderr.isatty():
        sys.stderr.write("\r%3d of %d machines, %d s " % (
            done, cells, time.monotonic() - began))
        if done == cells:
            sys.stderr.write("\n")
        sys.stderr.flush()


def measure(cells, seed, jobs):
    """The rows of all cells, in the order of the cells."""
    began = time.monotonic()
    rows = [None] * len(cells)
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        work = {pool.submit(c.run, OUT, seed): i for i, c in enumerate(cells)}
        for done, future in enumerate(
                concurrent.futures.as_completed(work), 1):
            try:
                rows[work[future]] = future.result()
            except (machine.RunFailed, command.Refused) as e:
                for other in work:
                    other.cancel()
                raise SystemExit("compare: %s: %s" % (
                    cells[work[future]].name(), e))
            progress(done, len(cells), began)
    return [row for cell in rows for row in cell]


def write_csv(path, rows):
    with open(path, "w", newline="") as f:
        out = csv.DictWriter(f, matrix.FIELDS, extrasaction="ignore")
        out.writeheader()
        out.writerows(rows)


def main():
    parser = measuring("compare.py")
    parser.add_argument("--real", action="store_true")
    options = parser.parse_args()
    os.makedirs(OUT, exist_ok=True)
    if options.real:
        began = time.monotonic()
        return real.run(OUT, options.quick,
                        lambda done, all: progress(done, all, began))
    cells = matrix.quick_cells() if options.quick else matrix.all_cells()
    if options.only:
        wanted = options.only.split(",")
        cells = [c for c in cells if c.section in wanted]
        if not cells:
            raise SystemExit("compare: ONLY=%s: the sections are %s" % (
                options.only, ", ".join(sorted(
                    {c.section for c in matrix.all_cells()}))))
    rows = measure(cells, options.seed, options.jobs)
    write_csv(os.path.join(OUT, "compare.csv"), rows)
    facts = fingerprint(options.seed)
    for name, value in facts:
        print("%-10s %s" % (name, value))
    print()
    print(table.text(rows))
    path = os.path.join(OUT, "report.html")
    with open(path, "w") as f:
        f.write(report.html_text(rows, facts))
    print("report: %s   figures: %s" % (
        path, os.path.join(OUT, "compare.csv")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
