/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/detect/print.h"
#include "base/text.h"

/* ---- JSON ---- */

static void key(struct buf *to, const char *name)
{
	buf_printf(to, "%s\"%s\":", to->len && to->at[to->len - 1] != '{' ? "," : "", name);
}

static void string(struct buf *to, const char *name, struct bytes v)
{
	key(to, name);
	json_string(to, v);
}

static void number(struct buf *to, const char *name, uint64_t v)
{
	key(to, name);
	buf_printf(to, "%llu", (unsigned long long)v);
}

static void moment(struct buf *to, const char *name, usec t)
{
	key(to, name);
	buf_u8(to, '"');
	buf_time(to, t);
	buf_u8(to, '"');
}

static const char *kind_of(const struct finding *f)
{
	if (bytes_starts(f->rule_id, BYTES("vedette.")))
		return "detector";
	return f->correlated ? "correlation" : "rule";
}

/* "attack.t1110.003" is technique T1110.003; "attack.initial-access" is none. */
static bool technique(struct bytes tag, struct bytes *ret)
{
	static const struct bytes prefix = { (const uint8_t *)"attack.t", 8 };

	if (tag.len < 12 || !bytes_ieq(bytes_sub(tag, 0, 8), prefix) || !is_digit(tag.at[8]))
		return false;
	*ret = bytes_from(tag, 7);
	return true;
}

static void tags(struct buf *to, const struct finding *f)
{
	const char *between = "";
	struct bytes id;

	key(to, "threat.technique.id");
	buf_u8(to, '[');
	for (size_t i = 0; i < f->tags_n; i++) {
		if (!technique(f->tags[i], &id))
			continue;
		buf_printf(to, "%s\"T", between);
		for (size_t c = 1; c < id.len; c++)
			if (is_digit(id.at[c]) || id.at[c] == '.')
				buf_u8(to, id.at[c]);
		buf_u8(to, '"');
		between = ",";
	}
	buf_u8(to, ']');
	key(to, "tags");
	buf_u8(to, '[');
	for (size_t i = 0; i < f->tags_n; i++) {
		buf_str(to, i ? "," : "");
		json_string(to, f->tags[i]);
	}
	buf_u8(to, ']');
}

static void reference(struct buf *to, const struct record_ref *r)
{
	if (r->seq != SEQ_NONE) {
		number(to, "vedette.seq", r->seq);
	} else if (r->file.len) {
		string(to, "vedette.file", r->file);
		number(to, "vedette.line", r->line);
	}
	if (r->id.len)
		string(to, "event.id", r->id);
}

/* Names that the finding itself uses. */
static bool is_ours(struct bytes name)
{
	static const char *const names[] = { "@timestamp", "tags", "message", "event.id" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (bytes_eq(name, bytes_str(names[i])))
			return true;
	if (bytes_eq(name, BYTES("vedette.value")))
		return false; /* the sum, the average, … that a correlation found */
	return bytes_starts(name, BYTES("rule.")) || bytes_starts(name, BYTES("vedette.")) ||
	       bytes_starts(name, BYTES("threat.technique."));
}

static bool is_there(const struct finding_pair *p, size_t n, struct bytes name)
{
	while (n--)
		if (bytes_eq(p[n].name, name))
			return true;
	return false;
}

static void fields(struct buf *to, const struct finding *f)
{
	for (size_t i = 0; i < f->entity_n + f->details_n; i++) {
		bool first = i < f->entity_n;
		const struct finding_pair *p = first ? &f->entity[i] : &f->details[i - f->entity_n];

		if (is_ours(p->name) || is_there(f->entity, first ? i : f->entity_n, p->name) ||
		    (!first && is_there(f->details, i - f->entity_n, p->name)))
			continue;
		buf_u8(to, ',');
		json_string(to, p->name);
		buf_u8(to, ':');
		json_string(to, p->value);
	}
}

static void correlated(struct buf *to, const struct finding *f)
{
	key(to, "vedette.group");
	buf_u8(to, '{');
	for (size_t i = 0; i < f->entity_n; i++) {
		buf_str(to, i ? "," : "");
		json_string(to, f->entity[i].name);
		buf_u8(to, ':');
		json_string(to, f->entity[i].value);
	}
	buf_u8(to, '}');
	number(to, "vedette.count", f->count);
	moment(to, "vedette.since", f->since);
}

void print_json(struct buf *to, const struct finding *f)
{
	const struct record_ref none = { .seq = SEQ_NONE };

	buf_u8(to, '{');
	moment(to, "@timestamp", f->time);
	string(to, "rule.uuid", f->rule_id);
	string(to, "rule.name", f->rule_name);
	string(to, "rule.level", bytes_str(level_name(f->level)));
	string(to, "rule.kind", bytes_str(kind_of(f)));
	tags(to, f);
	string(to, "message", f->message);
	reference(to, f->proofs_n ? &f->proofs[f->proofs_n - 1] : &none);
	if (f->correlated)
		correlated(to, f);
	fields(to, f);
	key(to, "vedette.records");
	buf_u8(to, '[');
	for (size_t i = 0; i < f->proofs_n; i++) {
		buf_str(to, i ? ",{" : "{");
		reference(to, &f->proofs[i]);
		buf_u8(to, '}');
	}
	buf_str(to, "]}");
}

/* ---- text ---- */

static const char *const colours[LEVEL_N] = { "\033[2m", "", "\033[33m", "\033[31m", "\033[1;31m" };

static void where(struct buf *to, const struct record_ref *r)
{
	if (r->seq != SEQ_NONE) {
		buf_printf(to, "#%llu", (unsigned long long)r->seq);
		return;
	}
	text_safe(to, r->file, NULL);
	buf_printf(to, ":%llu", (unsigned long long)r->line);
}

void print_text(struct buf *to, const struct finding *f, bool colour)
{
	buf_time(to, f->time);
	buf_printf(to, "  %s%-13s%s  ", colour ? colours[f->level] : "", level_name(f->level),
		   colour ? "\033[0m" : "");
	text_safe(to, f->rule_name.len ? f->rule_name : f->rule_id, NULL);
	for (size_t i = 0; i < f->entity_n; i++) {
		buf_str(to, i ? ", " : "  ");
		text_safe(to, f->entity[i].name, NULL);
		buf_u8(to, '=');
		text_safe(to, bytes_sub(f->entity[i].value, 0, 200), NULL);
	}
	if (f->count > 1)
		buf_printf(to, "  %llu times", (unsigned long long)f->count);
	if (!f->proofs_n)
		return;
	buf_str(to, "  ");
	where(to, &f->proofs[f->proofs_n - 1]);
}
