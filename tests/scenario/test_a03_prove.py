# SPDX-License-Identifier: Apache-2.0
"""Checkpoints kept elsewhere, bundles for someone who trusts nobody, and lost tiles."""
import shutil

import pytest


def lines(first, last):
    return "".join(f"2026-11-22 01:02:03.004 1 INFO nova [-] number {i}\n" for i in range(first, last))


def test_evidence_is_tied_to_a_kept_checkpoint(vedette, ledger, tmp_path):
    (tmp_path / "a.log").write_text(lines(0, 900))
    (tmp_path / "b.log").write_text(lines(900, 2000))
    vedette("import", "-d", ledger, "a.log")
    (tmp_path / "kept").write_text(vedette("checkpoint", "show", "-d", ledger).stdout)
    vedette("import", "-d", ledger, "b.log")
    vedette("evidence", "export", "-d", ledger, "-o", "loose", '"number 1500"')
    refused = vedette("evidence", "verify", "loose", "-c", "kept", check=1)
    assert "exported again for that checkpoint" in refused.stderr
    vedette("evidence", "export", "-d", ledger, "-o", "tied", "-c", "kept", '"number 1500"')
    vedette("evidence", "verify", "tied", "-c", "kept", "-k", f"{ledger}/key.pub")
    vedette("evidence", "export", "-d", ledger, "-o", "old", "-c", "kept", '"number 15"')
    vedette("evidence", "verify", "old", "-c", "kept")


@pytest.mark.parametrize("where", [0.2, 0.99], ids=["payload", "trailer"])
def test_evidence_beside_a_harmed_block(vedette, ledger, tmp_path, where):
    for name, first in (("a.log", 0), ("b.log", 900)):
        (tmp_path / name).write_text(lines(first, first + 900))
        vedette("import", "-d", ledger, name)
    block = ledger / "blocks" / "00000000" / "0000000000000000.vb"
    data = bytearray(block.read_bytes())
    at = int(len(data) * where)
    data[at:at + 20] = bytes(len(data[at:at + 20]))
    block.write_bytes(data)
    found = vedette("evidence", "export", "-d", ledger, "-o", "rest", '"number 1500"', check=None)
    assert found.returncode == (2 if where < 0.5 else 0), found.stderr  # a harmed trailer is a gap
    assert "proven: 1 records" in vedette("evidence", "verify", "rest").stdout


def test_lost_tiles_are_made_again(vedette, ledger, tmp_path):
    (tmp_path / "a.log").write_text(lines(0, 900))
    vedette("import", "-d", ledger, "a.log")
    shutil.rmtree(f"{ledger}/tree")
    found = vedette("verify", "-d", ledger, check=1)
    assert "tree/" in found.stdout
    (tmp_path / "b.log").write_text(lines(900, 1000))
    failed = vedette("import", "-d", ledger, "b.log", check=2)
    assert "--repair-tiles" in failed.stderr
    repaired = vedette("verify", "-d", ledger, "--repair-tiles")
    assert "made again" in repaired.stdout and "intact" in repaired.stdout
    vedette("import", "-d", ledger, "b.log")
    assert "0 tiles made again" in vedette("verify", "-d", ledger, "--repair-tiles").stdout
    assert vedette("search", "-d", ledger, "-o", "count", "*").stdout == "1000\n"


def test_a_harmed_identity_hides_no_record(vedette, ledger, tmp_path):
    (tmp_path / "a.log").write_text(lines(0, 900))
    vedette("import", "-d", ledger, "a.log")
    (ledger / "ledger").unlink()
    found = vedette("search", "-d", ledger, "-o", "raw", "*", check=2)
    assert found.stdout == lines(0, 900)
    assert "ledger" in found.stderr
