/* SPDX-License-Identifier: Apache-2.0 */
/* sample.h — lines of many shapes from a seed, with fields where a parser would find them: what the
 * tests of blocks are run on. */
#pragma once
#include "base/arena.h"
#include "base/buf.h"
#include "event/event.h"
#include "event/record.h"
#include <stdlib.h>

struct sample {
	uint64_t state;
	bool v4; /* uuids are of version 4 */
	uint32_t n;
	struct record *record;
	struct event *event;
	struct arena arena;
};

static inline uint64_t sample_rnd(struct sample *s)
{
	s->state ^= s->state << 13;
	s->state ^= s->state >> 7;
	s->state ^= s->state << 17;
	return s->state * 0x2545f4914f6cdd1dull;
}

static inline unsigned sample_pick(struct sample *s, unsigned n)
{
	return (unsigned)((sample_rnd(s) >> 33) % n);
}

static inline void sample_hex(struct sample *s, struct buf *b, unsigned n, uint64_t from)
{
	uint64_t v = from;

	for (unsigned i = 0; i < n; i++) {
		if (!(i & 15))
			v = from ? from * 0x9e3779b97f4a7c15ull + i : sample_rnd(s);
		buf_u8(b, (uint8_t) "0123456789abcdef"[v & 15]);
		v >>= 4;
	}
}

static inline void sample_uuid(struct sample *s, struct buf *b, uint64_t from)
{
	static const unsigned group[] = { 8, 4, 4, 4, 12 };

	for (unsigned g = 0; g < 5; g++) {
		if (g)
			buf_u8(b, '-');
		sample_hex(s, b, group[g], from ? from + g + 1 : 0);
		if (s->v4 && g == 2)
			b->at[b->len - 4] = '4';
		if (s->v4 && g == 3)
			b->at[b->len - 4] = (uint8_t) "89ab"[b->at[b->len - 4] & 3];
	}
}

/* What a field is in the line: its offsets, kept until the line no longer moves. */
struct mark {
	enum field field;
	size_t from, to;
};

static inline void sample_nova(struct sample *s, struct buf *b, struct mark *m, unsigned *n,
			       usec at)
{
	static const char *const level[] = { "INFO", "WARNING", "ERROR" };
	struct civil c;
	size_t from;
	uint64_t user = 100 + sample_pick(s, 20), project = 900 + sample_pick(s, 5);

	civil_of(at, &c);
	buf_printf(b, "%04d-%02d-%02d %02d:%02d:%02d.%03d ", c.year, c.month, c.day, c.hour,
		   c.minute, c.second, c.micro / 1000);
	from = b->len;
	buf_printf(b, "%u", 1000 + sample_pick(s, 7));
	m[(*n)++] = (struct mark){ FIELD_PROCESS_PID, from, b->len };
	buf_u8(b, ' ');
	from = b->len;
	buf_str(b, level[sample_pick(s, 50) ? 0 : 1 + sample_pick(s, 2)]);
	m[(*n)++] = (struct mark){ FIELD_LOG_LOGGER, from, b->len };
	buf_str(b, " nova.api [");
	from = b->len;
	buf_str(b, "req-");
	sample_uuid(s, b, 0);
	m[(*n)++] = (struct mark){ FIELD_OS_REQUEST_ID, from, b->len };
	buf_u8(b, ' ');
	from = b->len;
	sample_hex(s, b, 32, user);
	m[(*n)++] = (struct mark){ FIELD_USER_ID, from, b->len };
	buf_u8(b, ' ');
	sample_hex(s, b, 32, project);
	buf_str(b, " - - -] ");
	from = b->len;
	buf_printf(b, "10.%u.%u.%u", sample_pick(s, 3), sample_pick(s, 256), sample_pick(s, 20));
	m[(*n)++] = (struct mark){ FIELD_SOURCE_IP, from, b->len };
	buf_str(b, " \"GET ");
	from = b->len;
	buf_str(b, "/v2.1/");
	sample_hex(s, b, 32, project);
	buf_printf(b, "/servers/%s%u", sample_pick(s, 2) ? "detail?page=" : "x", sample_pick(s, 9));
	m[(*n)++] = (struct mark){ FIELD_URL_PATH, from, b->len };
	buf_str(b, " HTTP/1.1\" status: ");
	from = b->len;
	buf_printf(b, "%u", sample_pick(s, 30) ? 200 : 404);
	m[(*n)++] = (struct mark){ FIELD_HTTP_STATUS, from, b->len };
	buf_printf(b, " len: %u time: %u.%07u", sample_pick(s, 4000), sample_pick(s, 3),
		   sample_pick(s, 9999999));
}

