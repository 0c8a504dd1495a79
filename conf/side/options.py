"""options.py: what the programs that measure whole tables take alike."""
import argparse
import os


def measuring(name):
    """An argument parser with --quick, --seed, --only and --jobs."""
    out = argparse.ArgumentParser(prog=name)
    out.add_argument("--quick", action="store_true")
    out.add_argument("--seed", type=int, default=1)
    out.add_argument("--only", default="")
    out.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1))
    return out
