/* SPDX-License-Identifier: Apache-2.0 */
/* sigma_kit.h — one rule and one flat event, for tests of Sigma: does it match, is it refused? */
#pragma once
#include "cmd/detect/flat.h"
#include "detect/sigma/matcher.h"
#include "tap.h"

/* A whole rule around a detection (indented by four). */
__attribute__((unused)) static void rule_around(struct buf *to, const char *detection)
{
	buf_str(to, "title: a rule\nlogsource: {category: any}\ndetection:\n");
	buf_str(to, detection);
	buf_u8(to, '\n');
}

static inline int load_text(struct ruleset **ret, struct bytes text, bool flat, struct why *why)
{
	const struct ruleset_text t = { .path = BYTES("rule.yml"), .text = text };
	const struct ruleset_options o = {
		.texts = &t, .texts_n = 1, .flat = flat, .any_logsource = true
	};

	return ruleset_load(ret, &o, why);
}

static inline void count_finding(void *ctx, const struct finding *f)
{
	(void)f;
	++*(size_t *)ctx;
}

/* How many findings an event makes. */
static inline size_t feed_flat(struct matcher *m, const char *json)
{
	struct arena a = { 0 };
	struct flat f = { 0 };
	struct event none = { 0 };
	struct record record = { 0 };
	struct item item = { .record = &record, .event = &none };
	struct subject subject = { .item = &item };
	size_t n = 0;

	event_reset(&none);
	if (!flat_read(&f, bytes_str(json), &a)) {
		printf("# no event: %s\n", json);
		return SIZE_MAX;
	}
	subject.values = f.values;
	subject.values_n = f.n;
	matcher_feed(m, &subject, count_finding, &n);
	flat_done(&f);
	arena_done(&a);
	return n;
}

/* 1 it matches, 0 it does not, -1 the rule is refused (and says why). */
__attribute__((unused)) static int verdict(const char *detection, const char *json)
{
	const struct matcher_options mo = { 0 };
	struct ruleset *s = NULL;
	struct matcher *m = NULL;
	struct why why = { "" };
	struct buf text = { 0 };
	int r = -1;

	rule_around(&text, detection);
	if (load_text(&s, buf_view(&text), true, &why) == 0 && ruleset_n(s) == 1 &&
	    matcher_new(&m, s, &mo) == 0)
		r = feed_flat(m, json) > 0;
	matcher_free(m);
	ruleset_free(s);
	buf_done(&text);
	return r;
}

/* Is the reason for a refusal, "" where the rule is taken. */
__attribute__((unused)) static void reason(const char *detection, struct buf *ret)
{
	struct ruleset *s = NULL;
	struct why why = { "" };
	struct buf text = { 0 };

	buf_clear(ret);
	rule_around(&text, detection);
	if (load_text(&s, buf_view(&text), true, &why) < 0)
		buf_str(ret, why.line);
	else if (ruleset_refused_n(s))
		buf_bytes(ret, ruleset_refused(s, 0)->reason);
	ruleset_free(s);
	buf_done(&text);
}
