/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the writer: opening and closing, records into the batch, timed work. */
#include "ledger/ledger.h"
#include "ledger/core.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process that holds the lock, from /proc/locks: "1: FLOCK ADVISORY WRITE 1234 fd:00:567 0
 * EOF". 0: not to be told. */
static unsigned lock_holder(int fd)
{
	char line[256], want[32];
	unsigned pid = 0;
	struct stat st;
	FILE *f = fopen("/proc/locks", "re");

	if (!f)
		return 0;
	if (fstat(fd, &st) < 0)
		st.st_ino = 0;
	snprintf(want, sizeof(want), ":%llu ", (unsigned long long)st.st_ino);
	while (fgets(line, sizeof(line), f)) {
		struct bytes b = bytes_str(line);
		size_t at = bytes_find(b, BYTES(" WRITE "));

		if (bytes_find(b, BYTES(" FLOCK ")) == BYTES_NONE || at == BYTES_NONE ||
		    bytes_find(b, bytes_str(want)) == BYTES_NONE)
			continue;
		b = bytes_trim(bytes_from(b, at + 7));
		at = bytes_chr(b, ' ');
		if (bytes_u32(bytes_sub(b, 0, at), &pid))
			break;
	}
	fclose(f);
	return pid;
}

static int lock(struct ledger *l, struct why *why)
{
	unsigned pid;

	do
		l->lockfd =
			openat(l->dirfd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	while (l->lockfd < 0 && errno == EINTR);
	if (l->lockfd < 0)
		return why_set(why, -errno, "%s/lock: %s", l->dir, strerror(errno));
	for (int try = 0; try < 20; try++) { /* verify looks at the lock for an instant */
		if (flock(l->lockfd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return why_set(why, -errno, "%s/lock: %s", l->dir, strerror(errno));
		usleep(5000);
	}
	pid = lock_holder(l->lockfd);
	if (!pid)
		return why_set(why, -EBUSY, "%s: another process is writing this ledger", l->dir);
	return why_set(why, -EBUSY, "%s: process %u is writing this ledger; stop it first", l->dir,
		       pid);
}

/* Nothing there, or only what an interrupted creation has left. */
static bool may_create(int dirfd)
{
	static const char *const early[] = { "key", "key.pub", "lock", "wal", "blocks", "tree" };
	struct file_names f;
	bool good = true;

	if (file_names(dirfd, ".", &f))
		return false;
	for (size_t i = 0; i < f.n && good; i++) {
		good = bytes_ends(bytes_str(f.at[i]), BYTES(".tmp")) ||
		       !strcmp(f.at[i], "checkpoint") || !strcmp(f.at[i], "checkpoints") ||
		       !strcmp(f.at[i], "sources");
		for (size_t k = 0; k < sizeof(early) / sizeof(*early) && !good; k++)
			good = !strcmp(f.at[i], early[k]);
	}
	file_names_done(&f);
	if (good && !file_names(dirfd, "wal", &f)) {
		good = !f.n;
		file_names_done(&f);
	}
	if (good && !file_names(dirfd, "blocks", &f)) {
		good = !f.n;
		file_names_done(&f);
	}
	return good;
}

static int create(struct ledger *l, struct why *why)
{
	char host[128] = "localhost", origin[NOTE_NAME_MAX];

	if (!may_create(l->dirfd))
		return why_set(why, -ENOTEMPTY,
			       "%s: holds no ledger (no file `ledger`) and is not empty: name an "
			       "empty directory",
			       l->dir);
	gethostname(host, sizeof(host) - 1);
	snprintf(origin, sizeof(origin), "vedette/%s", host);
	return identity_create(l->dirfd, l->o.origin ? l->o.origin : origin, &l->id, &l->key, why);
}

/* Files that belong to every ledger; made by the first opening. The identity is the last of them,
 * so a directory without it can be begun again. */
static int create_files(struct ledger *l, struct why *why)
{
	struct history h = { 0 };
	struct buf b = { 0 };
	int r = history_create(&h, l->dirfd, l->key, &l->id.verifier);

	history_done(&h);
	source_table_write(l->sources, 0, l->key, &l->id.verifier, &b);
	if (!r)
		r = file_replace(l->dirfd, "sources", buf_view(&b), 0644);
	buf_done(&b);
	if (!r)
		r = identity_publish(l->dirfd, &l->id, l->key);
	return r ? why_set(why, r, "%s: a new ledger cannot be written: %s", l->dir, strerror(-r))
		 : 0;
}

static int open_folders(struct ledger *l)
{
	int fd = file_open_dir(l->dirfd, "blocks", true);

	if (fd < 0)
		return fd;
	close(fd);
	l->waldir = file_open_dir(l->dirfd, "wal", true);
	if (l->waldir < 0)
		return l->waldir;
	l->treefd = file_open_dir(l->dirfd, "tree", true);
	return l->treefd < 0 ? l->treefd : 0;
}

static int open_directory(struct ledger *l, struct why *why)
{
	int r;

	do
		r = l->o.create ? io_make_dirs(l->dir) : 0;
	while (r == -EINTR);
	if (!r) {
		l->dirfd = open(l->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		r = l->dirfd < 0 ? -errno : 0;
	}
	return r ? why_set(why, r, "%s: %s", l->dir, strerror(-r)) : 0;
}

static int open_all(struct ledger *l, struct why *why)
{
	bool fresh = false;
	int r = open_directory(l, why);

	if (r)
		return r;
	fresh = l->o.create && faccessat(l->dirfd, "ledger", F_OK, 0) < 0;
	if (!fresh && faccessat(l->dirfd, "ledger", F_OK, 0) < 0)
		return why_set(why, -ENOENT, "%s: holds no ledger (no file `ledger`)", l->dir);
	if (fresh && !may_create(l->dirfd))
		return create(l, why); /* says why not */
	r = lock(l, why);
	if (!r)
		r = fresh ? create(l, why) : identity_read(l->dirfd, NULL, &l->id, why);
	if (!r && !fresh)
		r = identity_key(l->dirfd, &l->id, &l->key, why);
	if (!r) {
		r = open_folders(l);
		if (r)
			why_set(why, r, "%s: %s", l->dir, strerror(-r));
	}
	if (!r && fresh)
		r = create_files(l, why);
	if (!r)
		r = syncer_new(&l->syncer);
	if (!r)
		r = ledger_recover(l, why);
	if (r)
		return r;
	r = ledger_commit(
		l); /* what recovery had to say; a full disk does not keep it from opening */
	return r == -ENOSPC ? 0 : r;
}

static struct ledger *release(struct ledger *l)
{
	for (size_t i = 0; i < l->segments; i++)
		wal_close(&l->segment[i]);
	for (size_t i = 0; i < l->parts_made; i++)
		buf_done(&l->part[i].b);
	syncer_free(l->syncer);
	history_done(&l->history);
	source_table_free(l->sources);
	positions_free(l->positions);
	key_free(l->key);
	if (l->treefd >= 0)
		close(l->treefd);
	if (l->waldir >= 0)
		close(l->waldir);
	if (l->dirfd >= 0)
		close(l->dirfd);
	if (l->lockfd >= 0)
		close(l->lockfd);
	free(l->part);
	free(l->segment);
	free(l->block);
	free(l->group);
	free(l->lent_path);
	free(l->dir);
	free(l);
	return NULL;
}

int ledger_open(struct ledger **ret, const struct ledger_options *o, struct why *why)
{
	struct ledger *l = mem_new(1, sizeof(*l));
	int r;

	l->o = *o;
	if (!l->o.block_records)
		l->o.block_records = 65536;
	if (!l->o.block_bytes)
		l->o.block_bytes = 24u << 20;
	if (!l->o.checkpoint_every)
		l->o.checkpoint_every = 10 * USEC_PER_SEC;
	if (!l->o.reserve_bytes)
		l->o.reserve_bytes = 64u << 20;
	l->dir = mem_must(strdup(o->dir));
	l->dirfd = l->waldir = l->treefd = l->lockfd = -1;
	l->sources = source_table_new();
	l->positions = positions_new();
	batch_begin(l);
	if (why)
		why->line[0] = 0;
	r = open_all(l, why);
	if (r) {
		if (why && !why->line[0])
			why_set(why, r, "%s: %s", l->dir, strerror(-r));
		release(l);
		return r;
	}
	l->checkpointed = clock_real();
	*ret = l;
	return 0;
}

struct ledger *ledger_close(struct ledger *l)
{
	if (!l)
		return NULL;
	if (!ledger_commit(l))
		(void)ledger_checkpoint(l);
	return release(l);
}

/* The part of the batch that a record of `len` bytes goes to. */
static struct part *part_for(struct ledger *l, size_t len)
{
	struct part *p = &l->part[l->parts - 1];
	const struct wal_segment *s = l->parts == 1 ? open_segment(l) : NULL;
	uint64_t count = p->count + (s ? s->count : 0);
	uint64_t raw = p->raw_bytes + (s ? s->raw_bytes : 0);

	if (count && (count >= l->o.block_records || raw + len > l->o.block_bytes)) {
		batch_next_part(l);
		p = &l->part[l->parts - 1];
	}
	return p;
}

int ledger_put(struct ledger *l, uint32_t source, usec arrival, uint32_t flags, struct bytes raw)
{
	struct leaf_head head = { arrival, source, flags };
	struct part *p;

	if (l->failed)
		return l->failed;
	if (l->full)
		return -ENOSPC;
	if (raw.len > RECORD_MAX)
		return -EMSGSIZE;
	if (source >= source_table_n(l->sources) || (flags & ~RECORD_FLAGS))
		return -EINVAL;
	if (l->batch_bytes + raw.len > LEDGER_BATCH_MAX)
		return -ENOBUFS;
	p = part_for(l, raw.len);
	wal_frame_put(&p->b, &head, raw);
	if (!p->count || arrival < p->since)
		p->since = arrival;
	if (!p->count || arrival > p->arrival_max)
		p->arrival_max = arrival;
	p->count++;
	p->raw_bytes += raw.len;
	l->batch_records++;
	l->batch_bytes += RECORD_HEAD + raw.len;
	return 0;
}

int ledger_note(struct ledger *l, struct bytes json)
{
	/* A definition can come only from ledger_source(). */
	if (!bytes_starts(json, BYTES("{\"event\":\"")) || !bytes_ends(json, BYTES("}")) ||
	    bytes_starts(json, BYTES("{\"event\":\"source\"")))
		return -EINVAL;
	return ledger_put(l, SOURCE_ID_SELF, clock_real(), END_FRAME, json);
}

int ledger_source(struct ledger *l, const struct source *def, uint32_t *ret)
{
	struct source d = *def;
	struct buf b = { 0 };
	uint32_t id;
	int r;

	if (source_table_find(l->sources, def, &id)) {
		*ret = id;
		return 0;
	}
	d.id = source_table_n(l->sources);
	source_definition(&d, &b);
	r = ledger_put(l, SOURCE_ID_SELF, clock_real(), END_FRAME, buf_view(&b));
	buf_done(&b);
	if (r)
		return r;
	*ret = source_table_add(l->sources, &d, tree_size(&l->tree) + l->batch_records - 1);
	return 0;
}

const struct source *ledger_source_by_id(const struct ledger *l, uint32_t id)
{
	return source_table_at(l->sources, id);
}

int ledger_position(struct ledger *l, uint32_t source, struct bytes position)
{
	if (source >= source_table_n(l->sources))
		return -EINVAL;
	return positions_set(l->positions, source, position);
}

struct bytes ledger_position_of(const struct ledger *l, uint32_t source)
{
	return positions_get(l->positions, source);
}

int ledger_ring_position(struct ledger *l, unsigned ring, uint64_t position)
{
	return positions_set_ring(l->positions, ring, position);
}

uint64_t ledger_ring_position_of(const struct ledger *l, unsigned ring)
{
	return positions_get_ring(l->positions, ring);
}

uint64_t ledger_next(const struct ledger *l)
{
	return tree_size(&l->tree) + l->batch_records;
}

uint64_t ledger_size(const struct ledger *l)
{
	return tree_size(&l->tree);
}

size_t ledger_pending(const struct ledger *l)
{
	return l->batch_bytes;
}

int ledger_checkpoint(struct ledger *l)
{
	struct checkpoint c = { .size = tree_size(&l->tree) };
	int r;

	if (l->failed)
		return l->failed;
	if (c.size == l->history.newest.size)
		return 0;
	memcpy(c.origin, l->id.verifier.name, sizeof(c.origin));
	tree_root(&l->tree, &c.root);
	r = history_add(&l->history, &c, l->key, &l->id.verifier);
	if (!r)
		l->counts.checkpoints++;
	return ledger_failure(l, r);
}

int ledger_close_segment(struct ledger *l)
{
	int r = ledger_commit(l);

	if (!r && open_segment(l) && open_segment(l)->count)
		segment_shut(l);
	return r;
}

int ledger_tick(struct ledger *l, usec now)
{
	const struct wal_segment *s = open_segment(l);
	int r = 0;

	if (l->failed)
		return l->failed;
	if (s && s->count && l->o.block_age && now - s->since >= l->o.block_age)
		segment_shut(l);
	if (now - l->checkpointed >= l->o.checkpoint_every || now < l->checkpointed) {
		r = ledger_checkpoint(l);
		if (!r)
			l->checkpointed = now;
	}
	if (!r && (l->o.keep_age || l->o.keep_bytes))
		r = ledger_failure(l, ledger_retain(l, now));
	return r;
}

void ledger_counts(const struct ledger *l, struct ledger_counts *ret)
{
	struct ledger_counts c = l->counts;

	c.records = tree_size(&l->tree);
	c.blocks = l->blocks - l->dropped;
	c.dropped_blocks = l->dropped;
	c.sources = source_table_n(l->sources);
	c.disk_bytes = l->history.len + l->tiles.groups * SHA256_LEN;
	for (size_t i = 0; i < l->blocks; i++) {
		c.disk_bytes += l->block[i].file_bytes;
		c.raw_bytes += l->block[i].gone ? 0 : l->block[i].raw_bytes;
	}
	for (size_t i = 0; i < l->segments; i++) {
		c.disk_bytes += l->segment[i].room > l->segment[i].end ? l->segment[i].room
								       : l->segment[i].end;
		c.raw_bytes += l->segment[i].raw_bytes;
		c.closed_segments += l->segment[i].closed;
	}
	*ret = c;
}
