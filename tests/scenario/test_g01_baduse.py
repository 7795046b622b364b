# SPDX-License-Identifier: Apache-2.0
"""Wrong use is one clear line and exit status 2; nothing is harmed."""
import os
import subprocess

import pytest

WRONG = {
    "no command": [],
    "unknown command": ["serach"],
    "unknown option": ["search", "-d", "x", "--limt", "3", "a"],
    "missing value": ["search", "-d"],
    "no number": ["search", "-d", "x", "--limit", "many", "a"],
    "no time": ["search", "-d", "x", "--since", "yesterday-ish", "a"],
    "no format": ["search", "-d", "x", "-o", "xml", "a"],
    "no query": ["search", "-d", "x"],
    "no ledger there": ["search", "-d", "nowhere", "a"],
    "no ledger to verify": ["verify", "-d", "nowhere"],
    "no ledger for a report": ["report", "logins", "-d", "nowhere"],
    "no report": ["report", "weather", "-d", "x"],
    "no verb": ["evidence"],
    "no bundle": ["evidence", "verify", "nowhere"],
    "no file to import": ["import", "-d", "new", "nowhere.log"],
    "a directory to import": ["import", "-d", "new", "."],
    "nothing to import": ["import", "-d", "new"],
    "import without ledger": ["import", "x.log"],
    "bad zone": ["import", "-d", "new", "--zone", "Mars/Olympus", "x.log"],
    "bad year": ["import", "-d", "new", "--assume-year", "99", "x.log"],
    "no configuration": ["serve", "-c", "nowhere.yaml"],
    "no serve": ["status", "-d", "nowhere"],
    "option with a value it does not take": ["search", "--own=yes", "a"],
}


@pytest.mark.parametrize("name", WRONG)
def test_one_line(vedette, tmp_path, name):
    done = vedette(*WRONG[name], check=2)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("vedette")
    assert not (tmp_path / "new").exists()


CONFIGS = {
    "ledger:\n  blok_age: 1h\n": ":2: there is no key \"ledger.blok_age\"; did you mean ledger.block_age?",
    "ledger:\n  block_age: soon\n": ":2: ledger.block_age: expected a length of time",
    "files: relative.log\n": ":1: files: expected",
    "syslog:\n  tcp: [localhost]\n": ":2: syslog.tcp: expected",
    "limits:\n  record: 1KB\n": ":2: limits.record: expected a size",
    "limits:\n  record: 1GiB\n": ":2: limits.record: must be from",
    "host: a\nhost: b\n": ":2: host: is here twice",
    "- a\n- b\n": ":1: expected keys",
    "ledger: [\n": ":2: not YAML",
    "ledger: 7\n": ":1: ledger: expected keys",
    "files: &a [*a]\n": ":1: files: expected text in the list",
    "---\nhost: a\n---\nhost: b\n": "more than one document",
    "\x00": "not YAML",
    "limits: {ring: 64KiB}\n": "limits.ring: must be at least",
}


@pytest.mark.parametrize("text", CONFIGS)
def test_configuration(vedette, tmp_path, text):
    (tmp_path / "v.yaml").write_text(text)
    done = vedette("serve", "-c", "v.yaml", "--check-config", check=2)
    assert len(done.stderr.splitlines()) == 1
    assert CONFIGS[text] in done.stderr, done.stderr


@pytest.mark.parametrize("query", ["(", "a AND", "user.nam:x", "x | frobnicate", "/[/", '"open', "a:[1 TO"])
def test_malformed_query_points_at_the_column(vedette, ledger, tmp_path, query):
    (tmp_path / "in.log").write_text("one\n")
    vedette("import", "-q", "-d", ledger, "in.log")
    done = vedette("search", "-d", ledger, query, check=2)
    assert "column" in done.stderr.splitlines()[0]
    assert done.stdout == ""


def test_ledger_of_a_newer_version(vedette, ledger, tmp_path):
    (tmp_path / "in.log").write_text("one\n")
    vedette("import", "-q", "-d", ledger, "in.log")
    file = ledger / "ledger"
    file.write_bytes(file.read_bytes().replace(b"1", b"9", 1))
    for command in ["search", "-d", ledger, "one"], ["import", "-d", ledger, "--again", "in.log"]:
        done = vedette(*command, check=2)
        assert len(done.stderr.splitlines()) == 1


def test_output_that_cannot_be_written(program, vedette, ledger, tmp_path):
    (tmp_path / "in.log").write_text("one\n" * 1000)
    vedette("import", "-q", "-d", ledger, "in.log")
    with open("/dev/full", "w") as full:
        done = subprocess.run([program, "search", "-d", ledger, "*"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk(vedette, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=90m", "none", disk], check=False).returncode:
        pytest.skip("mount is not allowed here")
    try:
        with open(tmp_path / "in.log", "wb") as out:
            for _ in range(60):
                out.write(os.urandom(1_000_000).replace(b"\n", b" ") + b"\n")
        done = vedette("import", "-q", "-d", disk / "ledger", "in.log", check=2)
        assert "full" in done.stderr.splitlines()[-1]
        vedette("verify", "-d", disk / "ledger")
        vedette("search", "-d", disk / "ledger", "-o", "count", "*", check=None)
    finally:
        subprocess.run(["umount", disk], check=True)
