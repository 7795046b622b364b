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
#define FULL_AFTER (5 * USEC_PER_SEC)
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
	a->out_n = 0;
	a->next = 0;
	a->began = a->history_out = a->history_ended = false;
	a->history_at = 0;
	a->noted = 0;
	a->noted_untold = false;
}

/* The segment did not come back as a block. The first time it may be the parser's fault: then it
 * goes out unparsed. After that it waits: nothing is lost, only not yet compressed. */
static void failed(struct adopter *a, usec now, const char *text)
{
	struct buf safe = { 0 };

	text_safe(&safe, bytes_sub(bytes_str(text), 0, 300), NULL);
	a->failures++;
	a->out[0].again = true;
	a->out[0].told_closed = false;
	a->not_before = now + (a->failures > 1 ? RETRY_AFTER : 0);
	count_add(&a->numbers->adopt_refused, 1);
	say(SAY_WARN, "segment of record %llu is not sealed: %s; %s",
	    (unsigned long long)a->out[0].first, buf_cstr(&safe),
	    a->failures > 1 ? "trying again later" : "trying without parser");
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
	r = ledger_adopt(a->ledger, a->out[0].first, payload, why);
	munmap((void *)(uintptr_t)payload.at, payload.len);
	return r;
}

/* The oldest segment, whose payload came back (or did not). */
static int take_block(struct adopter *a, struct cursor *c, const int *fds, size_t n, usec now)
{
	struct why why = { "" };
	uint64_t len = cur_u64le(c);
	int r;

	if (c->bad || n != 1) {
		failed(a, now, "the analyst answered what is no answer");
		return 0;
	}
	r = adopt_payload(a, fds[0], len, &why);
	if (r == 0) {
		count_add(&a->numbers->adopted, 1);
		a->failures = 0;
		memmove(a->out, a->out + 1, --a->out_n * sizeof(*a->out));
		return 0;
	}
	if (r == -EIO)
		return r;
	if (r == -ENOSPC) { /* the segment stays; later */
		a->out[0].told_closed = false;
		a->out[0].again = true;
		a->not_before = now + FULL_AFTER;
		return 0;
	}
	failed(a, now, why.line[0] ? why.line : strerror(-r));
	return 0;
}

static int take_note(struct adopter *a, uint64_t number, struct bytes json)
{
	int r;

	if (json.len > NOTE_MAX)
		return 0;
	r = ledger_note(a->ledger, json);
	if (r == -EINVAL)
		return 0; /* no note: not taken, never told durable */
	if (r == 0 && number > a->noted) {
		a->noted = number;
		a->noted_untold = true;
	}
	return r == -ENOSPC || r == -ENOBUFS ? 0 : r; /* it comes again */
}

static int take_answer(struct adopter *a, struct bytes message, const int *fds, size_t n, usec now)
{
	struct cursor c = cursor_of(message);
	uint8_t what = cur_u8(&c);
	uint64_t number = cur_u64le(&c);
	char line[256];

	if (c.bad)
		return 0;
	switch (what) {
	case TALK_BEGIN:
		a->began = true;
		a->history_from = (usec)number;
		return 0;
	case TALK_SHOWN:
		a->history_out = false;
		return 0;
	case TALK_NOTE:
		return take_note(a, number, cur_rest(&c));
	case TALK_BLOCK:
	case TALK_FAILED:
		break;
	default:
		return 0;
	}
	if (!a->out_n || number != a->out[0].first || !a->out[0].told_closed)
		return 0; /* an answer to nothing that was asked */
	if (what == TALK_BLOCK)
		return take_block(a, &c, fds, n, now);
	snprintf(line, sizeof(line), "%.*s", (int)bytes_sub(cur_rest(&c), 0, 200).len, c.at);
	failed(a, now, line);
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
			adopter_analyst(a, -1); /* what it had goes to the next one */
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

/* what, a number, and what else is in `more`, with the descriptor of a file where path names one.
 * 1: sent, 0: the analyst does not keep up, -errno: the file cannot be opened. */
static int send_file(struct adopter *a, enum talk what, uint64_t first, struct bytes more,
		     const char *path)
{
	struct buf b = { 0 };
	int fd = -1, r;

	if (path) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return -errno;
	}
	buf_u8(&b, (uint8_t)what);
	buf_u64le(&b, first);
	buf_bytes(&b, more);
	r = fdpass_send(a->sock, buf_view(&b), &fd, fd >= 0) == 0;
	buf_done(&b);
	if (fd >= 0)
		close(fd);
	return r;
}

/* true: all blocks that were wished for have been sent and looked at. */
static bool history(struct adopter *a)
{
	while (!a->history_out && a->history_at < ledger_blocks(a->ledger)) {
		struct ledger_block b;
		int r;

		ledger_block(a->ledger, a->history_at, &b);
		if (a->history_from == USEC_NONE || b.arrival_max < a->history_from || b.gone) {
			a->history_at++;
			continue;
		}
		r = send_file(a, TALK_HISTORY, b.first, BYTES(""), b.path);
		if (r == 0)
			return false;
		a->history_at++; /* one that cannot be opened is left out: verify names it */
		a->history_out = r > 0;
	}
	return !a->history_out;
}

static void send_segment(struct adopter *a, const struct ledger_segment *s)
{
	int r = send_file(a, TALK_SEGMENT, s->first, BYTES("\0"), s->path);

	if (r < 0)
		say(SAY_WARN, "%s cannot be opened: %s", s->path, strerror(-r));
	if (r != 1)
		return; /* with the next step */
	a->out[a->out_n++] = (struct out){ .first = s->first };
	a->next = s->first + 1;
}

/* Once more; after a failure without a parser, which may have been at fault. */
static void send_again(struct adopter *a, struct out *o, const struct ledger_segment *s)
{
	uint8_t plain = a->failures > 0;

	o->again = send_file(a, TALK_SEGMENT, s->first, bytes_of(&plain, 1), s->path) != 1;
}

static void send_segments(struct adopter *a, usec now)
{
	for (size_t i = 0; i < ledger_segments(a->ledger); i++) {
		struct ledger_segment s;
		unsigned at = 0;

		ledger_segment(a->ledger, i, &s);
		if (s.first >= a->next && a->out_n < ADOPT_OUT)
			send_segment(a, &s);
		while (at < a->out_n && a->out[at].first != s.first)
			at++;
		if (at < a->out_n && a->out[at].again && now >= a->not_before)
			send_again(a, &a->out[at], &s);
		if (at < a->out_n && s.closed && !a->out[at].told_closed && !a->out[at].again)
			a->out[at].told_closed =
				send_file(a, TALK_CLOSED, s.first,
					  bytes_of(&s.count, sizeof(s.count)), NULL) == 1;
	}
}

int adopter_step(struct adopter *a, usec now)
{
	int r = receive(a, now);

	if (r < 0 || a->sock < 0 || !a->began)
		return r;
	if (!send_sources(a))
		return 0;
	if (!a->history_ended) {
		if (!history(a))
			return 0;
		a->history_ended = send_file(a, TALK_HISTORY_END, ledger_next(a->ledger), BYTES(""),
					     NULL) == 1;
	}
	if (a->history_ended)
		send_segments(a, now);
	return 0;
}

void adopter_durable(struct adopter *a)
{
	if (!a->noted_untold || a->sock < 0)
		return;
	a->noted_untold = send_file(a, TALK_NOTED, a->noted, BYTES(""), NULL) != 1;
}
