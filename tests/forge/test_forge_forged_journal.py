"""Whoever may push the journal's refs moves no money by it: what the branch does not bear out is refused and told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from forge.company import Company, install_command
from forge.github_standin import State
from forge.gitlab_company import GitLabCompany
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY
from thorough import drawn

from reconciler.clock import SystemClock
from reconciler.findings import ExitCode
from reconciler.journal.git_store import GitStore
from reconciler.journal.journal import Journal
from reconciler.journal.record import Entry, Step

pytestmark = pytest.mark.slow

JULY = "2026-07-01"


class House:
    """A small company whose journal is in git, and somebody who may push to its repository."""

    def __init__(self, desk: MergeDesk, company: Company) -> None:
        self.desk, self.company, self.repository = desk, company, desk.repository

    def run(self, workflow: str, job: str, *, by: str = "schedule", **inputs: str) -> Any:
        tip = self.repository.git("rev-parse", "main")
        return self.company.actions(workflow, job, commit=tip, event={}, by=by, inputs=inputs)

    def fund(self) -> Any:
        return self.run("fund.yml", "fund")

    def branched(self, before: str = "10500.00", after: str = "90000.00") -> str:
        """Push a branch of one's own that says what nobody approved, and return its commit."""
        self.repository.branch("of-mallory")
        self.repository.edit(SUPPORT_FILE, before, after)
        commit = self.repository.commit("More for us")
        self.repository.git("push", "--quiet", "origin", "of-mallory")
        self.repository.git("switch", "--quiet", "main")
        return commit

    @property
    def journal(self) -> Journal:
        store = GitStore("origin", folder=self.repository.folder)
        return Journal.open(store, organization="org_acme", clock=SystemClock())

    def forged(self, **facts: Any) -> None:
        """Push a record of a run that ended as the last one did, but for some facts, with a chain that is whole."""
        journal = self.journal
        (*_, last) = [record for record in journal.records if record.step is Step.FINISHED]
        journal.append(last.run, Entry(Step.FINISHED, facts={**last.facts, **facts}))

    def forged_run(self, **changes: Any) -> None:
        """Push a run that began as the last one did, but for what its moves of money are, and was interrupted."""
        journal = self.journal
        (*_, begun) = [record for record in journal.records if record.step is Step.STARTED]
        plan = dict(begun.facts["plan"])
        plan["changes"] = [{**plan["changes"][0], **changes}]
        journal.append("apply-of-mallory", Entry(Step.STARTED, facts={**begun.facts, "plan": plan}))

    def issue(self) -> str:
        found = self.run("drift.yml", "drift")
        assert found.code == 0, found.log
        open_ = [item["body"] for item in self.company.github.issues if item["state"] == "open"]
        return re.sub(r"&#\d+;|[\u200b\u2060]|\\", "", "\n".join(open_))

    @property
    def funded(self) -> float:
        return self.desk.funded()


