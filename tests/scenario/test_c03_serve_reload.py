# SPDX-License-Identifier: Apache-2.0
"""HUP: new files and listeners come into force, those that stay lose nothing."""
import json
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


def test_connections_stay(vedette, serve, ledger, free_port):
    """A listener comes, another goes: open connections, also of the one that goes, notice nothing."""
    one, two, three = free_port(), free_port(), free_port()
    config = {"ledger": {"dir": str(ledger)},
              "syslog": {"tcp": [f"127.0.0.1:{one}", f"127.0.0.1:{two}"], "udp": [f"127.0.0.1:{one}"]}}

    def count(query):
        return int(vedette("search", "-d", ledger, "-o", "count", query, check=None).stdout or 0)

    def say(out, what):
        out.sendall(b"<34>1 2026-11-22T01:02:03Z h a - - - %s\n" % what)

    def refused(port):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) != 0

    with serve(config) as daemon:
        stays, goes = [socket.create_connection(("127.0.0.1", port)) for port in (one, two)]
        say(stays, b"before by one")
        say(goes, b"before by two")
        wait_for(lambda: count("before") == 2, "both are heard")
        children = open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read()
        config["syslog"]["tcp"] = [f"127.0.0.1:{three}", f"127.0.0.1:{one}"]
        config["syslog"]["udp"] = [f"127.0.0.1:{three}", f"127.0.0.1:{one}"]
        daemon.config.write_text(yaml.safe_dump(config))
        daemon.signal(signal.SIGHUP)
        wait_for(lambda: not refused(three) and refused(two), f"the list is the new one; {daemon.log()}")
        stays.sendall(b"<34>1 2026-11-22T01:02:03Z h a - - - after by one, in two ")
        daemon.signal(signal.SIGHUP)
        stays.sendall(b"halves\n")
        say(goes, b"after by two")
        with socket.create_connection(("127.0.0.1", three)) as new:
            say(new, b"after by three")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for port in one, three:
                out.sendto(b"<34>after by udp", ("127.0.0.1", port))
        wait_for(lambda: count("after") == 5, f"all are heard; {daemon.log()}")
        assert count('"in two halves"') == 1, "one message"
        assert open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read() == children, "nobody began anew"
        for c in stays, goes:
            c.setblocking(False)
            try:
                assert c.recv(1) != b"", "the connection was ended"
            except BlockingIOError:
                pass
            c.close()
        status = vedette("status", "-d", ledger, "-o", "json").stdout
        assert '"lost":0,' in status and json.loads(status)["intake"]["lost"] == 0
    vedette("verify", "-d", ledger)
