/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "tap.h"

static void safe_is(const char *in, size_t len, const char *keep, const char *want)
{
	struct buf b = { 0 };

	text_safe(&b, bytes_of(in, len), keep);
	is_bytes(buf_view(&b), bytes_str(want), "shown as %s", want);
	buf_done(&b);
}
#define safe(in, keep, want) safe_is(in, sizeof(in) - 1, keep, want)

static void terminal(void)
{
	safe("", NULL, "");
	safe("plain \\ text", NULL, "plain \\ text");
	safe("a\x1b[31mred", NULL, "a\\x1b[31mred");
	safe("a\x9b"
	     "31m",
	     NULL, "a\\x9b31m"); /* 8-bit CSI, bare */
	safe("a\xc2\x9b"
	     "31m",
	     NULL, "a\\u{9b}31m"); /* the same as UTF-8 */
	safe("a\0b", NULL, "a\\x00b");
	safe("a\r\nb\tc", NULL, "a\\x0d\\x0ab\\x09c");
	safe("a\r\nb\tc", "\t", "a\\x0d\\x0ab\tc");
	safe("a\0b", "\t", "a\\x00b"); /* keep ends in a NUL, it names none */
	safe("\x7f", NULL, "\\x7f");
	safe("na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", NULL,
	     "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80");
	safe("\xe2\x80\xae"
	     "evil",
	     NULL, "\\u{202e}evil"); /* right-to-left override */
	safe("\xe2\x81\xa6\xe2\x80\xa8\xef\xbb\xbf", NULL, "\\u{2066}\\u{2028}\\u{feff}");
	safe("\xc0\x9b", NULL, "\\xc0\\x9b"); /* overlong */
	safe("\xe2\x82", NULL, "\\xe2\\x82"); /* cut off */
	safe("\xed\xa0\x80", NULL, "\\xed\\xa0\\x80"); /* surrogate */
	safe("\xff\xfe", NULL, "\\xff\\xfe");
}

/* Whatever comes in, no control byte goes out. */
static void terminal_all(void)
{
	struct buf b = { 0 };
	bool clean = true;

	for (int hi = 0; hi < 256; hi++)
		for (int lo = 0; lo < 256; lo++) {
			uint8_t in[3] = { (uint8_t)hi, (uint8_t)lo, 'x' };

			text_safe(&b, bytes_of(in, 3), NULL);
		}
	for (size_t i = 0; i < b.len; i++)
		clean = clean && b.at[i] >= 0x20 && b.at[i] != 0x7f;
	ok(clean, "no pair of bytes brings a control byte out");
	for (struct bytes rest = buf_view(&b); rest.len;) {
		size_t n = utf8_length(rest);

		clean = clean && n && !(n == 2 && rest.at[0] == 0xc2 && rest.at[1] < 0xa0);
		rest = bytes_from(rest, n ? n : 1);
	}
	ok(clean, "nor a C1 control, nor bad UTF-8");
	buf_done(&b);
}

static void json_is(const char *in, size_t len, const char *want)
{
	struct buf b = { 0 };

	json_string(&b, bytes_of(in, len));
	is_bytes(buf_view(&b), bytes_str(want), "in JSON %s", want);
	buf_done(&b);
}
#define json(in, want) json_is(in, sizeof(in) - 1, want)

static void json_strings(void)
{
	json("", "\"\"");
	json("a\"b\\c/", "\"a\\\"b\\\\c/\"");
	json("\0\1\x1f\x7f", "\"\\u0000\\u0001\\u001f\\u007f\"");
	json("\n\r\t\b", "\"\\n\\r\\t\\u0008\"");
	json("\xe2\x82\xac", "\"\xe2\x82\xac\"");
	json("a\xff\xc3", "\"a\\ufffd\\ufffd\"");
	json("\xed\xa0\x80z", "\"\\ufffd\\ufffd\\ufffdz\"");
}

static void utf8(void)
{
	int one = 0, two = 0, three = 0;

	is_int(utf8_length(BYTES("")), 0, "nothing is no character");
	for (int c = 0; c < 256; c++) {
		uint8_t in[4] = { (uint8_t)c, 0x80, 0x80, 0x80 };
		size_t n = utf8_length(bytes_of(in, 4));

		one += n == 1;
		two += n == 2;
		three += n == 3;
	}
	ok(one == 128 && two == 30 && three == 15, "lead bytes: %d, %d, %d", one, two, three);
	is_int(utf8_length(BYTES("\xef\xbf\xbf")), 3, "U+FFFF");
	is_int(utf8_length(BYTES("\xe0\x9f\xbf")), 0, "overlong in three bytes");
	is_int(utf8_length(BYTES("\xf0\x8f\xbf\xbf")), 0, "overlong in four");
	is_int(utf8_length(BYTES("\xf4\x8f\xbf\xbf")), 4, "U+10FFFF");
	is_int(utf8_length(BYTES("\xf4\x90\x80\x80")), 0, "one above");
	is_int(utf8_length(BYTES("\xed\x9f\xbf")), 3, "the last before the surrogates");
	is_int(utf8_length(BYTES("\xc3(")), 0, "no continuation");
}

/* RFC 4648 section 10, then all lengths both ways. */
static void base64(void)
{
	static const char *const pair[][2] = { { "", "" },
					       { "f", "Zg==" },
					       { "fo", "Zm8=" },
					       { "foo", "Zm9v" },
					       { "foob", "Zm9vYg==" },
					       { "fooba", "Zm9vYmE=" },
					       { "foobar", "Zm9vYmFy" } };
	static const char *const bad[] = { "Z",	   "Zg",       "Zg=",  "Zg=a", "=g==",
					   "Z===", "====",     "Zh==", "Zm9=", "Zm9v\n",
					   "Zm 9", "Zg==Zg==", "Zm9-", "Zm9_" };
	struct buf b = { 0 };
	uint8_t data[70];
	bool same = true;

	for (size_t i = 0; i < sizeof(pair) / sizeof(*pair); i++) {
		buf_clear(&b);
		base64_encode(&b, bytes_str(pair[i][0]));
		is_bytes(buf_view(&b), bytes_str(pair[i][1]), "\"%s\" encoded", pair[i][0]);
		buf_clear(&b);
		ok(base64_decode(bytes_str(pair[i][1]), &b), "and decoded");
		is_bytes(buf_view(&b), bytes_str(pair[i][0]), "is the same");
	}
	buf_clear(&b);
	buf_str(&b, "kept");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!base64_decode(bytes_str(bad[i]), &b) && b.len == 4, "\"%s\" is refused",
		   bad[i]);
	for (size_t n = 0; n < sizeof(data); n++) {
		struct buf text = { 0 };

		data[n] = (uint8_t)(n * 57);
		buf_clear(&b);
		base64_encode(&text, bytes_of(data, n));
		same = same && base64_decode(buf_view(&text), &b) &&
		       bytes_eq(buf_view(&b), bytes_of(data, n));
		buf_done(&text);
	}
	ok(same, "all lengths to 70 come back");
	buf_clear(&b);
	hex_encode(&b, BYTES("\x00\x7f\xff\x0a"));
	is_bytes(buf_view(&b), BYTES("007fff0a"), "hex");
	buf_done(&b);
}

int main(void)
{
	terminal();
	terminal_all();
	json_strings();
	utf8();
	base64();
	return done_testing();
}
