# SPDX-License-Identifier: Apache-2.0
"""HUP: new files and listeners come into force, those that stay lose nothing."""
import signal
import socket

import yaml
from conftest import wait_for


def test_reload(vedette, serve, send, ledger, tmp_path, free_port):
    one, two = free_port(), free_port()
    config = {"ledger": {"dir": str(ledger)}, "files": [f"{tmp_path}/a.log"],
              "syslog": {"tcp": [f"127.0.0.1:{one}"]}}
    (tmp_path / "a.log").write_text("file a 1\n")
    (tmp_path / "b.log").write_text("file b 1\n")

    def count(query):
        return int(vedette("search", "-d", ledger, "-o", "count", query, check=None).stdout or 0)

    with serve(config) as daemon:
        wait_for(lambda: count('"file a"') == 1, "file a is read")
        config["files"].append(f"{tmp_path}/b.log")
        daemon.config.write_text(yaml.safe_dump(config))
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("reloaded")
        wait_for(lambda: count('"file b"') == 1, f"file b is read; {daemon.log()}")

        config["syslog"]["tcp"].append(f"127.0.0.1:{two}")
        config["ledger"]["checkpoint_every"] = "1s"
        daemon.config.write_text(yaml.safe_dump(config))
        daemon.signal(signal.SIGHUP)

        def heard():
            try:
                send(two, b"<34>1 2026-11-22T01:02:03Z h a - - - second listener\n")
            except OSError:
                return False
            return count('"second listener"') > 0

        wait_for(heard, f"the new listener works; {daemon.log()}")
        send(one, b"<34>1 2026-11-22T01:02:03Z h a - - - first listener\n")
        with open(tmp_path / "a.log", "a") as out:
            out.write("file a 2\n")
        wait_for(lambda: count('"first listener"') == 1 and count('"file a"') == 2,
                 f"what was there goes on; {daemon.log()}")
        assert count('"file b"') == 1

        daemon.config.write_text("ledger: {dir: 7}\n")
        daemon.signal(signal.SIGHUP)
        daemon.wait_log("not reloaded")
        send(one, b"<34>1 2026-11-22T01:02:03Z h a - - - still here\n")
        wait_for(lambda: count('"still here"') == 1, "a bad file changes nothing")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", two)) == 0
    vedette("verify", "-d", ledger)
