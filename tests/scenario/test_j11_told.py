# SPDX-License-Identifier: Apache-2.0
"""What happens in a log is told to people, once: by mail, to Alertmanager and to a webhook, whatever
the log says, however often it happens, and whoever of them is down meanwhile."""
import json
import os
import re
import signal
import time

import people
import pytest
import yaml

RULE = """\
title: {title}
id: 3c1c1cf6-4a6c-4a5e-8c9a-6cf0f1a1b{number:03}
status: test
logsource: {{product: openstack}}
detection:
  sel: {{message|contains: '{text}'}}
  condition: sel
level: {level}
tags: [attack.t1110]
"""
LINE = ("2026-11-26 01:04:{:02}.{:03} 2189 WARNING keystone.server.flask.application [None req-{:08x}-7f5b-4c60-b0c1-"
        "8b4f1d7cc111 - - - - - -] {} from {}: keystone.exception.Unauthorized: The request\n")
HIGH, LOW, CRITICAL = "Authorization failed.", "Something small.", "The house burns."


class Cloud:
    """A log, rules and the people to tell."""

    def __init__(self, vedette, ledger, folder, port):
        self.vedette, self.dir, self.n = vedette, folder, 0
        self.log = folder / "keystone.log"
        self.log.write_text("")
        rules = folder / "rules"
        rules.mkdir()
        for i, (title, text, level) in enumerate((("Failed <logins>", HIGH, "high"), ("Small thing", LOW, "low"),
                                                  ("House on fire", CRITICAL, "critical"))):
            (rules / f"{level}.yml").write_text(RULE.format(title=title, number=i, text=text, level=level))
        for name, text in (("password", people.PASSWORD), ("secret", "s3cret")):
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)
        self.mail = people.MailServer(port())
        self.manager = people.Alertmanager(folder / "alertmanager", port())
        self.hook = people.Webhook(port(), "s3cret")
        self.told = {
            "targets": {
                "ops": {"kind": "mail", "server": f"127.0.0.1:{self.mail.port}", "ca": str(self.mail.ca),
                        "user": "vedette", "password_file": "password", "timeout": "10s",
                        "from": "Vedette <vedette@test.example>", "to": ["ops@test.example", "boss@test.example"]},
                "prometheus": {"kind": "alertmanager", "url": self.manager.url, "resend": "2s"},
                "hook": {"kind": "webhook", "url": self.hook.url, "secret_file": "secret"}},
            "routes": [{"to": ["ops", "prometheus", "hook"], "level": "low", "hourly": 20}],
            "limits": {"retry": "1s"}}
        self.config = {"ledger": {"dir": str(ledger)}, "files": [str(self.log)], "rules": {"paths": [str(rules)]},
                       "watch": {"config": []}, "desk": {"socket": str(folder / "s")},
                       "notify": {"file": str(folder / "notify.yaml")}}
        self.write()

    def write(self):
        (self.dir / "notify.yaml").write_text(yaml.safe_dump(self.told))

    def happen(self, text=HIGH, address="203.0.113.9", times=1):
        with open(self.log, "a", encoding="utf-8", newline="") as f:
            for _ in range(times):
                self.n += 1
                f.write(LINE.format(self.n // 1000 % 60, self.n % 1000, self.n, text, address))

    def ask(self, *args):
        return self.vedette("alerts", *args, "--socket", self.dir / "s", check=None).stdout

    def alerts(self):
        """Of our rules: also the ledger's own doings may be worth an alert."""
        every = [json.loads(line) for line in self.ask("list", "-o", "json").splitlines()]
        return [a for a in every if a["rule.uuid"].startswith("3c1c1cf6")]

    def kill(self, role):
        status = json.loads(self.vedette("status", "--socket", self.dir / "s", "-o", "json").stdout)
        os.kill(status["processes"][role]["pid"], signal.SIGKILL)


@pytest.fixture
def cloud(vedette, ledger, tmp_path, free_port):
    c = Cloud(vedette, ledger, tmp_path, free_port)
    yield c
    for one in (c.manager, c.hook):
        one.stop()
    c.mail.done()


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


def about(mails, alert):
    """Those that name the alert, by the line that says what to do."""
    return [m for m in mails if re.search(rf"vedette alerts ack {alert['id']}\b", people.body(m))]


def test_one_mail_for_each_change_of_state(cloud, serve):
    for one in (cloud.mail, cloud.manager, cloud.hook):
        one.start()
    with serve(cloud.config):
        cloud.happen(times=3)
        assert until(cloud.mail.mails), "no mail"
        first = cloud.mail.mails()[0]
        assert first["To"] == "ops@test.example, boss@test.example"
        assert first["From"] == "Vedette <vedette@test.example>"
        assert first["Auto-Submitted"] == "auto-generated"
        assert "Failed <logins>" in first["Subject"] and "high" in first["Subject"].lower()
        assert until(lambda: about(cloud.mail.mails(), cloud.alerts()[0]))
        assert "vedette evidence export" in people.body(first)
        assert "T1110" in people.body(first).upper()
        assert "Failed &lt;logins&gt;" in people.body(first, "html")
        assert "<logins>" not in people.body(first, "html")

        cloud.happen(times=2000)
        number = str(cloud.alerts()[0]["id"])
        assert until(lambda: cloud.alerts()[0]["count"] == 2003)
        cloud.ask("ack", number)
        assert until(lambda: len(cloud.mail.mails()) == 2), "no mail that it was acknowledged"
        second = cloud.mail.mails()[1]
        assert first["References"] == second["References"] or first["Message-ID"] in second["References"]
        assert first["Message-ID"] != second["Message-ID"]

        assert until(cloud.manager.alerts), "Alertmanager knows nothing"
        fired = cloud.manager.alerts()[0]
        assert fired["labels"]["severity"] == "high"
        cloud.ask("close", number)
        assert until(lambda: not cloud.manager.alerts()), "it fires still"
        assert until(lambda: len(cloud.mail.mails()) == 3)
        kinds = [p["kind"] for p in cloud.hook.taken()]
        assert kinds.count("opened") == 1 and kinds.count("acknowledged") == 1 and kinds.count("closed") == 1


def test_all_are_down_and_nothing_is_lost_or_doubled(cloud, serve):
    del cloud.told["routes"][0]["hourly"]
    cloud.write()
    with serve(cloud.config):
        for i in range(12):
            cloud.happen(address=f"198.51.100.{i}")
        assert until(lambda: len(cloud.alerts()) >= 12 or len(cloud.alerts()) and cloud.alerts()[0]["count"] == 12)
        alerts = cloud.alerts()
        cloud.kill("hand")
        cloud.ask("close", str(alerts[0]["id"]))
        time.sleep(2)
        cloud.kill("hand")
    with serve(cloud.config):
        cloud.mail.refuse("defer")
        for one in (cloud.mail, cloud.manager, cloud.hook):
            one.start()
        cloud.hook.status = 503
        time.sleep(3)
        cloud.kill("hand")
        cloud.hook.status = 200
        cloud.mail.refuse(None)
        want = len(alerts) + 1
        assert until(lambda: len(cloud.mail.mails()) >= want, 60), len(cloud.mail.mails())
        assert until(lambda: len(cloud.hook.taken()) >= want)
        assert until(lambda: len(cloud.manager.alerts()) == len(alerts) - 1)
        time.sleep(3)
    mails = cloud.mail.mails()
    assert len(mails) == want, [m["Subject"] for m in mails]
    assert len({m["Message-ID"] for m in mails}) == want
    numbers = [p["change"] for p in cloud.hook.taken()]
    assert len(numbers) == len(set(numbers)) == want


def test_one_critical_among_many_low(cloud, serve):
    cloud.told["routes"][0] |= {"to": ["ops"], "hourly": 5}
    cloud.write()
    cloud.mail.start()
    with serve(cloud.config):
        for i in range(40):
            cloud.happen(LOW, f"10.1.{i}.7", times=500)
        cloud.happen(CRITICAL)
        since = time.monotonic()
        for i in range(40):
            cloud.happen(LOW, f"10.2.{i}.7", times=500)
        assert until(lambda: cloud.mail.mails("House on fire"), 30), "the critical one was not mailed"
        assert time.monotonic() - since < 30
        assert len([m for m in cloud.mail.mails() if "Small thing" in m["Subject"]]) <= 5


def test_a_mail_that_is_refused_for_good_does_not_hold_up_others(cloud, serve):
    cloud.told["routes"][0]["to"] = ["ops"]
    cloud.write()
    cloud.mail.start()
    cloud.mail.refuse("deny")
    with serve(cloud.config) as daemon:
        cloud.happen(LOW)
        assert until(lambda: "ops" in daemon.log()), "a refused mail is told"
        cloud.mail.refuse(None)
        cloud.happen(CRITICAL)
        assert until(lambda: cloud.mail.mails("House on fire"))


def test_a_password_is_not_sent_without_tls(cloud, serve):
    other = cloud.told["targets"]["ops"]
    del other["ca"]  # nobody has signed this certificate
    cloud.write()
    cloud.mail.start()
    with serve(cloud.config) as daemon:
        cloud.happen(CRITICAL)
        assert until(lambda: "certificate" in daemon.log().lower()), daemon.log()
        assert not cloud.mail.mails()
    assert "vedette" not in (cloud.mail.dir / "spool" / "mainlog").read_text().replace("vedette@", "")
