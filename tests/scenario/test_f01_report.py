# SPDX-License-Identifier: Apache-2.0
"""Reports on real logs: who tried to log in, and what is heard."""
import pytest

from conftest import CORPORA, ndjson

REAL = CORPORA / "openstack-real"
needs_corpora = pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")


def of_kind(rows, kind):
    return [r for r in rows if r["kind"] == kind]


def report(vedette, ledger, name):
    return ndjson(vedette("report", name, "-d", ledger, "-o", "json").stdout)


@needs_corpora
def test_logins_from_keystones_log_and_its_web_server(vedette, ledger):
    """The steps: 15 logins that Keystone refused with 401, one of them with a forged address;
    two that failed as the database was away (500) are no refused logins."""
    vedette("import", "-d", ledger, "--host", "ctl1", REAL / "logs-info" / "keystone.log",
            REAL / "logs-info" / "keystone-uwsgi.log")
    rows = report(vedette, ledger, "logins")
    (total,) = of_kind(rows, "summary")
    assert (total["failures"], total["successes"], total["bad_tokens"]) == (18, 44, 3)
    accounts = {r["user.name"]: r for r in of_kind(rows, "account")}
    assert accounts["mallory"]["failures"] == 1 and accounts["mallory"]["unknown_account"]
    origins = {r["source.address"]: r for r in of_kind(rows, "origin")}
    assert origins["203.0.113.7"]["evidence"] == "claimed"
    assert origins["127.0.0.1"]["observed"] > 50
    text = vedette("report", "logins", "-d", ledger).stdout
    assert "never block an address on a claim alone" in " ".join(text.split())


@needs_corpora
def test_notifications_tell_which_accounts(vedette, ledger):
    vedette("import", "-d", ledger, REAL / "notifications" / "keystone-cadf.jsonl")
    accounts = {r["user.name"]: r for r in of_kind(report(vedette, ledger, "logins"), "account")}
    assert accounts["bob-cadf"]["failures"] == 8
    assert (accounts["alice-cadf"]["failures"], accounts["alice-cadf"]["successes"]) == (2, 2)
    assert accounts["mallory"]["unknown_account"]


@needs_corpora
def test_sshd_lines_of_one_attempt_count_once(vedette, ledger):
    vedette("import", "-d", ledger, "--assume-year", "2026", REAL / "security" / "auth-trad.log")
    rows = {(r["service.name"], r["user.name"]): r
            for r in of_kind(report(vedette, ledger, "logins"), "account")}
    assert rows["ssh", "osktest"]["failures"] == 3 and rows["ssh", "osktest"]["successes"] == 2
    assert rows["ssh", "mallory"]["failures"] == 1
    assert rows["ssh", "mallory"]["unknown_account"]


def test_a_forged_address_is_told_from_the_proxys(vedette, ledger, tmp_path):
    (tmp_path / "keystone.log").write_text(
        "2026-03-01 12:00:00.040 25246 WARNING keystone.server.flask.application "
        "[None req-11111111-1111-4111-8111-111111111111 - - - - - -] Authorization failed. The "
        "request you have made requires authentication. from 203.0.113.7\n")
    (tmp_path / "haproxy.log").write_text(
        "Mar  1 12:00:00 lb1 haproxy[99]: 198.51.100.9:40000 [01/Mar/2026:12:00:00.000] ks-fe "
        "ks-be/ctl1 0/0/0/45/45 401 300 - - ---- 1/1/0/0/0 0/0 \"POST /v3/auth/tokens HTTP/1.1\"\n")
    vedette("import", "-d", ledger, "--assume-year", "2026", tmp_path / "keystone.log",
            tmp_path / "haproxy.log")
    rows = report(vedette, ledger, "logins")
    (origin,) = of_kind(rows, "origin")
    assert origin["source.address"] == "198.51.100.9"
    assert origin["evidence"] == "observed" and origin["claimed_another_address"] == 1
    assert of_kind(rows, "summary")[0]["attempts"] == 1


def test_coverage_counts_what_a_file_holds(vedette, ledger, tmp_path):
    text = ("2026-03-01 00:00:00.100 77 ERROR nova.x [-] broken\n"
            "2026-03-01 00:00:00.200 77 WARNING nova.x [-] shaky\n")
    (tmp_path / "a.log").write_text(text)
    (tmp_path / "b.log").write_text("just words\n")
    vedette("import", "-d", ledger, "--host", "h9", tmp_path / "a.log", tmp_path / "b.log")
    rows = {r["input.name"].rpartition("/")[2]: r for r in report(vedette, ledger, "coverage")}
    a = rows["a.log"]
    assert (a["records"], a["parsed"], a["errors"], a["warnings"]) == (2, 2, 1, 1)
    assert a["bytes"] == len(text) - 2 and a["host.hostname"] == "h9"
    assert (a["lost"], a["gaps"]) == (0, 0)
    assert rows["b.log"]["records"] == 1 and rows["b.log"]["parsed"] == 0


def test_reports_of_an_empty_ledger(vedette, ledger, tmp_path):
    (tmp_path / "a.log").write_text("")
    vedette("import", "-d", ledger, tmp_path / "a.log")
    assert "no logins" in vedette("report", "logins", "-d", ledger, check=None).stdout
    vedette("report", "coverage", "-d", ledger, check=None)
