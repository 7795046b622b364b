/* SPDX-License-Identifier: Apache-2.0 */
/* The change calendar: who may do what, where and when; and what is no calendar. */
#include "detect/calendar.h"
#include "tap.h"

static usec at(const char *text)
{
	usec t = 0;

	ok(clock_parse(bytes_str(text), 0, &t), "%s is a time", text);
	return t;
}

static struct calendar *read_text(const char *name, const char *text, bool ical)
{
	struct calendar *c = calendar_new();
	struct why why = { 0 };
	int r = calendar_read(c, name, bytes_str(text), ical, &why);

	is_int(r, 0, "%s is read", name);
	if (r)
		printf("# %s\n", why.line);
	return c;
}

static bool covers(struct calendar *c, const char *when, const char *host, const char *service,
		   unsigned what)
{
	struct calendar_ask ask = {
		at(when), bytes_str(host), bytes_str(service), { NULL, 0 }, what
	};

	return calendar_covers(c, &ask, NULL);
}

static const char yaml[] = "zone: Europe/Berlin\n"
			   "windows:\n"
			   "  - name: nightly restart\n"
			   "    from: \"23:30\"\n"
			   "    to: \"00:30\"\n"
			   "    repeat: daily\n"
			   "    services: [\"nova-*\"]\n"
			   "    what: restart\n"
			   "    except: [2026-12-25]\n"
			   "  - name: rack 7\n"
			   "    from: 2026-12-01T20:00:00Z\n"
			   "    to: 2026-12-02 02:00\n"
			   "    hosts: [\"cmp-07\", \"cmp-08\"]\n"
			   "  - name: patch day\n"
			   "    from: \"08:00\"\n"
			   "    to: \"10:00\"\n"
			   "    days: [tue, wed]\n"
			   "    what: [upgrade, reboot]\n"
			   "  - name: every second Saturday\n"
			   "    from: 2026-01-03 06:00\n"
			   "    to: 2026-01-03 07:00\n"
			   "    repeat: FREQ=WEEKLY;INTERVAL=2\n"
			   "  - name: on call\n"
			   "    from: 2026-12-01 00:00\n"
			   "    to: 2026-12-08 00:00\n"
			   "    what: login\n"
			   "    who: [alice]\n";

static void windows_of_yaml(void)
{
	struct calendar *c = read_text("a.yaml", yaml, false);
	struct calendar_ask ask = { 0 };
	struct bytes name = { 0 };

	is_int(calendar_windows(c), 5, "five windows");
	ok(covers(c, "2026-07-01T21:45:00Z", "ctl", "nova-api.service", CALENDAR_STOP),
	   "23:45 in Berlin's summer");
	ok(covers(c, "2026-12-01T22:45:00Z", "ctl", "nova-api", CALENDAR_START),
	   "23:45 in Berlin's winter");
	ok(covers(c, "2026-12-01T23:15:00Z", "ctl", "nova-api", CALENDAR_STOP), "past midnight");
	ok(!covers(c, "2026-12-01T23:30:00Z", "ctl", "nova-api", CALENDAR_STOP),
	   "the end is not within");
	ok(!covers(c, "2026-12-25T22:45:00Z", "ctl", "nova-api", CALENDAR_STOP),
	   "not on the day that is excepted");
	ok(!covers(c, "2026-12-03T22:45:00Z", "ctl", "mariadb", CALENDAR_STOP),
	   "not another service");
	ok(!covers(c, "2026-12-03T22:45:00Z", "ctl", "nova-api", CALENDAR_REBOOT),
	   "not another change");
	ok(covers(c, "2026-12-02T00:59:00Z", "cmp-07.example.org", "x", CALENDAR_REBOOT),
	   "a host by its short name, until two in Berlin");
	ok(!covers(c, "2026-12-02T01:00:00Z", "cmp-07", "x", CALENDAR_REBOOT), "and no longer");
	ok(!covers(c, "2026-12-01T21:00:00Z", "cmp-09", "x", CALENDAR_REBOOT), "not another host");
	ok(covers(c, "2026-11-25T07:30:00Z", "h", "", CALENDAR_UPGRADE), "a Wednesday");
	ok(!covers(c, "2026-11-26T07:30:00Z", "h", "", CALENDAR_UPGRADE), "no Thursday");
	ok(covers(c, "2027-06-05T04:30:00Z", "h", "", CALENDAR_STOP),
	   "37 times two weeks later, stepped to");
	ok(!covers(c, "2027-06-12T04:30:00Z", "h", "", CALENDAR_STOP), "the week between is none");
	ok(covers(c, "2026-01-03T05:30:00Z", "h", "", CALENDAR_STOP), "and back to the first");
	ask = (struct calendar_ask){
		at("2026-12-03T10:00:00Z"), BYTES("h"), { NULL, 0 }, BYTES("alice"), CALENDAR_LOGIN
	};
	ok(calendar_covers(c, &ask, &name), "alice may log in");
	is_bytes(name, BYTES("on call"), "the window is named");
	ask.who = BYTES("mallory");
	ok(!calendar_covers(c, &ask, &name), "mallory may not");
	ok(!calendar_covers(NULL, &ask, &name), "no calendar, no window");
	calendar_free(c);
}

