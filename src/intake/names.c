/* SPDX-License-Identifier: Apache-2.0 */
#include "intake/names.h"
#include "base/hash.h"
#include "base/text.h"
#include "intake/names_in.h"
#include "intake/rotation.h"
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SCAN_EVERY USEC_PER_SEC
#define SCAN_GAP (USEC_PER_SEC / 50) /* directories that change all the time */
#define CLOCK_SLACK (USEC_PER_SEC / 20) /* times of birth come from a clock that ticks slowly */
#define RETRY_EVERY (30 * USEC_PER_SEC) /* files that might not be opened */
#define WATCH_STAYS (60 * USEC_PER_SEC) /* on a file that has lost its name */

int names_new(struct names **ret, uint32_t max_files)
{
	struct names *n = mem_new(1, sizeof(*n));

	n->max = max_files;
	n->open_fd = -1;
	n->gap = SCAN_GAP;
	n->started = (clock_real() - CLOCK_SLACK) * 1000;
	n->dir_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	n->data_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (n->dir_fd < 0 || n->data_fd < 0) {
		int r = -errno;

		names_free(n);
		return err_trace(r);
	}
	*ret = n;
	return 0;
}

static void entry_free(struct entry *e)
{
	free(e->path);
	free(e);
}

static void known_clear(struct names *n)
{
	for (size_t i = 0; i < n->known_n; i++)
		free(n->known[i].path);
	n->known_n = 0;
}

static void queue_clear(struct names *n)
{
	for (size_t i = n->queue_at; i < n->queue_n; i++) {
		free(n->queue[i].path);
		free(n->queue[i].base);
	}
	n->queue_n = n->queue_at = 0;
	if (n->open_fd >= 0)
		close(n->open_fd);
	n->open_fd = -1;
}

void names_clear(struct names *n)
{
	for (size_t i = 0; i < n->pattern_n; i++)
		free(n->patterns[i].text);
	for (size_t i = 0; i < n->former_n; i++)
		free(n->former[i]);
	n->pattern_n = n->former_n = 0;
	n->last = 0;
	n->cleared = true;
}

struct names *names_free(struct names *n)
{
	if (!n)
		return NULL;
	names_clear(n);
	known_clear(n);
	queue_clear(n);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (n->bucket[i]) {
			struct entry *e = n->bucket[i];

			n->bucket[i] = e->next;
			entry_free(e);
		}
	}
	for (size_t i = 0; i < n->dir_n; i++) {
		free(n->dirs[i].path);
		free(n->dirs[i].seen);
	}
	free(n->dirs);
	free(n->known);
	free(n->queue);
	free(n->patterns);
	if (n->dir_fd >= 0)
		close(n->dir_fd);
	if (n->data_fd >= 0)
		close(n->data_fd);
	free(n);
	return NULL;
}

int names_add(struct names *n, enum source_kind kind, const char *pattern, struct why *why)
{
	if (kind != SOURCE_FILE && kind != SOURCE_JOURNAL)
		return why_set(why, -EINVAL, "files of the kind %s cannot be followed",
			       source_kind_name(kind));
	if (pattern[0] != '/' || strlen(pattern) >= 4096)
		return why_set(why, -EINVAL,
			       "file pattern \"%s\": it must be an absolute path, such as "
			       "/var/log/nova/*.log",
			       pattern);
	n->patterns = mem_must(realloc(n->patterns, (n->pattern_n + 1) * sizeof(*n->patterns)));
	n->patterns[n->pattern_n].kind = kind;
	n->patterns[n->pattern_n++].text = mem_must(strdup(pattern));
	n->last = 0;
	return 0;
}

void names_known(struct names *n, struct bytes path, struct bytes position)
{
	struct known k = { 0 };

	if (!position_decode(position, k.at, &k.n) || bytes_chr(path, 0) != BYTES_NONE ||
	    !path.len || path.at[0] != '/')
		return;
	k.path = mem_must(strndup((const char *)path.at, path.len));
	n->known = mem_must(realloc(n->known, (n->known_n + 1) * sizeof(*n->known)));
	n->known[n->known_n++] = k;
	names_dir(n, k.path);
}

void names_again(struct names *n)
{
	queue_clear(n);
	known_clear(n);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = n->bucket[i]; e; e = e->next)
			e->id = e->told = (struct identity){ 0 };
	for (size_t i = 0; i < n->dir_n; i++) {
		n->dirs[i].listed = false;
		n->dirs[i].seen_n = 0;
	}
	n->retired_n = 0;
	n->last = 0;
}

