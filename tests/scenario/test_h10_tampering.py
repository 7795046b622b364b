# SPDX-License-Identifier: Apache-2.0
"""Somebody lays hands on the logs of a running system: each deed is named, and soon."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest
from conftest import wait_for

LINE = "2026-11-22 01:02:{:02d}.{:03d} 7 INFO nova.compute.manager [-] line number {} of the instance\n"
BOUND = 10.0


def lines(first, last):
    return "".join(LINE.format(i // 100 % 60, i % 1000, i) for i in range(first, last))


@pytest.fixture
def world(vedette, serve, ledger, tmp_path):
    """A serve with one log of 200 lines that has been read, and what can be asked of it."""

    class World:
        log = tmp_path / "logs" / "nova.log"
        conf = tmp_path / "etc" / "nova.conf"

        def count(self, query="*"):
            return int(vedette("search", "-d", ledger, "-o", "count", query, check=None).stdout or 0)

        def notes(self, event):
            out = vedette("search", "-d", ledger, "--own", "-o", "raw", "*", check=None).stdout
            found = [json.loads(line) for line in out.splitlines() if line.startswith('{"event"')]
            return [n for n in found if n["event"] == event]

        def wait(self, event, timeout=BOUND):
            """The first note of the event, which must come within the bound."""
            return wait_for(lambda: self.notes(event), f"the note {event}", timeout)[0]

    w = World()
    w.log.parent.mkdir()
    w.conf.parent.mkdir()
    w.log.write_text(lines(0, 200))

    @contextlib.contextmanager
    def start(**more):
        config = {"ledger": {"dir": str(ledger)}, "files": [str(w.log)],
                  "watch": {"config": [f"{w.conf.parent}/*.conf"]},
                  "desk": {"socket": str(tmp_path / "s")}, **more}
        with serve(config) as daemon:
            wait_for(lambda: w.count("number") >= 200, "the log is read")
            yield daemon

    w.start = start
    return w


def test_removed(world):
    with world.start():
        world.log.unlink()
        assert world.wait("file-removed")["path"] == str(world.log)


def test_unwritable(world):
    with world.start():
        world.log.chmod(0)
        note = world.wait("file-mode")
        assert note["path"] == str(world.log) and note["new"].startswith("0000 ")
        world.log.chmod(0o640)
        world.wait("file-mode-back")


def test_truncated(world):
    with world.start():
        os.truncate(world.log, 0)
        assert world.wait("file-truncated")["path"] == str(world.log)
        assert not world.notes("file-rewritten")


def test_renamed_and_begun_anew_is_rotation(world):
    with world.start():
        world.log.rename(world.log.with_suffix(".log.1"))
        world.log.write_text(lines(1000, 1100))
        wait_for(lambda: world.count("number") == 300, "all lines once")
        assert not world.notes("file-rewritten") + world.notes("file-removed")


def test_copied_and_truncated_is_rotation(world):
    with world.start():
        shutil.copy(world.log, world.log.with_suffix(".log.1"))
        os.truncate(world.log, 0)
        with world.log.open("a") as out:
            out.write(lines(1000, 1100))
        wait_for(lambda: world.count("number") == 300, "all lines once")
        assert not world.notes("file-rewritten")


@pytest.mark.parametrize("how", ["renamed over it", "written over it"])
def test_replaced_by_an_edited_copy(world, how):
    with world.start():
        edited = "".join(line for line in lines(0, 200).splitlines(True) if " 100 " not in line)
        if how == "renamed over it":
            other = world.log.with_suffix(".tmp")
            other.write_text(edited)
            other.rename(world.log)
        else:
            world.log.write_text(edited)
        assert world.wait("file-rewritten")["path"] == str(world.log)


def test_level_raised_behind_log_config_append(world):
    """No line is ever written about it."""
    logging = world.conf.with_name("logging.conf")
    logging.write_text("[loggers]\nkeys = root\n[logger_root]\nlevel = INFO\nhandlers = file\n")
    world.conf.write_text(f"[DEFAULT]\nlog_config_append = {logging}\n"
                          "[database]\nconnection = mysql://nova:geheim@db/nova\n")
    with world.start():
        wait_for(lambda: len(world.notes("config-seen")) == 2, "both files are seen")
        logging.write_text(logging.read_text().replace("INFO", "CRITICAL"))
        at = time.monotonic()
        note = world.wait("config-changed")
        assert time.monotonic() - at < 4
        assert (note["key"], note["old"], note["new"]) == ("logger_root.level", "INFO", "CRITICAL")
        assert note["path"] == str(logging) and note["logging"] is True
        world.conf.write_text(world.conf.read_text().replace("geheim", "anders"))
        wait_for(lambda: len(world.notes("config-changed")) == 2, "the change of a password")
        assert "logging" not in world.notes("config-changed")[1]
        assert world.count("geheim") == world.count("anders") == 0


def test_what_a_configuration_names_should_be_watched(world):
    world.conf.write_text("[DEFAULT]\nlog_config_append = /srv/else/where.conf\n")
    with world.start():
        assert world.wait("config-unwatched")["names"] == "/srv/else/where.conf"


def test_changed_while_vedette_was_down(world):
    world.conf.write_text("[DEFAULT]\ndebug = true\n")
    with world.start():
        world.wait("config-seen")
    world.conf.write_text("[DEFAULT]\ndebug = false\n")
    with world.start():
        note = world.wait("config-changed")
        assert (note["key"], note["old"], note["new"]) == ("DEFAULT.debug", "true", "false")


def test_writer_stopped_and_killed(world):
    with world.log.open("a") as out:
        writer = subprocess.Popen(["sleep", "600"], stdout=out)
    try:
        with world.start():
            time.sleep(12)  # who only opens a log for a moment is nobody's writer: two looks of 5 s
            writer.send_signal(signal.SIGSTOP)
            note = world.wait("writer-stopped")
            assert (note["path"], note["pid"], note["name"]) == (str(world.log), writer.pid, "sleep")
            writer.kill()
            writer.wait()
            world.wait("writer-gone", 15)
    finally:
        writer.kill()


def test_disk_full(world, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", place],
                      capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
    try:
        world.log = place / "nova.log"
        world.log.write_text(lines(0, 200))
        with world.start():
            with contextlib.suppress(OSError), open(place / "fill", "wb", buffering=0) as out:
                while True:
                    out.write(bytes(4096))
            assert world.wait("disk-full")["path"] == str(world.log)
            (place / "fill").unlink()
            world.wait("disk-room")
    finally:
        subprocess.run(["umount", "-l", place], check=False)


def test_peers(world, free_port):
    port = free_port()
    with world.start(syslog={"tcp": [f"127.0.0.1:{port}"]}):
        with socket.create_connection(("127.0.0.1", port)) as out:
            out.sendall(b"<13>1 2026-11-22T01:02:03Z h a - - - a line\n")
            assert world.wait("peer-connected")["name"] == "127.0.0.1"
        assert world.wait("peer-closed")["how"] == "closed"


def test_a_rewritten_log_raises_an_alert(world, vedette, tmp_path):
    with world.start():
        other = world.log.with_suffix(".tmp")
        other.write_text(lines(0, 100) + lines(101, 200))
        other.rename(world.log)
        wait_for(lambda: "vedette.tamper.rewritten" in
                 vedette("alerts", "list", "--socket", tmp_path / "s", "-o", "json", check=None).stdout,
                 "the alert", BOUND)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_steps(world, vedette, tmp_path, hours):
    """The host of a sender is set by an hour, while it goes on to send."""
    log = world.log.with_name("stamped.log")
    log.touch()

    def write(n, offset):
        for _ in range(n):
            now = time.time() + offset
            stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}"
            with log.open("a") as out:
                out.write(f"{stamp} 7 INFO nova.compute.manager [-] stamped by a clock\n")
            time.sleep(0.1)

    def told():
        out = vedette("alerts", "list", "--socket", tmp_path / "s", "-o", "json", check=None).stdout
        return [line for line in out.splitlines() if "vedette.tamper.clock" in line and "stamped.log" in line]

    with world.start(files=[str(world.log), str(log)]):
        write(10, 0)
        wait_for(lambda: world.count("stamped") == 10, "its first lines")
        assert not told()
        write(5, hours * 3600)
        alert = wait_for(told, "the alert", BOUND)[0]
        assert ("forward by 1h" if hours > 0 else "back by 1h") in alert
