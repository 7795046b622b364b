/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of oslo.log, behind their stamp:
 *
 *	 25746 INFO nova.osapi_compute.wsgi.server [req-… user project - - -] text
 *	 25746 INFO nova.compute.manager [None req-… - - - - - -] [instance: uuid] text
 *	 25746 ERROR nova.compute.manager Traceback (most recent call last):
 *
 * The context in brackets grew over the releases; what a word means follows from how many there
 * are behind the request id:
 *
 *	2  user project                                         (Havana; devstack: names)
 *	5  user project domain user_domain project_domain
 *	6  user project domain system_scope user_domain project_domain
 *
 * and the id of the whole call (or None) may stand before the request id. */
#include "parse/line.h"

#define CONTEXT_WORDS 8

static bool is_logger(struct bytes w)
{
	uint8_t first = scan_at(w, 0), last;

	if (!w.len || w.len > 200)
		return false;
	last = w.at[w.len - 1];
	return (is_alnum(first) || first == '_') && !is_digit(first) &&
	       (is_alnum(last) || last == '_' || last == '-');
}

static inline bool is_none(struct bytes w)
{
	return w.len == 1 ? w.at[0] == '-' : w.len == 4 && IS(w, "None");
}

static inline void set_word(struct line *l, enum field f, struct bytes w)
{
	if (w.len > 4 || !is_none(w))
		set(l, f, w);
}

static void set_identity(struct line *l, const struct bytes *w, size_t n)
{
	if (n == 2 && !is_none(w[0]) && !is_identifier(w[0]) && !is_identifier(w[1])) {
		set_word(l, FIELD_OS_PROJECT_NAME, w[0]); /* devstack: project and user, by name */
		set_word(l, FIELD_USER_NAME, w[1]);
		return;
	}
	if (n > 0)
		set_word(l, FIELD_USER_ID, w[0]);
	if (n > 1)
		set_word(l, FIELD_OS_PROJECT_ID, w[1]);
	if (n > 2)
		set_word(l, FIELD_OS_DOMAIN_ID, w[2]);
	if (n == 6)
		set_word(l, FIELD_OS_SYSTEM_SCOPE, w[3]);
	if (n == 5 || n == 6) {
		set_word(l, FIELD_OS_USER_DOMAIN_ID, w[n - 2]);
		set_word(l, FIELD_OS_PROJECT_DOMAIN_ID, w[n - 1]);
	}
}

static bool is_request_id(struct bytes w)
{
	return STARTS(w, "req-") || (w.len == 36 && is_identifier(w));
}

/* A text may begin with a bracket of its own; a context says so by its first words. */
static bool is_context(const struct bytes *w, size_t n)
{
	size_t none = 0;

	if (STARTS(w[0], "req-"))
		return true;
	while (none < n && is_none(w[none]))
		none++;
	return none == n || is_request_id(w[none]) || (none && n >= 5);
}

/* The words up to the closing bracket, which is consumed; 0 where they are no context. Most of a
 * context are long ids, so blanks and bracket are looked for in 64 bytes at a time. */
static size_t context_words(struct bytes *b, struct bytes w[static CONTEXT_WORDS])
{
	struct bytes c = *b;
	size_t n = 0, from = 0;

	for (size_t base = 0; base < 512; base += 64) {
		uint8_t tail[64];
		uint64_t mask;

		if (base >= c.len)
			return 0;
		if (c.len - base >= 64) {
			mask = scan_mask64(c.at + base, ' ', ']');
		} else {
			memset(tail, 0, sizeof(tail));
			memcpy(tail, c.at + base, c.len - base);
			mask = scan_mask64(tail, ' ', ']');
		}
		for (; mask; mask &= mask - 1) {
			size_t end = base + (size_t)__builtin_ctzll(mask);

			if (n == CONTEXT_WORDS)
				return 0;
			w[n] = bytes_of(c.at + from, end - from);
			n += end != from;
			from = end + 1;
			if (c.at[end] == ']') {
				scan_skip(b, from);
				return n;
			}
		}
	}
	return 0;
}

