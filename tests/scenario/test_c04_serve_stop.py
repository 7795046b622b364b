# SPDX-License-Identifier: Apache-2.0
"""A clean stop keeps all that was taken, signs it, and says 0."""
import signal

import pytest
from conftest import wait_for


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_under_load(vedette, serve, ledger, tmp_path, send, free_port, number):
    port = free_port()
    data = b"".join(b"<34>1 2026-11-22T01:02:03Z h a - - - line %06d\n" % i for i in range(20_000))
    with serve({"ledger": {"dir": str(ledger)}, "syslog": {"tcp": [f"127.0.0.1:{port}"]}}) as daemon:
        send(port, data)  # until the other end has closed: it has read all
        daemon.signal(number)
        assert daemon.process.wait(30) == 0, daemon.log()
    assert vedette("search", "-d", ledger, "-o", "count", "line").stdout == "20000\n"
    assert "not under a signed checkpoint" not in vedette("verify", "-d", ledger).stdout
    assert not (tmp_path / "ledger.status").exists()


def test_group_wide_terminate(serve, ledger):
    """Service managers signal every process: the order is the supervisor's all the same."""
    import os
    with serve({"ledger": {"dir": str(ledger)}}) as daemon:
        os.killpg(daemon.pid, signal.SIGTERM)
        assert daemon.process.wait(30) == 0, daemon.log()
        wait_for(lambda: not daemon.alive(), "ended")
