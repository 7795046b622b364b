# SPDX-License-Identifier: Apache-2.0
"""A list of patterns (number, "lit" or "re", text: as ../shared/bench/peers/rules.py prints it for
"hs") written as Sigma rules, one file each. Literals are looked for anywhere and as they are written,
as the peers do it: keywords with |cased; `*`, `?` and `\\` are escaped, as Sigma has them."""
import pathlib
import uuid

RULE = """\
title: {title}
id: {id}
status: test
description: One pattern of the benchmark
author: Vedette
date: 2026-11-26
logsource:
    category: any
detection:
    keywords:
        '|{modifier}':
            - '{text}'
    condition: keywords
level: low
"""


def sigma(kind, text):
    if kind == "lit":
        text = "".join("\\" + c if c in "*?\\" else c for c in text)
    return text.replace("'", "''")


def write(patterns, to):
    """patterns: lines of the list. Returns the titles, in order."""
    to = pathlib.Path(to)
    to.mkdir(parents=True, exist_ok=True)
    titles = []
    for line in patterns:
        number, kind, text = line.split("\t", 2)
        title = f"Pattern {int(number):04d}"
        titles.append(title)
        (to / f"{int(number):04d}.yml").write_text(RULE.format(
            title=title, id=uuid.uuid5(uuid.NAMESPACE_URL, f"vedette/bench/{number}"),
            modifier="cased" if kind == "lit" else "re", text=sigma(kind, text)))
    return titles
