# SPDX-License-Identifier: Apache-2.0
"""vedette detect: rules, correlations and filters over log files, flat events and a ledger."""
import json

from conftest import ndjson

FAILED = """\
title: Failed login
id: df0841c0-9846-4e9f-ad8a-7df91571771b
name: failed_login
logsource: {product: windows, service: security}
detection:
    selection: {EventID: 4625}
    condition: selection
"""
GOOD = """\
title: Login
name: good_login
logsource: {product: windows, service: security}
detection:
    selection: {EventID: 4624}
    condition: selection
"""
MANY = """\
title: Many failed logins
id: 0e95725d-7320-415d-80f7-004da920fc11
name: many_failed
level: high
tags: [attack.credential-access, attack.t1110.001]
correlation:
    type: event_count
    rules: [failed_login]
    group-by: [User]
    timespan: 5m
    condition: {gte: 3}
"""
THEN_GOOD = """\
title: Many failed logins, then one that succeeds
level: critical
correlation:
    type: temporal_ordered
    rules: [many_failed, good_login]
    group-by: [User]
    timespan: 5m
"""
SSH = """\
title: SSH password guessing
id: 1e95725d-7320-415d-80f7-004da920fc11
level: high
correlation:
    type: event_count
    rules: [ssh_failed]
    group-by: [source.ip]
    timespan: 2m
    condition: {gte: 3}
---
title: SSH login failed
name: ssh_failed
logsource: {product: linux, service: sshd}
detection:
    selection: {event.action: ssh_login, event.outcome: failure}
    condition: selection
"""
SSH_LINE = "2026-11-22T01:0{}:03+00:00 ctl-1 sshd[101]: Failed password for root from 203.0.113.9 port 4022 ssh2\n"


def rules(tmp_path, *documents):
    folder = tmp_path / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "some.yml").write_text("---\n".join(documents))
    return folder


def event(minute, second, code, user, **more):
    return {"_id": f"{user}-{minute}-{second}", "@timestamp": f"2026-11-22T01:{minute:02}:{second:02}Z",
            "EventID": code, "User": user, **more}


def events(tmp_path, *list_):
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(e) + "\n" for e in list_))
    return path


def run(vedette, folder, path, check=0):
    done = vedette("detect", "-r", folder, "--events", "--rules-only", "-o", "json", path, check=check)
    return ndjson(done.stdout)


def test_a_rule_names_event_file_and_line(vedette, tmp_path):
    path = events(tmp_path, event(0, 0, 4624, "eve"), event(0, 1, 4625, "eve"))
    (found,) = run(vedette, rules(tmp_path, FAILED), path)
    assert found["rule.uuid"] == "df0841c0-9846-4e9f-ad8a-7df91571771b"
    assert (found["event.id"], found["vedette.line"], found["rule.kind"]) == ("eve-0-1", 2, "rule")
    assert found["vedette.file"] == str(path)


def test_nothing_found_is_told_by_the_status(vedette, tmp_path):
    assert run(vedette, rules(tmp_path, FAILED), events(tmp_path, event(0, 0, 1, "eve")), check=1) == []


def test_a_count_has_group_and_proofs_and_its_rule_is_quiet(vedette, tmp_path):
    path = events(tmp_path, *(event(i, 0, 4625, u) for i in range(2) for u in ("eve", "bob")), event(2, 0, 4625, "eve"))
    (found,) = run(vedette, rules(tmp_path, FAILED, MANY), path)
    assert (found["vedette.group"], found["vedette.count"]) == ({"User": "eve"}, 3)
    assert found["threat.technique.id"] == ["T1110.001"]
    assert [r["event.id"] for r in found["vedette.records"]] == ["eve-0-0", "eve-1-0", "eve-2-0"]


def test_generate_lets_the_rule_speak_too(vedette, tmp_path):
    path = events(tmp_path, *(event(i, 0, 4625, "eve") for i in range(3)))
    found = run(vedette, rules(tmp_path, FAILED, MANY.replace("    type:", "    generate: true\n    type:")), path)
    assert sorted(f["rule.kind"] for f in found) == ["correlation", "rule", "rule", "rule"]


