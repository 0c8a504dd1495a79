"""side.py: the part "side by side": both servers in one machine, and the
counts of both."""
from gradelib import part

part("side by side", budget=90)
