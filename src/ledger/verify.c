/* SPDX-License-Identifier: Apache-2.0 */
/* The front of verify: whose ledger it is, what its signatures say, and after the records were seen
 * (verify_tree.c), whether the table of sources is theirs. */
#include "ledger/verify.h"
#include "ledger/file.h"
#include "ledger/history.h"
#include "ledger/verify_core.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#define KEPT_FILE_MAX 65536u

__attribute__((format(printf, 2, 0))) static void tell(struct verify *v, const char *fmt,
						       va_list ap)
{
	char line[768];

	vsnprintf(line, sizeof(line), fmt, ap);
	v->res.findings++;
	if (v->o->say)
		v->o->say(v->o->ctx, line);
}

void finding(struct verify *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(v, fmt, ap);
	va_end(ap);
}

void unsettled(struct verify *v, const char *fmt, ...)
{
	char with[768];
	va_list ap;

	if (v->live)
		return;
	snprintf(with, sizeof(with),
		 "%s (left by a crash, or harm; opening the ledger for writing settles a crash)",
		 fmt);
	va_start(ap, fmt);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	tell(v, with, ap);
#pragma GCC diagnostic pop
	va_end(ap);
}

static bool writer_at_work(int dirfd)
{
	int fd = openat(dirfd, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool live = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;

	if (fd >= 0)
		close(fd); /* gives the lock back */
	return live;
}

/* Which key to believe. <0: cannot tell; VERIFY_HARMED: nothing to check with. */
static int choose_key(struct verify *v, struct why *why)
{
	struct verifier own;
	struct why inner = { 0 };
	int r = v->o->public_key ? verifier_option(v->o->public_key, &v->key, why) : 0, own_r;

	if (r)
		return r;
	own_r = identity_public(v->dirfd, &own, &inner);
	if (own_r && faccessat(v->dirfd, "ledger", F_OK, 0) < 0 &&
	    faccessat(v->dirfd, "checkpoint", F_OK, 0) < 0)
		return why_set(why, -ENOENT, "%s: holds no ledger", v->o->dir);
	if (own_r)
		finding(v, "%s", inner.line);
	if (!v->o->public_key) {
		if (own_r)
			return VERIFY_HARMED;
		v->key = own;
	} else if (!own_r && memcmp(&own, &v->key, sizeof(own)) != 0) {
		finding(v,
			"key.pub: is not the key that was given (%s): another ledger, or the "
			"key was exchanged",
			v->key.name);
	}
	return 0;
}

static int check_identity(struct verify *v, struct why *why)
{
	struct why inner = { 0 };
	struct key *k;
	int r = identity_read(v->dirfd, &v->key, &v->id, &inner);

	if (r == -EPROTONOSUPPORT) {
		*why = inner;
		return r;
	}
	if (r)
		finding(v, "%s", inner.line);
	v->id_known = !r;
	v->id.verifier = v->key;
	r = identity_key(v->dirfd, &v->id, &k, &inner);
	if (!r)
		key_free(k);
	else if (r == -EBADMSG || r == -EFBIG ||
		 r == -EINVAL) /* absent or not ours to read: fine */
		finding(v, "%s", inner.line);
	return 0;
}

static void add_size(struct verify *v, const struct checkpoint *c, const char *where, bool kept)
{
	if (!(v->n_sizes & (v->n_sizes - 1)))
		v->sizes = mem_must(
			realloc(v->sizes, (v->n_sizes ? v->n_sizes * 2 : 1) * sizeof(*v->sizes)));
	v->sizes[v->n_sizes++] = (struct signed_size){ c->size, c->root, where, kept };
}

static int by_size(const void *a, const void *b)
{
	const struct signed_size *x = a, *y = b;

	return x->size < y->size ? -1 : x->size > y->size;
}

/* `checkpoints`: each note signed, sizes ascending. ret_last: the newest of them. */
static void read_row(struct verify *v, struct bytes row, struct bytes *ret_last)
{
	uint64_t size = 0;
	size_t at = 0;

	while (at < row.len) {
		struct bytes rest = bytes_from(row, at);
		size_t len = note_length(rest);
		struct checkpoint c;

		if (!len || rest.len <= len || rest.at[len] != '\n') {
			unsettled(v, "checkpoints: bytes from %zu on are no whole checkpoint", at);
			return;
		}
		if (!checkpoint_open(bytes_sub(rest, 0, len), &v->key, true, &c)) {
			finding(v, "checkpoints: bytes %zu..%zu are harmed, or not signed by %s",
				at, at + len - 1, v->key.name);
		} else {
			if (c.size < size)
				finding(v, "checkpoints: byte %zu: not in order", at);
			size = c.size;
			add_size(v, &c, "checkpoints", false);
			*ret_last = bytes_sub(rest, 0, len);
		}
		at += len + 1;
	}
}

static void read_checkpoints(struct verify *v)
{
	struct buf newest = { 0 }, row = { 0 };
	struct bytes last = { 0 };
	struct checkpoint c;
	int r = file_read(v->dirfd, "checkpoint", CHECKPOINT_MAX, &newest);

	if (r)
		finding(v, "checkpoint: cannot be read: %s", strerror(-r));
	else if (!checkpoint_open(buf_view(&newest), &v->key, true, &v->newest))
		finding(v, "checkpoint: is harmed, or not signed by %s", v->key.name);
	else
		v->has_newest = true;
	if (v->has_newest)
		add_size(v, &v->newest, "checkpoint", false);
	r = file_read(v->dirfd, "checkpoints", HISTORY_MAX * 2, &row);
	if (r)
		finding(v, "checkpoints: cannot be read: %s", strerror(-r));
	else
		read_row(v, buf_view(&row), &last);
	if (v->has_newest && !r &&
	    (!last.len || !checkpoint_open(last, &v->key, true, &c) || c.size < v->newest.size))
		finding(v,
			"checkpoints: its newest is missing: it ends before the file checkpoint");
	else if (v->has_newest && !r && !bytes_eq(last, buf_view(&newest)))
		unsettled(v, "checkpoint: is not the newest of the file checkpoints");
	v->newest.extension = (struct bytes){ 0 };
	buf_done(&newest);
	buf_done(&row);
}

static int read_kept(struct verify *v, struct why *why)
{
	struct buf b = { 0 };
	int r;

	if (!v->o->checkpoint)
		return 0;
	r = io_read_file(AT_FDCWD, v->o->checkpoint, KEPT_FILE_MAX, &b);
	if (r)
		why_set(why, r, "%.200s: cannot be read: %s", v->o->checkpoint, strerror(-r));
	else if (!checkpoint_open(buf_view(&b), &v->key, false, &v->kept))
		r = why_set(why, -EBADMSG,
			    "%.200s: is no checkpoint signed by %s; nothing can be told with it",
			    v->o->checkpoint, v->key.name);
	if (!r) {
		v->kept.extension = (struct bytes){ 0 };
		v->has_kept = true;
		add_size(v, &v->kept, v->o->checkpoint, true);
	}
	buf_done(&b);
	return r;
}

/* No block may be newer than the newest checkpoint: it is signed first. */
static void check_newest(struct verify *v)
{
	/* One is in the ledger before anyone else can have it. */
	if (v->has_newest && v->has_kept && v->kept.size > v->newest.size)
		finding(v,
			"checkpoint: is of %llu records, the one kept elsewhere of %llu: it was "
			"put "
			"back",
			(unsigned long long)v->newest.size, (unsigned long long)v->kept.size);
	if (v->has_newest && !v->live && v->blocks_end > v->newest.size)
		finding(v,
			"checkpoint: is older than the sealed blocks (%llu records signed, %llu "
			"sealed): it was put back",
			(unsigned long long)v->newest.size, (unsigned long long)v->blocks_end);
}

static void read_sources(struct verify *v)
{
	struct buf b = { 0 };
	struct source_table *t = source_table_new();
	int r = file_read(v->dirfd, "sources", SOURCES_FILE_MAX, &b);

	if (!r)
		r = source_table_read(buf_view(&b), &v->key, t);
	buf_done(&b);
	if (r) {
		finding(v, "sources: is harmed, missing, or not signed by %s", v->key.name);
		source_table_free(t);
		return;
	}
	v->sources = t;
}

static bool was_decoded(const struct verify *v, uint64_t seq)
{
	size_t low = 0, high = v->units;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (v->unit[middle].first <= seq)
			low = middle;
		else
			high = middle;
	}
	return low < high && v->unit[low].decoded && seq >= v->unit[low].first &&
	       seq - v->unit[low].first < v->unit[low].count;
}