bool oslo_context(struct line *l, struct bytes *b)
{
	struct bytes w[CONTEXT_WORDS], c = *b;
	size_t n, id = 0;

	if (!scan_take_chr(&c, '['))
		return false;
	if (scan_at(c, 0) == '-' && scan_at(c, 1) == ']') { /* the usual empty one */
		scan_skip(&c, 2);
		scan_take_chr(&c, ' ');
		*b = c;
		return true;
	}
	n = context_words(&c, w);
	if (!n || !is_context(w, n))
		return false;
	/* the id of the whole call comes first when a request id follows, or so many words */
	if (n > 1 && (is_request_id(w[1]) || n == 8 || (n == 7 && is_none(w[0])))) {
		set_word(l, FIELD_OS_GLOBAL_REQUEST_ID, w[0]);
		id = 1;
	}
	set_word(l, FIELD_OS_REQUEST_ID, w[id]);
	set_identity(l, w + id + 1, n - id - 1);
	scan_take_chr(&c, ' ');
	*b = c;
	return true;
}

/* "[instance: uuid] " stays in the text, as it does for everybody who reads the log. */
static struct bytes skip_instance(struct line *l, struct bytes text)
{
	struct bytes b = text, id;

	if (!TAKE(&b, "[instance:"))
		return text;
	scan_blanks(&b);
	if (!scan_take_to(&b, ']', &id) || !id.len || id.len > 64)
		return text;
	set(l, FIELD_OS_INSTANCE_ID, id);
	scan_take_chr(&b, ' ');
	return b;
}

/* The service by its logger, else by the file or program it came from. */
static void set_service(struct line *l, struct bytes logger)
{
	struct bytes s = service_of(logger);

	if (!s.len)
		s = service_of_path(event_get(l->ev, FIELD_LOG_FILE));
	if (!s.len)
		s = service_of(event_get(l->ev, FIELD_PROCESS_NAME));
	if (!s.len)
		s = service_of_path(l->hint->name);
	set(l, FIELD_SERVICE_NAME, s);
}

/* From the level on; b begins with it. */
static bool oslo_rest(struct line *l, struct bytes b, struct bytes pid)
{
	struct bytes rest = b, word = scan_word(&rest), level = level_of(word), logger, text;
	struct line_mark mark;
	bool old;

	if (!level.len)
		return false;
	scan_blanks(&rest);
	text = rest;
	/* Folsom and before: "WARNING [keystone.common.wsgi] text" */
	old = !pid.len && scan_take_chr(&text, '[');
	logger = scan_head(text, scan_either(text, old ? ']' : ' ', '\n'));
	if (old && scan_chr(logger, '.') == logger.len)
		return false;
	if (!is_logger(logger) || (!pid.len && scan_chr(logger, '.') == logger.len &&
				   scan_at(text, logger.len + 1) != '['))
		return false;
	scan_skip(&text, logger.len + 1);
	if (old)
		scan_take_chr(&text, ' ');
	if (!pid.len)
		mark = line_mark(l);
	set(l, FIELD_PROCESS_PID, pid);
	set(l, FIELD_LOG_LEVEL, level);
	set(l, FIELD_LOG_LOGGER, logger);
	if (!oslo_context(l, &text) && !pid.len && !service_of(logger).len &&
	    !STARTS(logger, "oslo") && !STARTS(logger, "openstack_") &&
	    !STARTS(logger, "django.")) {
		line_back(l, &mark); /* a word with a point in it makes no logger */
		return false;
	}
	set_service(l, logger);
	set(l, FIELD_MESSAGE, text); /* trace_of() shortens it where a traceback follows */
	oslo_message(l, logger, level, skip_instance(l, text));
	SET(l, EVENT_DATASET, "oslo.log"); /* unless the text is a notification */
	return true;
}

bool oslo_line(struct line *l, struct bytes b)
{
	struct bytes pid;

	if (!scan_take_chr(&b, ' '))
		return false;
	scan_blanks(&b);
	pid = scan_digits(&b);
	if (pid.len && (pid.len > 10 || !scan_take_chr(&b, ' ')))
		return false;
	return oslo_rest(l, b, pid);
}

bool oslo_bare(struct line *l, struct bytes b)
{
	return oslo_rest(l, b, BYTES(""));
}
