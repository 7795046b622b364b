# SPDX-License-Identifier: Apache-2.0
"""vedette alerts, asked of a database and over a socket: what it shows, and what it refuses."""
import contextlib
import json
import os
import pty
import subprocess

import pytest
from conftest import PROGRAM, ndjson

TOOL = PROGRAM.parent / "tests" / "unit" / "alert" / "alerts_tool"
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202eevil\r\n\x9b31m"


def finding(user, minute=0, level="medium", rule="r1", name="Guessing of passwords",
            message="somebody guesses"):
    return json.dumps({"rule": rule, "name": name, "level": level, "user": user,
                       "time": f"2026-11-26T01:{minute:02}:00Z", "message": message})


@pytest.fixture
def alerts(vedette, tmp_path):
    """with alerts(findings) as ask: ask("list", …) runs `vedette alerts list …` against them."""

    @contextlib.contextmanager
    def start(findings):
        if not os.access(TOOL, os.X_OK):
            pytest.skip("alerts_tool is not built")
        tool = subprocess.Popen([TOOL, "alerts.db", "desk"], cwd=tmp_path, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        tool.stdin.write("".join(f + "\n" for f in findings) + "\n")
        tool.stdin.flush()
        assert tool.stdout.readline() == "ready\n"
        try:
            yield lambda verb, *more, **options: vedette("alerts", verb, "-s", "desk", *more, **options)
        finally:
            tool.stdin.close()
            tool.stdout.close()
            assert tool.wait(20) == 0

    return start


def test_a_day_with_alerts(alerts):
    with alerts([finding("ann", m) for m in range(3)] + [finding("bob", 9, "critical", "r2", "Root")]) as ask:
        lines = ask("list").stdout.splitlines()
        assert lines[0].split() == ["ID", "LEVEL", "STATE", "COUNT", "LAST", "(UTC)", "WHAT"]
        assert [line.split()[:4] for line in lines[1:]] == [["2", "critical", "open", "1"],
                                                            ["1", "medium", "open", "3"]]
        assert "Guessing of passwords: ctl-1, ann" in lines[2]
        assert ask("ack", "1", "-m", "looking", "--by", "eve").stdout == "alert 1: acknowledged\n"
        assert ask("assign", "1", "carol").stdout == "alert 1: assigned\n"
        assert ask("comment", "1", "it was a test").stdout == "alert 1: commented\n"
        shown = ask("show", "1").stdout
        assert "acknowledged, by eve: looking\n" in shown and "commented, by " in shown
        assert "assigned to carol\n" in shown
        assert "https://attack.mitre.org/techniques/T1110/\n" in shown
        assert "vedette evidence export --seq 0-2\n" in shown
        assert ask("close", "1", "2").stdout == "alert 1: closed\nalert 2: closed\n"
        assert ask("list", check=1).stdout == ""
        assert len(ndjson(ask("list", "--all", "-o", "json").stdout)) == 2
        assert ask("reopen", "2").stdout == "alert 2: reopened\n"
        assert ndjson(ask("list", "-o", "json").stdout)[0]["rule.name"] == "Root"


def test_suppressing(alerts):
    with alerts([finding("ann")]) as ask:
        text = ask("suppress", "-r", "r*", "-e", "user.name=svc-*", "--for", "8h", "--reason", "a scan").stdout
        assert text.startswith("suppressed: suppression 1, until 2026-11-26 ")
        assert "entity  user.name=svc-*\n" in ask("suppressions").stdout
        assert "needs either" in ask("suppress", "1", "--reason", "x", check=2).stderr
        assert "ends in the future" in ask("suppress", "1", "--for", "401d", "--reason", "x", check=2).stderr
        assert ask("unsuppress", "1").stdout.startswith("unsuppressed: suppression 1")
        assert "no suppression 1" in ask("unsuppress", "1", check=2).stderr


def test_only_looking(alerts, vedette, tmp_path):
    with alerts([finding("ann")]):
        assert "ann" in vedette("alerts", "list", "--db", "alerts.db").stdout
    assert "ann" in vedette("alerts", "list", "--db", "alerts.db").stdout
    assert "only looked at" in vedette("alerts", "close", "1", "--db", "alerts.db", check=2).stderr
    assert "1 finding:" in vedette("alerts", "stats", "--db", "alerts.db").stdout
    (tmp_path / "other.db").write_text("no database at all" * 100)
    assert "damaged" in vedette("alerts", "list", "--db", "other.db", check=2).stderr
    assert (tmp_path / "other.db").exists()


def test_hostile_texts_steer_no_terminal(alerts):
    with alerts([finding(HOSTILE, name=HOSTILE, rule=HOSTILE, message=HOSTILE)]) as ask:
        for shown in ask("list").stdout, ask("show", "1").stdout:
            assert "evil" in shown
            assert not any(c < " " and c != "\n" or c in "\x7f\x9b\u202e" for c in shown)
        assert ndjson(ask("list", "-o", "json").stdout)[0]["message"] == HOSTILE


def test_lines_fit_the_terminal(alerts, program, tmp_path):
    with alerts([finding("u" * 300, level="high")]):
        main, terminal = pty.openpty()
        env = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
        env.pop("NO_COLOR", None)
        for value, coloured in ("", True), ("1", False):
            subprocess.run([program, "alerts", "list", "-s", "desk"], cwd=tmp_path, check=True,
                           stdout=terminal, env={**env, "NO_COLOR": value})
            lines = os.read(main, 65536).decode().splitlines()
            assert ("\x1b[31m" in lines[1]) == coloured
            assert max(len(line.replace("\x1b[31m", "").replace("\x1b[0m", "")) for line in lines) == 80
        os.close(main)
        os.close(terminal)


def test_many_pages(alerts):
    with alerts([finding(f"user-{i}", i % 60) for i in range(1000)]) as ask:
        rows = ndjson(ask("list", "-n", "5000", "-o", "json").stdout)
        assert len({row["id"] for row in rows}) == len(rows) == 1000
        assert [row["last"] for row in rows] == sorted((row["last"] for row in rows), reverse=True)
        assert len(ndjson(ask("list", "-n", "7", "-o", "json").stdout)) == 7
        assert ask("list", "-e", "user.name=user-77?", "-o", "json").stdout.count("\n") == 10


@pytest.mark.parametrize("words, said", [
    ((), "say what to do"),
    (("lst",), "there is no"),
    (("list", "5"), "too much"),
    (("show",), "say which"),
    (("show", "x"), "not the number"),
    (("show", "99"), "there is no alert 99"),
    (("assign", "1"), "to whom"),
    (("comment", "1"), "and what"),
    (("list", "-l", "worst"), "informational, low, medium, high or critical"),
    (("list", "--order", "x"), "last, opened, level or count"),
    (("list", "-e", "ann"), "FIELD=PATTERN"),
    (("list", "-n", "0"), "at least 1"),
    (("suppress", "1", "--for", "1h"), '"reason"'),
])
def test_what_is_refused(alerts, vedette, words, said):
    with alerts([finding("ann")]) as ask:
        done = ask(*words, check=2) if words else vedette("alerts", check=2)
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_no_serve(vedette, ledger):
    assert "no serve is running" in vedette("alerts", "list", "-d", ledger, check=2).stderr
