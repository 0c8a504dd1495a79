/*
 * httpd.c: a web server for the files of user/www/: HTTP/1.1 with persistent
 * connections and 1.0 (RFC 9110, RFC 9112), GET and HEAD, many connections at
 * once by poll and non-blocking sockets. One source for both modes: in IX mode
 * it runs on every core of the dataplane.
 *
 *	httpd [-p PORT] [-e PORT]
 *
 * -e: an echo server (RFC 862) on that port as well, so that a dataplane with
 * one core can offer both.
 * /status shows what both designs count (user/http_status.h).
 * A response is one buffer and, if there is room, one send: header and file
 * together. user/http_parse.h reads requests.
 */
#include "inc/args.h"
#include "inc/assert.h"
#include "inc/error.h"
#include "inc/socket.h"
#include "inc/stdio.h"
#include "inc/string.h"
#include "user/http_parse.h"
#include "user/http_status.h"

void *malloc(size_t n);
void free(void *p);

struct www_file {
	const char *path;
	const char *type;
	uint32_t size;
	const char *data;
};
#include "obj/user/www.h"

#define BACKLOG		255
#ifdef JIX_IX
#define SERVER		"the dataplane"
#else
#define SERVER		"the lab-6 server"
#endif
#define HEADER_MAX	512		/* of a response */
#define DRAIN_MAX	(256 * 1024)	/* read after an error, then cut off */

/* A connection. */
struct conn {
	bool echo;		/* came in at the echo port */
	char *out;		/* the response being sent, or NULL */
	uint32_t out_off, out_len;
	bool last;		/* no request is served after this response */
	bool draining;		/* our side is shut: wait for the client's */
	uint32_t drained;
	uint32_t in_len;
	char in[HTTP_REQUEST_MAX];
};

/* [0] listens, [1] for echo if there is one; connections from `first` on. */
static _Thread_local struct pollfd fds[POLL_MAX];
static _Thread_local struct conn *conns[POLL_MAX];
static _Thread_local uint32_t nfds, first;

/* --- Responses --------------------------------------------------------- */

static const char *
reason(int status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 404: return "Not Found";
	case 414: return "URI Too Long";
	case 431: return "Request Header Fields Too Large";
	case 501: return "Not Implemented";
	case 505: return "HTTP Version Not Supported";
	default: return "Internal Server Error";
	}
}

static const struct www_file *
find_file(const char *path)
{
	size_t i;

	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (i = 0; i < ARRAY_SIZE(www_files); i++) {
		if (strcmp(path, www_files[i].path) == 0)
			return &www_files[i];
	}
	return NULL;
}

/*
 * Make header and body one buffer in c->out. body_len is announced in any
 * case; the body itself is left out if the request was HEAD.
 */
// @exercise http_send 10 'HTTP: the response, header and body in one buffer'
static bool
make_response(struct conn *c, const struct http_request *req, int status,
	      const char *type, const char *body, uint32_t body_len)
{
	uint32_t n;

	c->out = malloc(HEADER_MAX + (req->head ? 0 : body_len));
	if (c->out == NULL)
		return false;
	n = snprintf(c->out, HEADER_MAX,
		     "HTTP/1.1 %d %s\r\n"
		     "Server: jix\r\n"
		     "Content-Type: %s\r\n"
		     "Content-Length: %u\r\n"
		     "%s\r\n",
		     status, reason(status), type, body_len,
		     c->last ? "Connection: close\r\n" :
		     req->minor == 0 ? "Connection: keep-alive\r\n" : "");
	if (!req->head) {
		memcpy(c->out + n, body, body_len);
		n += body_len;
	}
	c->out_off = 0;
	c->out_len = n;
	return true;
}
// @end

static bool
respond_error(struct conn *c, const struct http_request *req, int status)
{
	char body[256];
	uint32_t n;

	n = snprintf(body, sizeof(body),
		     "<!DOCTYPE html><title>%d %s</title><h1>%d %s</h1>\n",
		     status, reason(status), status, reason(status));
	return make_response(c, req, status, "text/html; charset=utf-8",
			     body, n);
}

/* What both designs have counted, as it is now. */
static bool
respond_status(struct conn *c, const struct http_request *req)
{
	char *page = malloc(STATUS_MAX);
	uint32_t n;
	bool ok;

	if (page == NULL)
		return false;
	n = status_page(page, STATUS_MAX, SERVER);
	ok = make_response(c, req, 200, "text/html; charset=utf-8", page, n);
	free(page);
	return ok;
}

static bool
respond(struct conn *c, const struct http_request *req)
{
	const struct www_file *file;

	/* After a malformed request nobody knows where the next begins. */
	c->last = !req->keep || (req->status != 200 && req->status != 404);
	if (req->status != 200)
		return respond_error(c, req, req->status);
	if (strcmp(req->path, "/status") == 0)
		return respond_status(c, req);
	file = find_file(req->path);
	if (file == NULL)
		return respond_error(c, req, 404);
	return make_response(c, req, 200, file->type, file->data, file->size);
}

/* --- Connections ------------------------------------------------------- */

