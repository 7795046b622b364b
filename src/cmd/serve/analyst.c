/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/analyst.h"
#include "base/io.h"
#include "cmd/encode.h"
#include "cmd/serve/talk.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define ANSWER_PATIENCE (60 * USEC_PER_SEC) /* the keeper may be waiting for a slow disk */

struct analyst {
	int sock;
	struct encoder *encoder;
	struct source *sources;
	uint32_t sources_n, sources_cap;
	struct buf payload;
};

static const struct source *source_by_id(void *ctx, uint32_t id)
{
	const struct analyst *a = ctx;

	return id < a->sources_n ? &a->sources[id] : NULL;
}

static struct bytes keep(struct bytes b)
{
	uint8_t *p = mem_new(b.len + 1, 1);

	if (b.len)
		memcpy(p, b.at, b.len);
	return bytes_of(p, b.len);
}

/* They come in the order of their ids, each once. */
static void take_source(struct analyst *a, struct cursor *c)
{
	struct source s;

	if (!talk_source_parse(c, &s) || s.id != a->sources_n)
		return;
	if (a->sources_n == a->sources_cap) {
		a->sources_cap = a->sources_cap ? 2 * a->sources_cap : 256;
		a->sources = mem_must(realloc(a->sources, a->sources_cap * sizeof(s)));
	}
	s.host = keep(s.host);
	s.name = keep(s.name);
	a->sources[a->sources_n++] = s;
}

/* Memory that nobody can change any more: the keeper may look at it twice and see the same. */
static int sealed_memory(struct bytes b)
{
	int fd = memfd_create("vedette-block", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	if (fd < 0)
		return -errno;
	r = io_write(fd, b);
	if (r == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int failed(struct analyst *a, uint64_t first, int error, const struct why *why)
{
	struct buf b = { 0 };
	int r;

	buf_u8(&b, TALK_FAILED);
	buf_u64le(&b, first);
	buf_str(&b, why->line[0] ? why->line : strerror(-error));
	r = talk_send(a->sock, buf_view(&b), NULL, 0, ANSWER_PATIENCE);
	buf_done(&b);
	return r;
}

static int answer(struct analyst *a, uint64_t first)
{
	struct buf b = { 0 };
	struct why why = { "" };
	int fd = sealed_memory(buf_view(&a->payload)), r;

	if (fd < 0)
		return failed(a, first, fd, &why);
	buf_u8(&b, TALK_BLOCK);
	buf_u64le(&b, first);
	buf_u64le(&b, a->payload.len);
	r = talk_send(a->sock, buf_view(&b), &fd, 1, ANSWER_PATIENCE);
	buf_done(&b);
	close(fd);
	return r;
}

static int encode(struct analyst *a, uint64_t first, bool plain, int fd)
{
	struct segment *s = NULL;
	struct why why = { "" };
	int r = segment_open_fd(&s, fd, &why);

	if (r == 0) {
		buf_clear(&a->payload);
		r = encoder_run(a->encoder, s, plain, &a->payload);
	}
	segment_free(s);
	return r < 0 ? failed(a, first, r, &why) : answer(a, first);
}

static int take(struct analyst *a, struct bytes message, const int *fds, size_t n)
{
	struct cursor c = cursor_of(message);
	uint64_t first;
	uint8_t plain;

	switch (cur_u8(&c)) {
	case TALK_SOURCE:
		take_source(a, &c);
		return 0;
	case TALK_SEGMENT:
		first = cur_u64le(&c);
		plain = cur_u8(&c);
		return c.bad || n != 1 ? 0 : encode(a, first, plain, fds[0]);
	default:
		return 0;
	}
}

int analyst_run(int keeper_fd)
{
	static uint8_t buf[TALK_MAX];
	struct analyst a = { .sock = keeper_fd };
	struct pollfd p = { .fd = keeper_fd, .events = POLLIN };

	setpriority(PRIO_PROCESS, 0, 5); /* what arrives goes before what is tidied up */
	if (encoder_new(&a.encoder, source_by_id, &a) < 0)
		return 1;
	for (;;) {
		int fds[FDPASS_MAX], r;
		size_t len = 0, n = 0;

		r = fdpass_recv(keeper_fd, buf, sizeof(buf), &len, fds, &n);
		if (r == FDPASS_NONE) {
			poll(&p, 1, -1);
			continue;
		}
		if (r == FDPASS_CLOSED)
			return 0;
		if (r == 0)
			r = take(&a, bytes_of(buf, len), fds, n);
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
		if (r == -EPIPE)
			return 0;
		if (r < 0) {
			say(SAY_ERROR, "%s", strerror(-r));
			return 1;
		}
	}
}
