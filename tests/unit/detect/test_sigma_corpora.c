/* SPDX-License-Identifier: Apache-2.0 */
/* Published rules against events with known verdicts (../shared/corpora/sigma-*): all compile or
 * say why not, and each event is matched by the very rules that two independent evaluators name. */
#include "base/io.h"
#include "cmd/detect/flat.h"
#include "detect/sigma/matcher.h"
#include "tap.h"
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define CORPORA "../shared/corpora/"

extern char **environ;

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static bool unpack(const char *tar, char *to)
{
	char *const args[] = { "tar", "xzf", (char *)(uintptr_t)tar, "-C", to, NULL };
	int status = 1;
	pid_t pid;

	if (!mkdtemp(to) || posix_spawnp(&pid, "tar", NULL, NULL, args, environ) != 0)
		return false;
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool line_of(struct bytes *rest, struct bytes *ret)
{
	size_t end = bytes_chr(*rest, '\n');

	if (!rest->len)
		return false;
	*ret = bytes_sub(*rest, 0, end);
	*rest = bytes_from(*rest, end == BYTES_NONE ? rest->len : end + 1);
	return true;
}

/* ---- one event against all rules ---- */

struct hits {
	char id[64][40];
	size_t n;
};

static void found(void *ctx, const struct finding *f)
{
	struct hits *h = ctx;

	if (h->n < 64)
		snprintf(h->id[h->n++], 40, "%.*s", (int)f->rule_id.len,
			 (const char *)f->rule_id.at);
}

static bool has(const struct hits *h, struct bytes id)
{
	for (size_t i = 0; i < h->n; i++)
		if (bytes_eq(bytes_str(h->id[i]), id))
			return true;
	return false;
}

static void match(struct matcher *m, const struct flat *f, struct hits *ret)
{
	struct event none = { 0 };
	struct record record = { .raw = f->raw };
	struct item item = { .record = &record, .event = &none };
	struct subject subject = { .item = &item, .values = f->values, .values_n = f->n };

	event_reset(&none);
	ret->n = 0;
	matcher_feed(m, &subject, found, ret);
}

/* ---- the verdicts ---- */

/* Of these verdicts, which are of this event: each must be among the hits. */
static size_t missing(struct bytes verdicts, struct bytes id, const struct hits *h, size_t *ret_n)
{
	struct bytes line;
	size_t miss = 0;

	*ret_n = 0;
	while (line_of(&verdicts, &line)) {
		size_t a = bytes_chr(line, '\t'), b;
		struct bytes rule;

		if (!bytes_eq(bytes_sub(line, 0, a), id))
			continue;
		line = bytes_from(line, a + 1);
		b = bytes_chr(line, '\t');
		rule = bytes_sub(line, 0, b);
		if (has(h, rule)) {
			++*ret_n;
			continue;
		}
		if (bytes_starts(bytes_from(line, b + 1), BYTES("B-")))
			continue; /* told apart below: one evaluator could not read the rule */
		miss++;
		printf("# %.*s: not matched by %.*s\n", (int)id.len, id.at, (int)rule.len, rule.at);
	}
	return miss;
}

/* The evaluators held some events only against the rules of these folders. */
static const struct held {
	const char *events;
	const char *folders[4];
} held[] = {
	{ "win", { "" } },
	{ "aud", { "/rules/linux/" } },
	{ "aws", { "/rules/cloud/aws/" } },
	{ "lines", { "/rules/linux/", "/rules/application/", "/rules/web/" } },
};

static bool was_held(const struct ruleset *s, const char *events, struct bytes id)
{
	const struct held *h = held;
	size_t i = 0;

	while (strcmp(h->events, events) != 0)
		h++;
	while (i < ruleset_n(s) && !bytes_eq(ruleset_rule(s, i)->id, id))
		i++;
	for (size_t k = 0; i < ruleset_n(s) && k < 4 && h->folders[k]; k++)
		if (bytes_find(ruleset_rule(s, i)->file, bytes_str(h->folders[k])) != BYTES_NONE)
			return true;
	return false;
}

static void keep_held(const struct ruleset *s, const char *events, struct hits *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n; i++)
		if (was_held(s, events, bytes_str(h->id[i])))
			memmove(h->id[n++], h->id[i], sizeof(h->id[i]));
	h->n = n;
}

static void show_more(struct bytes verdicts, struct bytes id, const struct hits *h)
{
	for (size_t i = 0; i < h->n; i++) {
		struct bytes rest = verdicts, line;
		bool known = false;

		while (!known && line_of(&rest, &line))
			known = bytes_starts(line, id) &&
				bytes_find(line, bytes_str(h->id[i])) != BYTES_NONE;
		if (!known)
			printf("# %.*s: matched by %s\n", (int)id.len, id.at, h->id[i]);
	}
}

