/* SPDX-License-Identifier: Apache-2.0 */
/* The file may be growing, and its writer may cut what is behind the last whole frame. So frame
 * headers are first looked at with pread(), and the map is touched only where the file was seen to
 * have bytes: a page beyond the end of the file would be a SIGBUS. */
#include "ledger/segment.h"
#include "base/io.h"
#include "ledger/file.h"
#include "ledger/wal_frame.h"
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct part { /* one frame */
	uint64_t first, at;
	uint32_t index; /* of its first record in `leaf` */
	struct bytes positions;
};

/* The largest segment: ledger.block_bytes at most 256 MiB, a last record of RECORD_MAX, heads. */
#define FOLLOW_SPACE ((size_t)512 << 20)

struct segment {
	atomic_uint refs;
	struct bytes file;
	size_t mapped; /* bytes of address space at file.at */
	int fd; /* -1, or of a segment that is followed */
	struct segment_header header;
	struct segment_end end;
	uint64_t raw_bytes;
	struct wal_leaves leaf; /* of each record */
	struct part *part;
	size_t parts, parts_cap;
	bool damaged;
	struct why why;
};

/* Its leaves have been added already. */
static void take_frame(struct segment *s, const struct wal_frame *f)
{
	if (s->parts == s->parts_cap) {
		s->parts_cap = s->parts_cap ? s->parts_cap * 2 : 16;
		s->part = mem_must(realloc(s->part, s->parts_cap * sizeof(*s->part)));
	}
	s->part[s->parts++] = (struct part){ f->first, f->at, s->leaf.n - f->count, f->positions };
	s->raw_bytes += f->records.len - (uint64_t)f->count * RECORD_HEAD;
	s->end.end = f->end;
	s->end.frames++;
	s->end.last_first = f->first;
	s->end.last_at = f->at;
	s->end.more = f->flags & WAL_FRAME_MORE;
}

/* How much of the file is worth a look: up to the first frame header that is all zeros. */
static uint64_t used(int fd, uint64_t size)
{
	uint64_t at = SEGMENT_HEADER;
	uint32_t h[WAL_FRAME_HEADER / 4];
	int again = 0;

	while (at + WAL_FRAME_HEADER <= size) {
		uint32_t any = 0;

		if (io_pread(fd, h, WAL_FRAME_HEADER, at) != WAL_FRAME_HEADER)
			break;
		for (unsigned i = 0; i < WAL_FRAME_HEADER / 4; i++)
			any |= h[i];
		if (!any)
			return at;
		if (h[0] != WAL_FRAME_MAGIC) {
			/* Perhaps being written this very moment; harm stays. */
			if (again++ < 3) {
				sched_yield();
				continue;
			}
			return size;
		}
		at += (((uint64_t)WAL_FRAME_HEADER + h[5] + h[6] + 7) & ~7ull) + 8;
	}
	return at < size ? at : size;
}

static void scan(struct segment *s, struct bytes file)
{
	uint64_t at = SEGMENT_HEADER, first = s->header.first;
	struct wal_frame f;
	int r;

	for (;;) {
		r = wal_frame_next(file, s->header.salt, at, first, &f, &s->leaf);
		if (r == WAL_FRAME_BAD &&
		    wal_frame_search(file, s->header.salt, at, first, &f, &s->leaf) == 0) {
			if (!s->damaged)
				why_set(&s->why, 0,
					"bytes %llu to %llu are harmed: records from "
					"%llu to before %llu cannot be read",
					(unsigned long long)at, (unsigned long long)f.at,
					(unsigned long long)first, (unsigned long long)f.first);
			s->damaged = true;
			r = 0;
		}
		if (r)
			break;
		take_frame(s, &f);
		at = f.end;
		first = f.first + f.count;
	}
	s->end.torn = r == WAL_FRAME_BAD;
}

/* Zeros behind the frames, where a crash or harm may have left something else. */
static bool clean_tail(int fd, uint64_t at, uint64_t size)
{
	uint8_t b[16 << 10];

	while (at < size) {
		ssize_t n = io_pread(fd, b, sizeof(b), at);

		if (n <= 0)
			return true; /* cut meanwhile by the writer */
		for (ssize_t i = 0; i < n; i++) {
			if (b[i])
				return false;
		}
		at += (uint64_t)n;
	}
	return true;
}

static int map(struct segment *s, int fd, size_t len, struct why *why)
{
	int r = io_map(fd, len, &s->file);

	s->mapped = len;
	return r ? why_set(why, r, "it cannot be mapped: %s", strerror(-r)) : 0;
}

static int open_fd(struct segment **ret, int fd, bool whole, struct why *why)
{
	uint8_t head[SEGMENT_HEADER];
	struct segment *s;
	struct stat st;
	uint64_t len;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	n = io_pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return (int)n;
	s = mem_new(1, sizeof(*s));
	s->refs = 1;
	s->fd = -1;
	if (!segment_header_parse(bytes_of(head, (size_t)n), &s->header, why)) {
		free(s);
		return -EBADMSG;
	}
	s->end.end = SEGMENT_HEADER;
	s->end.size = (uint64_t)st.st_size;
	len = used(fd, (uint64_t)st.st_size);
	r = map(s, fd, len < SEGMENT_HEADER ? SEGMENT_HEADER : len, why);
	if (r) {
		free(s);
		return r;
	}
	scan(s, bytes_sub(s->file, 0, len));
	if (whole && !s->end.torn && len < s->end.size)
		s->end.torn = !clean_tail(fd, len, s->end.size);
	*ret = s;
	return 0;
}

