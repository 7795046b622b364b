# SPDX-License-Identifier: Apache-2.0
"""Every rule that serve has in force is proven alive by its own samples; a dead one is told."""
import json

from conftest import wait_for

RULE = """\
title: {title}
id: 8d0e4a51-0000-4000-8000-{number:012}
status: test
logsource: {{product: linux}}
detection:
  keywords: ['{word}']
  condition: keywords
level: high
"""
SAMPLES = """\
samples:
  - match: true
    lines: ["Nov 26 01:02:03 web-1 sshd[7]: {line}"]
  - match: false
    lines: ["Nov 26 01:02:03 web-1 sshd[7]: nothing"]
"""


def write(rules, number, word, line):
    (rules / f"{word}.yml").write_text(RULE.format(title=f"Rule {word}", number=number, word=word))
    if line:
        (rules / f"{word}.samples.yml").write_text(SAMPLES.format(line=line))


def test_a_dead_rule_is_told_and_ends_when_it_lives(vedette, serve, ledger, tmp_path):
    rules, socket = tmp_path / "rules", tmp_path / "desk"
    rules.mkdir()
    write(rules, 1, "xyzzy", "xyzzy 1")
    write(rules, 2, "plugh", "somebody changed the message")
    write(rules, 3, "alone", None)
    config = {"ledger": {"dir": str(ledger)}, "rules": {"paths": [str(rules)]}, "watch": {"config": []},
              "desk": {"socket": str(socket)}}

    def alerts():
        done = vedette("alerts", "list", "--all", "-s", socket, "-o", "json", check=None)
        return [json.loads(line) for line in done.stdout.splitlines()] if done.returncode == 0 else []

    def canary(*more):
        return vedette("rules", "canary", "-s", socket, *more, check=None)

    with serve(config):
        wait_for(alerts, "an alert")
        (alert,) = alerts()
        assert alert["rule.uuid"] == "vedette.detect.rule-dead" and alert["rule.level"] == "high"
        assert alert["entity"] == {"rule.id": "8d0e4a51-0000-4000-8000-000000000002", "rule.name": "Rule plugh"}
        done = canary()
        assert done.returncode == 1
        assert done.stdout.splitlines()[-1] == "1 proven alive, 1 dead, 1 without a sample, 0 not tried"
        assert f"dead       Rule plugh ({rules}/plugh.yml): the rule does not fire" in done.stdout.splitlines()
        states = {row["rule.name"]: row["state"] for row in map(json.loads, canary("-o", "json").stdout.splitlines())
                  if "state" in row}
        assert states == {"Rule xyzzy": "proven", "Rule plugh": "dead", "Rule alone": "no-sample"}
        write(rules, 2, "plugh", "plugh is back")
        wait_for(lambda: alerts()[0]["state"] == "closed", "the end of the alert")
        assert len(alerts()) == 1, "the samples themselves are no findings"
        assert canary("-q").stdout == "2 proven alive, 0 dead, 1 without a sample, 0 not tried\n"
        assert canary().returncode == 0
    notes = [json.loads(line) for line in
             vedette("search", "-d", ledger, "--own", "-o", "raw", '"rules-loaded"').stdout.splitlines()]
    assert notes[0]["unproven"] == ["8d0e4a51-0000-4000-8000-000000000002"]
    assert (notes[-1]["proven"], notes[-1]["dead"], notes[-1]["without_sample"]) == (2, 0, 1)


def test_nobody_runs(vedette, tmp_path):
    done = vedette("rules", "canary", "-s", tmp_path / "none", check=None)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert vedette("rules", "canary", tmp_path, check=None).returncode == 2
