/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zone.h"
#include <libical/ical.h>

/* struct zone is libical's by another name, so that its header stays here. */
static icaltimezone *inner(const struct zone *z)
{
	return (icaltimezone *)(uintptr_t)z;
}

/* The name becomes a path in libical: only names that stay in its folder. */
static bool name_good(struct bytes name)
{
	if (!name.len || name.len > 64 || bytes_find(name, BYTES("..")) != BYTES_NONE ||
	    name.at[0] == '/')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!is_alnum(name.at[i]) && !memchr("_+-/", name.at[i], 4))
			return false;
	return true;
}

bool zone_named(struct bytes name, const struct zone **ret)
{
	char text[65] = { 0 };
	icaltimezone *z;

	if (bytes_ieq(name, BYTES("UTC")) || bytes_ieq(name, BYTES("Etc/UTC"))) {
		*ret = NULL;
		return true;
	}
	if (!name_good(name))
		return false;
	memcpy(text, name.at, name.len);
	z = icaltimezone_get_builtin_timezone(text);
	if (!z || !icaltimezone_get_component(z))
		return false;
	*ret = (const struct zone *)z;
	return true;
}

usec zone_clock(const struct zone *z, usec at)
{
	struct icaltimetype t;
	int is_daylight;

	if (!z)
		return at;
	t = icaltime_from_timet_with_zone(at / USEC_PER_SEC, 0, icaltimezone_get_utc_timezone());
	return at +
	       icaltimezone_get_utc_offset_of_utc_time(inner(z), &t, &is_daylight) * USEC_PER_SEC;
}

/* On a day whose clock is set forward over `minute` the offset of before is taken; on one whose
 * clock shows it twice, the later one. */
usec zone_last(const struct zone *z, unsigned minute, usec now)
{
	usec offset = zone_clock(z, now) - now, local = now + offset;
	usec at = local - local % USEC_PER_DAY + (usec)minute * 60 * USEC_PER_SEC;

	if (at > local)
		at -= USEC_PER_DAY;
	at -= offset; /* the offset of then may be another */
	at += offset - (zone_clock(z, at) - at);
	return at > now ? now : at;
}
