/* SPDX-License-Identifier: Apache-2.0 */
/* feed_many — many sources at once, for measuring: N files that grow and N TCP senders, each with
 * an address of its own (127.1.x.y), at RATE lines a second each, 0 = as fast as they are taken.
 *     feed_many PORT DIR N RATE SECONDS FLOOD
 * FLOOD 1: one more sender and one more file write as fast as they can (the file at most
 * FLOOD_FILE lines a second, the disk is not what is measured); FLOOD 0: none.
 * A line tells its source, its number there, and when it was written (usec since 1970):
 *     … quiet src=t017 seq=123 at=1764000000000000 …
 * A sender never waits for another one: what a socket does not take is kept, 1 MiB at most.
 * Says as JSON what was sent, once all of it was taken. */
#include "base/bytes.h"
#include "base/clock.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEPT (1 << 20)
#define CHUNK 200 /* lines at once of who has no rate */
#define FLOOD_FILE 200000u
#define TICK_MS 10

struct sender {
	int fd;
	bool tcp;
	char name[8];
	uint64_t lines;
	char *kept; /* of a socket: not taken yet */
	size_t kept_n;
};

static const char *dir;
static uint16_t port;

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static void open_tcp(struct sender *s, unsigned i)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(0x7f010001u + i) };
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(s->fd, (const struct sockaddr *)&to, sizeof(to)) < 0 ||
	    fcntl(s->fd, F_SETFL, O_NONBLOCK) < 0)
		fail("feed_many: connect");
	s->kept = malloc(KEPT);
	if (!s->kept)
		fail("feed_many");
}

static void open_sender(struct sender *s, bool tcp, unsigned i, const char *kind)
{
	char path[4200];

	*s = (struct sender){ .tcp = tcp };
	snprintf(s->name, sizeof(s->name), "%s%03u", kind, i % 1000);
	if (tcp) {
		open_tcp(s, i);
		return;
	}
	snprintf(path, sizeof(path), "%s/%s.log", dir, s->name);
	s->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (s->fd < 0)
		fail(path);
}

static void drain(struct sender *s)
{
	while (s->kept_n) {
		ssize_t n = send(s->fd, s->kept, s->kept_n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			fail("feed_many: send");
		s->kept_n -= (size_t)n;
		memmove(s->kept, s->kept + n, s->kept_n);
	}
}

/* Up to n lines; fewer when a socket has not taken those before. */
static void write_lines(struct sender *s, const char *word, uint64_t n)
{
	static char room[CHUNK * 256];
	long long at = clock_real();
	size_t len = 0;

	if (n > CHUNK)
		n = CHUNK;
	if (s->tcp) {
		drain(s);
		if (s->kept_n + n * 256 > KEPT)
			return;
	}
	for (uint64_t i = 0; i < n; i++, s->lines++)
		len += (size_t)snprintf(
			room + len, 256,
			"%s %s src=%s seq=%llu at=%lld GET /v2.1/servers/detail HTTP/1.1 status: "
			"200 len: %u time: 0.%u\n",
			s->tcp ? "<134>1 2026-03-01T00:00:00Z node app 7 - -"
			       : "2026-03-01 00:00:00.000 7 INFO app [-]",
			word, s->name, (unsigned long long)s->lines, at,
			(unsigned)(s->lines * 7919 % 100000),
			(unsigned)(s->lines * 104729 % 100000));
	if (s->tcp) {
		memcpy(s->kept + s->kept_n, room, len);
		s->kept_n += len;
		drain(s);
	} else if (write(s->fd, room, len) != (ssize_t)len) {
		fail("feed_many: write");
	}
}

static void close_sender(struct sender *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLOUT };
	char end;

	if (!s->tcp) {
		close(s->fd);
		return;
	}
	while (s->kept_n) {
		poll(&p, 1, 1000);
		drain(s);
	}
	/* The other end closes when it has read all there was. */
	shutdown(s->fd, SHUT_WR);
	p.events = POLLIN;
	while (poll(&p, 1, 60000) == 1 && read(s->fd, &end, 1) > 0)
		;
	close(s->fd);
	free(s->kept);
}

/* Keeps each sender at its rate; what it could not send it sends later. */
static void drive(struct sender *s, size_t n, const char *word, uint64_t rate, usec duration)
{
	usec from = clock_mono(), now;

	while ((now = clock_mono()) - from < duration) {
		uint64_t due = (uint64_t)(now - from) * rate / 1000000;

		for (size_t i = 0; i < n; i++) {
			uint64_t before;

			if (!rate)
				write_lines(&s[i], word, CHUNK);
			else
				do {
					before = s[i].lines;
					if (before < due)
						write_lines(&s[i], word, due - before);
				} while (s[i].lines > before && s[i].lines < due);
		}
		if (rate)
			poll(NULL, 0, TICK_MS);
	}
}

/* In a process of its own. */
static pid_t flood(bool tcp, unsigned i, usec duration, int result)
{
	struct sender s;
	pid_t pid = fork();

	if (pid)
		return pid;
	open_sender(&s, tcp, i, tcp ? "ft" : "ff");
	drive(&s, 1, "flood", tcp ? 0 : FLOOD_FILE, duration);
	close_sender(&s);
	if (write(result, &s.lines, sizeof(s.lines)) != sizeof(s.lines))
		_exit(1);
	_exit(0);
}

int main(int argc, char **argv)
{
	uint64_t number[5] = { 0 }, lines = 0, flooded = 0, one;
	struct sender *s;
	int pipes[2];
	size_t n;

	if (argc == 7 && bytes_u64(bytes_str(argv[1]), &number[0]) && number[0] < 65536)
		for (int i = 3; i < 7; i++)
			if (!bytes_u64(bytes_str(argv[i]), &number[i - 2]))
				argc = 0;
	if (argc != 7 || !number[1] || number[1] > 900) {
		fprintf(stderr, "usage: feed_many PORT DIR N RATE SECONDS FLOOD\n");
		return 2;
	}
	port = (uint16_t)number[0];
	dir = argv[2];
	n = 2 * (size_t)number[1];
	s = calloc(n, sizeof(*s));
	if (!s || pipe(pipes) < 0)
		fail("feed_many");
	for (unsigned i = 0; i < number[1]; i++) {
		open_sender(&s[2 * i], true, i, "t");
		open_sender(&s[2 * i + 1], false, i, "f");
	}
	if (number[4]) {
		flood(true, 999, (usec)number[3] * USEC_PER_SEC, pipes[1]);
		flood(false, 999, (usec)number[3] * USEC_PER_SEC, pipes[1]);
	}
	drive(s, n, "quiet", number[2], (usec)number[3] * USEC_PER_SEC);
	for (size_t i = 0; i < n; i++) {
		lines += s[i].lines;
		close_sender(&s[i]);
	}
	close(pipes[1]);
	while (read(pipes[0], &one, sizeof(one)) == sizeof(one))
		flooded += one;
	while (wait(NULL) > 0)
		;
	printf("{\"quiet\": %llu, \"flood\": %llu}\n", (unsigned long long)lines,
	       (unsigned long long)flooded);
	free(s);
	return 0;
}
