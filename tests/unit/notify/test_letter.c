/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever stands in a log line, the mail about it has our headers, our two parts and our tags. */
#include "notify/letter.h"
#include "notify/letter_check.h"
#include "notify/mime.h"
#include "tap.h"
#include <jansson.h>
#include <stdlib.h>

#define NOW ((usec)1795655403 * USEC_PER_SEC)

static struct bytes addresses[] = { BYTES("a@example.org"), BYTES("b@example.org") };
static const struct target ops = { .name = BYTES("ops"),
				   .kind = TARGET_MAIL,
				   .from_name = BYTES("Vedette"),
				   .from = BYTES("vedette@example.org"),
				   .to = { addresses, 2 } };
static const struct letter_frame frame = {
	.to = &ops, .host = BYTES("monitor"), .instance = 7, .now = NOW
};

/* The same text wherever a text may be. */
static struct bytes change_of(struct bytes evil, struct buf *to)
{
	const char *at = (const char *)evil.at;
	json_t *alert = json_pack("{s:i,s:s%,s:s%,s:s,s:[s%,s],s:{s:s%,s:s%},s:i,s:s%,s:s%,s:s%,s:"
				  "s%,s:{s:s%},s:[i,i]}",
				  "id", 17, "rule.uuid", at, evil.len, "rule.name", at, evil.len,
				  "rule.level", "high", "tags", at, evil.len, "attack.t1110.003",
				  "entity", "host.name", at, evil.len, "user.name", at, evil.len,
				  "count", 58, "message", at, evil.len, "host.name", at, evil.len,
				  "source", at, evil.len, "assignee", at, evil.len, "details",
				  "source.ip", at, evil.len, "vedette.seq", 50, 51);
	json_t *all = json_pack("{s:s,s:s,s:s%,s:s%,s:i,s:o}", "kind", "opened", "@timestamp",
				"2026-11-26T01:10:03.000Z", "by", at, evil.len, "comment", at,
				evil.len, "delta", 57, "alert", alert);
	char *text = json_dumps(all, JSON_COMPACT);

	buf_str(to, text);
	free(text);
	json_decref(all);
	return buf_view(to);
}

static void write_change(struct bytes json, uint64_t number, struct buf *mail)
{
	struct told_change c;

	if (!ok(told_parse(&c, number, json), "the change is read"))
		return;
	letter_change(mail, &frame, &c, 3);
	told_done(&c);
}

static const char *const evils[] = {
	"x\r\nBcc: everyone@example.org\r\n\r\nHello",
	"x\nX-Spam: no",
	"x\rX-Spam: no",
	"\r\n--=_vedette\r\nContent-Type: text/html\r\n\r\n<h1>evil</h1>",
	"--=_vedette--",
	".\r\nMAIL FROM:<evil@example.org>\r\n",
	"\n.\n",
	"From here on\nFrom there",
	"=?UTF-8?B?ZXZpbA==?= =?x",
	"<script>alert(1)</script><img src=x onerror=alert(1)>",
	"\" onmouseover=\"alert(1)\" x=\"'><b>",
	"</td></tr></table><form action=https://evil.example>",
	"&lt;script&gt;&#60;script&#62;",
	"<!--",
	"-->",
	"]]>",
	"</body></html>",
	"`${x}`",
	"%s%n%s%n",
	"=\r\n=",
	"=3D=0D=0A",
	"\xe2\x80\xae\xe2\x81\xa6gpj.exe",
	"\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c",
	"\xc2\x85\xc2\x9b\x1b[31m\x07\x08",
	"J\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x94\xa5",
	"=_vedette",
	"",
	" ",
	"   leading and trailing   ",
};

