# SPDX-License-Identifier: Apache-2.0
"""Services that stop, crash and start, hosts that go down, and accounts that are new somewhere: told
from a syslog, and judged against the change calendar by a running serve."""
import datetime
import json

import pytest
from conftest import ndjson, wait_for

NO_RULE = """\
title: Nothing
id: 7d0e4a51-0000-4000-8000-000000000099
logsource: {product: linux}
detection: {keywords: ['zyxwv'], condition: keywords}
"""


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "none.yml").write_text(NO_RULE)
    return folder


def lines(start, *parts):
    """(seconds, program, text)… as syslog lines of one host."""
    made = []
    for seconds, program, text in parts:
        stamp = (start + datetime.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        made.append(f"{stamp} cmp-07 {program}: {text}\n")
    return "".join(made)


def test_the_life_of_a_host_is_told_from_its_syslog(vedette, rules, tmp_path):
    start = datetime.datetime(2026, 1, 5, tzinfo=datetime.timezone.utc)
    log = tmp_path / "syslog"
    log.write_text(lines(
        start,
        (0, "systemd[1]", "Starting logrotate.service - Rotate log files..."),
        (1, "systemd[1]", "logrotate.service: Deactivated successfully."),
        (1, "systemd[1]", "Finished logrotate.service - Rotate log files."),
        (100, "systemd[1]", "Stopping nova-compute.service - OpenStack Compute..."),
        (101, "systemd[1]", "Stopped nova-compute.service - OpenStack Compute."),
        (300, "systemd[1]", "Started nova-compute.service - OpenStack Compute."),
        *((400 + n, "systemd[1]", "haproxy.service: Failed with result 'signal'.") for n in range(10)),
        (900, "kernel", "[    0.000000] Linux version 6.1.0-18-amd64 (debian-kernel@lists.debian.org)")))
    found = ndjson(vedette("detect", "-q", "-o", "json", "--rules", rules, log, check=None).stdout)
    told = [(f["rule.uuid"].removeprefix("vedette.lifecycle."), f.get("service.name", "")) for f in found]
    assert told == [("unplanned-stop", "nova-compute"), ("unplanned-start", "nova-compute"),
                    ("crash", "haproxy"), ("crash", "haproxy"), ("crash-loop", "haproxy"),
                    ("reboot-unclean", "")], json.dumps(found, indent=1)


def test_a_login_with_a_new_key_is_told_after_the_first_days(vedette, rules, tmp_path):
    start = datetime.datetime(2026, 1, 5, 9, tzinfo=datetime.timezone.utc)
    said = "Accepted publickey for alice from {} port 50222 ssh2: ED25519 SHA256:{}"
    log = tmp_path / "auth.log"
    log.write_text(lines(start, *((day * 86400, "sshd[77]", said.format("192.0.2.7", "old")) for day in range(5)),
                         (5 * 86400, "sshd[77]", said.format("192.0.2.7", "new")),
                         (5 * 86400 + 60, "sshd[77]", said.format("203.0.113.5", "old"))))
    found = ndjson(vedette("detect", "-q", "-o", "json", "--rules", rules, log, check=None).stdout)
    assert [f["rule.uuid"] for f in found] == ["vedette.login.first-key", "vedette.login.first-source"]


def test_what_is_planned_is_for_information(vedette, serve, rules, ledger, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    log, socket, calendar = tmp_path / "syslog", tmp_path / "desk", tmp_path / "changes.yaml"
    log.write_text("")
    calendar.write_text(f"""\
windows:
  - name: patch day
    from: {(now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    to: {(now + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")}
    hosts: cmp-*
    services: nova-*
    what: restart
""")
    with serve({"ledger": {"dir": str(ledger)}, "files": [str(log)], "watch": {"config": []},
                "rules": {"paths": [str(rules)]}, "calendar": {"files": [str(calendar)]},
                "desk": {"socket": str(socket)}}):
        with open(log, "a", encoding="utf-8") as file:
            file.write(lines(now, (0, "systemd[1]", "Stopping nova-compute.service..."),
                             (0, "systemd[1]", "Stopped nova-compute.service."),
                             (0, "systemd[1]", "Stopping libvirtd.service..."),
                             (0, "systemd[1]", "Stopped libvirtd.service.")))

        def told():
            rows = ndjson(vedette("alerts", "list", "--all", "-o", "json", "-s", socket, check=None).stdout)
            levels = {row["entity"].get("service.name"): row["rule.level"] for row in rows}
            return levels if len(levels) == 2 else None

        levels = wait_for(told, "both stops are told after ten seconds", 30)
        assert levels == {"nova-compute": "informational", "libvirtd": "medium"}
