/*
 * hidden.h: included before everything else by the compiler's command line
 * (dp/Makefrag): all symbols are the libOS's own, so their addresses are
 * computed relative to the code and no table of addresses is needed.
 */
#pragma GCC visibility push(hidden)
