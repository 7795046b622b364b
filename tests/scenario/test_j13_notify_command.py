# SPDX-License-Identifier: Apache-2.0
"""vedette notify: before anything happens an operator sees whether those who are to be told can be."""
import json
import socket
import threading
import time

import people
import pytest
import yaml
from handed import Hand, change, mail_target, until


@pytest.fixture
def mail(free_port):
    one = people.MailServer(free_port())
    yield one
    one.done()


@pytest.fixture
def hook(free_port):
    one = people.Webhook(free_port(), "s3cret")
    yield one
    one.stop()


@pytest.fixture
def written(tmp_path):
    """Writes notify.yaml and its secrets; gives back its name."""
    def write(targets, **rest):
        for name, text in (("password", people.PASSWORD), ("wrong", "hunter2"), ("secret", "s3cret")):
            (tmp_path / name).write_text(text + "\n")
            (tmp_path / name).chmod(0o600)
        rest.setdefault("routes", [{"to": list(targets)}])
        (tmp_path / "notify.yaml").write_text(yaml.safe_dump({"targets": targets, **rest}, sort_keys=False))
        return tmp_path / "notify.yaml"

    return write


def web_target(hook):
    return {"kind": "webhook", "url": hook.url, "secret_file": "secret", "timeout": "10s"}


def test_check_says_what_the_file_says(vedette, written, mail, hook, tmp_path):
    file = written({"ops": mail_target(mail), "chat": web_target(hook)},
                   routes=[{"to": "ops", "level": "high", "quiet": "sat,sun"}])
    out = vedette("notify", "check", file).stdout.splitlines()
    assert out[0] == f"{file} is good: 2 targets, 1 route"
    assert out[1] == (f"target ops: mail by 127.0.0.1:{mail.port} (STARTTLS), as user vedette, "
                      "to ops@test.example, boss@test.example")
    assert out[2] == f"target chat: webhook at 127.0.0.1:{hook.port} (WITHOUT TLS), signed"
    assert out[3].startswith("route 1: level high and above, to ops;")
    assert "note: no route leads to chat" in out
    assert people.PASSWORD not in "\n".join(out)
    (tmp_path / "v.yaml").write_text(yaml.safe_dump({"notify": {"file": str(file)}}))
    assert vedette("notify", "check", "-c", tmp_path / "v.yaml").stdout.splitlines() == out


def test_check_says_what_is_wrong(vedette, written, tmp_path):
    file = written({"chat": {"kind": "webhook", "url": "https://a.example/x", "sceret_file": "secret"}})
    result = vedette("notify", "check", file, check=2)
    assert f"{file}:5: " in result.stderr and result.stderr.count("\n") == 1
    (tmp_path / "v.yaml").write_text("notify: {dir: /nowhere}\n")
    assert "notify.file is empty" in vedette("notify", "check", "-c", tmp_path / "v.yaml", check=2).stderr


def test_mail_is_taken_and_says_that_it_is_a_test(vedette, written, mail):
    mail.start()
    out = vedette("notify", "test", written({"ops": mail_target(mail)})).stdout
    assert out.startswith(f"ops: accepted by 127.0.0.1:{mail.port}: 250 OK id="), out
    assert until(lambda: len(mail.mails()) == 1)
    one = mail.mails()[0]
    assert one["Subject"].startswith("[test] Vedette on ") and one["Subject"].endswith(": this is a test")
    assert one["To"] == "ops@test.example, boss@test.example"
    assert "Nothing has happened" in people.body(one).replace("\n", " ")


def test_a_second_test_is_another_mail(vedette, written, mail):
    mail.start()
    file = written({"ops": mail_target(mail)})
    for _ in range(2):
        vedette("notify", "test", file)
    assert until(lambda: len(mail.mails()) == 2)
    assert len({m["Message-ID"] for m in mail.mails()}) == 2


def test_a_wrong_password_is_told_in_the_words_of_the_server(vedette, written, mail):
    mail.start()
    out = vedette("notify", "test", written({"ops": mail_target(mail, password_file="wrong")}), check=1).stdout
    assert out.startswith(f"ops: refused by 127.0.0.1:{mail.port}: 535 Incorrect authentication data"), out
    assert not mail.mails() and "hunter2" not in out


