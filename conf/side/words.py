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
    ("ping", "an ICMP echo request. The server's stack replies by itself: "
     "no application is asked."),
    ("acknowledgement", "TCP's word that bytes have arrived. Until then the "
     "sender keeps them, to send them again if need be."),
    ("Little's law", "what is inside, on average, is what comes in a second "
     "times the seconds that it stays. It holds whatever the order and the "
     "distances are."),
    ("zero copy", "data is sent from where it lies. That place, a page of the "
     "application or a receive buffer, is not free before the "
     "acknowledgement."),
    ("time slice", "how long an environment may compute before another one "
     "that is runnable gets the CPU: 10 ms."),
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
EXACT_LOAD = ("Exact, profile load: cores that are busy take turns of 10 us "
              "on one instruction clock; two of them (server and client) run "
              "at half their speed each, in every design alike.")

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
              "64 requests reach IX at the same moment; on the wire, from "
              "then on, until the first answer and until the last one leaves "
              "(igb, median of 10 bursts). With a small bound the first "
              "answer leaves early, but all take longer, as each batch costs "
              "a crossing and a doorbell; with B = 64 the first one waits "
              "until all have been processed. " + EXACT_COST),
    "cores": ("Cores against instructions per request.",
              "IX on 1 to 8 cores, 64 connections spread by the NIC's hash. "
              "Cores share nothing, so a request costs the same on each. "
              + EXACT_COST),
    "hogs": ("Neighbours that compute for ever.",
             "Median round trip of one connection with 0, 1 and 4 spinning "
             "environments beside the server. In lab-6 each hand-over of a "
             "packet queues behind their time slices of 10 ms; the dataplane "
             "has its core to itself; that its figure grows at all is a third "
             "busy core in the turns. " + EXACT_LOAD),
    "ping": ("A slow application: who still answers a ping?",
             "The application computes for the given time before each "
             "answer; 0.2 ms after it has been given a request it is pinged. "
             "Time on the wire until the reply (igb, median of 3). In IX the "
             "stack runs between two turns of the application on that core, "
             "so a ping waits until the application is done. In lab-6 the "
             "server is another environment: with a second CPU it replies at "
             "once, whatever is computed. With one CPU each hand-over of the "
             "packet, between driver, input, server and output, waits for "
             "the application's time slice of 10 ms to end. " + EXACT_LOAD),
    "ack": ("A slow application: who still acknowledges?",
            "The same runs: with the ping a second message is sent; time "
            "until TCP acknowledges it. IX finds it when the application has "
            "answered the first, and then the application computes again, so "
            "it waits for up to twice the computing. TCP by itself may delay "
            "the acknowledgement of a single segment by 10 ms, but not of "
            "the second in a row. " + EXACT_LOAD),
    "held": ("What is kept until it is acknowledged.",
             "5000 messages of 2920 bytes in a second, two segments each; "
             "the client looks at its card, and acknowledges, only so often "
             "(igb). Sent data stays with the server until then: in lab-6 as "
             "copies in the stack's memory (1600 bytes each), in IX, which "
             "does not copy, as the receive buffers (2 KB) that the "
             "application echoes from. Little's law says how many: rate "
             "times delay, 10 000 segments a second times the delay. The "
             "designs lie on that line as soon as the delay is longer than "
             "the work for a batch. Lines: what the wire shows. Dashed: what "
             "the servers count themselves, lab-6 the segments in its stack, "
             "IX's libOS the receive buffers in use. " + EXACT_COST),
}
