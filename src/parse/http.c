/* SPDX-License-Identifier: Apache-2.0 */
/* A request line and its answer, whoever logged it. Asking Keystone for a token is a login. */
#include "parse/line.h"

static bool is_method(struct bytes m)
{
	if (!m.len || m.len > 20)
		return false;
	if (IS(m, "GET") || IS(m, "POST"))
		return true;
	for (size_t i = 0; i < m.len; i++)
		if ((uint8_t)(m.at[i] - 'A') > 25 && m.at[i] != '-' && m.at[i] != '_')
			return false;
	return true;
}

static void set_target(struct line *l, struct bytes target)
{
	struct bytes path = target;
	size_t question;

	set(l, FIELD_URL_ORIGINAL, target);
	if (!scan_is(path, '/')) { /* absolute form: http://host:port/path */
		size_t at = FIND(path, "://");

		if (at == BYTES_NONE || at > 8)
			return;
		scan_skip(&path, at + 3);
		at = scan_chr(path, '/');
		set(l, FIELD_URL_DOMAIN, scan_head(path, at));
		scan_skip(&path, at);
	}
	question = scan_chr(path, '?');
	set(l, FIELD_URL_PATH, scan_head(path, question));
	set(l, FIELD_URL_QUERY, bytes_from(path, question + 1));
}

void http_request(struct line *l, struct bytes request)
{
	struct bytes rest = request, method = scan_word(&rest), version;

	if (!is_method(method) || !rest.len) {
		if (!is_absent(request))
			set(l, FIELD_URL_ORIGINAL, request);
		return;
	}
	set(l, FIELD_HTTP_METHOD, method);
	for (size_t n = 9; n >= 7; n -= 2) { /* " HTTP/1.1", " HTTP/2" */
		if (rest.len < n)
			continue;
		version = bytes_from(rest, rest.len - n);
		if (TAKE(&version, " HTTP/") && is_digit(version.at[0])) {
			set(l, FIELD_HTTP_VERSION, version);
			rest.len -= n;
			break;
		}
	}
	set_target(l, rest);
}

/* The last two parts of the path say what is asked, whatever stands before them. */
static bool is_login(struct line *l)
{
	struct bytes path;

	if (!IS(event_get(l->ev, FIELD_HTTP_METHOD), "POST"))
		return false;
	path = event_get(l->ev, FIELD_URL_PATH);
	if (ENDS(path, "/"))
		path.len--;
	return ENDS(path, "/v3/auth/tokens") || ENDS(path, "/v2.0/tokens") ||
	       ENDS(path, "/v3/ec2tokens") || ENDS(path, "/v3/s3tokens") ||
	       ENDS(path, "/v2.0/ec2tokens") ||
	       (HAS(path, "/OS-FEDERATION/") && (ENDS(path, "/auth") || HAS(path, "/websso")));
}

void http_done(struct line *l, struct bytes status)
{
	uint8_t class = 0;

	if (status.len == 3 && is_digit(status.at[0]) && is_digit(status.at[1]) &&
	    is_digit(status.at[2])) {
		class = status.at[0];
		set(l, FIELD_HTTP_STATUS, status);
	}
	if (is_login(l)) {
		SET(l, EVENT_CATEGORY, "authentication");
		SET(l, EVENT_ACTION, "authenticate");
	} else {
		SET(l, EVENT_CATEGORY, "web");
	}
	if (class == '4' || class == '5')
		SET(l, EVENT_OUTCOME, "failure");
	else if (class == '1' || class == '2' || class == '3')
		SET(l, EVENT_OUTCOME, "success");
}
