"""The pull request that brings the first budgets shows everything that they say, and who is to approve it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION, SUPPORT
from forge.host import Host
from forge.merge_desk import SUPPORT_FILE, MergeDesk, check, merge_desk

from reconciler.findings import ExitCode

SAID = "unused: reclaim\nguards: {total_moved: 90000.00}\ndrift_issues: per_team\n"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, host.state, host.url, capsys, is_applied=False) as made:
        made.repository.git("switch", "--quiet", "--orphan", "empty")
        made.repository.commit("Start without budgets")
        made.repository.git("branch", "--quiet", "--force", "main", "empty")
        made.repository.git("push", "--quiet", "--force", "origin", "main")
        yield made


def _brought(desk: MergeDesk, *, shown: bool) -> None:
    text = SUPPORT.replace("monthly: 10500.00", "monthly: 10500.00, overrides: {2026-09: 12345.00}")
    files = {"budgets/org.yaml": ORGANIZATION + SAID, SUPPORT_FILE: text}
    desk.opened(128, lambda: desk.repository.write(files), shown=shown)


def _tells_everything(comment: str) -> None:
    said = comment.replace("&#8203;", "")
    assert "**support** is new in the YAML" in said
    for words in ("reclaim", "90,000", "per_team", "@acme/platform", "@acme/support-leads", "12,345"):
        assert words in said.replace("&#95;", "_"), words


def test_it_tells_limits_settings_owners_and_later_months_and_names_who_approves(desk: MergeDesk) -> None:
    _brought(desk, shown=True)
    _tells_everything(desk.comment())
    assert "**Approve:** `acme/finance`" in desk.comment()
    desk.approved(128, "bob")
    desk.merged(128)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0


def test_it_tells_the_same_where_it_was_merged_before_its_plan_was_shown(desk: MergeDesk) -> None:
    _brought(desk, shown=False)
    desk.merged(128)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    _tells_everything(desk.comment())
    assert "128 approved once more (@acme/finance" in desk.comment().replace("&#8203;", "")
    desk.approved(128, "bob")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0


def test_budgets_that_were_deleted_before_any_apply_come_back_with_the_approval_of_their_owners(
    desk: MergeDesk,
) -> None:
    _brought(desk, shown=False)
    desk.merged(128)
    desk.repository.git("rm", "--quiet", "-r", "budgets")
    desk.pushed(lambda: None, "Not yet")
    taken = ORGANIZATION.replace('owners: ["@acme/finance"]', 'owners: ["@mallory"]')
    files = {"budgets/org.yaml": taken + SAID, SUPPORT_FILE: SUPPORT.replace("@acme/support-leads", "@mallory")}
    desk.opened(129, lambda: desk.repository.write(files))
    desk.approved(129, "mallory")
    desk.desk.kt("pr", "approval", "--check", "--pr", "129", "--as-of", "2026-06-18")
    assert check(desk)["conclusion"] == "action_required"
    desk.merged(129)
    assert desk.told() == ExitCode.REFUSED, desk.desk.output
    assert "cannot be read" not in desk.desk.output
    assert "@acme/finance" in desk.desk.output
    assert desk.funded() == 0.0
    desk.approved(129, "bob", "lena", "pat")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert desk.funded() == 10500.0
