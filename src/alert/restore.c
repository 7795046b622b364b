/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts from the changes in the ledger: each has the whole alert in it. What comes back is what
 * was told last: repeats that were not told yet are found again by the replay. */
#include "alert/state.h"
#include "alert/text.h"
#include <jansson.h>

#define PAIRS_MOST 64u
#define NUMBER_MOST (UINT64_MAX >> 2) /* of a change or alert: more can follow */

static struct bytes text_of(json_t *object, const char *name)
{
	json_t *v = json_object_get(object, name);

	return json_is_string(v) ? bytes_of(json_string_value(v), json_string_length(v))
				 : BYTES("");
}

static uint64_t number_of(json_t *object, const char *name)
{
	json_int_t v = json_integer_value(json_object_get(object, name));

	return v < 0 ? 0 : (uint64_t)v;
}

static usec time_of(json_t *object, const char *name, usec otherwise)
{
	clock_parse(text_of(object, name), 0, &otherwise);
	return otherwise;
}

static enum change_kind kind_of(json_t *change)
{
	struct bytes name = text_of(change, "kind");

	for (unsigned k = CHANGE_NONE + 1; k < CHANGE_N; k++)
		if (bytes_eq(name, bytes_str(change_name((enum change_kind)k))))
			return (enum change_kind)k;
	return CHANGE_NONE;
}

static size_t pairs_of(json_t *object, struct finding_pair ret[static PAIRS_MOST])
{
	const char *name;
	size_t n = 0;
	json_t *v;

	json_object_foreach(object, name, v)
	{
		if (n == PAIRS_MOST || !json_is_string(v))
			break;
		ret[n].name = bytes_str(name);
		ret[n++].value = bytes_of(json_string_value(v), json_string_length(v));
	}
	return n;
}

/* Of an entity that was cut the key is another one: then a new finding opens a new alert. */
static void key_of(struct alerts *a, json_t *alert, uint8_t ret[static KEY_LEN])
{
	struct finding_pair p[PAIRS_MOST];
	size_t n = pairs_of(json_object_get(alert, "entity"), p);

	alert_key(a, json_object_get(alert, "overflow") != NULL, text_of(alert, "rule.uuid"), p, n,
		  ret);
}

static void keep(struct row *r, enum row_text t, struct bytes b, size_t most)
{
	buf_clear(&r->text[t]);
	text_keep(&r->text[t], b, most);
}

static void take_texts(struct row *r, json_t *alert)
{
	struct finding_pair p[PAIRS_MOST];
	struct bytes tags[PAIRS_MOST];
	json_t *list = json_object_get(alert, "tags"), *v;
	size_t n = 0, i;

	keep(r, ROW_RULE, text_of(alert, "rule.uuid"), RULE_MOST);
	keep(r, ROW_NAME, text_of(alert, "rule.name"), RULE_MOST);
	keep(r, ROW_MESSAGE, text_of(alert, "message"), MESSAGE_MOST);
	keep(r, ROW_HOST, text_of(alert, "host.name"), HOST_MOST);
	keep(r, ROW_PROJECT, text_of(alert, "openstack.project.id"), NAME_MOST);
	keep(r, ROW_SOURCE, text_of(alert, "source"), HOST_MOST);
	keep(r, ROW_ASSIGNEE, text_of(alert, "assignee"), NAME_MOST);
	buf_clear(&r->text[ROW_ENTITY]);
	n = pairs_of(json_object_get(alert, "entity"), p);
	text_pairs(&r->text[ROW_ENTITY], p, n, VALUE_MOST, ENTITY_MOST);
	buf_clear(&r->text[ROW_DETAILS]);
	n = pairs_of(json_object_get(alert, "details"), p);
	text_pairs(&r->text[ROW_DETAILS], p, n, VALUE_MOST, DETAILS_MOST);
	n = 0;
	json_array_foreach(list, i, v) if (n < PAIRS_MOST && json_is_string(v)) tags[n++] =
		bytes_of(json_string_value(v), json_string_length(v));
	buf_clear(&r->text[ROW_TAGS]);
	text_list(&r->text[ROW_TAGS], tags, n, TAGS_MOST);
}

static void take_proofs(struct row *r, json_t *list)
{
	json_t *v;
	size_t i;

	buf_clear(&r->proofs);
	json_array_foreach(list, i, v) if (i < PROOFS_MOST)
		buf_u64le(&r->proofs, (uint64_t)json_integer_value(v));
}

