/* SPDX-License-Identifier: Apache-2.0 */
/* steps [-s] FILE [LINES] — what each step of the way of the data costs a record, one after the
 * other on the same lines: nanoseconds of CPU time, the best of five blocks in a row for each.
 * -s: the lines come as syslog over TCP (RFC 5424 or 3164), not as a service's own file. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/sha256.h"
#include "event/event.h"
#include "ledger/block/block.h"
#include "ledger/block/build.h"
#include "ledger/block/token.h"
#include "parse/parse.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536u
#define ROUNDS 3

enum step {
	STEP_CHECKSUM,
	STEP_LEAF,
	STEP_TOKENS,
	STEP_PARSE,
	STEP_ADD,
	STEP_FINISH,
	STEP_DECODE,
	STEP_N
};
static const char *const names[] = { "checksum of the frame", "leaf hash",     "tokens alone",
				     "parse alone",	      "parse and add", "finish the block",
				     "decode and compare" };

struct bench {
	enum source_kind kind;
	struct record *record;
	struct buf bytes; /* leaf_head and raw, as in a segment */
	struct bytes *leaf;
	size_t n;
	struct hash256 *hash;
	struct builder *builder;
	struct event event;
	struct arena scratch;
	struct buf payload;
	double best[STEP_N];
	uint64_t raw, stored;
};

static void fail(const char *what)
{
	perror(what);
	exit(2);
}

static struct bytes map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *at;

	if (fd < 0 || fstat(fd, &st) < 0)
		fail(path);
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (at == MAP_FAILED)
		fail(path);
	close(fd);
	return bytes_of(at, (size_t)st.st_size);
}

static bool take_line(struct bytes *b, struct bytes *ret)
{
	size_t n = bytes_chr(*b, '\n');

	if (!b->len)
		return false;
	*ret = bytes_sub(*b, 0, n);
	*b = bytes_from(*b, n == BYTES_NONE ? b->len : n + 1);
	return true;
}

/* One block of lines, laid out as a segment has them. */
static void fill(struct bench *b, struct bytes *file, usec arrival)
{
	struct bytes line, rest = *file;
	size_t at = 0;

	buf_clear(&b->bytes);
	for (b->n = 0; b->n < BLOCK && take_line(&rest, &line); b->n++) {
		struct leaf_head head = { arrival + (usec)b->n, 1, END_LF };

		buf_add(&b->bytes, &head, sizeof(head));
		buf_bytes(&b->bytes, line);
		b->leaf[b->n].len = sizeof(head) + line.len;
	}
	for (size_t i = 0; i < b->n; i++) {
		b->leaf[i].at = b->bytes.at + at;
		at += b->leaf[i].len;
		b->record[i] =
			(struct record){ .seq = i,
					 .arrival = arrival + (usec)i,
					 .source = 1,
					 .raw = bytes_from(b->leaf[i], sizeof(struct leaf_head)) };
	}
	*file = rest;
}

static void parse_one(struct bench *b, size_t i)
{
	struct parse_hint hint = { .kind = b->kind,
				   .name = b->kind == SOURCE_FILE
						   ? BYTES("/var/log/nova/nova-api.log")
						   : BYTES("127.0.0.1"),
				   .host = BYTES("ctl-1"),
				   .arrival = b->record[i].arrival };

	b->event.scratch = &b->scratch;
	event_reset(&b->event);
	parse_record(&hint, b->record[i].raw, &b->event);
}

static int same(void *ctx, uint32_t row, const struct record *r)
{
	struct bench *b = ctx;

	return row >= b->n || !bytes_eq(r->raw, b->record[row].raw) ||
	       r->arrival != b->record[row].arrival;
}

static void decode(struct bench *b)
{
	struct why why = { "" };
	struct block *block;

	if (block_open(&block, buf_view(&b->payload), &why) || block_decode(block, NULL, same, b)) {
		fprintf(stderr, "steps: the block does not give its lines back: %s\n", why.line);
		exit(1);
	}
	block_free(block);
}

static void run(struct bench *b, enum step step)
{
	static struct line line;

	switch (step) {
	case STEP_CHECKSUM:
		b->hash[0].at[0] ^= (uint8_t)hash_fast(buf_view(&b->bytes), 1);
		return;
	case STEP_LEAF:
		sha256_leaves(b->leaf, b->n, b->hash);
		return;
	case STEP_TOKENS:
		for (size_t i = 0; i < b->n; i++)
			line_tokenize(&line, b->record[i].raw, b->record[i].arrival);
		return;
	case STEP_PARSE:
		for (size_t i = 0; i < b->n; i++)
			parse_one(b, i);
		return;
	case STEP_ADD:
		for (size_t i = 0; i < b->n; i++) {
			parse_one(b, i);
			builder_add(b->builder, &b->record[i], &b->event);
		}
		return;
	case STEP_FINISH:
		buf_clear(&b->payload);
		builder_finish(b->builder, &b->payload);
		return;
	default:
		decode(b);
	}
}

static void measure(struct bench *b)
{
	double best[STEP_N];

	for (int round = 0; round < ROUNDS; round++) {
		for (int s = 0; s < STEP_N; s++) {
			usec from = clock_cpu();
			double took;

			run(b, (enum step)s);
			took = (double)(clock_cpu() - from);
			best[s] = round && best[s] < took ? best[s] : took;
			arena_reset(&b->scratch);
		}
	}
	for (int s = 0; s < STEP_N; s++)
		b->best[s] += best[s];
	b->raw += b->bytes.len - b->n * sizeof(struct leaf_head);
	b->stored += b->payload.len;
}

int main(int argc, char **argv)
{
	struct bench b = { .kind = SOURCE_FILE };
	struct builder_options o = { 0 };
	uint64_t lines = 10 * BLOCK, done = 0;
	struct bytes file;

	if (argc > 1 && !strcmp(argv[1], "-s")) {
		b.kind = SOURCE_SYSLOG_TCP;
		argc--;
		argv++;
	}
	if (argc < 2 || (argc > 2 && !bytes_u64(bytes_str(argv[2]), &lines))) {
		fprintf(stderr, "usage: steps [-s] FILE [LINES]\n");
		return 2;
	}
	file = map_file(argv[1]);
	b.record = mem_new(BLOCK, sizeof(*b.record));
	b.leaf = mem_new(BLOCK, sizeof(*b.leaf));
	b.hash = mem_new(BLOCK, sizeof(*b.hash));
	builder_new(&b.builder, &o);
	while (done < lines && file.len) {
		fill(&b, &file, 1800000000 * USEC_PER_SEC);
		measure(&b);
		done += b.n;
	}
	for (int s = 0; s < STEP_N; s++)
		printf("%-24s %6.0f ns\n", names[s], b.best[s] * 1000 / (double)done);
	printf("%-24s %6.1f B, of %.1f raw (%.2f : 1)\n", "payload a record",
	       (double)b.stored / (double)done, (double)b.raw / (double)done,
	       (double)b.raw / (double)b.stored);
	builder_free(b.builder);
	return 0;
}
