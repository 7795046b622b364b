# SPDX-License-Identifier: Apache-2.0
"""Numbers: /metrics, /healthz and vedette status agree with what was sent."""
import json
import urllib.error
import urllib.request

import pytest
from conftest import wait_for


def test_numbers(vedette, serve, send, ledger, free_port):
    port, http = free_port(), free_port()

    def get(path):
        return urllib.request.urlopen(f"http://127.0.0.1:{http}{path}", timeout=10).read().decode()

    with serve({"ledger": {"dir": str(ledger)}, "syslog": {"tcp": [f"127.0.0.1:{port}"]},
                "desk": {"listen": f"127.0.0.1:{http}"}}) as daemon:
        assert get("/healthz") == "ok\n"
        send(port, b"".join(b"<34>1 2026-11-22T01:02:03Z h a - - - n %d\n" % i for i in range(1000)))
        wait_for(lambda: "\nvedette_keeper_records_total 1000\n" in get("/metrics"), daemon.log())
        text = get("/metrics")
        assert '\nvedette_records_total{intake="intake"} 1000\n' in text, text
        assert '\nvedette_lost_total{intake="intake"} 0\n' in text
        for line in text.splitlines():
            assert line.startswith("# ") or len(line.rsplit(" ", 1)) == 2 and float(line.rsplit(" ", 1)[1]) >= 0
        rows = get("/metrics/sources")
        assert 'kind="syslog-tcp",source="127.0.0.1"} 1000\n' in rows
        status = json.loads(vedette("status", "-d", ledger, "-o", "json").stdout)
        assert status["healthy"] and status["keeper"]["records"] == 1000
        assert sum(s["records"] for s in status["sources"]) == 1000
        assert set(status["processes"]) == {"intake", "configs", "keeper", "analyst", "desk"}
        assert "1000 records" in vedette("status", "-c", daemon.config).stdout
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", b"post", timeout=10)
        assert refused.value.code == 405
        with pytest.raises(urllib.error.HTTPError) as missing:
            get("/../../etc/passwd")
        assert missing.value.code == 404
    assert "no serve is running" in vedette("status", "-d", ledger, check=2).stderr
