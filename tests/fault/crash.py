#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""crash.py TOOL LIBRARY: the ledger's writer under faults, at every durable system call. TAP.

Named crash points: the n-th call, n = 1 .. N until a run is untouched, is where the process is
killed (or power fails, or the call fails, or only half is written). Each time the ledger is opened
again, every acknowledged record must be there once and in order, and verify must find nothing.
Then kill -9 at random moments.

Environment (the long form in brackets):
  FAULT_STEP    1 = every call; the short form looks at every 11th        [1]
  FAULT_KILLS   cycles of kill -9 at random moments; 20                   [1000]
  FAULT_POWER   power losses at random calls; 40                          [2000]
  FAULT_SEED    for the random choices; 1
"""
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TOOL, LIBRARY = sys.argv[1:3]
STEP = int(os.environ.get("FAULT_STEP", "11"))
KILLS = int(os.environ.get("FAULT_KILLS", "20"))
POWER = int(os.environ.get("FAULT_POWER", "40"))
SEED = int(os.environ.get("FAULT_SEED", "1"))
RECORDS = 1300
# A preloaded library must not come before the sanitizer's, which does not matter to it.
SANITIZER = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
tests = failed = 0


def result(good, name, detail=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {tests} - {name}")
    for line in detail.splitlines():
        print("# " + line)
    sys.stdout.flush()


class Ledger:
    def __init__(self, base):
        self.base = base
        self.dir, self.acks = base + "/ledger", base + "/acks"

    def fresh(self):
        shutil.rmtree(self.dir, ignore_errors=True)
        shutil.rmtree(self.base + "/grave", ignore_errors=True)
        os.mkdir(self.base + "/grave")
        for name in (self.acks, self.base + "/count"):
            if os.path.exists(name):
                os.unlink(name)

    def env(self, **fault):
        env = dict(os.environ, **SANITIZER)
        if fault:
            env.update({"LD_PRELOAD": LIBRARY, "FAULT_DIR": self.dir,
                        "FAULT_COUNT": self.base + "/count", "FAULT_GRAVE": self.base + "/grave"})
            env.update({k: str(v) for k, v in fault.items()})
        return env

    def run(self, until=RECORDS, **fault):
        """0 done, 3 the ledger failed, < 0 killed; and what was said."""
        p = subprocess.run([TOOL, "run", self.dir, self.acks, str(until)], env=self.env(**fault),
                           capture_output=True, text=True, timeout=120)
        return p.returncode, p.stdout + p.stderr

    def check(self):
        p = subprocess.run([TOOL, "check", self.dir, self.acks], env=self.env(),
                           capture_output=True, text=True, timeout=120)
        return p.returncode == 0, f"check: {p.returncode}\n" + p.stdout + p.stderr

    def calls(self):
        with open(self.base + "/count", encoding="ascii") as f:
            return int(f.read())


def each_call(ledger, do, ever=0, may_fail=False):
    """The fault at each call in turn. Afterwards, on a sound disk, all must be well."""
    ledger.fresh()
    status, said = ledger.run(FAULT_AT=0)
    if status:
        return result(False, f"{do}: an untouched run", said)
    total, n, bad, tried = ledger.calls(), 1, [], 0
    while n <= total + STEP:
        ledger.fresh()
        status, said = ledger.run(FAULT_AT=n, FAULT_DO=do, FAULT_EVER=ever, FAULT_SEED=SEED + n)
        expected = (-signal.SIGKILL,) if do in ("kill", "power") else (0, 3) if may_fail else (0,)
        if status not in expected and not (status == 0 and n > total):
            bad.append(f"call {n}: status {status}: {said}")
        good, said = ledger.check()
        if not good:
            bad.append(f"call {n}: {said}")
        # It must also go on from there.
        if good and n % 5 == 0:
            status, said = ledger.run(until=RECORDS + 300)
            good, more = ledger.check()
            if status or not good:
                bad.append(f"call {n}, going on: {said}{more}")
        tried += 1
        n += STEP
    return result(not bad, f"{do}{' for ever' if ever else ''} at {tried} of {total} calls",
                  "\n".join(bad[:5]))


FULL = """
mount -t tmpfs -o size=1500k none "$1" || exit 77
"$2" run "$1/ledger" "$3" 1000000; [ $? -eq 3 ] || { echo "a full disk was not noticed"; exit 1; }
mount -o remount,size=64m "$1" || exit 77
"$2" check "$1/ledger" "$3" || { echo "after the disk was full"; exit 1; }
"$2" run "$1/ledger" "$3" 40000 || { echo "does not go on"; exit 1; }
"$2" check "$1/ledger" "$3" || { echo "after going on"; exit 1; }
"""


def full_disk(ledger):
    """A file system that is truly full, then larger."""
    ledger.fresh()
    small = ledger.base + "/small"
    os.makedirs(small, exist_ok=True)
    p = subprocess.run(["unshare", "-rm", "sh", "-c", FULL, "sh", small, TOOL, ledger.acks],
                       env=ledger.env(), capture_output=True, text=True, timeout=300)
    if p.returncode == 77 or "unshare" in p.stderr:
        global tests
        tests += 1
        print(f"ok {tests} # SKIP no file system can be mounted here")
        return
    result(p.returncode == 0, "a full disk, and more room", p.stdout + p.stderr)


def random_power(ledger):
    rnd, bad = random.Random(SEED), []
    ledger.fresh()
    ledger.run(FAULT_AT=0)
    total = ledger.calls()
    for _ in range(POWER):
        ledger.fresh()
        at, seed = rnd.randint(1, total), rnd.randint(1, 1 << 30)
        ledger.run(FAULT_AT=at, FAULT_DO="power", FAULT_SEED=seed)
        good, said = ledger.check()
        if not good:
            bad.append(f"call {at}, seed {seed}: {said}")
    result(not bad, f"power lost {POWER} times", "\n".join(bad[:5]))


def random_kills(ledger):
    rnd, bad, until = random.Random(SEED), [], 0
    ledger.fresh()
    for cycle in range(KILLS):
        until += 5000
        p = subprocess.Popen([TOOL, "run", ledger.dir, ledger.acks, str(until), "200"],
                             env=ledger.env(), stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0.002, 0.1))
        p.kill()
        p.wait()
        good, said = ledger.check()
        if not good:
            bad.append(f"cycle {cycle}: {said}")
            break
        if os.path.getsize(ledger.acks) if os.path.exists(ledger.acks) else 0:
            with open(ledger.acks, "rb") as f:
                until = int.from_bytes(f.read(8), "little") + 1
    result(not bad, f"kill -9, {KILLS} times at random moments", "\n".join(bad))


def main():
    base = tempfile.mkdtemp(prefix="vedette-fault-",
                            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        ledger = Ledger(base)
        each_call(ledger, "kill")
        each_call(ledger, "power")
        each_call(ledger, "EINTR")
        each_call(ledger, "short")
        # A sync that fails, with whatever error, ends the writer; elsewhere a full disk passes.
        for error in ("ENOSPC", "EDQUOT", "EIO", "EMFILE"):
            each_call(ledger, error, may_fail=True)
        for error in ("ENOSPC", "EIO"):
            each_call(ledger, error, ever=1, may_fail=True)
        full_disk(ledger)
        random_power(ledger)
        random_kills(ledger)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    print(f"1..{tests}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
