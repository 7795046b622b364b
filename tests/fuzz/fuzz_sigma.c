/* SPDX-License-Identifier: Apache-2.0 */
/* Rules from anybody, held against bytes from anybody: YAML up to the first NUL, behind it a
 * record, which is also read as a flat event. What runs can be explained; what does not has a
 * reason. */
#include "cmd/detect/flat.h"
#include "detect/sigma/matcher.h"
#include "parse/parse.h"
#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found(void *ctx, const struct finding *f)
{
	assert(f->rule_name.len && f->count);
	++*(size_t *)ctx;
}

static void hold_against(const struct ruleset *s, const struct subject *e)
{
	const struct matcher_options mo = { .state_bytes = 1 << 16 };
	struct matcher *m = NULL;
	size_t n = 0;

	if (matcher_new(&m, s, &mo) < 0)
		return;
	matcher_feed(m, e, found, &n);
	matcher_feed(m, e, found, &n);
	matcher_tick(m, INT64_MAX, found, &n);
	matcher_free(m);
}

static void try_rules(struct bytes yaml, const struct subject *e, bool flat)
{
	const struct ruleset_text t = { .path = BYTES("rule.yml"), .text = yaml };
	const struct ruleset_options o = { .texts = &t, .texts_n = 1, .flat = flat };
	struct ruleset *s = NULL;
	struct why why = { "" };
	struct buf b = { 0 };

	if (ruleset_load(&s, &o, &why) < 0)
		return;
	for (size_t i = 0; i < ruleset_n(s); i++)
		ruleset_explain(s, i, &b);
	for (size_t i = 0; i < ruleset_refused_n(s); i++)
		assert(ruleset_refused(s, i)->reason.len);
	hold_against(s, e);
	ruleset_free(s);
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes all = bytes_of(data, size), yaml = bytes_sub(all, 0, bytes_chr(all, 0));
	const struct parse_hint hint = { .kind = SOURCE_FILE, .name = BYTES("/var/log/x") };
	struct arena a = { 0 };
	struct event event = { .scratch = &a };
	struct record record = { .raw = bytes_from(all, yaml.len + 1) };
	struct source source = { .name = hint.name };
	struct item item = { .record = &record, .source = &source, .event = &event };
	struct subject subject = { .item = &item };
	struct flat flat = { 0 };

	parse_record(&hint, record.raw, &event);
	try_rules(yaml, &subject, false);
	if (flat_read(&flat, record.raw, &a)) {
		subject.values = flat.values;
		subject.values_n = flat.n;
		try_rules(yaml, &subject, true);
	}
	flat_done(&flat);
	arena_done(&a);
	return 0;
}
