/* SPDX-License-Identifier: Apache-2.0 */
/* What `vedette status` shows: for people, or as one JSON object. */
#include "base/text.h"
#include "cmd/serve/desk.h"
#include "cmd/units.h"

#define TEXT_SOURCES 40 /* lines of sources for people; json has all */

bool desk_healthy(const struct desk_start *d, const char **ret_why)
{
	const struct keeper_numbers *k = &d->shared->keeper;

	if (!count_get(&k->ready) || !count_get(&d->shared->role[ROLE_KEEPER].pid)) {
		*ret_why = "the keeper does not run";
		return false;
	}
	if (count_get(&k->disk_full)) {
		*ret_why = "the disk is full: nothing is accepted";
		return false;
	}
	if (!count_get(&d->shared->role[ROLE_INTAKE].pid)) {
		*ret_why = "the intake does not run";
		return false;
	}
	if (!count_get(&d->shared->role[ROLE_ANALYST].pid)) {
		*ret_why = "the analyst does not run: nothing is detected";
		return false;
	}
	*ret_why = "ok";
	return true;
}

static unsigned long long of(const count *c)
{
	return (unsigned long long)count_get(c);
}

/* How many records detection is behind. */
static unsigned long long behind(const struct desk_start *d)
{
	unsigned long long size = of(&d->shared->keeper.tree_size),
			   seen = of(&d->shared->analyst.seen);

	return size > seen ? size - seen : 0;
}

static void json_analyst(const struct desk_start *d, struct buf *to)
{
	const struct analyst_numbers *a = &d->shared->analyst;

	buf_printf(to,
		   "\"analyst\":{\"records\":%llu,\"behind\":%llu,\"findings\":%llu,\"rules\":%llu,"
		   "\"rules_refused\":%llu,\"poisonous_records\":%llu},",
		   of(&a->records), behind(d), of(&a->findings), of(&a->rules),
		   of(&a->rules_refused), of(&a->poison_n));
}

static void json_roles(const struct desk_start *d, struct buf *to)
{
	bool first = true;

	buf_str(to, "\"processes\":{");
	for (unsigned i = 0; i < SERVE_ROLES; i++) {
		const struct role_numbers *r = &d->shared->role[i];

		if (!count_get(&r->since))
			continue;
		buf_printf(to, "%s\"%s\":{\"pid\":%llu,\"restarts\":%llu,\"since\":\"",
			   first ? "" : ",", serve_role_names[i], of(&r->pid), of(&r->restarts));
		buf_time(to, (int64_t)count_get(&r->since));
		buf_str(to, "\"}");
		first = false;
	}
	buf_str(to, "}");
}

static void json_intake(const struct counts *c, const char *name, struct buf *to)
{
	buf_printf(to,
		   ",\"%s\":{\"records\":%llu,\"bytes\":%llu,\"lost\":%llu,\"cut\":%llu,"
		   "\"sources\":%llu,\"connections\":%llu,\"connections_refused\":%llu,"
		   "\"files\":%llu,\"waits\":%llu,\"ack_p50_usec\":%llu,\"ack_p99_usec\":%llu}",
		   name, of(&c->records), of(&c->bytes), of(&c->lost), of(&c->cut), of(&c->sources),
		   of(&c->connections), of(&c->connections_refused), of(&c->files), of(&c->waits),
		   (unsigned long long)counts_ack(c, 0.5), (unsigned long long)counts_ack(c, 0.99));
}

static void json_sources(const struct desk_start *d, struct buf *to)
{
	struct count_view v;
	bool first = true;

	buf_str(to, ",\"sources\":[");
	for (unsigned r = 0; r < SERVE_RINGS; r++) {
		for (uint32_t i = 0; d->counts[r] && i < COUNT_SOURCES; i++) {
			if (!counts_row(d->counts[r], i, &v))
				continue;
			buf_printf(to, "%s{\"kind\":\"%s\",\"host\":", first ? "" : ",",
				   source_kind_name(v.kind));
			json_string(to, bytes_str(v.host));
			buf_str(to, ",\"name\":");
			json_string(to, bytes_str(v.name));
			buf_printf(to,
				   ",\"records\":%llu,\"bytes\":%llu,\"lost\":%llu,\"cut\":%llu",
				   (unsigned long long)v.records, (unsigned long long)v.bytes,
				   (unsigned long long)v.lost, (unsigned long long)v.cut);
			if (v.last) {
				buf_str(to, ",\"last\":\"");
				buf_time(to, v.last);
				buf_str(to, "\"");
			}
			buf_str(to, "}");
			first = false;
		}
	}
	buf_str(to, "]");
}

