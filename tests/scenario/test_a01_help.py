# SPDX-License-Identifier: Apache-2.0
"""The program says what it can, and its manual pages say the same."""
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["serve", "import", "search", "report", "verify", "evidence", "checkpoint", "status",
            "alerts"]


def test_version(vedette):
    done = vedette("--version")
    assert re.fullmatch(r"vedette \d+\.\d+\.\d+\n", done.stdout)
    assert vedette("version").stdout == done.stdout


def test_overview_names_every_command(vedette):
    text = vedette("--help").stdout
    assert vedette("help").stdout == text
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", text, re.M)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command(vedette, name):
    text = vedette(name, "--help").stdout
    assert vedette("help", name).stdout == text
    assert text.startswith(f"usage: vedette {name} ")
    assert "Exit status:" in text
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", ["vedette", "vedette.yaml", *(f"vedette-{c}" for c in COMMANDS)])
def test_manual_page_is_what_the_program_prints(vedette, name):
    page = TOP / "doc" / "man" / f"{name}.{5 if name.endswith('.yaml') else 1}"
    assert page.read_text() == vedette("help", "--man", name).stdout, \
        f"print it again: vedette help --man {name} >doc/man/{page.name}"


def test_completion_is_what_the_program_prints(vedette):
    file = TOP / "data" / "vedette.bash-completion"
    assert file.read_text() == vedette("help", "--completion", "bash").stdout


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not there")
def test_completion_completes():
    script = (f"source {TOP}/data/vedette.bash-completion\n"
              "COMP_WORDS=(vedette se); COMP_CWORD=1; _vedette; echo ${COMPREPLY[@]}\n"
              "COMP_WORDS=(vedette search --li); COMP_CWORD=2; _vedette; echo ${COMPREPLY[@]}\n")
    out = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert out.stdout == "serve search\n--limit\n", out.stderr


def test_default_configuration_is_good(vedette, tmp_path):
    text = vedette("serve", "--print-config").stdout
    (tmp_path / "v.yaml").write_text(text)
    assert vedette("serve", "-c", "v.yaml", "--check-config").stdout == "v.yaml is good\n"
    assert vedette("serve", "-c", "v.yaml", "--print-config").stdout == text


def test_example_configuration_is_good(vedette):
    vedette("serve", "-c", TOP / "data" / "vedette.yaml", "--check-config")
