/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "intake/reader.h"
#include "tap.h"
#include <fcntl.h>
#include <lzma.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

static char path[64];

struct sum {
	struct buf back; /* the bytes as they come back from the records */
	size_t records, stop_at;
	uint64_t next;
	struct buf position; /* taken at stop_at */
	const struct reader *reader;
	bool off; /* offsets did not fit together */
};

static int add(void *arg, const struct reader_record *r)
{
	struct sum *s = arg;

	s->off |= r->from != s->next;
	s->next = r->next;
	s->records++;
	buf_bytes(&s->back, r->raw);
	if ((r->flags & RECORD_END_MASK) == END_LF)
		buf_u8(&s->back, '\n');
	if (s->stop_at && s->records == s->stop_at) {
		reader_position(s->reader, &s->position);
		return -ECANCELED;
	}
	return 0;
}

static void sum_done(struct sum *s)
{
	buf_done(&s->back);
	buf_done(&s->position);
	*s = (struct sum){ 0 };
}

static void put_file(struct bytes b)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || io_write(fd, b) < 0)
		abort();
	close(fd);
}

static struct buf gzipped(struct bytes b)
{
	struct buf out = { 0 };
	z_stream z = { 0 };

	if (deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	out.cap = deflateBound(&z, b.len) + 64;
	out.at = mem_new(out.cap, 1);
	z.next_in = (Bytef *)(uintptr_t)b.at;
	z.avail_in = (uInt)b.len;
	z.next_out = out.at;
	z.avail_out = (uInt)out.cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	out.len = z.total_out;
	deflateEnd(&z);
	return out;
}

static struct buf xzed(struct bytes b)
{
	struct buf out = { 0 };

	out.cap = lzma_stream_buffer_bound(b.len);
	out.at = mem_new(out.cap, 1);
	if (lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, b.at, b.len, out.at, &out.len,
				    out.cap) != LZMA_OK)
		abort();
	return out;
}

static struct buf zstded(struct bytes b)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	struct buf out = { 0 };

	out.cap = ZSTD_compressBound(b.len);
	out.at = mem_new(out.cap, 1);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1); /* as the zstd program does */
	out.len = ZSTD_compress2(c, out.at, out.cap, b.at, b.len);
	ZSTD_freeCCtx(c);
	return out;
}

static int read_all(struct sum *s, struct why *why)
{
	struct reader *r;
	int e = reader_open(&r, path, NULL, why);

	if (e < 0)
		return e;
	s->reader = r;
	e = reader_run(r, add, s, why);
	reader_free(r);
	return e;
}

static void text(struct buf *b, int lines)
{
	for (int i = 0; i < lines; i++)
		buf_printf(b, "2026-11-22 01:02:03.%03d %d INFO some.thing [-] line %d of it\n",
			   i % 1000, i, i);
}

static void kinds(void)
{
	struct buf plain = { 0 }, one, two, all = { 0 };
	struct buf (*const pack[])(struct bytes) = { gzipped, xzed, zstded };
	const char *const name[] = { "gzip", "xz", "zstd" };
	struct sum s = { 0 };
	struct why why = { "" };

	text(&plain, 20000);
	put_file(buf_view(&plain));
	is_int(read_all(&s, &why), 0, "a plain file");
	ok(s.records == 20000 && bytes_eq(buf_view(&s.back), buf_view(&plain)) && !s.off,
	   "all of it");
	sum_done(&s);
	for (int k = 0; k < 3; k++) {
		size_t half = bytes_chr(bytes_from(buf_view(&plain), plain.len / 2), '\n') +
			      plain.len / 2 - 10;

		one = pack[k](bytes_sub(buf_view(&plain), 0, half));
		two = pack[k](bytes_from(buf_view(&plain), half));
		buf_clear(&all);
		buf_bytes(&all, buf_view(&one));
		buf_bytes(&all, buf_view(&two));
		put_file(buf_view(&all));
		is_int(read_all(&s, &why), 0, "%s, two members", name[k]);
		ok(s.records == 20000 && bytes_eq(buf_view(&s.back), buf_view(&plain)) && !s.off,
		   "%s: all of it", name[k]);
		sum_done(&s);
		put_file(bytes_sub(buf_view(&all), 0, one.len + two.len / 2));
		is_int(read_all(&s, &why), READER_BROKEN, "%s, cut off: %s", name[k], why.line);
		ok(s.records >= 10000 && bytes_starts(buf_view(&plain), buf_view(&s.back)),
		   "%s: what is before the cut is there (%zu)", name[k], s.records);
		sum_done(&s);
		all.at[one.len + two.len / 2] ^= 0xff;
		all.at[one.len + two.len / 2 + 1] ^= 0xff;
		put_file(buf_view(&all));
		is_int(read_all(&s, &why), READER_BROKEN, "%s, damaged: %s", name[k], why.line);
		sum_done(&s);
		buf_str(&one, "rubbish");
		put_file(buf_view(&one));
		is_int(read_all(&s, &why), READER_BROKEN, "%s, rubbish behind it: %s", name[k],
		       why.line);
		ok(bytes_starts(buf_view(&plain), buf_view(&s.back)), "%s: the rest is good",
		   name[k]);
		sum_done(&s);
		buf_done(&one);
		buf_done(&two);
	}
	put_file(BYTES(""));
	is_int(read_all(&s, &why), 0, "an empty file");
	is_int(s.records, 0, "gives nothing");
	put_file(BYTES("\x1f\x8b"));
	is_int(read_all(&s, &why), READER_BROKEN, "nothing but a magic number: %s", why.line);
	is_int(reader_open(&(struct reader *){ NULL }, "/nowhere", NULL, &why), -ENOENT, "%s",
	       why.line);
	is_int(reader_open(&(struct reader *){ NULL }, "/tmp", NULL, &why), -EISDIR, "%s",
	       why.line);
	buf_done(&plain);
	buf_done(&all);
	sum_done(&s);
}

