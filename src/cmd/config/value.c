/* SPDX-License-Identifier: Apache-2.0 */
/* The values of the keys: text to member and back, by the type in the table. */
#include "base/text.h"
#include "cmd/config/config.h"
#include "cmd/units.h"
#include <stdlib.h>

#define K(path_, type_, member, fallback_, least_, most_, what_)                                   \
	{ .path = path_,                                                                           \
	  .type = CONFIG_##type_,                                                                  \
	  .offset = offsetof(struct config, member),                                               \
	  .width = sizeof(((struct config *)NULL)->member),                                        \
	  .fallback = fallback_,                                                                   \
	  .least = least_,                                                                         \
	  .most = most_,                                                                           \
	  .what = what_ },
const struct config_key config_keys[] = {
#include "cmd/config/config.def"
};
#undef K
const size_t config_keys_n = sizeof(config_keys) / sizeof(*config_keys);

bool config_is_list(enum config_type type)
{
	return type == CONFIG_LISTENS || type == CONFIG_PATHS || type == CONFIG_TEXTS;
}

const char *config_expects(enum config_type type)
{
	switch (type) {
	case CONFIG_TEXT:
		return "text";
	case CONFIG_PATH:
		return "an absolute path";
	case CONFIG_BOOL:
		return "true or false";
	case CONFIG_COUNT:
		return "a number";
	case CONFIG_SIZE:
		return "a size in bytes such as 4096, 64KiB or 2GiB";
	case CONFIG_SPAN:
		return "a length of time such as 500ms, 10s or 15m";
	case CONFIG_SPAN_0:
		return "a length of time such as 10s, 2h or 30d, or never";
	case CONFIG_ZONE:
		return "UTC or an offset such as +02:00";
	case CONFIG_LISTEN:
		return "an address and port such as 127.0.0.1:9514";
	case CONFIG_LISTENS:
		return "a list of addresses with port such as 0.0.0.0:514";
	case CONFIG_PATHS:
		return "a list of absolute paths";
	case CONFIG_TEXTS:
		return "a list of texts";
	}
	return "";
}

static void *member(struct config *c, const struct config_key *k)
{
	return (uint8_t *)c + k->offset;
}

static void set_number(struct config *c, const struct config_key *k, uint64_t v)
{
	memcpy(member(c, k), &v, k->width); /* little-endian: the low bytes come first */
}

static uint64_t get_number(const struct config *c, const struct config_key *k)
{
	uint64_t v = 0;

	memcpy(&v, (const uint8_t *)c + k->offset, k->width);
	return v;
}

static char *text_of(struct bytes b)
{
	char *s = mem_new(b.len + 1, 1);

	if (b.len)
		memcpy(s, b.at, b.len);
	return s;
}

static bool has_nul(struct bytes b)
{
	return bytes_chr(b, 0) != BYTES_NONE;
}

/* "host:port", "[v6]:port" */
static bool good_listen(struct bytes b)
{
	size_t colon = BYTES_NONE;
	uint32_t port;

	for (size_t i = 0; i < b.len; i++)
		if (b.at[i] == ':')
			colon = i;
	if (colon == BYTES_NONE || !colon || has_nul(b) || b.len > 255)
		return false;
	if (bytes_chr(bytes_sub(b, 0, colon), ':') != BYTES_NONE && b.at[0] != '[')
		return false; /* an IPv6 address needs its brackets */
	return bytes_u32(bytes_from(b, colon + 1), &port) && port < 65536;
}

static bool good_item(const struct config_key *k, struct bytes v)
{
	switch (k->type) {
	case CONFIG_TEXT:
		return !has_nul(v);
	case CONFIG_LISTEN:
		return !v.len || good_listen(v);
	case CONFIG_LISTENS:
		return good_listen(v);
	case CONFIG_TEXTS:
		return v.len && !has_nul(v);
	case CONFIG_PATH:
		return (!v.len && !*k->fallback) || (v.len && v.at[0] == '/' && !has_nul(v));
	default:
		return v.len && v.at[0] == '/' && !has_nul(v);
	}
}

static void free_list(struct config_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->at[i]);
	free(l->at);
	*l = (struct config_list){ NULL, 0 };
}

static int out_of_bounds(const struct config_key *k, struct why *why)
{
	struct buf low = { 0 }, high = { 0 };
	void (*show)(struct buf *, uint64_t) = units_show_size;

	if (k->type == CONFIG_SIZE) {
		show(&low, k->least);
		show(&high, k->most);
	} else if (k->type == CONFIG_COUNT) {
		buf_printf(&low, "%llu", (unsigned long long)k->least);
		buf_printf(&high, "%llu", (unsigned long long)k->most);
	} else {
		buf_str(&low, k->least ? "" : "0s");
		if (k->least)
			units_show_span(&low, (usec)k->least * USEC_PER_SEC);
		units_show_span(&high, (usec)k->most * USEC_PER_SEC);
	}
	if (k->most)
		why_set(why, -EINVAL, "%s: must be from %s to %s", k->path, buf_cstr(&low),
			buf_cstr(&high));
	else
		why_set(why, -EINVAL, "%s: must be at least %s", k->path, buf_cstr(&low));
	buf_done(&low);
	buf_done(&high);
	return -EINVAL;
}

