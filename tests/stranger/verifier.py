#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""verifier.py: a second verifier of evidence, written from doc/format-ledger.md alone.

  verifier.py bundle FILE [KEY [CHECKPOINT]]   is this bundle of evidence proven?
  verifier.py checkpoint FILE KEY              is this checkpoint signed by KEY?
KEY is the text of a verifier key or a file with it. Nothing of Vedette is used, and of Python only
its own library, so Ed25519 is beside it (ed25519.py).
Exit status: 0 proven, 1 refused, 2 wrong use.
"""
import base64
import hashlib
import json
import os
import re
import struct
import sys

from ed25519 import signed


class Refused(Exception):
    pass


def need(condition, what):
    if not condition:
        raise Refused(what)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    """RFC 4648 section 4, one form only."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("base64") from None
    need(base64.b64encode(data).decode() == text, "base64: more than one form")
    return data


# ---- signed notes, keys, checkpoints ----

class Key:
    def __init__(self, text):
        parts = text.split("+", 2)
        need(len(parts) == 3 and re.fullmatch("[0-9a-f]{8}", parts[1]), "verifier key")
        self.name, self.id, blob = parts[0], bytes.fromhex(parts[1]), unbase64(parts[2])
        need(len(blob) == 33 and blob[0] == 1, "verifier key: not Ed25519")
        need(sha256(self.name.encode() + b"\n" + blob)[:4] == self.id, "verifier key: its hash")
        self.public, self.text = blob[1:], text


def key_option(option):
    if os.path.exists(option):
        with open(option, encoding="utf-8") as f:
            option = f.read().rstrip("\n")
    return Key(option)


def open_note(note, key):
    """The text of a note that the key has signed."""
    need(not re.search("[\x00-\x09\x0b-\x1f]", note), "note: control characters")
    text, blank, rest = note.rpartition("\n\n")
    text += "\n"
    need(blank and rest.endswith("\n"), "note: its form")
    good = False
    for line in rest[:-1].split("\n"):
        need(re.fullmatch("— [^ +]+ [^ ]+", line), "note: a signature line")
        _, name, blob = line.split(" ")
        blob = unbase64(blob)
        need(len(blob) > 4, "note: a signature line")
        if name == key.name and blob[:4] == key.id:
            need(signed(key.public, text.encode(), blob[4:]), "note: the signature is false")
            good = True
    need(good, f"note: not signed by {key.name}")
    return text


def number(text):
    need(re.fullmatch("0|[1-9][0-9]*", text) and int(text) < 1 << 64, "number")
    return int(text)


def open_checkpoint(note, key):
    """(tree size, root, extension lines)"""
    lines = open_note(note, key).split("\n")
    need(len(lines) >= 4 and lines[0] == key.name and lines[-1] == "", "checkpoint: its form")
    root = unbase64(lines[2])
    need(len(root) == 32, "checkpoint: its root")
    return number(lines[1]), root, lines[3:-1]


# ---- proofs, RFC 6962 section 2.1 ----

def leaf_hash(arrival, source, flags, raw):
    return sha256(b"\0" + struct.pack("<qII", arrival, source, flags) + raw)


def node(left, right):
    return sha256(b"\1" + left + right)


def split(n):
    return 1 << (n - 1).bit_length() - 1


def root_by_path(index, size, leaf, proof):
    """PATH(m, D[n]) read backwards."""
    if size == 1:
        need(not proof, "a proof that is too long")
        return leaf
    need(proof, "a proof that is too short")
    k = split(size)
    if index < k:
        return node(root_by_path(index, k, leaf, proof[:-1]), proof[-1])
    return node(proof[-1], root_by_path(index - k, size - k, leaf, proof[:-1]))


def check_inclusion(index, size, leaf, proof, root):
    need(index < size and root_by_path(index, size, leaf, proof) == root, "an inclusion proof")


def roots_by_proof(m, n, old, proof, whole):
    """SUBPROOF(m, D[n], b): the roots of the first m and of all n leaves."""
    if m == n:
        if whole:
            need(not proof, "a proof that is too long")
            return old, old
        need(len(proof) == 1, "a consistency proof")
        return proof[0], proof[0]
    need(proof, "a proof that is too short")
    k = split(n)
    if m <= k:
        a, b = roots_by_proof(m, k, old, proof[:-1], whole)
        return a, node(b, proof[-1])
    a, b = roots_by_proof(m - k, n - k, old, proof[:-1], False)
    return node(proof[-1], a), node(proof[-1], b)