@pytest.fixture
def house(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with standing(tmp_path, Host(github, github_url), capsys) as found:
        yield found


@pytest.fixture
def each(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    """The house on each forge in turn."""
    with standing(tmp_path, host, capsys) as found:
        yield found


@contextmanager
def standing(place: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[House]:
    with merge_desk(place, host.state, host.url, capsys, journal="git:origin") as desk:
        install_command(place, DAY)
        desk.desk.by_hand(500.0, "reclaim")
        kind = GitLabCompany if host.is_gitlab else Company
        yield House(desk, kind(place, desk.repository, host.state, host.url, desk.desk.sandbox))


def test_a_month_is_not_opened_from_a_commit_that_the_branch_never_held_and_a_dispatch_gets_out(each: House) -> None:
    house, words = each, each.desk.desk.host
    commit = house.branched()
    house.forged(commit=commit)

    refused = house.fund()
    assert refused.code == ExitCode.REFUSED, refused.log
    assert f"says that {commit[:12]} was applied, and main never held that commit" in refused.log[-1]
    assert house.funded == 10000.0
    assert house.run("apply.yml", "apply", by="workflow_dispatch").code == ExitCode.REFUSED
    assert house.funded == 10000.0, "git's values are not put back from it either"
    told = house.issue()
    assert f"{commit[:12]} was applied, and main never held that commit" in told
    assert ("KT_BUDGETS_TASK=resume" if words.is_gitlab else "resume.yml") in told
    assert words.given("repair_journal") in told

    mended = house.run(
        "resume.yml", "resume", by="workflow_dispatch", reason="mallory pushed it", repair_journal="true"
    )
    assert mended.code == 0, mended.log
    assert house.fund().code == 0
    assert house.funded == 10500.0
    assert "never held that commit" not in house.issue()


def test_a_team_that_is_said_to_be_applied_further_is_not_believed_either(house: House) -> None:
    house.forged(ahead={"support": house.branched()})
    assert house.fund().code == ExitCode.REFUSED
    assert house.funded == 10000.0


NO_COMMITS = ("--upload-pack=touch taken; false", "origin/of-mallory", "HEAD", "main")


@pytest.mark.parametrize("commit", NO_COMMITS[: drawn(4, sample=2)])
def test_what_is_no_commit_is_not_believed_and_never_an_option_of_git(house: House, commit: str) -> None:
    house.branched()
    house.forged(commit=commit)
    assert house.fund().code == ExitCode.REFUSED, house.company.logs[-1]
    assert house.run("drift.yml", "drift").code in (0, ExitCode.REFUSED), house.company.logs[-1]
    planned = house.desk.desk.kt("plan", "--as-of", DAY, "--usage", house.desk.usage, "--output", "../pr.json")
    assert planned in (0, ExitCode.REFUSED, ExitCode.REMOTE), house.desk.desk.errors
    assert list(house.company.place.rglob("taken")) == []
    assert house.funded == 10000.0


def test_what_was_applied_does_not_go_back_to_what_is_older(house: House) -> None:
    older = house.repository.git("rev-parse", "main")
    house.desk.approved_and_merged(128, house.desk.target("10500.00", "10200.00"), by="lena")
    assert house.run("apply.yml", "apply").code == 0, house.company.logs[-1]
    house.forged(commit=older)

    refused = house.fund()
    assert refused.code == ExitCode.REFUSED, refused.log
    assert f"{older[:12]} was applied after" in refused.log[-1]
    assert f"{older[:12]} was applied after" in house.issue()
    mended = house.run(
        "resume.yml", "resume", by="workflow_dispatch", reason="mallory pushed it", repair_journal="true"
    )
    assert mended.code == 0, mended.log
    assert house.fund().code == 0
    assert house.funded == 10200.0


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": "79500.00", "target": "90000.00", "funded_before": "10500.00", "funded_after": "90000.00"},
        {"amount": "79500.00", "funded_before": "10500.00", "funded_after": "10500.00"},
        {"wallet": "team_of_mallory"},
    ],
    ids=["another target", "more than the target", "another wallet"],
)
def test_an_interrupted_run_that_no_yaml_of_the_branch_asks_for_is_not_finished(
    house: House, changes: dict[str, str]
) -> None:
    house.forged_run(**{"op": f"2026-06-{'7' * 20}", **changes})
    for workflow, job in (("apply.yml", "apply"), ("resume.yml", "resume")):
        refused = house.run(workflow, job, by="workflow_dispatch", reason="look")
        assert refused.code == ExitCode.REFUSED, refused.log
        assert "say otherwise" in "".join(refused.log)
    assert house.funded == 10000.0
    assert "apply-of-mallory" in house.issue()
    mended = house.run(
        "resume.yml", "resume", by="workflow_dispatch", reason="mallory pushed it", repair_journal="true"
    )
    assert mended.code == 0, mended.log
    assert house.funded == 10000.0
    assert house.fund().code == 0
    assert house.funded == 10500.0


def test_what_was_merged_and_applied_and_pushed_off_the_branch_by_force_is_believed(each: House) -> None:
    house = each
    before = house.repository.git("rev-parse", "main")
    applied = house.desk.approved_and_merged(128, house.desk.target("10500.00", "10900.00"), by="lena", how="squash")
    assert house.run("apply.yml", "apply").code == 0, house.company.logs[-1]
    house.repository.git("reset", "--quiet", "--hard", before)
    house.repository.git("push", "--quiet", "--force", "origin", "main")
    house.desk.pushed(lambda: house.repository.write({"README.md": "# Ours\n"}))
    refused = house.fund()
    assert refused.code == ExitCode.REFUSED, "nobody says that the branch ever held it"

    house.company.github.force_pushes.append(("refs/heads/main", applied, before))
    assert house.fund().code == 0, house.company.logs[-1]
    assert house.funded == 10900.0


def test_what_was_applied_before_a_branch_became_main_is_believed(house: House) -> None:
    """The branch's own line turns: what main was comes second in the merge that was pushed."""
    house.repository.branch("long-lived")
    house.repository.write({"README.md": "# Ours\n"})
    house.repository.commit("Begin")
    applied = house.desk.approved_and_merged(128, house.desk.target("10500.00", "10900.00"), by="lena")
    assert house.run("apply.yml", "apply").code == 0, house.company.logs[-1]
    house.repository.git("switch", "--quiet", "long-lived")
    house.repository.git("merge", "--quiet", "--no-edit", "main")
    house.repository.edit("budgets/teams/support.yaml", "[80, 100]", "[100]")
    house.repository.commit("One alert less")
    house.repository.git("push", "--quiet", "origin", "long-lived:main")
    house.repository.git("switch", "--quiet", "main")
    house.repository.git("reset", "--quiet", "--hard", "long-lived")
    assert house.fund().code == 0, "the merge says what was applied"
    house.repository.git("reset", "--quiet", "--hard", "long-lived~2")
    house.repository.git("merge", "--quiet", "--no-edit", "--no-commit", applied)
    house.repository.edit("budgets/teams/support.yaml", "[80, 100]", "[100]")
    house.repository.commit("Merge, with one alert less")
    house.repository.git("push", "--quiet", "--force", "origin", "main")
    house.desk.desk.by_hand(100.0, "reclaim")
    assert house.run("fund.yml", "fund", by="workflow_dispatch").code == ExitCode.REFUSED

    house.company.github.pushes.append(("refs/heads/main", applied, house.repository.head))
    assert house.run("fund.yml", "fund", by="workflow_dispatch").code == 0, house.company.logs[-1]
    assert house.funded == 10900.0


def test_a_commit_that_says_what_the_branch_says_is_believed_whatever_it_is_called(house: House) -> None:
    """Somebody applied from a branch that was squashed into main afterwards."""
    house.repository.branch("first")
    house.repository.write({"README.md": "# Ours\n"})
    house.forged(commit=house.repository.commit("Begin"))
    house.repository.git("push", "--quiet", "origin", "first")
    house.repository.git("switch", "--quiet", "main")
    assert house.fund().code == 0, house.company.logs[-1]
    assert house.funded == 10500.0


def test_a_record_that_was_edited_is_refused_by_its_chain(house: House) -> None:
    git = house.repository.git
    git("fetch", "--quiet", "origin", "refs/kt-budgets/journal")
    lines = git("show", "FETCH_HEAD:000001.jsonl").replace(git("rev-parse", "main"), house.branched())
    (house.company.place / "journal").write_text(f"{lines}\n", encoding="utf-8")
    blob = git("hash-object", "-w", str(house.company.place / "journal"))
    (house.company.place / "tree").write_text(f"100644 blob {blob}\t000001.jsonl\n", encoding="utf-8")
    git("read-tree", "--empty")
    git("update-index", "--add", "--cacheinfo", f"100644,{blob},000001.jsonl")
    tree = git("write-tree")
    subject = git("log", "-1", "--format=%s", "FETCH_HEAD")
    commit = git("commit-tree", tree, "-p", "FETCH_HEAD", "-m", subject)
    git("push", "--quiet", "origin", f"{commit}:refs/kt-budgets/journal")
    git("reset", "--quiet", "--hard", "main")

    refused = house.fund()
    assert refused.code == ExitCode.REFUSED
    assert "was edited" in refused.log[-1]
    assert house.funded == 10000.0


def test_a_pull_request_is_applied_as_before_where_the_branch_bears_the_journal_out(house: House) -> None:
    house.desk.approved_and_merged(130, house.desk.target("300.00", "350.00", SHADOW_FILE), by="sam", how="rebase")
    assert house.run("apply.yml", "apply").code == 0, house.company.logs[-1]
    assert house.desk.funded("team_shadow") == 350.0


def test_what_was_applied_is_there_after_a_push_by_force_and_a_tidied_remote(house: House) -> None:
    before = house.repository.git("rev-parse", "main")
    applied = house.desk.approved_and_merged(128, house.desk.target("10500.00", "10900.00"), by="lena", how="squash")
    assert house.run("apply.yml", "apply").code == 0, house.company.logs[-1]
    house.repository.git("reset", "--quiet", "--hard", before)
    house.repository.git("push", "--quiet", "--force", "origin", "main")
    house.repository.git("push", "--quiet", "origin", "--delete", "refs/pull/128/head")
    remote = str(house.repository.remote)
    house.repository.git("-C", remote, "gc", "--quiet", "--prune=now")
    house.company.github.force_pushes.append(("refs/heads/main", applied, before))

    assert house.fund().code == 0, house.company.logs[-1]
    assert house.funded == 10900.0
    assert house.repository.git("ls-remote", "origin", "refs/kt-budgets/*").count("\n") == 1
    assert "refs/kt-budgets/applied" in house.repository.git("ls-remote", "origin", "refs/kt-budgets/*")
