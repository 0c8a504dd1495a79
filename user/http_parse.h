/*
 * http_parse.h: reading HTTP requests (RFC 9112), for httpd. Relies on memory
 * only: no calls but inc/string.h's, so it is tested on the host as well.
 */
#ifndef JIX_USER_HTTP_PARSE_H
#define JIX_USER_HTTP_PARSE_H

#include "inc/string.h"
#include "inc/types.h"

#define HTTP_LINE_MAX		1024	/* of the request line */
#define HTTP_REQUEST_MAX	8192	/* of a whole request */

struct http_request {
	int status;		/* 200, or the error to answer with */
	bool head;		/* HEAD, not GET */
	bool keep;		/* the connection stays open afterwards */
	int minor;		/* of HTTP/1.x */
	char path[HTTP_LINE_MAX];	/* decoded, without query */
};

struct http_text {
	const char *s;
	uint32_t n;
};

static inline bool
http_is(struct http_text t, const char *lower)
{
	uint32_t i;

	for (i = 0; i < t.n && lower[i] != '\0'; i++) {
		char c = t.s[i];

		if (c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (c != lower[i])
			return false;
	}
	return i == t.n && lower[i] == '\0';
}

static inline struct http_text
http_trim(struct http_text t)
{
	while (t.n > 0 && (t.s[0] == ' ' || t.s[0] == '\t')) {
		t.s++;
		t.n--;
	}
	while (t.n > 0 && (t.s[t.n - 1] == ' ' || t.s[t.n - 1] == '\t' ||
			   t.s[t.n - 1] == '\r'))
		t.n--;
	return t;
}

/* Does a comma-separated list contain this word? */
static inline bool
http_list_has(struct http_text list, const char *lower)
{
	struct http_text word;
	uint32_t i;

	while (list.n > 0) {
		for (i = 0; i < list.n && list.s[i] != ','; i++)
			;
		word.s = list.s;
		word.n = i;
		if (http_is(http_trim(word), lower))
			return true;
		i = MIN(i + 1, list.n);
		list.s += i;
		list.n -= i;
	}
	return false;
}

static inline int
http_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The path of a target, decoded, up to its query. False if malformed. */
static inline bool
http_path(struct http_text target, char *path)
{
	uint32_t i, n = 0;
	int hi, lo;

	if (target.n == 0 || target.s[0] != '/')
		return false;
	for (i = 0; i < target.n && target.s[i] != '?'; i++) {
		char c = target.s[i];

		if (c == '%') {
			if (i + 2 >= target.n)
				return false;
			hi = http_hex(target.s[i + 1]);
			lo = http_hex(target.s[i + 2]);
			if (hi < 0 || lo < 0 || (hi == 0 && lo == 0))
				return false;
			c = hi << 4 | lo;
			i += 2;
		} else if (c <= ' ' || c == 0x7f) {
			return false;
		}
		path[n++] = c;
	}
	path[n] = '\0';
	return true;
}

/* "METHOD SP target SP HTTP/1.x". The status. */
static inline int
http_request_line(struct http_text line, struct http_request *req)
{
	const char *end = line.s + line.n;
	const char *sp1 = memchr(line.s, ' ', line.n);
	const char *sp2;
	struct http_text method, target;

	if (sp1 == NULL || sp1 == line.s)
		return 400;
	sp2 = memchr(sp1 + 1, ' ', end - sp1 - 1);
	if (sp2 == NULL || end - sp2 - 1 != 8 ||
	    memcmp(sp2 + 1, "HTTP/", 5) != 0 || sp2[7] != '.' ||
	    sp2[6] < '0' || sp2[6] > '9' || sp2[8] < '0' || sp2[8] > '9')
		return 400;
	if (sp2[6] != '1')
		return 505;
	req->minor = sp2[8] != '0';
	req->keep = req->minor > 0;
	method.s = line.s;
	method.n = sp1 - line.s;
	target.s = sp1 + 1;
	target.n = sp2 - target.s;
	if (!http_path(target, req->path))
		return 400;
	if (method.n == 4 && memcmp(method.s, "HEAD", 4) == 0)
		req->head = true;
	else if (method.n != 3 || memcmp(method.s, "GET", 3) != 0)
		return 501;
	return 200;
}

/* One header field. The status. */
static inline int
http_field(struct http_text line, struct http_request *req, bool *host)
{
	const char *colon = memchr(line.s, ':', line.n);
	struct http_text name, value;

	if (colon == NULL || colon == line.s)
		return 400;
	name.s = line.s;
	name.n = colon - line.s;
	/* White space before the colon is a smuggler's (section 5.1). */
	if (memchr(name.s, ' ', name.n) || memchr(name.s, '\t', name.n))
		return 400;
	value.s = colon + 1;
	value.n = line.s + line.n - value.s;
	value = http_trim(value);
	if (http_is(name, "host")) {
		if (*host)
			return 400;
		*host = true;
	} else if (http_is(name, "connection")) {
		if (http_list_has(value, "close"))
			req->keep = false;
		else if (http_list_has(value, "keep-alive"))
			req->keep = true;
	} else if (http_is(name, "transfer-encoding")) {
		return 501;	/* GET and HEAD have no use for a body */
	} else if (http_is(name, "content-length") && !http_is(value, "0")) {
		return 400;
	}
	return 200;
}

/*
 * Look for a request at the beginning of buf: the bytes that it takes up, or 0
 * while it is incomplete. A malformed or oversized one takes up everything.
 */
static inline uint32_t
http_parse(const char *buf, uint32_t len, struct http_request *req)
{
	struct http_text line;
	const char *end;
	uint32_t pos = 0;
	bool first = true;
	bool host = false;

	req->status = 200;
	req->head = req->keep = false;
	req->minor = 1;
	/* Empty lines before a request are passed over (section 2.2). */
	while (pos < len && (buf[pos] == '\r' || buf[pos] == '\n'))
		pos++;
	for (;;) {
		line.s = buf + pos;
		end = memchr(line.s, '\n', len - pos);
		if (first && (end ? (size_t)(end - line.s) : len - pos) >
		    HTTP_LINE_MAX)
			req->status = 414;
		else if (end == NULL && len == HTTP_REQUEST_MAX)
			req->status = 431;
		if (req->status != 200)
			return len;
		if (end == NULL)
			return 0;
		line.n = end - line.s;
		if (line.n > 0 && line.s[line.n - 1] == '\r')
			line.n--;
		pos = end + 1 - buf;
		if (line.n == 0)
			break;
		req->status = first ? http_request_line(line, req) :
			http_field(line, req, &host);
		first = false;
		if (req->status != 200)
			return len;
	}
	if (req->minor > 0 && !host)
		req->status = 400;
	return pos;
}

#endif
