/* SPDX-License-Identifier: Apache-2.0 */
/* Of a configuration file, what decides over logging is seen to change, and nothing else is told.
 */
#include "tap.h"
#include "watch/settings.h"

static struct buf seen;

static bool take(void *ctx, struct bytes key, struct bytes before, struct bytes after)
{
	(void)ctx;
	buf_bytes(&seen, key);
	buf_str(&seen, ":");
	buf_bytes(&seen, before);
	buf_str(&seen, ">");
	buf_bytes(&seen, after);
	buf_str(&seen, ";");
	return true;
}

static void differs(const char *path, const char *before, const char *after, const char *want,
		    const char *what)
{
	struct settings a = { .n = 0 }, b = { .n = 0 };

	settings_read(&a, bytes_str(path), bytes_str(before));
	settings_read(&b, bytes_str(path), bytes_str(after));
	buf_clear(&seen);
	settings_diff(&a, &b, take, NULL);
	is_str(buf_cstr(&seen), want, "%s", what);
	settings_done(&a);
	settings_done(&b);
}

static void test_kept(void)
{
	struct settings a = { .n = 0 }, b = { .n = 0 };
	struct buf packed = { 0 };

	settings_read(&a, BYTES("/etc/nova/nova.conf"),
		      BYTES("[DEFAULT]\ndebug = true\nlog_file=/var/log/x.log\n"));
	settings_pack(&a, 1000, &packed);
	ok(settings_unpack(&b, buf_view(&packed)), "packed settings are read back");
	buf_clear(&seen);
	settings_diff(&a, &b, take, NULL);
	is_int(seen.len, 0, "the same");
	ok(!settings_unpack(&b, bytes_sub(buf_view(&packed), 0, packed.len - 1)), "cut: refused");
	buf_clear(&packed);
	settings_pack(&a, 20, &packed);
	ok(packed.len <= 20 && settings_unpack(&b, buf_view(&packed)),
	   "where there is little room, whole pairs");
	buf_done(&packed);
	settings_done(&a);
	settings_done(&b);
}

int main(void)
{
	differs("/etc/nova/logging.conf", "[logger_root]\nlevel = INFO\nhandlers = file\n",
		"[logger_root]\nlevel = CRITICAL\nhandlers = file\n",
		"logger_root.level:INFO>CRITICAL;", "the level behind log_config_append is raised");
	differs("/etc/nova/nova.conf", "[DEFAULT]\ndebug = true\n[database]\nconnection = a:b@c\n",
		"[DEFAULT]\ndebug = false\n[database]\nconnection = a:x@c\n",
		"DEFAULT.debug:true>false;", "debug is turned off, and the password is not told");
	differs("/etc/keystone/keystone.conf", "[DEFAULT]\n",
		"[DEFAULT]\nlog_config_append = /tmp/evil.conf\n",
		"DEFAULT.log_config_append:>/tmp/evil.conf;", "a setting that was not there");
	differs("/etc/nova/nova.conf", "[oslo_messaging_notifications]\ndriver = messagingv2\n",
		"[oslo_messaging_notifications]\ndriver = noop\n",
		"oslo_messaging_notifications.driver:messagingv2>noop;",
		"notifications are turned off");
	differs("/etc/systemd/journald.conf", "[Journal]\n#Storage=auto\nRateLimitBurst=10000\n",
		"[Journal]\nStorage=none\nRateLimitBurst=1\n",
		"Journal.RateLimitBurst:10000>1;Journal.Storage:>none;", "journald is muted");
	differs("/etc/audit/rules.d/a.rules", "-w /etc/passwd -p wa\n-e 1\n", "-e 0\n",
		"-e 0:>there;-e 1:there>;-w /etc/passwd -p wa:there>;", "audit is switched off");
	differs("/etc/rsyslog.conf", "*.* @@log:514\n", "*.* stop\n*.* @@log:514\n",
		"*.* stop:>there;", "rsyslog discards");
	differs("/etc/ssh/sshd_config", "LogLevel INFO\n", "LogLevel QUIET\n",
		"LogLevel:INFO>QUIET;", "sshd says less");
	differs("/etc/nova/nova.conf", "debug = true\r\n", "debug = true\n", "",
		"other ends of lines are no change");
	test_kept();
	buf_done(&seen);
	return done_testing();
}
