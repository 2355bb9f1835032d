"""A company that merges: pull requests whose plans are shown, approved and merged in every way that GitHub offers."""

from __future__ import annotations

import atexit
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT, BudgetRepository
from forge.github_standin import Pull, State
from forge.gitlab_state import GitLabState
from forge.sandbox_desk import DAY, SandboxDesk, sandbox_desk

from reconciler.findings import ExitCode
from reconciler.forge.check import GATE
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.store import Store

CONCLUSIONS = {"success": "success", "failed": "failure", "pending": "action_required"}

SHADOW = """\
version: 1
team: shadow
owners: ["@acme/shadow-leads"]
wallets:
  prod: {team_id: team_shadow, monthly: 300.00}
"""
SUPPORT_FILE, SHADOW_FILE = "budgets/teams/support.yaml", "budgets/teams/shadow.yaml"
MEMBERS = {
    ("acme/support-leads", "lena"),
    ("acme/shadow-leads", "sam"),
    ("acme/finance", "bob"),
    ("acme/platform", "pat"),
}

Edit = Callable[[], None]


class MergeDesk:
    """A desk at which pull requests are opened, shown, approved, merged and applied."""

    def __init__(self, desk: SandboxDesk) -> None:
        self.desk = desk
        self.repository = desk.repository
        self.github = desk.github
        self.runs = 0

    def target(self, before: str, after: str, file: str = SUPPORT_FILE) -> Edit:
        return lambda: self.repository.edit(file, f"monthly: {before}", f"monthly: {after}")

    def opened(self, number: int, *edits: Edit, author: str = "alice", shown: bool = True) -> Pull:
        """Open a pull request from main, one commit for each edit, and show its plan as its workflow does."""
        self.repository.switch(self.repository.main)
        base, branch = self.repository.head, f"change-{number}"
        self.repository.branch(branch)
        commits = []
        for edit in edits:
            edit()
            commits.append((self.repository.commit(f"Change {number}"), author))
        head = self.repository.push(number)
        patches = self.repository.patches(base, head)
        pull = Pull(number, author, commits, base, head_ref=branch, base_ref=self.repository.main, patches=patches)
        self.github.pulls[number] = pull
        if shown:
            self.shown(number)
        self.repository.switch(self.repository.main)
        return pull

    def shown(self, number: int, *, day: str = DAY, code: ExitCode = ExitCode.DONE) -> None:
        """Plan the merge of a pull request into main as it is now, which ends with `code`, and show that."""
        self.repository.git("switch", "--quiet", "--detach", self.repository.main)
        self.repository.git("merge", "--quiet", "--no-edit", "--no-ff", self.github.pulls[number].head_ref)
        told = self.desk.host.of_test_merge
        self.desk.variables |= told
        made = self.desk.kt("plan", "--as-of", day, "--usage", self.usage, "--output", "../pr.json")
        assert made == code, self.desk.errors
        shown = self.desk.kt("pr", "comment", "--plan", "../pr.json", "--pr", str(number))
        assert shown == ExitCode.DONE, self.desk.errors
        self.desk.variables |= dict.fromkeys(told, "")
        self.repository.switch(self.repository.main)

    def approved(self, number: int, *people: str) -> None:
        for person in people:
            self.github.review(number, person)

    def merged(self, number: int, how: str = "merge") -> str:
        """Merge a pull request as GitHub does, and return what its API calls the merge commit."""
        if how == "rebase" and self.desk.host.is_gitlab:
            pytest.skip("GitLab rebases the branch itself, as a new head, before it is merged")
        if how == "train" and not self.desk.host.is_gitlab:
            pytest.skip("GitHub tells which commit a rebase ended with")
        before = self.repository.at(self.repository.main)
        branch = self.github.pulls[number].head_ref
        commit = self.repository.merge(branch, squash=how == "squash", rebase=how in ("rebase", "train"))
        self.github.merge(number, commit, how=how)
        if how == "rebase":
            listed = self.repository.git("rev-list", f"{before}..{commit}").split()
            self.github.pulls[number].landed = listed
        return commit

    def approved_and_merged(
        self, number: int, *edits: Edit, by: str, how: str = "merge", author: str = "alice", shown: bool = True
    ) -> str:
        """Open a pull request, let `by` approve it, and merge it; return its merge commit."""
        self.opened(number, *edits, author=author, shown=shown)
        self.approved(number, by)
        return self.merged(number, how)

    def merged_by_hand(self, number: int, person: str, edit: Edit) -> str:
        """Let a person merge a pull request in a clone, edit something on the way, and push main."""
        self.repository.switch(self.repository.main)
        branch = self.github.pulls[number].head_ref
        self.repository.git("merge", "--quiet", "--no-ff", "--no-commit", branch)
        edit()
        commit = self.repository.commit(f"Merge branch '{branch}'")
        self.repository.pushes(self.repository.main)
        self.github.merge(number, commit)
        self.github.mergers[commit] = person
        return commit

    def pushed(self, edit: Edit, subject: str = "Straight in") -> str:
        """Push a commit to main."""
        self.repository.switch(self.repository.main)
        edit()
        commit = self.repository.commit(subject)
        self.repository.pushes(self.repository.main)
        return commit

    def apply(self, *options: str, day: str = DAY) -> int:
        """Run `pr apply` on the tip of main."""
        self.repository.switch(self.repository.main)
        return self.desk.kt("pr", "apply", "--as-of", day, "--format", "json", *options)

    def told(self, *options: str, day: str = DAY) -> int:
        """Run `pr apply` and put the outcome into the pull requests, as the workflow does; return apply's exit code."""
        place = self.repository.folder.parent
        self.runs += 1
        self.desk.variables |= self.desk.host.of_run(1000 + self.runs)
        code = self.apply("--plans", str(place / "plans"), *options, day=day)
        (place / "merges.json").write_text(self.desk.output, encoding="utf-8")
        printed = self.desk.output
        asked = ("--run", str(place / "merges.json"), "--plans", str(place / "plans"))
        assert self.desk.kt("pr", "receipt", *asked) == ExitCode.DONE, self.desk.errors
        self.desk.output = printed
        return code

    def comment(self, number: int = 128) -> str:
        (body,) = self.github.ours(number)
        return body

    @property
    def merges(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.desk.output)
        return document

    def landing(self, number: int | None) -> dict[str, Any]:
        (found,) = [item for item in self.merges["landings"] if item["pull_request"] == number]
        return dict(found)

    @property
    def statuses(self) -> list[tuple[int | None, str]]:
        return [(item["pull_request"], item["status"]) for item in self.merges["landings"]]

    @property
    def usage(self) -> str:
        return str(self.repository.folder.parent / "usage.csv")

    def ledger(self, team: str = "team_support") -> list[tuple[str, float]]:
        wallets = self.desk.keeptrusts("GET", "/v1/wallets?limit=200")["data"]
        found = [wallet["id"] for wallet in wallets if wallet.get("scope_id") == team]
        listed = [self.desk.keeptrusts("GET", f"/v1/wallets/{one}/transactions?limit=200")["data"] for one in found]
        return [(e["type"], e["amount"]) for entries in listed for e in entries if e["type"] in ("allocate", "reclaim")]

    def funded(self, team: str = "team_support") -> float:
        signs = {"allocate": 1, "reclaim": -1}
        return round(float(sum(signs[kind] * amount for kind, amount in self.ledger(team))), 2)