static void test_verdicts(const struct ruleset *s, struct matcher *m, const char *name)
{
	struct buf events = { 0 }, verdicts = { 0 };
	struct arena a = { 0 };
	struct flat f = { 0 };
	struct bytes rest, line;
	size_t miss = 0, more = 0, n = 0, good = 0, bad = 0;
	char path[200];
	struct hits h;

	snprintf(path, sizeof(path), CORPORA "sigma-verdicts/%s.events.jsonl", name);
	if (io_read_file(AT_FDCWD, path, 64 << 20, &events) < 0) {
		skip(path);
		return;
	}
	snprintf(path, sizeof(path), CORPORA "sigma-verdicts/%s.verdicts.tsv", name);
	io_read_file(AT_FDCWD, path, 64 << 20, &verdicts);
	for (rest = buf_view(&events); line_of(&rest, &line); n++) {
		size_t known;

		arena_reset(&a);
		bad += !flat_read(&f, line, &a);
		match(m, &f, &h);
		keep_held(s, name, &h);
		miss += missing(buf_view(&verdicts), f.id, &h, &known);
		good += known;
		more += h.n - known;
		if (h.n > known)
			show_more(buf_view(&verdicts), f.id, &h);
	}
	is_int(bad, 0, "%s: all events are read", name);
	is_int(miss, 0, "%s: %zu events, %zu verdicts: none is missed", name, n, good);
	is_int(more, 0, "%s: no rule matches beyond them", name);
	flat_done(&f);
	arena_done(&a);
	buf_done(&events);
	buf_done(&verdicts);
}

/* {"event": {…}, "match": true, "rule": "…"} */
static void test_derived(struct matcher *m)
{
	struct buf all = { 0 };
	struct arena a = { 0 };
	struct flat f = { 0 };
	struct bytes rest, line;
	size_t wrong = 0, n = 0;
	struct hits h;

	if (io_read_file(AT_FDCWD, CORPORA "sigma-verdicts/derived.jsonl", 64 << 20, &all) < 0) {
		skip("sigma-verdicts/derived.jsonl");
		return;
	}
	for (rest = buf_view(&all); line_of(&rest, &line); n++) {
		size_t end = bytes_find(line, BYTES(", \"match\": ")),
		       rule = bytes_find(line, BYTES("\"rule\": \""));
		struct bytes event = bytes_sub(line, 10, end - 10),
			     id = bytes_sub(line, rule + 9, 36);
		bool want = bytes_starts(bytes_from(line, end + 11), BYTES("true"));

		arena_reset(&a);
		if (!flat_read(&f, event, &a)) {
			printf("# not read: %.*s\n", (int)event.len, event.at);
			wrong++;
			continue;
		}
		match(m, &f, &h);
		if (has(&h, id) == want)
			continue;
		wrong++;
		printf("# %s be matched by %.*s: %.*s\n", want ? "must" : "must not", (int)id.len,
		       id.at, (int)(event.len > 300 ? 300 : event.len), event.at);
	}
	is_int(wrong, 0, "derived: each of %zu events is matched, or missed, as told", n);
	flat_done(&f);
	arena_done(&a);
	buf_done(&all);
}

static void test_rules(const struct ruleset *s)
{
	for (size_t i = 0; i < ruleset_refused_n(s); i++) {
		const struct ruleset_refused *r = ruleset_refused(s, i);

		printf("# %.*s:%u: %.*s\n", (int)r->file.len, r->file.at, r->line,
		       (int)r->reason.len, r->reason.at);
	}
	ok(ruleset_n(s) > 3700, "%zu rules compile", ruleset_n(s));
	ok(ruleset_refused_n(s) * 100 < ruleset_n(s),
	   "fewer than one of a hundred is refused (%zu)", ruleset_refused_n(s));
	ok(ruleset_bytes(s) < 200u << 20, "they take %zu MiB", ruleset_bytes(s) >> 20);
}

int main(void)
{
	char dir[] = "/tmp/vedette-sigma-XXXXXX";
	const char *paths[] = { CORPORA "sigma-rules/rules", dir };
	const struct ruleset_options o = {
		.paths = paths, .paths_n = 2, .flat = true, .any_logsource = true
	};
	const struct matcher_options mo = { 0 };
	struct ruleset *s = NULL;
	struct matcher *m = NULL;
	struct why why = { "" };

	if (access(CORPORA "sigma-rules", R_OK) < 0) {
		skip("../shared/corpora/sigma-rules is not here");
		return done_testing();
	}
	ok(unpack(CORPORA "sigma-rules/rules-windows-macos-hunting-threats.tar.gz", dir),
	   "the packed rules are unpacked");
	if (ok(ruleset_load(&s, &o, &why) == 0, "the rules load: %s", why.line) &&
	    ok(matcher_new(&m, s, &mo) == 0, "there is a matcher for them")) {
		test_rules(s);
		test_verdicts(s, m, "win");
		test_verdicts(s, m, "aud");
		test_verdicts(s, m, "aws");
		test_verdicts(s, m, "lines");
		test_derived(m);
	}
	matcher_free(m);
	ruleset_free(s);
	nftw(dir, remove_one, 32, FTW_DEPTH | FTW_PHYS);
	return done_testing();
}
