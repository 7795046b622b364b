/* SPDX-License-Identifier: Apache-2.0 */
/* notify.yaml is taken whole or refused by the line that is wrong, and secrets stay secret. */
#include "base/io.h"
#include "notify/settings.h"
#include "tap.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/vedette-settings-XXXXXX";

#define MAIL                                                                                       \
	"targets:\n"                                                                               \
	"  ops: {kind: mail, server: \"mail.example.org:587\", from: \"Vedette <v@example.org>\"," \
	" to: [a@example.org, b@example.org]}\n"
#define ROUTE "routes: [{to: ops}]\n"

static int read_text(const char *yaml, struct notify_config **ret, struct why *why)
{
	*why = (struct why){ "" };
	*ret = NULL;
	return notify_read(ret, "notify.yaml", bytes_str(yaml), why);
}

/* Refused, at that line, with a word that says why. */
static void bad(const char *yaml, unsigned line, const char *word)
{
	struct notify_config *c;
	struct why why;
	char place[40];
	int r = read_text(yaml, &c, &why);

	snprintf(place, sizeof(place), "notify.yaml:%u: ", line);
	ok(r == -EINVAL && !c, "refused: %s", word);
	ok(!strncmp(why.line, place, strlen(place)), "by its line: %s", why.line);
	ok(strstr(why.line, word) != NULL, "with a reason: %s", why.line);
	if (r == 0)
		notify_config_free(c);
}

static void good(void)
{
	struct notify_config *c;
	struct why why;

	ok(read_text(MAIL "routes:\n"
			  "- {to: [ops], level: high, project: 'p-*', rule: ['attack.*', 'Key*'],"
			  " hourly: 7, digest: 30m, quiet: '22:00-06:00', continue: true}\n"
			  "heartbeat: {to: ops, at: '07:30'}\n"
			  "limits: {entries: 100, megabytes: 1, age: 2d, retry: 10m}\n",
		     &c, &why) == 0,
	   "a whole file %s", why.line);
	if (!c)
		return;
	is_int(c->targets, 1, "one target");
	is_bytes(c->target[0].url, BYTES("smtp://mail.example.org:587"), "its url");
	is_int(c->target[0].tls, TARGET_TLS_REQUIRED,
	       "TLS is required where nobody says otherwise");
	is_bytes(c->target[0].from_name, BYTES("Vedette"), "name of the sender");
	is_bytes(c->target[0].from, BYTES("v@example.org"), "address of the sender");
	is_int(c->target[0].to.n, 2, "two who get it");
	is_int(c->routes, 1, "one route");
	is_int(c->route[0].to, 1, "to the target");
	is_int(c->route[0].level, LEVEL_HIGH, "its level");
	is_int(c->route[0].hourly, 7, "its cap");
	ok(c->route[0].digest == 30 * 60 * USEC_PER_SEC, "its digest");
	ok(c->route[0].go_on && c->route[0].has_quiet && !c->route[0].has_hours, "the rest of it");
	is_int(c->heartbeat.minute, 450, "the heartbeat's time");
	ok(c->limits.entries == 100 && c->limits.age == 2 * USEC_PER_DAY, "the limits");
	notify_config_free(c);
	ok(read_text("", &c, &why) == 0 && c->targets == 0, "an empty file tells nobody");
	notify_config_free(c);
}

static void refused(void)
{
	bad("targets: [\n", 2, "");
	bad("- a\n", 1, "targets");
	bad(MAIL "rowtes: []\n", 3, "routes");
	bad(MAIL ROUTE ROUTE, 4, "twice");
	bad(MAIL "routes: [{to: nobody}]\n", 3, "no target nobody");
	bad(MAIL "routes: [{level: high}]\n", 3, "to");
	bad(MAIL "routes: [{to: ops, level: urgent}]\n", 3, "critical");
	bad(MAIL "routes: [{to: ops, hours: '8-18'}]\n", 3, "hours");
	bad(MAIL "routes: [{to: ops, zone: Mars/Base}]\n", 3, "zone");
	bad(MAIL "routes: [{to: ops, hourly: 0}]\n", 3, "number");
	bad("targets:\n  ops: {kind: pigeon}\n", 2, "kind");
	bad("targets:\n  ops: {kind: mail, server: m, from: v@e.org, to: 'a@e.org>, <b@e.org'}\n",
	    2, "addresses");
	bad("targets:\n  ops: {kind: mail, server: m, from: v@e.org, to: \"a@e.org\\r\\nBcc: "
	    "b\"}\n",
	    2, "one line");
	bad("targets:\n  ops: {kind: mail, server: 'm/../x', from: v@e.org, to: a@e.org}\n", 2,
	    "server");
	bad("targets:\n  h: {kind: webhook, url: 'http://example.org/'}\n", 2, "TLS");
	bad("targets:\n  h: {kind: webhook, url: 'file:///etc/passwd'}\n", 2, "https");
	bad("targets:\n  h: {kind: webhook, url: 'https://user:pw@example.org/'}\n", 2, "account");
	bad("targets:\n  h: {kind: webhook, url: 'http://127.0.0.1.example.org/'}\n", 2, "TLS");
	bad(MAIL "heartbeat: {at: '07:00'}\n", 3, "to");
	bad(MAIL "heartbeat: {to: ops, at: '24:00'}\n", 3, "time of day");
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ok(fd >= 0 && io_write(fd, bytes_str(text)) == 0 && fchmod(fd, mode) == 0, "wrote %s",
	   name);
	close(fd);
}

static int load_with(const char *secret, struct notify_config **ret, struct why *why)
{
	char path[200], text[400];

	snprintf(text, sizeof(text),
		 "targets:\n  h: {kind: webhook, url: 'https://example.org/', secret_file: %s}\n",
		 secret);
	write_file("notify.yaml", text, 0600);
	snprintf(path, sizeof(path), "%s/notify.yaml", dir);
	*ret = NULL;
	*why = (struct why){ "" };
	return notify_load(ret, path, why);
}

static void secrets(void)
{
	struct notify_config *c;
	struct why why;

	write_file("key", "hush hush\n", 0600);
	ok(load_with("key", &c, &why) == 0, "a name beside notify.yaml %s", why.line);
	if (c) {
		is_bytes(c->target[0].secret, BYTES("hush hush"),
			 "the secret, without its newline");
		notify_config_free(c);
	}
	write_file("key", "hush hush\n", 0604);
	ok(load_with("key", &c, &why) < 0 && strstr(why.line, "others"), "readable by all: %s",
	   why.line);
	ok(!strstr(why.line, "hush"), "which is said without saying it");
	write_file("key", "two\nlines\n", 0600);
	ok(load_with("key", &c, &why) < 0 && !strstr(why.line, "two"), "of two lines: %s",
	   why.line);
	write_file("key", "\n", 0600);
	ok(load_with("key", &c, &why) < 0, "empty: %s", why.line);
	ok(load_with("gone", &c, &why) < 0 && strstr(why.line, "gone"), "not there: %s", why.line);
	ok(load_with("/dev/zero", &c, &why) < 0, "no file: %s", why.line);
}

int main(void)
{
	char path[200];

	if (!mkdtemp(dir))
		return 1;
	good();
	refused();
	secrets();
	snprintf(path, sizeof(path), "%s/key", dir);
	unlink(path);
	snprintf(path, sizeof(path), "%s/notify.yaml", dir);
	unlink(path);
	rmdir(dir);
	return done_testing();
}
