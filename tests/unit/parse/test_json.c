/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "parse/json.h"
#include "tap.h"

static struct arena scratch;

static void note(void *ctx, const struct json_leaf *leaf)
{
	struct buf *out = ctx;
	struct bytes v = leaf->escaped ? json_unescape(&scratch, leaf->value) : leaf->value;

	buf_printf(out, "%s%.*s=%.*s", out->len ? " " : "", (int)leaf->path.len,
		   (const char *)leaf->path.at, (int)v.len, (const char *)v.at);
}

/* want: the leaves; NULL where the text is no object */
static void gives(const char *text, const char *want)
{
	struct buf out = { 0 };
	bool good = json_walk(bytes_str(text), note, &out);

	ok(good == (want != NULL), "%.60s is %staken", text, want ? "" : "not ");
	if (want)
		is_bytes(buf_view(&out), bytes_str(want), "%.60s", text);
	buf_done(&out);
	arena_reset(&scratch);
}

int main(void)
{
	char deep[4096];
	size_t n = 0;

	gives("{}", "");
	gives(" { } ", "");
	gives("{\"a\":1}", "a=1");
	gives("{\"a\":{\"b\":{\"c\":\"d\"}},\"e\":true}", "a.b.c=d e=true");
	gives("{\"a\":[1,{\"b\":2},[3,\"x\"]],\"c\":null}", "a=1 a.b=2 a=3 a=x c=");
	gives("{\"a.b\":1,\"a\":{\"b\":2}}", "a.b=1 a.b=2");
	gives("{\"a\":{},\"b\":[],\"c\":[[]]}", "");
	gives("{\"a\":[{\"b\":1},{\"b\":2}],\"c\":3}", "a.b=1 a.b=2 c=3");
	gives("{\"\\u0061\":\"\\u00e9\\ud83d\\ude00\\n\\ud800\"}",
	      "a=\xc3\xa9\xf0\x9f\x98\x80\n\xef\xbf\xbd");
	gives("{\"a\":-0.5e+10}", "a=-0.5e+10");
	gives("[1]", NULL);
	gives("", NULL);
	gives("{", NULL);
	gives("{\"a\"}", NULL);
	gives("{\"a\":}", NULL);
	gives("{\"a\":1,}", NULL);
	gives("{\"a\":01}", NULL);
	gives("{\"a\":1.}", NULL);
	gives("{\"a\":\"\t\"}", NULL);
	gives("{\"a\":\"\\x\"}", NULL);
	gives("{\"a\":\"\\u12\"}", NULL);
	gives("{\"a\":1} x", NULL);
	gives("{\"a\":[1}", NULL);
	gives("{\"a\":tru}", NULL);

	/* deeper than paths are kept, then deeper than is walked */
	for (unsigned i = 0; i < 100; i++)
		n += (size_t)snprintf(deep + n, sizeof(deep) - n, "{\"k\":");
	n += (size_t)snprintf(deep + n, sizeof(deep) - n, "1");
	for (unsigned i = 0; i < 100; i++)
		deep[n++] = '}';
	deep[n] = 0;
	gives(deep, "");
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "{\"k\":", 5);
	ok(!json_walk(bytes_of(deep, sizeof(deep)), note, NULL), "too deep is not taken");
	arena_done(&scratch);
	return done_testing();
}