static void take_row(struct row *r, json_t *alert, usec at)
{
	struct bytes state = text_of(alert, "state");
	json_t *overflow = json_object_get(alert, "overflow");

	r->state = ALERT_OPEN;
	for (unsigned s = 0; s < ALERT_STATES; s++)
		if (bytes_eq(state, bytes_str(alert_state_names[s])))
			r->state = (enum alert_state)s;
	level_parse(text_of(alert, "rule.level"), &r->level);
	r->told_level = r->level;
	r->overflow = overflow != NULL;
	r->exact = false;
	r->entities = number_of(overflow, "entities");
	r->urgent = r->level >= LEVEL_HIGH && !r->overflow;
	r->count = number_of(alert, "count");
	r->events = number_of(alert, "events");
	r->hidden = number_of(alert, "suppressed_count");
	r->suppressed = number_of(alert, "suppressed_by");
	r->unsaid = 0;
	r->first = time_of(alert, "first", at);
	r->last = time_of(alert, "last", at);
	r->opened = time_of(alert, "opened", at);
	r->closed = time_of(alert, "closed", r->state == ALERT_CLOSED ? at : 0);
	r->said = at;
	take_texts(r, alert);
	take_proofs(r, json_object_get(alert, "vedette.seq"));
}

static int restore_row(struct alerts *a, json_t *alert, usec at)
{
	uint64_t id = number_of(alert, "id"), last = a->last_alert;
	bool newest = true;
	struct row *r;
	uint8_t key[KEY_LEN];

	if (!id || id > NUMBER_MOST)
		return 0;
	r = row_by_id(a, id, &newest);
	if (a->failed)
		return a->failed;
	if (!r) {
		key_of(a, alert, key);
		r = row_new(a, key);
		r->id = id;
		a->last_alert = id > last ? id : last;
		newest = true;
	}
	take_row(r, alert, at);
	return row_put(a, r, newest);
}

static int restore_suppression(struct alerts *a, json_t *change, json_t *of, enum change_kind kind)
{
	struct suppression_set *set = &a->suppressions;
	uint64_t id = number_of(of, "id");
	struct finding_pair p[PAIRS_MOST];
	struct suppression *s;
	size_t i = 0;

	while (i < set->n && set->at[i]->id != id)
		i++;
	if (kind != CHANGE_SUPPRESSED)
		return i < set->n ? suppression_drop(a, set->at[i]) : 0;
	if (i < set->n || id <= set->last_id || id > NUMBER_MOST)
		return 0;
	s = suppression_new();
	s->by_key = json_is_true(json_object_get(of, "exactly"));
	if (s->by_key)
		key_of(a, json_object_get(change, "alert"), s->key);
	text_keep(&s->rule, text_of(of, "rule"), RULE_MOST);
	text_pairs(&s->entity, p, pairs_of(json_object_get(of, "entity"), p), PATTERN_MOST,
		   REMARK_MOST);
	text_keep(&s->by, text_of(of, "by"), NAME_MOST);
	text_keep(&s->reason, text_of(of, "reason"), REMARK_MOST);
	s->made = time_of(of, "since", a->now);
	s->until = time_of(of, "until", USEC_NONE);
	if (!suppression_read(s)) {
		suppression_free(s);
		return 0;
	}
	set->last_id = id - 1; /* it gets its number again */
	return suppression_add(a, s);
}

static int restore(struct alerts *a, json_t *change, uint64_t id, struct bytes note)
{
	json_t *alert = json_object_get(change, "alert");
	json_t *suppression = json_object_get(change, "suppression");
	enum change_kind kind = kind_of(change);
	usec at = time_of(change, "@timestamp", a->now);
	int x = db_begin(a);

	a->waits = true;
	a->last_change = id;
	if (x == 0 && alert)
		x = restore_row(a, alert, at);
	if (x == 0 && suppression)
		x = restore_suppression(a, change, suppression, kind);
	if (x == 0)
		x = change_put(a, id, number_of(alert, "id"), at, kind, note);
	for (unsigned i = 0; i < ALERTS_READERS; i++)
		a->asked[i] = id;
	a->asked_any = true;
	return x < 0 ? x : rows_trim(a);
}

int alerts_restore(struct alerts *a, struct bytes note)
{
	uint64_t id;
	json_t *change;
	int x;

	if (note.len > ALERT_TEXT_MAX || !alerts_change_id(note, &id) || id > NUMBER_MOST)
		return ALERTS_NO_NOTE;
	if (a->failed)
		return a->failed;
	if (id <= a->last_change) {
		alerts_forget(a, ALERTS_LEDGER, id);
		return 0;
	}
	change = json_loadb((const char *)note.at, note.len, JSON_REJECT_DUPLICATES, NULL);
	x = json_is_object(change) ? restore(a, change, id, note) : ALERTS_NO_NOTE;
	json_decref(change);
	return x;
}
