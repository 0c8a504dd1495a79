"""net_server.py: the part "network server": sockets, echo and HTTP through the
lab-6 server."""
from gradelib import part

part("network server", budget=90)
