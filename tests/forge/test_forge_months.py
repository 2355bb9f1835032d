"""A month is funded from what was applied or adopted, team by team, and never from what is merged alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from forge.budget_repository import ORGANIZATION
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

JULY = ("--as-of", "2026-07-01", "--period", "2026-07")
SUPPORT = """\
version: 1
team: support
owners: ["@acme/support-leads"]
wallets:
  prod: {team_id: team_support, monthly: 100.00}
"""
SHADOW = SUPPORT.replace("support", "shadow")
BEGUN = {"budgets/org.yaml": ORGANIZATION, SUPPORT_FILE: SUPPORT, SHADOW_FILE: SHADOW}


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk of two teams that somebody funded by hand; nothing was applied or adopted yet."""
    made = merge_desk(tmp_path, host.state, host.url, capsys, files=BEGUN, journal="git:origin", is_applied=False)
    with made as desk:
        for team in ("team_support", "team_shadow"):
            desk.desk.by_hand(100.0, team=team)
        yield desk


def adopt(desk: MergeDesk, *teams: str) -> None:
    for team in teams:
        assert desk.desk.kt("adopt", team, "--as-of", DAY) == ExitCode.DONE, desk.desk.errors


def fund(desk: MergeDesk, *options: str) -> int:
    """Open July as the job does, which is started by the clock."""
    desk.repository.git("switch", "--quiet", desk.repository.main)
    told = {"CI": "true", **desk.desk.host.by_the_clock}
    desk.desk.variables |= told
    code = desk.desk.kt("apply", *JULY, "--once", *options)
    desk.desk.variables |= dict.fromkeys(told, "")
    return code


def given(desk: MergeDesk, team: str) -> float:
    return sum(amount for kind, amount in desk.ledger(team) if kind == "allocate") - 100.0


def edited(desk: MergeDesk, before: str, after: str, file: str = SUPPORT_FILE) -> Callable[[], None]:
    return lambda: desk.repository.edit(file, before, after)


def test_teams_that_were_adopted_one_by_one_are_funded_as_adopted(desk: MergeDesk) -> None:
    adopt(desk, "support", "shadow")
    desk.opened(128, edited(desk, "100.00", "5000.00"))
    desk.merged(128)
    desk.told()
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 100.0)
    assert "what the YAML says of support is not applied" in desk.desk.errors


def test_a_team_that_was_never_adopted_is_not_funded_and_that_is_said_with_what_leads_out(desk: MergeDesk) -> None:
    adopt(desk, "support")
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 0.0)
    assert "nothing of shadow was ever applied or adopted, so the month is not funded for it" in desk.desk.errors
    assert desk.desk.kt("plan", "--as-of", "2026-07-01", "--usage", desk.usage, "--output", "../hand.json") == 0
    assert desk.desk.kt("apply", "--as-of", "2026-07-01", "--plan", "../hand.json") == ExitCode.DONE
    assert given(desk, "team_shadow") == 100.0


def test_org_yaml_that_nobody_applied_decides_about_no_month_of_adopted_teams(desk: MergeDesk) -> None:
    adopt(desk, "support")
    desk.pushed(edited(desk, "currency: USD", "currency: USD\nunused: reclaim", "budgets/org.yaml"))
    adopt(desk, "shadow")
    desk.pushed(edited(desk, "100.00", "900.00"))
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert [kind for kind, _ in desk.ledger("team_support")] == ["allocate", "allocate"]
    assert given(desk, "team_support") == 100.0


def test_org_yaml_that_an_adopted_team_needs_holds_from_its_adoption_on(desk: MergeDesk) -> None:
    adopt(desk, "support")
    desk.pushed(edited(desk, "environments: [prod, dev]", "environments: [prod, dev, lab]", "budgets/org.yaml"))
    desk.pushed(edited(desk, "prod:", "lab:", SHADOW_FILE))
    adopt(desk, "shadow")
    desk.pushed(edited(desk, "100.00", "900.00"))
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 100.0)


def test_a_job_funds_nothing_where_nothing_was_applied_and_what_it_says_leads_out(desk: MergeDesk) -> None:
    assert fund(desk) == ExitCode.REFUSED
    assert "nothing was applied or adopted yet that 2026-07 could be funded from" in desk.desk.errors
    assert given(desk, "team_support") == 0.0
    assert desk.desk.kt("adopt", "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 100.0)


def test_a_person_may_open_the_first_month_of_all_by_hand(desk: MergeDesk) -> None:
    assert desk.desk.kt("apply", *JULY) == ExitCode.DONE, desk.desk.errors
    assert given(desk, "team_support") == 100.0


def test_a_team_whose_journal_names_a_commit_that_the_branch_never_held_is_not_funded(desk: MergeDesk) -> None:
    desk.repository.branch("aside")
    desk.repository.edit(SUPPORT_FILE, "prod:", "dev:")
    desk.repository.commit("Aside")
    desk.repository.git("push", "--quiet", "origin", "aside")
    adopt(desk, "support")
    assert fund(desk) == ExitCode.REFUSED
    assert "main never held that commit" in desk.desk.errors
    assert given(desk, "team_support") == 0.0


def test_drift_tells_that_the_month_of_a_team_that_was_adopted_alone_is_not_funded(desk: MergeDesk) -> None:
    adopt(desk, "support")
    desk.pushed(edited(desk, "100.00", "5000.00"))
    assert desk.desk.kt("drift", "--as-of", "2026-07-01") == ExitCode.DRIFT, desk.desk.output
    assert "support: 2026-07 is not funded: team_support lacks USD 100.00" in desk.desk.output
    assert "shadow: 2026-07" not in desk.desk.output
