/* SPDX-License-Identifier: Apache-2.0 */
/* hand_tool NOTIFY.YAML DIRECTORY — a hand without a serve: changes come as JSON lines on
 * stdin, as the analyst would send them, after what the hand says it has; each number that it took
 * is a line on stdout. Says "all" when all is taken, and then waits to be ended: the hand brings
 * what waits. What tests/scenario/test_j0*.py drive. */
#include "base/cursor.h"
#include "cmd/serve/hand.h"
#include "cmd/serve/talk.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t taken;

static bool hear(int sock, int patience)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint8_t room[64];
	int fds[FDPASS_MAX];
	size_t len, n;
	struct cursor c;

	if (poll(&p, 1, patience) <= 0 || fdpass_recv(sock, room, sizeof(room), &len, fds, &n) != 0)
		return false;
	c = cursor_of(bytes_of(room, len));
	if (cur_u8(&c) == HAND_TAKEN)
		taken = cur_u64le(&c);
	printf("taken %llu\n", (unsigned long long)taken);
	fflush(stdout);
	return true;
}

static uint64_t feed(int sock)
{
	static char line[20000];
	uint64_t number = 0;

	while (fgets(line, sizeof(line), stdin)) {
		struct buf b = { 0 };
		const char *at = strstr(line, "\"change\":");
		struct bytes digits;

		if (!at)
			continue;
		digits = bytes_str(at + 9);
		for (size_t i = 0; i < digits.len; i++)
			if (!is_digit(digits.at[i]))
				digits.len = i;
		if (!bytes_u64(digits, &number) || number <= taken)
			continue;
		buf_u8(&b, HAND_CHANGE);
		buf_u64le(&b, number);
		buf_str(&b, line);
		if (talk_send(sock, buf_view(&b), NULL, 0, 60 * USEC_PER_SEC) < 0)
			exit(3);
		buf_done(&b);
		while (hear(sock, 0))
			;
	}
	return number;
}

int main(int argc, char **argv)
{
	int own[2], talk[2];
	struct notify_config *c = NULL;
	struct why why = { "" };
	struct hand_start start = { 0 };
	uint8_t word[2] = { TALK_ALERTS, 0 };
	pid_t pid;
	uint64_t last;

	if (argc < 3 || notify_load(&c, argv[1], &why) < 0) {
		fprintf(stderr, "%s\n", why.line);
		return 2;
	}
	if (fdpass_pair(own) < 0 || fdpass_pair(talk) < 0)
		return 2;
	start.notify = c;
	start.supervisor = own[1];
	start.dirfd = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(own[0]);
		close(talk[0]);
		close(talk[1]);
		_exit(hand_run(&start));
	}
	fprintf(stderr, "hand %d\n", (int)pid);
	close(own[1]);
	if (talk_send(own[0], bytes_of(word, 2), &talk[1], 1, USEC_PER_SEC) < 0)
		return 2;
	close(talk[1]);
	if (!hear(talk[0], 20000))
		return 3;
	last = feed(talk[0]);
	while (taken < last && hear(talk[0], 20000))
		;
	printf("all\n");
	fflush(stdout);
	pause(); /* until it is killed: what waits is brought meanwhile */
	return 0;
}
