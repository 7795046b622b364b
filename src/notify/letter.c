/* SPDX-License-Identifier: Apache-2.0 */
/* A letter is written twice at the same time, as text and as HTML, by the functions in `page`. */
#include "notify/letter.h"
#include "base/hash.h"
#include "notify/mime.h"
#include <stdlib.h>

struct page {
	struct buf text, html;
	struct buf one; /* a value that is put together */
};

struct letter_digest {
	struct page page;
	uint64_t alerts, changes;
	enum level level;
};

static const char *const colours[LEVEL_N] = { "#5f6b7a", "#3b6ea5", "#a56a00", "#b3261e",
					      "#7d0012" };

static void page_done(struct page *p)
{
	buf_done(&p->text);
	buf_done(&p->html);
	buf_done(&p->one);
}

static void page_title(struct page *p, enum level level, struct bytes text)
{
	mime_plain(&p->text, text, true);
	buf_str(&p->text, "\n\n");
	buf_printf(&p->html,
		   "<!DOCTYPE html><html><head><meta charset=\"utf-8\"></head>\n"
		   "<body style=\"font-family:sans-serif;color:#1b1f24\">\n"
		   "<h2 style=\"color:%s\">",
		   colours[level]);
	mime_html(&p->html, text);
	buf_str(&p->html, "</h2>\n");
}

static void page_paragraph(struct page *p, struct bytes text)
{
	if (!text.len)
		return;
	mime_plain(&p->text, text, false);
	buf_str(&p->text, "\n\n");
	buf_str(&p->html, "<p style=\"white-space:pre-wrap\">");
	mime_html(&p->html, text);
	buf_str(&p->html, "</p>\n");
}

static void rows_begin(struct page *p)
{
	buf_str(&p->html, "<table style=\"border-collapse:collapse\">\n");
}

/* A value keeps to its line: a newline in it could pretend to be the next label. */
static void page_row(struct page *p, struct bytes label, struct bytes value)
{
	size_t from = p->text.len;

	if (!value.len)
		return;
	mime_plain(&p->text, label, true);
	do
		buf_str(&p->text, " ");
	while (p->text.len - from < 13);
	mime_plain(&p->text, value, true);
	buf_str(&p->text, "\n");
	buf_str(&p->html, "<tr><td style=\"padding:2px 12px 2px 0;color:#5f6b7a\">");
	mime_html(&p->html, label);
	buf_str(&p->html, "</td><td>");
	mime_html(&p->html, value);
	buf_str(&p->html, "</td></tr>\n");
}

static void row(struct page *p, const char *label, struct bytes value)
{
	page_row(p, bytes_str(label), value);
}

static void row_number(struct page *p, const char *label, uint64_t n)
{
	buf_clear(&p->one);
	buf_printf(&p->one, "%llu", (unsigned long long)n);
	row(p, label, buf_view(&p->one));
}

static void rows_end(struct page *p)
{
	buf_str(&p->text, "\n");
	buf_str(&p->html, "</table>\n");
}

static void page_command(struct page *p, const char *what, const char *command)
{
	buf_printf(&p->text, "  %-46s  %s\n", command, what);
	buf_printf(&p->html, "<div><code>%s</code> &nbsp; %s</div>\n", command, what);
}

/* ---- headers ---- */

static uint64_t target_mark(const struct letter_frame *f)
{
	return hash_fast(f->to->name, f->instance);
}

static struct bytes domain(const struct letter_frame *f)
{
	return bytes_from(f->to->from, bytes_chr(f->to->from, '@') + 1);
}

static void id_of(struct buf *to, const struct letter_frame *f, char kind, uint64_t number)
{
	struct bytes d = domain(f);

	buf_printf(to, "<%c%llu.%016llx@%.*s>", kind, (unsigned long long)number,
		   (unsigned long long)target_mark(f), (int)d.len, (const char *)d.at);
}

static void headers(struct buf *to, const struct letter_frame *f, struct bytes subject)
{
	mime_date(to, f->now);
	mime_mailbox(to, "From", f->to->from_name, f->to->from);
	for (size_t i = 0; i < f->to->to.n; i++) {
		buf_str(to, i ? ",\r\n " : "To: ");
		buf_bytes(to, f->to->to.at[i]);
	}
	buf_str(to, "\r\n");
	mime_header(to, "Subject", subject);
	buf_str(to, "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\n");
}

static void finish(struct buf *to, const struct letter_frame *f, struct page *p)
{
	buf_str(&p->text, "-- \nVedette on ");
	mime_plain(&p->text, f->host, true);
	buf_str(&p->text, "\n");
	buf_str(&p->html, "<p style=\"color:#5f6b7a\">Vedette on ");
	mime_html(&p->html, f->host);
	buf_str(&p->html, "</p></body></html>\n");
	mime_alternative(to, buf_view(&p->text), buf_view(&p->html));
	page_done(p);
}

/* ---- one change ---- */

