# SPDX-License-Identifier: Apache-2.0
"""A running serve turns lines into alerts within the second, each once, whatever dies meanwhile."""
import json
import os
import signal
import time

RULE = """\
title: Authorization failed at Keystone
id: 3c1c1cf6-4a6c-4a5e-8c9a-6cf0f1a1b111
status: test
logsource: {product: openstack, service: keystone}
detection:
  sel: {message|contains: 'Authorization failed.'}
  condition: sel
level: medium
tags: [attack.t1110]
"""
LINE = ("2026-11-26 01:04:{:02}.{:03} 2189 WARNING keystone.server.flask.application [None req-{:08x}-7f5b-4c60-b0c1-"
        "8b4f1d7cc111 - - - - - -] Authorization failed. The request you have made requires authentication. "
        "from {}: keystone.exception.Unauthorized: The request\n")


def until(what, seconds=20):
    """what() until it is true."""
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


class Watch:
    def __init__(self, vedette, serve, ledger, tmp_path):
        self.vedette, self.log = vedette, tmp_path / "keystone.log"
        self.log.write_text("")
        self.rules = tmp_path / "rules"
        self.rules.mkdir()
        (self.rules / "failed.yml").write_text(RULE)
        self.config = {"ledger": {"dir": str(ledger), "block_records": 64}, "files": [str(self.log)],
                       "rules": {"paths": [str(self.rules)]}, "watch": {"config": []},
                       "desk": {"socket": str(tmp_path / "s")}}
        self.socket, self.ledger, self.n = tmp_path / "s", ledger, 0

    def fail(self, count=1, address="203.0.113.9"):
        with open(self.log, "a", encoding="utf-8") as f:
            for _ in range(count):
                self.n += 1
                f.write(LINE.format(self.n // 1000 % 60, self.n % 1000, self.n, address))

    def alerts(self):
        done = self.vedette("alerts", "list", "-n", 5000, "--socket", self.socket, "-o", "json", check=None)
        return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []

    def count(self, address="203.0.113.9"):
        return sum(a["count"] for a in self.alerts()
                   if a["rule.name"].startswith("Authorization") and address in json.dumps(a["entity"]))


def test_repeats_make_one_alert(vedette, serve, ledger, tmp_path):
    w = Watch(vedette, serve, ledger, tmp_path)
    with serve(w.config):
        w.fail()
        assert until(lambda: w.count() == 1)
        w.fail(500)
        w.fail(1, "198.51.100.7")
        assert until(lambda: w.count() == 501 and w.count("198.51.100.7") == 1)
        assert len([a for a in w.alerts() if a["rule.name"].startswith("Authorization")]) == 2
    notes = vedette("search", "-d", ledger, "--own", "-o", "raw", '"alert-opened"').stdout
    assert len(notes.splitlines()) == 2


def test_nothing_is_lost_or_doubled_by_a_dead_analyst(vedette, serve, ledger, tmp_path):
    w = Watch(vedette, serve, ledger, tmp_path)
    with serve(w.config) as daemon:
        for turn in range(5):
            w.fail(200)
            time.sleep(0.05 * turn)
            status = json.loads(vedette("status", "--socket", w.socket, "-o", "json").stdout)
            os.kill(status["processes"]["analyst"]["pid"], signal.SIGKILL)
            w.fail(100)
            assert until(lambda: w.count() == w.n), (w.count(), w.n, daemon)
    with serve(w.config):
        w.fail(50)
        assert until(lambda: w.count() == w.n), (w.count(), w.n)


def test_a_dead_analyst_leaves_no_change_twice_in_the_ledger(vedette, serve, ledger, tmp_path):
    w = Watch(vedette, serve, ledger, tmp_path)

    def noted():
        notes = vedette("search", "-d", ledger, "--own", "-o", "raw", '"alert-"').stdout
        return [json.loads(line)["change"] for line in notes.splitlines() if '"event":"alert-' in line]

    with serve(w.config):
        for turn in range(6):
            for i in range(40):  # each an alert of its own, so each a change
                w.fail(1, f"198.51.{turn}.{i}")
            time.sleep(0.1 + 0.05 * turn)
            status = json.loads(vedette("status", "--socket", w.socket, "-o", "json").stdout)
            os.kill(status["processes"]["analyst"]["pid"], signal.SIGKILL)
            assert until(lambda: w.count("198.51.") == w.n), (w.count("198.51."), w.n)
        assert until(lambda: len(set(noted())) >= w.n), noted()
    numbers = noted()
    assert len(numbers) == len(set(numbers)), numbers
    assert numbers == sorted(numbers)


def test_rules_change_while_it_runs(vedette, serve, ledger, tmp_path):
    w = Watch(vedette, serve, ledger, tmp_path)
    with serve(w.config) as daemon:
        w.fail()
        assert until(lambda: w.count() == 1)
        (w.rules / "bad.yml").write_text("title: Bad\nlogsource: {product: linux}\ndetection: {condition: gone}\n")
        (w.rules / "second.yml").write_text(
            RULE.replace("3c1c1cf6", "4c1c1cf6").replace("Authorization failed at Keystone", "The second")
            .replace("'Authorization failed.'", "'second thing'"))
        assert until(lambda: "bad.yml" in daemon.log()), daemon.log()
        with open(w.log, "a", encoding="utf-8") as f:
            f.write(LINE.format(1, 1, 99, "192.0.2.1").replace("Authorization failed.", "A second thing."))
        assert until(lambda: [a for a in w.alerts() if a["rule.name"] == "The second"])
        w.fail()
        assert until(lambda: w.count() == 2)


def test_a_flood_makes_one_alert_and_hides_none(vedette, serve, ledger, tmp_path):
    w = Watch(vedette, serve, ledger, tmp_path)
    w.config["ledger"].pop("block_records")
    (w.rules / "critical.yml").write_text(
        RULE.replace("3c1c1cf6", "5c1c1cf6").replace("Authorization failed at Keystone", "The grave one")
        .replace("'Authorization failed.'", "'grave thing'").replace("level: medium", "level: critical"))
    with serve(w.config):
        w.fail()
        assert until(lambda: w.count() == 1)
        w.fail(100_000)
        with open(w.log, "a", encoding="utf-8") as f:
            for i in range(50_000):  # each about somebody else
                f.write(LINE.format(i // 1000 % 60, i % 1000, i, f"10.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"))
            f.write(LINE.format(1, 1, 99, "192.0.2.1").replace("Authorization failed.", "A grave thing."))
            for i in range(50_000):
                f.write(LINE.format(i // 1000 % 60, i % 1000, i, f"11.{i >> 16 & 255}.{i >> 8 & 255}.{i & 255}"))
        assert until(lambda: [a for a in w.alerts() if a["rule.name"] == "The grave one"], 30)
        assert until(lambda: w.count() == 100_001, 30), w.count()
        assert len([a for a in w.alerts() if a["rule.name"].startswith("Authorization")]) <= 1100
        assert until(lambda: sum(a["count"] for a in w.alerts()
                                 if a["rule.name"].startswith("Authorization")) == 200_001, 30)
