#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""agree.py TOOL: two verifiers, in two languages, must say the same of every bundle. TAP.

The program makes ledgers of many sizes and bundles of random records; verifier.py must find each
proven, as the program does. Then bundles are changed, and both must refuse each. Last, reader.py
gets all records out of blocks and segments, and out of them the signed root.

Environment (the long form in brackets):
  STRANGER_PROOFS   random proofs; 1500 [100000]
  STRANGER_CHANGES  changed bundles; 1500 [100000]
  STRANGER_SEED     1
"""
import base64
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import reader  # noqa: E402
import verifier  # noqa: E402

TOOL = sys.argv[1]
PROOFS = int(os.environ.get("STRANGER_PROOFS", "1500"))
CHANGES = int(os.environ.get("STRANGER_CHANGES", "1500"))
rnd = random.Random(int(os.environ.get("STRANGER_SEED", "1")))
tests = failed = 0


def result(good, name, details=()):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")
    for line in list(details)[:10]:
        print("# " + line)
    sys.stdout.flush()


def tool(*args):
    p = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=600)
    if p.returncode:
        sys.exit(f"Bail out! {args}: {p.stdout}{p.stderr}")


class Program:
    """The program's verifier, as a process that is asked again and again."""

    def __init__(self, *args):
        self.p = subprocess.Popen([TOOL, "judge", *args], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)

    def proven(self, bundle):
        self.p.stdin.write(struct.pack("<I", len(bundle)) + bundle)
        self.p.stdin.flush()
        return self.p.stdout.read(1) == b"y"

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def stranger(bundle, key, kept):
    """The proven records, or None."""
    try:
        return verifier.check_bundle(bundle, key, kept)
    except verifier.Refused:
        return None


def read(name):
    with open(name, "rb") as f:
        return f.read()


class Case:
    """A ledger at some size, with the checkpoint it had at a smaller one."""

    def __init__(self, base, size, more):
        self.dir, self.kept = f"{base}/{size}", f"{base}/{size}.kept"
        tool("make", self.dir, 0, size)
        shutil.copy(self.dir + "/checkpoint", self.kept)
        tool("make", self.dir, size, more)
        self.key = verifier.key_option(self.dir + "/key.pub")
        self.kept_note = read(self.kept).decode()
        self.program = Program(self.key.text, self.kept)

    def bundle(self, n):
        out = self.dir + ".evidence"
        tool("export", self.dir, out, n, rnd.randrange(1 << 40), self.kept)
        return read(out)


def random_proofs(cases):
    bad, done = [], 0
    while done < PROOFS:
        case = rnd.choice(cases)
        bundle = case.bundle(min(rnd.choice((1, 30, 300, 2000)), PROOFS))
        records = stranger(bundle, case.key, case.kept_note)
        if records is None or not case.program.proven(bundle):
            bad.append(f"{case.dir}: the stranger: {records is not None}")
        for seq, raw in records or []:
            if raw[:1] != b"{" and not re.search(rb" record \d+ ", raw):
                bad.append(f"{case.dir}: record {seq}: {raw!r}")
        done += len(records or [0])
    result(not bad, f"{done} random proofs, both find them proven", bad)


# ---- changes: each gives a bundle that nobody may call proven ----

