# SPDX-License-Identifier: Apache-2.0
"""The password of the mail server is known to the supervisor and to the hand, to no other process."""
import json
import os
import re

import pytest

PASSWORD = "xyzzy-Correct-Horse-4711"


def holds(pid, text):
    """Is the text anywhere in the private memory of a process?"""
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, end, mode = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if mode[:2] != "rw" or mode[3] == "s":
                continue
            try:
                memory.seek(int(start, 16))
                if text in memory.read(int(end, 16) - int(start, 16)):
                    return True
            except (OSError, ValueError):
                continue
    return False


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into processes")
def test_only_the_hand_knows_the_password(vedette, serve, ledger, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    (tmp_path / "notify.yaml").write_text(f"""\
targets:
  ops:
    kind: mail
    server: smtp.example.net:587
    user: vedette
    password_file: {secret}
    from: vedette@example.net
    to: [ops@example.net]
routes:
  - to: [ops]
""")
    config = {"ledger": {"dir": str(ledger)}, "notify": {"file": str(tmp_path / "notify.yaml")},
              "desk": {"socket": str(tmp_path / "s")}}
    with serve(config):
        roles = json.loads(vedette("status", "--socket", tmp_path / "s", "-o", "json").stdout)["processes"]
        found = {name: holds(role["pid"], PASSWORD.encode()) for name, role in roles.items()}
        assert found.pop("hand"), "the test itself finds nothing"
        assert not any(found.values()), found
