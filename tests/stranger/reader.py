#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""reader.py: how far a stranger gets with doc/format-ledger.md and doc/format-block.md alone.

  reader.py segment FILE     the raw bytes of all records of a log-ahead segment, a newline after each
  reader.py block FILE KEY   those of the text rows of a sealed block, whose payload must be signed
Columns (rows of a variant) are not read here. zstd is the program of that name.
"""
import struct
import subprocess
import sys

from verifier import Refused, key_option, need, open_checkpoint, read, sha256, unbase64

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


def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, stdout=subprocess.PIPE, check=True).stdout


def block_texts(data, key):
    """(first seq, rows, raw bytes of its text rows) of a sealed block whose payload is signed."""
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
    text, c = b"", Cursor(sections[13])
    total = c.varint() if sections[13] else 0
    while len(text) < total:
        text += unzstd(c.take(c.varint()))
    return first, rows, text


def main(argv):
    try:
        if argv[:1] == ["segment"] and len(argv) == 2:
            for record in segment_records(read(argv[1])):
                sys.stdout.buffer.write(record[4] + b"\n")
        elif argv[:1] == ["block"] and len(argv) == 3:
            sys.stdout.buffer.write(block_texts(read(argv[1]), key_option(argv[2]))[2])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (Refused, UnicodeDecodeError, struct.error) as why:
        print(f"refused: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
