# SPDX-License-Identifier: Apache-2.0
"""Alertmanager hears of an alert while it lasts, and of its end, whenever it is there to hear."""
import time

import people
import pytest
from handed import Hand, change, until


@pytest.fixture
def manager(tmp_path, free_port):
    one = people.Alertmanager(tmp_path / "alertmanager", free_port())
    yield one
    one.stop()


@pytest.fixture
def hand(manager, tmp_path):
    one = Hand(tmp_path, {"am": {"kind": "alertmanager", "url": manager.url, "resend": "1s"}}, [{"to": "am"}])
    yield one
    one.stop()


def ids(manager):
    return sorted(int(a["labels"]["alert"]) for a in manager.alerts())


def test_it_fires_and_ends(manager, hand):
    manager.start()
    hand.feed(change(1), change(2, alert=2, level="critical"))
    assert until(lambda: ids(manager) == [1, 2]), hand.log()
    first = next(a for a in manager.alerts() if a["labels"]["alert"] == "1")
    assert first["labels"] == {"alert": "1", "alertname": "Keystone password guessing", "severity": "high",
                               "rule": "5e6c4d0e-0e0b-4b39-9d0a-6c1f0f2a7c11", "entity_host_name": "ctl-1",
                               "entity_user_name": "user1"}
    assert first["annotations"]["description"] == "41 failed logins of demo from 192.0.2.7 in 60 s"
    was = first["endsAt"]
    assert until(lambda: [a["endsAt"] for a in manager.alerts() if a["labels"]["alert"] == "1"] > [was]), "not said again"
    hand.feed(change(3, kind="closed", state="closed"))
    assert until(lambda: ids(manager) == [2])


def test_a_raised_level_is_one_alert(manager, hand):
    manager.start()
    hand.feed(change(1, level="low"))
    assert until(lambda: ids(manager) == [1])
    hand.feed(change(2, kind="level-raised", level="critical"))
    assert until(lambda: [a["labels"]["severity"] for a in manager.alerts()] == ["critical"])


def test_it_was_down(manager, hand):
    hand.feed(*(change(i, alert=i) for i in range(1, 451)))
    assert until(lambda: "not told" in hand.log())
    hand.kill_hand()
    hand.feed(*(change(450 + i, alert=i, kind="closed", state="closed") for i in range(1, 401)))
    manager.start()
    assert until(lambda: ids(manager) == list(range(401, 451))), ids(manager)
    manager.stop()
    time.sleep(1)
    manager.start()
    assert until(lambda: ids(manager) == list(range(401, 451))), "what it forgot is said again"


def test_hostile_texts(manager, hand):
    texts = ["\r\n\"}", "{{ .Labels }}", "\0", "a" * 1500, "\u202e", ""]
    manager.start()
    hand.feed(*(change(i + 1, alert=i + 1, **{"rule.name": t or "x", "message": t, "entity": {"user.name": t, '1"x\n{': t}})
                for i, t in enumerate(texts)))
    assert until(lambda: ids(manager) == list(range(1, len(texts) + 1))), (ids(manager), hand.log())
