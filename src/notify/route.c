/* SPDX-License-Identifier: Apache-2.0 */
#include "notify/route.h"
#include "query/glob.h"

#define MATCHED_MOST 1024u /* of a value: pattern times value is what a match may cost */

static bool any(const struct word_list *patterns, struct bytes text)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (glob_match(patterns->at[i], bytes_sub(text, 0, MATCHED_MOST)))
			return true;
	return false;
}

static bool rule_matches(const struct word_list *patterns, const struct told_change *c)
{
	size_t i;
	json_t *tag;

	if (any(patterns, c->rule_uuid) || any(patterns, c->rule_name))
		return true;
	json_array_foreach((json_t *)(uintptr_t)c->tags, i, tag)
	{
		if (any(patterns, told_text(tag)))
			return true;
	}
	return false;
}

static bool matches(const struct route *r, const struct told_change *c, usec now)
{
	return c->level >= r->level && (!r->projects.n || any(&r->projects, c->project)) &&
	       (!r->hosts.n || any(&r->hosts, c->host)) &&
	       (!r->rules.n || rule_matches(&r->rules, c)) &&
	       (!r->has_hours || hours_has(&r->hours, r->zone, now));
}

uint64_t routes_of(const struct notify_config *c, const struct told_change *change, usec now)
{
	uint64_t ret = 0;

	for (size_t i = 0; i < c->routes; i++) {
		if (!matches(&c->route[i], change, now))
			continue;
		ret |= (uint64_t)1 << i;
		if (!c->route[i].go_on)
			break;
	}
	return ret;
}

bool route_is_quiet(const struct route *r, enum level level, usec now)
{
	return r->has_quiet && level < r->quiet_level && hours_has(&r->quiet, r->zone, now);
}
