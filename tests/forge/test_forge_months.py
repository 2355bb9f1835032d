"""A month is funded from what was applied or adopted, team by team, and never from what is merged alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forge.budget_repository import ORGANIZATION
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, SUPPORT_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.sandbox.faults import Drop, Faults

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
def faults() -> Faults | None:
    return None


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str], faults: Faults | None) -> Iterator[MergeDesk]:
    """A desk of two teams that somebody funded by hand; nothing was applied or adopted yet."""
    world: dict[str, Any] = {"files": BEGUN, "journal": "git:origin", "is_applied": False, "faults": faults}
    with merge_desk(tmp_path, host.state, host.url, capsys, **world) as desk:
        for team in ("team_support", "team_shadow"):
            desk.desk.by_hand(100.0, team=team)
        desk.desk.variables |= {"CI": ""}
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


def hand(desk: MergeDesk, day: str = DAY) -> None:
    """Apply by hand what lies in the clone, committed or not."""
    assert desk.desk.kt("plan", "--as-of", day, "--usage", desk.usage, "--output", "../hand.json") == ExitCode.DONE
    assert desk.desk.kt("apply", "--as-of", day, "--plan", "../hand.json") == ExitCode.DONE, desk.desk.output


def applied_uncommitted(desk: MergeDesk, edit: Callable[[], None]) -> None:
    """Adopt everything, and apply by hand what an edit makes of it; then that edit is gone, and support is raised."""
    assert desk.desk.kt("adopt", "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    edit()
    hand(desk)
    desk.repository.git("checkout", "--quiet", ".")
    desk.pushed(edited(desk, "100.00", "5000.00"))


SHADOW_MORE = ("100.00", "150.00", SHADOW_FILE)


def test_a_team_that_was_applied_without_being_committed_is_left_and_the_others_are_funded(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    assert fund(desk, "--dry-run") == ExitCode.PENDING
    assert fund(desk) == ExitCode.PARTIAL, desk.desk.errors
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 50.0)
    assert "shadow is not funded for 2026-07: it was applied with changes to its file" in desk.desk.errors


def test_committing_what_was_applied_has_its_month_funded(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    assert fund(desk) == ExitCode.PARTIAL
    desk.pushed(edited(desk, *SHADOW_MORE))
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 50.0 + 150.0)
    assert fund(desk) == ExitCode.DONE
    assert "2026-07 was opened on" in desk.desk.output


def test_a_plan_that_is_applied_from_a_clean_clone_has_its_month_funded(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    assert fund(desk) == ExitCode.PARTIAL
    desk.pushed(edited(desk, "5000.00", "100.00"))
    hand(desk, "2026-07-01")
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 50.0 + 100.0)


def test_whoever_has_the_files_that_were_applied_opens_the_month_from_them(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    edited(desk, *SHADOW_MORE)()
    assert desk.desk.kt("apply", *JULY) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 50.0 + 150.0)


def test_what_is_applied_of_another_team_makes_nothing_known_of_one_that_was_not_committed(desk: MergeDesk) -> None:
    assert desk.desk.kt("adopt", "--as-of", DAY) == ExitCode.DONE, desk.desk.errors
    edited(desk, *SHADOW_MORE)()
    hand(desk)
    desk.repository.git("checkout", "--quiet", ".")
    desk.approved_and_merged(128, edited(desk, "100.00", "200.00"), by="lena")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert fund(desk) == ExitCode.PARTIAL, desk.desk.errors
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0 + 200.0, 50.0)


def test_org_yaml_that_was_applied_without_being_committed_stops_the_month_until_it_is(desk: MergeDesk) -> None:
    edit = edited(desk, "fiscal_year", "unused: keep\nfiscal_year", "budgets/org.yaml")
    applied_uncommitted(desk, edit)
    assert fund(desk) == ExitCode.REFUSED
    assert "org.yaml was applied with changes that were not committed" in desk.desk.errors
    desk.pushed(edit)
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 100.0)


def test_a_team_that_was_adopted_from_files_that_were_not_committed_is_adopted_again_from_a_commit(
    desk: MergeDesk,
) -> None:
    edit = edited(desk, "@acme/support-leads", "@acme/finance")
    edit()
    adopt(desk, "support")
    desk.repository.git("checkout", "--quiet", ".")
    assert fund(desk) == ExitCode.REFUSED
    assert "what was applied last was in no commit" in desk.desk.errors
    desk.pushed(edit)
    adopt(desk, "support")
    assert fund(desk) == ExitCode.DONE, desk.desk.errors + desk.desk.output
    assert (given(desk, "team_support"), given(desk, "team_shadow")) == (100.0, 0.0)


def lost(number: int) -> Faults:
    """Lose an allocation on its way, the first of a month where `number` were made before."""
    return Faults(faults=(Drop(when="before", method="POST", route="/v1/wallets/allocate", nth=number + 1),))


def resumed(desk: MergeDesk, *options: str) -> int:
    desk.desk.variables |= {"CI": "true"}
    code = desk.desk.kt("resume", "--as-of", "2026-07-01", "--settle", "0", *options)
    desk.desk.variables |= {"CI": ""}
    return code


@pytest.mark.parametrize("faults", [lost(3)])
def test_a_job_goes_on_with_a_month_that_was_funded_from_a_file_that_was_committed_later(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    desk.pushed(edited(desk, *SHADOW_MORE))
    assert fund(desk, "--settle", "0") == ExitCode.UNKNOWN, desk.desk.errors + desk.desk.output
    assert resumed(desk) == ExitCode.UNKNOWN, desk.desk.errors + desk.desk.output
    assert "is not finished" not in desk.desk.errors


@pytest.mark.parametrize("faults", [lost(2)])
def test_a_job_goes_on_with_a_month_of_teams_that_were_adopted_one_by_one(desk: MergeDesk) -> None:
    adopt(desk, "support", "shadow")
    desk.pushed(edited(desk, "100.00", "5000.00"))
    assert fund(desk, "--settle", "0") == ExitCode.UNKNOWN, desk.desk.errors + desk.desk.output
    assert resumed(desk) == ExitCode.UNKNOWN, desk.desk.errors + desk.desk.output
    assert "is not finished" not in desk.desk.errors


def test_drift_says_of_a_team_that_was_applied_without_being_committed_that_nobody_can_tell_until_it_is(
    desk: MergeDesk,
) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    desk.desk.by_hand(7.0, team="team_shadow")
    assert desk.desk.kt("drift", "--as-of", DAY) == ExitCode.DRIFT, desk.desk.output
    told = next(line for line in desk.desk.output.splitlines() if "shadow / prod" in line)
    assert "git says USD 100.00, the ledger USD 157.00; it was given USD 7.00 by hand" in told
    assert "what was applied is in no commit" in told
    assert "not applied yet" not in told
    desk.pushed(edited(desk, *SHADOW_MORE))
    assert desk.desk.kt("drift", "--as-of", DAY) == ExitCode.DRIFT, desk.desk.output
    assert "shadow / prod was given USD 7.00 by hand" in desk.desk.output
    assert "Git says USD 150.00, the ledger USD 157.00" in desk.desk.output


def test_drift_holds_what_was_applied_without_being_committed_against_the_files_where_they_are(desk: MergeDesk) -> None:
    applied_uncommitted(desk, edited(desk, *SHADOW_MORE))
    desk.repository.edit(SHADOW_FILE, "100.00", "150.00")
    assert desk.desk.kt("drift", "--as-of", DAY) == ExitCode.DONE, desk.desk.output
    assert "shadow" not in desk.desk.output


def test_an_alert_that_was_applied_without_being_committed_was_not_changed_by_hand(desk: MergeDesk) -> None:
    alert = "billing_budgets:\n  - {name: shadow-monthly, amount: %s, alert_percentages: [80]}\n"
    with_alert = edited(desk, "monthly: 100.00}\n", "monthly: 100.00}\n" + alert % "90.00", SHADOW_FILE)
    desk.pushed(with_alert)
    desk.desk.kt("plan", "--as-of", DAY, "--usage", desk.usage, "--output", "../hand.json")
    assert desk.desk.kt("apply", "--as-of", DAY, "--plan", "../hand.json") == ExitCode.DONE, desk.desk.output
    edited(desk, "amount: 90.00", "amount: 95.00", SHADOW_FILE)()
    hand(desk)
    desk.repository.git("checkout", "--quiet", ".")
    assert desk.desk.kt("drift", "--as-of", DAY) == ExitCode.DRIFT, desk.desk.output
    assert "is not as git says; what was applied is in no commit" in desk.desk.output
    assert "was changed in Keeptrusts" not in desk.desk.output
