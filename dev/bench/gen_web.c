/* SPDX-License-Identifier: Apache-2.0 */
/* gen_web — an access log as Apache writes it ("combined"), for measuring what is kept as text.
 * In: a number of lines, a seed. Out: the lines; the same seed gives the same bytes. Visitors come,
 * look at pages with everything those load, and go; robots walk about; scanners ask for what is not
 * there. Paths, queries, agents and referrers are of high entropy, as on a site that people search:
 * no skeleton of such a line is met often. */
#include "base/bytes.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define VISITORS 64 /* at the same time */
#define AGENTS 3000
#define WORDS (sizeof(words) / sizeof(*words))

static const char *const words[] = { "north",  "amber",	 "river",   "stone",  "paper",	"linen",
				     "copper", "garden", "window",  "silver", "oak",	"cotton",
				     "blue",   "winter", "summer",  "small",  "large",	"lamp",
				     "chair",  "table",	 "kitchen", "bath",   "desk",	"shelf",
				     "wool",   "glass",	 "leather", "bowl",   "basket", "mirror",
				     "clock",  "rug",	 "frame",   "hook",   "drawer", "cushion",
				     "candle", "vase",	 "stool",   "bench",  "tray",	"curtain" };
static const char *const hosts[] = { "www.google.com",	"www.bing.com",	    "duckduckgo.com",
				     "t.example.org",	"news.example.net", "forum.example.com",
				     "www.facebook.com" };
static const char *const missing[] = {
	"/wp-login.php",	 "/.env",	 "/xmlrpc.php",
	"/phpmyadmin/index.php", "/.git/config", "/admin/config.php"
};

struct visitor {
	unsigned address, agent, left;
	bool robot, scanner;
	char session[27], page[200];
};

static uint64_t state;

static uint64_t chance(void) /* splitmix64 */
{
	uint64_t z = state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static unsigned below(unsigned n)
{
	return (unsigned)((chance() >> 32) * n >> 32);
}

static unsigned skewed(unsigned n) /* the small ones far more often */
{
	return (unsigned)(exp((double)(chance() >> 11) * 0x1p-53 * log(n + 1.0)) - 1);
}

static void agent_text(unsigned number, char ret[static 200])
{
	static const char *const systems[] = { "Windows NT 10.0; Win64; x64", "X11; Linux x86_64",
					       "Macintosh; Intel Mac OS X 10_15_7",
					       "Linux; Android 10; K" };
	uint64_t had = state;
	const char *system;

	state = number * 0x9e3779b97f4a7c15ull;
	system = systems[below(4)];
	if (number % 12 == 0)
		snprintf(ret, 200, "Mozilla/5.0 (compatible; %s%u/%u.%u; +http://%s/bot.html)",
			 words[below(WORDS)], number, below(9), below(9), hosts[below(7)]);
	else if (number % 3)
		snprintf(
			ret, 200,
			"Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%u.0.%u.%u "
			"Safari/537.36",
			system, 90 + below(50), 4000 + below(3000), below(220));
	else
		snprintf(ret, 200, "Mozilla/5.0 (%s; rv:%u.0) Gecko/20100101 Firefox/%u.0", system,
			 80 + below(60), 80 + below(60));
	state = had;
}

static void slug(char *ret, size_t room)
{
	snprintf(ret, room, "%s-%s-%s-%u", words[below(WORDS)], words[below(WORDS)],
		 words[below(WORDS)], 1000 + skewed(90000));
}

static void token(char *ret, unsigned n)
{
	static const char set[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (unsigned i = 0; i < n; i++)
		ret[i] = set[below(64)];
	ret[n] = 0;
}

static void arrive(struct visitor *v)
{
	*v = (struct visitor){ .address = skewed(60000) * 2654435761u, .left = 1 + skewed(60) };
	v->robot = !below(10);
	v->scanner = !v->robot && !below(40);
	v->agent = v->robot ? 12 * skewed(AGENTS / 12) : 1 + skewed(AGENTS - 1);
	token(v->session, 26);
	if (below(2))
		snprintf(v->page, sizeof(v->page), "https://%s/search?q=%s+%s", hosts[below(7)],
			 words[below(WORDS)], words[below(WORDS)]);
	else
		snprintf(v->page, sizeof(v->page), "-");
}

/* The path asked for; true when it is a page, which further requests are referred by. */
static bool path_text(const struct visitor *v, char ret[static 200])
{
	char name[80], more[40];
	unsigned kind = below(v->robot ? 40 : 100);

	slug(name, sizeof(name));
	token(more, 8 + below(16));
	if (v->scanner)
		snprintf(ret, 200, "%s?%s=%s", missing[below(6)], words[below(WORDS)], more);
	else if (kind < 18)
		snprintf(ret, 200, "/shop/%s/%s.html", words[below(WORDS)], name);
	else if (kind < 30)
		snprintf(ret, 200, "/search?q=%s+%s&page=%u&sid=%s", words[below(WORDS)],
			 words[below(WORDS)], 1 + skewed(20), v->session);
	else if (kind < 40)
		snprintf(ret, 200, "/blog/%u/%02u/%s", 2012 + below(14), 1 + below(12), name);
	else if (kind < 70)
		snprintf(ret, 200, "/media/%02x/%02x/%s-%ux%u.jpg", below(256), below(256), name,
			 80 * (1 + below(12)), 60 * (1 + below(12)));
	else if (kind < 85)
		snprintf(ret, 200, "/static/%s.%08x.%s", words[skewed(WORDS)],
			 skewed(400) * 2654435761u, below(2) ? "js" : "css");
	else
		snprintf(ret, 200, "/api/v1/cart?token=%s&t=%u", more, (unsigned)(chance() >> 34));
	return !v->scanner && kind < 40;
}

static void line(struct visitor *v, time_t at)
{
	static const unsigned failures[] = { 404, 403, 500, 301, 302, 503 };
	unsigned status = v->scanner ? 404 : below(16) ? below(9) ? 200 : 304 : failures[skewed(6)];
	char path[200], agent[200], stamp[40];
	bool page = path_text(v, path);
	struct tm tm;

	agent_text(v->agent, agent);
	gmtime_r(&at, &tm);
	strftime(stamp, sizeof(stamp), "%d/%b/%Y:%H:%M:%S +0000", &tm);
	printf("%u.%u.%u.%u - - [%s] \"%s %s HTTP/1.1\" %u ", 1 + (v->address >> 24) % 220,
	       v->address >> 16 & 255, v->address >> 8 & 255, v->address & 255, stamp,
	       below(30) ? "GET" : "POST", path, status);
	if (status == 304)
		printf("-");
	else
		printf("%u", 200 + skewed(400000));
	printf(" \"%s\" \"%s\"\n", v->robot || v->scanner ? "-" : v->page, agent);
	if (page)
		snprintf(v->page, sizeof(v->page), "https://shop.example.org%.150s", path);
}

int main(int argc, char **argv)
{
	static struct visitor visitor[VISITORS];
	uint32_t n = 3000000, seed = 1;
	time_t at = 1772323200; /* 2026-03-01 */

	if (argc > 3 || (argc > 1 && !bytes_u32(bytes_str(argv[1]), &n)) ||
	    (argc > 2 && !bytes_u32(bytes_str(argv[2]), &seed))) {
		fputs("usage: gen_web [LINES [SEED]]\n", stderr);
		return 2;
	}
	state = seed;
	for (uint32_t i = 0; i < n; i++) {
		struct visitor *v = &visitor[below(VISITORS)];

		if (!v->left)
			arrive(v);
		v->left--;
		at += !below(20);
		line(v, at);
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
