# SPDX-License-Identifier: Apache-2.0
"""Searching what was imported: text, fields, tables, and the forms of the answer."""
import json

import pytest

from conftest import ndjson

LINES = """\
2026-03-01 00:00:00.100 77 INFO nova.osapi_compute.wsgi.server [req-11111111-1111-4111-8111-111111111111 u p - - -] 10.0.0.7 "GET /v2.1/servers HTTP/1.1" status: 200 len: 10 time: 0.2500000
2026-03-01 00:00:01.100 77 INFO nova.osapi_compute.wsgi.server [req-22222222-2222-4222-8222-222222222222 u p - - -] 10.0.0.8 "GET /v2.1/servers/9 HTTP/1.1" status: 404 len: 20 time: 0.5000000
2026-03-01 00:04:59.000 77 WARNING nova.compute.manager [-] [instance: 1] Took 25.50 seconds to spawn the instance
2026-03-01 00:05:00.000 77 ERROR nova.compute.manager [-] failed \x1b[31mred\x1b[0m
Mar  1 00:06:00 cmp-01 sshd[9]: Failed password for invalid user mallory from 203.0.113.7 port 22 ssh2
Mar  1 00:07:00 cmp-01 sshd[9]: Accepted password for alice from 203.0.113.7 port 22 ssh2
no time, no host
"""


@pytest.fixture
def lines(vedette, ledger, tmp_path):
    (tmp_path / "a.log").write_bytes(LINES.encode())
    vedette("import", "-d", ledger, "--assume-year", "2026", tmp_path / "a.log")
    return ledger


def count(vedette, ledger, query, *more):
    done = vedette("search", "-d", ledger, "-o", "count", *more, query, check=None)
    assert done.returncode in (0, 1), done.stderr
    assert (done.returncode == 0) == (int(done.stdout) > 0)
    return int(done.stdout)


@pytest.mark.parametrize("query, hits", [
    ("*", 7),
    ("status:", None),
    ('"status: 404"', 1),
    ("Failed", 1),
    ("/failed/i", 2),
    ("Took*spawn", 1),
    ("/Took [2-9][0-9]\\.[0-9]+ seconds to (build|spawn)/", 1),
    ("nosuchtext", 0),
    ("http.response.status_code:>=400", 1),
    ("http.response.status_code:[200 TO 299]", 1),
    ("source.ip:10.0.0.0/8", 2),
    ("source.ip:203.0.113.7 event.outcome:failure", 1),
    ("user.name:(mallory OR alice)", 2),
    ("NOT user.name:*", 5),
    ("log.level:(error OR warning)", 2),
    ("message:/spawn/ AND NOT failed", 1),
    ("@timestamp:[2026-03-01T00:00 TO 2026-03-01T00:04]", 3),
    ("@timestamp:<2026-03-01T00:05", 3),
    ("openstack.request_id:req-11111111-1111-4111-8111-111111111111", 1),
    ("input.type:import", 7),
    ("log.file.path:*a.log", 7),
    ("failed OR Failed", 2),
    ("Failed -mallory", 0),
])
def test_a_query_finds_what_it_says(vedette, lines, query, hits):
    if hits is None:
        done = vedette("search", "-d", lines, query, check=2)
        assert "column 1: there is no field \"status\"" in done.stderr
        assert done.stderr.count("\n") == 3 and "^" in done.stderr
        return
    assert count(vedette, lines, query) == hits


def test_since_and_until_are_about_event_time(vedette, lines):
    assert count(vedette, lines, "*", "--until", "2026-03-01T00:05:00Z") == 3
    assert count(vedette, lines, "*", "--since", "2026-03-01T00:05:00Z", "--until",
                 "2026-03-01T00:07:00Z") == 2


def test_raw_gives_the_file_back(vedette, lines, tmp_path):
    done = vedette("search", "-d", lines, "-o", "raw", "*", text=False)
    assert done.stdout == (tmp_path / "a.log").read_bytes()


