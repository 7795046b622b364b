/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is away for hours, on a clock of our own: it is asked less and less, at once for
 * what is critical, and when it is back all comes once. */
#include "notify/courier.h"
#include "tap.h"
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START ((usec)1795651200 * USEC_PER_SEC)
#define MINUTE (60 * USEC_PER_SEC)

static const struct outbox_limits limits = { .entries = 100,
					     .bytes = 1 << 20,
					     .age = USEC_PER_DAY };

struct server { /* the port is ours from the beginning, and refuses until it listens */
	int fd, client;
	size_t n;
	unsigned port;
	unsigned posts;
	char last[4096];
};

static bool server_init(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, len) < 0 ||
	    getsockname(s->fd, (struct sockaddr *)&at, &len) < 0)
		return false;
	s->port = ntohs(at.sin_port);
	return true;
}

/* Takes what is there; a body of the test ends with its brace, and then is answered. */
static void server_step(struct server *s, const char *answer)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	ssize_t got;

	if (s->client < 0 && poll(&p, 1, 0) == 1) {
		s->client = accept(s->fd, NULL, NULL);
		s->n = 0;
	}
	p.fd = s->client;
	if (s->client < 0 || poll(&p, 1, 0) != 1)
		return;
	got = read(s->client, s->last + s->n, sizeof(s->last) - 1 - s->n);
	if (got > 0) {
		s->n += (size_t)got;
		s->last[s->n] = 0;
		if (!strchr(s->last, '}'))
			return;
		s->posts += write(s->client, answer, strlen(answer)) > 0;
	}
	close(s->client);
	s->client = -1;
}

/* Steps at that moment until what was begun is done. */
static void work(struct courier *k, struct server *s, usec now, const char *answer)
{
	for (unsigned i = 0; i < 40; i++) {
		courier_step(k, now);
		courier_note(k, now);
		courier_wait(k, NULL, 0, 5);
		if (s)
			server_step(s, answer);
	}
}

static void put(struct outbox *o, enum level level, uint64_t number, const char *text)
{
	struct outbox_entry e = { .level = level, .number = number, .made = START };

	outbox_put(o, BYTES("hook"), &e, bytes_str(text), &limits);
}

static void away(struct courier *k, struct outbox *o, struct server *s)
{
	const char *good = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
	usec now = START;

	put(o, LEVEL_LOW, 1, "{\"a\":1}");
	for (unsigned i = 0; i < 12; i++, now += 2 * 60 * MINUTE)
		work(k, NULL, now, NULL); /* refused each time */
	is_int(outbox_waiting(o, BYTES("hook")), 1, "it is kept while the server is away");
	is_int(outbox_count(o, "failures", BYTES("hook")), 12,
	       "who looks sees how often it failed");
	now -= 2 * 60 * MINUTE;
	ok(listen(s->fd, 8) == 0, "the server is back");
	work(k, s, now + MINUTE, good);
	is_int(s->posts, 0, "it is not asked each minute, after a day");
	put(o, LEVEL_CRITICAL, 2, "{\"b\":2}");
	work(k, s, now + 2 * MINUTE, good);
	is_int(s->posts, 2, "but at once for a critical message, and then all comes");
	ok(strstr(s->last, "X-Vedette-Change: 1\r\n") && strstr(s->last, "{\"a\":1}"),
	   "the critical one came first");
	is_int(outbox_waiting(o, BYTES("hook")), 0, "nothing waits");
	is_int(outbox_count(o, "failures", BYTES("hook")), 0, "and no failure is left to see");
	work(k, s, now + 180 * MINUTE, good);
	is_int(s->posts, 2, "and nothing comes twice");
}

static void refused(struct courier *k, struct outbox *o, struct server *s)
{
	usec now = START + 10 * USEC_PER_DAY;

	s->posts = 0;
	put(o, LEVEL_LOW, 3, "{\"c\":3}");
	work(k, s, now,
	     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n"
	     "Connection: close\r\n\r\n");
	is_int(s->posts, 1, "a redirect is asked once");
	is_int(outbox_waiting(o, BYTES("hook")), 1, "it is not followed, and is no yes");
}

/* The server in a process of its own, until it is ended. */
static pid_t server_apart(struct server *s)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		struct pollfd p = { .fd = s->client < 0 ? s->fd : s->client, .events = POLLIN };

		poll(&p, 1, 1000);
		server_step(s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	}
}

static void many(struct courier *k, struct outbox *o, struct server *s)
{
	usec from = clock_mono(), now = START + 20 * USEC_PER_DAY;
	pid_t pid = server_apart(s);

	if (!ok(pid > 0, "a server"))
		return;
	for (unsigned i = 0; i < 99; i++)
		put(o, LEVEL_LOW, 10 + i, "{\"d\":4}");
	while (outbox_waiting(o, BYTES("hook")) && clock_mono() - from < 20 * USEC_PER_SEC) {
		courier_step(k, now);
		courier_wait(k, NULL, 0, 250); /* as the hand does */
	}
	is_int(outbox_waiting(o, BYTES("hook")), 0, "a hundred follow each other without a pause");
	printf("# %lld ms\n", (long long)(clock_mono() - from) / 1000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	struct server s = { .fd = -1, .client = -1 };
	struct notify_config *c = NULL;
	struct outbox *o = NULL;
	struct courier *k = NULL;
	struct why why = { "" };
	char yaml[300];

	if (!server_init(&s)) {
		skip("no socket on the loopback");
		return done_testing();
	}
	snprintf(yaml, sizeof(yaml),
		 "targets:\n  hook: {kind: webhook, url: \"http://127.0.0.1:%u/\"}\n", s.port);
	if (ok(notify_read(&c, "notify.yaml", bytes_str(yaml), &why) == 0 &&
		       outbox_open(&o, ":memory:", START, &why) == 0 &&
		       courier_new(&k, c, o, &why) == 0,
	       "a courier %s", why.line)) {
		away(k, o, &s);
		refused(k, o, &s);
		many(k, o, &s);
	}
	courier_free(k);
	outbox_close(o);
	notify_config_free(c);
	close(s.fd);
	return done_testing();
}
