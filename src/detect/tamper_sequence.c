/* SPDX-License-Identifier: Apache-2.0 */
/* Running numbers that senders give their lines: of the kernel's audit records, of syslog (RFC 5424
 * section 7.3.1, sequenceId), and of those whose lines have one. A number that is missing for five
 * seconds will not come any more. Many senders number more than they send on, so nothing is told
 * of one who has not shown a hundred numbers in a row first, and of one at most once an hour. */
#include "base/cursor.h"
#include "detect/tamper_in.h"

#define LATE (5 * USEC_PER_SEC)
#define PROVEN 100
#define TOLD_EVERY (3600 * USEC_PER_SEC)
#define STORED_MOST 1024

static bool number_of(const struct event *e, uint64_t *ret)
{
	struct bytes sd, v;
	size_t at;

	if (event_has(e, FIELD_LOG_SEQUENCE)) {
		/* Open vSwitch numbers lines that go elsewhere too. */
		return !bytes_eq(event_get(e, FIELD_EVENT_DATASET), BYTES("openvswitch")) &&
		       !bytes_eq(event_get(e, FIELD_EVENT_DATASET), BYTES("ovs")) &&
		       bytes_u64(event_get(e, FIELD_LOG_SEQUENCE), ret);
	}
	sd = event_get(e, FIELD_SYSLOG_SD);
	at = bytes_find(sd, BYTES("sequenceId=\""));
	if (at == BYTES_NONE)
		return false;
	v = bytes_from(sd, at + 12);
	return bytes_u64(bytes_sub(v, 0, bytes_chr(v, '"')), ret);
}

static struct sequence *sequence_of(struct tamper *t, const struct item *i, bool *ret_new)
{
	static const enum field parts[] = { FIELD_EVENT_DATASET, FIELD_SYSLOG_HOSTNAME,
					    FIELD_SYSLOG_APPNAME, FIELD_SYSLOG_PROCID };
	bool audit = event_has(i->event, FIELD_AUDIT_TYPE);
	struct buf key = { 0 };
	struct sequence *s;

	buf_u32le(&key, i->source->id);
	for (size_t k = 0; !audit && k < sizeof(parts) / sizeof(parts[0]); k++) {
		buf_bytes(&key, bytes_sub(event_get(i->event, parts[k]), 0, 100));
		buf_u8(&key, 0);
	}
	s = keyed_get(t->sequences, buf_view(&key), ret_new);
	buf_done(&key);
	return s;
}

void tamper_sequence(struct tamper *t, const struct item *i)
{
	struct sequence *s;
	uint64_t n;
	bool fresh;

	if (!i->source || i->source->kind == SOURCE_IMPORT || !number_of(i->event, &n))
		return;
	s = sequence_of(t, i, &fresh);
	s->source = i->source->id;
	if (fresh || n + 10000 < s->highest || n == 1) { /* it begins anew */
		*s = (struct sequence){ .highest = n, .source = i->source->id, .told = s->told };
		return;
	}
	if (n <= s->highest) {
		if (s->missing && n >= s->from && n != s->highest)
			s->missing--;
		return;
	}
	if (n > s->highest + 1) {
		if (s->good >= PROVEN && !s->missing) {
			s->from = s->highest + 1;
			s->noticed = i->record->arrival;
		}
		if (s->good >= PROVEN || s->missing)
			s->missing += n - s->highest - 1;
		else
			s->good = 0;
	} else {
		s->good++;
	}
	s->highest = n;
}

static void tell(struct tamper *t, struct sequence *s, usec now, finding_fn *fn, void *ctx)
{
	struct compose *c = &t->compose;
	struct bytes key = keyed_key(s);

	compose_begin(c, "vedette.tamper.gap", "Lines of a numbered sequence are missing",
		      LEVEL_HIGH, now);
	compose_tag(c, "attack.t1070");
	key = bytes_from(key, 4);
	compose_number(c, "vedette.input.id", s->source);
	compose_number(c, "vedette.missing", s->missing);
	compose_number(c, "vedette.first_missing", s->from);
	c->entity[c->f.entity_n++] =
		(struct finding_pair){ BYTES("vedette.source_id"), c->details[0].value };
	if (key.len) {
		struct bytes host = bytes_from(key, bytes_chr(key, 0) + 1);

		compose_entity(c, "host.name", bytes_sub(host, 0, bytes_chr(host, 0)));
	}
	buf_printf(&c->message, "%llu lines are missing from number %llu on, of source %u",
		   (unsigned long long)s->missing, (unsigned long long)s->from, s->source);
	compose_tell(c, fn, ctx);
	s->told = now;
}

void tamper_gaps(struct tamper *t, usec now, finding_fn *fn, void *ctx)
{
	for (struct sequence *s = keyed_first(t->sequences); s; s = keyed_next(t->sequences, s)) {
		if (!s->missing || now - s->noticed < LATE)
			continue;
		if (!s->told || now - s->told >= TOLD_EVERY)
			tell(t, s, now, fn, ctx);
		s->missing = s->from = 0;
		s->good = 0;
	}
}

void sequences_save(const struct tamper *t, struct buf *to)
{
	size_t n = keyed_n(t->sequences), skip = n > STORED_MOST ? n - STORED_MOST : 0;

	buf_u32le(to, (uint32_t)(n - skip));
	for (struct sequence *s = keyed_first(t->sequences); s; s = keyed_next(t->sequences, s)) {
		struct bytes key = keyed_key(s);

		if (skip) {
			skip--;
			continue;
		}
		buf_u16le(to, (uint16_t)key.len);
		buf_bytes(to, key);
		buf_u32le(to, s->source);
		buf_u64le(to, s->highest);
		buf_u64le(to, s->good);
		buf_u64le(to, (uint64_t)s->told);
	}
}

static bool walk(struct tamper *t, struct cursor c, bool put)
{
	uint32_t n = cur_u32le(&c);
	bool fresh;

	if (n > TAMPER_KEYS)
		return false;
	for (uint32_t i = 0; i < n && !c.bad; i++) {
		struct bytes key = cur_take(&c, cur_u16le(&c));
		struct sequence s = { .source = cur_u32le(&c) };

		s.highest = cur_u64le(&c);
		s.good = cur_u64le(&c);
		s.told = (usec)cur_u64le(&c);
		if (key.len < 4 || key.len > KEYED_KEY)
			return false;
		if (put && !c.bad)
			*(struct sequence *)keyed_get(t->sequences, key, &fresh) = s;
	}
	return !c.bad && !cur_left(&c);
}

bool sequences_load(struct tamper *t, struct bytes b)
{
	return walk(t, cursor_of(b), false) && walk(t, cursor_of(b), true);
}
