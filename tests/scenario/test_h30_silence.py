# SPDX-License-Identifier: Apache-2.0
"""What is done to a log file is told by its name, within seconds; what logrotate does is not."""
import json
import os
import shutil
import threading
import time

import pytest
from conftest import ndjson, wait_for


class Writer:
    """Somebody who writes a line each twentieth of a second, and keeps the file open."""

    def __init__(self, path):
        self.path, self.file, self.number, self.ends = path, open(path, "ab", buffering=0), 0, False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ends:
            self.number += 1
            line = f"2026-11-26 01:02:03.{self.number % 1000:03} 12 INFO a.b [-] line {self.number}\n"
            self.file.write(line.encode())
            time.sleep(0.05)

    def stop(self):
        self.ends = True
        self.thread.join()
        self.file.close()

    def wrote(self, count=20):
        start = self.number
        wait_for(lambda: self.number >= start + count, "the writer writes")


@pytest.fixture
def stage(vedette, serve, ledger, tmp_path):
    """A serve that follows logs/*.log; alerts() gives {name of the file: [alerts]}."""

    class Stage:
        def __init__(self):
            self.logs = tmp_path / "logs"
            self.logs.mkdir()
            self.socket = tmp_path / "desk"
            self.config = {"ledger": {"dir": str(ledger)}, "files": [str(self.logs / "*.log")],
                           "watch": {"config": []}, "desk": {"socket": str(self.socket)}}
            self.writers = {}

        def write(self, *names):
            for name in names:
                self.writers[name] = Writer(self.logs / f"{name}.log")
            return self

        def alerts(self):
            rows = ndjson(vedette("alerts", "list", "--all", "-o", "json", "-s", self.socket, check=None).stdout)
            found = {}
            for row in rows:
                source = os.path.basename(row["entity"].get("vedette.source", ""))
                found.setdefault(source.removesuffix(".log"), []).append(json.dumps(row))
            return found

        def told(self, name, rule, timeout):
            wait_for(lambda: any(rule in text for text in self.alerts().get(name, [])),
                     f"{name}: {rule}", timeout)

        def end(self):
            for writer in self.writers.values():
                writer.stop()

    it = Stage()
    yield it
    it.end()


def test_what_is_done_to_a_log_is_named(stage, serve):
    logs = stage.logs
    stage.write("removed", "truncated", "replaced", "copytruncated", "rotated", "rewritten", "forbidden")
    with serve(stage.config):
        for writer in stage.writers.values():
            writer.wrote()
        time.sleep(2)
        os.unlink(logs / "removed.log")
        os.truncate(logs / "truncated.log", 0)
        os.chmod(logs / "forbidden.log", 0)
        lines = (logs / "replaced.log").read_bytes().splitlines(True)
        (logs / "edited").write_bytes(b"".join(lines[::2]))
        os.replace(logs / "edited", logs / "replaced.log")
        shutil.copy(logs / "copytruncated.log", logs / "copytruncated.log.1")
        os.truncate(logs / "copytruncated.log", 0)
        os.rename(logs / "rotated.log", logs / "rotated.log.1")
        time.sleep(0.2)
        stage.writers["rotated"].file = open(logs / "rotated.log", "ab", buffering=0)
        shutil.copy(logs / "rewritten.log", logs / "same")
        os.replace(logs / "same", logs / "rewritten.log")
        stage.writers["rewritten"].file = open(logs / "rewritten.log", "ab", buffering=0)
        stage.told("removed", "vedette.silence.file-removed", 15)
        stage.told("truncated", "vedette.silence.file-truncated", 15)
        stage.told("replaced", "vedette.silence.file-replaced", 15)
        stage.told("forbidden", "vedette.silence.file-unwritable", 15)
        time.sleep(8)
        found = stage.alerts()
        for name in ("copytruncated", "rotated", "rewritten"):
            assert name not in found, "what logrotate and editors do is no finding"


def test_a_source_that_stops_is_told_within_twice_its_gap(stage, serve):
    stage.config["silence"] = {"warm_up": "1s"}
    stage.write("goes-on", "stops")
    with serve(stage.config):
        time.sleep(40)
        assert not stage.alerts(), "both speak"
        stage.writers["stops"].ends = True
        stopped = time.monotonic()
        stage.told("stops", "vedette.silence.quiet", 20)
        # ten seconds are the shortest silence that is told; heartbeats and ticks come beside
        assert 9 < time.monotonic() - stopped < 14
        assert "goes-on" not in stage.alerts()
        stage.write("stops")
        stage.told("stops", '"state": "closed"', 15)
        assert len(stage.alerts()["stops"]) == 1, "that it is back is no alert of its own"
