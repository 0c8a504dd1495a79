"""multi.py: the part "multitasking": fork, upcalls, IPC, preemption and several CPUs."""
from gradelib import part

part("multitasking", budget=30)
