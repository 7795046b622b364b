/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a bundle, in this order and with these keys in this order:
 *   {"vedette-evidence":1,"key":"…","checkpoint":"…"}
 *   {"consistency":{"checkpoint":"…","proof":["…",…]}}          from a checkpoint kept elsewhere
 *   {"sources":"…"}                       the signed table, where a definition is dropped or harmed
 *   {"definition":{"seq":…,"arrival":…,"source":0,"flags":…,"raw":"…","proof":["…",…]}}
 *   {"record":{"seq":…,"arrival":…,"source":…,"flags":…,"raw":"…","proof":["…",…]}}
 *   {"end":{"records":…}} */
#include "ledger/evidence.h"
#include "base/text.h"
#include "ledger/blocks.h"
#include "ledger/file.h"
#include "ledger/history.h"
#include "ledger/prover.h"
#include "ledger/seal/identity.h"
#include "ledger/source_table.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define TABLE_MAX (16u << 20) /* bytes of the table of sources that fit into a bundle's line */

struct export
{
	const uint64_t *seq;
	size_t n;
	FILE *to;
	int dirfd;
	struct identity id;
	struct view *view;
	struct prover *prover;
	struct buf note, kept; /* signed checkpoints, as text */
	struct checkpoint cp, kept_cp;
};

static int write_line(struct export *e, struct buf *line, struct why *why)
{
	bool good;

	buf_u8(line, '\n');
	good = fwrite(line->at, 1, line->len, e->to) == line->len;
	buf_clear(line);
	return good ? 0 : why_set(why, -EIO, "the bundle cannot be written");
}

static void add_proof(struct buf *line, const struct proof *p)
{
	buf_str(line, "\"proof\":[");
	for (unsigned i = 0; i < p->n; i++) {
		buf_str(line, i ? ",\"" : "\"");
		base64_encode(line, bytes_of(p->at[i].at, SHA256_LEN));
		buf_u8(line, '"');
	}
	buf_u8(line, ']');
}

static int use_note(struct export *e, struct buf *note, struct why *why)
{
	if (!checkpoint_open(buf_view(note), &e->id.verifier, false, &e->cp))
		return why_set(why, -EBADMSG,
			       "the checkpoint to prove against is harmed; run "
			       "`vedette verify -d` on this ledger");
	buf_clear(&e->note);
	buf_bytes(&e->note, buf_view(note));
	return 0;
}

/* A signed checkpoint behind the last record: that of its block, since then nothing but the block
 * and the tiles is needed; for a record in no block yet the newest. */
static int choose_checkpoint(struct export *e, struct why *why)
{
	uint64_t last = e->seq[e->n - 1];
	struct buf b = { 0 };
	int r = 0;

	if (e->kept.len && e->kept_cp.size > last)
		return use_note(e, &e->kept, why);
	for (size_t i = 0; i < view_units(e->view); i++) {
		const struct unit *u = view_unit(e->view, i);
		struct trailer t;

		if (u->live || last < u->first || last >= u->first + u->count)
			continue;
		r = block_trailer(e->dirfd, u->first, false, &t, why);
		if (!r) {
			buf_bytes(&b, t.note);
			trailer_done(&t);
			r = use_note(e, &b, why);
		}
		buf_done(&b);
		return r;
	}
	r = file_read(e->dirfd, "checkpoint", CHECKPOINT_MAX, &b);
	if (r)
		why_set(why, r, "checkpoint: cannot be read: %s", strerror(-r));
	else
		r = use_note(e, &b, why);
	buf_done(&b);
	if (!r && e->cp.size <= last)
		r = why_set(why, -EAGAIN,
			    "record %llu is not under a signed checkpoint yet; one is signed every "
			    "few seconds: try again",
			    (unsigned long long)last);
	return r;
}