static const char ical[] =
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	"BEGIN:VTIMEZONE\r\nTZID:Office\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
	"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Kernel\\, week\r\n ly\r\n"
	"DTSTART;TZID=Office:20260104T030000\r\nDTEND;TZID=Office:20260104T040000\r\n"
	"RRULE:FREQ=WEEKLY;BYDAY=SU;UNTIL=20261231T235959Z\r\n"
	"EXDATE;TZID=Office:20260201T030000\r\n"
	"CATEGORIES:maintenance,what:reboot,host:cmp-*\r\n"
	"BEGIN:VALARM\r\nSUMMARY:alarm\r\nEND:VALARM\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Kernel, "
	"moved\r\nRECURRENCE-ID;TZID=Office:20260208T030000\r\n"
	"DTSTART;TZID=Office:20260209T030000\r\nDURATION:PT1H30M\r\nX-VEDETTE-WHAT:reboot\r\n"
	"LOCATION:cmp-1,cmp-2\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:2\r\nSUMMARY:Lunch\r\nDTSTART:20260105\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:3\r\nSUMMARY:Move\r\nDTSTART;VALUE=DATE:20260301\r\n"
	"X-VEDETTE-SERVICES:cinder-*\r\nRDATE:20260310\r\nEND:VEVENT\r\n"
	"BEGIN:VEVENT\r\nUID:4\r\nSUMMARY:Off\r\nSTATUS:CANCELLED\r\nDTSTART:20260401\r\n"
	"CATEGORIES:change\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

static void windows_of_ical(void)
{
	struct calendar *c = read_text("a.ics", ical, true);
	struct calendar_ask ask = { at("2026-01-11T01:30:00Z"),
				    BYTES("cmp-1"),
				    { NULL, 0 },
				    { NULL, 0 },
				    CALENDAR_REBOOT };
	struct bytes name = { 0 };

	is_int(calendar_windows(c), 3, "three changes");
	is_int(calendar_ignored(c), 2, "a lunch and a cancelled event are none");
	ok(calendar_covers(c, &ask, &name), "a zone that the file brings along");
	is_bytes(name, BYTES("Kernel, weekly"), "a folded, escaped summary");
	ok(!covers(c, "2026-01-11T03:30:00Z", "cmp-1", "", CALENDAR_REBOOT), "not in UTC");
	ok(!covers(c, "2026-02-01T01:30:00Z", "cmp-1", "", CALENDAR_REBOOT), "EXDATE");
	ok(!covers(c, "2026-02-08T01:30:00Z", "cmp-1", "", CALENDAR_REBOOT), "moved away");
	ok(covers(c, "2026-02-09T02:25:00Z", "cmp-2", "", CALENDAR_REBOOT), "to here");
	ok(!covers(c, "2026-02-09T02:25:00Z", "cmp-3", "", CALENDAR_REBOOT), "at its location");
	ok(!covers(c, "2027-01-03T01:30:00Z", "cmp-1", "", CALENDAR_REBOOT), "UNTIL has passed");
	ok(covers(c, "2026-03-01T23:30:00Z", "x", "cinder-api", CALENDAR_STOP), "a whole day");
	ok(covers(c, "2026-03-10T12:00:00Z", "x", "cinder-api", CALENDAR_STOP), "RDATE");
	ok(!covers(c, "2026-03-02T12:00:00Z", "x", "cinder-api", CALENDAR_STOP), "and no other");
	ok(!covers(c, "2026-04-01T12:00:00Z", "x", "", CALENDAR_STOP), "cancelled");
	calendar_free(c);
}

static void refused(const char *name, const char *text, bool is_ical, const char *begins)
{
	struct calendar *c = calendar_new();
	struct why why = { 0 };

	ok(calendar_read(c, name, bytes_str(text), is_ical, &why) < 0, "refused: %s", begins);
	if (!ok(bytes_starts(bytes_str(why.line), bytes_str(begins)), "by file, line and reason"))
		printf("# %s\n", why.line);
	calendar_free(c);
}

static void refusals(void)
{
	const char *none[] = { "/nonexistent/c.yaml" };
	struct calendar *c = NULL;
	struct why why = { 0 };

	refused("a.yaml", "windows:\n  - name: x\n    form: 1\n", false, "a.yaml:3: a window has");
	refused("a.yaml", "windows:\n  - name: x\n", false, "a.yaml:2: a window needs");
	refused("a.yaml", "\nzone: Mars/Olympus\n", false, "a.yaml:2: zone:");
	refused("a.yaml", "zone: ../../etc/passwd\n", false, "a.yaml:1: zone:");
	refused("a.yaml", "windows: [\n", false, "a.yaml:2: ");
	refused("a.yaml", "windows:\n- {name: x, from: 2026-01-01 10:00, to: 2026-01-01 09:00}\n",
		false, "a.yaml:2: the window ends before");
	refused("a.yaml", "windows:\n- {name: x, from: \"10:00\", to: \"11:00\"}\n", false,
		"a.yaml:2: from: a time of day needs");
	refused("a.yaml",
		"windows:\n- {name: x, from: 2026-01-01 10:00, to: 2026-01-01 11:00,\n"
		"   repeat: FREQ=SECONDLY}\n",
		false, "a.yaml:3: repeat: a window repeats once an hour");
	refused("a.yaml",
		"windows:\n- {name: x, from: 2026-01-01 10:00, to: 2026-01-01 11:00, what: "
		"dance}\n",
		false, "a.yaml:2: what:");
	refused("a.ics", "hello\n", true, "a.ics:1: ");
	refused("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\n", true, "a.ics:3: ");
	refused("a.ics", "BEGIN:VCALENDAR\n\nBEGIN:VEVENT\nSUMMARY:x\n", true,
		"a.ics:3: this event has no end");
	refused("a.ics",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;TZID=Nowhere:20260101T100000\nEND:VEVENT\n",
		true, "a.ics:3: ");
	refused("a.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nRRULE:FREQ=NEVER\nEND:VEVENT\n", true,
		"a.ics:3: ");
	ok(calendar_load(&c, none, 1, &why) < 0 && !c, "a file that is not there");
	ok(strstr(why.line, "/nonexistent/c.yaml"), "is named");
}

int main(void)
{
	windows_of_yaml();
	windows_of_ical();
	refusals();
	return done_testing();
}
