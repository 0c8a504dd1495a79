"""www.py: make a C header of the files that httpd serves.

	python3 user/www.py DIR >HEADER

The header defines www_files[], one {path, type, size, data} per file below
DIR, in order of their paths.
"""
import os
import sys

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


def files(top):
    for path, dirs, names in os.walk(top):
        dirs.sort()
        for name in names:
            full = os.path.join(path, name)
            yield "/" + os.path.relpath(full, top).replace(os.sep, "/"), full


def literal(data):
    """Bytes as C string literals, a line for each 20."""
    for i in range(0, len(data), 20):
        yield '\t"%s"' % "".join("\\%03o" % b for b in data[i:i + 20])


def main(top):
    print("/* Made by user/www.py: the files of %s. */" % top)
    print("static const struct www_file www_files[] = {")
    for path, full in sorted(files(top)):
        with open(full, "rb") as f:
            data = f.read()
        kind = TYPES.get(os.path.splitext(path)[1],
                         "application/octet-stream")
        print('{ "%s", "%s", %d,' % (path, kind, len(data)))
        print("\n".join(literal(data)) or '\t""')
        print("},")
    print("};")


main(sys.argv[1])
