/* SPDX-License-Identifier: Apache-2.0 */
/* Of configuration files, what decides over logging is seen, and nothing else gets out. */
#include "tap.h"
#include "watch/settings.h"

static char got[4000];

static bool add(void *ctx, struct bytes key, struct bytes before, struct bytes after)
{
	size_t n = strlen(got);

	(void)ctx;
	snprintf(got + n, sizeof(got) - n, "%.*s:%.*s>%.*s;", (int)key.len, (const char *)key.at,
		 (int)before.len, (const char *)before.at, (int)after.len, (const char *)after.at);
	return true;
}

static const char *between(const char *path, const char *before, const char *after)
{
	struct settings a = { .n = 0 }, b = { .n = 0 };

	got[0] = 0;
	settings_read(&a, bytes_str(path), bytes_str(before));
	settings_read(&b, bytes_str(path), bytes_str(after));
	settings_diff(&a, &b, add, NULL);
	settings_done(&a);
	settings_done(&b);
	return got;
}

int main(void)
{
	is_str(between("/etc/nova/nova.conf", "[DEFAULT]\ndebug = True\n",
		       "[DEFAULT]\ndebug=False\n"),
	       "DEFAULT.debug:True>False;", "an option of oslo.log");
	is_str(between("/etc/nova/nova.conf", "[database]\nconnection = mysql://n:alt@db\n",
		       "[database]\nconnection = mysql://n:neu@db\n"),
	       "", "a password is not looked at");
	is_str(between("/etc/nova/logging.conf", "[logger_root]\nlevel = INFO\n",
		       "[logger_root]\nlevel = CRITICAL\n"),
	       "logger_root.level:INFO>CRITICAL;", "a level of Python's logging");
	is_str(between("/etc/systemd/journald.conf", "[Journal]\nStorage=persistent\n",
		       "[Journal]\nStorage=none\n"),
	       "Journal.Storage:persistent>none;", "journald");
	is_str(between("/etc/audit/rules.d/a.rules", "-w /etc/passwd -p wa\n", "-e 0\n"),
	       "-e 0:>there;-w /etc/passwd -p wa:there>;", "rules of audit");
	is_str(between("/etc/rsyslog.conf", "", ":msg, contains, \"sudo\" stop\n"),
	       ":msg, contains, \"sudo\" stop:>there;", "a rule of rsyslog that throws away");
	is_str(between("/etc/ssh/sshd_config", "LogLevel INFO\nPort 22\n",
		       "LogLevel QUIET\nPort 23\n"),
	       "LogLevel:INFO>QUIET;", "sshd");
	is_str(between("/etc/nova/nova.conf", "#debug = True\n", "; debug = False\n"), "",
	       "comments say nothing");
	return done_testing();
}
