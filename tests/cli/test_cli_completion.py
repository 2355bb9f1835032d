"""Completion in real shells, by names of the budget files; and `kt-budgets` alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.conftest import Run

from reconciler.app.completion import periods, teams, wallets
from reconciler.settings import today

BASH = """
source <(_KT_BUDGETS_COMPLETE=bash_source kt-budgets)
COMP_WORDS=(kt-budgets "$@"); COMP_CWORD=$#
_kt_budgets_completion kt-budgets
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
compdef() { :; }
_describe() { local -a found=("${(@P)3}"); print -l -- "${(@)found%%:*}" }
compadd() { print -l -- "${(@P)5}" }
eval "$(_KT_BUDGETS_COMPLETE=zsh_source kt-budgets)" 2>/dev/null
words=(kt-budgets "$@"); CURRENT=$(( $# + 1 ))
_kt_budgets_completion
"""
FISH = """
_KT_BUDGETS_COMPLETE=fish_source kt-budgets | source
complete --do-complete (string join -- ' ' kt-budgets $argv)
"""
ORG = "fiscal_year: {name: FY2027, starts: 2026-06}\nenvironments: [prod, dev]\n"
SUPPORT = "team: support\nwallets:\n  prod: {team_id: t1, monthly: 5}\n  dev: {team_id: t2, monthly: 5}\n"

Completed = Callable[..., list[str]]


@pytest.fixture
def budgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "budgets"
    (folder / "teams").mkdir(parents=True)
    (folder / "org.yaml").write_text(ORG)
    (folder / "teams" / "support.yaml").write_text(SUPPORT)
    (folder / "teams" / "search.yaml").write_text("wallets:\n  all: {team_id: t3}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KT_BUDGETS_FOLDER", raising=False)
    return folder


@pytest.fixture(params=["bash", "zsh", "fish"])
def completed(request: pytest.FixtureRequest, budgets: Path, tmp_path: Path) -> Completed:
    """Return a function that gives what a shell completes the last of some words to."""
    shell: str = request.param
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    program = tmp_path / "bin" / "kt-budgets"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n')
    program.chmod(0o755)
    variables = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    variables["PYTHONPATH"] = str(Path(__file__).parents[2])
    scripts = {
        "bash": ["bash", "--norc", "--noprofile", "-c", BASH, "bash"],
        "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
        "fish": ["fish", "--no-config", "-c", FISH],
    }

    def run(*words: str) -> list[str]:
        done = subprocess.run(
            [*scripts[shell], *words], cwd=tmp_path, env=variables, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return [line.partition("\t")[0] for line in done.stdout.splitlines() if line]

    return run


@pytest.mark.slow
def test_a_shell_completes_commands_teams_wallets_months_and_topics(completed: Completed) -> None:
    assert completed("fore") == ["forecast"]
    assert {*completed("forecast", "--wallet", "sup")} == {"support", "support/prod", "support/dev"}
    assert completed("forecast", "--period", "2026-1") == ["2026-10", "2026-11", "2026-12"]
    assert completed("release", "se") == ["search"]
    assert completed("help", "g") == ["glossary"]
    assert completed("nonsense", "--x", "y") == []


def test_broken_files_give_what_can_be_told_and_no_word(
    budgets: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (budgets / "org.yaml").write_bytes(b"\xff\xfe: [")
    (budgets / "teams" / "half.yaml").write_text("wallets: {prod: [\n")
    (budgets / "teams" / "list.yaml").write_text("- wallets\n")
    (budgets / "teams" / "large.yaml").write_text(f"wallets: {{a: {'x' * 2_000_000}}}\n")
    (budgets / "teams" / "folder.yaml").mkdir()
    (budgets / "teams" / "wrong.yaml").write_text("wallets: [prod]\n")
    assert teams(budgets) == ("folder", "half", "large", "list", "search", "support", "wrong")
    assert [name for name in wallets(budgets) if "/" in name] == ["search/all", "support/prod", "support/dev"]
    first, *others = periods(budgets)
    assert (first, len(others)) == (f"{today():%Y-%m}", 11)
    assert wallets(budgets / "nowhere") == ()
    assert capfd.readouterr() == ("", "")


def offered(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, instruction: str) -> str:
    """Return what the process prints that completes `words`."""
    from reconciler.cli.boundary import run_process
    from reconciler.cli.main import cli

    monkeypatch.setenv("_KT_BUDGETS_COMPLETE", instruction)
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    code = run_process(cli, [])
    out, err = capsys.readouterr()
    assert (code != 0) == bool(err) or instruction.endswith("_complete")
    return out + err


def test_a_folder_that_is_named_is_looked_at(
    budgets: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets.rename(budgets.with_name("ours"))
    words = "kt-budgets whatif --budgets ours --wallet support/p"
    assert offered(capsys, monkeypatch, words, "bash_complete") == "plain,support/prod=\n"
    words = "kt-budgets whatif --growth sup"
    assert offered(capsys, monkeypatch, words, "bash_complete") == "\n"
    monkeypatch.setenv("KT_BUDGETS_FOLDER", "ours")
    assert offered(capsys, monkeypatch, words, "bash_complete").startswith("plain,support=\n")
    assert offered(capsys, monkeypatch, "kt-budgets nonsense --x", "bash_complete") == ""


def test_a_shell_that_nobody_knows_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "bash_source, zsh_source or fish_source" in offered(capsys, monkeypatch, "", "tcsh_source")
    assert offered(capsys, monkeypatch, "", "tcsh_complete") == ""


def test_kt_budgets_alone_prints_its_help_and_is_done(kt: Run) -> None:
    done = kt()
    assert (done.code, done.err) == (0, "")
    assert done.out == kt("--help").out
