/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers for Prometheus. One table: name, kind, help, where it is. Names of sources come from
 * outside: they are made safe and escaped as the text format wants it. */
#include "base/text.h"
#include "cmd/serve/desk.h"
#include <stdio.h>

struct metric {
	const char *name, *kind, *help;
	size_t offset; /* of a count in its struct */
	double scale;
};

#define KEEPER(name, kind, member, scale, help)                                                    \
	{                                                                                          \
		"vedette_" name, kind, help, offsetof(struct keeper_numbers, member), scale        \
	}
static const struct metric keeper_metrics[] = {
	KEEPER("keeper_records_total", "counter", records, 1, "records taken from the rings"),
	KEEPER("keeper_bytes_total", "counter", bytes, 1, "raw bytes of these records"),
	KEEPER("keeper_notes_total", "counter", notes, 1, "records of Vedette itself"),
	KEEPER("keeper_bad_messages_total", "counter", bad_messages, 1,
	       "messages of an intake that were none"),
	KEEPER("keeper_unknown_handles_total", "counter", unknown_handles, 1,
	       "records of a source that was never defined"),
	KEEPER("ledger_records", "gauge", tree_size, 1, "records in the ledger: the tree size"),
	KEEPER("ledger_sources", "gauge", sources, 1, "sources in the ledger"),
	KEEPER("ledger_blocks_total", "counter", blocks, 1, "sealed blocks"),
	KEEPER("ledger_dropped_blocks_total", "counter", dropped_blocks, 1,
	       "blocks dropped by retention"),
	KEEPER("ledger_checkpoints_total", "counter", checkpoints, 1, "signed checkpoints"),
	KEEPER("ledger_closed_segments", "gauge", closed_segments, 1,
	       "closed segments that are no block yet"),
	KEEPER("ledger_disk_bytes", "gauge", disk_bytes, 1, "size on disk"),
	KEEPER("ledger_raw_bytes", "gauge", raw_bytes, 1, "raw bytes of what is kept"),
	KEEPER("ledger_disk_full", "gauge", disk_full, 1,
	       "1: nothing is accepted for want of disk space"),
	KEEPER("ledger_adopted_total", "counter", adopted, 1, "blocks taken from the analyst"),
	KEEPER("ledger_adopt_refused_total", "counter", adopt_refused, 1,
	       "payloads of the analyst that were refused"),
	KEEPER("ledger_last_commit_timestamp_seconds", "gauge", last_commit, 1e-6,
	       "time of the last commit"),
};

#define ANALYST(name, kind, member, scale, help)                                                   \
	{                                                                                          \
		"vedette_" name, kind, help, offsetof(struct analyst_numbers, member), scale       \
	}
static const struct metric analyst_metrics[] = {
	ANALYST("analyst_records_total", "counter", records, 1, "records parsed and looked at"),
	ANALYST("analyst_seen", "gauge", seen, 1,
		"records looked at: beside vedette_ledger_records it says how far behind detection "
		"is"),
	ANALYST("findings_total", "counter", findings, 1, "findings of rules and detectors"),
	ANALYST("rules", "gauge", rules, 1, "rules and correlations in force"),
	ANALYST("rules_refused", "gauge", rules_refused, 1, "documents that do not run as written"),
	ANALYST("rules_proven", "gauge", rules_proven, 1,
		"rules that one of their own samples makes fire"),
	ANALYST("rules_dead", "gauge", rules_dead, 1,
		"rules that none of their own samples makes fire"),
	ANALYST("poisonous_records_total", "counter", poison_n, 1,
		"records at which the analyst ended: kept, never parsed again"),
};

#define INTAKE(name, kind, member, scale, help)                                                    \
	{                                                                                          \
		"vedette_" name, kind, help, offsetof(struct counts, member), scale                \
	}
