/* SPDX-License-Identifier: Apache-2.0 */
/* make.h — findings to hand in, and what came of them. */
#pragma once
#include "alert/request.h"
#include "tap.h"
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define START ((usec)1790000000 * USEC_PER_SEC)
#define SECOND USEC_PER_SEC
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

struct made {
	struct finding f;
	struct finding_pair entity[2], details[1];
	struct bytes tags[1];
	struct record_ref proof;
};

static inline const struct finding *make(struct made *m, const char *rule, const char *user,
					 enum level level, usec time, uint64_t seq)
{
	*m = (struct made){
		.entity = { { BYTES("host.name"), BYTES("ctl-1") },
			    { BYTES("user.name"), bytes_str(user) } },
		.details = { { BYTES("source.ip"), BYTES("192.0.2.7") } },
		.tags = { BYTES("attack.t1110") },
		.proof = { .seq = seq },
	};
	m->f = (struct finding){
		.time = time,
		.since = time,
		.rule_id = bytes_str(rule),
		.rule_name = BYTES("Guessing of passwords"),
		.level = level,
		.tags = m->tags,
		.tags_n = 1,
		.entity = m->entity,
		.entity_n = 2,
		.details = m->details,
		.details_n = 1,
		.message = BYTES("somebody guesses"),
		.count = 1,
		.proofs = &m->proof,
		.proofs_n = 1,
		.source_host = BYTES("ctl-1"),
		.source_name = BYTES("/var/log/keystone/keystone.log"),
	};
	return &m->f;
}

static inline void find(struct alerts *a, const char *rule, const char *user, enum level level,
			usec time, uint64_t seq)
{
	struct made m;

	alerts_finding(a, make(&m, rule, user, level, time, seq));
}

static inline struct alerts *open_at(const char *path, const struct alerts_options *o)
{
	struct why why = { "" };
	struct alerts *a = NULL;

	if (alerts_open(&a, path, o, START, &why) >= 0)
		return a;
	printf("Bail out! %s\n", why.line);
	exit(1);
}

static inline void commit_at(struct alerts *a, usec now, uint64_t cursor)
{
	struct why why = { "" };

	alerts_tick(a, now);
	if (alerts_commit(a, cursor, NULL, 0, &why) == 0)
		return;
	printf("Bail out! %s\n", why.line);
	exit(1);
}

/* Lines of a reply as a JSON list; its last element has "ok". */
static inline json_t *ask(struct alerts *a, const char *request)
{
	struct buf reply = { 0 };
	json_t *list = json_array();

	alerts_request(a, BYTES(""), bytes_str(request), &reply);
	for (struct bytes rest = buf_view(&reply); rest.len;) {
		size_t n = bytes_chr(rest, '\n');

		json_array_append_new(
			list, json_loadb((const char *)rest.at, n, JSON_REJECT_DUPLICATES, NULL));
		rest = bytes_from(rest, n + 1);
	}
	buf_done(&reply);
	return list;
}

static inline json_t *last_of(json_t *list)
{
	return json_array_get(list, json_array_size(list) - 1);
}

/* A number, text or truth of an object, as text; "" where it is not there. Lent until the next
 * sixteen. */
static inline const char *of(json_t *object, const char *name)
{
	static char room[16][300];
	static unsigned turn;
	char *to = room[turn++ % 16];
	json_t *v = json_object_get(object, name);

	to[0] = 0;
	if (json_is_integer(v))
		snprintf(to, 300, "%lld", (long long)json_integer_value(v));
	else if (json_is_string(v))
		snprintf(to, 300, "%s", json_string_value(v));
	else if (json_is_boolean(v))
		snprintf(to, 300, "%s", json_is_true(v) ? "true" : "false");
	return to;
}

struct seen_changes {
	unsigned n;
	uint64_t last;
	json_t *list;
};

static inline bool seen_change(void *ctx, uint64_t id, struct bytes text)
{
	struct seen_changes *s = ctx;

	s->n++;
	s->last = id;
	json_array_append_new(
		s->list, json_loadb((const char *)text.at, text.len, JSON_REJECT_DUPLICATES, NULL));
	return true;
}

static inline struct seen_changes changes(struct alerts *a, uint64_t after)
{
	struct seen_changes s = { .list = json_array() };

	alerts_changes(a, after, seen_change, &s);
	return s;
}

/* The kinds of changes after a number, with blanks between. */
static inline const char *kinds(struct alerts *a, uint64_t after)
{
	static char to[1000];
	struct seen_changes s = changes(a, after);
	size_t i, n = 0;
	json_t *v;

	to[0] = 0;
	json_array_foreach(s.list, i, v) n +=
		(size_t)snprintf(to + n, sizeof(to) - n, "%s%s", i ? " " : "", of(v, "kind"));
	json_decref(s.list);
	return to;
}
