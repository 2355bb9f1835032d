"""The repository of a month as a forge keeps it: bare, and fresh checkouts of it that share its objects."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from forge.budget_repository import PERSON
from forge.month_clock import MovedClock
from forge.month_git import MonthGit, reference

MAIN = "refs/heads/main"


class ForgeRepository:
    """A bare repository. Commits are made at the simulated time, as a forge does it: without a work tree."""

    def __init__(self, place: Path, clock: MovedClock, *, seed: int, is_plain: bool) -> None:
        self.remote = place / "origin.git"
        self.clock = clock
        self.answers = MonthGit(self.remote, seed=seed, is_plain=is_plain)

    @classmethod
    def create(
        cls, place: Path, clock: MovedClock, files: Mapping[str, str], *, seed: int, is_plain: bool
    ) -> ForgeRepository:
        """Return a repository whose first commit on main holds `files`."""
        made = cls(place, clock, seed=seed, is_plain=is_plain)
        made.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(made.remote))
        made.commit(MAIN, files, "Begin")
        return made

    def git(self, *arguments: str, given: str = "") -> str:
        """Return what git prints."""
        done = self._run(*arguments, given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    def _run(self, *arguments: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
        now = self.clock.instant.isoformat()
        person = {**PERSON, "GIT_COMMITTER_DATE": now, "GIT_AUTHOR_DATE": now}
        command = ["git", f"--git-dir={self.remote}", *arguments]
        variables = {**os.environ, **person, "GIT_CONFIG_GLOBAL": os.devnull}
        return self.answers.run(command, input=given.encode(), env=variables, capture_output=True, check=False)

    @property
    def main(self) -> str:
        return reference(self.remote, MAIN)

    def text(self, path: str, commit: str = "") -> str:
        """Return a file as a commit has it, by default the last one of main."""
        return self.git("cat-file", "blob", f"{commit or self.main}:{path}") + "\n"

    def commit(self, name: str, files: Mapping[str, str], subject: str, *, after: str = "") -> str:
        """Let a reference point to a new commit after another one, with these files in it, and return that."""
        who = f"alice <alice@acme.test> {round(self.clock.instant.timestamp())} +0000"
        lines = [f"commit {name}\n", f"author {who}\n", f"committer {who}\n", f"data {len(subject)}\n{subject}\n"]
        lines += [f"from {after}\n"] if after else []
        lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files.items()]
        self.git("fast-import", "--quiet", "--force", "--date-format=raw", given="".join(lines))
        return reference(self.remote, name)

    def point(self, name: str, commit: str) -> str:
        self.git("update-ref", name, commit)
        return commit

    def merged(self, ours: str, theirs: str) -> str | None:
        """Return the tree of a merge, None where it conflicts."""
        done = self._run("merge-tree", "--write-tree", ours, theirs)
        return done.stdout.decode().strip() if done.returncode == 0 else None

    def joined(self, tree: str, subject: str, *parents: str) -> str:
        """Return a new commit of a tree, which no reference points to."""
        return self.git("commit-tree", tree, *(word for each in parents for word in ("-p", each)), given=subject)

    def tested(self, number: int, head: str) -> str:
        """Merge a pull request into main to test it, and return that commit."""
        tree = self.merged(self.main, head)
        assert tree is not None, f"pull request {number} conflicts"
        commit = self.joined(tree, f"Merge {head} into {self.main}\n", self.main, head)
        return self.point(f"refs/pull/{number}/merge", commit)

    def lands(self, head: str, subject: str, *, way: str) -> str:
        """Merge a head into main, its only commit by itself but for `merge`, and return what main becomes."""
        tree = self.merged(self.main, head)
        assert tree is not None, "a pull request that conflicts is not merged"
        parents = (self.main, head) if way == "merge" else (self.main,)
        return self.point(MAIN, self.joined(tree, subject, *parents))

    def patches(self, base: str, head: str) -> dict[str, str]:
        """Return what a pull request from `base` to `head` shows of each file, as GitHub's API has it."""
        whole = self.git("diff", "--no-color", "--no-prefix", f"{base}...{head}")
        parts = (part.partition("\n") for part in f"\n{whole}".split("\ndiff --git ")[1:])
        return {name.split(" ")[0]: text[text.index("@@") :] for name, _, text in parts if "@@" in text}


class Checkout:
    """A checkout that each run finds as a fresh one: of main on its branch, or of a commit apart from any."""

    def __init__(self, repository: ForgeRepository, folder: Path) -> None:
        self.repository, self.folder, self._clones = repository, folder, 0

    def ready(self, commit: str, *, on_branch: bool) -> Path:
        """Return the folder, with what earlier runs left in it taken away."""
        if self.repository.answers.is_plain:
            return self._cloned(commit, on_branch=on_branch)
        if not self.folder.exists():
            self._begin()
        for left in [*self.folder.iterdir(), self.folder / ".git" / "refs" / "kt-budgets-known" / "seen"]:
            if left.name not in (".git", "budgets") and left.exists():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        main = self.repository.main
        if on_branch and reference(self.folder / ".git", MAIN) != commit:
            self._git("reset", "--quiet", "--hard", commit)
        elif not on_branch and reference(self.folder / ".git", "HEAD") != commit:
            self._git("checkout", "--quiet", "--detach", commit)
        for name in (MAIN, "refs/remotes/origin/main"):
            if reference(self.folder / ".git", name) != main:
                self._git("update-ref", name, main)
        return self.folder

    def _cloned(self, commit: str, *, on_branch: bool) -> Path:
        """Return a folder that no run was in before: a run keeps in mind what it saw in a folder."""
        shutil.rmtree(self.folder.parent, ignore_errors=True)
        self._clones += 1
        self.folder = self.folder.parents[1] / f"clone-{self._clones}-{on_branch}" / self.folder.name
        self.folder.mkdir(parents=True)
        self._git("clone", "--quiet", "--template=", str(self.repository.remote), ".")
        if not on_branch:
            self._git("fetch", "--quiet", "origin", commit)
            self._git("checkout", "--quiet", "--detach", commit)
        return self.folder

    def _begin(self) -> None:
        self.folder.mkdir(parents=True)
        self._git("init", "--quiet", "--template=", "--initial-branch=main")
        self._git("remote", "add", "origin", str(self.repository.remote))
        shutil.rmtree(self.folder / ".git" / "objects")
        (self.folder / ".git" / "objects").symlink_to(self.repository.remote / "objects")

    def _git(self, *arguments: str) -> None:
        self.repository.answers.started[arguments[0]] += 1
        variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *arguments], cwd=self.folder, env=variables, capture_output=True, check=True)
