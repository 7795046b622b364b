# SPDX-License-Identifier: Apache-2.0
"""What is imported comes back byte for byte, once."""
import gzip
import json
import lzma
import os
import random
import re
import signal
import shutil
import subprocess
import time

import pytest
from conftest import ndjson, wait_for

HOSTILE = {
    "empty": b"",
    "one newline": b"\n",
    "no newline at the end": b"first\nlast without end",
    "carriage returns": b"one\r\ntwo\r\n\r\nthree\r\n",
    "nul bytes": b"a\0b\n\0\0\n\0",
    "not UTF-8": bytes(range(256)) + b"\n" + b"\xff\xfe\xc0\xaf\n" + bytes(range(255, -1, -1)),
    "escape sequences": b"\x1b]0;title\x07\x1b[31mred\x1b[0m\n\x9b31m\n\xe2\x80\xae reversed\n",
    "blank lines": b"\n\n \n\t\n\n",
    "a line of 5 MB": b"x" * 5_000_000 + b"\n" + b"short\n",
    "5 MB without a newline": bytes(random.Random(1).randbytes(5_000_000)),
    "binary rubbish": random.Random(2).randbytes(300_000),
    "JSON like our own notes": b'{"event":"source","id":7,"kind":"file","host":"x","name":"y"}\n' * 3,
    "a traceback": b"2026-11-22 01:02:03.004 1 ERROR nova [-] boom\nTraceback (most recent call last):\n"
                   b'  File "x.py", line 1, in f\n    g()\nValueError: no\n2026-11-22 01:02:04.000 1 INFO nova [-] ok\n',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_exact_bytes(vedette, ledger, tmp_path, name):
    (tmp_path / "in.log").write_bytes(HOSTILE[name])
    vedette("import", "-d", ledger, "in.log")
    out = vedette("search", "-d", ledger, "-o", "raw", "*", text=False, check=None)
    assert out.stdout == HOSTILE[name]
    assert out.returncode == (0 if HOSTILE[name] else 1)
    vedette("verify", "-d", ledger)


def test_nothing_reaches_a_terminal_unescaped(vedette, ledger, tmp_path):
    (tmp_path / "in.log").write_bytes(b"".join(HOSTILE.values()))
    vedette("import", "-d", ledger, "in.log")
    shown = vedette("search", "-d", ledger, "*", text=False).stdout
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", shown)
    shown.decode("utf-8")
    assert not re.search("[\x80-\x9f\u2028-\u202e\u2066-\u2069]", shown.decode("utf-8"))
    rows = vedette("search", "-d", ledger, "-o", "json", "--original", "*", text=False).stdout
    for row in rows.split(b"\n")[:-1]:  # not splitlines(): U+0085 is no end of a line of JSON
        assert "@timestamp" in json.loads(row)


def packed(kind, data):
    if kind == "gz":
        return gzip.compress(data[:1000]) + gzip.compress(data[1000:])  # two members
    if kind == "xz":
        return lzma.compress(data[:1000]) + lzma.compress(data[1000:])
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("kind", ["gz", "xz", "zst"])
def test_compressed(vedette, ledger, tmp_path, kind):
    if kind == "zst" and not os.access("/usr/bin/zstd", os.X_OK):
        pytest.skip("zstd is not there")
    data = b"".join(b"line %d of a compressed file\n" % i for i in range(5000))
    (tmp_path / f"in.{kind}").write_bytes(packed(kind, data))
    vedette("import", "-d", ledger, f"in.{kind}")
    assert vedette("search", "-d", ledger, "-o", "raw", "*", text=False).stdout == data
    assert vedette("search", "-d", ledger, "-o", "count", '"line 4711 of"').stdout == "1\n"


def test_damaged_archive_gives_what_is_good(vedette, ledger, tmp_path):
    data = b"".join(b"line %d\n" % i for i in range(100_000))
    (tmp_path / "in.gz").write_bytes(gzip.compress(data)[:-20000])
    done = vedette("import", "-d", ledger, "in.gz", check=2)
    assert "in.gz" in done.stderr.splitlines()[-1]
    got = vedette("search", "-d", ledger, "-o", "raw", "*", text=False).stdout
    assert len(got) > 10_000 and data.startswith(got)
    vedette("verify", "-d", ledger)


def test_standard_input(vedette, ledger):
    vedette("import", "-d", ledger, "--source", "pipe", "--host", "h1", "-", input="one\ntwo\n")
    lines = ndjson(vedette("search", "-d", ledger, "-o", "json", "*").stdout)
    assert [line["message"] for line in lines] == ["one", "two"]
    assert {line["input.name"] for line in lines} == {"pipe"}
    assert {line["host.hostname"] for line in lines} == {"h1"}


def test_once_only(vedette, ledger, tmp_path):
    log = tmp_path / "in.log"
    log.write_text("one\ntwo\n")
    vedette("import", "-d", ledger, log)
    again = vedette("import", "-d", ledger, log, check=1)
    assert "imported already" in again.stderr
    with open(log, "a") as file:
        file.write("three\n")
    vedette("import", "-d", ledger, log)  # only what is new
    assert vedette("search", "-d", ledger, "-o", "raw", "*").stdout == "one\ntwo\nthree\n"
    vedette("import", "-d", ledger, "--again", log)
    assert vedette("search", "-d", ledger, "-o", "count", "*").stdout == "6\n"
    log.write_text("another file under that name\n")
    vedette("import", "-d", ledger, log)
    assert vedette("search", "-d", ledger, "-o", "count", "another").stdout == "1\n"


def test_year_and_zone_are_kept_with_the_source(vedette, ledger, tmp_path):
    (tmp_path / "in.log").write_text("Feb 29 12:00:00 h app[1]: leap\n")
    vedette("import", "-d", ledger, "--assume-year", "2024", "--zone", "+02:00", "in.log")
    line, = ndjson(vedette("search", "-d", ledger, "-o", "json", "leap").stdout)
    assert line["@timestamp"] == "2024-02-29T10:00:00.000Z"
    assert vedette("search", "-d", ledger, "--since", "2024-02-29T09:59:59Z", "--until",
                   "2024-02-29T10:00:01Z", "-o", "count", "leap").stdout == "1\n"


def test_killed_import_goes_on(program, vedette, ledger, tmp_path):
    """Killed again and again at random points, in the end every line is there once, in order."""
    data = b"".join(b"2026-11-22 01:02:03.004 77 INFO nova.compute [-] line %07d of many\n" % i
                    for i in range(400_000))
    (tmp_path / "in.log").write_bytes(data)
    draw = random.Random(3)
    kills, longest = 0, 0.35
    while kills < 3:  # a fast machine is through before that: anew, with less time
        shutil.rmtree(ledger, ignore_errors=True)
        kills = 0
        for _ in range(30):
            process = subprocess.Popen([program, "import", "-q", "-d", ledger, "in.log"], cwd=tmp_path,
                                       stderr=subprocess.DEVNULL)
            try:
                process.wait(draw.uniform(0.3, 1) * longest + kills * longest / 10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
                continue
            break
        longest /= 2
        assert longest > 0.001, "it is never there to be killed"
    vedette("import", "-q", "-d", ledger, "in.log", check=None)
    assert vedette("search", "-d", ledger, "-o", "raw", "*", text=False).stdout == data
    vedette("verify", "-d", ledger)


def test_acknowledged_is_durable(program, vedette, ledger, tmp_path):
    """--ack: what was acknowledged before a kill is there afterwards; a slow pipe is acknowledged
    without waiting for its end."""
    process = subprocess.Popen([program, "import", "-q", "--ack", "-d", ledger, "-"], cwd=tmp_path,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    acknowledged = 0
    for i in range(20):
        process.stdin.write(b"line %d\n" % i)
        process.stdin.flush()
        while acknowledged < i:  # all but the last, which may yet be joined by another line
            acknowledged = int(process.stdout.readline())
    process.kill()
    process.wait()
    assert int(vedette("search", "-d", ledger, "-o", "count", "line").stdout) >= acknowledged
    vedette("verify", "-d", ledger)


def test_interrupted_import_ends_well(program, vedette, ledger, tmp_path):
    with open(tmp_path / "in.log", "wb") as file:
        for i in range(1_000_000):
            file.write(b"2026-11-22 01:02:03.004 77 INFO nova.compute [-] line %07d of many\n" % i)
    process = subprocess.Popen([program, "import", "-d", ledger, "in.log"], cwd=tmp_path,
                               stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (ledger / "ledger").exists(), "the ledger is made")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    if process.returncode != 0:  # not done before the signal came
        assert process.returncode == 2 and "interrupted" in said
    vedette("verify", "-d", ledger)


def test_reader_that_goes_away(program, vedette, ledger, tmp_path):
    (tmp_path / "in.log").write_text("".join(f"line {i}\n" for i in range(100_000)))
    vedette("import", "-d", ledger, "in.log")
    done = subprocess.run(f"'{program}' search -d '{ledger}' '*' | head -n 3", shell=True, text=True,
                          capture_output=True, timeout=30)
    assert len(done.stdout.splitlines()) == 3 and done.stderr == ""
