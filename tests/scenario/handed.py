# SPDX-License-Identifier: Apache-2.0
"""A hand without a serve: changes of alerts are handed to it as the analyst would."""
import datetime
import json
import os
import signal
import subprocess
import time

import people
import pytest
import yaml
from conftest import PROGRAM

TOOL = PROGRAM.parent / "tests" / "unit" / "notify" / "hand_tool"


def until(what, seconds=30):
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result or time.monotonic() > end:
            return result
        time.sleep(0.1)


def change(number, alert=1, kind="opened", level="high", state="open", **more):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    inner = {"id": alert, "state": state, "rule.uuid": "5e6c4d0e-0e0b-4b39-9d0a-6c1f0f2a7c11",
             "rule.name": "Keystone password guessing", "rule.level": level, "tags": ["attack.t1110.003"],
             "entity": {"host.name": "ctl-1", "user.name": f"user{alert}"}, "count": 58, "events": 58, "first": now,
             "last": now, "opened": now, "host.name": "ctl-1", "source": "/var/log/keystone/keystone.log",
             "message": "41 failed logins of demo from 192.0.2.7 in 60 s", "details": {"source.ip": "192.0.2.7"},
             "vedette.seq": [50, 51, 52]}
    inner.update(more)
    return {"event": f"alert-{kind}", "change": number, "kind": kind, "@timestamp": now, "by": "vedette",
            "delta": 1, "alert": inner}


class Hand:
    """feed() gives changes and returns when all were taken; the hand then brings them."""

    def __init__(self, folder, targets, routes, **rest):
        if not TOOL.exists():
            pytest.skip("hand_tool is not built")
        self.dir, self.changes, self.process = folder, [], None
        (folder / "outbox").mkdir()
        self.file = folder / "notify.yaml"
        for name, text in (("password", people.PASSWORD), ("secret", "s3cret")):
            (folder / name).write_text(text + "\n")
            (folder / name).chmod(0o600)
        self.write(targets, routes, **rest)

    def write(self, targets, routes, **rest):
        self.file.write_text(yaml.safe_dump({"targets": targets, "routes": routes,
                                             "limits": {"retry": "1s"}, **rest}))

    def log(self):
        return (self.dir / "hand.log").read_text()

    def feed(self, *changes):
        """What was given before is given again, as an analyst does that knows only what was taken."""
        self.changes += changes
        self.stop()
        with open(self.dir / "hand.log", "a", encoding="utf-8") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen([TOOL, self.file, self.dir / "outbox"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=log, text=True)
        with self.process.stdin as out:
            for one in self.changes:
                out.write(json.dumps(one, separators=(",", ":")) + "\n")
        lines = iter(self.process.stdout.readline, "")
        assert "all\n" in lines, self.log()
        return self

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)
            self.process.stdout.close()
            self.process = None

    def kill_hand(self):
        pid = int([w for w in self.log().splitlines() if w.startswith("hand ")][-1].split()[1])
        os.kill(pid, signal.SIGKILL)


def mail_target(server, **more):
    return {"kind": "mail", "server": f"127.0.0.1:{server.port}", "ca": str(server.ca), "user": "vedette",
            "password_file": "password", "timeout": "10s", "from": "Vedette <vedette@test.example>",
            "to": ["ops@test.example", "boss@test.example"], **more}
