# SPDX-License-Identifier: Apache-2.0
"""Logs of a whole cloud in one ledger: who, from where, what and how it ended are found by field,
whichever program wrote the line and in whatever form."""
import pytest
from conftest import CORPORA, ndjson

LINES = {
    "nova-api.log": [
        "2026-11-22 01:00:00.008 25746 INFO nova.osapi_compute.wsgi.server [None req-38101a0b-2096-447d-"
        "96ea-a692162415ae 113d3a99c3da401fbd62cc2caa5b96d2 54fadb412c4e40cdbaed9335e4c35a9e - - default "
        'default] 192.0.2.7 "GET /v2.1/servers/detail?limit=5 HTTP/1.1" status: 503 len: 1893 time: 0.25'],
    "keystone.log": [
        "2026-11-22 01:00:01.334 6955 WARNING keystone.server.flask.application [None req-821200aa-2222-"
        "3333-4444-555555555555 - - - - - -] Authorization failed. The request you have made requires "
        "authentication. from 192.0.2.7: keystone.exception.Unauthorized: The request you have made "
        "requires authentication."],
    "auth.log": [
        "Nov 22 01:00:02 node1 sshd[7]: Failed password for invalid user root from 203.0.113.9 port 1 "
        "ssh2 from 192.0.2.7 port 4022 ssh2",
        "Nov 22 01:00:03 node1 sudo:    alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/rm -rf /var/log"],
    "haproxy.log": [
        "Nov 22 01:00:04 lb1 haproxy[9]: 192.0.2.7:1234 [22/Nov/2026:01:00:04.456] ks~ ks/ctl1 "
        '10/0/30/69/109 401 2750 - - ---- 1/1/1/1/0 0/0 "POST /v3/auth/tokens HTTP/1.1"'],
    "notifications.json": [
        '{"oslo.version": "2.0", "oslo.message": "{\\"message_id\\": \\"1\\", \\"publisher_id\\": '
        '\\"identity.ctl1\\", \\"event_type\\": \\"identity.project.deleted\\", \\"payload\\": '
        '{\\"resource_info\\": \\"ebc7b145811d423f986dcea2696ee19c\\"}, \\"timestamp\\": '
        '\\"2026-11-22 01:00:05.112271\\", \\"_unique_id\\": \\"2\\"}"}'],
    "audit.log": [
        "type=NETFILTER_CFG msg=audit(1795309206.543:47): table=filter:3 family=2 entries=20 "
        'op=nft_unregister_rule pid=12662 comm="iptables"'],
    "app.json": [  # two readers, two users
        '{"@timestamp": "2026-11-22T01:00:07Z", "user": {"name": "carol"}, "user": {"name": "root"}}'],
}

QUESTIONS = {
    "event.outcome:failure AND source.ip:192.0.2.7": 4,  # an API, Keystone, sshd, HAProxy
    "event.category:authentication AND event.outcome:failure": 3,
    "source.ip:203.0.113.9": 0,  # what a stranger typed as his name is no address
    "event.action:ssh_login AND user.name:root*": 1,
    "http.response.status_code:[500 TO 599]": 1,
    "url.path:\"/v2.1/servers/detail\" AND openstack.project.id:54fadb412c4e40cdbaed9335e4c35a9e": 1,
    "event.action:authenticate": 2,
    "event.action:sudo AND user.effective.name:root": 1,
    "openstack.event_type:identity.project.deleted AND service.name:keystone": 1,
    "openstack.target.id:ebc7b145811d423f986dcea2696ee19c": 1,
    "auditd.op:nft_unregister_rule AND process.name:iptables": 1,
    "log.level:warning": 1,
    "event.anomaly:duplicate-key AND user.name:carol": 1,
    "event.dataset:plain": 0,
}


@pytest.fixture
def cloud(vedette, ledger, tmp_path):
    for name, lines in LINES.items():
        (tmp_path / name).write_text("".join(line + "\n" for line in lines))
        vedette("import", "-d", ledger, "--assume-year", "2026", name)
    return ledger


@pytest.mark.parametrize("question", QUESTIONS)
def test_found_by_field(vedette, cloud, question):
    want = QUESTIONS[question]
    shown = vedette("search", "-d", cloud, "-o", "count", question, check=0 if want else 1)
    assert shown.stdout.strip() == str(want)


def test_times_are_of_the_events(vedette, cloud):
    rows = ndjson(vedette("search", "-d", cloud, "-o", "json", "--since", "2026-11-22T01:00:00Z",
                          "--until", "2026-11-22T01:00:10Z", "*").stdout)
    rows = [row for row in rows if row.get("input.type") == "import"]
    assert len(rows) == sum(map(len, LINES.values()))
    seconds = sorted(int(row["@timestamp"][17:19]) for row in rows)
    assert seconds == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_real_cloud(vedette, ledger):
    log = CORPORA / "loghub" / "OpenStack_2k.log"
    if not log.exists():
        pytest.skip(f"{log} is not at hand")
    lines = log.read_text().splitlines()
    vedette("import", "-d", ledger, log)
    for question, part in {
        "http.request.method:POST": '"POST /',
        "http.request.method:GET AND http.response.status_code:200": ("\"GET /", " status: 200 "),
        "openstack.instance.id:*": "[instance: ",
        "log.level:warning": " WARNING ",
    }.items():
        parts = part if isinstance(part, tuple) else (part,)
        want = sum(all(p in line for p in parts) for line in lines)
        shown = vedette("search", "-d", ledger, "-o", "count", question)
        assert shown.stdout.strip() == str(want), question