static void pairs(struct page *p, const char *label, const json_t *o)
{
	const char *key;
	json_t *v;
	struct buf name = { 0 };

	if (!o)
		return;
	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		struct bytes value = told_text(v);

		if (!value.len)
			continue;
		buf_clear(&name);
		buf_str(&name, key);
		buf_str(&name, " ");
		buf_clear(&p->one);
		buf_bytes(&p->one, buf_view(&name));
		buf_bytes(&p->one, value);
		row(p, label, buf_view(&p->one));
	}
	buf_done(&name);
}

/* "attack.t1110.003" also as the address of its page; the tag is of the rule, and is checked. */
static void tags(struct page *p, const json_t *list)
{
	size_t i;
	json_t *v;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
	{
		struct bytes tag = told_text(v), t = bytes_from(tag, 7);
		bool technique = bytes_starts(tag, BYTES("attack.t")) && t.len >= 5 && t.len <= 9;

		for (size_t k = 1; k < t.len && technique; k++)
			technique = is_digit(t.at[k]) || (k == 5 && t.at[k] == '.');
		buf_clear(&p->one);
		buf_bytes(&p->one, tag);
		if (technique) {
			buf_str(&p->one, "  https://attack.mitre.org/techniques/T");
			for (size_t k = 1; k < t.len; k++)
				buf_u8(&p->one, t.at[k] == '.' ? '/' : t.at[k]);
			buf_str(&p->one, "/");
		}
		row(p, "tag", buf_view(&p->one));
	}
}

/* Newest first in the list; ranges are not worth it for eight. */
static void evidence(struct page *p, const json_t *seq)
{
	size_t i;
	json_t *v;

	buf_clear(&p->one);
	json_array_foreach((json_t *)(uintptr_t)seq, i, v)
	{
		if (json_is_integer(v) && json_integer_value(v) >= 0)
			buf_printf(&p->one, "%s%lld", p->one.len ? "," : "",
				   (long long)json_integer_value(v));
	}
	if (!p->one.len)
		return;
	row(p, "records", buf_view(&p->one));
}

static void what_to_do(struct page *p, const struct told_change *c)
{
	struct buf line = { 0 };
	unsigned long long id = c->id;
	const json_t *first = json_array_get(c->seq, 0);

	buf_str(&p->text, "What to do:\n");
	buf_str(&p->html, "<p>What to do:</p>\n");
	buf_printf(&line, "vedette alerts show %llu", id);
	page_command(p, "all that is known of it", buf_cstr(&line));
	if (json_is_integer(first)) {
		buf_clear(&line);
		buf_str(&line, "vedette evidence export --seq ");
		for (size_t i = 0; i < json_array_size(c->seq) && i < 64; i++)
			buf_printf(&line, "%s%lld", i ? "," : "",
				   (long long)json_integer_value(json_array_get(c->seq, i)));
		page_command(p, "the records that prove it, with their proofs", buf_cstr(&line));
	}
	buf_clear(&line);
	buf_printf(&line, "vedette alerts ack %llu", id);
	page_command(p, "I am looking into it", buf_cstr(&line));
	buf_clear(&line);
	buf_printf(&line, "vedette alerts close %llu", id);
	page_command(p, "it is dealt with", buf_cstr(&line));
	buf_str(&p->text, "\n");
	buf_done(&line);
}

static void held_line(struct page *p, uint64_t held)
{
	struct buf b = { 0 };

	if (held)
		buf_printf(&b, "%llu more %s held back in this hour and come with the next digest.",
			   (unsigned long long)held, held == 1 ? "change was" : "changes were");
	page_paragraph(p, buf_view(&b));
	buf_done(&b);
}

static void alert_rows(struct page *p, const struct told_change *c)
{
	rows_begin(p);
	row(p, "level", bytes_str(level_name(c->level)));
	row(p, "was", c->level_was);
	row(p, "state", c->state);
	pairs(p, "about", c->entity);
	row(p, "assigned to", c->assignee);
	row_number(p, "findings", c->count);
	row(p, "since", c->first);
	row(p, "last", c->last);
	row(p, "host", c->host);
	row(p, "project", c->project);
	row(p, "source", c->source);
	row(p, "rule", c->rule_uuid);
	tags(p, c->tags);
	pairs(p, "detail", c->details);
	evidence(p, c->seq);
	if (!bytes_eq(c->by, BYTES("vedette")))
		row(p, "by", c->by);
	row(p, "comment", c->comment);
	rows_end(p);
}

