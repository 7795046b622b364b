/* SPDX-License-Identifier: Apache-2.0 */
#include "query/login.h"
#include "base/buf.h"
#include "base/hash.h"
#include "query/value.h"
#include <stdlib.h>

#define NAMES_BYTES ((size_t)128 << 20)
#define DISTINCT_BYTES ((size_t)128 << 20)

/* An attacker who makes up names gets one for all once they are too many. */
static uint32_t name(struct logins *l, struct bytes text)
{
	text = bytes_sub(text, 0, 256);
	if (!text.len)
		return 0;
	if (intern_bytes(&l->names) > NAMES_BYTES && !intern_has(&l->names, text)) {
		l->names_full = true;
		text = BYTES("(others)");
	}
	return 1 + intern_put(&l->names, text);
}

struct bytes logins_name(const struct logins *l, uint32_t n)
{
	return n ? l->names.values[n - 1] : BYTES("-");
}

/* How long the request took, in microseconds. */
static usec duration(const struct event *e)
{
	static const struct {
		enum field f;
		usec unit;
	} units[] = { { FIELD_EVENT_DURATION_S, USEC_PER_SEC },
		      { FIELD_EVENT_DURATION_MS, 1000 },
		      { FIELD_EVENT_DURATION_US, 1 } };
	__int128 v;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (event_has(e, units[i].f) && num_parse(e->value[units[i].f], &v) && v > 0 &&
		    v < NUM_ONE * 1000000)
			return (usec)(v * units[i].unit / NUM_ONE);
	return 0;
}

static uint64_t session_of(const struct event *e)
{
	struct buf b = { 0 };
	uint64_t h;

	if (!event_has(e, FIELD_PROCESS_PID))
		return 0;
	buf_bytes(&b, event_get(e, FIELD_HOST_NAME));
	buf_u8(&b, 0);
	buf_bytes(&b, e->value[FIELD_PROCESS_PID]);
	h = hash_keyed(buf_view(&b)) | 1;
	buf_done(&b);
	return h;
}

static bool says(const struct event *e, enum field f, const char *text)
{
	return bytes_eq(event_get(e, f), bytes_str(text));
}

static bool begins(const struct event *e, enum field f, const char *text)
{
	return bytes_starts(event_get(e, f), bytes_str(text));
}

/* sshd, su, login and the like. */
static bool alone(struct logins *l, const struct event *e, struct login_line *r)
{
	struct bytes service = event_get(e, FIELD_PROCESS_NAME);
	bool ssh = says(e, FIELD_EVENT_DATASET, "sshd");
	bool by_su = says(e, FIELD_EVENT_ACTION, "su");

	if (says(e, FIELD_EVENT_DATASET, "pam") &&
	    (bytes_eq(service, BYTES("sshd")) || bytes_eq(service, BYTES("su")) ||
	     bytes_eq(service, BYTES("sudo")) || bytes_eq(service, BYTES("login"))))
		return false; /* they say it themselves as well */
	if (!service.len)
		service = event_get(e, FIELD_SERVICE_NAME);
	if (!service.len)
		service = event_get(e, FIELD_EVENT_DATASET);
	r->layer = LAYER_ALONE;
	if (ssh) {
		r->request = session_of(e);
		if (says(e, FIELD_EVENT_ACTION, "ssh_invalid_user"))
			r->layer = LAYER_HINT;
		else if (says(e, FIELD_EVENT_ACTION, "ssh_disconnect"))
			r->layer = LAYER_END;
		else if (!says(e, FIELD_EVENT_ACTION, "ssh_login"))
			return false;
		r->unknown = says(e, FIELD_EVENT_REASON, "invalid user") || r->layer == LAYER_HINT;
	}
	r->service = name(l, ssh ? BYTES("ssh") : service);
	/* su: the account that was asked for, not the one that asked */
	if (by_su && event_has(e, FIELD_USER_EFFECTIVE_NAME))
		r->account = name(l, e->value[FIELD_USER_EFFECTIVE_NAME]);
	r->observed = name(l, event_get(e, FIELD_SOURCE_IP));
	if (!r->observed)
		r->observed = name(l, event_get(e, FIELD_SOURCE_DOMAIN));
	return true;
}

static enum login_layer keystone_layer(const struct event *e)
{
	if (begins(e, FIELD_EVENT_DATASET, "haproxy"))
		return LAYER_EDGE;
	if (event_has(e, FIELD_HTTP_STATUS))
		return LAYER_WEB;
	return begins(e, FIELD_EVENT_DATASET, "openstack.notification") ? LAYER_NOTE : LAYER_LOG;
}

