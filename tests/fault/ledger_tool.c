/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_tool.c — a writer of numbered records and a checker of them, for the fault campaigns; what
 * it can do is in `usage`. */
#include "base/err.h"
#include "fault/forge.h"
#include "fault/judge.h"
#include "unit/ledger/scratch.h"

#define SOURCES 3u
#define BATCH 97u

static const char usage[] =
	"usage: ledger_tool run DIR ACKS N [SLEEP_US]\n"
	"    goes on to number N, in batches; seals, drops old blocks, signs; writes each number "
	"to\n"
	"    ACKS only once ledger_commit() has returned 0\n"
	"ledger_tool check DIR ACKS\n"
	"    opens for writing (that recovers), then: every acknowledged number is there once, in\n"
	"    order, or in a dropped block; verify finds nothing\n"
	"ledger_tool make DIR N [FROM [all]]\n"
	"    N records more in a ledger of every kind of file, closed; all: none is dropped\n"
	"ledger_tool forge DIR SEQ HOW PEM\n"
	"    rewrites it all over one edited record, signed with that key: see forge.h\n"
	"ledger_tool judge DIR WHOLE [KEY [CHECKPOINT]]\n"
	"    a changed copy beside the whole ledger: see judge.h\n"
	"ledger_tool flips DIR N WHOLE\n"
	"    N random bits of a copy, one at a time, each judged; 0: every bit there is\n"
	"ledger_tool verify DIR [KEY [CHECKPOINT]]\n"
	"ledger_tool read DIR\n"
	"    counts the records that can still be read\n"
	"Exit status: 0 good, 1 harmed or lost, 2 trouble, 3 the ledger failed (run only).\n";

static struct ledger_options options = { .block_records = 300, .keep_bytes = (4u << 20) + 60000 };

static int trouble(const char *what, int r)
{
	fprintf(stderr, "%s: %s\n", what, strerror(-r));
	return 2;
}

/* "n <number> …": the number; UINT64_MAX for other records. */
static uint64_t number_of(struct bytes raw)
{
	uint64_t n;
	size_t end;

	if (!bytes_starts(raw, BYTES("n ")))
		return UINT64_MAX;
	raw = bytes_from(raw, 2);
	end = bytes_chr(raw, ' ');
	return bytes_u64(bytes_sub(raw, 0, end), &n) ? n : UINT64_MAX;
}

struct tally {
	uint64_t n, first, next, wrong;
};

static int count(void *ctx, uint32_t row, const struct record *r)
{
	struct tally *t = ctx;
	uint64_t n = number_of(r->raw);

	(void)row;
	if (n == UINT64_MAX)
		return 0;
	if (!t->n)
		t->first = t->next = n;
	if (n != t->next)
		t->wrong++;
	t->next = n + 1;
	t->n++;
	return 0;
}

/* All readable records, in order. */
static int tally(const char *dir, struct tally *ret, uint64_t *ret_dropped)
{
	struct tally t = { 0 };
	struct why why = { 0 };
	struct view *v;
	int r = view_open(&v, dir, &why);

	if (r) {
		fprintf(stderr, "view: %s\n", why.line);
		return r;
	}
	for (size_t i = 0; i < view_units(v); i++) {
		struct segment *s;
		struct block *b;

		if (!view_unit(v, i)->live) {
			if (view_block(v, i, &b, &why))
				continue;
			block_decode(b, NULL, count, &t);
			block_free(b);
			continue;
		}
		if (view_segment(v, i, &s, &why))
			continue;
		for (uint32_t k = 0; k < segment_count(s); k++) {
			struct record rec;

			segment_record(s, k, &rec);
			count(&t, k, &rec);
		}
		segment_free(s);
	}
	*ret_dropped = view_dropped(v);
	view_free(v);
	*ret = t;
	return 0;
}

static int open_tool(const char *dir, struct ledger **ret)
{
	struct ledger_options o = options;
	struct why why = { 0 };
	int r = 0;

	o.dir = dir;
	o.create = true;
	o.origin = "fault.example/ledger";
	o.reserve_bytes = 1;
	for (int try = 0; try < 4; try++) {
		r = ledger_open(ret, &o, &why);
		if (!r)
			return 0;
		fprintf(stderr, "open: %s\n", why.line);
	}
	return r;
}

/* Failures that pass are tried again a few times: a full disk, no descriptor. */
static int patient(struct ledger *l, int (*fn)(struct ledger *))
{
	int r = 0;

	for (int try = 0; try < 4; try++) {
		r = fn(l);
		if (!r || r == -EIO)
			break;
	}
	return r;
}

