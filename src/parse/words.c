/* SPDX-License-Identifier: Apache-2.0 */
/* Words that lines write in many ways, as constants: a constant costs a block nothing. */
#include "parse/line.h"

#define K3(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

struct bytes level_of(struct bytes w)
{
	static const struct bytes none;
	struct bytes level;

	if (w.len < 3 || w.len > 13)
		return none;
	switch (K3(w.at[0] | 32, w.at[1] | 32, w.at[2] | 32)) {
	case K3('i', 'n', 'f'):
		if (w.len != 4 && !bytes_ieq(w, BYTES("information")) &&
		    !bytes_ieq(w, BYTES("informational")))
			return none;
		level = BYTES("info");
		break;
	case K3('w', 'a', 'r'):
		level = BYTES("warning");
		if (w.len == 4 && (w.at[3] | 32) == 'n')
			return level;
		break;
	case K3('e', 'r', 'r'):
		level = BYTES("error");
		if (w.len == 3)
			return level;
		break;
	case K3('d', 'e', 'b'):
		level = BYTES("debug");
		break;
	case K3('d', 'b', 'g'):
		return w.len == 3 ? BYTES("debug") : none;
	case K3('c', 'r', 'i'):
		level = BYTES("critical");
		if (w.len == 4 && (w.at[3] | 32) == 't')
			return level;
		break;
	case K3('n', 'o', 't'):
		level = BYTES("notice");
		if (w.len == 4 && (w.at[3] | 32) == 'e')
			return level;
		break;
	case K3('t', 'r', 'a'):
		level = BYTES("trace");
		break;
	case K3('f', 'a', 't'):
		return bytes_ieq(w, BYTES("fatal")) ? BYTES("critical") : none;
	case K3('s', 'e', 'v'):
		return bytes_ieq(w, BYTES("severe")) ? BYTES("error") : none;
	case K3('a', 'l', 'e'):
		level = BYTES("alert");
		break;
	case K3('a', 'u', 'd'):
		level = BYTES("audit");
		break;
	case K3('p', 'a', 'n'):
		return bytes_ieq(w, BYTES("panic")) ? BYTES("emergency") : none;
	case K3('e', 'm', 'e'):
		if (w.len > 5)
			return bytes_ieq(w, BYTES("emergency")) ? BYTES("emergency") : none;
		level = BYTES("emergency");
		return bytes_ieq(w, scan_head(level, w.len)) ? level : none;
	default:
		return none;
	}
	if (level.len == 4)
		return w.len > 4 || (w.at[3] | 32) == 'o' ? level : none;
	return bytes_ieq(w, level) ? level : none;
}

struct bytes level_of_severity(unsigned severity)
{
	switch (severity) {
	case 0:
		return BYTES("emergency");
	case 1:
		return BYTES("alert");
	case 2:
		return BYTES("critical");
	case 3:
		return BYTES("error");
	case 4:
		return BYTES("warning");
	case 5:
		return BYTES("notice");
	case 6:
		return BYTES("info");
	case 7:
		return BYTES("debug");
	default:
		return BYTES("");
	}
}

/* The known projects, by the length of their names. */
static bool is_service(struct bytes w)
{
	switch (w.len) {
	case 3:
		return IS(w, "zun");
	case 4:
		return IS(w, "nova") || IS(w, "heat") || IS(w, "aodh");
	case 5:
		return IS(w, "swift") || IS(w, "trove") || IS(w, "panko") || IS(w, "zaqar");
	case 6:
		return IS(w, "glance") || IS(w, "cinder") || IS(w, "ironic") || IS(w, "magnum") ||
		       IS(w, "manila") || IS(w, "sahara") || IS(w, "senlin") || IS(w, "murano") ||
		       IS(w, "cyborg") || IS(w, "tacker") || IS(w, "blazar");
	case 7:
		return IS(w, "neutron") || IS(w, "horizon") || IS(w, "octavia") ||
		       IS(w, "gnocchi") || IS(w, "mistral") || IS(w, "watcher") ||
		       IS(w, "vitrage") || IS(w, "freezer") || IS(w, "monasca") ||
		       IS(w, "quantum") || IS(w, "skyline") || IS(w, "qinling");
	case 8:
		return IS(w, "keystone") || IS(w, "barbican") || IS(w, "masakari") ||
		       IS(w, "congress") || IS(w, "adjutant");
	case 9:
		return IS(w, "placement") || IS(w, "designate");
	case 10:
		return IS(w, "ceilometer") || IS(w, "cloudkitty");
	default:
		return false;
	}
}

struct bytes service_of(struct bytes name)
{
	size_t n = 0;

	if (STARTS(name, "nova.")) /* the one that says most */
		return scan_head(name, 4);
	while (n < name.len && n < 12 && (uint8_t)(name.at[n] - 'a') < 26)
		n++;
	return is_service(scan_head(name, n)) ? scan_head(name, n) : BYTES("");
}

bool is_identifier(struct bytes id)
{
	bool dashed = id.len == 36;

	if (id.len != 32 && id.len != 64 && !dashed)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		if (dashed && (i == 8 || i == 13 || i == 18 || i == 23)) {
			if (id.at[i] != '-')
				return false;
		} else if (hex_digit(id.at[i]) < 0) {
			return false;
		}
	}
	return true;
}

struct bytes service_of_path(struct bytes path)
{
	size_t slash = scan_last(path, BYTES("/"));
	struct bytes s = service_of(slash == BYTES_NONE ? path : bytes_from(path, slash + 1));

	if (s.len || slash == BYTES_NONE)
		return s;
	return service_of(base_name(scan_head(path, slash)));
}

struct bytes base_name(struct bytes path)
{
	size_t slash = scan_last(path, BYTES("/"));

	return slash == BYTES_NONE ? path : bytes_from(path, slash + 1);
}
