/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"
#include "base/ring.h"
#include "tap.h"
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool push(struct ring *r, uint32_t type, struct bytes b)
{
	uint8_t *to;

	if (ring_room(r, b.len, &to))
		return false;
	memcpy(to, b.at, b.len);
	ring_push(r, type, b.len);
	return true;
}

static void basics(void)
{
	struct bytes b = BYTES("untouched");
	struct ring *r;
	uint32_t type = 9;
	uint8_t *to;

	if (!ok(ring_new(&r, 1) == 0, "a ring"))
		return;
	is_int(ring_size(r), 65536, "is not smaller than 64 KiB");
	is_int(ring_next(r, &type, &b), RING_EMPTY, "is empty at first");
	ok(type == 9 && bytes_eq(b, BYTES("untouched")), "which touches nothing");
	is_int(ring_room(r, 65536, &to), -EMSGSIZE, "what never fits is refused for good");
	is_int(ring_room(r, SIZE_MAX, &to), -EMSGSIZE, "whatever its length");
	is_int(ring_room(r, SIZE_MAX / 2, &to), -EMSGSIZE, "or this");
	ok(push(r, 7, BYTES("one")) && push(r, 8, BYTES("")), "two messages, one empty");
	ok(!ring_next(r, &type, &b) && type == 7, "the first");
	is_bytes(b, BYTES("one"), "is what it was");
	ok(!ring_next(r, &type, &b) && type == 8 && !b.len, "the second");
	is_int(ring_next(r, &type, &b), RING_EMPTY, "no more");
	is_int(ring_released(r), 0, "none is released");
	ring_rewind(r);
	ok(!ring_next(r, &type, &b) && type == 7, "one that starts anew begins at the unreleased");
	ring_release(r, ring_taken(r));
	ring_rewind(r);
	ok(!ring_next(r, &type, &b) && type == 8, "and behind the released");
	is_int(ring_taken(r), ring_pushed(r), "all is taken");
	ring_free(r);
	ok(!ring_free(NULL), "NULL is fine");
}

static void full(void)
{
	static uint8_t data[8000];
	struct ring *r;
	struct bytes b;
	uint32_t type;
	uint8_t *to;
	int n = 0;

	if (ring_new(&r, 65536))
		return;
	while (push(r, 1, bytes_of(data, sizeof(data))))
		n++;
	is_int(n, 8, "eight messages of 8,000 bytes fill 64 KiB");
	is_int(ring_room(r, sizeof(data), &to), RING_FULL, "then it is full");
	ok(!ring_next(r, &type, &b), "one is read");
	is_int(ring_room(r, sizeof(data), &to), RING_FULL, "which gives no room");
	ok(ring_will_wait_space(r, sizeof(data)), "the producer waits");
	ring_release(r, ring_taken(r));
	is_int(poll(&(struct pollfd){ ring_space_fd(r), POLLIN, 0 }, 1, 0), 1, "and is woken");
	ring_woken_space(r);
	is_int(ring_room(r, sizeof(data), &to), 0, "released, there is room");
	ok(!ring_will_wait_space(r, sizeof(data)), "so nobody need wait");
	ok(ring_will_wait_durable(r, ring_pushed(r)), "durable it is not yet");
	while (!ring_next(r, &type, &b))
		;
	ring_release(r, ring_taken(r));
	ok(!ring_will_wait_durable(r, ring_pushed(r)), "now it is");
	ok(ring_will_wait_data(r), "the consumer waits");
	push(r, 1, BYTES("x"));
	is_int(poll(&(struct pollfd){ ring_data_fd(r), POLLIN, 0 }, 1, 0), 1, "and is woken");
	ring_woken_data(r);
	ok(!ring_will_wait_data(r), "there is something to read");
	ring_free(r);
}

#define MESSAGES 200000

static size_t length_of(uint32_t i)
{
	return i % 1009;
}

static void wait_on(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	poll(&p, 1, 10000);
}

static void *produce(void *arg)
{
	struct ring *r = arg;

	for (uint32_t i = 0; i < MESSAGES;) {
		uint8_t *to;

		if (ring_room(r, length_of(i), &to)) {
			if (ring_will_wait_space(r, length_of(i)))
				wait_on(ring_space_fd(r));
			ring_woken_space(r);
			continue;
		}
		memset(to, (int)(i & 255), length_of(i));
		ring_push(r, i, length_of(i));
		i++;
	}
	return NULL;
}

/* Counts the messages that are in order and whole; releases some way behind. */
static uint32_t consume(struct ring *r)
{
	uint32_t good = 0, type, i = 0;
	struct bytes b;

	while (i < MESSAGES) {
		int e = ring_next(r, &type, &b);

		if (e == RING_EMPTY) {
			ring_release(r, ring_taken(r));
			if (ring_will_wait_data(r))
				wait_on(ring_data_fd(r));
			ring_woken_data(r);
			continue;
		}
		if (e)
			break;
		good += type == i && b.len == length_of(i) &&
			(!b.len || (b.at[0] == (i & 255) && b.at[b.len - 1] == (i & 255)));
		if (++i % 16 == 0)
			ring_release(r, ring_taken(r));
	}
	return good;
}

static void two_threads(void)
{
	struct ring *r;
	pthread_t t;

	if (ring_new(&r, 65536))
		return;
	pthread_create(&t, NULL, produce, r);
	is_int(consume(r), MESSAGES, "200,000 messages between threads, none split or lost");
	pthread_join(t, NULL);
	ring_free(r);
}

static void two_processes(void)
{
	struct ring *r;
	int status = -1;
	pid_t child;

	if (ring_new(&r, 65536))
		return;
	child = fork();
	if (!child) {
		produce(r);
		_exit(0);
	}
	is_int(consume(r), MESSAGES, "and between processes");
	waitpid(child, &status, 0);
	is_int(status, 0, "the producer is content");
	ring_free(r);
}

/* A producer that was taken over writes what it likes into the shared memory. */
static void hostile(void)
{
	static const uint32_t lengths[] = { 4, 65536, 0x7fffffff, 0xffffffff, 0xfffffff8 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		struct bytes b = { NULL, 0 };
		struct ring *r;
		uint32_t type;
		uint8_t *to;

		if (ring_new(&r, 65536) || ring_room(r, 0, &to))
			return;
		ring_push(r, 1, 0);
		memcpy(to - 8, &lengths[i], 4);
		is_int(ring_next(r, &type, &b), -EBADMSG, "a length of %u is refused", lengths[i]);
		ring_free(r);
	}
}

int main(void)
{
	basics();
	full();
	hostile();
	two_threads();
	two_processes();
	return done_testing();
}
