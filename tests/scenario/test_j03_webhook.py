# SPDX-License-Identifier: Apache-2.0
"""A webhook gets each change once, signed, in spite of what goes wrong on the way."""
import time

import people
import pytest
from handed import Hand, change, mail_target, until


@pytest.fixture
def hook(free_port):
    one = people.Webhook(free_port(), "s3cret")
    yield one
    one.stop()


@pytest.fixture
def hand(hook, tmp_path):
    one = Hand(tmp_path, {"hook": {"kind": "webhook", "url": hook.url, "secret_file": "secret", "timeout": "5s"}},
               [{"to": "hook"}])
    yield one
    one.stop()


def numbers(hook):
    return [p["change"] for p in hook.taken()]


def test_each_is_signed(hook, hand):
    hook.start()
    hand.feed(change(1), change(2, kind="repeated"))
    assert until(lambda: sorted(numbers(hook)) == [1, 2]), hand.log()
    path, headers, data, _ = hook.posts[0]
    assert path == "/hook" and headers["Content-Type"] == "application/json" and headers["X-Vedette-Change"] == "1"
    stamp = headers["X-Vedette-Timestamp"]
    assert abs(int(stamp) - time.time()) < 60
    assert headers["X-Vedette-Signature"] == "sha256=" + people.signature("s3cret", stamp, data)


def test_down_later_never_and_killed(hook, hand):
    hand.feed(*(change(i, alert=i) for i in range(1, 51)))
    assert until(lambda: "not told" in hand.log())
    hook.status = 503
    hook.start()
    assert until(lambda: hook.posts)
    hand.kill_hand()
    hook.status = 410
    hand.feed(*(change(i, alert=i) for i in range(51, 101)))
    time.sleep(2)
    hook.status = 200
    assert until(lambda: len(numbers(hook)) == 100, 60), (len(numbers(hook)), hand.log())
    hand.feed()
    time.sleep(2)
    assert sorted(numbers(hook)) == list(range(1, 101))


def test_a_redirect_is_not_followed(hook, hand, free_port):
    other = people.Webhook(free_port()).start()
    hook.status, hook.headers = 307, {"Location": other.url}
    hook.start()
    hand.feed(change(1))
    assert until(lambda: "not told" in hand.log())
    assert not other.posts
    other.stop()


def test_one_that_is_down_holds_up_no_other(hook, hand, free_port):
    good = {"kind": "webhook", "url": hook.url}
    bad = {"kind": "webhook", "url": f"http://127.0.0.1:{free_port()}/", "timeout": "5s"}
    hand.write({"bad": bad, "good": good}, [{"to": ["bad", "good"]}])
    hook.start()
    hand.feed(*(change(i, alert=i) for i in range(1, 31)))
    assert until(lambda: len(numbers(hook)) == 30, 10), hand.log()


def test_a_daily_mail(free_port, tmp_path):
    server = people.MailServer(free_port())
    at = time.strftime("%H:%M", time.gmtime(time.time() + 60))
    one = Hand(tmp_path, {"ops": mail_target(server)}, [{"to": "ops"}], heartbeat={"to": "ops", "at": at})
    try:
        server.start()
        one.feed(change(1))
        assert until(lambda: server.mails("[heartbeat]"), 90), one.log()
        assert "opened: 1" in people.body(server.mails("[heartbeat]")[0])
        time.sleep(2)
        assert len(server.mails("[heartbeat]")) == 1
    finally:
        one.stop()
        server.done()