void letter_change(struct buf *to, const struct letter_frame *f, const struct told_change *c,
		   uint64_t held)
{
	struct buf title = { 0 }, subject = { 0 };
	struct page p = { 0 };

	told_title(c, &title);
	buf_printf(&subject, "[%s] ", c->has_alert ? level_name(c->level) : "vedette");
	buf_bytes(&subject, buf_view(&title));
	buf_printf(&subject, " (%s)", told_name(c->kind));
	headers(to, f, buf_view(&subject));
	buf_str(to, "Message-ID: ");
	id_of(to, f, 'c', c->number);
	buf_str(to, "\r\n");
	if (c->has_alert) {
		buf_str(to, "In-Reply-To: ");
		id_of(to, f, 'a', c->id);
		buf_str(to, "\r\nReferences: ");
		id_of(to, f, 'a', c->id);
		buf_str(to, "\r\n");
	}
	buf_printf(&title, " (%s)", told_name(c->kind));
	page_title(&p, c->level, buf_view(&title));
	buf_clear(&p.one); /* one line: more could pretend to be rows of ours */
	mime_plain(&p.one, c->message, true);
	page_paragraph(&p, buf_view(&p.one));
	if (c->has_alert) {
		alert_rows(&p, c);
		what_to_do(&p, c);
	} else {
		rows_begin(&p);
		pairs(&p, "suppression", c->suppression);
		row(&p, "by", c->by);
		rows_end(&p);
	}
	held_line(&p, held);
	finish(to, f, &p);
	buf_done(&title);
	buf_done(&subject);
}

/* ---- digest ---- */

struct letter_digest *letter_digest_new(void)
{
	struct letter_digest *d = mem_new(1, sizeof(*d));

	rows_begin(&d->page);
	return d;
}

void letter_digest_row(struct letter_digest *d, const struct told_change *c, uint64_t changes,
		       uint64_t findings)
{
	struct buf label = { 0 }, value = { 0 };

	d->alerts++;
	d->changes += changes;
	if (c->level > d->level)
		d->level = c->level;
	buf_printf(&label, "alert %llu", (unsigned long long)c->id);
	buf_printf(&value, "[%s] ", level_name(c->level));
	told_title(c, &value);
	buf_printf(&value, " (%s, %llu new findings, %llu in all)", told_name(c->kind),
		   (unsigned long long)findings, (unsigned long long)c->count);
	page_row(&d->page, buf_view(&label), buf_view(&value));
	buf_done(&label);
	buf_done(&value);
}

void letter_digest_others(struct letter_digest *d, uint64_t changes)
{
	d->changes += changes;
	buf_clear(&d->page.one);
	buf_printf(&d->page.one, "%llu more changes, of other alerts: vedette alerts list",
		   (unsigned long long)changes);
	row(&d->page, "and", buf_view(&d->page.one));
}

void letter_digest_done(struct buf *to, const struct letter_frame *f, struct letter_digest *d,
			uint64_t number, usec since)
{
	struct buf subject = { 0 }, begun = { 0 };
	struct page p = { 0 };

	buf_printf(&subject, "[digest] %llu changes of %llu alerts", (unsigned long long)d->changes,
		   (unsigned long long)d->alerts);
	headers(to, f, buf_view(&subject));
	buf_str(to, "Message-ID: ");
	id_of(to, f, 'd', number);
	buf_str(to, "\r\n");
	page_title(&p, d->level, buf_view(&subject));
	buf_str(&begun, "Repeats, and what was held back, since ");
	buf_time(&begun, since);
	page_paragraph(&p, buf_view(&begun));
	rows_end(&d->page);
	buf_bytes(&p.text, buf_view(&d->page.text));
	buf_bytes(&p.html, buf_view(&d->page.html));
	finish(to, f, &p);
	page_done(&d->page);
	free(d);
	buf_done(&subject);
	buf_done(&begun);
}

/* ---- heartbeat ---- */

void letter_heartbeat(struct buf *to, const struct letter_frame *f, struct bytes facts, bool well,
		      uint64_t number)
{
	struct buf subject = { 0 };
	struct page p = { 0 };

	buf_printf(&subject, "[heartbeat] Vedette on ");
	buf_bytes(&subject, f->host);
	buf_str(&subject, well ? ": all is well" : ": something needs a look");
	headers(to, f, buf_view(&subject));
	buf_str(to, "Message-ID: ");
	id_of(to, f, 'h', number);
	buf_str(to, "\r\n");
	page_title(&p, well ? LEVEL_INFORMATIONAL : LEVEL_HIGH, buf_view(&subject));
	page_paragraph(&p, BYTES("This mail comes every day. A day without it means that Vedette, "
				 "this machine or the way of its mail is down."));
	page_paragraph(&p, facts);
	finish(to, f, &p);
	buf_done(&subject);
}

/* ---- test ---- */

void letter_test(struct buf *to, const struct letter_frame *f, uint64_t number)
{
	struct buf subject = { 0 };
	struct page p = { 0 };

	buf_str(&subject, "[test] Vedette on ");
	buf_bytes(&subject, f->host);
	buf_str(&subject, ": this is a test");
	headers(to, f, buf_view(&subject));
	buf_str(to, "Message-ID: ");
	id_of(to, f, 't', number);
	buf_str(to, "\r\n");
	page_title(&p, LEVEL_INFORMATIONAL, buf_view(&subject));
	page_paragraph(&p,
		       BYTES("Somebody asked for this mail with \"vedette notify test\". Nothing "
			     "has happened; there is nothing to do."));
	rows_begin(&p);
	row(&p, "target", f->to->name);
	rows_end(&p);
	finish(to, f, &p);
	buf_done(&subject);
}
