/* web.c: see web.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pattern.h"
#include "web.h"

#define REQUEST_MAX	4096

struct client {
	struct tcp_pcb *pcb;
	char request[REQUEST_MAX + 1];
	size_t len;			/* of the request so far */
	uint64_t at, end;		/* of the body being sent */
	int answering, closing;
};

static err_t
finish(struct client *c)
{
	struct tcp_pcb *pcb = c->pcb;

	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	free(c);
	if (tcp_close(pcb) == ERR_OK)
		return ERR_OK;
	tcp_abort(pcb);
	return ERR_ABRT;
}

/* Starts the answer to the request that ends before @end. */
static void
answer(struct client *c, const char *end)
{
	char head[160], path[64] = "", version[16] = "";
	int found = sscanf(c->request, "GET /%63s %15s", path, version) == 2 &&
	    strspn(path, "0123456789") == strlen(path);
	int status = 404;

	if (!strncmp(c->request, "GET / ", 6)) {
		found = sscanf(c->request + 6, "%15s", version) == 1;
		strcpy(path, "64");
	}
	if (found)
		status = 200;
	c->at = 0;
	c->end = found ? strtoull(path, NULL, 10) : 0;
	c->closing = strcmp(version, "HTTP/1.1") != 0 ||
	    strstr(c->request, "Connection: close") != NULL;
	int n = snprintf(head, sizeof(head), "HTTP/1.1 %d %s\r\n"
	    "Content-Length: %" PRIu64 "\r\nConnection: %s\r\n\r\n", status,
	    status == 200 ? "OK" : "Not Found", c->end,
	    c->closing ? "close" : "keep-alive");
	tcp_write(c->pcb, head, (u16_t)n, TCP_WRITE_FLAG_COPY |
	    (c->end ? TCP_WRITE_FLAG_MORE : 0));
	c->answering = 1;
	c->len -= (size_t)(end - c->request);
	memmove(c->request, end, c->len + 1);
}

/* Sends on; then takes up the next request that is there. */
static err_t
pump(struct client *c)
{
	for (;;) {
		while (c->answering && c->at < c->end) {
			uint64_t n = c->end - c->at;
			if (n > PATTERN_CHUNK)
				n = PATTERN_CHUNK;
			if (n > tcp_sndbuf(c->pcb))
				n = tcp_sndbuf(c->pcb);
			if (n == 0 || tcp_write(c->pcb, pattern_bytes(c->at),
			    (u16_t)n, 0) != ERR_OK)
				return ERR_OK;
			c->at += n;
		}
		if (c->answering && c->closing)
			return finish(c);
		c->answering = 0;
		char *end = strstr(c->request, "\r\n\r\n");
		if (!end)
			return c->len < REQUEST_MAX ? ERR_OK : finish(c);
		answer(c, end + 4);
	}
}

static err_t
on_recv(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	struct client *c = arg;

	(void)err;
	if (!p)
		return finish(c);
	tcp_recved(pcb, p->tot_len);
	c->len += pbuf_copy_partial(p, c->request + c->len,
	    (u16_t)(REQUEST_MAX - c->len), 0);
	c->request[c->len] = 0;
	pbuf_free(p);
	return pump(c);
}

static err_t
on_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb;
	(void)len;
	return pump(arg);
}

static void
on_error(void *arg, err_t err)
{
	(void)err;
	free(arg);
}

err_t
web_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct client *c;

	(void)arg;
	if (err != ERR_OK || !pcb)
		return ERR_VAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ERR_MEM;
	c->pcb = pcb;
	tcp_arg(pcb, c);
	tcp_recv(pcb, on_recv);
	tcp_sent(pcb, on_sent);
	tcp_err(pcb, on_error);
	tcp_nagle_disable(pcb);
	return ERR_OK;
}
