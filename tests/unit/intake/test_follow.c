/* SPDX-License-Identifier: Apache-2.0 */
/* Files in every way they change, each followed by the real intake in a process of its own. */
#include "world.h"
#include <fcntl.h>
#include <sys/stat.h>

static char dir[64];
static char path[8][128];

static const char *at(int i, const char *name)
{
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void write_to(const char *file, int flags, const void *p, size_t n)
{
	int fd = open(file, O_WRONLY | O_CREAT | flags, 0644);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	close(fd);
}

static void append(const char *file, const char *text)
{
	write_to(file, O_APPEND, text, strlen(text));
}

static void copy(const char *from, const char *to)
{
	static char room[1 << 20];
	int a = open(from, O_RDONLY), b = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n;

	if (a < 0 || b < 0)
		abort();
	while ((n = read(a, room, sizeof(room))) > 0)
		if (write(b, room, (size_t)n) != n)
			abort();
	close(a);
	close(b);
}

static struct world *begin(const char *pattern)
{
	struct world *w = world_new(4 << 20);
	char full[128];

	snprintf(dir, sizeof(dir), "/tmp/vedette-follow-XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(full, sizeof(full), "%s/%s", dir, pattern);
	names_add(w->names, SOURCE_FILE, full, NULL);
	w->config.limits.multiline_wait = 100000;
	w->config.limits.line_wait = 20000;
	return w;
}

static void end(struct world *w)
{
	char command[128];

	if (w->pid)
		is_int(world_stop(w), 0, "the intake stops in good order");
	world_free(w);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		abort();
}

#define got_is(w, name, text, ...)                                                                 \
	is_bytes(buf_view(&world_got((w), SOURCE_FILE, (name))->bytes), bytes_str(text),           \
		 __VA_ARGS__)

static void grows(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");
	struct got *g;

	append(a, "one\ntwo\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	got_is(w, a, "one\ntwo\n", "what was there");
	append(a, "three\n");
	world_wait(w, SOURCE_FILE, a, 3, 3000);
	append(a, "fo");
	world_run(w, 150);
	got_is(w, a, "one\ntwo\nthree\n", "a line without its newline waits");
	append(a, "ur\n");
	world_wait(w, SOURCE_FILE, a, 4, 3000);
	got_is(w, a, "one\ntwo\nthree\nfour\n", "until it has one");
	append(at(1, "b.log"), "new\n");
	world_wait(w, SOURCE_FILE, path[1], 1, 3000);
	got_is(w, path[1], "new\n", "a new file");
	append(at(2, "c.log.gz"), "x\n");
	append(at(3, "d.txt"), "x\n");
	append(a, "12:00:00 a\nTraceback (most recent call last):\n");
	world_run(w, 30);
	append(a, "  File x\nValueError\n");
	world_wait(w, SOURCE_FILE, a, 5, 3000);
	g = world_got(w, SOURCE_FILE, a);
	is_int(g->records, 5, "a traceback is one record, also when it comes in parts");
	is_int(w->got_n, 2, "nothing else is followed");
	append(a, "");
	world_run(w, 50);
	is_int(w->note_n, 0, "and nothing is worth a note");
	end(w);
}

static void exact(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log"), *b = at(1, "b.log"), *e = at(2, "empty.log");
	static char all[256 * 64], big[5 << 20];
	struct buf want = { 0 };
	struct got *g;

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i * 7 + i / 256);
	all[sizeof(all) - 1] = '\n';
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\n';
	write_to(a, O_APPEND, all, sizeof(all));
	write_to(b, O_APPEND, big, sizeof(big));
	write_to(e, O_APPEND, "", 0);
	append(b, "next\r\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, b, 6, 5000);
	world_run(w, 100);
	is_bytes(buf_view(&world_got(w, SOURCE_FILE, a)->bytes), bytes_of(all, sizeof(all)),
		 "all bytes there are, NUL and no UTF-8, come back");
	g = world_got(w, SOURCE_FILE, b);
	buf_add(&want, big, sizeof(big));
	buf_str(&want, "next\r\n");
	ok(bytes_eq(buf_view(&g->bytes), buf_view(&want)), "a line of 5 MB comes back");
	is_int(g->records, 6, "in pieces of 1 MiB");
	is_bytes(buf_view(&g->ends), BYTES("\3\7\7\7\4\0"), "marked as such");
	is_int(count_get(&w->counts->cut), 4, "and counted");
	is_int(world_got(w, SOURCE_FILE, e)->records, 0, "an empty file gives nothing");
	buf_done(&want);
	end(w);
}

static void renames(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log"), *old = at(1, "a.log.1");
	int fd;

	append(a, "1\n2\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	fd = open(a, O_WRONLY | O_APPEND);
	rename(a, old);
	if (write(fd, "3\n", 2) != 2)
		abort();
	append(a, "4\n");
	world_wait(w, SOURCE_FILE, a, 4, 3000);
	got_is(w, a, "1\n2\n3\n4\n", "renamed, and a new one: both, in order");
	if (write(fd, "3b\n", 3) != 3)
		abort();
	world_wait(w, SOURCE_FILE, a, 5, 3000);
	got_is(w, a, "1\n2\n3\n4\n3b\n", "a writer that goes on with the old one is heard");
	close(fd);
	ok(world_noted(w, "file-rotated") && w->note_n == 1, "noted as a rotation");
	unlink(a);
	world_run(w, 100);
	if (!ok(world_noted(w, "file-removed"), "a deletion is noted"))
		tap_show("notes", buf_view(&w->notes));
	append(a, "5\n");
	world_wait(w, SOURCE_FILE, a, 6, 3000);
	got_is(w, a, "1\n2\n3\n4\n3b\n5\n", "and a new file of the name is read");
	end(w);
}

static void truncates(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");

	append(a, "one\ntwo\nthree\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 3, 3000);
	write_to(a, O_TRUNC, "four\n", 5);
	world_wait(w, SOURCE_FILE, a, 4, 3000);
	got_is(w, a, "one\ntwo\nthree\nfour\n", "truncated: from the beginning");
	ok(world_noted(w, "\"event\":\"file-truncated\""), "and noted");
	write_to(a, O_TRUNC, "five and more\nsix\n", 18);
	world_wait(w, SOURCE_FILE, a, 6, 3000);
	got_is(w, a, "one\ntwo\nthree\nfour\nfive and more\nsix\n",
	       "also when it has grown past the old place meanwhile");
	is_int(count_get(&w->counts->truncations), 2, "both are counted");
	/* The bytes of a line that was not yet complete when the file was cut. */
	append(a, "unfinished");
	world_run(w, 200);
	write_to(a, O_TRUNC, "seven\n", 6);
	world_wait(w, SOURCE_FILE, a, 8, 5000);
	got_is(w, a, "one\ntwo\nthree\nfour\nfive and more\nsix\nseven\nunfinished",
	       "a line that had no end when the file was cut is not lost");
	end(w);
}

static void holes(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");
	int fd;

	append(a, "");
	fd = open(a, O_WRONLY); /* a writer that does not append */
	for (int i = 0; i < 3000; i++)
		if (write(fd, "0123456789abcdef\n", 17) != 17)
			abort();
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 3000, 3000);
	if (truncate(a, 0))
		abort();
	world_run(w, 30);
	if (write(fd, "after\n", 6) != 6)
		abort();
	world_wait(w, SOURCE_FILE, a, 3001, 3000);
	is_int(world_got(w, SOURCE_FILE, a)->records, 3001, "a writer goes on behind a hole");
	is_int(world_got(w, SOURCE_FILE, a)->bytes.len, 51006, "whose bytes nobody wrote");
	ok(world_noted(w, "file-hole") && world_noted(w, "\"count\":51000"), "noted and counted");
	close(fd);
	end(w);
}

static void copytruncates(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");

	append(a, "one\ntwo\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	/* What was written between our last look and the cut is only in the copy. */
	kill(w->pid, SIGSTOP);
	append(a, "three\nfour\n");
	copy(a, at(1, "a.log.1"));
	write_to(a, O_TRUNC, "five\n", 5);
	world_run(w, 60);
	kill(w->pid, SIGCONT);
	world_wait(w, SOURCE_FILE, a, 5, 3000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_FILE, a)->records, 5, "each line once");
	ok(world_noted(w, "file-copy"), "the rest came from the copy");
	kill(w->pid, SIGSTOP);
	append(a, "six\n");
	rename(path[1], at(2, "a.log.2"));
	copy(a, path[1]);
	write_to(a, O_TRUNC, "seven, longer than all that was there before\n", 45);
	world_run(w, 60);
	kill(w->pid, SIGCONT);
	world_wait(w, SOURCE_FILE, a, 7, 3000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_FILE, a)->records, 7, "also when it has grown past the place");
	is_int(w->got_n, 1, "all of one source");
	end(w);
}

static void copytruncates_named(void)
{
	struct world *w = begin("*");
	const char *a = at(0, "a.log");
	size_t n;

	append(a, "one\ntwo\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	for (int i = 0; i < 3; i++) {
		append(a, i == 0 ? "more\n" : i == 1 ? "and more\n" : "and again\n");
		if (i)
			world_run(w, 50);
		rename(at(2, "a.log.2"), at(3, "a.log.3"));
		rename(at(1, "a.log.1"), at(2, "a.log.2"));
		copy(a, at(1, "a.log.1"));
		if (i == 2)
			world_run(w, 50);
		write_to(a, O_TRUNC, "", 0);
	}
	append(a, "last\n");
	world_run(w, 400);
	n = 0;
	for (size_t i = 0; i < w->got_n; i++)
		n += w->got[i].records;
	is_int(n, 6, "a pattern that matches the copies too: each line once");
	if (n != 6)
		for (size_t i = 0; i < w->got_n; i++)
			tap_show(w->got[i].name, buf_view(&w->got[i].bytes));
	end(w);
}

static void replaces(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log"), *n = at(1, "new");
	const char *long_line =
		"0123456789012345678901234567890123456789012345678901234567890123\n";

	append(a, long_line);
	append(a, "two\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	append(n, long_line);
	append(n, "two\nthree\n");
	rename(n, a);
	world_wait(w, SOURCE_FILE, a, 3, 3000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_FILE, a)->records, 3, "replaced by a copy that has grown");
	ok(world_noted(w, "file-replaced") && world_noted(w, "\"same\":1"), "and noted");
	append(n, "edited\n");
	append(n, "four\n");
	rename(n, a);
	world_wait(w, SOURCE_FILE, a, 5, 3000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_FILE, a)->records, 5, "replaced by another file: all of it");
	ok(world_noted(w, "\"same\":0"), "and noted as another");
	end(w);
}

static void links(void)
{
	struct world *w = begin("cur*.log");
	const char *l = at(0, "current.log"), *secret = at(3, "secret");

	append(at(1, "x-1"), "one\n");
	append(at(2, "x-2"), "two\n");
	if (symlink(path[1], l))
		abort();
	world_start(w);
	world_wait(w, SOURCE_FILE, l, 1, 3000);
	unlink(l);
	if (symlink(path[2], l))
		abort();
	world_wait(w, SOURCE_FILE, l, 2, 3000);
	got_is(w, l, "one\ntwo\n", "a link that is switched");
	append(path[1], "late\n");
	world_wait(w, SOURCE_FILE, l, 3, 3000);
	got_is(w, l, "one\ntwo\nlate\n", "what comes late in the old one");
	append(secret, "secret\n");
	if (geteuid() != 0 || symlink(secret, at(4, "cur-planted.log")) ||
	    lchown(path[4], 12345, 12345)) {
		skip("needs root: a link planted by another user");
	} else {
		int err = dup(2), null = open("/dev/null", O_WRONLY);

		dup2(null, 2); /* the refusal is told on stderr */
		world_run(w, 200);
		dup2(err, 2);
		close(err);
		close(null);
		is_int(w->got_n, 1, "a planted link is not followed");
	}
	if (mkfifo(at(5, "cur-fifo.log"), 0644))
		abort();
	world_run(w, 100);
	is_int(w->got_n, 1, "nor a pipe");
	end(w);
}

static void restarts(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");

	append(a, "1\n2\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 2, 3000);
	is_int(world_stop(w), 0, "stopped");
	append(a, "3\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 3, 3000);
	world_kill(w);
	append(a, "4\n");
	rename(a, at(1, "a.log.1"));
	append(a, "5\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 5, 3000);
	got_is(w, a, "1\n2\n3\n4\n5\n", "rotated while it was down: both, in order");
	world_kill(w);
	append(a, "6\n");
	rename(path[1], at(2, "a.log.2"));
	rename(a, path[1]);
	append(a, "7\n");
	usleep(20000);
	rename(path[2], at(3, "a.log.3"));
	rename(path[1], path[2]);
	rename(a, path[1]);
	append(a, "8\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 8, 3000);
	world_run(w, 100);
	got_is(w, a, "1\n2\n3\n4\n5\n6\n7\n8\n", "rotated twice while it was down");
	world_kill(w);
	append(a, "9\n");
	rename(path[2], path[3]);
	rename(path[1], path[2]);
	copy(a, path[1]);
	write_to(a, O_TRUNC, "10\n", 3);
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 10, 3000);
	world_run(w, 100);
	is_int(world_got(w, SOURCE_FILE, a)->records, 10, "copied and truncated while it was down");
	got_is(w, a, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "each line once, in order");
	world_kill(w);
	unlink(a);
	append(a, "11\n");
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 11, 3000);
	is_int(world_got(w, SOURCE_FILE, a)->records, 11, "deleted and made anew while down");
	end(w);
}

static void full_ring(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");
	struct buf want = { 0 };

	w->config.limits.record_limit = 4096;
	w->config.limits.multiline_bytes = 4096;
	for (int i = 0; i < 400000; i++)
		buf_printf(&want, "line %d of many, which do not fit into the ring\n", i);
	write_to(a, O_APPEND, want.at, want.len);
	w->lazy = true;
	world_start(w);
	world_run(w, 300);
	ok(world_got(w, SOURCE_FILE, a)->records < 400000, "the ring is full: it waits");
	ok(count_get(&w->counts->waits) > 0, "and counts that");
	w->lazy = false;
	ring_release(w->ring, ring_taken(w->ring));
	world_wait(w, SOURCE_FILE, a, 400000, 10000);
	ok(bytes_eq(buf_view(&world_got(w, SOURCE_FILE, a)->bytes), buf_view(&want)),
	   "then goes on, and nothing is missing");
	buf_done(&want);
	end(w);
}

/* Rotated before anybody could read it: its lines come all the same, and before its successor's. */
static void unread(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log"), *b = at(1, "b.log");

	world_tell(w);
	world_tell(w);
	append(a, "1\n2\n");
	names_scan(w->names, clock_mono() + USEC_PER_SEC);
	/* An intake that died with it in its hands, before a position was durable. */
	rename(a, at(2, "a.log.1"));
	append(a, "3\n");
	names_again(w->names);
	world_start(w);
	world_wait(w, SOURCE_FILE, a, 3, 3000);
	got_is(w, a, "1\n2\n3\n", "rotated when the first intake had read nothing");

	append(b, "1\n2\n");
	rename(b, at(3, "b.log.1"));
	world_run(w, 100);
	append(b, "3\n");
	world_wait(w, SOURCE_FILE, b, 3, 3000);
	got_is(w, b, "1\n2\n3\n", "rotated before its name was ever seen");

	unlink(b);
	world_run(w, 100);
	append(b, "4\n");
	rename(b, at(4, "b.log.2"));
	world_wait(w, SOURCE_FILE, b, 4, 3000);
	got_is(w, b, "1\n2\n3\n4\n", "no file bears the name now, but one did");
	end(w);
}

/* What a writer appends between logrotate's copy and its cut is in no file any more. What we had
 * seen of it is counted. */
static void cut_before_read(void)
{
	struct world *w = begin("*.log");
	const char *a = at(0, "a.log");
	struct buf want = { 0 };

	w->config.limits.record_limit = 4096;
	w->config.limits.multiline_bytes = 4096;
	for (int i = 0; i < 400000; i++)
		buf_printf(&want, "line %d of many, which do not fit into the ring\n", i);
	write_to(a, O_APPEND, want.at, want.len);
	w->lazy = true;
	world_start(w);
	world_run(w, 300);
	copy(a, at(1, "a.log.1"));
	append(a, "nobody has copied this\n");
	world_run(w, 2500); /* seen, not read: the ring is full */
	write_to(a, O_TRUNC, "after\n", 6);
	w->lazy = false;
	ring_release(w->ring, ring_taken(w->ring));
	world_wait(w, SOURCE_FILE, a, 400001, 20000);
	buf_str(&want, "after\n");
	ok(bytes_eq(buf_view(&world_got(w, SOURCE_FILE, a)->bytes), buf_view(&want)),
	   "the copy is read from where the file was cut");
	ok(world_noted(w, "\"event\":\"file-lost\"") && world_noted(w, "\"bytes\":23"),
	   "what is in no copy is told");
	is_int(count_get(&w->counts->file_bytes_lost), 23, "and counted");
	buf_done(&want);
	end(w);
}

int main(void)
{
	grows();
	exact();
	renames();
	truncates();
	holes();
	copytruncates();
	copytruncates_named();
	replaces();
	links();
	restarts();
	full_ring();
	unread();
	cut_before_read();
	return done_testing();
}
