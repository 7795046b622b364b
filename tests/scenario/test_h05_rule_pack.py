# SPDX-License-Identifier: Apache-2.0
"""The rule pack: every rule is proven by lines that match and lines that do not, no rule cries over what
another one is for, nothing grave is found in real logs of healthy clouds, and published attacks on logins
raise the alert that they should."""
import collections
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from conftest import CORPORA, TOP, ndjson

RULES = TOP / "rules"
GRAVE = ("high", "critical")


def documents(path):
    return list(yaml.safe_load_all(path.read_text()))


def samples_of(rule):
    return yaml.safe_load(rule.with_name(rule.name[:-4] + ".samples.yml").read_text())["samples"]


def rule_files(folder=""):
    return [p for p in sorted((RULES / folder).rglob("*.yml")) if not p.name.endswith(".samples.yml")]


def detect(vedette, *files):
    """Findings of rules (not of the detectors that need none) in these files."""
    done = vedette("detect", "-q", "--assume-year", "2026", "--host", "ctl1", "-r", RULES, "-o", "json", *files,
                   check=None)
    assert done.returncode in (0, 1), done.stderr
    assert "refused" not in done.stderr
    return [f for f in ndjson(done.stdout) if not f["rule.uuid"].startswith("vedette.")]


def value(finding, field):
    return {**finding, **(finding.get("vedette.group") or {})}.get(field)


def test_pack_is_complete():
    ids = collections.Counter()
    for path in rule_files():
        *parts, rule = documents(path)
        for document in (*parts, rule):
            ids[document["id"]] += 1
            assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", document["id"]), path
            assert document["description"] and document["author"] == "Vedette", path
        assert all(p.get("name") for p in parts), path
        assert any(re.fullmatch(r"attack\.t\d{4}(\.\d{3})?", t) for t in rule["tags"]), path
        assert rule["falsepositives"] and rule["level"] and rule["references"], path
        assert {s["match"] for s in samples_of(path)} == {True, False}, path
        assert all(s["why"] for s in samples_of(path)), path
    assert max(ids.values()) == 1
    assert len(rule_files()) >= 120


def test_table_is_up_to_date():
    assert subprocess.run([sys.executable, TOP / "dev/rules-table", "--check"], check=False).returncode == 0


def test_every_rule_runs(vedette):
    done = vedette("rules", "check", RULES)
    assert "0 never match here, 0 refused, 0 warnings" in done.stdout + done.stderr


def test_samples(vedette):
    """One that must match raises its rule, and no other grave one."""
    results = ndjson(vedette("rules", "test", "-o", "json", RULES).stdout)
    assert len(results) > 500
    assert not [r for r in results if not r["sample.good"]]
    assert not [r for r in results if r["sample.match"]
                and any(o["rule.level"] in GRAVE for o in r["sample.others"])]


HEALTHY = ["openstack-real/logs-info/nova-api.log", "openstack-real/logs-info/nova-compute1.log",
           "openstack-real/logs-info/neutron-openvswitch-agent.head.log",
           "openstack-real/logs-info/keystone-uwsgi.log", "openstack-real/logs-info/nova-api-uwsgi.log",
           "openstack-real/keystone/keystone_access_kolla.log", "loghub/OpenStack_2k.log"]


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_logs_raise_nothing_grave(vedette, name):
    found = sorted(CORPORA.rglob(pathlib.Path(name).name))
    if not found:
        pytest.skip(f"{CORPORA / name} is not there")
    grave = [f for f in detect(vedette, found[0]) if f["rule.level"] in (*GRAVE, "medium")]
    assert not grave


# What other people's scenarios expect: which of our rules, and the addresses it must name.
ATTACKS = {
    "ssh-bf": [("Passwords are guessed over ssh", {"35.188.49.176"}),
               ("Account names are guessed over ssh", {"35.188.49.176"})],
    "sshd-invalid-bf": [("Passwords are guessed over ssh", {"179.43.183.98"})],
    "ssh-timeout": [("Many ssh connections wait until the time for a login is over",
                     {"192.168.9.212", "192.168.9.213"})],
    "ssh-generic-test": [("An account that does not exist is tried over ssh", {"127.0.0.1"})],
    "mariadb-bf": [("Passwords of the database are guessed", {"172.17.0.1"})],
    "pgsql-logs": [("Passwords of PostgreSQL are guessed", {"1.2.3.4"})],
    "nginx-http-generic-bf": [("Passwords are guessed at nginx", {"127.0.0.1"})],
}
# Scenarios and lines that are no attack on a login.
OTHERS = ["http-dos-random-uri", "k8s-audit-priv-pod-file", "nginx-http-path-traversal", "nginx-http-sqli-probing",
          "nginx-http-xss-probing", "apache2-logs", "haproxy-logs", "sshd-success-logs", "syslog-logs",
          "iptables-logs", "sshd-logs"]


def scenario(name):
    folder = CORPORA / "scenarios-crowdsec" / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return sorted(folder.glob("*.log"))


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_published_attack_raises_its_alert(vedette, name):
    found = detect(vedette, *scenario(name))
    for title, sources in ATTACKS[name]:
        assert {value(f, "source.ip") for f in found if f["rule.name"] == title} == sources


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_attack_on_a_login_raises_none(vedette, name):
    assert not [f for f in detect(vedette, *scenario(name)) if f["rule.level"] in (*GRAVE, "medium")]
