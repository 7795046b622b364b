#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tamper.py TOOL: changes to a ledger by someone with full access to the disk. TAP.

Every change must be found by verify: with nothing but the ledger where that is possible, with the
public key and a checkpoint kept elsewhere where the whole was exchanged. Records of files that were
not touched must stay readable. A change that leaves all bytes as they were is skipped, and so is one
that a crash may leave too and that takes nothing away (zeros behind a log-ahead segment).

Environment (the long form in brackets):
  FAULT_FLIPS    random bit flips, 300 [10000]; 0 = every bit there is
  FAULT_TAMPERS  changes of each kind, 20 [1000]
  FAULT_SEED     1
"""
import os
import random
import shutil
import subprocess
import sys
import tempfile

TOOL = sys.argv[1]
FLIPS = os.environ.get("FAULT_FLIPS", "300")
TAMPERS = int(os.environ.get("FAULT_TAMPERS", "20"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
tests = failed = 0


def result(good, name, detail=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")
    for line in detail.splitlines():
        print("# " + line)
    sys.stdout.flush()


def tool(*args):
    p = subprocess.run([TOOL, *map(str, args)], capture_output=True, text=True, timeout=3600)
    return p.returncode, p.stdout + p.stderr


def make(path, records):
    status, said = tool("make", path, records)
    if status:
        sys.exit("Bail out! make: " + said)


def files_of(path):
    found = []
    for folder, _, names in os.walk(path):
        found += [os.path.join(folder, n) for n in names]
    return sorted(os.path.relpath(f, path) for f in found)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    with open(path, "wb") as f:
        f.write(data)


class Campaign:
    def __init__(self, base):
        self.base, self.rnd = base, random.Random(SEED)
        self.whole, self.work = base + "/whole", base + "/work"
        self.older, self.other, self.fork = base + "/older", base + "/other", base + "/fork"
        make(self.whole, 1400)
        shutil.copytree(self.whole, self.older)
        shutil.copy(self.whole + "/checkpoint", base + "/kept.old")
        make(self.whole, 1300)
        make(self.other, 2700)
        os.mkdir(self.fork)  # with the very key, another history
        shutil.copy(self.whole + "/key", self.fork)
        make(self.fork, 2710)
        shutil.copy(self.whole + "/checkpoint", base + "/kept")
        shutil.copy(self.whole + "/key.pub", base + "/key.pub")
        # Whoever took the private key file away took nothing that proves anything; `lock` is
        # empty in every ledger.
        self.names = [n for n in files_of(self.whole) if n not in ("key", "lock")]
        self.content = {n: read(os.path.join(self.whole, n)) for n in self.names}
        self.readable = int(tool("read", self.whole)[1])

    def fresh(self):
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.whole, self.work)

    def pick(self, *ends):
        return self.rnd.choice([n for n in self.names if not ends or n.endswith(ends)])

    def path(self, name):
        return os.path.join(self.work, name)

    def changed(self):
        names = [n for n in files_of(self.work) if n not in ("key", "lock")]
        return names != self.names or any(read(self.path(n)) != self.content[n] for n in names)

    def kind(self, name, change, times=None, evidence=False):
        """`change` returns a text of what it did, or None when it did nothing."""
        missed, done = [], 0
        for _ in range(TAMPERS if times is None else times):
            self.fresh()
            what = change()
            if what is None or not self.changed():
                continue
            done += 1
            extra = [self.base + "/key.pub", self.base + "/kept"] if evidence else []
            status, said = tool("verify", self.work, *extra)
            if status != 1 or "# verify: " not in said:
                missed.append(f"{what}: status {status} {said}")
        result(not missed and done > 0, f"{name}: {done} found", "\n".join(missed[:5]))

    # ---- the changes ----

    def truncate(self):
        name = self.pick()
        size = len(self.content[name])
        cut = self.rnd.randrange(size) if size else 0
        os.truncate(self.path(name), cut)
        return f"{name} cut from {size} to {cut}"

    def delete(self):
        name = self.pick()
        os.unlink(self.path(name))
        return f"{name} deleted"

    def append(self):
        name = self.pick()
        extra = self.rnd.randbytes(self.rnd.randint(1, 300))
        if not any(extra):
            return None
        write(self.path(name), self.content[name] + extra)
        return f"{len(extra)} bytes behind {name}"

    def swap(self):
        end = self.rnd.choice((".vb", ".gone", ".wal", ""))
        a, b = self.pick(end) if end else self.pick(), self.pick(end) if end else self.pick()
        write(self.path(a), self.content[b])
        write(self.path(b), self.content[a])
        return f"{a} and {b} swapped"

    def duplicate(self):
        end = self.rnd.choice((".vb", ".gone", ".wal"))
        name = self.pick(end)
        folder, _ = os.path.split(name)
        seq = self.rnd.choice((self.rnd.randrange(4000), self.rnd.randrange(1 << 40)))
        write(self.path(f"{folder}/{seq:016x}{end}"), self.content[name])
        return f"{name} again as {seq:016x}"

    def stranger(self):
        folder = self.rnd.choice(("", "wal/", "blocks/", "blocks/00000000/", "tree/", "tree/tile/1/"))
        name = self.rnd.choice(("x", "0000000000000000", "notes.txt", ".hidden", "000.p.old"))
        write(self.path(folder + name), b"hello")
        return f"{folder}{name} added"

    def splice(self):
        name = self.pick()
        data = self.content[name]
        if len(data) < 8:
            return None
        a, b, c = sorted(self.rnd.sample(range(len(data) + 1), 3))
        how = self.rnd.randrange(4)
        if how == 0:
            data = data[:a] + data[b:]
        elif how == 1:
            data = data[:b] + data[a:]
        elif how == 2:
            data = data[:a] + data[b:c] + data[a:b] + data[c:]
        else:
            other = self.content[self.pick()]
            data = data[:a] + other[: self.rnd.randint(1, 200)] + data[a:]
        if name.endswith(".wal") and data.rstrip(b"\0") == self.content[name].rstrip(b"\0"):
            return None
        write(self.path(name), data)
        return f"{name} spliced {how} at {a} {b} {c}"

    def from_store(self, store):
        def change():
            theirs = [n for n in files_of(store) if n not in ("key", "lock")]
            name = self.pick()
            end = os.path.splitext(name)[1]
            other = name if name in theirs else self.rnd.choice(
                [n for n in theirs if os.path.splitext(n)[1] == end] or theirs)
            write(self.path(name), read(os.path.join(store, other)))
            return f"{name} from {store}/{other}"
        return change

    def whole_of(self, store):
        def change():
            shutil.rmtree(self.work)
            shutil.copytree(store, self.work)
            return f"all of {store}"
        return change

    def drop_tail(self):
        """The newest records and all that speaks of them, as far as that can be had."""
        wal = sorted(n for n in self.names if n.endswith(".wal"))
        os.unlink(self.path(wal[-1]))
        rows = read(self.path("checkpoints")).split(b"\n\n")
        pairs = [rows[i] + b"\n\n" + rows[i + 1] for i in range(0, len(rows) - 1, 2)]
        pairs = pairs[: -self.rnd.randint(1, len(pairs) - 1)]
        write(self.path("checkpoints"), b"".join(p + b"\n\n" for p in pairs))
        write(self.path("checkpoint"), pairs[-1] + b"\n")
        return "the newest segment and the checkpoints over it"

    def readable_rest(self):
        """A harmed block is named; all others can be read."""
        bad = []
        for name in [n for n in self.names if n.endswith(".vb")]:
            self.fresh()
            data = bytearray(self.content[name])
            data[self.rnd.randrange(len(data) // 2)] ^= 16
            write(self.path(name), bytes(data))
            status, said = tool("verify", self.work)
            if status != 1 or name not in said:
                bad.append(f"{name}: not named: {said}")
            left = int(tool("read", self.work)[1])
            if left < self.readable - 300:
                bad.append(f"{name}: only {left} of {self.readable} readable")
        result(not bad, "a harmed block is named, the others are read", "\n".join(bad))

    def run(self):
        status, said = tool("verify", self.whole, self.base + "/key.pub", self.base + "/kept")
        result(status == 0, "the untouched ledger is intact", said)
        status, said = tool("verify", self.whole, self.base + "/key.pub", self.base + "/kept.old")
        result(status == 0, "and goes on from an older checkpoint", said)
        self.fresh()
        status, said = tool("flips", self.work, FLIPS)
        result(status == 0, said.strip().splitlines()[-1], said if status else "")
        self.kind("truncated files", self.truncate)
        self.kind("deleted files", self.delete)
        self.kind("bytes appended", self.append)
        self.kind("contents swapped", self.swap)
        self.kind("files doubled under another name", self.duplicate)
        self.kind("strange files", self.stranger)
        self.kind("spliced files", self.splice)
        self.kind("files of another ledger", self.from_store(self.other))
        self.kind("files of another history with the same key", self.from_store(self.fork),
                  evidence=True)
        self.kind("single files put back", self.from_store(self.older))
        self.kind("the newest records cut off", self.drop_tail, evidence=True)
        self.kind("all put back", self.whole_of(self.older), 1, evidence=True)
        self.kind("all exchanged, another key", self.whole_of(self.other), 1, evidence=True)
        self.kind("all rewritten, the very key", self.whole_of(self.fork), 1, evidence=True)
        self.readable_rest()


def main():
    base = tempfile.mkdtemp(prefix="vedette-tamper-",
                            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        Campaign(base).run()
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"1..{tests}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
