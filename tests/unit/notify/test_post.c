/* SPDX-License-Identifier: Apache-2.0 */
/* What is posted: a signature that a receiver can check, and alerts as Alertmanager wants them. */
#include "notify/post.h"
#include "tap.h"

#define AT ((usec)1795655403 * USEC_PER_SEC)

static const char change[] =
	"{\"kind\":\"opened\",\"@timestamp\":\"2026-11-26T01:10:03.000Z\",\"alert\":{\"id\":17,"
	"\"state\":\"open\",\"rule.uuid\":\"r-1\",\"rule.name\":\"Guessing \\\"x\\\"\","
	"\"rule.level\":\"high\",\"entity\":{\"host.name\":\"ctl-1\",\"user.name\":\"a\\r\\nb\"},"
	"\"count\":58,\"opened\":\"2026-11-26T01:00:00.000Z\",\"message\":\"m\\u0000\\u202e\"}}";

static json_t *posted(const char *text, enum level level, bool over)
{
	struct told_change c;
	struct buf b = { 0 };
	json_t *v = NULL;

	if (!ok(told_parse(&c, 1, bytes_str(text)), "a change"))
		return NULL;
	if (post_alert(&b, &c, level, over, AT, AT + 300 * USEC_PER_SEC))
		v = json_loadb((const char *)b.at, b.len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
			       NULL);
	told_done(&c);
	buf_done(&b);
	return v;
}

static void member(const json_t *v, const char *part, const char *name, const char *want)
{
	const json_t *o = part ? json_object_get(v, part) : v;

	is_bytes(told_text(json_object_get(o, name)), bytes_str(want), "%s", name);
}

static void alertmanager(void)
{
	json_t *open = posted(change, LEVEL_HIGH, false), *over = posted(change, LEVEL_HIGH, true);

	ok(json_is_object(open) && json_is_object(over), "JSON, whatever the texts are");
	member(open, "labels", "alertname", "Guessing \"x\"");
	member(open, "labels", "severity", "high");
	member(open, "labels", "alert", "17");
	member(open, "labels", "entity_host_name", "ctl-1");
	member(open, "annotations", "findings", "58");
	member(open, NULL, "startsAt", "2026-11-26T01:00:00.000Z");
	member(open, NULL, "endsAt", "2026-11-26T01:15:03.000Z");
	member(over, NULL, "endsAt", "2026-11-26T01:10:03.000Z");
	ok(json_equal(json_object_get(open, "labels"), json_object_get(over, "labels")),
	   "it ends by the name under which it began");
	json_decref(open);
	json_decref(over);
	ok(!posted("{\"kind\":\"suppressed\",\"suppression\":{}}", LEVEL_LOW, false),
	   "what is about no alert is none");
}

/* The mac was made by: printf '1795655403.{"change":1}' | openssl dgst -sha256 -hmac key */
static void signature(void)
{
	struct buf mac = { 0 }, later = { 0 };

	post_signature(&mac, BYTES("key"), 1795655403, BYTES("{\"change\":1}"));
	post_signature(&later, BYTES("key"), 1795655404, BYTES("{\"change\":1}"));
	is_str(buf_cstr(&mac), "66d49d15eb9608062284879e823b12fb6e725aa16560f932f8b04ad43c811c6e",
	       "HMAC-SHA-256 over timestamp and body, as openssl makes it");
	ok(!bytes_eq(buf_view(&mac), buf_view(&later)), "the time is signed too");
	buf_done(&mac);
	buf_done(&later);
}

int main(void)
{
	signature();
	alertmanager();
	return done_testing();
}