static const struct metric intake_metrics[] = {
	INTAKE("records_total", "counter", records, 1, "records received"),
	INTAKE("bytes_total", "counter", bytes, 1, "raw bytes received"),
	INTAKE("lost_total", "counter", lost, 1, "datagrams lost in the kernel or over budget"),
	INTAKE("cut_total", "counter", cut, 1, "pieces of records above the limit"),
	INTAKE("batches_total", "counter", batches, 1, "messages with records"),
	INTAKE("notes_total", "counter", notes, 1, "notes about sources"),
	INTAKE("sources", "gauge", sources, 1, "sources heard of since the start"),
	INTAKE("overflowed_total", "counter", overflowed, 1,
	       "records that went to the overflow source"),
	INTAKE("connections", "gauge", connections, 1, "open TCP connections"),
	INTAKE("connections_total", "counter", connections_total, 1, "TCP connections taken"),
	INTAKE("connections_refused_total", "counter", connections_refused, 1,
	       "TCP connections over the limit"),
	INTAKE("files", "gauge", files, 1, "files followed"),
	INTAKE("truncations_total", "counter", truncations, 1, "files that were truncated"),
	INTAKE("file_lost_bytes_total", "counter", file_bytes_lost, 1,
	       "bytes seen in a file that was truncated before they were read, and in no copy"),
	INTAKE("replacements_total", "counter", replacements, 1, "files that were replaced"),
	INTAKE("waits_total", "counter", waits, 1, "times a full ring stopped the reading"),
	INTAKE("wait_seconds_total", "counter", wait_usec, 1e-6, "how long a full ring did so"),
	INTAKE("staged_bytes", "gauge", staged, 1, "datagrams that wait for the ring"),
	INTAKE("journal_entries_total", "counter", journal_entries, 1, "journal entries read"),
	INTAKE("journal_gaps_total", "counter", journal_gaps, 1, "gaps found in the journal"),
};

static void label(struct buf *to, const char *name, struct bytes value)
{
	struct buf safe = { 0 };

	text_safe(&safe, value, NULL);
	buf_printf(to, "%s=\"", name);
	for (size_t i = 0; i < safe.len; i++) {
		if (safe.at[i] == '"' || safe.at[i] == '\\')
			buf_u8(to, '\\');
		buf_u8(to, safe.at[i]);
	}
	buf_str(to, "\"");
	buf_done(&safe);
}

static void head(struct buf *to, const struct metric *m)
{
	buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name, m->kind);
}

static void number(struct buf *to, const struct metric *m, const void *from)
{
	uint64_t v = count_get((const count *)(const void *)((const uint8_t *)from + m->offset));

	if (m->scale < 1)
		buf_printf(to, "%.6f\n", (double)v * m->scale);
	else
		buf_printf(to, "%llu\n", (unsigned long long)v);
}

/* Buckets are powers of two of microseconds. */
static void histogram(struct buf *to, const char *name, const char *labels, const count *bucket,
		      unsigned n)
{
	char braces[64] = "";
	uint64_t all = 0;
	double sum = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t v = count_get(&bucket[i]);

		all += v;
		sum += (double)v * (double)((uint64_t)1 << i) * 0.75e-6; /* middle of the bucket */
		if (i >= 6 && i <= 24)
			buf_printf(to, "%s_bucket{%sle=\"%.6g\"} %llu\n", name, labels,
				   (double)((uint64_t)1 << i) * 1e-6, (unsigned long long)all);
	}
	if (*labels)
		snprintf(braces, sizeof(braces), "{%.*s}", (int)strlen(labels) - 1, labels);
	buf_printf(to, "%s_bucket{%sle=\"+Inf\"} %llu\n%s_sum%s %.6f\n%s_count%s %llu\n", name,
		   labels, (unsigned long long)all, name, braces, sum, name, braces,
		   (unsigned long long)all);
}

static void roles(const struct desk_start *d, struct buf *to)
{
	buf_str(to, "# HELP vedette_role_up 1: the process runs\n# TYPE vedette_role_up gauge\n");
	for (unsigned i = 0; i < SERVE_ROLES; i++)
		if (count_get(&d->shared->role[i].since))
			buf_printf(to, "vedette_role_up{role=\"%s\"} %d\n", serve_role_names[i],
				   count_get(&d->shared->role[i].pid) != 0);
	buf_str(to, "# HELP vedette_role_restarts_total times it was started again\n"
		    "# TYPE vedette_role_restarts_total counter\n");
	for (unsigned i = 0; i < SERVE_ROLES; i++)
		if (count_get(&d->shared->role[i].since))
			buf_printf(to, "vedette_role_restarts_total{role=\"%s\"} %llu\n",
				   serve_role_names[i],
				   (unsigned long long)count_get(&d->shared->role[i].restarts));
}