static int put_number(struct ledger *l, uint64_t i)
{
	char text[160], name[32];
	uint32_t id;
	int n, r;

	snprintf(name, sizeof(name), "/var/log/%u", (unsigned)(i / 500 % SOURCES));
	id = scratch_source(l, name);
	if (id == UINT32_MAX)
		return -ENOSPC;
	n = snprintf(
		text, sizeof(text), "n %llu %.*s", (unsigned long long)i, (int)(i * 7 % 90),
		"the quick brown fox jumps over the lazy dog and does it again and again until "
		"it is tired");
	r = ledger_put(l, id, SCRATCH_T0 + (usec)i * 1000, END_LF, bytes_of(text, (size_t)n));
	if (!r)
		r = ledger_position(l, id, bytes_of(&i, sizeof(i)));
	if (!r)
		r = ledger_ring_position(l, 1, i);
	return r;
}

static int seal_all(struct ledger *l)
{
	int r = scratch_seal(l);

	return r < 0 ? r : 0;
}

static int tick(struct ledger *l)
{
	static usec now;

	now = (now ? now : clock_real()) + 11 * USEC_PER_SEC; /* a checkpoint is due each time */
	return ledger_tick(l, now);
}

/* The numbers up to and with `n` are durable: say so where it cannot be taken back. */
static int acknowledge(int fd, uint64_t n)
{
	return io_pwrite(fd, bytes_of(&n, sizeof(n)), 0);
}

static int run(const char *dir, const char *acks, uint64_t until, unsigned sleep_us)
{
	struct ledger *l = NULL;
	struct tally t = { 0 };
	uint64_t dropped, i;
	int fd, r = open_tool(dir, &l);

	if (r)
		return 3;
	r = tally(dir, &t, &dropped);
	if (r)
		return trouble("tally", r);
	fd = open(acks, O_RDWR | O_CREAT | O_SYNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return trouble(acks, -errno);
	for (i = t.n ? t.next : 0; i < until && !r; i++) {
		for (int try = 0; try < 4; try++) {
			r = put_number(l, i);
			if (!r || r == -EIO)
				break;
			patient(l, ledger_commit);
		}
		if (r || (i + 1) % BATCH)
			continue;
		r = patient(l, ledger_commit);
		if (!r)
			r = acknowledge(fd, i);
		if (!r && i % 3 == 0)
			r = patient(l, tick);
		if (!r && i % 2 == 0)
			r = patient(l, seal_all);
		if (sleep_us)
			usleep(sleep_us);
	}
	if (!r)
		r = patient(l, ledger_close_segment);
	if (!r)
		r = acknowledge(fd, i - 1);
	if (!r)
		r = patient(l, seal_all);
	if (!r)
		r = patient(l, tick);
	close(fd);
	ledger_close(l);
	if (r)
		fprintf(stderr, "run: %s\n", strerror(-r));
	return r ? 3 : 0;
}

static int check(const char *dir, const char *acks)
{
	struct ledger *l = NULL;
	struct tally t = { 0 };
	struct verify_result res;
	uint64_t acked = 0, dropped = 0;
	bool any = false;
	int fd, r = open_tool(dir, &l);

	if (r)
		return 1;
	ledger_close(l);
	fd = open(acks, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		any = io_pread(fd, &acked, sizeof(acked), 0) == sizeof(acked);
		close(fd);
	}
	r = tally(dir, &t, &dropped);
	if (r)
		return trouble("tally", r);
	r = scratch_verify_with(dir, NULL, NULL, false, &res, NULL);
	if (r)
		return r < 0 ? 2 : 1;
	if (t.wrong || (any && (!t.n || t.next <= acked)) || (t.n && t.first && !dropped)) {
		fprintf(stderr,
			"lost or doubled: %llu records from %llu to before %llu, %llu out of "
			"order, "
			"acknowledged up to %llu, %llu dropped\n",
			(unsigned long long)t.n, (unsigned long long)t.first,
			(unsigned long long)t.next, (unsigned long long)t.wrong,
			(unsigned long long)acked, (unsigned long long)dropped);
		return 1;
	}
	return res.unsigned_records ? 1 : 0;
}

/* Numbers from .. from + n - 1. At the end a few segments wait to be sealed, one is not full. */
static int make(const char *dir, uint64_t from, uint64_t n, bool all)
{
	struct ledger *l = NULL;
	int r;

	options.keep_bytes = all ? 0 : (4u << 20) + 74500;
	r = open_tool(dir, &l);
	for (uint64_t i = from; i < from + n && !r; i++) {
		r = put_number(l, i);
		if (!r && i % BATCH == 0)
			r = ledger_commit(l);
		if (!r && i % 150 == 149)
			r = tick(l);
		if (!r && i % 1000 == 999)
			r = seal_all(l);
	}
	ledger_close(l);
	return r ? trouble("make", r) : 0;
}

/* ---- bit flips ---- */

static char paths[4096][192];
static uint64_t sizes[4096], all_bytes;
static size_t files;

static int add_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)ftw;
	if (flag == FTW_F && st->st_size && files < 4096) {
		snprintf(paths[files], sizeof(paths[0]), "%s", path);
		sizes[files++] = (uint64_t)st->st_size;
		all_bytes += (uint64_t)st->st_size;
	}
	return 0;
}

