"""rings.py: the part "rings": the three rings: gates, crossings and attacks on
them."""
from gradelib import part

part("rings", budget=60)
