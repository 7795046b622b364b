# SPDX-License-Identifier: Apache-2.0
"""Operators and a running serve: what they do to alerts lasts, is known by name, and is evidence."""
import contextlib
import json
import os
import pwd
import socket
import shutil
import sqlite3
import tempfile
import time

import pytest
from conftest import ndjson, wait_for

RULE = """\
title: {title}
id: 7d0e4a51-0000-4000-8000-{number:012}
status: test
logsource: {{product: linux}}
detection:
  keywords: ['{word}']
  condition: keywords
level: {level}
tags: [attack.t1110.003]
"""


@pytest.fixture
def place(vedette, serve, send, ledger, tmp_path, free_port):
    """A configuration with two rules; say("word") sends a line, ask("verb", …) is vedette alerts."""

    class Place:
        def __init__(self):
            self.port, self.socket, self.number = free_port(), tmp_path / "desk", 0
            rules = tmp_path / "rules"
            rules.mkdir()
            for number, (title, word, level) in enumerate([("Odd word", "xyzzy", "medium"),
                                                           ("Loud word", "plugh", "critical")]):
                (rules / f"{word}.yml").write_text(
                    RULE.format(title=title, word=word, level=level, number=number))
            self.config = {"ledger": {"dir": str(ledger)}, "syslog": {"tcp": [f"127.0.0.1:{self.port}"]},
                           "rules": {"paths": [str(rules)]}, "watch": {"config": []},
                           "desk": {"socket": str(self.socket)}}

        def say(self, word, host="web-1"):
            self.number += 1
            send(self.port, f"<38>1 2026-11-26T01:02:03Z {host} sshd - - - {word} {self.number}\n".encode())

        def ask(self, *words, **options):
            return vedette("alerts", *words, "-s", self.socket, **options)

        def alert(self, rule, count, *more):
            """The alert of a rule when it has so many findings."""

            def there():
                rows = ndjson(self.ask("list", "--all", "-r", rule, *more, "-o", "json", check=None).stdout)
                return rows[0] if rows and rows[0]["count"] == count else None

            return wait_for(there, f"{count} findings of {rule}")

        def notes(self, kind):
            found = vedette("search", "-d", ledger, "--own", "-o", "raw", f'"alert-{kind}"', check=None)
            return ndjson(found.stdout)

    return Place()


def test_what_operators_do_lasts(place, serve, vedette):
    with serve(place.config) as daemon:
        place.say("xyzzy")
        place.say("plugh")
        odd, loud = place.alert("Odd*", 1), place.alert("Loud*", 1)
        assert odd["state"] == "open" and odd["tags"] == ["attack.t1110.003"]
        assert odd["entity"]["host.name"] == "web-1" or "web-1" in json.dumps(odd)
        place.ask("ack", str(odd["id"]), "-m", "looking", "--by", "ann")
        place.ask("assign", str(odd["id"]), "bob", "--by", "ann")
        place.ask("close", str(loud["id"]), "--by", "bob")
        wait_for(lambda: len(place.notes("closed")) == 1, daemon.log())
        daemon.kill9()
    with serve(place.config) as daemon:
        odd = place.alert("Odd*", 1)
        assert (odd["state"], odd["assignee"]) == ("acknowledged", "bob")
        assert place.alert("Loud*", 1)["state"] == "closed"
        place.say("plugh")
        assert place.alert("Loud*", 2)["state"] == "open"
        shown = place.ask("show", str(odd["id"])).stdout
        assert "acknowledged, by ann: looking\n" in shown and "assigned to bob, by ann\n" in shown
        seq = odd["vedette.seq"]
        assert seq and f"vedette evidence export --seq {seq[0]}\n" in shown
        wait_for(lambda: len(place.notes("reopened")) == 1, daemon.log())
    [note] = place.notes("acknowledged")
    assert (note["by"], note["comment"], note["alert"]["id"]) == ("ann", "looking", odd["id"])
    numbers = [n["change"] for kind in ("opened", "acknowledged", "assigned", "closed", "reopened")
               for n in place.notes(kind)]
    assert set(numbers) == set(range(1, 7))


def test_suppressed_until_its_time_is_over(place, serve):
    with serve(place.config) as daemon:
        place.ask("suppress", "-r", "Odd*", "--for", "4s", "--reason", "we do this ourselves", "--by", "ann")
        ends = time.monotonic() + 4
        for _ in range(3):
            place.say("xyzzy")
        place.say("plugh")
        place.alert("Loud*", 1)
        assert time.monotonic() > ends or not ndjson(place.ask("list", "-r", "Odd*", "-o", "json",
                                                               check=None).stdout)
        for row in ndjson(place.ask("suppressions", "-o", "json").stdout):
            assert (row["by"], row["reason"]) == ("ann", "we do this ourselves")
        wait_for(lambda: place.notes("expired"), f"the end is told; {daemon.log()}")
        assert place.ask("suppressions").stdout == ""
        [expired] = place.notes("expired")
        before = expired["suppression"]["count"]
        place.say("xyzzy")
        place.alert("Odd*", 4 - before)
    assert json.dumps(place.notes("suppressed")).count("we do this ourselves") == 1


def test_looking_beside_a_running_serve(place, serve, vedette, ledger):
    with serve(place.config):
        place.say("xyzzy")
        place.alert("Odd*", 1)
        database = f"{ledger}.alerts/alerts.db"
        wait_for(lambda: "Odd word" in vedette("alerts", "list", "--db", database, check=None).stdout,
                 "what serve has committed is seen")
        assert "only looked at" in vedette("alerts", "ack", "1", "--db", database, check=2).stderr
        for words, said in ((("ack", "77"), "no alert 77"), (("list", "--since", "soon"), '"since"'),
                            (("unsuppress", "3"), "no suppression 3")):
            assert said in place.ask(*words, check=2).stderr
        assert "1 finding" in place.ask("stats").stdout
    assert "no serve is running" in place.ask("list", check=2).stderr


def test_a_commit_that_fails_loses_nothing(place, serve, ledger):
    with serve(place.config) as daemon:
        place.say("xyzzy")
        place.alert("Odd*", 1)
        with contextlib.closing(sqlite3.connect(f"{ledger}.alerts/alerts.db", timeout=20)) as other:
            other.execute("BEGIN IMMEDIATE")  # somebody else keeps the database for himself
            for _ in range(5):
                place.say("xyzzy")
            daemon.wait_log("begins anew", 60)
            other.rollback()
        place.alert("Odd*", 6)
        assert "not parsed any more" not in daemon.log()


def test_who_does_it_is_the_account_that_asks(place, serve):
    """Nobody acts under another's name; root may, who speaks for the person behind sudo."""
    other = 65534 if os.getuid() == 0 else os.getuid()
    folder = tempfile.mkdtemp()  # a place where another account may go
    os.chmod(folder, 0o755)
    place.socket = place.config["desk"]["socket"] = f"{folder}/desk"
    try:
        with serve(place.config), socket.socket(socket.AF_UNIX) as s:
            place.say("xyzzy")
            alert = place.alert("Odd*", 1)
            os.chmod(place.socket, 0o666)
            was = os.geteuid()
            os.seteuid(other)
            try:
                s.connect(str(place.socket))
            finally:
                os.seteuid(was)
            s.sendall(b'alerts {"request":"ack","id":%d,"by":"somebody else"}\n' % alert["id"])
            assert b'"ok":true' in s.recv(65536)
            wait_for(lambda: place.notes("acknowledged"), "the note")
        assert place.notes("acknowledged")[0]["by"] == pwd.getpwuid(other).pw_name
    finally:
        shutil.rmtree(folder)
