/* SPDX-License-Identifier: Apache-2.0 */
/* alerts_tool DATABASE [SOCKET] — for tests of `vedette alerts`: hands in the findings that stand
 * on standard input, one a line as JSON {"rule","name","level","user","time","message"}, commits,
 * and then answers requests at SOCKET as serve does, until standard input is closed after an empty
 * line. */
#include "make.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

static struct bytes text(json_t *o, const char *name)
{
	json_t *v = json_object_get(o, name);

	return bytes_of(json_string_value(v), json_string_length(v));
}

static void hand_in(struct alerts *a, json_t *o, uint64_t seq)
{
	enum level level = LEVEL_LOW;
	usec time = START;
	struct made m;

	level_parse(text(o, "level"), &level);
	clock_parse(text(o, "time"), START, &time);
	make(&m, "", "", level, time, seq);
	m.f.rule_id = text(o, "rule");
	m.f.rule_name = text(o, "name");
	m.f.message = text(o, "message");
	m.entity[1].value = text(o, "user");
	alerts_tick(a, time);
	alerts_finding(a, &m.f);
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(fd, 8) < 0)
		exit(1);
	return fd;
}

static void answer(struct alerts *a, int fd)
{
	static char line[REQUEST_MOST + 16];
	struct buf reply = { 0 };
	size_t n = 0;
	ssize_t got;

	while (n < sizeof(line) && !memchr(line, '\n', n) &&
	       (got = read(fd, line + n, sizeof(line) - n)) > 0)
		n += (size_t)got;
	alerts_request(a, BYTES(""), bytes_trim(bytes_from(bytes_of(line, n), 7)), &reply);
	for (struct bytes rest = buf_view(&reply); rest.len;) {
		got = write(fd, rest.at, rest.len);
		if (got <= 0)
			break;
		rest = bytes_from(rest, (size_t)got);
	}
	buf_done(&reply);
	close(fd);
}

int main(int argc, char **argv)
{
	struct alerts *a = open_at(argv[1], &ALERTS_OPTIONS);
	static char line[1 << 20];
	uint64_t seq = 0;

	while (fgets(line, sizeof(line), stdin) && line[0] != '\n') {
		json_t *o = json_loads(line, 0, NULL);

		hand_in(a, o, seq++);
		json_decref(o);
		alerts_commit(a, seq, NULL, 0, NULL);
	}
	if (argc > 2) {
		struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
				       { .fd = listen_at(argv[2]), .events = POLLIN } };

		puts("ready");
		fflush(stdout);
		while (poll(p, 2, -1) > 0 && !p[0].revents)
			answer(a, accept(p[1].fd, NULL, NULL));
	}
	alerts_close(a);
	return 0;
}
