"""boot.py: the part "boot and memory": boot sector, loader, memory, machine,
backtraces, monitor and the launcher's refusals."""
from gradelib import part

part("boot and memory", budget=30)