def check_consistency(m, n, old, new, proof):
    need(0 < m <= n and roots_by_proof(m, n, old, proof, True) == (old, new), "a consistency proof")


# ---- bundles ----

def one_form(value):
    """A value of a bundle's line as it must be written."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{one_form(k)}:{one_form(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(one_form, value)) + "]"
    if isinstance(value, str):
        short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
        return '"' + re.sub('["\\\\\x00-\x1f\x7f]',
                            lambda m: short.get(m[0], f"\\u{ord(m[0]):04x}"), value) + '"'
    need(type(value) is int, "a value")
    return str(value)


def parse_line(line):
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise Refused("a line that is no JSON") from None
    need(isinstance(value, dict) and one_form(value) == line, "a line of another form")
    return value


def fields(value, *names):
    need(isinstance(value, dict) and list(value) == list(names), "a line of another form")
    return value.values()


def hashes(proof):
    need(isinstance(proof, list), "a proof")
    proof = [unbase64(h) for h in proof]
    need(all(len(h) == 32 for h in proof), "a proof")
    return proof


def definition_id(raw):
    text = raw.decode("utf-8", "strict")
    value = parse_line(text)
    need(list(value)[:3] == ["event", "id", "kind"] and value["event"] == "source", "a definition")
    return value["id"]


def check_table(note, key):
    lines = open_note(note, key).split("\n")
    need(lines[:2] == ["vedette-sources 1", key.name] and lines[-1] == "", "the table of sources")
    rows = [line.split(" ", 1) for line in lines[3:-1]]
    need(number(lines[2]) == len(rows), "the table of sources")
    return {definition_id(text.encode()) for seq, text in rows if number(seq) >= 0}


def check_bundle(data, key=None, kept=None):
    """[(seq, raw)] of a bundle that is proven; key and kept checkpoint as they were kept."""
    need(data.endswith(b"\n"), "the bundle is cut off")
    try:
        lines = [parse_line(line) for line in data[:-1].decode("utf-8").split("\n")]
    except UnicodeDecodeError:
        raise Refused("a line that is no JSON") from None
    form, text, note = fields(lines[0], "vedette-evidence", "key", "checkpoint")
    need(form == 1 and (key is None or key.text == text), "the bundle is of another key")
    key = Key(text)
    size, root, _ = open_checkpoint(note, key)
    kept = kept and open_checkpoint(kept, key)[:2]
    tied = kept is None or kept == (size, root)
    defined, records = {0}, []
    for line in lines[1:-1]:
        what = next(iter(line), "")
        need(what == "record" or not records, "a line out of order")
        if what == "consistency":
            old_note, proof = fields(line[what], "checkpoint", "proof")
            old = open_checkpoint(old_note, key)[:2]
            check_consistency(old[0], size, old[1], root, hashes(proof))
            tied |= old == kept
        elif what == "sources":
            defined |= check_table(line[what], key)
        else:
            need(what in ("definition", "record"), "a line of another form")
            seq, arrival, source, flags, raw, proof = fields(
                line[what], "seq", "arrival", "source", "flags", "raw", "proof")
            raw = unbase64(raw)
            need(0 <= source < 1 << 32 and 0 <= flags < 1 << 32 and -1 << 63 <= arrival < 1 << 63
                 and seq >= 0, "a record")
            check_inclusion(seq, size, leaf_hash(arrival, source, flags, raw), hashes(proof), root)
            if what == "definition":
                need(source == 0, "a definition")
                defined.add(definition_id(raw))
                continue
            need(source in defined, "a source that is not defined")
            need(not records or seq > records[-1][0], "records out of order")
            records.append((seq, raw))
    (end,) = fields(lines[-1], "end")
    need(end == {"records": len(records)}, "the bundle is cut off")
    need(tied, "nothing ties the bundle to the kept checkpoint")
    return records


def read(name):
    with open(name, "rb") as f:
        return f.read()


def main(argv):
    try:
        if argv[:1] == ["bundle"] and 2 <= len(argv) <= 4:
            records = check_bundle(read(argv[1]), key_option(argv[2]) if argv[2:] else None,
                                   read(argv[3]).decode() if argv[3:] else None)
            print(f"proven: {len(records)} records")
        elif argv[:1] == ["checkpoint"] and len(argv) == 3:
            size, root, _ = open_checkpoint(read(argv[1]).decode(), key_option(argv[2]))
            print(f"signed: {size} records, root {root.hex()}")
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Refused, UnicodeDecodeError) as why:
        print(f"refused: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
