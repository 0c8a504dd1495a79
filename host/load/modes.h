/*
 * modes.h: what the load generator can do, one function per mode.
 *
 * Each runs after the stack is up and (unless raw or serve) the peer's MAC is
 * known, until done or @deadline (ns); it counts into stats and returns an
 * exit status.
 */
#ifndef LOAD_MODES_H
#define LOAD_MODES_H

#include <stdint.h>

struct mode {
	const char *name;
	const char *what;		/* one line of help */
	int (*run)(uint64_t deadline);
	int no_peer;			/* runs without a peer that answers */
};

extern const struct mode modes[];	/* ends with a NULL name */

int mode_echo(uint64_t deadline);	/* echo.c */
int mode_open(uint64_t deadline);	/* open.c */
int mode_churn(uint64_t deadline);	/* churn.c */
int mode_hold(uint64_t deadline);	/* hold.c */
int mode_xfer(uint64_t deadline);	/* xfer.c */
int mode_http(uint64_t deadline);	/* http.c */
int mode_udp(uint64_t deadline);	/* dgram.c */
int mode_ping(uint64_t deadline);	/* dgram.c */
int mode_fuzz(uint64_t deadline);	/* fuzz.c */
int mode_synflood(uint64_t deadline);	/* synflood.c */
int mode_raw(uint64_t deadline);	/* raw.c */
int mode_serve(uint64_t deadline);	/* serve.c */

/*
 * Serves echo and HTTP until the link is closed; for the other end of --self.
 */
int serve_until_closed(void);

/* EXIT_OK when no error was counted. */
int mode_verdict(void);

#endif
