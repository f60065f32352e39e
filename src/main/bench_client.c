/* See bench_client.h. */
#include "main/bench_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MAX = 8 << 20 };

enum err client_open(struct client *c, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int one = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*c = (struct client){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .port = port };
	if (c->fd < 0)
		return ERR_IO;
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(c->fd);
		return ERR_IO;
	}
	buf_init(&c->out, 1 << 20);
	buf_init(&c->in, REPLY_MAX);
	return OK;
}

void client_close(struct client *c)
{
	close(c->fd);
	buf_release(&c->out);
	buf_release(&c->in);
}

static enum err send_all(struct client *c)
{
	size_t at = 0;

	while (at < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + at, c->out.n - at, MSG_NOSIGNAL);

		if (n <= 0)
			return ERR_IO;
		at += (size_t)n;
	}
	return OK;
}

/* Length of the body and where it starts; false while the head is incomplete. */
static bool head(struct client *c, size_t *ret_start, size_t *ret_len)
{
	struct str length = { NULL, 0 }, rest = buf_view(&c->in), line;
	const char *end = memmem(c->in.p, c->in.n, "\r\n\r\n", 4);
	int64_t v = 0;

	if (end == NULL)
		return false;
	*ret_start = (size_t)(end - c->in.p) + 4;
	rest.n = *ret_start;
	while (str_split(&rest, '\n', &line)) {
		if (line.n > 15 && strncasecmp(line.p, "content-length:", 15) == 0)
			length = str_trim((struct str){ line.p + 15, line.n - 15 });
	}
	*ret_len = length.p != NULL && str_i64(length, &v) ? (size_t)v : 0;
	return true;
}

static enum err receive(struct client *c)
{
	char chunk[16384];
	size_t start = 0, len = 0;
	int64_t status;

	buf_reset(&c->in);
	for (;;) {
		if (c->in.n > 12 && head(c, &start, &len) && c->in.n >= start + len)
			break;
		ssize_t n = recv(c->fd, chunk, sizeof(chunk), 0);

		if (n <= 0)
			return ERR_IO;
		buf_put(&c->in, chunk, (size_t)n);
		if (c->in.failed)
			return ERR_LIMIT;
	}
	if (!str_i64((struct str){ c->in.p + 9, 3 }, &status))
		return ERR_IO;
	c->status = (int)status;
	c->body = (struct str){ c->in.p + start, len };
	return OK;
}

enum err client_call(struct client *c, const char *method, const char *target, struct str body)
{
	enum err err;

	buf_reset(&c->out);
	buf_fmt(&c->out, "%s %s HTTP/1.1\r\nHost: localhost\r\n", method, target);
	if (c->token != NULL)
		buf_fmt(&c->out, "Authorization: Bearer %s\r\n", c->token);
	if (body.p != NULL)
		buf_fmt(&c->out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body.n);
	buf_z(&c->out, "\r\n");
	buf_str(&c->out, body);
	err = c->out.failed ? ERR_NOMEM : send_all(c);
	return err != OK ? err : receive(c);
}

struct str client_text(const struct client *c, const char *key)
{
	char want[64] = "\"";
	const char *at, *end;

	strncat(want, key, 50);
	strncat(want, "\":\"", 4);
	at = memmem(c->body.p, c->body.n, want, strlen(want));
	if (at == NULL)
		return (struct str){ NULL, 0 };
	at += strlen(want);
	end = memchr(at, '"', c->body.n - (size_t)(at - c->body.p));
	return end == NULL ? (struct str){ NULL, 0 } : (struct str){ at, (size_t)(end - at) };
}
