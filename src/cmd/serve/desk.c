/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/desk.h"
#include "base/io.h"
#include "cmd/serve/ask.h"
#include "cmd/serve/talk.h"
#include <microhttpd.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENT_PATIENCE 2 /* seconds, for whoever asks over the unix socket */
#define ANALYST_PATIENCE (5 * USEC_PER_SEC)
#define LINE_MAX_BYTES (ASK_REQUEST_MAX + 4096u)

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
			      struct buf *text)
{
	struct MHD_Response *r;
	enum MHD_Result sent;

	r = MHD_create_response_from_buffer(text->len, text->at, MHD_RESPMEM_MUST_COPY);
	buf_done(text);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	sent = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return sent;
}

static enum MHD_Result request(void *ctx, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version, const char *upload,
			       size_t *upload_n, void **request_ctx)
{
	static int seen;
	const struct desk_start *d = ctx;
	const char *why = "ok";
	struct buf text = { 0 };
	unsigned status = MHD_HTTP_OK;

	(void)version;
	(void)upload;
	if (!*request_ctx) { /* headers only: a body, if any, is let through unread */
		*request_ctx = &seen;
		return MHD_YES;
	}
	if (*upload_n) {
		*upload_n = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		buf_str(&text, "only GET here\n");
		return answer(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", &text);
	}
	if (!strcmp(url, "/metrics") || !strcmp(url, "/metrics/sources")) {
		desk_metrics(d, url[8] != 0, &text);
		return answer(c, status, "text/plain; version=0.0.4; charset=utf-8", &text);
	}
	if (!strcmp(url, "/healthz")) {
		if (!desk_healthy(d, &why))
			status = MHD_HTTP_SERVICE_UNAVAILABLE;
		buf_printf(&text, "%s\n", why);
		return answer(c, status, "text/plain", &text);
	}
	buf_str(&text, "there is /metrics, /metrics/sources and /healthz\n");
	return answer(c, MHD_HTTP_NOT_FOUND, "text/plain", &text);
}

/* Its own log would quote requests. */
static void quiet(void *ctx, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)fmt;
	(void)ap;
}

static struct MHD_Daemon *http_start(const struct desk_start *d)
{
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL, request,
				(void *)(uintptr_t)d, MHD_OPTION_EXTERNAL_LOGGER, quiet, NULL,
				MHD_OPTION_LISTEN_SOCKET, d->http_fd, MHD_OPTION_CONNECTION_LIMIT,
				(unsigned)DESK_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, 10u,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)32768, MHD_OPTION_END);
}

/* A line, without its newline; what comes after it is not looked at. false: none came in time. */
static bool read_line(int fd, struct buf *ret)
{
	const uint8_t *end = NULL;
	ssize_t n = 1;

	while (n > 0 && !end && ret->len < LINE_MAX_BYTES) {
		n = recv(fd, buf_reserve(ret, 4096), 4096, 0);
		if (n > 0)
			end = memchr(ret->at + ret->len, '\n', (size_t)n);
		ret->len += n > 0 ? (size_t)n : 0;
	}
	if (end)
		ret->len = (size_t)(end - ret->at);
	return end != NULL;
}

static void refuse(struct buf *to, const char *text)
{
	buf_printf(to, "{\"error\":\"%s\"}\n", text);
}

/* The account at the other end, whatever it says of itself. Empty for root, who could write the
 * database of alerts as well: it speaks for the person behind sudo. */
static void account_of(int fd, struct buf *ret)
{
	struct ucred who;
	socklen_t len = sizeof(who);
	const struct passwd *p;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		who.uid = (uid_t)-1;
	if (!who.uid)
		return;
	p = getpwuid(who.uid);
	if (p)
		buf_str(ret, p->pw_name);
	else
		buf_printf(ret, "uid:%u", who.uid);
}

static void ask_analyst(struct desk_start *d, int fd, struct bytes request, struct buf *to)
{
	struct buf by = { 0 };
	int r;

	account_of(fd, &by);
	r = ask(d->analyst, ++d->asked, buf_view(&by), request, ANALYST_PATIENCE, to);
	buf_done(&by);

	if (r == 0)
		return;
	buf_clear(to);
	refuse(to, r == -EMSGSIZE    ? "the request is too long"
		   : r == -ETIMEDOUT ? "the analyst is busy; ask again"
				     : "the analyst does not run; it is being started again");
}

/* One line of request, one answer: "text" and "json" (the status), or "alerts" and what the analyst
 * is asked. */
static void status_client(struct desk_start *d)
{
	struct timeval patience = { .tv_sec = CLIENT_PATIENCE };
	struct buf text = { 0 }, line = { 0 };
	int fd = accept4(d->status_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (read_line(fd, &line)) {
		struct bytes request = buf_view(&line);

		if (bytes_starts(request, BYTES("alerts ")))
			ask_analyst(d, fd, bytes_from(request, 7), &text);
		else
			desk_status(d, bytes_eq(request, BYTES("json")), &text);
		io_write(fd, buf_view(&text));
	}
	buf_done(&line);
	buf_done(&text);
	close(fd);
}

/* false: it is gone. */
static bool hear_supervisor(struct desk_start *d)
{
	uint8_t room[TALK_MAX];
	int fds[FDPASS_MAX], r;
	size_t len = 0, n = 0;

	for (;;) {
		r = fdpass_recv(d->supervisor, room, sizeof(room), &len, fds, &n);
		if (r == 0 && len && room[0] == TALK_ALERTS && n == 1) {
			if (d->analyst >= 0)
				close(d->analyst);
			d->analyst = fds[--n];
		}
		while (r == 0 && n)
			close(fds[--n]);
		if (r)
			return r == FDPASS_NONE;
	}
}

static int epoll_of(struct MHD_Daemon *http)
{
	const union MHD_DaemonInfo *i =
		http ? MHD_get_daemon_info(http, MHD_DAEMON_INFO_EPOLL_FD) : NULL;

	return i ? i->epoll_fd : -1;
}

int desk_run(struct desk_start *d)
{
	struct MHD_Daemon *http = d->http_fd >= 0 ? http_start(d) : NULL;
	struct pollfd p[3] = { { .fd = d->supervisor, .events = POLLIN },
			       { .fd = d->status_fd, .events = POLLIN },
			       { .fd = epoll_of(http), .events = POLLIN } };

	if (d->http_fd >= 0 && !http) {
		say(SAY_ERROR, "cannot serve HTTP");
		return 1;
	}
	for (;;) {
		MHD_UNSIGNED_LONG_LONG wait = 1000;

		if (http && MHD_get_timeout(http, &wait) == MHD_YES && wait > 1000)
			wait = 1000;
		poll(p, 3, (int)wait);
		if (p[0].revents && !hear_supervisor(d))
			break;
		if (p[1].revents)
			status_client(d);
		if (http)
			MHD_run(http);
	}
	if (http)
		MHD_stop_daemon(http);
	return 0;
}