/* The file must say what the records say. */
static void check_sources(struct verify *v)
{
	uint32_t n = v->sources ? source_table_n(v->sources) : 0;
	bool *seen = mem_new(n, sizeof(*seen));
	struct buf hold = { 0 }, again = { 0 };

	for (size_t i = 0; v->sources && i < v->defs; i++) {
		const struct definition *d = &v->def[i];
		struct source s;

		if (!source_definition_parse(buf_view(&d->raw), &s, &hold))
			continue;
		if (s.id >= n) {
			if (d->in_block)
				finding(v, "sources: lacks source %u, which record %llu defines",
					s.id, (unsigned long long)d->seq);
			continue;
		}
		buf_clear(&again);
		source_definition(source_table_at(v->sources, s.id), &again);
		if (source_table_seq(v->sources, s.id) != d->seq ||
		    !bytes_eq(buf_view(&again), buf_view(&d->raw)))
			finding(v, "sources: source %u is not what record %llu defines", s.id,
				(unsigned long long)d->seq);
		seen[s.id] = true;
	}
	for (uint32_t id = 1; id < n; id++) {
		uint64_t seq = source_table_seq(v->sources, id);

		if (!seen[id] && was_decoded(v, seq))
			finding(v, "sources: source %u is not defined by record %llu", id,
				(unsigned long long)seq);
	}
	buf_done(&hold);
	buf_done(&again);
	free(seen);
}

