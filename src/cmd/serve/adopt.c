/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/serve/adopt.h"
#include "base/io.h"
#include "base/text.h"
#include "cmd/serve/talk.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAYLOAD_MAX ((uint64_t)1 << 30)
#define RETRY_AFTER (30 * USEC_PER_SEC)
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

void adopter_init(struct adopter *a, struct ledger *l, struct keeper_numbers *numbers)
{
	*a = (struct adopter){ .ledger = l, .numbers = numbers, .sock = -1 };
}

void adopter_done(struct adopter *a)
{
	if (a->sock >= 0)
		close(a->sock);
	a->sock = -1;
}

void adopter_analyst(struct adopter *a, int sock)
{
	adopter_done(a);
	a->sock = sock;
	a->sources_sent = 0;
	a->busy = false;
}

/* The segment did not come back as a block. The first time it may be the parser's fault: then it
 * goes out unparsed. After that it waits: nothing is lost, only not yet compressed. */
static void failed(struct adopter *a, usec now, const char *text)
{
	struct buf safe = { 0 };

	text_safe(&safe, bytes_sub(bytes_str(text), 0, 300), NULL);
	a->failures++;
	a->not_before = now + (a->failures > 1 ? RETRY_AFTER : 0);
	count_add(&a->numbers->adopt_refused, 1);
	say(SAY_WARN, "segment of record %llu is not sealed: %s; %s", (unsigned long long)a->first,
	    buf_cstr(&safe), a->failures > 1 ? "trying again later" : "trying without parser");
	buf_done(&safe);
}

static int adopt_payload(struct adopter *a, int fd, uint64_t len, struct why *why)
{
	struct stat st;
	struct bytes payload;
	int seals = fcntl(fd, F_GET_SEALS), r;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    (uint64_t)st.st_size != len || !len || len > PAYLOAD_MAX)
		return why_set(why, -EBADMSG, "the analyst sent no sealed memory");
	r = io_map(fd, len, &payload);
	if (r < 0)
		return why_set(why, -EBADMSG, "its memory cannot be mapped");
	r = ledger_adopt(a->ledger, a->first, payload, why);
	munmap((void *)(uintptr_t)payload.at, payload.len);
	return r;
}

static int take_answer(struct adopter *a, struct bytes message, const int *fds, size_t n, usec now)
{
	struct cursor c = cursor_of(message);
	struct why why = { "" };
	uint8_t what = cur_u8(&c);
	uint64_t first = cur_u64le(&c), len;
	int r;

	if (c.bad || !a->busy || first != a->first)
		return 0; /* an answer to nothing that was asked */
	a->busy = false;
	if (what == TALK_FAILED) {
		struct bytes text = cur_rest(&c);
		char line[256];

		snprintf(line, sizeof(line), "%.*s", (int)bytes_sub(text, 0, 200).len, text.at);
		failed(a, now, line);
		return 0;
	}
	len = cur_u64le(&c);
	if (what != TALK_BLOCK || c.bad || n != 1) {
		failed(a, now, "the analyst answered what is no answer");
		return 0;
	}
	r = adopt_payload(a, fds[0], len, &why);
	if (r == 0) {
		count_add(&a->numbers->adopted, 1);
		a->failures = 0;
		return 0;
	}
	if (r == -EIO)
		return r;
	if (r == -ENOSPC) { /* the segment stays; later */
		a->not_before = now + 5 * USEC_PER_SEC;
		return 0;
	}
	failed(a, now, why.line[0] ? why.line : strerror(-r));
	return 0;
}

static int receive(struct adopter *a, usec now)
{
	static uint8_t buf[TALK_MAX];

	while (a->sock >= 0) {
		int fds[FDPASS_MAX], r;
		size_t len = 0, n = 0;

		r = fdpass_recv(a->sock, buf, sizeof(buf), &len, fds, &n);
		if (r == FDPASS_NONE)
			return 0;
		if (r != 0 && r != -EMSGSIZE) {
			bool was_busy = a->busy;

			adopter_analyst(a, -1);
			if (was_busy)
				failed(a, now, "the analyst is gone");
			return 0;
		}
		r = r == 0 ? take_answer(a, bytes_of(buf, len), fds, n, now) : 0;
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* false: the analyst does not keep up; the rest goes with the next step. */
static bool send_sources(struct adopter *a)
{
	const struct source *s;
	struct buf b = { 0 };
	bool sent = true;

	while (sent && (s = ledger_source_by_id(a->ledger, a->sources_sent)) != NULL) {
		buf_clear(&b);
		talk_source(&b, s);
		sent = fdpass_send(a->sock, buf_view(&b), NULL, 0) == 0;
		a->sources_sent += sent;
	}
	buf_done(&b);
	return sent;
}

static void send_segment(struct adopter *a, uint64_t first, const char *path, usec now)
{
	struct buf b = { 0 };
	int fd;

	if (first != a->first) {
		a->first = first;
		a->failures = 0;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		failed(a, now, strerror(errno));
		return;
	}
	buf_u8(&b, TALK_SEGMENT);
	buf_u64le(&b, first);
	buf_u8(&b, a->failures > 0);
	a->busy = fdpass_send(a->sock, buf_view(&b), &fd, 1) == 0;
	buf_done(&b);
	close(fd);
}

int adopter_step(struct adopter *a, usec now)
{
	const char *path;
	uint64_t first;
	int r = receive(a, now);

	if (r < 0 || a->sock < 0 || a->busy || now < a->not_before)
		return r;
	if (ledger_closed_segment(a->ledger, &first, &path) && send_sources(a))
		send_segment(a, first, path, now);
	return 0;
}
