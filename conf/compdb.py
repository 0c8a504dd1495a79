"""compdb.py FILE: compiler commands on standard input (what `make -n V=1`
prints) become the compilation database FILE, which editors read."""
import json
import os
import shlex
import sys


def entries(lines):
    here = os.getcwd()
    for line in lines:
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        if "-c" not in words or "-o" not in words:
            continue
        source = words[-1]
        if source.endswith((".c", ".S")):
            yield {"directory": here, "file": source, "arguments": words,
                   "output": words[words.index("-o") + 1]}


def main(path):
    found = list(entries(sys.stdin))
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as f:
        json.dump(found, f, indent=1)
        f.write("\n")
    print("%s: %d commands" % (path, len(found)))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
