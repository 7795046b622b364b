/* SPDX-License-Identifier: Apache-2.0 */
/*   buffer:  [ last bytes before | unfinished record … | free … ]
 *                                at                    end
 * Plain files are read into the buffer; compressed ones through a second one. The buffer is read
 * in pieces that stay in the cache: with 1 MiB at once every byte would come from memory twice. */
#include "intake/reader.h"
#include "base/hash.h"
#include "base/io.h"
#include "intake/intake.h"
#include "intake/position.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (128u << 10)

struct reader {
	int fd;
	bool regular, own_fd;
	char *path;
	struct lines_limits limits;
	struct lines lines;
	enum inflate_kind kind;
	struct inflate *inflate; /* NULL: plain */
	uint8_t *packed; /* PIECE bytes, of which [packed_at, packed_end) are not decoded */
	size_t packed_at, packed_end;
	uint8_t *buffer;
	size_t cap, at, end;
	bool file_end; /* the descriptor has given all */
	bool data_end; /* and so has the decoder */
	bool broken;
	uint64_t offset; /* of buffer[at] in the data */
	uint64_t done, total; /* bytes of the file */
	uint8_t head[POSITION_HEAD];
	size_t head_len;
};

void reader_limits_default(struct lines_limits *ret)
{
	struct intake_limits l;

	intake_limits_default(&l);
	*ret = (struct lines_limits){ .record = l.record_limit,
				      .joined = l.multiline_bytes,
				      .joined_lines = l.multiline_lines };
}

struct reader *reader_free(struct reader *r)
{
	if (!r)
		return NULL;
	if (r->own_fd)
		close(r->fd);
	inflate_free(r->inflate);
	free(r->packed);
	free(r->buffer);
	free(r->path);
	free(r);
	return NULL;
}

static int read_file(struct reader *r, uint8_t *to, size_t n, size_t *ret, struct why *why)
{
	ssize_t k;

	do
		k = read(r->fd, to, n);
	while (k < 0 && errno == EINTR);
	if (k < 0)
		return why_set(why, -errno, "%s: it cannot be read at byte %llu: %s", r->path,
			       (unsigned long long)r->done, strerror(errno));
	r->file_end = k == 0;
	r->done += (uint64_t)k;
	*ret = (size_t)k;
	return 0;
}

/* The first bytes say what it is; they stay in `packed` until they are taken. */
static int begin(struct reader *r, struct why *why)
{
	size_t n = 0;
	int e;

	r->packed_at = r->packed_end = 0;
	r->at = r->end = 0;
	r->file_end = r->data_end = r->broken = false;
	r->offset = r->done = 0;
	r->head_len = 0;
	r->lines = (struct lines){ 0 };
	r->inflate = inflate_free(r->inflate);
	while (r->packed_end < 6 && !r->file_end) {
		e = read_file(r, r->packed + r->packed_end, PIECE - r->packed_end, &n, why);
		if (e < 0)
			return e;
		r->packed_end += n;
	}
	r->kind = inflate_detect(bytes_of(r->packed, r->packed_end));
	return r->kind == INFLATE_PLAIN ? 0 : inflate_new(&r->inflate, r->kind);
}

int reader_open(struct reader **ret, const char *path, const struct lines_limits *limits,
		struct why *why)
{
	struct reader *r = mem_new(1, sizeof(*r));
	bool input = !strcmp(path, "-");
	struct stat st;
	int e = 0;

