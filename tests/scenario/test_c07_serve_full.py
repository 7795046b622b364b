# SPDX-License-Identifier: Apache-2.0
"""The disk of the ledger is full: what was acknowledged stays, files and TCP senders wait, datagrams
are counted, one line says so, and when there is room serve goes on by itself."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

import pytest
import yaml
from conftest import Serve, wait_for

LINES = 120000  # in the file: more than the ring and the disk hold


@pytest.fixture
def small_disk(tmp_path):
    """A program to start others with, in a namespace where tmp_path/disk is a tmpfs of 48 MiB; and
    the way to look into it from here. The namespace ends with the test."""
    disk = tmp_path / "disk"
    disk.mkdir()
    keep = subprocess.Popen(["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=48m tmpfs "$0" && echo on && exec sleep 600',
                             str(disk)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if keep.stdout.readline() != "on\n":
        keep.kill()
        pytest.skip("no mount namespace of our own: be root")
    enter = tmp_path / "inside"
    enter.write_text(f'#!/bin/sh\nexec nsenter -t {keep.pid} -m "$@"\n')
    enter.chmod(0o755)
    yield disk, enter, pathlib.Path(f"/proc/{keep.pid}/root{disk}")
    keep.kill()
    keep.wait()


def test_full_and_room_again(program, small_disk, tmp_path, free_port):
    disk, enter, seen = small_disk
    tcp, udp, log = free_port(), free_port(), tmp_path / "in.log"
    ledger = disk / "ledger"
    config = tmp_path / "full.yaml"
    config.write_text(yaml.safe_dump({
        "ledger": {"dir": str(ledger), "reserve": "1MiB", "block_bytes": "4MiB"},
        "limits": {"ring": "4MiB", "stage_memory": "256KiB"}, "files": [str(log)],
        "syslog": {"tcp": [f"127.0.0.1:{tcp}"], "udp": [f"127.0.0.1:{udp}"]}}))
    wrapper = tmp_path / "vedette-inside"
    wrapper.write_text(f'#!/bin/sh\nexec {enter} {program} "$@"\n')
    wrapper.chmod(0o755)

    def ask(*args, check=0):
        done = subprocess.run([str(wrapper), *map(str, args)], capture_output=True, text=True, timeout=120)
        assert check is None or done.returncode == check, done.stderr
        return done.stdout

    def status():
        return json.loads(ask("status", "-d", ledger, "-o", "json"))

    filler = seen / "filler"
    filler.write_bytes(os.urandom(1 << 20) * 40)  # what is left cannot hold it all, packed either
    daemon = Serve(wrapper, config, tmp_path, None)
    try:
        daemon.wait_ready()
        udp_out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp_out.sendto(b"<13>datagram 000000 ", ("127.0.0.1", udp))
        wait_for(lambda: status()["keeper"]["records"] == 1, "its sender is known")
        # Each line differs, so that blocks do not shrink to nothing.
        with open(log, "w") as out:
            for i in range(LINES):
                out.write(f"2026-11-22 01:02:03.004 7 INFO nova [-] file {i:06d} {os.urandom(60).hex()}\n")
        sender = socket.create_connection(("127.0.0.1", tcp), timeout=120)
        sent = []

        def send_all():
            for i in range(40000):
                sender.sendall(b"<13>1 2026-11-22T01:02:03Z h a - - - stream %06d %s\n" % (i, os.urandom(60).hex().encode()))
                sent.append(i)

        stream = threading.Thread(target=send_all)
        stream.start()
        wait_for(lambda: "is full" in daemon.log(), f"it says that the disk is full; {daemon.log()}", 60)
        assert status()["ledger"]["disk_full"] and not status()["healthy"]
        datagrams = 30001
        for i in range(1, datagrams):  # more than the ring, the stage and the kernel keep
            udp_out.sendto(b"<13>datagram %06d " % i + b"x" * 900, ("127.0.0.1", udp))
        udp_out.close()
        # Packing makes a little room, now and then; in the end it stands still. What is sent waits:
        # with the sender, or in the kernel, which may hold a lot.
        def stands():
            stuck = status()
            time.sleep(1.5)
            return stuck["ledger"]["disk_full"] and status()["keeper"]["records"] == stuck["keeper"]["records"]

        wait_for(stands, "nothing is taken", 60)
        assert daemon.log().count("is full") == daemon.log().count("has room again") + 1, daemon.log()
        filler.unlink()
        daemon.wait_log("has room again", 60)
        stream.join(120)
        assert len(sent) == 40000
        sender.close()

        def all_there():
            s = status()
            return s["keeper"]["records"] + s["intake"]["lost"] >= LINES + 40000 + datagrams and s

        s = wait_for(all_there, f"all is there or counted; {daemon.log()}", 120)
        assert s["healthy"] and not s["ledger"]["disk_full"]
        assert s["keeper"]["records"] + s["intake"]["lost"] == LINES + 40000 + datagrams
        assert s["intake"]["lost"] > 0, "more datagrams than anything could keep"
        assert daemon.stop(60) == 0
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        raise
    for word, n in ("file", LINES), ("stream", 40000):
        found = ask("search", "-d", ledger, "-o", "raw", word).splitlines()
        numbers = [int(line.partition(f" {word} ")[2][:6]) for line in found]
        assert sorted(numbers) == list(range(n)), f"each {word} line once"
    kept = int(ask("search", "-d", ledger, "-o", "count", "datagram"))
    assert 1 <= kept == datagrams - s["intake"]["lost"]
    ask("verify", "-d", ledger)


def test_full_at_the_start(small_disk, program, tmp_path):
    """A disk that is full already: one clear line at a new ledger, and no harm to an old one."""
    disk, enter, seen = small_disk
    wrapper, log = tmp_path / "vedette-inside", tmp_path / "in.log"
    wrapper.write_text(f'#!/bin/sh\nexec {enter} {program} "$@"\n')
    wrapper.chmod(0o755)
    log.write_text("file line 1\n")

    def start(ledger, name):
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"ledger": {"dir": str(ledger), "reserve": "1MiB"}, "files": [str(log)]}))
        return Serve(wrapper, config, tmp_path, None)

    def ask(*args, check=0):
        done = subprocess.run([str(wrapper), *map(str, args)], capture_output=True, text=True, timeout=120)
        assert check is None or done.returncode == check, done.stderr
        return done.stdout

    def count():
        return int(ask("search", "-d", disk / "old", "-o", "count", "file", check=None) or 0)

    daemon = start(disk / "old", "old")
    daemon.wait_ready()
    wait_for(lambda: count() == 1, daemon.log())
    assert daemon.stop() == 0
    filler = seen / "filler"
    with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as out:
        while True:
            out.write(bytes(1 << 12))
    log.write_text("file line 1\nfile line 2\n")
    daemon = start(disk / "new", "new")
    assert daemon.process.wait(30) == 2
    assert "No space left on device" in daemon.log() and str(disk / "new") in daemon.log()
    daemon.log_file.close()
    daemon = start(disk / "old", "again")
    wait_for(lambda: "full" in daemon.log() or "No space" in daemon.log(), daemon.log(), 30)
    if not daemon.alive():
        daemon.log_file.close()
        daemon = None
    filler.unlink()
    daemon = daemon or start(disk / "old", "later")
    wait_for(lambda: count() == 2, f"what was not taken is there; {daemon.log()}", 30)
    assert daemon.stop() == 0
    ask("verify", "-d", disk / "old")
