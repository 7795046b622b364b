/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: defaults, values of every type, refusals with line and reason. */
#include "cmd/config/config.h"
#include "tap.h"

static int parse(struct config *c, const char *yaml, struct why *why)
{
	why->line[0] = 0;
	return config_parse(c, bytes_str(yaml), "f", why);
}

static void good(void)
{
	struct config c;
	struct why why;

	is_int(parse(&c, "", &why), 0, "an empty file is good: %s", why.line);
	is_str(c.ledger.dir, "/var/lib/vedette/ledger", "a default");
	is_int(c.ledger.block_age, 3600 * USEC_PER_SEC, "a default length of time");
	config_done(&c);
	is_int(parse(&c,
		     "host: h\nzone: '+02:00'\nfiles: [/a, '/b/*.log']\n"
		     "ledger:\n  block_bytes: 1MiB\n  keep_age: never\n"
		     "syslog: {tcp: '[::1]:514'}\njournal: {enabled: yes}\n",
		     &why),
	       0, "values: %s", why.line);
	is_str(c.host, "h", "text");
	is_int(c.zone, 120, "zone");
	is_int(c.files.n, 2, "list");
	is_str(c.files.at[1], "/b/*.log", "second of a list");
	is_int(c.ledger.block_bytes, 1 << 20, "size");
	is_int(c.ledger.keep_age, 0, "never");
	is_str(c.syslog_tcp.at[0], "[::1]:514", "one value where a list may be");
	ok(c.journal_enabled, "yes");
	config_done(&c);
}

static void round_trip(void)
{
	struct buf one = { 0 }, two = { 0 };
	struct config c;
	struct why why;

	config_init(&c);
	config_print(&c, true, &one);
	config_done(&c);
	is_int(parse(&c, buf_cstr(&one), &why), 0, "what is printed is good: %s", why.line);
	config_print(&c, true, &two);
	is_bytes(buf_view(&two), buf_view(&one), "and means the same");
	config_done(&c);
	buf_done(&one);
	buf_done(&two);
}

static void refused(const char *yaml, const char *want)
{
	struct config c;
	struct why why;

	is_int(parse(&c, yaml, &why), -EINVAL, "refused");
	ok(strstr(why.line, want), "%s", why.line);
	config_done(&c);
}

int main(void)
{
	good();
	round_trip();
	refused("hots: a\n", "f:1: there is no key \"hots\"; did you mean host?");
	refused("host: a\nhost: b\n", "f:2: host: is here twice");
	refused("\n\nledger:\n  block_records: 3\n", "f:4: ledger.block_records: must be from 64");
	refused("ledger: {dir: relative}\n", "expected an absolute path");
	refused("syslog: {udp: ['127.0.0.1:70000']}\n", "expected a list of addresses");
	refused("syslog: {udp: ['::1:514']}\n", "expected a list of addresses");
	refused("files: {a: b}\n", "f:1: files: expected a list of absolute paths, not a mapping");
	refused("ledger:\n\tdir: /x\n", "f:2: not YAML");
	refused("? [a]\n: b\n", "expected the name of a key");
	refused("limits: {ring: 1MiB, record: 1MiB}\n", "limits.ring");
	return done_testing();
}