static uint64_t rnd(void)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1du >> 8;
}

static int flip(size_t file, uint64_t bit)
{
	int fd = open(paths[file], O_RDWR | O_CLOEXEC), r;
	uint8_t c;

	if (fd < 0)
		return -errno;
	r = io_pread(fd, &c, 1, bit / 8) == 1 ? 0 : -EIO;
	c = (uint8_t)(c ^ 1u << bit % 8);
	if (!r)
		r = io_pwrite(fd, bytes_of(&c, 1), bit / 8);
	close(fd);
	return r;
}

/* Half of them anywhere, half in a file taken at random, so that small files have their share.
 * n 0: every bit there is. */
static int flips(const char *dir, uint64_t n, const char *whole)
{
	uint64_t missed = 0, nameless = 0, lost = 0, file = 0, bit = 0, done = 0;

	nftw(dir, add_file, 32, FTW_PHYS);
	for (uint64_t i = 0; n ? i < n : file < files; i++, done++) {
		struct buf said = { 0 };
		int r;

		if (n && i % 2) {
			file = rnd() % files;
			bit = rnd() % (sizes[file] * 8);
		} else if (n) {
			uint64_t at = rnd() % (all_bytes * 8);

			for (file = 0; at >= sizes[file] * 8; file++)
				at -= sizes[file] * 8;
			bit = at;
		}
		r = flip(file, bit);
		if (r)
			return trouble(paths[file], r);
		r = judge(dir, whole, NULL, NULL, &said);
		missed += r == 0 || r == 2;
		lost += r == 4;
		nameless += r == 5;
		if (r != 1 && missed + lost + nameless < 20)
			printf("%s bit %llu: %d\n%s", paths[file], (unsigned long long)bit, r,
			       buf_cstr(&said));
		buf_done(&said);
		flip(file, bit);
		if (!n && ++bit == sizes[file] * 8) {
			bit = 0;
			file++;
		}
	}
	printf("%llu flips in %zu files of %llu bytes: %llu missed, %llu not named, %llu took "
	       "unharmed records away\n",
	       (unsigned long long)done, files, (unsigned long long)all_bytes,
	       (unsigned long long)missed, (unsigned long long)nameless, (unsigned long long)lost);
	return missed || nameless || lost || scratch_verify(dir) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 2 ? argv[1] : "";
	const char *dir = argc > 2 ? argv[2] : "";
	uint64_t n = 0, from = 0, sleep_us = 0, dropped;
	struct tally t;
	int r;

	if (!strcmp(cmd, "run") && argc >= 5 && bytes_u64(bytes_str(argv[4]), &n)) {
		if (argc > 5)
			bytes_u64(bytes_str(argv[5]), &sleep_us);
		return run(dir, argv[3], n, (unsigned)sleep_us);
	}
	if (!strcmp(cmd, "check") && argc == 4)
		return check(dir, argv[3]);
	if (!strcmp(cmd, "make") && argc >= 4 && bytes_u64(bytes_str(argv[3]), &n) &&
	    (argc == 4 || bytes_u64(bytes_str(argv[4]), &from)))
		return make(dir, from, n, argc > 5);
	if (!strcmp(cmd, "flips") && argc == 5 && bytes_u64(bytes_str(argv[3]), &n))
		return flips(dir, n, argv[4]);
	if (!strcmp(cmd, "forge") && argc == 6 && bytes_u64(bytes_str(argv[3]), &n) &&
	    bytes_u64(bytes_str(argv[4]), &from)) {
		r = forge(dir, n, (unsigned)from, argv[5]);
		return r ? trouble("forge", r) : 0;
	}
	if (!strcmp(cmd, "judge") && argc >= 4) {
		struct buf out = { 0 };

		r = judge(dir, argv[3], argc > 4 ? argv[4] : NULL, argc > 5 ? argv[5] : NULL, &out);
		fputs(buf_cstr(&out), stdout);
		buf_done(&out);
		return r;
	}
	if (!strcmp(cmd, "verify")) {
		r = scratch_verify_with(dir, argc > 3 && *argv[3] ? argv[3] : NULL,
					argc > 4 ? argv[4] : NULL, false, NULL, NULL);
		return r < 0 ? 2 : r;
	}
	if (!strcmp(cmd, "read")) {
		r = tally(dir, &t, &dropped);
		printf("%llu\n", (unsigned long long)(r ? 0 : t.n));
		return r ? 2 : 0;
	}
	fputs(usage, stderr);
	return 2;
}
