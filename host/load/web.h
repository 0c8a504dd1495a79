/* web.h: the HTTP half of serve.c. */
#ifndef LOAD_WEB_H
#define LOAD_WEB_H

#include "lwip/tcp.h"

/*
 * Accepts an HTTP connection.  GET /N is answered by N bytes of the pattern,
 * GET / by 64, anything else by 404; keep-alive as HTTP/1.1 has it.
 */
err_t web_accept(void *arg, struct tcp_pcb *pcb, err_t err);

#endif
