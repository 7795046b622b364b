# SPDX-License-Identifier: Apache-2.0
"""Those who are told: a mail server, an Alertmanager and a webhook's other end, each the real thing
on a port of 127.0.0.1, in a folder of its own, that can be stopped and started again.

Exim is the mail server, because OpenSMTPD of Debian 12 cannot do TLS (its way of keeping the
private key in a process of its own does not work with OpenSSL 3). It is started by root and becomes
Debian-exim, which keeps each mail in a maildir.
"""
import contextlib
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import pytest

PASSWORD = "correct horse: battery staple"

EXIM = """\
primary_hostname = mail.test.example
keep_environment =
notifier_socket =
deliver_drop_privilege = true
spool_directory = {dir}/spool
log_file_path = {dir}/spool/%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
{implicit}tls_certificate = {dir}/cert.pem
tls_privatekey = {dir}/key.pem
tls_advertise_hosts = *
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
smtp_accept_queue_per_connection = 0
smtp_accept_max = 50
host_lookup =
rfc1413_hosts =
begin acl
mail:
  deny !encrypted = *
       message = TLS first
  deny !authenticated = *
       message = who are you
  accept
rcpt:
  defer condition = ${{if exists{{{dir}/defer}}}}
        message = not now
  deny condition = ${{if exists{{{dir}/deny}}}}
       message = never
  accept
data:
  accept
begin routers
all:
  driver = accept
  transport = keep
begin transports
keep:
  driver = appendfile
  directory = {dir}/mail
  maildir_format
  batch_max = 100
  envelope_to_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{vedette}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{vedette}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
"""


def listens(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """A daemon in the foreground."""

    def __init__(self, command, port, log):
        self.command, self.port, self.log, self.process = command, port, log, None

    def start(self):
        with open(self.log, "ab") as log:
            # pylint: disable-next=consider-using-with
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)
        end = time.monotonic() + 20
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"{self.command[0]} does not listen: {pathlib.Path(self.log).read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def stop(self):
        if not self.process:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, 9)
        self.process.wait(10)
        self.process = None


class MailServer(Program):
    """STARTTLS (or TLS from the first byte) and a password, or nothing is taken."""

    def __init__(self, port, implicit=False):
        program = shutil.which("exim4", path=f"{os.environ['PATH']}:/usr/sbin")
        if not program:
            pytest.skip("exim4 is not there")
        if os.geteuid() != 0:
            pytest.skip("exim4 delivers only as root")
        # Not below tmp_path: others may not pass there, and exim is another.
        folder = pathlib.Path(tempfile.mkdtemp(prefix="vedette-mail-"))
        self.dir = folder
        os.chmod(folder, 0o755)
        for part in ("spool", "mail"):
            (folder / part).mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        self.ca = folder / "cert.pem"
        text = EXIM.format(dir=folder, port=port, password=PASSWORD.replace(":", "::"),
                           implicit=f"tls_on_connect_ports = {port}\n" if implicit else "")
        text = text.replace(PASSWORD.replace(":", "::"), PASSWORD)
        (folder / "conf").write_text(text)
        for path in ("key.pem", "spool", "mail"):
            shutil.chown(folder / path, exim_account())
        super().__init__([program, "-C", str(folder / "conf"), "-bdf", "-oP", str(folder / "pid")], port,
                         folder / "stderr")

    def done(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def refuse(self, how=None):
        """"defer": come again later; "deny": never; None: takes mail."""
        for name in ("defer", "deny"):
            path = self.dir / name
            if name == how:
                path.write_text("")
            else:
                path.unlink(missing_ok=True)

    def raw(self):
        """All mails as bytes, oldest first."""
        new = self.dir / "mail" / "new"
        files = sorted(new.iterdir(), key=lambda f: f.stat().st_mtime_ns) if new.is_dir() else []
        return [f.read_bytes() for f in files]

    def mails(self, subject=""):
        every = [email.message_from_bytes(raw, policy=email.policy.default) for raw in self.raw()]
        return [m for m in every if subject in m["Subject"]]


def exim_account():
    for name in ("Debian-exim", "exim"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_uid
    return pytest.skip("exim4 has no account")


def body(mail, kind="plain"):
    return mail.get_body((kind,)).get_content()


class Alertmanager(Program):
    def __init__(self, folder, port):
        program = shutil.which("prometheus-alertmanager")
        if not program:
            pytest.skip("prometheus-alertmanager is not there")
        folder.mkdir()
        (folder / "conf.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        self.url = f"http://127.0.0.1:{port}"
        super().__init__([program, f"--config.file={folder}/conf.yml", f"--storage.path={folder}/data",
                          f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="],
                         port, folder / "stderr")

    def alerts(self):
        """Those that fire: it tells no others."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=5) as answer:
            return json.load(answer)


class Webhook:
    """Keeps what is posted. `status` is what it answers; `check` looks at every signature."""

    def __init__(self, port, secret=None):
        self.port, self.secret, self.status, self.posts, self.server = port, secret, 200, [], None
        self.lock = threading.Lock()
        self.headers = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self):
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # pylint: disable=invalid-name
                data = self.rfile.read(int(self.headers["Content-Length"]))
                with hook.lock:
                    hook.posts.append((self.path, dict(self.headers), data, hook.status))
                self.send_response(hook.status)
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def taken(self):
        """What was answered with a 2xx, parsed."""
        with self.lock:
            return [json.loads(data) for _, _, data, status in self.posts if status // 100 == 2]


def signature(secret, stamp, data):
    return hmac.new(secret.encode(), stamp.encode() + b"." + data, hashlib.sha256).hexdigest()
