/* SPDX-License-Identifier: Apache-2.0 */
/* The position of a name is kept under the first id that had the name. */
#include "cmd/serve/places.h"
#include "tap.h"

static struct source source(enum source_kind kind, const char *host, const char *name)
{
	return (struct source){ .kind = kind, .host = bytes_str(host), .name = bytes_str(name) };
}

int main(void)
{
	struct places *p = places_new();
	struct source a = source(SOURCE_FILE, "h1", "/a"), b = source(SOURCE_FILE, "h2", "/a");
	struct source c = source(SOURCE_IMPORT, "h1", "/a"), d = source(SOURCE_FILE, "h1", "/b");
	bool good = true;

	is_int(places_of(p, &a, 1), 1, "first");
	is_int(places_of(p, &b, 2), 1, "the same file under another host");
	is_int(places_of(p, &c, 3), 3, "another kind");
	is_int(places_of(p, &d, 4), 4, "another name");
	for (uint32_t i = 0; i < 5000; i++) {
		char name[32];
		struct source s;

		snprintf(name, sizeof(name), "/many/%u", i);
		s = source(SOURCE_FILE, "h", name);
		good &= places_of(p, &s, 100 + i) == 100 + i;
		good &= places_of(p, &s, 9000 + i) == 100 + i;
	}
	ok(good, "and thousands more");
	is_int(places_of(p, &b, 5), 1, "still the first");
	places_free(p);
	return done_testing();
}