def test_a_certificate_that_nobody_vouches_for_is_told(vedette, written, mail):
    mail.start()
    target = mail_target(mail)
    del target["ca"]
    out = vedette("notify", "test", written({"ops": target}), check=1).stdout
    assert "certificate" in out and not mail.mails(), out


def test_a_refusal_of_the_recipients_is_told(vedette, written, mail):
    mail.start()
    mail.refuse("deny")
    out = vedette("notify", "test", written({"ops": mail_target(mail)}), check=1).stdout
    assert out.startswith(f"ops: refused by 127.0.0.1:{mail.port}: 550 never"), out


def play(port, answers):
    """A mail server that says these lines, one after each of the client's commands."""
    def serve(listener):
        with listener, listener.accept()[0] as client, client.makefile("rb") as lines:
            client.sendall(answers[0])
            for line in lines:
                word = line.split()[0].upper() if line.split() else b""
                client.sendall(next((a for prefix, a in answers[1:] if line.upper().startswith(prefix)), b"250 ok\r\n"))
                while word == b"DATA" and line != b".\r\n":
                    line = lines.readline()
                if word == b"DATA":
                    client.sendall(b"250 taken\r\n")

    listener = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=serve, args=(listener,), daemon=True).start()


def test_one_recipient_of_two_that_is_refused_is_told(vedette, written, free_port):
    port = free_port()
    play(port, [b"220 hello\r\n", (b"RCPT TO:<BOSS@", b"550 no \x1b[2Jsuch \xe2\x80\xaeuser\r\n"),
                (b"DATA", b"354 go on\r\n")])
    target = {"kind": "mail", "server": f"127.0.0.1:{port}", "tls": "none", "from": "v@test.example",
              "to": ["ops@test.example", "boss@test.example"], "timeout": "10s"}
    out = vedette("notify", "test", written({"ops": target}), check=1).stdout
    assert out.startswith(f"ops: accepted by 127.0.0.1:{port}, but not for all who are named in to: 550 no "), out
    assert "\x1b" not in out and "\u202e" not in out and out.count("\n") == 1


def test_one_that_is_down_hides_no_other(vedette, written, mail, hook, free_port):
    hook.start()
    away = people.Webhook(free_port())
    file = written({"ops": mail_target(mail), "chat": web_target(hook), "away": web_target(away)})
    out = vedette("notify", "test", file, check=1).stdout.splitlines()
    assert out[0].startswith(f"ops: not delivered to 127.0.0.1:{mail.port}: Failed to connect")
    assert out[1] == f"chat: accepted by 127.0.0.1:{hook.port}: HTTP/1.0 200 OK"
    assert out[2].startswith(f"away: not delivered to 127.0.0.1:{away.port}: ")
    path, headers, data, _ = hook.posts[0]
    assert path == "/hook" and json.loads(data)["kind"] == "test" and headers["X-Vedette-Change"] == "0"
    stamp = headers["X-Vedette-Timestamp"]
    assert abs(time.time() - int(stamp)) < 60
    assert headers["X-Vedette-Signature"] == "sha256=" + people.signature("s3cret", stamp, data)
    assert vedette("notify", "test", file, "chat").stdout == out[1] + "\n"
    assert 'no target "chta"' in vedette("notify", "test", file, "chta", check=2).stderr


def test_an_answer_that_is_no_yes_is_told_with_its_text(vedette, written, hook):
    hook.start()
    hook.status = 503
    out = vedette("notify", "test", written({"chat": web_target(hook)}), check=1).stdout
    assert out == f"chat: refused by 127.0.0.1:{hook.port}: HTTP/1.0 503 Service Unavailable\n"


def test_alertmanager_takes_it_and_nothing_burns(vedette, written, free_port, tmp_path):
    server = people.Alertmanager(tmp_path / "am", free_port()).start()
    try:
        out = vedette("notify", "test", written({"am": {"kind": "alertmanager", "url": server.url}})).stdout
        assert out == f"am: accepted by 127.0.0.1:{server.port}: HTTP/1.1 200 OK\n"
        assert server.alerts() == []
    finally:
        server.stop()