_APPLIED: dict[tuple[object, ...], tuple[BudgetRepository, Store]] = {}
"""The budgets and the Keeptrusts of desks that have applied once in this process, to begin others with."""


@contextmanager
def merge_desk(
    place: Path,
    github: State,
    github_url: str,
    capsys: pytest.CaptureFixture[str],
    *,
    files: Mapping[str, str] | None = None,
    journal: str | None = None,
    is_applied: bool = True,
    faults: Faults | None = None,
    branch: str = "main",
) -> Iterator[MergeDesk]:
    """Yield a desk of a company with two teams, whose budgets were applied once. The default journal is in a file.

    `faults` are those of what is sent after that.
    """
    begun = {"budgets/org.yaml": ORGANIZATION, SUPPORT_FILE: SUPPORT, SHADOW_FILE: SHADOW, **(files or {})}
    named = {"KT_BUDGETS_JOURNAL": journal} if journal else {}
    github.members |= MEMBERS
    github.pulls.clear()
    github.default_branch = branch
    if is_applied:
        kind = (type(github), journal, branch, *sorted(begun.items()))
        if kind not in _APPLIED:
            home = Path(mkdtemp(prefix="kt-applied-"))
            atexit.register(rmtree, home, ignore_errors=True)
            first = BudgetRepository.create(home, begun, branch=branch, lends=not journal)
            with sandbox_desk(first, github, github_url, capsys) as made:
                made.variables |= named
                made.apply()
                _APPLIED[kind] = first, made.sandbox.store.clone()
        first, store = _APPLIED[kind]
        repository, kept = first.again(place), store.clone()
    else:
        repository, kept = BudgetRepository.create(place, begun, branch=branch, lends=not journal), None
    with (
        kept or nullcontext(),
        sandbox_desk(repository, github, github_url, capsys, faults=faults, store=kept) as made,
    ):
        made.variables |= named
        desk = MergeDesk(made)
        if not is_applied:
            Path(desk.usage).write_text("id,timestamp,team_id,provider,model,cost\n", encoding="utf-8")
        yield desk


def check(desk: MergeDesk, head: str | None = None) -> dict[str, Any]:
    """Return the one check there is; on GitLab it is the last status of the bot, which has a title alone."""
    state = desk.github
    if isinstance(state, GitLabState):
        listed = [item for item in state.statuses if item["name"] == GATE and head in (None, item["sha"])]
        return {"conclusion": CONCLUSIONS[listed[-1]["status"]]}
    (found,) = [
        item
        for item in state.checks
        if item["name"] == GATE and head in (None, item["head_sha"]) and item["status"] == "completed"
    ]
    return found
