/* SPDX-License-Identifier: Apache-2.0 */
/* Rules change while correlations are half full: those that stay the same go on. */
#include "sigma_kit.h"
#include <stdlib.h>

#define FAILED                                                                                     \
	"title: failed\nid: 11111111-0000-4000-8000-000000000001\nname: failed\n"                  \
	"logsource: {category: any}\ndetection: {sel: {a: failed}, condition: sel}\n"
#define MANY(n)                                                                                    \
	"---\ntitle: many\nid: 11111111-0000-4000-8000-000000000002\nname: many\n"                 \
	"correlation: {type: event_count, rules: [failed], group-by: [u], timespan: 1h, "          \
	"condition: {gte: " n "}}\n"
#define THEN                                                                                       \
	"---\ntitle: then\nid: 11111111-0000-4000-8000-000000000003\n"                             \
	"correlation: {type: temporal_ordered, rules: [many, ok], group-by: [u], timespan: 1h}\n"
#define OK                                                                                         \
	"---\ntitle: ok\nid: 11111111-0000-4000-8000-000000000004\nname: ok\n"                     \
	"logsource: {category: any}\ndetection: {sel: {a: ok}, condition: sel}\n"
#define OTHER                                                                                      \
	"title: other\nid: 11111111-0000-4000-8000-000000000005\n"                                 \
	"logsource: {category: any}\ndetection: {sel: {a: other}, condition: sel}\n---\n"

static const char failure[] = "{\"a\":\"failed\",\"u\":\"ann\"}";

struct both {
	struct ruleset *set;
	struct matcher *m;
};

static void use(struct both *b, const char *rules)
{
	const struct matcher_options o = { 0 };
	struct both fresh = { 0 };
	struct why why = { "" };

	if (load_text(&fresh.set, bytes_str(rules), true, &why) < 0 ||
	    ruleset_refused_n(fresh.set) || matcher_new(&fresh.m, fresh.set, &o) < 0) {
		printf("Bail out! %s\n", why.line);
		exit(1);
	}
	if (b->m)
		matcher_take_over(fresh.m, b->m);
	matcher_free(b->m);
	ruleset_free(b->set);
	*b = fresh;
}

static size_t fail(struct both *b, unsigned times)
{
	size_t n = 0;

	while (times--)
		n += feed_flat(b->m, failure);
	return n;
}

static void done(struct both *b)
{
	matcher_free(b->m);
	ruleset_free(b->set);
	*b = (struct both){ 0 };
}

int main(void)
{
	struct matcher_counts n;
	struct both b = { 0 };

	use(&b, FAILED MANY("5"));
	is_int((long long)fail(&b, 3), 0, "three of five failures: nothing yet");
	use(&b, OTHER FAILED MANY("5"));
	matcher_counts(b.m, &n);
	is_int((long long)n.groups, 1, "one rule more: the group goes on");
	is_int((long long)fail(&b, 1), 0, "the fourth");
	is_int((long long)fail(&b, 1), 1, "and the fifth: it fires");
	use(&b, FAILED MANY("5"));
	is_int((long long)fail(&b, 3), 0, "told is told, also over a change");
	done(&b);

	use(&b, FAILED MANY("5"));
	fail(&b, 4);
	use(&b, FAILED MANY("6"));
	is_int((long long)fail(&b, 2), 0, "a correlation that says otherwise begins anew");
	done(&b);

	use(&b, FAILED MANY("5"));
	fail(&b, 4);
	use(&b,
	    "title: failed\nid: 11111111-0000-4000-8000-000000000001\nname: failed\n"
	    "logsource: {category: any}\ndetection: {sel: {a: [failed, x]}, condition: sel}\n" MANY(
		    "5"));
	is_int((long long)fail(&b, 2), 0, "and so does one whose rule says otherwise");
	done(&b);

	use(&b, FAILED MANY("5") THEN OK);
	is_int((long long)fail(&b, 5), 0, "five failures, for a correlation of correlations");
	use(&b, OTHER FAILED MANY("5") THEN OK);
	is_int((long long)feed_flat(b.m, "{\"a\":\"ok\",\"u\":\"ann\"}"), 1,
	       "a change, and then the login: it fires");
	done(&b);
	return done_testing();
}
