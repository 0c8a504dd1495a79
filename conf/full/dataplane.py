"""dataplane.py: the part "dataplane, at length": what the graded tests do ten
or a thousand times, a hundred and a hundred thousand times."""
from dptest import finish, kill_under_load, load, start, under_load

from gradelib import part, test
from loadtool import Link

part("dataplane, at length", budget=240)

TIMES = 100


@test(0, "an application crashes under load, 100 times", timeout=300)
def dp_crash_100(t):
    under_load(t, "ixcp each -k ixtest " + ",".join(["crash"] * TIMES), TIMES,
               r"^ixcp: core 0 died in ring 3: trap 6,")


@test(0, "a dataplane is stopped by force under load, 100 times", timeout=300)
def dp_force_100(t):
    words = ",".join(["-"] * TIMES)
    under_load(t, "ixcp each -k -w -1 -t 0 ixudp " + words, TIMES,
               r"^ixcp: core 0 taken back",
               programs="ixcp stop 0 1000000; ")


@test(0, "the control plane is killed under load, 100 times", timeout=300)
def dp_kill_100(t):
    kill_under_load(t, TIMES)


def single_echoes(t, model, count):
    """One datagram at a time to a core that waits in the kernel at once; an
    answer that does not come within 10 s fails."""
    link = Link(t)
    m = start(t, "ixcp run -k -w 0 ixudp -- -m %d" % count,
              link.card(model=model))
    load(link, "udp", "--messages", count, "--rto", 10, "--retries", 0,
         timeout=400).require(r"^udp: %d messages" % count)
    finish(t, m)


@test(0, "no wake-up is lost: 100,000 datagrams, 82576", timeout=500)
def dp_wakeups_igb(t):
    single_echoes(t, "igb", 100000)


@test(0, "no wake-up is lost: 20,000 datagrams, 82540EM", timeout=300)
def dp_wakeups_e1000(t):
    single_echoes(t, "e1000", 20000)