@pytest.mark.parametrize("content", [b"", b"\n", b"one", b"one\n\n\ntwo", b"\0\xff\n\x80\r\n", b"a" * 100000])
def test_any_file_comes_back_byte_for_byte(vedette, ledger, tmp_path, content):
    (tmp_path / "any").write_bytes(content)
    vedette("import", "-d", ledger, tmp_path / "any")
    done = vedette("search", "-d", ledger, "-o", "raw", "*", text=False, check=None)
    assert done.stdout == content
    assert done.returncode == (0 if content else 1)


def test_text_cannot_steer_the_terminal(vedette, lines):
    done = vedette("search", "-d", lines, "red")
    assert "\x1b" not in done.stdout and "\\x1b[31mred" in done.stdout
    assert done.stdout.startswith("2026-03-01T00:05:00.000Z")


def test_json_is_one_object_a_line(vedette, lines):
    rows = ndjson(vedette("search", "-d", lines, "-o", "json", "--original", "*").stdout)
    assert len(rows) == 7
    first = rows[0]
    assert first["@timestamp"] == "2026-03-01T00:00:00.100Z"
    assert first["http.response.status_code"] == 200
    assert first["source.ip"] == "10.0.0.7"
    assert first["event.duration_seconds"] == 0.25
    assert first["input.type"] == "import"
    assert first["event.original"] == LINES.split("\n")[0]
    assert [r["event.sequence"] for r in rows] == sorted(r["event.sequence"] for r in rows)


def test_tables(vedette, lines):
    rows = ndjson(vedette("search", "-d", lines, "-o", "json",
                          "source.ip:* | stats count() as n, max(@timestamp) as last by source.ip | "
                          "sort -n, source.ip").stdout)
    assert rows == [
        {"source.ip": "203.0.113.7", "n": 2, "last": "2026-03-01T00:07:00.000Z"},
        {"source.ip": "10.0.0.7", "n": 1, "last": "2026-03-01T00:00:00.100Z"},
        {"source.ip": "10.0.0.8", "n": 1, "last": "2026-03-01T00:00:01.100Z"},
    ]
    done = vedette("search", "-d", lines, "@timestamp:<2026-03-02 | stats count() by bin(5m)")
    assert done.stdout == ("@timestamp                count\n"
                           "2026-03-01T00:00:00.000Z      3\n"
                           "2026-03-01T00:05:00.000Z      3\n")
    done = vedette("search", "-d", lines, "nosuch | stats count() by source.ip", check=1)
    assert done.stdout == ""


def test_head_tail_and_limit(vedette, lines):
    def seqs(query, *more):
        out = vedette("search", "-d", lines, "-o", "json", *more, query).stdout
        return [r["event.sequence"] for r in ndjson(out)]

    everything = seqs("* | fields event.sequence")
    assert seqs("* | head 2 | fields event.sequence") == everything[:2]
    assert seqs("* | tail 2 | fields event.sequence") == everything[-2:]
    assert seqs("* | fields event.sequence", "--limit", "3") == everything[:3]
    assert seqs("* | sort -event.sequence | fields event.sequence") == everything[::-1]


@pytest.mark.parametrize("query, column", [
    ("(a", 1), ("a AND", 6), ("user.nam:x", 1), ("source.ip:10.0.0.300", 11),
    ("http.response.status_code:[400 TO", 34), ("/a(/", 4), ('"abc', 1), ("a | nosuch", 5),
    ("a | stats count() by nosuch", 22),
])
def test_a_malformed_query_names_the_column(vedette, lines, query, column):
    done = vedette("search", "-d", lines, query, check=2)
    assert f"column {column}: " in done.stderr.splitlines()[0]
    assert done.stdout == ""


def test_a_pipe_closed_early_is_no_trouble(vedette, lines, program):
    import subprocess
    done = subprocess.run(["sh", "-c", f"'{program}' search -d '{lines}' '*' | head -1"],
                          capture_output=True, text=True, timeout=60)
    assert done.stdout.count("\n") == 1 and done.stderr == ""
    assert json.loads(vedette("search", "-d", lines, "-o", "json", "Took").stdout)
