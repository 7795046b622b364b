#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reader.py: how far a stranger gets with doc/format-ledger.md and doc/format-block.md alone.

  reader.py segment FILE     the raw bytes of all records of a log-ahead segment, a newline after each
  reader.py block FILE KEY   those of a sealed block, whose payload must be signed
  reader.py root DIR KEY     all records of a ledger that has dropped none, hashed again: the signed
                             root of its checkpoint must come out
Rows of a variant (typed columns) are not read here, only text rows: a block with others is refused.
zstd is the program of that name.
"""
import os
import struct
import subprocess
import sys

from verifier import (Refused, key_option, leaf_hash, need, node, open_checkpoint, read, sha256,
                      split, unbase64)

def segment_records(data):
    """Records of a log-ahead segment. XXH3 is not in Python: the checksums are not looked at."""
    need(data[:8] == b"VDTWAL01" and struct.unpack_from("<II", data, 8) == (1, 0), "a segment")
    seq, at = struct.unpack_from("<Q", data, 32)[0], 64
    while at + 32 <= len(data):
        magic, _, first, count, size, positions, _ = struct.unpack_from("<IIQIIII", data, at)
        if magic != 0x46544456:
            break
        need(first == seq, "a frame out of order")
        offset = at + 32
        for _ in range(count):
            length, arrival, source, flags = struct.unpack_from("<IqII", data, offset)
            yield seq, arrival, source, flags, data[offset + 20:offset + 20 + length]
            offset, seq = offset + 20 + length, seq + 1
        need(offset == at + 32 + size, "a frame")
        at = at + 32 + (size + positions + 7 & ~7) + 8


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(self.at + n <= len(self.data), "cut off")
        self.at += n
        return self.data[self.at - n:self.at]

    def varint(self):
        value = shift = 0
        while True:
            (b,) = self.take(1)
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                return value


    def svarint(self):
        n = self.varint()
        return n >> 1 ^ -(n & 1)


def signed64(n):
    return (n + (1 << 63)) % (1 << 64) - (1 << 63)


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def column(c, n):
    """n integers, from where the cursor is on."""
    (kind,) = c.take(1)
    if kind == 0x00:
        return [c.svarint()] * n
    if kind == 0x01:
        least, (bits,) = c.svarint(), c.take(1)
        stream = int.from_bytes(c.take((n * bits + 7) // 8), "little")
        return [signed64(least + (stream >> i * bits & (1 << bits) - 1)) for i in range(n)]
    if kind == 0x02:
        least, (w,) = c.svarint(), c.take(1)
        planes = unzstd(c.take(c.varint()))
        return [signed64(least + int.from_bytes(planes[i::n], "big")) for i in range(n) if w]
    if kind == 0x03:
        runs, values = c.varint(), []
        c = Cursor(unzstd(c.take(c.varint())))
        for _ in range(runs):
            length = c.varint()
            values += [c.svarint()] * length
        return values
    need(kind in (0x10, 0x30), "a column")
    factor = c.varint() if kind == 0x30 else 1
    values = [c.svarint()]
    for difference in column(c, n - 1) if n > 1 else []:
        values.append(signed64(values[-1] + difference * factor))
    return values


def whole_column(section, n):
    c = Cursor(section)
    values = column(c, n)
    need(c.at == len(section) and len(values) == n, "a column")
    return values


def block_records(data, key):
    """Those of a sealed block that has text rows only; its payload must be the signed one."""
    length, _, magic = struct.unpack("<II8s", data[-16:])
    need(magic == b"VDTBLK01", "a block")
    trailer, payload = data[-16 - length:-16], data[:-16 - length]
    size, _, extension = open_checkpoint(trailer[1 + 32 * trailer[0]:].decode(), key)
    words = extension[0].split(" ")
    need(words[0] == "vedette-block" and int(words[1]) + int(words[2]) == size, "the trailer")
    need(sha256(payload) == unbase64(words[8]), "the payload is not the signed one")
    c = Cursor(payload)
    need(c.take(5) == b"VDTB\1", "a payload")
    rows, first = c.varint(), c.varint()
    for _ in range(5):
        c.varint()
    lengths = [c.varint() for _ in range(15)]
    sections = [c.take(n) for n in lengths]
    need(c.at == len(payload), "a payload")
    need(not any(whole_column(sections[2], rows)), "has rows in columns, which are not read here")
    arrivals, sources, flags = (whole_column(sections[i], rows) for i in (4, 5, 6))
    breaks = whole_column(sections[14], rows) if sections[14] else [0] * rows
    text, c = b"", Cursor(sections[13])
    total = c.varint()
    while len(text) < total:
        text += unzstd(c.take(c.varint()))
    lines, at = text.split(b"\n"), 0
    for i in range(rows):
        raw = b"\n".join(lines[at:at + breaks[i] + 1])
        at += breaks[i] + 1
        yield first + i, arrivals[i], sources[i], flags[i], raw


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(tree_root(leaves[:k]), tree_root(leaves[k:]))


def check_root(path, key):
    """The number of records under the newest checkpoint, which all records must give."""
    size, root, _ = open_checkpoint(read(path + "/checkpoint").decode(), key)
    units = {}
    for folder, _, names in os.walk(path):
        for name in names:
            seq, end = os.path.splitext(name)
            need(end != ".gone", "a block was dropped")
            if end == ".wal" or end == ".vb" and int(seq, 16) not in units:
                units[int(seq, 16)] = os.path.join(folder, name)
    leaves = []
    for seq in sorted(units):
        data = read(units[seq])
        of = segment_records(data) if units[seq].endswith(".wal") else block_records(data, key)
        for number, *record in of:
            need(number == len(leaves), "a record out of order")
            leaves.append(leaf_hash(*record))
    need(len(leaves) >= size and tree_root(leaves[:size]) == root, "the records give another root")
    return size


def main(argv):
    try:
        if argv[:1] == ["segment"] and len(argv) == 2:
            for record in segment_records(read(argv[1])):
                sys.stdout.buffer.write(record[4] + b"\n")
        elif argv[:1] == ["block"] and len(argv) == 3:
            for record in block_records(read(argv[1]), key_option(argv[2])):
                sys.stdout.buffer.write(record[4] + b"\n")
        elif argv[:1] == ["root"] and len(argv) == 3:
            print(f"proven: {check_root(argv[1], key_option(argv[2]))} records")
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Refused, UnicodeDecodeError, struct.error) as why:
        print(f"refused: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
