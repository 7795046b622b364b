# SPDX-License-Identifier: Apache-2.0
"""Killed in any of its processes, or all at once, under load: lines of followed files are there
exactly once afterwards."""
import os
import random
import signal
import threading
import time

import pytest
from conftest import wait_for


class Writer(threading.Thread):
    """Appends numbered lines to a file until it is told to stop."""

    def __init__(self, path):
        super().__init__()
        self.path, self.n, self.enough = path, 0, threading.Event()

    def run(self):
        with open(self.path, "a") as out:
            while not self.enough.is_set():
                for _ in range(50):
                    out.write(f"2026-11-22 01:02:03.004 7 INFO nova [-] line {self.n:08d} end\n")
                    self.n += 1
                out.flush()
                time.sleep(0.005)

    def stop(self):
        self.enough.set()
        self.join()
        return self.n


def child(daemon, role):
    for pid in open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read().split():
        try:
            if open(f"/proc/{pid}/comm").read().strip() == f"vedette-{role}":
                return int(pid)
        except OSError:
            pass
    return None


def lines_of(path):
    return open(path, "rb").read()


@pytest.mark.parametrize("role", ["keeper", "intake", "analyst", "desk"])
def test_one_role(vedette, serve, ledger, tmp_path, role):
    log = tmp_path / "in.log"
    log.write_text("")
    draw = random.Random(role)
    config = {"ledger": {"dir": str(ledger), "block_records": 2000}, "files": [str(log)]}
    with serve(config) as daemon:
        writer = Writer(log)
        writer.start()
        for _ in range(5):
            time.sleep(draw.uniform(0.05, 0.6))
            pid = wait_for(lambda: child(daemon, role), f"{role} runs; {daemon.log()}")
            os.kill(pid, signal.SIGKILL)
        n = writer.stop()
        wait_for(lambda: int(vedette("search", "-d", ledger, "-o", "count", "line", check=None).stdout
                             or 0) >= n, f"{n} lines are there; {daemon.log()}", 30)
    assert vedette("search", "-d", ledger, "-o", "raw", "*", text=False).stdout == lines_of(log)
    vedette("verify", "-d", ledger)


def test_all_at_once(vedette, serve, ledger, tmp_path):
    log = tmp_path / "in.log"
    log.write_text("")
    draw = random.Random(7)
    config = {"ledger": {"dir": str(ledger), "block_records": 2000}, "files": [str(log)]}
    writer = Writer(log)
    writer.start()
    try:
        for _ in range(6):
            with serve(config) as daemon:
                time.sleep(draw.uniform(0, 0.8))
                daemon.kill9()
    finally:
        n = writer.stop()
    with serve(config) as daemon:
        wait_for(lambda: int(vedette("search", "-d", ledger, "-o", "count", "line", check=None).stdout
                             or 0) >= n, f"{n} lines are there; {daemon.log()}", 30)
    assert vedette("search", "-d", ledger, "-o", "raw", "*", text=False).stdout == lines_of(log)
    vedette("verify", "-d", ledger)


def test_supervisor_alone(serve, ledger):
    """No orphan goes on writing when the supervisor dies."""
    with serve({"ledger": {"dir": str(ledger)}}) as daemon:
        children = open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read().split()
        os.kill(daemon.pid, signal.SIGKILL)
        daemon.process.wait()

        def gone(pid):
            try:
                return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                return True

        wait_for(lambda: all(map(gone, children)), "all children are gone")
        daemon.log_file.close()