/* -- what was told --------------------------------------------------------------------------- */

void names_retire(struct names *n, const struct identity *id)
{
	if (!id->ino)
		return;
	if (n->retired_n == RETIRED) {
		n->retired_n--;
		memmove(n->retired, n->retired + 1, n->retired_n * sizeof(*n->retired));
	}
	n->retired[n->retired_n++] = *id;
}

bool names_is_told(const struct names *n, const struct identity *id)
{
	for (size_t i = n->retired_n; i-- > 0;)
		if (identity_same(&n->retired[i], id))
			return true;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *e = n->bucket[i]; e; e = e->next)
			if (identity_same(&e->id, id) || identity_same(&e->told, id))
				return true;
	return false;
}

void names_push(struct names *n, enum control_type type, const char *path, const char *base,
		const struct identity *id)
{
	if (n->queue_n == n->queue_cap) {
		n->queue_cap = n->queue_cap ? 2 * n->queue_cap : 64;
		n->queue = mem_must(realloc(n->queue, n->queue_cap * sizeof(*n->queue)));
	}
	n->queue[n->queue_n++] = (struct waiting){
		.type = type,
		.path = mem_must(strdup(path)),
		.base = base ? mem_must(strdup(base)) : NULL,
		.id = id ? *id : (struct identity){ 0 },
	};
}

static void watch_retire(struct names *n, struct entry *e)
{
	if (e->watch >= 0 && n->old_watch_n < RETIRED) {
		n->old_watch[n->old_watch_n].watch = e->watch;
		n->old_watch[n->old_watch_n++].since = clock_mono();
	}
	e->watch = -1;
}

/* Rights change without a new name. */
static void refused_again(struct names *n, usec now)
{
	if (now < n->retry)
		return;
	n->retry = now + RETRY_EVERY;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = n->bucket[i]; e; e = e->next)
			if (e->refused)
				e->told = (struct identity){ 0 };
}

static bool watch_used(const struct names *n, int watch)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *e = n->bucket[i]; e; e = e->next)
			if (e->watch == watch)
				return true;
	return false;
}

static void watches_expire(struct names *n, usec now)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->old_watch_n; i++) {
		if (now - n->old_watch[i].since < WATCH_STAYS)
			n->old_watch[kept++] = n->old_watch[i];
		else if (!watch_used(n, n->old_watch[i].watch))
			inotify_rm_watch(n->data_fd, n->old_watch[i].watch);
	}
	n->old_watch_n = kept;
}

/* -- the scan -------------------------------------------------------------------------------- */

static size_t bucket_of(const char *path)
{
	return (size_t)(hash_keyed(bytes_str(path)) % BUCKETS);
}

struct entry *names_entry(struct names *n, const char *path)
{
	struct entry *e = n->bucket[bucket_of(path)];

	while (e && strcmp(e->path, path) != 0)
		e = e->next;
	return e;
}

static struct entry *entry_new(struct names *n, const char *path, enum source_kind kind)
{
	size_t b = bucket_of(path);
	struct entry *e;

	if (n->entry_n >= n->max) {
		if (!n->crowded)
			say(SAY_ERROR,
			    "more than %u files match the patterns: the rest is not "
			    "followed; raise max_files",
			    n->max);
		n->crowded = true;
		return NULL;
	}
	e = mem_new(1, sizeof(*e));
	e->path = mem_must(strdup(path));
	e->kind = kind;
	e->watch = -1;
	e->next = n->bucket[b];
	n->bucket[b] = e;
	n->entry_n++;
	if (kind == SOURCE_FILE)
		names_dir(n, path);
	return e;
}

/* The directories a pattern looks into, and the one where further ones may appear, tell of
 * changes. Asked again at each scan: that costs one call, and they come and go. */
static void watch_dirs(struct names *n, const char *pattern, enum source_kind kind)
{
	const uint32_t mask = IN_CREATE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR;
	char text[4096];
	glob_t g = { 0 };
	char *slash;

	snprintf(text, sizeof(text), "%s", pattern);
	slash = strrchr(text, '/');
	*(slash == text ? slash + 1 : slash) = 0;
	if (glob(text, GLOB_BRACE | GLOB_NOSORT | GLOB_ONLYDIR | GLOB_MARK, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++) {
			const char *path = g.gl_pathv[i];
			size_t len = strlen(path);

			inotify_add_watch(n->dir_fd, path, mask);
			/* Looked at from now on: what lies there already is not new. */
			if (kind == SOURCE_FILE && len < 4096 && path[len - 1] == '/' &&
			    n->dir_n < n->max)
				names_dir(n, path);
		}
	}
	globfree(&g);
	text[strcspn(text, "*?[{")] = 0;
	slash = strrchr(text, '/');
	if (slash && strlen(text) < strlen(pattern)) {
		slash[1] = 0;
		inotify_add_watch(n->dir_fd, text, mask);
	}
}