static void status_json(const struct desk_start *d, struct buf *to)
{
	const struct keeper_numbers *k = &d->shared->keeper;
	const char *why;
	bool healthy = desk_healthy(d, &why);

	buf_printf(to,
		   "{\"version\":\"" VEDETTE_VERSION "\",\"healthy\":%s,\"state\":\"%s\","
		   "\"ledger\":{\"dir\":",
		   healthy ? "true" : "false", why);
	json_string(to, bytes_str(d->shared->dir));
	buf_printf(to,
		   ",\"records\":%llu,\"sources\":%llu,\"blocks\":%llu,\"dropped_blocks\":%llu,"
		   "\"checkpoints\":%llu,\"closed_segments\":%llu,\"disk_bytes\":%llu,"
		   "\"raw_bytes\":%llu,\"disk_full\":%s},",
		   of(&k->tree_size), of(&k->sources), of(&k->blocks), of(&k->dropped_blocks),
		   of(&k->checkpoints), of(&k->closed_segments), of(&k->disk_bytes),
		   of(&k->raw_bytes), count_get(&k->disk_full) ? "true" : "false");
	buf_printf(to,
		   "\"keeper\":{\"records\":%llu,\"bytes\":%llu,\"notes\":%llu,\"commits\":%llu,"
		   "\"bad_messages\":%llu,\"adopted\":%llu,\"adopt_refused\":%llu},",
		   of(&k->records), of(&k->bytes), of(&k->notes), of(&k->commits),
		   of(&k->bad_messages), of(&k->adopted), of(&k->adopt_refused));
	json_analyst(d, to);
	json_roles(d, to);
	for (unsigned r = 0; r < SERVE_RINGS; r++)
		if (d->counts[r])
			json_intake(d->counts[r], serve_role_names[r], to);
	json_sources(d, to);
	buf_str(to, "}\n");
}

static void text_sources(const struct desk_start *d, struct buf *to)
{
	struct count_view v;
	unsigned shown = 0, more = 0;

	buf_str(to, "\nsources since the start            records         bytes     lost  last\n");
	for (unsigned r = 0; r < SERVE_RINGS; r++) {
		for (uint32_t i = 0; d->counts[r] && i < COUNT_SOURCES; i++) {
			struct buf name = { 0 };

			if (!counts_row(d->counts[r], i, &v))
				continue;
			if (shown == TEXT_SOURCES) {
				more++;
				continue;
			}
			shown++;
			buf_printf(&name, "%s ", source_kind_name(v.kind));
			text_safe(&name, bytes_str(v.name), NULL);
			buf_printf(to, "  %-30s %10llu  %12llu %8llu  ", buf_cstr(&name),
				   (unsigned long long)v.records, (unsigned long long)v.bytes,
				   (unsigned long long)v.lost);
			if (v.last)
				buf_time(to, v.last);
			buf_str(to, "\n");
			buf_done(&name);
		}
	}
	if (more)
		buf_printf(to, "  and %u more (-o json lists all)\n", more);
}

static void status_text(const struct desk_start *d, struct buf *to)
{
	const struct keeper_numbers *k = &d->shared->keeper;
	const char *why;

	desk_healthy(d, &why);
	buf_printf(to, "vedette " VEDETTE_VERSION ": %s\n", why);
	buf_printf(to, "ledger %s: %llu records of %llu sources, %llu blocks, ", d->shared->dir,
		   of(&k->tree_size), of(&k->sources), of(&k->blocks));
	units_show_about(to, count_get(&k->raw_bytes));
	buf_str(to, " in ");
	units_show_about(to, count_get(&k->disk_bytes));
	buf_str(to, " on disk\n");
	for (unsigned r = 0; r < SERVE_RINGS; r++) {
		const struct counts *c = d->counts[r];

		if (!c)
			continue;
		buf_printf(to,
			   "%s: %llu records, %llu lost, %llu connections, %llu files; durable "
			   "within %llu us (half), %llu us (99 %%)\n",
			   serve_role_names[r], of(&c->records), of(&c->lost), of(&c->connections),
			   of(&c->files), (unsigned long long)counts_ack(c, 0.5),
			   (unsigned long long)counts_ack(c, 0.99));
	}
	buf_printf(to,
		   "detection: %llu rules in force, %llu refused; %llu findings, %llu records "
		   "behind\n",
		   of(&d->shared->analyst.rules), of(&d->shared->analyst.rules_refused),
		   of(&d->shared->analyst.findings), behind(d));
	buf_str(to, "processes:");
	for (unsigned i = 0; i < SERVE_ROLES; i++)
		if (count_get(&d->shared->role[i].since))
			buf_printf(to, " %s %llu (%llu restarts)", serve_role_names[i],
				   of(&d->shared->role[i].pid), of(&d->shared->role[i].restarts));
	buf_str(to, "\n");
	text_sources(d, to);
}

void desk_status(const struct desk_start *d, bool json, struct buf *to)
{
	if (json)
		status_json(d, to);
	else
		status_text(d, to);
}
