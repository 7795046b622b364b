# SPDX-License-Identifier: Apache-2.0
"""rsyslog, the peer: the same lines from the same feeder, in a run beside ours. Its settings are
those its manual calls fast; nothing is left out that Vedette does not do as well."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

RULES = pathlib.Path(__file__).with_name("rsyslog.rulebase")
HEAD = """\
global(workDirectory="{dir}" maxMessageSize="64k" processInternalMessages="off")
main_queue(queue.type="FixedArray" queue.size="100000" queue.dequeueBatchSize="1024"
           queue.workerThreads="1" queue.timeoutShutdown="60000")
template(name="json" type="list") {{
  constant(value="{{\\"ts\\":\\"") property(name="timereported" dateFormat="rfc3339")
  constant(value="\\",\\"host\\":\\"") property(name="hostname")
  constant(value="\\",\\"app\\":\\"") property(name="app-name")
  constant(value="\\",\\"fields\\":") property(name="$!all-json") constant(value="}}\\n")
}}
"""
# Each record's header and fields, as JSON lines, in a file.
FIELDS = HEAD + """\
module(load="imtcp" MaxSessions="10")
input(type="imtcp" port="{port}" address="127.0.0.1" flowControl="on")
set $.m = ltrim($msg);
module(load="mmnormalize")
action(type="mmnormalize" rulebase="{rules}" useRawMsg="off" variable="$.m")
action(type="omfile" file="{dir}/out" template="json" ioBufferSize="256k" flushOnTXEnd="off")
"""


def there():
    """Is the program installed, with its field parser?"""
    return shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:" + os.environ.get("PATH", ""))


class Rsyslog:
    def __init__(self, work, config, port, kind=socket.SOCK_STREAM):
        self.dir = pathlib.Path(work) / "rsyslog"
        shutil.rmtree(self.dir, ignore_errors=True)
        self.dir.mkdir()
        self.out = self.dir / "out"
        (self.dir / "conf").write_text(config.format(dir=self.dir, port=port, rules=RULES))
        self.process = subprocess.Popen(
            [there(), "-n", "-i", str(self.dir / "pid"), "-f", str(self.dir / "conf")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.dir / "log", "wb"))
        self.wait_port(port, kind)

    def wait_port(self, port, kind):
        table = pathlib.Path("/proc/net/tcp" if kind == socket.SOCK_STREAM else "/proc/net/udp")
        for _ in range(600):
            if any(line.split()[1].endswith(f":{port:04X}") for line in table.read_text().splitlines()[1:]):
                return
            if self.process.poll() is not None:
                raise SystemExit(f"rsyslogd ended at its start:\n{(self.dir / 'log').read_text()}")
            time.sleep(0.05)
        self.process.kill()
        raise SystemExit("rsyslogd was not ready in 30 s")

    def stop(self):
        """Once its output stands still. CPU seconds, and the lines it wrote."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < 1.5:
            size = self.out.stat().st_size if self.out.exists() else 0
            if size != last:
                last, since = size, time.monotonic()
            time.sleep(0.1)
        self.process.send_signal(signal.SIGTERM)
        _, _, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = 0
        lines = 0
        if self.out.exists():
            with open(self.out, "rb", buffering=0) as f:
                while piece := f.read(1 << 22):
                    lines += piece.count(b"\n")
        shutil.rmtree(self.dir)
        return usage.ru_utime + usage.ru_stime, lines