static void scan_path(struct names *n, const char *path, enum source_kind kind)
{
	struct identity id;
	struct entry *e;

	if (kind == SOURCE_FILE && rotation_compressed(bytes_str(path)))
		return;
	if (strlen(path) >= 4096 || !identity_of(path, true, &id, NULL))
		return;
	e = names_entry(n, path);
	if (!e)
		e = entry_new(n, path, kind);
	if (!e)
		return;
	e->seen = true;
	if (identity_same(&e->id, &id))
		return;
	names_retire(n, &e->told);
	e->id = id;
	e->refused = false;
}

/* Between two names: what rotation left of it is known by the one it had. */
static void former_add(struct names *n, const char *path)
{
	for (size_t i = 0; i < n->former_n; i++)
		if (!strcmp(n->former[i], path))
			return;
	if (n->former_n == FORMER) {
		free(n->former[0]);
		memmove(n->former, n->former + 1, --n->former_n * sizeof(*n->former));
	}
	n->former[n->former_n++] = mem_must(strdup(path));
}

static void entries_gone(struct names *n)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct entry **p = &n->bucket[i]; *p;) {
			struct entry *e = *p;

			if (e->seen) {
				p = &e->next;
				continue;
			}
			names_retire(n, &e->told);
			if (e->told.ino)
				names_push(n, e->kind == SOURCE_FILE ? CTL_GONE : CTL_JOURNAL_GONE,
					   e->path, NULL, NULL);
			if (e->kind == SOURCE_FILE && !n->cleared)
				former_add(n, e->path);
			watch_retire(n, e);
			*p = e->next;
			n->entry_n--;
			entry_free(e);
		}
	}
}

static int path_order(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->path, (*(struct entry *const *)b)->path);
}

/* Names that are another file than was told, in the order of their paths. */
static void entries_changed(struct names *n)
{
	struct entry **all = mem_new(n->entry_n + 1, sizeof(struct entry *));
	size_t k = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = n->bucket[i]; e; e = e->next)
			if (!identity_same(&e->id, &e->told))
				all[k++] = e;
	if (k)
		qsort(all, k, sizeof(struct entry *), path_order);
	for (size_t i = 0; i < k; i++) {
		watch_retire(n, all[i]);
		names_push(n, all[i]->kind == SOURCE_FILE ? CTL_FILE : CTL_JOURNAL, all[i]->path,
			   NULL, &all[i]->id);
		all[i]->told = all[i]->id;
	}
	free(all);
}

static void drain(int fd)
{
	char room[16384];

	while (read(fd, room, sizeof(room)) > 0)
		;
}

int names_scan(struct names *n, usec now)
{
	usec from = clock_cpu(), took;

	drain(n->dir_fd);
	if (n->last && now - n->last < n->gap) {
		n->due = n->last + n->gap;
		return 0;
	}
	n->last = now ? now : 1;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *e = n->bucket[i]; e; e = e->next)
			e->seen = false;
	for (size_t i = 0; i < n->pattern_n; i++) {
		glob_t g = { 0 };

		watch_dirs(n, n->patterns[i].text, n->patterns[i].kind);
		if (glob(n->patterns[i].text, GLOB_BRACE | GLOB_NOSORT, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc; k++)
				scan_path(n, g.gl_pathv[k], n->patterns[i].kind);
		globfree(&g);
	}
	n->scans++;
	entries_gone(n);
	n->cleared = false;
	refused_again(n, now);
	for (size_t i = 0; i < n->dir_n; i++)
		names_list(n, &n->dirs[i]);
	entries_changed(n);
	watches_expire(n, now);
	/* A tenth of a core at most. On a busy machine a scan takes long, but costs no more: that
	 * is no reason to look less often. */
	took = clock_cpu() - from;
	n->gap = took > 0 && 10 * took > SCAN_GAP ? 10 * took : SCAN_GAP;
	n->due = now + (n->gap > SCAN_EVERY ? n->gap : SCAN_EVERY);
	return 0;
}

