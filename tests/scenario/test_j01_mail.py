# SPDX-License-Identifier: Apache-2.0
"""Mail against a real server with STARTTLS and a password: what it says, that it comes once, that
nothing a log says can be more than text, and what happens while the server does not want it."""
import time

import people
import pytest
from handed import Hand, change, mail_target, until

HOSTILE = ["\r\nBcc: eve@evil.example\r\n\r\nbody", "\n.\nMAIL FROM:<eve@evil.example>\n", "=?UTF-8?Q?=0D=0ABcc:?= x",
           "<script>alert(1)</script><img src=x onerror=alert(1)>", "--=_vedette\r\nContent-Type: text/html\r\n\r\n<b>",
           "nul \0 and \x1b[31m escape", "\u202etxt.exe\u202c", "a" * 1400, "\r", "\n", " ", "=0D=0A", "&lt;", "\U0001f525 ünï",
           "From eve", ".", "..\r\n.", "%s%n", "\x85\u2028Bcc: eve"]


@pytest.fixture
def server(free_port):
    one = people.MailServer(free_port())
    yield one
    one.done()


@pytest.fixture
def hand(server, tmp_path):
    one = Hand(tmp_path, {"ops": mail_target(server)}, [{"to": "ops", "hourly": 1000}])
    yield one
    one.stop()


def test_what_a_mail_says(server, hand):
    server.start()
    hand.feed(change(1), change(2, kind="acknowledged", state="acknowledged"), change(3, alert=2))
    assert until(lambda: len(server.mails()) == 3), hand.log()
    by_id = {m["Message-ID"]: m for m in server.mails()}
    assert len(by_id) == 3
    first, ack, other = (by_id[k] for k in sorted(by_id))
    assert first["Subject"] == "[high] Keystone password guessing: ctl-1, user1 (opened)"
    assert first["To"] == "ops@test.example, boss@test.example"
    assert first["From"] == "Vedette <vedette@test.example>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"].datetime.tzinfo
    assert first["References"] == ack["References"] != other["References"]
    text = people.body(first)
    for part in ("41 failed logins of demo", "192.0.2.7", "vedette alerts ack 1", "vedette evidence export --seq 50,51,52",
                 "https://attack.mitre.org/techniques/T1110/003/", "/var/log/keystone/keystone.log"):
        assert part in text, text
        assert part in people.body(first, "html")


def test_nothing_in_a_log_is_more_than_text(server, hand):
    server.start()
    hand.feed(*(change(i + 1, alert=i + 1, **{"rule.name": text, "message": text, "entity": {"user.name": text},
                                              "details": {text.replace("\0", ""): text}, "tags": [text], "source": text, "host.name": text})
                for i, text in enumerate(HOSTILE)))
    assert until(lambda: len(server.mails()) == len(HOSTILE), 60), (len(server.mails()), hand.log())
    for raw, mail in zip(server.raw(), server.mails()):
        assert not mail.defects
        assert mail["Bcc"] is None and mail["To"] == "ops@test.example, boss@test.example"
        assert mail["Envelope-to"].replace("\n", "").count("@") == 2
        assert [p.get_content_type() for p in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
        assert max(map(len, raw.split(b"\n"))) <= 998
        html = people.body(mail, "html")
        assert "<script" not in html and "<img" not in html and "<b>" not in html
        for part in (people.body(mail), html):
            assert not any(c in part for c in "\0\x1b\r\x85\u202e\u2028")


def test_a_change_that_cannot_be_read_is_told(server, hand):
    server.start()
    hand.feed(change(1, message="\ud800 alone is no text"))
    assert until(lambda: server.mails("cannot be read")), hand.log()


def test_a_server_that_is_down_or_says_later(server, hand):
    changes = [change(i, alert=i) for i in range(1, 11)]
    hand.feed(*changes[:5])
    assert until(lambda: "not told" in hand.log())
    hand.kill_hand()
    hand.feed(*changes[5:])
    server.start()
    server.refuse("defer")
    time.sleep(2)
    assert not server.mails()
    server.refuse(None)
    assert until(lambda: len(server.mails()) == 10), hand.log()
    hand.feed()
    time.sleep(2)
    assert len(server.mails()) == len({m["Message-ID"] for m in server.mails()}) == 10


def test_low_ones_are_held_back_and_the_critical_one_is_not(server, hand):
    hand.write({"ops": mail_target(server)}, [{"to": "ops", "hourly": 5, "digest": "3s"}])
    server.start()
    low = [change(i, alert=i, level="low") for i in range(1, 3001)]
    hand.feed(*low[:2000], change(5000, alert=9000, level="critical"))
    since = time.monotonic()
    assert until(lambda: server.mails("[critical]"), 30), hand.log()
    assert time.monotonic() - since < 30
    assert until(lambda: server.mails("[digest]"), 60)
    assert len(server.mails("[low]")) == 5
    digest = people.body(server.mails("[digest]")[0])
    assert "1795 more changes, of other alerts" in digest, digest[-300:]


def test_what_happens_again_is_not_told_again(server, hand):
    server.start()
    hand.feed(change(1), *(change(i, kind="repeated", count=58 + i) for i in range(2, 1000)))
    assert until(server.mails)
    time.sleep(2)
    assert len(server.mails()) == 1


def test_no_password_without_a_certificate(server, hand):
    target = mail_target(server)
    del target["ca"]
    hand.write({"ops": target}, [{"to": "ops"}])
    server.start()
    hand.feed(change(1))
    assert until(lambda: "certificate" in hand.log()), hand.log()
    assert not server.mails()


def test_a_mail_that_is_never_wanted_lets_others_pass(server, hand):
    server.start()
    server.refuse("deny")
    hand.feed(change(1, level="critical"))
    assert until(lambda: "not told" in hand.log())
    server.refuse(None)
    hand.feed(change(2, alert=2, level="low"))
    assert until(lambda: len(server.mails()) == 2), hand.log()
