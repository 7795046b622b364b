# SPDX-License-Identifier: Apache-2.0
"""What scenario tests stand on: the real program, ledgers and daemons of their own.

A scenario is a file test_<letter><nn>_<story>.py that tells one story with the built program:

    def test_a_line_is_found(vedette, ledger, tmp_path):
        (tmp_path / "a.log").write_text("one line\\n")
        vedette("import", "-d", ledger, tmp_path / "a.log")
        assert vedette("search", "-d", ledger, "-o", "raw", "line").stdout == "one line\\n"

Letters say how deep: a basics, then what stands on them. Nothing is shared between tests, so files
run side by side; ports come from free_port(), directories from tmp_path.
"""
import contextlib
import itertools
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest
import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("VEDETTE", TOP / "build" / "vedette")).resolve()
CORPORA = TOP.parent / "shared" / "corpora"


def wait_for(condition, what, timeout=20.0):
    """The first true value of condition(), looked at often; fails with `what` after timeout."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"waited {timeout:g} s in vain: {what}")
        time.sleep(0.02)


def ndjson(text):
    """The objects of NDJSON text, strictly: every line is one object."""
    return [json.loads(line) for line in text.split("\n") if line]


@pytest.fixture(scope="session")
def program():
    """Path of the built program."""
    if not os.access(PROGRAM, os.X_OK):
        pytest.fail(f"{PROGRAM} is not there: build first (./run --build-only), or set VEDETTE")
    return PROGRAM


@pytest.fixture
def ledger(tmp_path):
    """A directory for a ledger; nothing is there yet."""
    return tmp_path / "ledger"


@pytest.fixture
def vedette(program, tmp_path):
    """vedette(*args, input=None, check=0, text=True, timeout=60, env={}): runs the program to its
    end in tmp_path and gives the subprocess.CompletedProcess. check: the exit status that must
    come out, or None for any."""

    def call(*args, input=None, check=0, text=True, timeout=60, env=None):
        done = subprocess.run([str(program), *map(str, args)], input=input, capture_output=True,
                              text=text, timeout=timeout, cwd=tmp_path,
                              env={**os.environ, "NO_COLOR": "1", **(env or {})})
        if check is not None and done.returncode != check:
            pytest.fail(f"vedette {' '.join(map(str, args))}\n"
                        f"exit status {done.returncode}, not {check}\n"
                        f"stdout: {done.stdout[-4000:]!r}\nstderr: {done.stderr[-4000:]!r}")
        return done

    return call


class Serve:
    """A running `vedette serve`, in a session of its own."""

    def __init__(self, program, config, directory, env):
        self.config = config
        self.log_path = directory / f"{config.stem}.stderr"
        self.log_file = open(self.log_path, "ab")
        self.process = subprocess.Popen([str(program), "serve", "-c", str(config)], cwd=directory,
                                        stdin=subprocess.DEVNULL, stdout=self.log_file,
                                        stderr=self.log_file, start_new_session=True,
                                        env={**os.environ, "NO_COLOR": "1", **(env or {})})
        self.pid = self.process.pid
        self.log_from = self.log_file.tell()

    def log(self):
        """What it has said so far."""
        with open(self.log_path, "rb") as file:
            file.seek(self.log_from)
            return file.read().decode("utf-8", "replace")

    def alive(self):
        return self.process.poll() is None

    def wait_ready(self, timeout=30.0):
        def ready():
            if not self.alive():
                pytest.fail(f"serve ended with {self.process.returncode} before it was ready:\n"
                            f"{self.log()}")
            return any(line.split()[-1:] == ["ready"] for line in self.log().splitlines())

        wait_for(ready, f"serve is ready; it said:\n{self.log()}", timeout)
        return self

    def wait_log(self, text, timeout=20.0):
        wait_for(lambda: text in self.log(), f"serve says {text!r}; it said:\n{self.log()}", timeout)

    def signal(self, number):
        os.kill(self.pid, number)

    def kill9(self):
        """All of its processes at once, as when the power goes (but for the page cache)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(10)
        self.log_file.close()

    def stop(self, timeout=30.0):
        """TERM, and its exit status. A daemon that does not end fails the test."""
        if self.alive():
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                said = self.log()
                self.kill9()
                pytest.fail(f"serve did not end {timeout:g} s after TERM; it said:\n{said}")
        self.log_file.close()
        return self.process.returncode


@pytest.fixture
def serve(program, tmp_path):
    """with serve(config) as daemon: ... starts `vedette serve` with a configuration (a dict or YAML
    text), waits until it is ready and stops it at the end, when its exit status must be 0.
    May be used again with the same configuration after daemon.kill9()."""
    number = itertools.count()

    @contextlib.contextmanager
    def start(config, ready=True, env=None):
        path = tmp_path / f"serve{next(number)}.yaml"
        path.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
        daemon = Serve(program, path, tmp_path, env)
        try:
            if ready:
                daemon.wait_ready()
            yield daemon
        except BaseException:
            daemon.kill9()
            raise
        if not daemon.log_file.closed:
            status = daemon.stop()
            assert status == 0, f"serve ended with {status}; it said:\n{daemon.log()}"

    return start


def usable(port):
    with contextlib.ExitStack() as stack:
        for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
            probe = stack.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


# Workers side by side draw from ranges of their own, below those the kernel gives to clients.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
PORTS = itertools.cycle(range(12000 + WORKER * 2000 + os.getpid() % 1000, 14000 + WORKER * 2000))


@pytest.fixture
def free_port():
    """free_port(): a number that is free for TCP and UDP on 127.0.0.1."""
    return lambda: next(port for port in PORTS if usable(port))


@pytest.fixture
def corpora():
    """The folder of real logs with known answers; a test that needs it is skipped without it."""
    if not CORPORA.is_dir():
        pytest.skip("../shared/corpora is not there")
    return CORPORA


@pytest.fixture
def send():
    """send(port, data, kind="tcp"): data to 127.0.0.1, by TCP (closed in order) or UDP."""

    def tell(port, data, kind="tcp"):
        if kind == "udp":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                out.sendto(data, ("127.0.0.1", port))
            return
        with socket.create_connection(("127.0.0.1", port), timeout=20) as out:
            out.sendall(data)
            out.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                while out.recv(4096):
                    pass

    return tell