static int write_head(struct export *e, struct why *why)
{
	struct buf line = { 0 }, key = { 0 };
	struct hash256 root;
	struct proof p;
	int r = prover_root(e->prover, e->cp.size, &root, why);

	if (!r && memcmp(&root, &e->cp.root, sizeof(root)) != 0)
		r = why_set(why, -EBADMSG,
			    "the records do not give the signed root; run `vedette verify -d` on "
			    "this ledger");
	verifier_text(&e->id.verifier, &key);
	buf_str(&line, "{\"vedette-evidence\":1,\"key\":");
	json_string(&line, buf_view(&key));
	buf_str(&line, ",\"checkpoint\":");
	json_string(&line, buf_view(&e->note));
	buf_u8(&line, '}');
	if (!r)
		r = write_line(e, &line, why);
	if (!r && e->kept.len && e->kept_cp.size && e->kept_cp.size < e->cp.size) {
		r = prover_consistency(e->prover, e->kept_cp.size, e->cp.size, &p, why);
		if (!r && !proof_check_consistency(e->kept_cp.size, e->cp.size, &e->kept_cp.root,
						   &e->cp.root, p.at, p.n))
			r = why_set(why, -EBADMSG,
				    "the kept checkpoint is of another history than this ledger");
		buf_clear(&line);
		buf_str(&line, "{\"consistency\":{\"checkpoint\":");
		json_string(&line, buf_view(&e->kept));
		buf_u8(&line, ',');
		if (!r)
			add_proof(&line, &p);
		buf_str(&line, "}}");
		if (!r)
			r = write_line(e, &line, why);
	}
	buf_done(&line);
	buf_done(&key);
	return r;
}

static int write_record(struct export *e, uint64_t seq, const char *what, uint32_t *ret_source,
			struct why *why)
{
	struct buf line = { 0 };
	struct hash256 leaf;
	struct record rec;
	struct proof p;
	int r = prover_inclusion(e->prover, seq, e->cp.size, &p, why);

	if (!r) /* last, as what it lends is gone with the next call */
		r = prover_record(e->prover, seq, &rec, &leaf, why);
	if (!r && !proof_check_inclusion(seq, e->cp.size, &leaf, p.at, p.n, &e->cp.root))
		r = why_set(why, -EBADMSG,
			    "record %llu is harmed: its proof fails; run `vedette verify -d`",
			    (unsigned long long)seq);
	if (r)
		return r;
	buf_printf(&line,
		   "{\"%s\":{\"seq\":%llu,\"arrival\":%lld,\"source\":%u,\"flags\":%u,\"raw\":\"",
		   what, (unsigned long long)seq, (long long)rec.arrival, rec.source, rec.flags);
	base64_encode(&line, rec.raw);
	buf_str(&line, "\",");
	add_proof(&line, &p);
	buf_str(&line, "}}");
	*ret_source = rec.source;
	r = write_line(e, &line, why);
	buf_done(&line);
	return r;
}

/* Is the record there, or was it dropped? */
static bool there(const struct export *e, uint64_t seq)
{
	for (size_t i = 0; i < view_units(e->view); i++) {
		const struct unit *u = view_unit(e->view, i);

		if (seq >= u->first && seq < u->first + u->count)
			return true;
	}
	return false;
}

/* That, and can it be proven? Of those around it some may be harmed. */
static bool provable(const struct export *e, uint64_t seq)
{
	struct proof p;

	return there(e, seq) && !prover_inclusion(e->prover, seq, e->cp.size, &p, NULL);
}

