/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/trial.h"
#include "notify/letter.h"
#include "notify/mime.h"
#include "notify/post.h"
#include "notify/wire.h"

#define SHOWN 200u /* bytes of what a server said */

struct trial {
	struct wire wire;
	struct buf last; /* line of SMTP, or status line of HTTP */
	struct buf refusal; /* the newest line of SMTP that said no */
	struct buf partly; /* no to one recipient */
	struct buf body;
};

struct bytes trial_server(const struct target *t)
{
	struct bytes b = bytes_from(t->url, bytes_chr(t->url, ':') + 3); /* behind "://" */

	for (size_t i = 0; i < b.len; i++)
		if (memchr("/?#", b.at[i], 3))
			b.len = i;
	return b;
}

static void keep(struct buf *to, struct bytes line)
{
	buf_clear(to);
	buf_bytes(to, bytes_sub(line, 0, SHOWN));
}

/* Lines of SMTP come here too: libcurl takes them for headers. */
static size_t hear_line(char *at, size_t size, size_t n, void *ctx)
{
	struct trial *t = ctx;
	struct bytes line = bytes_trim(bytes_of(at, size * n));

	if (t->wire.target->kind != TARGET_MAIL) {
		if (bytes_starts(line, BYTES("HTTP/")))
			keep(&t->last, line);
		return size * n;
	}
	if (line.len < 3 || !is_digit(line.at[0]))
		return size * n;
	keep(&t->last, line);
	if (line.at[0] == '4' || line.at[0] == '5')
		keep(&t->refusal, line);
	/* x5x is about the mail itself (RFC 5321 section 4.2.1), not about a command. */
	if ((line.at[0] == '4' || line.at[0] == '5') && line.at[1] == '5')
		keep(&t->partly, line);
	return size * n;
}

static void write_body(struct trial *t, struct bytes host, usec now)
{
	struct letter_frame f = {
		.to = t->wire.target, .host = host, .instance = (uint64_t)now, .now = now
	};

	switch (t->wire.target->kind) {
	case TARGET_MAIL:
		letter_test(&t->wire.body, &f, (uint64_t)(now / USEC_PER_SEC));
		break;
	case TARGET_WEBHOOK:
		post_test_change(&t->wire.body, host, now);
		break;
	case TARGET_ALERTMANAGER:
		post_test_alert(&t->wire.body, host, now);
		break;
	}
}

static void add_said(struct buf *says, const char *before, struct buf *said)
{
	struct bytes b = bytes_trim(bytes_sub(buf_view(said), 0, SHOWN));

	if (!b.len)
		return;
	buf_str(says, before);
	mime_plain(says, b, true);
}

static void say_refused(struct trial *t, CURLcode r, struct buf *says)
{
	const char *reason = t->wire.error[0] ? t->wire.error : curl_easy_strerror(r);
	struct bytes server = trial_server(t->wire.target);
	struct buf *line = t->wire.target->kind == TARGET_MAIL ? &t->refusal : &t->last;

	buf_str(says, line->len ? "refused by " : "not delivered to ");
	mime_plain(says, server, true);
	add_said(says, ": ", line);
	add_said(says, ": ", &t->body);
	if (r == CURLE_OK)
		return;
	buf_str(says, line->len ? " (" : ": ");
	mime_plain(says, bytes_trim(bytes_str(reason)), true);
	buf_str(says, line->len ? ")" : "");
}

static bool tell(struct trial *t, CURLcode r, struct buf *says)
{
	long code = 0;

	curl_easy_getinfo(t->wire.easy, CURLINFO_RESPONSE_CODE, &code);
	if (!wire_taken(&t->wire, r, code)) {
		say_refused(t, r, says);
		return false;
	}
	buf_str(says, "accepted by ");
	mime_plain(says, trial_server(t->wire.target), true);
	if (!t->partly.len) {
		add_said(says, ": ", &t->last);
		return true;
	}
	add_said(says, ", but not for all who are named in to: ", &t->partly);
	return false;
}

bool trial_run(const struct target *target, struct bytes host, usec now, struct buf *says)
{
	struct trial t = { .wire = { .target = target, .easy = mem_must(curl_easy_init()) } };
	bool good;

	t.wire.heard = &t.body;
	write_body(&t, host, now);
	wire_begin(&t.wire, 0, now);
	curl_easy_setopt(t.wire.easy, CURLOPT_HEADERFUNCTION, hear_line);
	curl_easy_setopt(t.wire.easy, CURLOPT_HEADERDATA, &t);
	good = tell(&t, curl_easy_perform(t.wire.easy), says);
	wire_done(&t.wire);
	buf_done(&t.last);
	buf_done(&t.refusal);
	buf_done(&t.partly);
	buf_done(&t.body);
	return good;
}