/* A stop anywhere, then on from the position: each line once, also when the file has grown or was
 * compressed meanwhile. */
static void resumes(void)
{
	struct buf plain = { 0 }, packed;
	struct why why = { "" };
	size_t bad = 0, changed;
	struct reader *r;
	struct sum s = { 0 };

	text(&plain, 3000);
	packed = gzipped(buf_view(&plain));
	for (size_t stop = 1; stop < 3000; stop += 97) {
		struct sum a = { .stop_at = stop }, b = { 0 };
		int e;

		put_file(bytes_sub(buf_view(&plain), 0, plain.len - 30000));
		a.stop_at = stop > 2000 ? 2000 : stop;
		e = reader_open(&r, path, NULL, &why);
		a.reader = r;
		bad += e || reader_run(r, add, &a, &why) != -ECANCELED;
		reader_free(r);
		put_file(stop % 2 ? buf_view(&plain) : buf_view(&packed));
		e = reader_open(&r, path, NULL, &why);
		b.reader = r;
		b.next = a.next;
		bad += e || reader_resume(r, buf_view(&a.position), &why) != 0;
		bad += reader_run(r, add, &b, &why) != 0;
		reader_free(r);
		bad += a.records + b.records != 3000 || b.off;
		buf_bytes(&a.back, buf_view(&b.back));
		bad += !bytes_eq(buf_view(&a.back), buf_view(&plain));
		sum_done(&a);
		sum_done(&b);
	}
	is_int(bad, 0, "stopped anywhere, it goes on there");
	put_file(buf_view(&plain));
	s.stop_at = 1000;
	reader_open(&r, path, NULL, &why);
	s.reader = r;
	reader_run(r, add, &s, &why);
	reader_free(r);
	changed = bytes_find(buf_view(&plain), BYTES("line 999 "));
	plain.at[changed] = 'L';
	put_file(buf_view(&plain));
	reader_open(&r, path, NULL, &why);
	is_int(reader_resume(r, buf_view(&s.position), &why), READER_OTHER, "another file");
	{
		struct sum b = { .reader = r };

		is_int(reader_run(r, add, &b, &why), 0, "is read");
		ok(b.records == 3000 && bytes_eq(buf_view(&b.back), buf_view(&plain)),
		   "from its beginning");
		sum_done(&b);
	}
	reader_free(r);
	put_file(bytes_sub(buf_view(&plain), 0, 500));
	reader_open(&r, path, NULL, &why);
	is_int(reader_resume(r, buf_view(&s.position), &why), READER_OTHER, "a shorter file too");
	is_int(reader_resume(r, BYTES("nonsense"), &why), READER_OTHER, "or no position");
	reader_free(r);
	sum_done(&s);
	buf_done(&plain);
	buf_done(&packed);
}

/* 256 MiB of zero bytes in a quarter of one: only a long stream of pieces. */
static int count(void *arg, const struct reader_record *r)
{
	(void)r;
	++*(size_t *)arg;
	return 0;
}

static void bomb(void)
{
	static uint8_t zero[1 << 20], out[1 << 16];
	struct why why = { "" };
	struct buf b = { 0 };
	size_t n = 0;
	z_stream z = { 0 };
	struct reader *r;

	if (deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	for (int i = 0; i < 256; i++) {
		z.next_in = zero;
		z.avail_in = sizeof(zero);
		do {
			z.next_out = out;
			z.avail_out = sizeof(out);
			deflate(&z, i == 255 ? Z_FINISH : Z_NO_FLUSH);
			buf_add(&b, out, sizeof(out) - z.avail_out);
		} while (!z.avail_out);
	}
	deflateEnd(&z);
	put_file(buf_view(&b));
	is_int(reader_open(&r, path, NULL, &why), 0, "256 MiB in %zu bytes", b.len);
	is_int(reader_run(r, count, &n, &why), 0, "is read");
	is_int(n, 256, "in pieces of the limit");
	reader_free(r);
	buf_done(&b);
}

int main(void)
{
	int fd;

	snprintf(path, sizeof(path), "/tmp/vedette-reader-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		abort();
	close(fd);
	kinds();
	resumes();
	bomb();
	unlink(path);
	return done_testing();
}