@pytest.fixture
def handed(mail, hook, tmp_path):
    one = Hand(tmp_path, {"ops": mail_target(mail), "chat": web_target(hook)}, [{"to": ["ops", "chat"]}])
    yield one
    one.stop()


def rows(vedette, directory):
    out = vedette("notify", "queue", "-d", directory, "-o", "json").stdout
    return {row["target"]: row for row in map(json.loads, out.splitlines())}


def test_queue_says_what_waits_while_it_waits_and_when_it_is_gone(vedette, handed, mail, hook, tmp_path):
    hook.start()
    handed.feed(change(1, level="critical"), change(2, alert=2), change(3, kind="repeated"))
    outbox = tmp_path / "outbox"
    assert until(lambda: rows(vedette, outbox).get("ops", {}).get("failures", 0) >= 2), handed.log()
    row = rows(vedette, outbox)["ops"]
    assert row["waiting"] == 2 and row["level"] == "critical" and row["digest"] == 1 and row["dropped"] == 0
    assert row["answer"] == 0 and "connect" in row["reason"] and row["oldest"] < row["next"]
    assert until(lambda: list(rows(vedette, outbox)) == ["ops"]), "the hook took all"
    text = vedette("notify", "queue", "-d", outbox).stdout
    assert text.startswith("ops: 2 messages wait (") and "up to critical), since 20" in text, text
    assert "times in a row: Couldn't connect to server" in text and "; for the digest: 1" in text, text
    mail.start()
    assert until(lambda: len(mail.mails()) == 2), handed.log()
    assert until(lambda: rows(vedette, outbox)["ops"]["failures"] == 0), handed.log()
    assert vedette("notify", "queue", "-d", outbox).stdout == "ops: no message waits; for the digest: 1\n"


def test_queue_says_the_answer_of_who_refuses(vedette, handed, mail, hook, tmp_path):
    mail.start()
    hook.status = 503
    hook.start()
    handed.feed(change(1))
    assert until(lambda: rows(vedette, tmp_path / "outbox").get("chat", {}).get("failures", 0) >= 1), handed.log()
    assert "chat: 1 message waits (" in (text := vedette("notify", "queue", "-d", tmp_path / "outbox").stdout)
    assert "in a row: refused (answer 503)" in text
    handed.stop()
    assert rows(vedette, tmp_path / "outbox")["chat"]["answer"] == 503, "also when nobody is there"


def test_queue_of_nothing(vedette, tmp_path):
    (tmp_path / "v.yaml").write_text(yaml.safe_dump({"notify": {"dir": str(tmp_path)}}))
    result = vedette("notify", "queue", "-c", tmp_path / "v.yaml", check=2)
    assert f"{tmp_path}/outbox.db: No such file or directory" in result.stderr
    assert not (tmp_path / "outbox.db").exists()
    (tmp_path / "outbox.db").write_bytes(b"not a database at all, but long enough for one" * 100)
    result = vedette("notify", "queue", "-c", tmp_path / "v.yaml", check=2)
    assert "file is not a database" in result.stderr and (tmp_path / "outbox.db").exists()


def test_queue_looks_and_serve_does_not_notice(vedette, serve, written, ledger, tmp_path):
    file = written({"ops": {"kind": "mail", "server": "127.0.0.1:9", "from": "v@test.example", "to": "o@test.example"}},
                   heartbeat={"to": "ops", "at": "07:30"})
    config = {"ledger": {"dir": str(ledger)}, "notify": {"file": str(file)}}
    (tmp_path / "v.yaml").write_text(yaml.safe_dump(config))
    outbox = ledger.parent / (ledger.name + ".outbox")

    def look():
        return vedette("notify", "queue", "-c", tmp_path / "v.yaml", check=None)

    for _ in range(2):
        with serve(config) as one:
            assert until(lambda: look().returncode == 0), look().stderr
            assert look().stdout == "nothing waits\n"
            assert "outbox" not in one.log()
        # Nobody writes it now; what the look leaves behind must not be in the way of the next serve.
        assert look().stdout == "nothing waits\n"
        assert len({path.stat().st_uid for path in outbox.glob("outbox.db*")}) == 1
