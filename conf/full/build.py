"""build.py: the part "builds": other compilers and flags, reproducible
images, and what a change rebuilds.  Each test builds a copy of the tree."""
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from gradelib import part, test

part("builds", budget=600)

JOBS = "-j%d" % (os.cpu_count() or 1)


def copy_tree(t, name="tree"):
    """A copy of the files that git tracks, removed after the test."""
    top = tempfile.mkdtemp(prefix="jix-build-")
    t.on_end(lambda: shutil.rmtree(top, ignore_errors=True))
    names = subprocess.run(["git", "ls-files", "-z"], cwd=t.options.tree,
                           stdout=subprocess.PIPE, check=True).stdout
    tree = os.path.join(top, name)
    for path in names.decode().split("\0"):
        source = os.path.join(t.options.tree, path)
        if path and os.path.isfile(source):
            os.makedirs(os.path.join(tree, os.path.dirname(path)),
                        exist_ok=True)
            shutil.copy2(source, os.path.join(tree, path))
    return tree


def make(t, tree, *words):
    """Output of make; its failure is the test's."""
    environment = {k: v for k, v in os.environ.items()
                   if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(["make", JOBS, *words], cwd=tree, env=environment,
                          text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=t.remaining())
    if done.returncode:
        t.fail("make %s failed:\n%s" % (
            " ".join(words), "\n".join(done.stdout.splitlines()[-12:])))
    return done.stdout


def image_sum(tree):
    with open(os.path.join(tree, "obj", "jix.img"), "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def boot(t, tree, **settings):
    """The tree's image runs hello and ends cleanly."""
    m = t.run("hello", image=os.path.join(tree, "obj", "jix.img"), timeout=60,
              **settings)
    t.match(m, r"hello", no=[r"panic", r"ubsan"])


@test(0, "two builds in different places give the same image", timeout=300)
def reproducible(t):
    first, second = copy_tree(t, "a"), copy_tree(t, "some-other-name")
    make(t, first, "all")
    make(t, second, "all")
    t.equal(image_sum(second), image_sum(first), "SHA-256 of obj/jix.img")


@test(0, "clang builds an image that runs", timeout=300)
def clang(t):
    if not shutil.which("clang"):
        t.skip("clang is not installed (make setup-full)")
    tree = copy_tree(t)
    make(t, tree, "all", "CC=clang")
    boot(t, tree)


@test(0, "the kernel built with UBSan runs without a report", timeout=300)
def ubsan(t):
    tree = copy_tree(t)
    make(t, tree, "all", "UBSAN=1")
    boot(t, tree)


@test(0, "a header, a flag and nothing at all rebuild what they must",
      timeout=300)
def rebuild(t):
    tree = copy_tree(t)
    make(t, tree, "all")
    t.check(" CC " not in make(t, tree, "all"),
            "a second make compiles nothing")
    os.utime(os.path.join(tree, "kern", "kernel.h"))
    out = make(t, tree, "all")
    t.match(out, r"CC +kern/", no=[r"CC +user/", r"CC +boot/"])
    # lwIP's own sources include it, by the way of lwIP's headers.
    os.utime(os.path.join(tree, "inc", "lwipopts-common.h"))
    out = make(t, tree, "all")
    t.match(out, r"CC +net/", no=[r"CC +kern/"])
    t.equal(len(re.findall(r"CC .*/etharp\.c$", out, re.M)), 2,
            "stacks compiled anew")
    out = make(t, tree, "all", "UBSAN=1")
    t.match(out, r"CC +kern/", no=[r"CC +user/", r"CC +lib/entry"])
    t.match(make(t, tree, "all"), r"CC +kern/")
