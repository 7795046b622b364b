/* SPDX-License-Identifier: Apache-2.0 */
/* Real logs in which nothing fell silent, replayed with their own times as the clock: as they are
 * given to `vedette detect`, and as if they had arrived at those times, with a tick each few
 * seconds. A log that has no times cannot be replayed. */
#include "parse/parse.h"
#include "silence_kit.h"
#include <dirent.h>
#include <unistd.h>

#define CORPORA "../shared/corpora"
#define LINES_MAX 200000

struct line {
	usec at;
	char level[12];
};

static struct line lines[LINES_MAX];
static size_t files_n, told_n;

static size_t read_lines(const char *path)
{
	static struct event e;
	struct arena scratch = { 0 };
	struct parse_hint hint = { .kind = SOURCE_FILE,
				   .name = bytes_str(path),
				   .host = BYTES("h"),
				   .arrival = MONDAY,
				   .year = 2020 };
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t room = 0, n = 0;
	ssize_t len;

	e.scratch = &scratch;
	while (f && n < LINES_MAX && (len = getline(&text, &room, f)) > 0) {
		parse_record(&hint, bytes_of(text, (size_t)len), &e);
		lines[n].at = e.time;
		keep_text(lines[n].level, sizeof(lines[n].level), event_get(&e, FIELD_LOG_LEVEL));
		n += e.time != USEC_NONE && e.time > 0;
		arena_reset(&scratch);
	}
	arena_done(&scratch);
	free(text);
	if (f)
		fclose(f);
	return n;
}

/* A line that is older than the one before arrived just after it. */
static size_t replay(size_t n, bool by_time)
{
	struct silence_options o = { .by_time = by_time };
	struct source src = file_source(1, "h", "/var/log/it.log");
	static struct keeper k;
	struct silence *s;
	usec now = lines[0].at, newest = now, step;

	k.n = k.quiet = 0;
	for (size_t i = 0; i < n; i++)
		newest = lines[i].at > newest ? lines[i].at : newest;
	step = (newest - now) / 200000 + 2 * SECOND;
	silence_new(&s, &o);
	for (size_t i = 0; i < n; i++) {
		for (; now + step < lines[i].at; now += step)
			silence_tick(s, now, keep, &k);
		if (lines[i].at > now || by_time)
			now = lines[i].at;
		say_line(s, &src, now, lines[i].level[0] ? lines[i].level : NULL, NULL, &k);
		silence_tick(s, now, keep, &k);
	}
	silence_free(s);
	show(&k);
	return k.quiet;
}

static void one(const char *path)
{
	size_t n = read_lines(path), told;

	if (n < 30)
		return;
	told = replay(n, true) + replay(n, false);
	files_n++;
	told_n += told;
	if (told)
		printf("# ^ %s, %zu lines\n", path, n);
}

static void folder(const char *path)
{
	struct dirent **all;
	int n = scandir(path, &all, NULL, alphasort);
	char below[1024];

	for (int i = 0; i < n; i++) {
		snprintf(below, sizeof(below), "%s/%s", path, all[i]->d_name);
		if (all[i]->d_name[0] != '.') {
			if (all[i]->d_type == DT_DIR)
				folder(below);
			else
				one(below);
		}
		free(all[i]);
	}
	if (n >= 0)
		free(all);
}

int main(void)
{
	static const char *const of[] = { "loghub", "openstack-real", "syslog", "auth-fail2ban",
					  "auditd" };

	if (access(CORPORA, R_OK) != 0) {
		skip("there are no corpora beside the project");
		return done_testing();
	}
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		char path[256];

		files_n = told_n = 0;
		snprintf(path, sizeof(path), CORPORA "/%s", of[i]);
		folder(path);
		is_int(told_n, 0, "%s: no false silence in %zu logs", of[i], files_n);
	}
	return done_testing();
}