static void totals(const struct desk_start *d, struct buf *to)
{
	buf_str(to, "# HELP vedette_build_info the program\n# TYPE vedette_build_info gauge\n"
		    "vedette_build_info{version=\"" VEDETTE_VERSION "\"} 1\n");
	buf_printf(to,
		   "# HELP vedette_start_timestamp_seconds when serve was started\n"
		   "# TYPE vedette_start_timestamp_seconds gauge\n"
		   "vedette_start_timestamp_seconds %.3f\n",
		   (double)count_get(&d->shared->started) * 1e-6);
	roles(d, to);
	for (size_t i = 0; i < sizeof(keeper_metrics) / sizeof(*keeper_metrics); i++) {
		head(to, &keeper_metrics[i]);
		buf_printf(to, "%s ", keeper_metrics[i].name);
		number(to, &keeper_metrics[i], &d->shared->keeper);
	}
	buf_str(to, "# HELP vedette_ledger_commit_seconds from the first record to durable\n"
		    "# TYPE vedette_ledger_commit_seconds histogram\n");
	histogram(to, "vedette_ledger_commit_seconds", "", d->shared->keeper.commit_usec,
		  COMMIT_BUCKETS);
	for (size_t i = 0; i < sizeof(analyst_metrics) / sizeof(*analyst_metrics); i++) {
		head(to, &analyst_metrics[i]);
		buf_printf(to, "%s ", analyst_metrics[i].name);
		number(to, &analyst_metrics[i], &d->shared->analyst);
	}
	buf_str(to, "# HELP vedette_alert_seconds from arrival to the durable alert (sampled)\n"
		    "# TYPE vedette_alert_seconds histogram\n");
	histogram(to, "vedette_alert_seconds", "", d->shared->analyst.alert_usec, COMMIT_BUCKETS);
	for (size_t i = 0; i < sizeof(intake_metrics) / sizeof(*intake_metrics); i++) {
		head(to, &intake_metrics[i]);
		for (unsigned r = 0; r < SERVE_RINGS; r++) {
			if (!d->counts[r])
				continue;
			buf_printf(to, "%s{intake=\"%s\"} ", intake_metrics[i].name,
				   serve_role_names[r]);
			number(to, &intake_metrics[i], d->counts[r]);
		}
	}
	buf_str(to, "# HELP vedette_ack_seconds from received to durable (sampled)\n"
		    "# TYPE vedette_ack_seconds histogram\n");
	for (unsigned r = 0; r < SERVE_RINGS; r++) {
		char labels[40];

		if (!d->counts[r])
			continue;
		snprintf(labels, sizeof(labels), "intake=\"%s\",", serve_role_names[r]);
		histogram(to, "vedette_ack_seconds", labels, d->counts[r]->ack, COUNT_BUCKETS);
	}
}

static void source_metric(const struct desk_start *d, struct buf *to, const char *name,
			  const char *kind, const char *help, size_t offset, double scale)
{
	buf_printf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
	for (unsigned r = 0; r < SERVE_RINGS; r++) {
		struct count_view v;

		for (uint32_t i = 0; d->counts[r] && i < COUNT_SOURCES; i++) {
			uint64_t n;

			if (!counts_row(d->counts[r], i, &v))
				continue;
			memcpy(&n, (const uint8_t *)&v + offset, sizeof(n));
			buf_printf(to, "%s{", name);
			label(to, "host", bytes_str(v.host));
			buf_str(to, ",");
			label(to, "kind", bytes_str(source_kind_name(v.kind)));
			buf_str(to, ",");
			label(to, "source", bytes_str(v.name));
			buf_printf(to, scale < 1 ? "} %.3f\n" : "} %.0f\n", (double)n * scale);
		}
	}
}

void desk_metrics(const struct desk_start *d, bool sources, struct buf *to)
{
	if (!sources) {
		totals(d, to);
		return;
	}
	source_metric(d, to, "vedette_source_records_total", "counter", "records of the source",
		      offsetof(struct count_view, records), 1);
	source_metric(d, to, "vedette_source_bytes_total", "counter", "raw bytes of the source",
		      offsetof(struct count_view, bytes), 1);
	source_metric(d, to, "vedette_source_lost_total", "counter",
		      "datagrams of the source that were lost", offsetof(struct count_view, lost),
		      1);
	source_metric(d, to, "vedette_source_last_timestamp_seconds", "gauge",
		      "arrival of its last record", offsetof(struct count_view, last), 1e-6);
}
