"""A real git repository with budgets, its bare remote, and pull requests as GitHub keeps them: refs/pull/N/head."""

from __future__ import annotations

import atexit
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp

ORGANIZATION = """\
version: 1
organization: org_acme
currency: USD
fiscal_year: {name: FY2027, starts: 2026-06}
environments: [prod, dev]
owners: ["@acme/finance"]
approvals: {finance_above: 1000.00, finance: ["@acme/finance"], platform: ["@acme/platform"]}
"""
SUPPORT = """\
version: 1
team: support
owners: ["@acme/support-leads"]
wallets:
  prod: {team_id: team_support, monthly: 10500.00}  # what the pilot costs
billing_budgets:
  - {name: support-monthly, amount: 12500.00, alert_percentages: [80, 100]}
"""
PERSON = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (("NAME", "alice"), ("EMAIL", "alice@acme.test"), ("DATE", "2026-06-18T09:00:00Z"))
}


@dataclass
class BudgetRepository:
    """A clone at `folder` of the bare repository at `remote`, whose default branch is `main`, whatever it is called."""

    folder: Path
    remote: Path
    main: str = "main"

    @classmethod
    def create(
        cls, place: Path, files: Mapping[str, str], *, branch: str = "main", lends: bool = False
    ) -> BudgetRepository:
        """Return a repository whose first commit on main holds `files`.

        One that `lends` the remote its objects carries none there: what it pushes is where references point to.
        """
        kind = (branch, lends, *sorted(files.items()))
        if kind not in _BEGUN:
            home = Path(mkdtemp(prefix="kt-begun-"))
            atexit.register(rmtree, home, ignore_errors=True)
            _BEGUN[kind] = cls(home / "clone", home / "origin.git", branch)
            _BEGUN[kind]._begin(files, lends=lends)
        return _BEGUN[kind].again(place)

    def _begin(self, files: Mapping[str, str], *, lends: bool) -> None:
        self.folder.mkdir()
        self.git("init", "--quiet", "--bare", f"--initial-branch={self.main}", str(self.remote))
        self.git("init", "--quiet", f"--initial-branch={self.main}")
        self.git("remote", "add", "origin", str(self.remote))
        if lends:
            self._lent.write_text("../../clone/.git/objects\n", encoding="ascii")
        self.write(files)
        self.commit("Begin")
        self.pushes(self.main)

    def again(self, place: Path) -> BudgetRepository:
        """Return a copy in another place, with all that is beside it."""
        copytree(self.folder.parent, place, symlinks=True, dirs_exist_ok=True)
        made = BudgetRepository(place / "clone", place / "origin.git", self.main)
        config = made._git / "config"
        config.write_text(config.read_text("utf-8").replace(str(self.remote), str(made.remote)), "utf-8")
        made.git("update-index", "--refresh")
        return made

    @property
    def _lent(self) -> Path:
        return self.remote / "objects" / "info" / "alternates"

    @classmethod
    def small(cls, place: Path) -> BudgetRepository:
        files = {"budgets/org.yaml": ORGANIZATION, "budgets/teams/support.yaml": SUPPORT}
        return cls.create(place, files, lends=True)

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-c", "commit.gpgsign=false", *arguments],
            cwd=self.folder,
            env={**os.environ, **PERSON, "GIT_CONFIG_GLOBAL": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def budgets(self) -> Path:
        return self.folder / "budgets"

    def lends_no_more(self) -> None:
        """Give the remote what its references need, and nothing else."""
        self.git("-C", str(self.remote), "repack", "-a", "-d", "--quiet")
        self._lent.unlink()

    @property
    def head(self) -> str:
        return self.at("HEAD")

    def at(self, name: str) -> str:
        """Return the commit that HEAD or a branch points to, as its file says; without one, git is asked."""
        said = _read(self._git / name) if name == "HEAD" else f"ref: refs/heads/{name}"
        commit = _read(self._git / said.removeprefix("ref: ")) if said.startswith("ref: ") else said
        return commit or self.git("rev-parse", name)

    @property
    def _git(self) -> Path:
        return self.folder / ".git"

    def switch(self, branch: str) -> None:
        """Check out a branch; nothing is to be done for the one that is."""
        if _read(self._git / "HEAD") != f"ref: refs/heads/{branch}":
            self.git("switch", "--quiet", branch)

    def pushes(self, branch: str) -> None:
        """Push a branch."""
        if not self._lent.exists():
            self.git("push", "--quiet", "origin", branch)
            return
        commit = self.at(branch)
        for of, name in ((self.remote, f"refs/heads/{branch}"), (self._git, f"refs/remotes/origin/{branch}")):
            _point(of / name, commit)

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commit(self, subject: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", subject)
        return self.head

    def branch(self, name: str) -> None:
        self.git("switch", "--quiet", "--create", name, self.main)

    def push(self, number: int) -> str:
        """Push the present branch as the head of a pull request, and return it."""
        heads = (f"refs/pull/{number}/head", f"refs/merge-requests/{number}/head")
        if not self._lent.exists():
            self.git("push", "--quiet", "--force", "origin", *(f"HEAD:{name}" for name in heads))
            return self.head
        for name in heads:
            _point(self.remote / name, self.head)
        return self.head

    def patches(self, base: str, head: str) -> dict[str, str]:
        """Return what a pull request from `base` to `head` shows of each file, as GitHub's API has it."""
        files = self.git("diff", "--no-color", f"{base}...{head}").split("\ndiff --git ")
        shown = {_named(lines): lines.strip() for lines in files if "\n@@" in lines}
        return {name: text[text.index("@@") :] for name, text in shown.items()}

    def merge(self, branch: str, *, squash: bool = False, rebase: bool = False) -> str:
        """Merge a branch into main as GitHub does, push main, and return what the API calls the merge commit."""
        self.switch(self.main)
        if rebase:
            self.git("cherry-pick", f"{self.main}..{branch}")
        elif squash:
            self.git("merge", "--quiet", "--squash", branch)
            self.commit(f"Merge {branch}")
        else:
            self.git("merge", "--quiet", "--no-ff", "--no-edit", branch)
        self.pushes(self.main)
        return self.head


_BEGUN: dict[tuple[object, ...], BudgetRepository] = {}
"""What was begun in this process, by its files: it is copied, which takes git nothing."""


def _read(file: Path) -> str:
    """Return what stands in a file of git's, an empty text where it is not there."""
    try:
        return file.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _point(name: Path, commit: str) -> None:
    """Let a reference point to a commit."""
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_text(f"{commit}\n", encoding="ascii")


def _named(lines: str) -> str:
    """Return the file that a part of a diff is about, by its name afterwards, or before where it is gone."""
    head = lines.partition("\n@@")[0].splitlines()
    before, after = (line[4:] for line in head if line.startswith(("--- ", "+++ ")))
    return (before if after == "/dev/null" else after).partition("/")[2]