	r->path = mem_must(strdup(input ? "standard input" : path));
	r->fd = input ? 0 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	r->own_fd = !input && r->fd >= 0;
	if (r->fd < 0 || fstat(r->fd, &st) < 0)
		e = why_set(why, -errno, "%s: %s", r->path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		e = why_set(why, -EISDIR, "%s is a directory: name the files in it", r->path);
	if (e < 0) {
		reader_free(r);
		return e;
	}
	r->regular = !input && S_ISREG(st.st_mode);
	r->total = r->regular ? (uint64_t)st.st_size : 0;
	if (r->regular)
		posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	if (limits)
		r->limits = *limits;
	else
		reader_limits_default(&r->limits);
	r->cap = POSITION_TAIL + lines_view(&r->limits) + PIECE;
	r->buffer = mem_new(r->cap, 1);
	r->packed = mem_new(PIECE, 1);
	e = begin(r, why);
	if (e < 0) {
		reader_free(r);
		return e;
	}
	*ret = r;
	return 0;
}

enum inflate_kind reader_kind(const struct reader *r)
{
	return r->kind;
}

/* Makes room for a piece behind the unfinished record. */
static void make_room(struct reader *r)
{
	size_t keep = r->at < POSITION_TAIL ? r->at : POSITION_TAIL;

	if (r->cap - r->end >= PIECE)
		return;
	memmove(r->buffer, r->buffer + r->at - keep, keep + r->end - r->at);
	r->end -= r->at - keep;
	r->at = keep;
}

static int fill_plain(struct reader *r, struct why *why)
{
	size_t n = r->packed_end - r->packed_at;

	if (n) { /* what begin() looked at */
		memcpy(r->buffer + r->end, r->packed + r->packed_at, n);
		r->packed_at = r->packed_end;
	} else if (!r->file_end) {
		int e = read_file(r, r->buffer + r->end, PIECE, &n, why);

		if (e < 0)
			return e;
	}
	r->end += n;
	r->data_end = r->file_end;
	return 0;
}

static int fill_packed(struct reader *r, struct why *why)
{
	for (;;) {
		struct bytes in = bytes_of(r->packed + r->packed_at, r->packed_end - r->packed_at);
		size_t n = 0, had = in.len;
		struct why inner = { "" };
		int e;

		if (!in.len && !r->file_end) {
			r->packed_at = r->packed_end = 0;
			e = read_file(r, r->packed, PIECE, &r->packed_end, why);
			if (e < 0)
				return e;
			in = bytes_of(r->packed, r->packed_end);
			had = in.len;
		}
		e = inflate_step(r->inflate, &in, r->file_end, r->buffer + r->end, PIECE, &n,
				 &inner);
		r->packed_at += had - in.len;
		r->end += n;
		if (e == INFLATE_WHOLE) {
			r->data_end = true;
			return 0;
		}
		if (e == INFLATE_BAD) {
			r->data_end = r->broken = true;
			why_set(why, 0,
				"%s: %s (at byte %llu of the file; the %llu bytes before "
				"are good)",
				r->path, inner.line,
				(unsigned long long)(r->done - (r->packed_end - r->packed_at)),
				(unsigned long long)(r->offset + (r->end - r->at)));
			return 0;
		}
		if (n)
			return 0;
	}
}

static int fill(struct reader *r, struct why *why)
{
	make_room(r);
	return r->inflate ? fill_packed(r, why) : fill_plain(r, why);
}

static void keep_head(struct reader *r, size_t used)
{
	size_t n = POSITION_HEAD - r->head_len;

	if (n > used)
		n = used;
	memcpy(r->head + r->head_len, r->buffer + r->at, n);
	r->head_len += n;
}

static void take(struct reader *r, size_t used)
{
	if (r->head_len < POSITION_HEAD)
		keep_head(r, used);
	r->at += used;
	r->offset += used;
}

void reader_position(const struct reader *r, struct buf *to)
{
	size_t tail = r->at < POSITION_TAIL ? r->at : POSITION_TAIL;
	struct position p = {
		.offset = r->offset,
		.head = checksum64(bytes_of(r->head, r->head_len)),
		.head_len = (uint16_t)r->head_len,
		.tail = checksum64(bytes_of(r->buffer + r->at - tail, tail)),
		.tail_len = (uint8_t)tail,
		.flags = r->lines.cut ? POSITION_CUT : 0,
	};

	position_encode(to, &p, 1);
}

/* Reads on without records, up to an offset. 0, or READER_BROKEN when the data ends before. */
static int skip_to(struct reader *r, uint64_t offset, struct why *why)
{
	while (r->offset < offset) {
		uint64_t left = offset - r->offset;
		size_t have = r->end - r->at;

		if (have > left)
			have = (size_t)left;
		take(r, have);
		if (r->offset == offset)
			break;
		if (r->data_end)
			return READER_BROKEN;
		{
			int e = fill(r, why);

			if (e < 0)
				return e;
		}
	}
	return 0;
}

int reader_resume(struct reader *r, struct bytes position, struct why *why)
{
	struct position all[POSITION_FILES], p, now;
	struct buf b = { 0 };
	size_t n;
	int e;

	if (!r->regular)
		return READER_STREAM;
	if (!position_decode(position, all, &n) || n != 1)
		return READER_OTHER;
	p = all[0];
	e = skip_to(r, p.offset, why);
	if (e < 0)
		return e;
	if (!e) {
		reader_position(r, &b);
		position_decode(buf_view(&b), all, &n);
		buf_done(&b);
		now = all[0];
		if (now.head == p.head && now.head_len == p.head_len && now.tail == p.tail &&
		    now.tail_len == p.tail_len) {
			r->lines = (struct lines){ .cut = (p.flags & POSITION_CUT) != 0 };
			return 0;
		}
	}
	if (lseek(r->fd, 0, SEEK_SET) < 0)
		return why_set(why, -errno, "%s: %s", r->path, strerror(errno));
	e = begin(r, why);
	return e < 0 ? e : READER_OTHER;
}

/* All records that are whole in the buffer. */
static int give(struct reader *r, enum lines_press press, reader_fn fn, void *arg)
{
	struct line line;

	while (!lines_next(&r->lines, &r->limits, bytes_of(r->buffer + r->at, r->end - r->at),
			   press, &line)) {
		struct reader_record rec = { .raw = line.raw,
					     .flags = line.flags,
					     .from = r->offset,
					     .next = r->offset + line.used };
		int e;

		take(r, line.used);
		e = fn(arg, &rec);
		if (e < 0)
			return e;
	}
	return 0;
}

int reader_run(struct reader *r, reader_fn fn, void *arg, struct why *why)
{
	for (;;) {
		int e = give(r, r->data_end ? LINES_END : LINES_WAIT, fn, arg);

		if (e < 0)
			return e;
		if (r->data_end)
			return r->broken ? READER_BROKEN : 0;
		e = fill(r, why);
		if (e < 0)
			return e;
	}
}

void reader_progress(const struct reader *r, uint64_t *ret_done, uint64_t *ret_total)
{
	*ret_done = r->done - (r->packed_end - r->packed_at);
	*ret_total = r->total;
}
