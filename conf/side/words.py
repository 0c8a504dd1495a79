"""words.py: what the report says in words: captions and the glossary."""

GLOSSARY = (
    ("request", "one message from the client and its answer."),
    ("instructions per request", "instructions that the serving cores carry "
     "out for one request, all layers together; idle polling is not in it. "
     "A copy by one `rep movs` counts each of its steps."),
    ("capacity", "10^9 divided by instructions per request: requests per "
     "second of a core that does 10^9 instructions per second."),
    ("service time on the wire", "from the request's frame to the answer's "
     "frame on the client's card: the server alone. The client's round trip "
     "has its own work in it too."),
    ("p99", "99 of 100 requests take no longer. What waits for many answers "
     "waits for the slowest, so the tail counts more than the mean."),
    ("goodput", "payload bytes delivered per second, without headers and "
     "repetitions."),
    ("batch", "frames that are processed in one go. A batch is what is "
     "there, never waited for, up to a bound B."),
    ("crossing", "a change of privilege: into the kernel (ring 3 to 0) in "
     "lab-6, into the libOS (ring 3 to 1) in IX."),
    ("IPC message", "a word and perhaps a page from one environment to "
     "another, through the kernel."),
    ("doorbell", "a write to a tail register: the NIC learns of new "
     "descriptors."),
    ("open loop", "requests come at random times, whether or not earlier "
     "ones were answered; latency counts from the intended time."),
    ("exact", "counted in QEMU's virtual time, in which each instruction "
     "takes 1 ns: it does not depend on how fast the host is. It knows no "
     "caches, no TLB and no cost of loading CR3."),
    ("real", "elapsed time on this host under QEMU."),
)

EXACT_COST = ("Exact, profile cost: a core gives way only when it pauses, "
              "halts or gives buffers back to the NIC. Counted is what lies "
              "between, so it is the core's own instructions, whatever other "
              "cores do meanwhile.")
EXACT_LOAD = ("Exact, profile load: cores take turns of 10 us on one "
              "instruction clock; with two of them busy (server and client) "
              "each runs at half its speed, in every design alike.")

CAPTIONS = {
    "components": ("What a 64-byte echo costs, by component.",
                   "Instructions per request of the serving core, with one "
                   "and with many TCP connections, as said below each bar "
                   "(igb). " + EXACT_COST),
    "conns": ("Connections against instructions per request.",
              "Each connection has one 64-byte message under way (igb). More "
              "connections let both designs do more per turn. " + EXACT_COST),
    "sizes": ("Message size against instructions per request.",
              "One TCP connection, one message under way (igb). "
              + EXACT_COST),
    "goodput": ("Message size against goodput of a busy serving core.",
                "Message size times 10^9 divided by instructions per request: "
                "what one core can deliver if it has nothing else to do "
                "(igb). " + EXACT_COST),
    "nics": ("The same echo on both cards.",
             "64 bytes, TCP, one connection. The e1000 computes no checksums "
             "for receiving, and its driver is the simpler one. "
             + EXACT_COST),
    "load": ("Latency against load.",
             "64-byte messages at random times over 32 connections; latency "
             "(99th percentile) from the intended time of sending (igb). "
             + EXACT_LOAD),
    "batch": ("The batch bound B.",
              "IX with 64 connections: instructions per request, for frames "
              "processed at most B at a time (igb). " + EXACT_COST),
    "delay": ("What a batch costs the first of its packets.",
              "The same runs: the client's shortest and median round trips. "
              "A large bound lets the first frames of a batch wait until all "
              "of it has been processed. " + EXACT_COST),
    "cores": ("Cores against instructions per request.",
              "IX on 1 to 8 cores, 64 connections spread by the NIC's hash. "
              "Cores share nothing, so a request costs the same on each. "
              + EXACT_COST),
    "hogs": ("Neighbours that compute for ever.",
             "Median round trip of one connection with 0, 1 and 4 spinning "
             "environments beside the server. In lab-6 each hand-over of a "
             "packet queues behind their time slices of 10 ms; the dataplane "
             "has its core to itself. " + EXACT_LOAD),
    "slow": ("A slow application: when is the request acknowledged?",
             "The application computes for the given time before each "
             "answer; the plot shows the time on the wire from the request "
             "to the first frame that comes back (igb). In IX the "
             "application has the core and the stack waits for it; in lab-6 "
             "the server is another environment. " + EXACT_COST),
}
