"""A real git repository with budgets, its bare remote, and pull requests as GitHub keeps them: refs/pull/N/head."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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
    def create(cls, place: Path, files: Mapping[str, str], *, branch: str = "main") -> BudgetRepository:
        """Return a repository whose first commit on main holds `files`."""
        made = cls(place / "clone", place / "origin.git", branch)
        made.folder.mkdir(parents=True)
        made.git("init", "--quiet", "--bare", f"--initial-branch={branch}", str(made.remote))
        made.git("init", "--quiet", f"--initial-branch={branch}")
        made.git("remote", "add", "origin", str(made.remote))
        made.write(files)
        made.commit("Begin")
        made.git("push", "--quiet", "origin", branch)
        return made

    @classmethod
    def small(cls, place: Path) -> BudgetRepository:
        return cls.create(place, {"budgets/org.yaml": ORGANIZATION, "budgets/teams/support.yaml": SUPPORT})

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

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

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
        heads = (f"HEAD:refs/pull/{number}/head", f"HEAD:refs/merge-requests/{number}/head")
        self.git("push", "--quiet", "--force", "origin", *heads)
        return self.head

    def patches(self, base: str, head: str) -> dict[str, str]:
        """Return what a pull request from `base` to `head` shows of each file, as GitHub's API has it."""
        names = self.git("diff", "--name-only", f"{base}...{head}").splitlines()
        whole = {name: self.git("diff", "--no-color", f"{base}...{head}", "--", name) for name in names}
        return {name: text[text.index("@@") :] for name, text in whole.items() if "@@" in text}

    def merge(self, branch: str, *, squash: bool = False, rebase: bool = False) -> str:
        """Merge a branch into main as GitHub does, push main, and return what the API calls the merge commit."""
        self.git("switch", "--quiet", self.main)
        if rebase:
            self.git("cherry-pick", f"{self.main}..{branch}")
        elif squash:
            self.git("merge", "--quiet", "--squash", branch)
            self.commit(f"Merge {branch}")
        else:
            self.git("merge", "--quiet", "--no-ff", "--no-edit", branch)
        self.git("push", "--quiet", "origin", self.main)
        return self.head