def flip(b):
    i = rnd.randrange(len(b) * 8)
    return b[: i // 8] + bytes([b[i // 8] ^ 1 << i % 8]) + b[i // 8 + 1:]


def cut(b):
    return b[: rnd.randrange(len(b))]


def drop_bytes(b):
    i = rnd.randrange(len(b))
    return b[:i] + b[i + rnd.randint(1, 40):]


def double_bytes(b):
    i, n = rnd.randrange(len(b)), rnd.randint(1, 40)
    return b[: i + n] + b[i:]


def line_of(b, what):
    lines = b.split(b"\n")[:-1]
    at = [i for i, line in enumerate(lines) if line.startswith(b'{"' + what)]
    return lines, rnd.choice(at)


def without_line(b):
    lines, _ = line_of(b, b"end")
    del lines[rnd.randrange(len(lines))]
    return b"\n".join(lines) + b"\n"


def double_record(b):
    lines, at = line_of(b, b"record")
    return b"\n".join(lines[: at + 1] + lines[at:]) + b"\n"


def swap_records(b):
    lines, at = line_of(b, b"record")
    _, other = line_of(b, b"record")
    lines[at], lines[other] = lines[other], lines[at]
    return b"\n".join(lines) + b"\n"


def other_number(b):
    at = rnd.choice(list(re.finditer(rb":(-?\d+)[,}]", b)))
    value = int(at[1]) + rnd.choice((-1, 1, 256, 1 << 32))
    return b[: at.start(1)] + str(value).encode() + b[at.end(1):]


def other_hash(b):
    all_of = list(re.finditer(rb'"([A-Za-z0-9+/]{43}=)"', b))
    if not all_of:
        return b
    at = rnd.choice(all_of)
    fresh = base64.b64encode(rnd.randbytes(32))
    return b[: at.start(1)] + fresh + b[at.end(1):]


def swap_hashes(b):
    all_of = list(re.finditer(rb'"([A-Za-z0-9+/]{43}=)"', b))
    if len(all_of) < 2:
        return b  # a tree of one record: no proof holds a hash
    x, y = sorted(rnd.sample(all_of, 2), key=lambda m: m.start())
    return b[: x.start(1)] + y[1] + b[x.end(1): y.start(1)] + x[1] + b[y.end(1):]


def fewer_hashes(b):
    all_of = list(re.finditer(rb'"[A-Za-z0-9+/]{43}=",?', b))
    if not all_of:
        return b
    at = rnd.choice(all_of)
    return b[: at.start()] + b[at.end():]


def other_raw(b):
    at = rnd.choice(list(re.finditer(rb'"raw":"([^"]*)"', b)))
    raw = bytearray(base64.b64decode(at[1]))
    if raw:
        raw[rnd.randrange(len(raw))] ^= 1 << rnd.randrange(8)
    return b[: at.start(1)] + base64.b64encode(bytes(raw)) + b[at.end(1):]


def other_form(b):
    """The same JSON, written in another way."""
    at = rnd.choice(list(re.finditer(rb'[a-z](?=[a-z ]*[":/])|[,:{]', b)))
    new = b"\\u%04x" % at[0][0] if at[0].isalpha() else at[0] + b" "
    return b[: at.start()] + new + b[at.end():]


CHANGED = (flip, cut, drop_bytes, double_bytes, without_line, double_record, swap_records,
           other_number, other_hash, swap_hashes, fewer_hashes, other_raw, other_form)


def changed_bundles(cases):
    accepted, done, bundles = [], 0, {}
    while done < CHANGES:
        if done % 200 == 0:
            bundles = {case: case.bundle(rnd.randint(1, 6)) for case in rnd.sample(cases, 4)}
        case = rnd.choice(list(bundles))
        how = rnd.choice(CHANGED)
        new = how(bundles[case])
        if new == bundles[case] or not new:
            continue
        done += 1
        verdicts = (case.program.proven(new), stranger(new, case.key, case.kept_note) is not None)
        if any(verdicts):
            accepted.append(f"{how.__name__}: the program {verdicts[0]}, the stranger "
                            f"{verdicts[1]}: {new[:3000]!r}")
    result(not accepted, f"{done} changed bundles, both refuse them", accepted)


def mixed_bundles(cases):
    """Whole lines of one ledger in the bundle of another."""
    bad, done = [], 0
    for _ in range(CHANGES // 20):
        a, b = rnd.sample(cases, 2)
        mine, theirs = (c.bundle(3).split(b"\n") for c in (a, b))
        i = rnd.randrange(min(len(mine), len(theirs)) - 2)
        new = b"\n".join(mine[:i] + [theirs[i]] + mine[i + 1:])
        done += 1
        if a.program.proven(new) or stranger(new, a.key, a.kept_note) is not None:
            bad.append(f"line {i} of {b.dir} in {a.dir}")
    result(not bad, f"{done} bundles with a line of another ledger, both refuse them", bad)


def whole_ledgers(cases):
    """The signed root out of the files; another one where a record was changed."""
    bad = []
    for case in cases:
        size = verifier.open_checkpoint(read(case.dir + "/checkpoint").decode(), case.key)[0]
        try:
            if reader.check_root(case.dir, case.key) != size:
                bad.append(f"{case.dir}: another size")
        except verifier.Refused as why:
            bad.append(f"{case.dir}: {why}")
        name = max(os.listdir(case.dir + "/wal"))
        data = read(f"{case.dir}/wal/{name}")
        with open(f"{case.dir}/wal/{name}", "wb") as f:
            f.write(data.replace(b"nova.compute", b"nova.Compute", 1))
        try:
            reader.check_root(case.dir, case.key)
            bad.append(f"{case.dir}: a changed record was not seen")
        except verifier.Refused:
            pass
    result(not bad, f"the signed roots of {len(cases)} ledgers, from their files", bad)


def main():
    base = tempfile.mkdtemp(prefix="vedette-stranger-",
                            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        sizes = [1, 2, 255, 256, 257, 1000] + [rnd.randrange(3, 6000) for _ in range(6)]
        cases = [Case(base, size, rnd.choice((1, 40, 300, 1500))) for size in sizes]
        random_proofs(cases)
        changed_bundles(cases)
        mixed_bundles(cases)
        whole_ledgers(cases)
        for case in cases:
            case.program.close()
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"1..{tests}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
