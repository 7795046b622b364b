/* SPDX-License-Identifier: Apache-2.0 */
/* Documents of the specification and of other readers' tests (../shared/corpora/sigma-parse), and
 * pairs of a published rule and an event that it must match (sigma-regression). */
#include "base/io.h"
#include "parse/json.h"
#include "sigma_kit.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define CORPORA "../shared/corpora/"

/* ---- sigma-parse ---- */

struct parsed {
	size_t rules, refused, silent; /* silent: refused without a reason */
};

static struct parsed parse_file(const char *path)
{
	const char *const paths[] = { path };
	const struct ruleset_options o = {
		.paths = paths, .paths_n = 1, .flat = true, .any_logsource = true
	};
	struct parsed p = { 0 };
	struct ruleset *s = NULL;
	struct why why = { "" };

	if (ruleset_load(&s, &o, &why) < 0)
		return p;
	p.rules = ruleset_n(s);
	p.refused = ruleset_refused_n(s);
	for (size_t i = 0; i < p.refused; i++) {
		p.silent += !ruleset_refused(s, i)->reason.len;
		printf("# %s:%u: %.*s\n", path, ruleset_refused(s, i)->line,
		       (int)ruleset_refused(s, i)->reason.len, ruleset_refused(s, i)->reason.at);
	}
	ruleset_free(s);
	return p;
}

static void test_parse(const char *dir)
{
	size_t files = 0, mute = 0;
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d) {
		skip(dir);
		return;
	}
	while ((e = readdir(d))) {
		char path[600];
		struct parsed p;

		if (!bytes_ends(bytes_str(e->d_name), BYTES(".yml")))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		p = parse_file(path);
		files++;
		mute += p.silent || !(p.rules + p.refused);
		if (strstr(e->d_name, "with_error"))
			ok(!p.rules && p.refused, "%s is refused", e->d_name);
		else if (strstr(e->d_name, "spec-") || strstr(e->d_name, "_valid_"))
			ok(p.rules && !p.refused, "%s loads", e->d_name);
	}
	closedir(d);
	ok(files > 10, "%zu files of %s", files, dir);
	is_int(mute, 0, "each is a rule, or refused with a reason");
}

/* ---- sigma-regression ---- */

struct flatten {
	struct arena a;
	struct subject_value at[512];
	size_t n;
};

/* Event.EventData.Image is Image, Event.System.Provider.#attributes.Name is Provider_Name. */
static struct bytes name_of(struct flatten *f, struct bytes path)
{
	static const char *const parts[] = { "Event.EventData.", "Event.System." };
	size_t at;
	struct buf b = { 0 };

	for (size_t i = 0; i < 2; i++)
		if (bytes_starts(path, bytes_str(parts[i])))
			path = bytes_from(path, strlen(parts[i]));
	at = bytes_find(path, BYTES(".#attributes."));
	buf_bytes(&b, bytes_sub(path, 0, at));
	if (at != BYTES_NONE) {
		buf_u8(&b, '_');
		buf_bytes(&b, bytes_from(path, at + 13));
	}
	path = arena_copy(&f->a, buf_view(&b));
	buf_done(&b);
	return path;
}

static void take_leaf(void *ctx, const struct json_leaf *leaf)
{
	struct flatten *f = ctx;
	struct bytes v = leaf->escaped ? json_unescape(&f->a, leaf->value) : leaf->value;

	if (f->n < sizeof(f->at) / sizeof(*f->at))
		f->at[f->n++] = (struct subject_value){
			.name = name_of(f, leaf->path),
			.text = arena_copy(&f->a, v),
			.kind = leaf->type == JSON_STRING   ? VALUE_TEXT
				: leaf->type == JSON_NUMBER ? VALUE_NUMBER
				: leaf->type == JSON_NULL   ? VALUE_NULL
							    : VALUE_BOOL,
		};
}

/* The next of several objects: each ends with a brace at the start of a line. */
static bool next_object(struct bytes *rest, struct bytes *ret)
{
	size_t end = bytes_find(*rest, BYTES("\n}"));

	*ret = bytes_sub(*rest, 0, end == BYTES_NONE ? end : end + 2);
	*rest = bytes_from(*rest, ret->len);
	*ret = bytes_trim(*ret);
	return ret->len > 0;
}

static size_t feed_objects(struct matcher *m, struct bytes events, struct flatten *f)
{
	struct event none = { 0 };
	struct record record = { 0 };
	struct item item = { .record = &record, .event = &none };
	struct subject subject = { .item = &item, .values = f->at };
	struct bytes one;
	size_t hits = 0;

	event_reset(&none);
	while (next_object(&events, &one)) {
		f->n = 0;
		if (!json_walk(one, take_leaf, f))
			return 0;
		subject.values_n = f->n;
		matcher_feed(m, &subject, count_finding, &hits);
	}
	return hits;
}

/* info.yml says how many of the events match, at least: of one pair the events are more. */
static bool is_expected(const char *dir, size_t hits)
{
	struct buf info = { 0 };
	char path[700];
	size_t at;
	bool good = hits > 0;

	snprintf(path, sizeof(path), "%s/info.yml", dir);
	io_read_file(AT_FDCWD, path, 1 << 20, &info);
	at = bytes_find(buf_view(&info), BYTES("match_count: "));
	if (at != BYTES_NONE)
		good &= strtoul(buf_cstr(&info) + at + 13, NULL, 10) <= hits;
	buf_done(&info);
	return good;
}

static bool pair_matches(const char *dir)
{
	struct flatten *f = mem_new(1, sizeof(*f));
	struct buf events = { 0 };
	char path[700], rule[700];
	const char *const paths[] = { rule };
	const struct ruleset_options o = { .paths = paths, .paths_n = 1, .flat = true };
	const struct matcher_options mo = { 0 };
	struct ruleset *s = NULL;
	struct matcher *m = NULL;
	struct why why = { "" };
	size_t hits = 0;

	snprintf(path, sizeof(path), "%s/event.json", dir);
	snprintf(rule, sizeof(rule), "%s/rule.yml", dir);
	if (io_read_file(AT_FDCWD, path, 1 << 20, &events) == 0 &&
	    ruleset_load(&s, &o, &why) == 0 && matcher_new(&m, s, &mo) == 0)
		hits = feed_objects(m, buf_view(&events), f);
	matcher_free(m);
	ruleset_free(s);
	buf_done(&events);
	arena_done(&f->a);
	free(f);
	return is_expected(dir, hits);
}

static void test_regression(void)
{
	DIR *d = opendir(CORPORA "sigma-regression");
	size_t pairs = 0, bad = 0;
	struct dirent *e;

	if (!d) {
		skip(CORPORA "sigma-regression");
		return;
	}
	while ((e = readdir(d))) {
		char path[600];

		snprintf(path, sizeof(path), CORPORA "sigma-regression/%s", e->d_name);
		if (strlen(e->d_name) != 36)
			continue;
		pairs++;
		if (pair_matches(path))
			continue;
		bad++;
		printf("# not matched: %s\n", path);
	}
	closedir(d);
	ok(pairs > 60, "%zu pairs of rule and event", pairs);
	is_int(bad, 0, "each rule matches its event");
}

int main(void)
{
	if (access(CORPORA "sigma-parse", R_OK) < 0) {
		skip(CORPORA "sigma-parse");
		return done_testing();
	}
	test_parse(CORPORA "sigma-parse");
	test_parse(CORPORA "sigma-parse/pysigma-inline");
	test_regression();
	return done_testing();
}