bool login_line_of(struct logins *l, const struct event *e, usec at, struct login_line *ret)
{
	struct login_line r = { .at = at, .end = at };
	struct bytes claimed, id = event_get(e, FIELD_OS_REQUEST_ID);
	__int128 pid;

	if (!says(e, FIELD_EVENT_CATEGORY, "authentication") || !event_has(e, FIELD_EVENT_OUTCOME))
		return false;
	if (event_get(e, FIELD_HTTP_STATUS).len == 3 && e->value[FIELD_HTTP_STATUS].at[0] == '5')
		return false; /* the server failed, not the login */
	r.failed = !says(e, FIELD_EVENT_OUTCOME, "success");
	r.account = name(l, event_get(e, FIELD_USER_NAME));
	r.id = name(l, event_get(e, FIELD_USER_ID));
	if (!says(e, FIELD_EVENT_ACTION, "authenticate")) {
		if (says(e, FIELD_EVENT_ACTION, "validate-token") || !alone(l, e, &r))
			return false; /* a service that checks a token is no login */
		*ret = r;
		return true;
	}
	r.layer = (uint8_t)keystone_layer(e);
	r.service = name(l, BYTES("keystone"));
	r.request = id.len ? hash_keyed(id) | 1 : 0;
	r.end = at + duration(e);
	if (num_parse(event_get(e, FIELD_PROCESS_PID), &pid) && pid < NUM_ONE * UINT32_MAX)
		r.pid = (uint32_t)(pid / NUM_ONE);
	r.token = begins(e, FIELD_EVENT_REASON, "Invalid user token");
	r.unknown = begins(e, FIELD_EVENT_REASON, "Could not find user");
	claimed = event_has(e, FIELD_CLIENT_IP) ? e->value[FIELD_CLIENT_IP]
						: event_get(e, FIELD_SOURCE_IP);
	if (r.layer <= LAYER_WEB) {
		r.observed = name(l, event_get(e, FIELD_SOURCE_IP));
		if (event_has(e, FIELD_CLIENT_IP))
			r.claimed = name(l, claimed);
	} else {
		r.claimed = name(l, claimed);
	}
	if (r.token && r.layer == LAYER_LOG)
		r.account = r.id = 0; /* whom the token was for is not known */
	*ret = r;
	return true;
}

/* Counting. */

static void learn(struct logins *l, uint32_t id, uint32_t account)
{
	if (!id || !account)
		return;
	if (id >= l->name_of_id_cap) {
		uint32_t cap = id < 512 ? 1024 : 2 * id;

		l->name_of_id = mem_must(reallocarray(l->name_of_id, cap, sizeof(uint32_t)));
		memset(l->name_of_id + l->name_of_id_cap, 0,
		       (cap - l->name_of_id_cap) * sizeof(uint32_t));
		l->name_of_id_cap = cap;
	}
	l->name_of_id[id] = account;
}

static struct login_row *row_of(struct login_table *t, uint32_t service, uint32_t what)
{
	uint32_t key[2] = { service, what }, at;

	if (!t->n) { /* row 0: what does not fit */
		uint32_t none[2] = { 0, 0 };

		t->cap = 64;
		t->rows = mem_new(t->cap, sizeof(*t->rows));
		intern_put(&t->keys, bytes_of(none, sizeof(none)));
		t->n = 1;
	}
	if (t->n >= LOGIN_ROWS) {
		t->left_out++;
		return &t->rows[0];
	}
	at = intern_put(&t->keys, bytes_of(key, sizeof(key)));
	if (at >= t->cap) {
		t->rows = mem_must(reallocarray(t->rows, t->cap * 2, sizeof(*t->rows)));
		memset(t->rows + t->cap, 0, t->cap * sizeof(*t->rows));
		t->cap *= 2;
	}
	if (at == t->n) {
		t->n++;
		t->rows[at].service = service;
		t->rows[at].name = what;
	}
	return &t->rows[at];
}

static void add(struct login_row *r, const struct login *a)
{
	int64_t minute = a->at / (60 * USEC_PER_SEC);

	if (!r->failures && !r->successes && !r->tokens)
		r->first = r->last = a->at;
	r->first = a->at < r->first ? a->at : r->first;
	r->last = a->at > r->last ? a->at : r->last;
	r->unknown |= a->unknown;
	if (a->token) {
		r->tokens++;
	} else if (a->failed) {
		r->failures++;
		r->run++;
		r->in_minute = minute == r->minute ? r->in_minute + 1 : 1;
		r->minute = minute;
		r->peak = r->in_minute > r->peak ? r->in_minute : r->peak;
	} else {
		r->successes++;
		if (r->run > r->longest) {
			r->longest = r->run;
			r->longest_at = a->at;
		}
		r->run = 0;
	}
}

void logins_count(void *ctx, const struct login *a)
{
	struct logins *l = ctx;
	/* What the proxy saw counts; the web server's peer may be the proxy, so it only confirms.
	 */
	bool edge = a->layers >> LAYER_EDGE & 1 || a->layers >> LAYER_ALONE;
	bool seen = a->observed && a->sure && (edge || !a->claimed || a->claimed == a->observed);
	uint32_t origin = seen ? a->observed : a->claimed;
	uint32_t account = a->account ? a->account : a->id;
	struct login_row *by_account, *by_origin;

	l->attempts++;
	l->tokens += a->token;
	l->failures += a->failed && !a->token;
	l->successes += !a->failed && !a->token;
	if (l->attempts == 1)
		l->first = l->last = a->at;
	l->first = a->at < l->first ? a->at : l->first;
	l->last = a->at > l->last ? a->at : l->last;
	learn(l, a->id, a->account);
	by_account = account ? row_of(&l->accounts, a->service, account) : NULL;
	by_origin = origin ? row_of(&l->origins, a->service, origin) : NULL;
	if (by_account) {
		add(by_account, a);
		if (origin && l->bytes < DISTINCT_BYTES)
			tally_code(&by_account->distinct, origin, &l->bytes);
	}
	if (by_origin) {
		add(by_origin, a);
		if (account && l->bytes < DISTINCT_BYTES)
			tally_code(&by_origin->distinct, account, &l->bytes);
		by_origin->observed += seen;
		by_origin->claimed += !seen;
		by_origin->forged += seen && edge && a->claimed && a->claimed != a->observed;
	}
}

static void table_free(struct login_table *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		tally_done(&t->rows[i].distinct, AGG_DC);
	free(t->rows);
	intern_done(&t->keys);
}

void logins_done(struct logins *l)
{
	table_free(&l->accounts);
	table_free(&l->origins);
	intern_done(&l->names);
	free(l->name_of_id);
}