static inline void sample_other(struct sample *s, struct buf *b, usec at, unsigned kind)
{
	struct civil c;

	civil_of(at, &c);
	switch (kind) {
	case 0:
		buf_printf(b,
			   "Nov %2d %02d:%02d:%02d cmp%02u sshd[%u]: Failed password for root from "
			   "203.0.113.%u port %u ssh2",
			   c.day, c.hour, c.minute, c.second, sample_pick(s, 9),
			   sample_pick(s, 40000), sample_pick(s, 256), sample_pick(s, 65536));
		break;
	case 1:
		buf_printf(b,
			   "10.0.0.%u - - [%02d/Nov/2026:%02d:%02d:%02d +0000] \"GET /a%u/b "
			   "HTTP/1.0\" "
			   "%03u %05u",
			   sample_pick(s, 256), c.day, c.hour, c.minute, c.second,
			   sample_pick(s, 5), sample_pick(s, 600), sample_pick(s, 99999));
		break;
	case 2:
		for (unsigned i = sample_pick(s, 300); i; i--)
			buf_u8(b, (uint8_t)sample_rnd(s));
		break;
	case 3:
		buf_printf(b, "Sun Nov %2d %02d:%02d:%02d.%06d 2026 word%llx v%u.%u.%u 00%u", c.day,
			   c.hour, c.minute, c.second, c.micro,
			   (unsigned long long)(sample_rnd(s) & 0xffff), sample_pick(s, 3),
			   sample_pick(s, 12), sample_pick(s, 100), sample_pick(s, 100));
		break;
	case 4:
		buf_printf(b, "Traceback %u\n  File \"x.py\", line %u\n", sample_pick(s, 9),
			   sample_pick(s, 900));
		break;
	default:
		break; /* an empty line */
	}
}

static inline void sample_make(struct sample *s, uint64_t seed, uint32_t n)
{
	usec at = 1795309200000000;

	*s = (struct sample){ .state = seed * 2 + 88172645463325252ull, .n = n, .v4 = seed & 1 };
	s->record = mem_new(n, sizeof(*s->record));
	s->event = mem_new(n, sizeof(*s->event));
	for (uint32_t i = 0; i < n; i++) {
		struct mark m[16];
		unsigned marks = 0, shape = sample_pick(s, 20);
		struct buf b = { 0 };

		at += sample_pick(s, 900) * 1000;
		if (shape < 12)
			sample_nova(s, &b, m, &marks, at);
		else
			sample_other(s, &b, at, shape < 16 ? shape - 12 : sample_pick(s, 6));
		s->record[i] = (struct record){ .seq = 77 + i,
						.arrival = at + 5000,
						.source = 1 + sample_pick(s, 3),
						.flags = sample_pick(s, 90) ? 0 : END_FRAME,
						.raw = arena_copy(&s->arena, buf_view(&b)) };
		event_reset(&s->event[i]);
		if (shape < 16)
			s->event[i].time = at / 1000 * 1000;
		for (unsigned k = 0; k < marks; k++)
			event_set(&s->event[i], m[k].field,
				  bytes_sub(s->record[i].raw, m[k].from, m[k].to - m[k].from));
		if (marks)
			event_set(&s->event[i], FIELD_EVENT_DATASET, BYTES("sample"));
		buf_done(&b);
	}
}

static inline void sample_done(struct sample *s)
{
	free(s->record);
	free(s->event);
	arena_done(&s->arena);
}