static int verify_all(struct verify *v, struct why *why)
{
	unsigned threads = v->o->threads;
	int r;

	v->live = writer_at_work(v->dirfd);
	r = choose_key(v, why);
	if (r)
		return r;
	r = check_identity(v, why);
	if (!r)
		r = read_kept(v, why);
	if (r)
		return r;
	read_checkpoints(v);
	if (v->n_sizes)
		qsort(v->sizes, v->n_sizes, sizeof(*v->sizes), by_size);
	r = verify_walk(v);
	if (r)
		return why_set(why, r, "%s: cannot be read: %s", v->o->dir, strerror(-r));
	v->treefd = file_open_dir(v->dirfd, "tree", false);
	if (v->treefd < 0)
		finding(v, "tree/: is missing");
	r = verify_list_units(v, why);
	if (r == -ENOENT) {
		finding(v, "wal/: is missing");
		r = 0;
	}
	if (r)
		return r;
	check_newest(v);
	if (!threads) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);

		threads = n > 0 && n < 256 ? (unsigned)n : 1;
	}
	r = verify_records(v, threads);
	if (r)
		return why_set(why, r, "%s: cannot be read: %s", v->o->dir, strerror(-r));
	read_sources(v); /* after the segments: what was new in them is in the table or in both */
	check_sources(v);
	return 0;
}

int verify_ledger(const struct verify_options *o, struct verify_result *ret, struct why *why)
{
	struct verify v = { .o = o, .dirfd = -1, .treefd = -1 };
	int r;

	v.dirfd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v.dirfd < 0)
		return why_set(why, -errno, "%s: %s", o->dir, strerror(errno));
	r = verify_all(&v, why);
	if (r >= 0 && v.res.findings)
		r = VERIFY_HARMED;
	else if (!r && v.cannot.line[0])
		r = why_set(why, -ENODATA, "%s", v.cannot.line);
	if (r >= 0)
		*ret = v.res;
	verify_units_done(&v);
	for (size_t i = 0; i < v.defs; i++)
		buf_done(&v.def[i].raw);
	free(v.def);
	free(v.drop);
	free(v.sizes);
	source_table_free(v.sources);
	if (v.treefd >= 0)
		close(v.treefd);
	close(v.dirfd);
	return r;
}
