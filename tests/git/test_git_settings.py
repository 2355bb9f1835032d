"""What people set for git changes no answer: signatures that are shown, other encodings, paths that are relative."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from reconciler.app.change_request.left_behind import landed_at
from reconciler.git.runner import ask

SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n =abcd\n -----END PGP SIGNATURE-----"
WHO = "Ada <ada@example.com> 1781773200 +0000"


def git(folder: Path, *arguments: str, given: str | None = None) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, input=given, check=True, capture_output=True, encoding="utf-8"
    )
    return done.stdout.strip()


@pytest.fixture
def signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of somebody who looks at signatures, in another encoding, with one commit that is signed."""
    program = tmp_path / "gpg"
    program.write_text("#!/bin/sh\necho 'gpg: Signature made today' >&2\necho '[GNUPG:] GOODSIG ABC Ada'\n", "utf-8")
    program.chmod(0o755)
    theirs = tmp_path / "gitconfig"
    theirs.write_text(
        Path(os.environ["GIT_CONFIG_GLOBAL"]).read_text("utf-8") + f"[gpg]\n\tprogram = {program}\n", "utf-8"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(theirs))
    top = tmp_path / "repository"
    (top / "budgets" / "teams").mkdir(parents=True)
    git(top, "init", "--quiet")
    tree = git(top, "mktree", given="")
    text = f"tree {tree}\nauthor {WHO}\ncommitter {WHO}\n{SIGNATURE}\n\nGrüße: mehr für Łódź\n"
    git(top, "update-ref", "HEAD", git(top, "hash-object", "-t", "commit", "-w", "--stdin", given=text))
    assert "gpg: " in git(top, "log", "--format=%H")
    return top


def test_signatures_are_not_shown_among_commits(signed: Path) -> None:
    commit = git(signed, "rev-parse", "HEAD")
    assert ask("log", "--format=%H %P", folder=signed) == f"{commit} \n".encode()
    assert [at.isoformat() for at in landed_at(signed, [commit]).values()] == ["2026-06-18T09:00:00+00:00"]


def test_words_are_those_that_were_written(signed: Path) -> None:
    assert ask("log", "-1", "--format=%s", folder=signed).decode() == "Grüße: mehr für Łódź\n"


def test_what_is_changed_is_named_from_the_top(signed: Path) -> None:
    (signed / "budgets" / "teams" / "support.yaml").write_text("team: support\n", encoding="utf-8")
    git(signed, "add", ".")
    assert ask("diff", "--cached", "--name-only", folder=signed / "budgets") == b"budgets/teams/support.yaml\n"