static int write_table(struct export *e, struct why *why)
{
	struct buf b = { 0 }, line = { 0 };
	int r = file_read(e->dirfd, "sources", SOURCES_FILE_MAX, &b);

	if (r || b.len > TABLE_MAX) {
		buf_done(&b);
		return why_set(why, r ? r : -EFBIG, "sources: cannot be read: %s",
			       strerror(r ? -r : EFBIG));
	}
	buf_str(&line, "{\"sources\":");
	json_string(&line, buf_view(&b));
	buf_u8(&line, '}');
	r = write_line(e, &line, why);
	buf_done(&b);
	buf_done(&line);
	return r;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The definitions of the sources that the records name, before the records. */
static int write_definitions(struct export *e, struct why *why)
{
	uint64_t *need = mem_new(e->n, sizeof(*need));
	bool dropped = false;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < e->n && !r; i++) {
		struct hash256 leaf;
		struct record rec;

		r = prover_record(e->prover, e->seq[i], &rec, &leaf, why);
		if (!r && rec.source != SOURCE_ID_SELF)
			need[n++] = view_source_seq(e->view, rec.source);
	}
	if (n)
		qsort(need, n, sizeof(*need), by_number);
	for (size_t i = 0; i < n; i++)
		dropped |= !provable(e, need[i]);
	if (!r && dropped)
		r = write_table(e, why);
	for (size_t i = 0; i < n && !r; i++) {
		uint32_t source;

		if ((!i || need[i] != need[i - 1]) && provable(e, need[i]))
			r = write_record(e, need[i], "definition", &source, why);
	}
	free(need);
	return r;
}

static int read_kept(struct export *e, const char *checkpoint, struct why *why)
{
	int r = io_read_file(AT_FDCWD, checkpoint, CHECKPOINT_MAX, &e->kept);

	if (r)
		return why_set(why, r, "%.200s: cannot be read: %s", checkpoint, strerror(-r));
	if (!checkpoint_open(buf_view(&e->kept), &e->id.verifier, false, &e->kept_cp))
		return why_set(why, -EBADMSG, "%.200s: is no checkpoint signed by %s", checkpoint,
			       e->id.verifier.name);
	return 0;
}

static int export_all(struct export *e, const char *dir, const char *checkpoint, struct why *why)
{
	struct buf line = { 0 };
	int r;

	e->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->dirfd < 0)
		return why_set(why, -errno, "%s: %s", dir, strerror(errno));
	r = identity_read(e->dirfd, NULL, &e->id, why);
	if (!r && checkpoint)
		r = read_kept(e, checkpoint, why);
	if (!r)
		r = view_open(&e->view, dir, why);
	if (!r)
		r = prover_open(&e->prover, e->view, why);
	if (!r)
		r = choose_checkpoint(e, why);
	if (!r)
		r = write_head(e, why);
	if (!r)
		r = write_definitions(e, why);
	for (size_t i = 0; i < e->n && !r; i++) {
		uint32_t source;

		r = write_record(e, e->seq[i], "record", &source, why);
	}
	buf_printf(&line, "{\"end\":{\"records\":%zu}}", e->n);
	if (!r)
		r = write_line(e, &line, why);
	buf_done(&line);
	if (!r && fflush(e->to) != 0)
		r = why_set(why, -errno, "the bundle cannot be written: %s", strerror(errno));
	return r;
}

int evidence_export_for(const char *dir, const uint64_t *seq, size_t n, const char *checkpoint,
			FILE *to, struct why *why)
{
	struct export e = { .seq = seq, .n = n, .to = to, .dirfd = -1 };
	int r = 0;

	if (!n)
		return why_set(why, -EINVAL, "no record was named");
	for (size_t i = 1; i < n && !r; i++) {
		if (seq[i] <= seq[i - 1])
			r = why_set(why, -EINVAL,
				    "records must be named in ascending order, each "
				    "once");
	}
	if (!r)
		r = export_all(&e, dir, checkpoint, why);
	prover_free(e.prover);
	view_free(e.view);
	buf_done(&e.note);
	buf_done(&e.kept);
	if (e.dirfd >= 0)
		close(e.dirfd);
	return r;
}

int evidence_export(const char *dir, const uint64_t *seq, size_t n, FILE *to, struct why *why)
{
	return evidence_export_for(dir, seq, n, NULL, to, why);
}
