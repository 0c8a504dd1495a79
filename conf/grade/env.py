"""env.py: the part "environments": environments, traps, system calls with bad arguments, and
the programs that must be killed or survive."""
from gradelib import part

part("environments", budget=30)
