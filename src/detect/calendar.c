/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"
#include "detect/calendar_in.h"
#include "query/glob.h"
#include <fcntl.h>
#include <stdlib.h>

struct calendar *calendar_new(void)
{
	return mem_new(1, sizeof(struct calendar));
}

struct calendar *calendar_free(struct calendar *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		free(c->windows[i].spans);
	free(c->windows);
	zones_free(c->zones);
	arena_done(&c->texts);
	free(c);
	return NULL;
}

struct window *window_add(struct calendar *c)
{
	struct window *w;

	if (c->n == CALENDAR_WINDOWS)
		return NULL;
	if (c->n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 16;
		c->windows = mem_must(realloc(c->windows, c->cap * sizeof(*c->windows)));
	}
	w = &c->windows[c->n++];
	*w = (struct window){ .lo = 1 };
	return w;
}

void window_drop(struct calendar *c)
{
	free(c->windows[--c->n].spans);
}

bool words_add(struct calendar *c, struct words *w, struct bytes word)
{
	word = bytes_trim(word);
	if (!word.len)
		return true;
	if (w->n == WINDOW_WORDS)
		return false;
	if (!w->n)
		w->at = arena_take(&c->texts, WINDOW_WORDS * sizeof(*w->at));
	w->at[w->n++] = arena_copy(&c->texts, word);
	return true;
}

bool what_parse(struct bytes word, unsigned *ret)
{
	static const struct {
		const char *name;
		unsigned what;
	} known[] = {
		{ "stop", CALENDAR_STOP },     { "start", CALENDAR_START },
		{ "reload", CALENDAR_RELOAD }, { "restart", CALENDAR_STOP | CALENDAR_START },
		{ "reboot", CALENDAR_REBOOT }, { "upgrade", CALENDAR_UPGRADE },
		{ "login", CALENDAR_LOGIN },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!bytes_ieq(word, bytes_str(known[i].name)))
			continue;
		*ret |= known[i].what;
		return true;
	}
	return false;
}

int calendar_read(struct calendar *c, const char *name, struct bytes text, bool ical,
		  struct why *why)
{
	return ical ? calendar_ical(c, name, text, why) : calendar_yaml(c, name, text, why);
}

int calendar_load(struct calendar **ret, const char *const *paths, size_t n, struct why *why)
{
	struct calendar *c = calendar_new();
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		struct bytes name = bytes_str(paths[i]);
		bool ical = bytes_ends(name, BYTES(".ics")) || bytes_ends(name, BYTES(".ical"));
		struct buf text = { 0 };

		if (!ical && !bytes_ends(name, BYTES(".yaml")) && !bytes_ends(name, BYTES(".yml")))
			r = why_set(why, -EINVAL, "%s: a calendar is a .yaml or an .ics file",
				    paths[i]);
		else if ((r = io_read_file(AT_FDCWD, paths[i], CALENDAR_FILE, &text)) < 0)
			why_set(why, r, "%s: %s", paths[i], strerror(-r));
		else
			r = calendar_read(c, paths[i], buf_view(&text), ical, why);
		buf_done(&text);
	}
	if (r < 0) {
		calendar_free(c);
		return r;
	}
	*ret = c;
	return 0;
}

static bool any_matches(const struct words *w, struct bytes text, uint8_t cut)
{
	if (!w->n)
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (glob_match(w->at[i], text) ||
		    glob_match(w->at[i], bytes_sub(text, 0, bytes_chr(text, cut))))
			return true;
	return false;
}

static bool is_for(const struct window *w, const struct calendar_ask *ask)
{
	struct bytes service = ask->service;

	if (!(w->what & ask->what))
		return false;
	if (bytes_ends(service, BYTES(".service")))
		service.len -= 8;
	/* "cmp-07" also stands for cmp-07.example.org, "getty" for getty@tty1 */
	return any_matches(&w->hosts, ask->host, '.') && any_matches(&w->services, service, '@') &&
	       any_matches(&w->who, ask->who, '\0');
}

bool calendar_covers(struct calendar *c, const struct calendar_ask *ask, struct bytes *ret_name)
{
	for (size_t i = 0; c && i < c->n; i++) {
		struct window *w = &c->windows[i];

		if (!is_for(w, ask))
			continue;
		window_expand(w, ask->at);
		for (size_t k = 0; k < w->spans_n; k++) {
			if (ask->at < w->spans[k].from || ask->at >= w->spans[k].to)
				continue;
			if (ret_name)
				*ret_name = w->name;
			return true;
		}
	}
	return false;
}

size_t calendar_windows(const struct calendar *c)
{
	return c ? c->n : 0;
}

size_t calendar_ignored(const struct calendar *c)
{
	return c ? c->ignored : 0;
}
