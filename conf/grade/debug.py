"""debug.py: the part "debugging": gdb from the boot sector to user code,
packets, traces."""
from gradelib import part

part("debugging", budget=60)