static int set_scalar(struct config *c, const struct config_key *k, struct bytes v, struct why *why)
{
	uint64_t n = 0;
	usec span = 0;
	int zone;
	bool good = false, yes;

	switch (k->type) {
	case CONFIG_BOOL:
		yes = bytes_ieq(v, BYTES("true")) || bytes_ieq(v, BYTES("yes")) ||
		      bytes_ieq(v, BYTES("on"));
		good = yes || bytes_ieq(v, BYTES("false")) || bytes_ieq(v, BYTES("no")) ||
		       bytes_ieq(v, BYTES("off"));
		if (good)
			*(bool *)member(c, k) = yes;
		break;
	case CONFIG_ZONE:
		good = units_zone(v, &zone);
		if (good)
			*(int *)member(c, k) = zone;
		break;
	case CONFIG_COUNT:
	case CONFIG_SIZE:
		good = k->type == CONFIG_COUNT ? bytes_u64(v, &n) : units_size(v, &n);
		if (good && (n < k->least || (k->most && n > k->most)))
			return out_of_bounds(k, why);
		if (good)
			set_number(c, k, n);
		break;
	default: /* spans */
		good = k->type == CONFIG_SPAN_0 || !k->least ? units_span(v, &span)
							     : clock_parse_span(v, &span);
		n = (uint64_t)span;
		if (good && n &&
		    (n < k->least * USEC_PER_SEC || (k->most && n > k->most * USEC_PER_SEC)))
			return out_of_bounds(k, why);
		if (good)
			set_number(c, k, n);
	}
	return good ? 0 : 1;
}

static int refused(const struct config_key *k, struct bytes v, struct why *why)
{
	struct buf shown = { 0 };

	text_safe(&shown, bytes_sub(v, 0, 80), NULL);
	why_set(why, -EINVAL, "%s: expected %s, not \"%s\"", k->path, config_expects(k->type),
		buf_cstr(&shown));
	buf_done(&shown);
	return -EINVAL;
}

int config_set(struct config *c, const struct config_key *k, const struct bytes *values, size_t n,
	       struct why *why)
{
	bool textual = k->type == CONFIG_TEXT || k->type == CONFIG_PATH || k->type == CONFIG_LISTEN;
	struct bytes one = n ? values[0] : BYTES("");
	int r;

	if (!textual && !config_is_list(k->type)) {
		r = set_scalar(c, k, one, why);
		return r > 0 ? refused(k, one, why) : r;
	}
	for (size_t i = 0; i < (textual ? 1 : n); i++) {
		struct bytes v = textual ? one : values[i];

		if (!good_item(k, v))
			return refused(k, v, why);
		if (k->most && v.len > k->most)
			return why_set(why, -EINVAL, "%s: is longer than %llu bytes", k->path,
				       (unsigned long long)k->most);
	}
	if (textual) {
		char **to = member(c, k);

		free(*to);
		*to = text_of(one);
	} else {
		struct config_list *to = member(c, k);

		free_list(to);
		to->at = n ? mem_new(n, sizeof(*to->at)) : NULL;
		for (; to->n < n; to->n++)
			to->at[to->n] = text_of(values[to->n]);
	}
	return 0;
}

static void show_list(const struct config_list *l, struct buf *to)
{
	buf_str(to, "[");
	for (size_t i = 0; i < l->n; i++) {
		buf_str(to, i ? ", " : "");
		json_string(to, bytes_str(l->at[i]));
	}
	buf_str(to, "]");
}

void config_show(const struct config *c, const struct config_key *k, struct buf *to)
{
	const void *m = (const uint8_t *)c + k->offset;
	uint64_t n;

	switch (k->type) {
	case CONFIG_TEXT:
	case CONFIG_PATH:
	case CONFIG_LISTEN:
		json_string(to, bytes_str(*(char *const *)m));
		return;
	case CONFIG_LISTENS:
	case CONFIG_PATHS:
	case CONFIG_TEXTS:
		show_list(m, to);
		return;
	case CONFIG_BOOL:
		buf_str(to, *(const bool *)m ? "true" : "false");
		return;
	case CONFIG_ZONE:
		units_show_zone(to, *(const int *)m);
		return;
	default:
		break;
	}
	n = get_number(c, k);
	if (k->type == CONFIG_COUNT)
		buf_printf(to, "%llu", (unsigned long long)n);
	else if (k->type == CONFIG_SIZE)
		units_show_size(to, n);
	else if (!n && k->type == CONFIG_SPAN)
		buf_str(to, "0");
	else
		units_show_span(to, (usec)n);
}

/* Defaults of lists are written with blanks between. */
static void set_fallback(struct config *c, const struct config_key *k)
{
	struct bytes item[64], rest = bytes_str(k->fallback);
	struct why why = { "" };
	size_t n = 0;

	if (!config_is_list(k->type)) {
		config_set(c, k, &rest, 1, &why);
		return;
	}
	while (rest.len && n < 64) {
		size_t blank = bytes_chr(rest, ' ');

		item[n++] = bytes_sub(rest, 0, blank);
		rest = bytes_from(rest, blank == BYTES_NONE ? rest.len : blank + 1);
	}
	config_set(c, k, item, n, &why);
}

void config_init(struct config *c)
{
	memset(c, 0, sizeof(*c));
	intake_limits_default(&c->limits);
	for (size_t i = 0; i < config_keys_n; i++)
		if (config_keys[i].fallback)
			set_fallback(c, &config_keys[i]);
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < config_keys_n; i++) {
		const struct config_key *k = &config_keys[i];

		if (config_is_list(k->type))
			free_list(member(c, k));
		else if (k->type == CONFIG_TEXT || k->type == CONFIG_PATH ||
			 k->type == CONFIG_LISTEN)
			free(*(char **)member(c, k));
	}
	memset(c, 0, sizeof(*c));
}
