/* SPDX-License-Identifier: Apache-2.0 */
#include "query/output.h"
#include "query/table.h"
#include "query/tally.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>

static struct table t;

static void fill(void)
{
	static const struct {
		const char *ip, *user;
		int n;
	} rows[] = { { "10.0.0.10", "b", 3 },
		     { "9.0.0.1", "a", 5 },
		     { "10.0.0.9", "a", 3 },
		     { NULL, "c", 9 },
		     { "::ffff:9.0.0.2", "b", 1 } };

	table_init(&t, 3);
	t.columns[0] = (struct table_column){ BYTES("source.ip"), TYPE_IP };
	t.columns[1] = (struct table_column){ BYTES("user.name"), TYPE_KEYWORD };
	t.columns[2] = (struct table_column){ BYTES("count"), TYPE_NUMBER };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct item *row = table_add(&t);

		if (rows[i].ip)
			row[0] = (struct item){ .kind = ITEM_TEXT, .text = bytes_str(rows[i].ip) };
		row[1] = (struct item){ .kind = ITEM_TEXT, .text = bytes_str(rows[i].user) };
		row[2] = (struct item){ .kind = ITEM_NUM, .num = rows[i].n * NUM_ONE };
	}
}

static void is_table(const char *want, const char *what)
{
	struct buf got = { 0 };

	output_table(&got, &t, true, false);
	is_bytes(buf_view(&got), bytes_str(want), "%s", what);
	buf_done(&got);
	table_done(&t);
}

static void stages(void)
{
	unsigned ip = 0, user = 1, count = 2, both[] = { 2, 1 };
	bool up = false, down = true, mixed[] = { true, false };
	struct having least = { .column = 2, .op = CMP_GE, .num = 3 * NUM_ONE };
	struct having not_b = { .column = 1, .op = CMP_NE, .text = BYTES("b") };
	struct having net = { .column = 0, .op = CMP_LT, .text = BYTES("10.0.0.10") };

	fill();
	table_sort(&t, &ip, &up, 1);
	table_pick(&t, &ip, 1);
	is_table("{\"source.ip\":\"9.0.0.1\"}\n{\"source.ip\":\"::ffff:9.0.0.2\"}\n"
		 "{\"source.ip\":\"10.0.0.9\"}\n{\"source.ip\":\"10.0.0.10\"}\n{}\n",
		 "addresses by value, what is absent last");
	fill();
	table_sort(&t, &ip, &down, 1);
	table_pick(&t, &count, 1);
	is_table("{\"count\":3}\n{\"count\":3}\n{\"count\":1}\n{\"count\":5}\n{\"count\":9}\n",
		 "the other way round, what is absent still last");
	fill();
	table_sort(&t, both, mixed, 2);
	table_keep(&t, 1, 3);
	table_pick(&t, both, 2);
	is_table("{\"count\":5,\"user.name\":\"a\"}\n{\"count\":3,\"user.name\":\"a\"}\n"
		 "{\"count\":3,\"user.name\":\"b\"}\n",
		 "two columns, then rows two to four");
	fill();
	table_keep_by(&t, &user, 1, 1, false);
	table_pick(&t, both, 2);
	is_table("{\"count\":3,\"user.name\":\"b\"}\n{\"count\":5,\"user.name\":\"a\"}\n"
		 "{\"count\":9,\"user.name\":\"c\"}\n",
		 "the first of each user");
	fill();
	table_keep_by(&t, &user, 1, 1, true);
	table_pick(&t, both, 2);
	is_table("{\"count\":3,\"user.name\":\"a\"}\n{\"count\":9,\"user.name\":\"c\"}\n"
		 "{\"count\":1,\"user.name\":\"b\"}\n",
		 "the last of each user");
	fill();
	table_where(&t, (struct having[]){ least, not_b }, 2);
	table_pick(&t, both, 2);
	is_table("{\"count\":5,\"user.name\":\"a\"}\n{\"count\":3,\"user.name\":\"a\"}\n"
		 "{\"count\":9,\"user.name\":\"c\"}\n",
		 "where");
	fill();
	table_where(&t, &net, 1);
	table_compact(&t);
	table_pick(&t, &count, 1);
	is_table("{\"count\":5}\n{\"count\":3}\n{\"count\":1}\n", "where on addresses");
}

static void text(void)
{
	struct buf got = { 0 };

	fill();
	t.items[1].text = BYTES("\033[31mx\n");
	output_table(&got, &t, false, false);
	is_bytes(buf_view(&got),
		 BYTES("source.ip       user.name      count\n"
		       "10.0.0.10       \\x1b[31mx\\x0a      3\n"
		       "9.0.0.1         a                  5\n"
		       "10.0.0.9        a                  3\n"
		       "-               c                  9\n"
		       "::ffff:9.0.0.2  b                  1\n"),
		 "aligned, and nothing of it steers a terminal");
	buf_done(&got);
	table_done(&t);
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void percentiles(void)
{
	static double all[50000];
	static const unsigned sizes[] = { 1, 2, 10, TALLY_EXACT, TALLY_EXACT + 1, 50000 };

	srand(5);
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct tally a = { 0 }, b = { 0 };
		size_t bytes = 0;
		double worst = 0;

		for (unsigned i = 0; i < sizes[s]; i++) {
			__int128 v = ((__int128)rand() - RAND_MAX / 8) * (1 + rand() % 1000);

			all[i] = num_double(v);
			tally_number(rand() % 2 ? &a : &b, AGG_PERCENTILE, v, &bytes);
		}
		tally_merge(&a, AGG_PERCENTILE, &b, NULL, &bytes);
		qsort(all, sizes[s], sizeof(all[0]), cmp);
		for (unsigned p = 1; p < 100; p++) {
			double want = all[(sizes[s] * p + 99) / 100 - 1];
			double off = fabs(tally_percentile(&a, p) - want) / (fabs(want) + 1e-9);

			worst = off > worst ? off : worst;
		}
		ok(worst <= (sizes[s] <= TALLY_EXACT ? 0 : 0.00501), "%u values: off by %.4f %%",
		   sizes[s], worst * 100);
		ok(bytes < 1u << 20, "in %zu bytes", bytes);
		tally_done(&a, AGG_PERCENTILE);
	}
}

static void distinct(void)
{
	struct tally a = { 0 }, b = { 0 };
	uint32_t rename[1000];
	size_t bytes = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		rename[i] = i + 500;
		tally_code(&a, i, &bytes);
		tally_code(&a, i / 2, &bytes);
		tally_code(&b, i, &bytes);
	}
	is_int(a.n, 1000, "distinct values");
	tally_merge(&a, AGG_DC, &b, rename, &bytes);
	is_int(a.n, 1500, "of two threads that numbered them differently");
	tally_done(&a, AGG_DC);
}

static void sums(void)
{
	struct tally a = { 0 }, b = { 0 };
	size_t bytes = 0;

	tally_number(&a, AGG_MIN, 5, &bytes);
	tally_number(&b, AGG_MIN, -3, &bytes);
	tally_number(&b, AGG_MIN, 9, &bytes);
	tally_merge(&a, AGG_MIN, &b, NULL, &bytes);
	ok(a.num == -3 && a.n == 3, "the least");
	a = (struct tally){ 0 };
	tally_number(&b, AGG_MAX, -7, &bytes);
	tally_merge(&a, AGG_MAX, &b, NULL, &bytes);
	ok(a.num == -7 && a.n == 1, "the largest, when it is negative");
}

int main(void)
{
	stages();
	text();
	percentiles();
	distinct();
	sums();
	return done_testing();
}
