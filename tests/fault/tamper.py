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


def make(path, records, start=0):
    status, said = tool("make", path, records, start)
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
    MOMENTS, STEP = 12, 230  # the ledger is kept as it was at so many moments

    def __init__(self, base):
        self.base, self.rnd = base, random.Random(SEED)
        self.whole, self.work = base + "/whole", base + "/work"
        self.other, self.fork = base + "/other", base + "/fork"
        self.moments = [f"{base}/moment{i}" for i in range(self.MOMENTS)]
        for i, moment in enumerate(self.moments):
            make(self.whole, self.STEP, i * self.STEP)
            shutil.copytree(self.whole, moment)
        make(self.other, 2700, 1000000)
        os.mkdir(self.fork)  # with the very key, another history
        shutil.copy(self.whole + "/key", self.fork)
        make(self.fork, 2710, 2000000)
        shutil.copy(self.whole + "/checkpoint", base + "/kept")
        shutil.copy(self.whole + "/key.pub", base + "/key.pub")
        # For the forger: a ledger that has dropped nothing, and its checkpoints by their size.
        self.plain = base + "/plain"
        tool("make", self.plain, 1250, 0, "all")
        notes = read(self.plain + "/checkpoints").split(b"\n\n")
        self.signed = {int(text.split(b"\n")[1]): text + b"\n\n" + signature + b"\n"
                       for text, signature in zip(notes[::2], notes[1::2])}
        # Whoever took the private key file away took nothing that proves anything; `lock` is
        # empty in every ledger.
        self.names = [n for n in files_of(self.whole) if n not in ("key", "lock")]
        self.content = {n: read(os.path.join(self.whole, n)) for n in self.names}

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

    def kind(self, name, change, times=None, evidence=False, named=True):
        """`change` returns a text of what it did, or None when it did nothing. Found is a change
        that verify finds; and names, file by file, unless so many were exchanged that it need not
        (named); and that takes away no record of a file that it did not touch."""
        missed, done = [], 0
        for _ in range(10 * (TAMPERS if times is None else times)):
            if done == (TAMPERS if times is None else times):
                break
            self.fresh()
            what = change()
            if what is None or not self.changed():
                continue
            done += 1
            extra = [self.base + "/key.pub", self.base + "/kept"] if evidence else []
            status, said = tool("judge", self.work, self.whole, *extra)
            if status != 1 and (named or status != 5):
                missed.append(f"{what}: status {status} {said}")
        result(not missed and done > 0, f"{name}: {done - len(missed)} of {done} found",
               "\n".join(missed[:5]))

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

    def reorder(self):
        """Two pieces of one file change places, as they are: frames, checkpoints, hashes, pages."""
        name = self.pick()
        data = self.content[name]
        if name.endswith(".wal"):
            cuts = [i for i in range(0, len(data) - 3, 8) if data[i:i + 4] == b"VDTF"]
            cuts.append(len(data.rstrip(b"\0")) + 7 & ~7)
            # Frames without records hold positions of reading only, which are not sealed.
            cuts = [i for i in cuts[:-1] if any(data[i + 16:i + 20])] + cuts[-1:]
        elif name == "checkpoints":
            rows = data.split(b"\n\n")
            cuts = [sum(len(r) + 2 for r in rows[:i]) for i in range(0, len(rows), 2)]
        else:
            step = 32 if name.startswith("tree/") else self.rnd.choice((1, 32, 64, 512))
            cuts = list(range(0, len(data) + 1, step))
        if len(cuts) < 3:
            return None
        i, k = sorted(self.rnd.sample(range(len(cuts) - 1), 2))
        a, b, c, d = cuts[i], cuts[i + 1], cuts[k], cuts[k + 1]
        write(self.path(name), data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:])
        return f"{name}: {a}..{b} and {c}..{d} exchanged"

    def from_store(self, store):
        def change():
            where = store if isinstance(store, str) else self.rnd.choice(store)
            theirs = [n for n in files_of(where) if n not in ("key", "lock")]
            name = self.pick()
            end = os.path.splitext(name)[1]
            other = name if name in theirs else self.rnd.choice(
                [n for n in theirs if os.path.splitext(n)[1] == end] or theirs)
            write(self.path(name), read(os.path.join(where, other)))
            return f"{name} from {where}/{other}"
        return change

    def block_of(self, store):
        """A block or segment of another ledger in the place of one, or beside."""
        def change():
            theirs = [n for n in files_of(store) if n.endswith((".vb", ".gone", ".wal"))]
            other = self.rnd.choice(theirs)
            end = os.path.splitext(other)[1]
            name = self.rnd.choice([other] + [n for n in self.names if n.endswith(end)])
            write(self.path(name), read(os.path.join(store, other)))
            return f"{name} from {store}/{other}"
        return change

    def whole_of(self, *stores):
        def change():
            store = self.rnd.choice(stores)
            shutil.rmtree(self.work)
            shutil.copytree(store, self.work)
            return f"all of {store}"
        return change

    def mixed(self):
        """Each file as it was at one of two moments, or not there where it was not."""
        before, share = self.rnd.choice(self.moments[:-1]), self.rnd.random()
        for name in sorted(set(self.names) | set(files_of(before)) - {"key", "lock"}):
            if self.rnd.random() >= share:
                continue
            if os.path.exists(os.path.join(before, name)):
                write(self.path(name), read(os.path.join(before, name)))
            elif os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        return f"{share:.2f} of the files from {before}"

    def drop_tail(self):
        """The newest records and all that speaks of them, as far as that can be had."""
        wal = sorted(n for n in self.names if n.endswith(".wal"))
        for name in wal[-self.rnd.randint(1, len(wal)):]:
            os.unlink(self.path(name))
        rows = read(self.path("checkpoints")).split(b"\n\n")
        pairs = [rows[i] + b"\n\n" + rows[i + 1] for i in range(0, len(rows) - 1, 2)]
        pairs = pairs[: -self.rnd.randint(1, len(pairs) - 1)]
        write(self.path("checkpoints"), b"".join(p + b"\n\n" for p in pairs))
        write(self.path("checkpoint"), pairs[-1] + b"\n")
        return "the newest segments and the checkpoints over them"

    # ---- the forger ----

    EDITS = ("another byte", "another time", "another source", "two records exchanged",
             "a record away and one made up")

    def forged(self, key):
        """A copy of the plain ledger, rewritten over one edited record."""
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.plain, self.work)
        seq, how = self.rnd.randrange(max(self.signed)), self.rnd.randrange(len(self.EDITS))
        status, said = tool("forge", self.work, seq, how, key)
        if status:
            sys.exit("Bail out! forge: " + said)
        shutil.copy(key, self.work + "/key")
        return seq, f"record {seq}: {self.EDITS[how]}"

    def forger(self, name, attempt):
        """`attempt` returns a text, what verify must say, and the arguments after the folder."""
        bad = []
        for _ in range(TAMPERS):
            what, expected, *args = attempt()
            status, said = tool("verify", self.work, *args)
            if status not in (expected if isinstance(expected, tuple) else (expected,)):
                bad.append(f"{what}: status {status}, not {expected}: {said}")
        result(not bad, f"{name}: {TAMPERS - len(bad)} of {TAMPERS}", "\n".join(bad[:5]))

    def another_key(self):
        _, what = self.forged(self.other + "/key")
        return what, 1, self.plain + "/key.pub"

    def another_key_among_true_files(self):
        """The true key.pub, and the true ones of some other files too."""
        _, what = self.forged(self.other + "/key")
        differing = [n for n in files_of(self.plain) if read(self.path(n)) !=
                     read(os.path.join(self.plain, n))]
        true = self.rnd.sample(differing, self.rnd.randrange(len(differing)))
        for n in set(true) | {"key.pub", "key"}:
            shutil.copy(os.path.join(self.plain, n), self.path(n))
        left = [n for n in differing if n not in true and n not in ("key.pub", "key")]
        return f"{what}; forged: {left}", 1 if left else 0

    def very_key(self):
        """With the key itself, only a checkpoint that others have kept speaks against it; and only
        one behind the edited record. One before it cannot, but a forger who was careless may be
        found all the same: by a definition of a source that he moved."""
        seq, what = self.forged(self.plain + "/key")
        size = self.rnd.choice(sorted(self.signed)[1:])
        write(self.base + "/kept.forger", self.signed[size])
        return (f"{what}; kept: {size}", 1 if size > seq else (0, 1), self.plain + "/key.pub",
                self.base + "/kept.forger")

    def very_key_among_true_files(self):
        seq, what = self.forged(self.plain + "/key")
        differing = [n for n in files_of(self.plain) if read(self.path(n)) !=
                     read(os.path.join(self.plain, n))]
        true = self.rnd.sample(differing, self.rnd.randrange(len(differing)))
        for n in true:
            shutil.copy(os.path.join(self.plain, n), self.path(n))
        write(self.base + "/kept.forger", self.signed[max(self.signed)])
        return (f"record {seq}: {what}; true: {true}", 1, self.plain + "/key.pub",
                self.base + "/kept.forger")

    def run(self):
        status, said = tool("judge", self.whole, self.whole, self.base + "/key.pub",
                            self.base + "/kept")
        result(status == 0, "the untouched ledger is intact, and all of it is read", said)
        missed = []
        for moment in self.moments:
            status, said = tool("verify", self.whole, self.base + "/key.pub",
                                moment + "/checkpoint")
            if status:
                missed.append(f"{moment}: {said}")
        result(not missed, "and goes on from each older checkpoint", "\n".join(missed))
        self.fresh()
        status, said = tool("flips", self.work, FLIPS, self.whole)
        result(status == 0, said.strip().splitlines()[-1], said if status else "")
        self.kind("truncated files", self.truncate)
        self.kind("deleted files", self.delete)
        self.kind("bytes appended", self.append)
        self.kind("contents swapped", self.swap)
        self.kind("pieces reordered", self.reorder)
        self.kind("files doubled under another name", self.duplicate)
        self.kind("strange files", self.stranger)
        self.kind("spliced files", self.splice)
        self.kind("files of another ledger", self.from_store(self.other))
        self.kind("blocks of another ledger", self.block_of(self.other))
        self.kind("blocks of another history with the same key", self.block_of(self.fork),
                  evidence=True)
        self.kind("files of another history with the same key", self.from_store(self.fork),
                  evidence=True)
        self.kind("single files put back", self.from_store(self.moments[:-1]))
        self.kind("files of two moments", self.mixed, evidence=True, named=False)
        self.kind("the newest records cut off", self.drop_tail, evidence=True, named=False)
        self.kind("all put back", self.whole_of(*self.moments[:-1]), evidence=True, named=False)
        self.kind("all exchanged, another key", self.whole_of(self.other), 1, evidence=True,
                  named=False)
        self.kind("all rewritten, the very key", self.whole_of(self.fork), 1, evidence=True,
                  named=False)
        self.forger("all rewritten over one record, signed with another key: refused",
                    self.another_key)
        self.forger("the same with true files among the forged ones: refused",
                    self.another_key_among_true_files)
        self.forger("all rewritten with the very key: refused with a checkpoint kept since",
                    self.very_key)
        self.forger("the same with true files among the forged ones: refused",
                    self.very_key_among_true_files)


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
