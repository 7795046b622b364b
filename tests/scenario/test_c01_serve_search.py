# SPDX-License-Identifier: Apache-2.0
"""What arrives over TCP, UDP, a unix socket and in files is found while serve runs."""
import socket
import time

from conftest import wait_for


def test_all_ways_in(vedette, serve, send, ledger, tmp_path, free_port):
    tcp, udp = free_port(), free_port()
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "a.log").write_text("from a file\n")
    config = {"ledger": {"dir": str(ledger)}, "files": [f"{tmp_path}/logs/*.log"],
              "syslog": {"tcp": [f"127.0.0.1:{tcp}"], "udp": [f"127.0.0.1:{udp}"],
                         "unix": [str(tmp_path / "dev-log")]}}

    def count(query):
        return int(vedette("search", "-d", ledger, "-o", "count", query, check=None).stdout or 0)

    with serve(config) as daemon:
        send(tcp, b"<34>1 2026-11-22T01:02:03Z h a - - - over tcp newline\n"
                  b"52 <34>1 2026-11-22T01:02:03Z h a - - - over tcp counted")
        send(udp, b"<34>Nov 22 01:02:03 h a: over udp", "udp")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(str(tmp_path / "dev-log"))
            out.send(b"<34>Nov 22 01:02:03 a: over unix")
        (tmp_path / "logs" / "b.log").write_text("from a new file\n")
        for query, n in {'"over tcp"': 2, '"over udp"': 1, '"over unix"': 1, '"from a file"': 1,
                         '"from a new file"': 1}.items():
            wait_for(lambda: count(query) == n, f"{query} is found {n} times; {daemon.log()}")
        assert "new ledger in" in daemon.log() and "public key" in daemon.log()
        vedette("verify", "-d", ledger)  # also while it runs
    vedette("verify", "-d", ledger)


def privileges(child):
    with open(f"/proc/{child}/status") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
    return (status["NoNewPrivs"], int(status["CapEff"], 16), int(status["CapPrm"], 16),
            int(status["Uid"].split()[0]) != 0)


def test_no_process_but_the_first_is_root(serve, ledger, tmp_path):
    with serve({"ledger": {"dir": str(ledger)}}) as daemon:
        children = open(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read().split()
        assert len(children) == 5
        other = open("/proc/self/uid_map").read().split() == ["0", "0", "4294967295"]
        for child in children:
            # A process just forked drops its privileges as its first act; on a busy machine that
            # may come after "ready".
            for _ in range(100):
                flags, effective, permitted, unprivileged = privileges(child)
                if flags == "1" and (unprivileged or not other):
                    break
                time.sleep(0.1)
            assert flags == "1" and effective == 0 and permitted == 0
            assert unprivileged or not other


def test_second_writer_is_refused(vedette, serve, ledger, tmp_path):
    (tmp_path / "in.log").write_text("one\n")
    with serve({"ledger": {"dir": str(ledger)}}):
        done = vedette("import", "-d", ledger, "in.log", check=2)
        assert len(done.stderr.splitlines()) == 1
        (tmp_path / "two.yaml").write_text(f"ledger: {{dir: {ledger}}}\n")
        done = vedette("serve", "-c", "two.yaml", check=2)
        assert "ready" not in done.stderr
