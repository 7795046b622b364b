/* SPDX-License-Identifier: Apache-2.0 */
/* leaf_hash [LENGTH] — what a leaf and a node of the tree cost here, beside libcrypto: the reason
 * for base/sha256.c. Nanoseconds of CPU time, best of five. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/sha256.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define N 20000

static struct bytes leaf[N];
static struct hash256 out[N], in[2 * N];

static void ours_leaves(void)
{
	sha256_leaves(leaf, N, out);
}

static void ours_nodes(void)
{
	sha256_nodes(in, N, out);
}

static void crypto_leaves(void)
{
	static EVP_MD *md;
	static EVP_MD_CTX *ctx;

	if (!md) {
		md = mem_must(EVP_MD_fetch(NULL, "SHA256", NULL));
		ctx = mem_must(EVP_MD_CTX_new());
	}
	for (size_t i = 0; i < N; i++) {
		EVP_DigestInit_ex2(ctx, md, NULL);
		EVP_DigestUpdate(ctx, "", 1);
		EVP_DigestUpdate(ctx, leaf[i].at, leaf[i].len);
		EVP_DigestFinal_ex(ctx, out[i].at, NULL);
	}
}

static void measure(const char *what, void (*run)(void))
{
	usec best = INT64_MAX;

	for (int i = 0; i < 5; i++) {
		usec from = clock_cpu();

		run();
		from = clock_cpu() - from;
		best = from < best ? from : best;
	}
	printf("%-28s %6.1f ns\n", what, (double)best * 1000 / N);
}

int main(int argc, char **argv)
{
	uint64_t length = 283;
	uint8_t *data;

	if (argc > 2 ||
	    (argc == 2 && (!bytes_u64(bytes_str(argv[1]), &length) || length > 65536))) {
		fprintf(stderr, "usage: leaf_hash [LENGTH]\n");
		return 2;
	}
	data = mem_new(N, length + 1);
	for (size_t i = 0; i < N; i++)
		leaf[i] = bytes_of(data + i * length, length);
	printf("leaves of %llu bytes\n", (unsigned long long)length);
	measure("leaf, libcrypto", crypto_leaves);
	measure("leaf, ours, two at a time", ours_leaves);
	measure("node, ours, two at a time", ours_nodes);
	free(data);
	return 0;
}
