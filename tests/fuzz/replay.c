/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c — gives every file of the named folders to a fuzz target, and every prefix of the
 * short ones: a parser that trusts a length breaks at one of them. One test a file. */
#include "tap.h"
#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input lies in memory of exactly its size, so that AddressSanitizer sees one byte too far. */
static void replay_one(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static void replay_file(const char *dir, const char *name)
{
	static uint8_t data[1 << 20];
	char path[4096];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f) {
		ok(false, "%s cannot be read", name);
		return;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	replay_one(data, n);
	for (size_t cut = 0; n <= 2048 && cut < n; cut++)
		replay_one(data, cut);
	ok(true, "%s, %zu bytes", name, n);
}

int main(int argc, char **argv)
{
	replay_one((const uint8_t *)"", 0);
	ok(true, "nothing at all");
	for (int i = 1; i < argc; i++) {
		struct dirent **all;
		int n = scandir(argv[i], &all, NULL, alphasort);

		for (int k = 0; k < n; k++) {
			if (all[k]->d_name[0] != '.')
				replay_file(argv[i], all[k]->d_name);
			free(all[k]);
		}
		if (n >= 0)
			free(all);
	}
	return done_testing();
}