static void
conn_close(uint32_t i)
{
	close(fds[i].fd);
	free(conns[i]->out);
	free(conns[i]);
	nfds--;
	fds[i] = fds[nfds];
	conns[i] = conns[nfds];
}

static void
accept_one(uint32_t listener)
{
	struct conn *c;
	int fd = accept(fds[listener].fd, NULL, NULL);

	if (fd < 0)
		return;
	c = malloc(sizeof(*c));
	if (c == NULL) {
		close(fd);
		return;
	}
	c->echo = listener > 0;
	c->out = NULL;
	c->last = c->draining = false;
	c->drained = c->in_len = 0;
	conns[nfds] = c;
	fds[nfds].fd = fd;
	fds[nfds].events = POLLIN;
	nfds++;
}

/*
 * Send what there is to send. False when the connection is over. After the
 * last response our side is closed and the client's is read to its end: closed
 * at once, data that is still coming in would be answered by a reset, which
 * may destroy the response on its way.
 */
static bool
conn_flush(uint32_t i)
{
	struct conn *c = conns[i];
	ssize_t n = send(fds[i].fd, c->out + c->out_off,
			 c->out_len - c->out_off, 0);

	if (n < 0 && n != -E_AGAIN)
		return false;
	if (n > 0)
		c->out_off += n;
	if (c->out_off < c->out_len) {
		fds[i].events = POLLOUT;
		return true;
	}
	free(c->out);
	c->out = NULL;
	sock_answered(1);
	fds[i].events = POLLIN;
	if (c->last) {
		c->draining = true;
		return shutdown(fds[i].fd, SHUT_WR) == 0;
	}
	return true;
}

/* Serve the requests that are complete, until one has to wait for room. */
static bool
conn_requests(uint32_t i)
{
	struct conn *c = conns[i];
	struct http_request req;
	uint32_t used;

	while (c->out == NULL && !c->last) {
		used = http_parse(c->in, c->in_len, &req);
		if (used == 0)
			return true;
		c->in_len -= used;
		memmove(c->in, c->in + used, c->in_len);
		if (!respond(c, &req) || !conn_flush(i))
			return false;
	}
	return true;
}

/* Give back what came in, which is all read. */
static bool
conn_echo(uint32_t i)
{
	struct conn *c = conns[i];

	if (c->in_len == 0)
		return true;
	c->out = malloc(c->in_len);
	if (c->out == NULL)
		return false;
	memcpy(c->out, c->in, c->in_len);
	c->out_off = 0;
	c->out_len = c->in_len;
	c->in_len = 0;
	return conn_flush(i);
}

static bool
conn_drain(uint32_t i)
{
	struct conn *c = conns[i];
	ssize_t n = recv(fds[i].fd, c->in, sizeof(c->in), 0);

	if (n == -E_AGAIN)
		return true;
	c->drained += MAX(n, 0);
	return n > 0 && c->drained < DRAIN_MAX;
}

/* Something happened on a connection. False when it is over. */
static bool
conn_serve(uint32_t i)
{
	struct conn *c = conns[i];
	ssize_t n;

	if (c->draining)
		return conn_drain(i);
	if (c->out != NULL)
		return conn_flush(i) && conn_requests(i);
	n = recv(fds[i].fd, c->in + c->in_len, sizeof(c->in) - c->in_len, 0);
	if (n == -E_AGAIN)
		return true;
	if (n <= 0)
		return false;
	c->in_len += n;
	return c->echo ? conn_echo(i) : conn_requests(i);
}

static int
open_listener(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_len = sizeof(addr),
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { INADDR_ANY },
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		panic("httpd: socket: %e", fd);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	if (r < 0)
		panic("httpd: bind to port %u: %e", port, r);
	r = listen(fd, BACKLOG);
	if (r < 0)
		panic("httpd: listen: %e", r);
	return fd;
}

static void
serve(void)
{
	uint32_t i;
	int r;

	for (;;) {
		/* Full: the others wait in the listener's queue. */
		for (i = 0; i < first; i++)
			fds[i].events = nfds < POLL_MAX ? POLLIN : 0;
		r = poll(fds, nfds, -1);
		if (r < 0)
			panic("httpd: poll: %e", r);
		/* Downwards: who closes is replaced by one already seen. */
		for (i = nfds; i-- > first; ) {
			if (fds[i].revents != 0 && !conn_serve(i))
				conn_close(i);
		}
		for (i = 0; i < first; i++) {
			if (fds[i].revents != 0 && nfds < POLL_MAX)
				accept_one(i);
		}
	}
}

int
main(int argc, char **argv)
{
	uint16_t port = 80, echo = 0;
	struct args a;
	int opt;

	args_start(&a, argc, argv);
	while ((opt = args_option(&a)) != 0) {
		if (opt == 'p')
			port = args_number(&a, 1, 65535);
		else if (opt == 'e')
			echo = args_number(&a, 1, 65535);
		else
			args_usage("[-p PORT] [-e PORT]");
	}
	fds[first++].fd = open_listener(port);
	if (echo != 0)
		fds[first++].fd = open_listener(echo);
	nfds = first;
	cprintf("httpd: waiting for requests on port %u\n", port);
	if (echo != 0)
		cprintf("httpd: echo on port %u\n", echo);
	serve();
	return 0;
}
