# SPDX-License-Identifier: Apache-2.0
"""vedette rules: what is wrong with rules is said by file and line; samples prove them."""
import pytest

from conftest import ndjson

from test_h01_detect import FAILED, MANY, SSH, rules

LINE = '"Nov 22 01:0{}:03 ctl-1 sshd[101]: Failed password for root from {} port 4022 ssh2"'


def sample(match, lines, more=""):
    return f"  - match: {match}\n    why: a story\n{more}    lines:\n" + "".join(f"      - {line}\n" for line in lines)


def put_samples(tmp_path, *samples):
    folder = rules(tmp_path, SSH)
    (folder / "some.samples.yml").write_text("samples:\n" + "".join(samples))
    return folder


GUESSING = [LINE.format(m, "203.0.113.9") for m in (1, 2, 2)]


def test_good_samples(vedette, tmp_path):
    folder = put_samples(tmp_path, sample("true", GUESSING, "    expect: {source.ip: 203.0.113.9}\n    count: 1\n"),
                         sample("false", GUESSING[:2]), sample("true", GUESSING[:1], "    rule: ssh_failed\n"))
    done = vedette("rules", "test", folder)
    assert done.stdout.count(": ok") == 3 and "1 of 1 rules proven alive" in done.stderr


@pytest.mark.parametrize("match, lines, more, reason", [
    ("true", GUESSING[:2], "", "does not fire"),
    ("false", GUESSING, "", "must not"),
    ("true", GUESSING, "    expect: {source.ip: 192.0.2.1}\n", 'source.ip of the finding is "203.0.113.9"'),
    ("true", GUESSING, "    count: 2\n", "1 findings instead of 2"),
    ("true", GUESSING, "    rule: nobody\n", "no such rule"),
])
def test_a_sample_that_fails_says_why(vedette, tmp_path, match, lines, more, reason):
    done = vedette("rules", "test", "-q", put_samples(tmp_path, sample(match, lines, more)), check=1)
    assert "some.samples.yml:2: FAILED" in done.stdout and reason in done.stdout


def test_bad_samples_are_told_by_line(vedette, tmp_path):
    done = vedette("rules", "test", put_samples(tmp_path, "  - match: perhaps\n    lines: [x]\n"), check=1)
    assert "some.samples.yml:2: match: must be true or false" in done.stdout


@pytest.mark.parametrize("change, reason", [
    (("event_count", "event_cuont"), 'type: "event_cuont" is no correlation type'),
    (("timespan: 5m", "timespan: 5"), 'timespan: "5"'),
    (("{gte: 3}", "{about: 3}"), 'condition: unknown item "about"'),
    (("{gte: 3}", "{gte: three}"), "condition: gte: must be a number"),
    (("event_count", "value_count"), "condition: field: is missing"),
    (("    rules: [failed_login]\n", ""), "rules: is missing"),
    (("    group-by: [User]\n", "    group-by: {a: b}\n"), "group-by: must be a field"),
    (("    type:", "    generate: perhaps\n    type:"), "generate: must be true or false"),
    (("    type:", "    aliases: [a]\n    type:"), "aliases: must be a mapping"),
])
def test_a_correlation_that_cannot_run_is_refused(vedette, tmp_path, change, reason):
    done = vedette("rules", "check", "--events", rules(tmp_path, FAILED, MANY.replace(*change)), check=1)
    assert f"refused: correlation: {reason}" in done.stdout and "some.yml:" in done.stdout


def test_what_refers_to_nobody_or_to_itself_is_told(vedette, tmp_path):
    done = vedette("rules", "check", "--events", rules(tmp_path, MANY))
    assert 'never matches here: it refers to the rule "failed_login", which is not here' in done.stdout
    done = vedette("rules", "check", "--events", rules(tmp_path, MANY.replace("[failed_login]", "[many_failed]")))
    assert "it refers to itself" in done.stdout


def test_twins_are_told(vedette, tmp_path):
    done = vedette("rules", "check", "--events", rules(tmp_path, FAILED, FAILED))
    assert "id: is also that of" in done.stdout


def test_list_and_explain(vedette, tmp_path):
    folder = rules(tmp_path, SSH)
    listed = {r["rule.name"]: r for r in ndjson(vedette("rules", "list", "-o", "json", folder).stdout)}
    assert listed["SSH login failed"]["vedette.quiet"] and not listed["SSH password guessing"]["vedette.quiet"]
    said = vedette("rules", "explain", "SSH password guessing", folder).stdout
    assert "the number of events is at least 3" in said and "ssh_failed: SSH login failed" in said
    vedette("rules", "explain", "nobody", folder, check=1)