def test_one_correlation_after_another(vedette, tmp_path):
    story = [*(event(i, 0, 4625, "eve") for i in range(3)), event(3, 0, 4624, "eve"), event(3, 1, 4624, "bob")]
    (found,) = run(vedette, rules(tmp_path, FAILED, GOOD, MANY, THEN_GOOD), events(tmp_path, *story))
    assert (found["rule.level"], found["event.id"]) == ("critical", "eve-3-0")
    assert len(found["vedette.records"]) == 4


def test_success_before_the_failures_is_no_break_in(vedette, tmp_path):
    story = [event(0, 0, 4624, "eve"), *(event(i, 1, 4625, "eve") for i in range(3))]
    assert run(vedette, rules(tmp_path, FAILED, GOOD, MANY, THEN_GOOD), events(tmp_path, *story), check=1) == []


def test_files_correlate_in_event_time_in_any_order(vedette, tmp_path):
    (tmp_path / "late.log").write_text(SSH_LINE.format(2))
    (tmp_path / "early.log").write_text(SSH_LINE.format(1) + SSH_LINE.format(1))
    done = vedette("detect", "-r", rules(tmp_path, SSH), "--rules-only", "-o", "json", "late.log", "early.log")
    (found,) = ndjson(done.stdout)
    assert found["vedette.group"] == {"source.ip": "203.0.113.9"}
    assert {r["vedette.file"] for r in found["vedette.records"]} == {"late.log", "early.log"}


def test_a_ledgers_history(vedette, ledger, tmp_path):
    (tmp_path / "auth.log").write_text(SSH_LINE.format(1) * 3)
    vedette("import", "-q", "-d", ledger, "auth.log")
    args = ("detect", "-r", rules(tmp_path, SSH), "--rules-only", "-o", "json", "-d", ledger)
    (found,) = ndjson(vedette(*args).stdout)
    seqs = [r["vedette.seq"] for r in found["vedette.records"]]
    assert len(seqs) == 3 and found["vedette.seq"] == seqs[-1]
    vedette(*args, "--since", "2026-11-22T02:00:00Z", check=1)


def test_aliases_bring_different_fields_together(vedette, tmp_path):
    link = """\
title: Login and new host
correlation:
    type: temporal
    rules: [failed_login, good_login]
    aliases:
        who: {failed_login: User, good_login: Account}
    group-by: [who]
    timespan: 5m
"""
    story = [event(0, 0, 4625, "eve"), event(1, 0, 4624, "-", Account="eve"), event(1, 1, 4624, "eve", Account="x")]
    (found,) = run(vedette, rules(tmp_path, FAILED, GOOD, link), events(tmp_path, *story))
    assert found["vedette.group"] == {"who": "eve"}


def test_a_filter_narrows_the_rules_it_names(vedette, tmp_path):
    narrow = """\
title: Service accounts
logsource: {product: windows}
filter:
    rules: [failed_login]
    selection: {User|startswith: svc_}
    condition: not selection
"""
    path = events(tmp_path, event(0, 0, 4625, "svc_backup"), event(0, 1, 4625, "eve"))
    assert [f["event.id"] for f in run(vedette, rules(tmp_path, FAILED, narrow), path)] == ["eve-0-1"]


def test_a_bad_rule_is_refused_alone(vedette, tmp_path):
    bad = MANY.replace("5m", "10").replace("name: many_failed\n", "")
    done = vedette("detect", "-r", rules(tmp_path, FAILED, bad), "--events", "--rules-only", "-o", "json",
                   events(tmp_path, event(0, 0, 4625, "eve")))
    assert len(ndjson(done.stdout)) == 1
    assert 'timespan: "10"' in done.stderr and "some.yml:" in done.stderr and "1 rules refused" in done.stderr