static int open_name(struct segment **ret, int dirfd, const char *name, bool whole, struct why *why)
{
	int fd = file_open(dirfd, name), r;

	if (fd < 0)
		return why_set(why, fd, "%s: %s", name, strerror(-fd));
	if (why)
		why->line[0] = 0;
	r = open_fd(ret, fd, whole, why);
	close(fd);
	return r < 0 ? why_in(why, r, "%s", name) : r;
}

int segment_open_fd(struct segment **ret, int fd, struct why *why)
{
	return open_fd(ret, fd, false, why);
}

int segment_open(struct segment **ret, int dirfd, const char *name, struct why *why)
{
	return open_name(ret, dirfd, name, false, why);
}

int segment_open_whole(struct segment **ret, int dirfd, const char *name, struct why *why)
{
	return open_name(ret, dirfd, name, true, why);
}

int segment_follow(struct segment **ret, int fd, struct why *why)
{
	uint8_t head[SEGMENT_HEADER];
	ssize_t n = io_pread(fd, head, sizeof(head), 0);
	struct segment *s;
	int r;

	if (n < 0)
		return why_set(why, (int)n, "it cannot be read: %s", strerror((int)-n));
	s = mem_new(1, sizeof(*s));
	s->refs = 1;
	s->end.end = SEGMENT_HEADER;
	if (!segment_header_parse(bytes_of(head, (size_t)n), &s->header, why)) {
		free(s);
		return -EBADMSG;
	}
	r = map(s, fd, FOLLOW_SPACE, why);
	s->fd = r ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (r == 0 && s->fd < 0) {
		r = -errno;
		munmap((void *)(uintptr_t)s->file.at, s->mapped);
	}
	if (r) {
		free(s);
		return r;
	}
	*ret = s;
	return 0;
}

uint32_t segment_more(struct segment *s, uint64_t durable)
{
	struct wal_frame f;
	struct stat st;

	if (s->fd < 0 || s->header.first + s->leaf.n >= durable || fstat(s->fd, &st) < 0)
		return s->leaf.n;
	/* Frames that are durable lie within the file for good; beyond its end nothing is touched.
	 */
	s->file.len = (uint64_t)st.st_size < s->mapped ? (size_t)st.st_size : s->mapped;
	while (s->header.first + s->leaf.n < durable &&
	       wal_frame_next(s->file, s->header.salt, s->end.end, s->header.first + s->leaf.n, &f,
			      &s->leaf) == 0)
		take_frame(s, &f);
	return s->leaf.n;
}

struct segment *segment_ref(struct segment *s)
{
	atomic_fetch_add(&s->refs, 1);
	return s;
}

struct segment *segment_free(struct segment *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return NULL;
	/* The map holds at least the header, even where the file is shorter than that. */
	munmap((void *)(uintptr_t)s->file.at, s->mapped);
	if (s->fd >= 0)
		close(s->fd);
	free(s->leaf.at);
	free(s->part);
	free(s);
	return NULL;
}

uint64_t segment_first(const struct segment *s)
{
	return s->header.first;
}

uint32_t segment_count(const struct segment *s)
{
	return s->leaf.n;
}

uint64_t segment_raw_bytes(const struct segment *s)
{
	return s->raw_bytes;
}

bool segment_damaged(const struct segment *s, struct why *why)
{
	if (s->damaged && why)
		*why = s->why;
	return s->damaged;
}

struct bytes segment_leaf(const struct segment *s, uint32_t i)
{
	uint32_t len;

	memcpy(&len, s->file.at + s->leaf.at[i] - 4, 4);
	return bytes_sub(s->file, s->leaf.at[i], sizeof(struct leaf_head) + (size_t)len);
}

static uint64_t seq_of(const struct segment *s, uint32_t i)
{
	size_t low = 0, high = s->parts;

	if (!s->damaged)
		return s->header.first + i;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (s->part[middle].index <= i)
			low = middle;
		else
			high = middle;
	}
	return s->part[low].first + (i - s->part[low].index);
}

void segment_record(const struct segment *s, uint32_t i, struct record *ret)
{
	record_of_leaf(segment_leaf(s, i), seq_of(s, i), ret);
}

const struct segment_end *segment_end(const struct segment *s)
{
	return &s->end;
}

const struct segment_header *segment_header(const struct segment *s)
{
	return &s->header;
}

int segment_positions(const struct segment *s, segment_positions_fn *fn, void *ctx)
{
	for (size_t i = 0; i < s->parts; i++) {
		int r = s->part[i].positions.len ? fn(ctx, s->part[i].positions) : 0;

		if (r)
			return r;
	}
	return 0;
}