static void hostile_one(struct bytes evil, const char *what)
{
	struct buf json = { 0 }, mail = { 0 }, text = { 0 }, html = { 0 };
	const char *wrong;

	write_change(change_of(evil, &json), 123, &mail);
	wrong = letter_check(buf_view(&mail), &text, &html);
	ok(!wrong, "%s: %s", what, wrong ? wrong : "a good mail");
	ok(bytes_find(buf_view(&text), BYTES("\xe2\x80\xae")) == BYTES_NONE &&
		   bytes_find(buf_view(&html), BYTES("\xe2\x80\x8f")) == BYTES_NONE &&
		   bytes_find(buf_view(&text), BYTES("\xd8\x9c")) == BYTES_NONE &&
		   bytes_find(buf_view(&text), BYTES("\x1b")) == BYTES_NONE,
	   "%s: shows what is there", what);
	buf_done(&json);
	buf_done(&mail);
	buf_done(&text);
	buf_done(&html);
}

static void hostile(void)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(evils) / sizeof(*evils); i++)
		hostile_one(bytes_str(evils[i]), evils[i]);
	hostile_one(BYTES("a\0b\r\n\0c"), "NUL");
	for (int i = 0; i < 900; i++)
		buf_str(&b, "w");
	hostile_one(buf_view(&b), "one long word");
	buf_clear(&b);
	for (int i = 0; i < 300; i++)
		buf_str(&b, "\xe2\x82\xac");
	hostile_one(buf_view(&b), "a long text of three bytes a character");
	buf_done(&b);
}

static bool has(struct bytes b, const char *what)
{
	return bytes_find(b, bytes_str(what)) != BYTES_NONE;
}

static void ordinary(void)
{
	struct buf json = { 0 }, mail = { 0 }, text = { 0 }, html = { 0 }, again = { 0 };

	write_change(change_of(BYTES("demo"), &json), 123, &mail);
	write_change(buf_view(&json), 123, &again);
	ok(!letter_check(buf_view(&mail), &text, &html), "a mail");
	is_bytes(buf_view(&again), buf_view(&mail), "written again it is the same, Message-ID too");
	ok(has(buf_view(&mail), "Subject: [high] demo: demo, demo (opened)\r\n"), "its subject");
	ok(has(buf_view(&mail), "To: a@example.org,\r\n b@example.org\r\n"), "all recipients");
	ok(has(buf_view(&mail), "Date: Thu, 26 Nov 2026 01:10:03 +0000\r\n"), "its date");
	ok(has(buf_view(&mail), "Auto-Submitted: auto-generated\r\n"), "nobody's robot answers it");
	ok(has(buf_view(&mail), "\r\nReferences: <a17."), "it belongs to the thread of its alert");
	ok(has(buf_view(&text), "vedette alerts ack 17"), "it says what to do");
	ok(has(buf_view(&text), "vedette evidence export --seq 50,51"), "and where the proof is");
	ok(has(buf_view(&text), "https://attack.mitre.org/techniques/T1110/003/"),
	   "and the technique");
	ok(has(buf_view(&text), "3 more changes were held back"), "and what else there is");
	buf_clear(&again);
	write_change(buf_view(&json), 124, &again);
	ok(!bytes_eq(buf_view(&again), buf_view(&mail)), "another change is another mail");
	buf_done(&json);
	buf_done(&mail);
	buf_done(&text);
	buf_done(&html);
	buf_done(&again);
}

static void header_of(struct bytes text, const char *want, const char *what)
{
	struct buf b = { 0 };

	mime_header(&b, "Subject", text);
	is_bytes(buf_view(&b), bytes_str(want), "%s", what);
	buf_done(&b);
}

int main(void)
{
	header_of(BYTES("plain words"), "Subject: plain words\r\n", "ASCII stands as it is");
	header_of(BYTES("gr\xc3\xbc\xc3\x9f"), "Subject: =?UTF-8?B?Z3LDvMOf?=\r\n",
		  "other text is an encoded word");
	header_of(BYTES("=?x?="), "Subject: =?UTF-8?B?PT94Pz0=?=\r\n",
		  "what looks like an encoded word is not taken for one");
	ordinary();
	hostile();
	return done_testing();
}