void names_each(const struct names *n, names_fn *fn, void *ctx)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *e = n->bucket[i]; e; e = e->next)
			if (e->id.ino)
				fn(ctx, e->path, e->id.dev, e->id.ino);
}

usec names_due(const struct names *n)
{
	return n->due;
}

int names_fd(const struct names *n)
{
	return n->dir_fd;
}

int names_watch_fd(const struct names *n)
{
	return n->data_fd;
}

/* -- the events ------------------------------------------------------------------------------ */

static void refuse(struct names *n, struct waiting *w, int r)
{
	struct entry *e = names_entry(n, w->path);
	struct buf b = { 0 };

	if (!e || e->refused || r == -ENOENT)
		return;
	e->refused = true;
	text_safe(&b, bytes_str(w->path), NULL);
	say(SAY_WARN, "%s is not followed: %s", buf_cstr(&b),
	    r == -ELOOP ? "a symbolic link on its path was made by somebody else than root or "
			  "the owner of the file"
			: strerror(-r));
	buf_done(&b);
}

static bool opens(enum control_type type)
{
	return type == CTL_FILE || type == CTL_JOURNAL || type == CTL_SIBLING ||
	       type == CTL_ROTATED;
}

static void close_waiting(struct names *n)
{
	if (n->open_fd >= 0)
		close(n->open_fd);
	n->open_fd = -1;
}

/* The file has another name by now: it is found again at the next scan, as if it were new. */
static void find_again(struct names *n, const struct waiting *w)
{
	struct dir *d = names_dir(n, w->path);

	for (size_t i = 0; i < n->retired_n; i++)
		if (identity_same(&n->retired[i], &w->id))
			n->retired[i] = (struct identity){ 0 };
	for (size_t i = 0; i < d->seen_n; i++) {
		if (!identity_same(&d->seen[i].id, &w->id))
			continue;
		memmove(&d->seen[i], &d->seen[i + 1], (--d->seen_n - i) * sizeof(*d->seen));
		break;
	}
	d->relist = true;
	n->due = n->last + n->gap;
}

static void add_watch(struct names *n, struct entry *e, struct control *c)
{
	char proc[64];

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", n->open_fd);
	c->watch = inotify_add_watch(n->data_fd, proc, IN_MODIFY);
	if (e) {
		e->watch = c->watch;
	} else if (c->watch >= 0) {
		struct entry sibling = { .watch = c->watch };

		watch_retire(n, &sibling);
	}
}

/* The name may be another file by now; for a followed name that one is as good. */
static bool open_waiting(struct names *n, struct waiting *w, struct control *ret)
{
	struct entry *e = names_entry(n, w->path);
	struct identity id;
	int r;

	r = names_open(w->path, &id, &n->open_fd);
	if (r < 0) {
		n->open_fd = -1;
		refuse(n, w, r);
		if (e && r == -ENOENT)
			e->told = (struct identity){ 0 };
		find_again(n, w);
		return false;
	}
	if (!identity_same(&id, &w->id))
		find_again(n, w); /* the intake has not heard of that one */
	if (!identity_same(&id, &w->id) && w->base) {
		close_waiting(n);
		return false;
	}
	if (e && !w->base)
		e->id = e->told = id;
	ret->dev = id.dev;
	ret->ino = id.ino;
	ret->fd = n->open_fd;
	if (w->type != CTL_JOURNAL)
		add_watch(n, w->base ? NULL : e, ret);
	return true;
}

bool names_next(struct names *n, struct control *ret)
{
	close_waiting(n); /* of an event that could not be sent: it is opened anew */
	while (n->queue_at < n->queue_n) {
		struct waiting *w = &n->queue[n->queue_at];
		struct control c = { .type = w->type,
				     .name = bytes_str(w->path),
				     .base = bytes_str(w->base),
				     .watch = -1,
				     .fd = -1 };

		if (!opens(w->type) || open_waiting(n, w, &c)) {
			*ret = c;
			return true;
		}
		names_done(n);
	}
	n->queue_at = n->queue_n = 0;
	return false;
}

void names_done(struct names *n)
{
	struct waiting *w = &n->queue[n->queue_at++];

	free(w->path);
	free(w->base);
	close_waiting(n);
}

int names_tell(struct names *n, int control_fd)
{
	struct control c;

	while (names_next(n, &c)) {
		int r = control_send(control_fd, &c);

		if (r)
			return r;
		names_done(n);
	}
	return 0;
}
