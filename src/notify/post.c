/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/post.h"
#include "alert/text.h"
#include <openssl/evp.h>
#include <openssl/hmac.h>

void post_signature(struct buf *to, struct bytes secret, uint64_t timestamp, struct bytes body)
{
	struct buf signed_text = { 0 };
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	buf_printf(&signed_text, "%llu.", (unsigned long long)timestamp);
	buf_bytes(&signed_text, body);
	if (HMAC(EVP_sha256(), secret.at, (int)secret.len, signed_text.at, signed_text.len, mac,
		 &len))
		for (unsigned i = 0; i < len; i++)
			buf_printf(to, "%02x", mac[i]);
	buf_done(&signed_text);
}

static void member(struct buf *to, const char *name, struct bytes value)
{
	if (!value.len)
		return;
	buf_printf(to, "%s\"%s\":", to->at[to->len - 1] == '{' ? "" : ",", name);
	text_json(to, value);
}

/* Names of labels: [a-zA-Z_][a-zA-Z0-9_]*; "entity_" keeps them apart from ours. */
static void entity_labels(struct buf *to, const json_t *entity)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)entity, key, v)
	{
		struct buf name = { 0 };

		buf_str(&name, "entity_");
		for (const char *k = key; *k && name.len < 100; k++)
			buf_u8(&name, is_alnum((uint8_t)*k) ? (uint8_t)*k : '_');
		member(to, buf_cstr(&name), told_text(v));
		buf_done(&name);
	}
}

static void time_member(struct buf *to, const char *name, usec at)
{
	buf_printf(to, ",\"%s\":\"", name);
	buf_time(to, at);
	buf_str(to, "\"");
}

bool post_alert(struct buf *to, const struct told_change *c, enum level level, bool over, usec at,
		usec until)
{
	struct buf title = { 0 };
	char number[32];
	usec starts = c->at;

	if (!c->has_alert)
		return false;
	clock_parse(c->opened, 0, &starts);
	told_title(c, &title);
	buf_str(to, "{\"labels\":{");
	member(to, "alertname", c->rule_name.len ? c->rule_name : c->rule_uuid);
	member(to, "severity", bytes_str(level_name(level)));
	snprintf(number, sizeof(number), "%llu", (unsigned long long)c->id);
	member(to, "alert", bytes_str(number));
	member(to, "rule", c->rule_uuid);
	entity_labels(to, c->entity);
	buf_str(to, "},\"annotations\":{");
	member(to, "summary", buf_view(&title));
	member(to, "description", c->message);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)c->count);
	member(to, "findings", bytes_str(number));
	member(to, "first", c->first);
	member(to, "last", c->last);
	member(to, "state", c->state);
	member(to, "host", c->host);
	member(to, "source", c->source);
	buf_str(to, "}");
	time_member(to, "startsAt", starts);
	time_member(to, "endsAt", over ? (at > starts ? at : starts) : until);
	buf_str(to, "}");
	buf_done(&title);
	return true;
}

#define TEST_TEXT "This is a test: somebody ran \"vedette notify test\". Nothing has happened."

/* Number 0 is of no change: a receiver that passes over what it had already must not take a test
 * for a change, nor a change for a test. */
void post_test_change(struct buf *to, struct bytes host, usec now)
{
	buf_str(to, "{\"event\":\"notify-test\",\"change\":0,\"kind\":\"test\"");
	time_member(to, "@timestamp", now);
	member(to, "by", BYTES("vedette"));
	member(to, "host.name", host);
	member(to, "comment", BYTES(TEST_TEXT));
	buf_str(to, "}");
}

void post_test_alert(struct buf *to, struct bytes host, usec now)
{
	buf_str(to, "[{\"labels\":{");
	member(to, "alertname", BYTES("VedetteTest"));
	member(to, "severity", bytes_str(level_name(LEVEL_INFORMATIONAL)));
	member(to, "host", host);
	buf_str(to, "},\"annotations\":{");
	member(to, "summary", BYTES("Test of Vedette"));
	member(to, "description", BYTES(TEST_TEXT));
	buf_str(to, "}");
	time_member(to, "startsAt", now);
	time_member(to, "endsAt", now);
	buf_str(to, "}]");
}
