"""Taking a team out of management: nothing of it is touched, and it is not taken for gone."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.journal_desk import AS_OF, Desk, git

ALERT = "billing_budgets:\n  - {name: spend, amount: 70, alert_percentages: [80]}\n"


def beta(monthly: str) -> str:
    return f"version: 1\nteam: beta\nwallets:\n  prod: {{team_id: t-beta, monthly: {monthly}}}\n{ALERT}"


def committed(desk: Desk, text: str | None) -> None:
    file = desk.clone / "budgets" / "teams" / "beta.yaml"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    git(desk.clone, "add", ".")
    git(desk.clone, "commit", "--quiet", "--message", "beta")


@pytest.fixture
def both(desk: Desk) -> Desk:
    """Return a desk with two teams, both applied."""
    committed(desk, beta("70"))
    assert desk.applied().code == 0
    desk.world.writes.clear()
    desk.world.reads.clear()
    return desk


def released(desk: Desk) -> None:
    desk.chdir(desk.clone)
    done = desk.kt("release", "beta", *AS_OF, "--reason", "moves to another company")
    assert done.code == 0, done.err


def plan(desk: Desk, *options: str) -> dict[str, Any]:
    made = desk.plan(*options)
    assert made.code == 0, made.err
    document: dict[str, Any] = json.loads((desk.clone / "plan.json").read_text())
    return document


def apply(desk: Desk, *options: str) -> Any:
    return desk.kt("apply", *AS_OF, "--settle", "0", *options)


def journal(desk: Desk) -> Path:
    return desk.clone / ".kt-budgets" / "journal"


def test_releasing_asks_and_writes_nothing_of_keeptrusts(both: Desk) -> None:
    released(both)
    assert (both.world.writes, both.world.reads) == ([], [])


def test_what_the_file_of_a_released_team_says_is_not_planned_and_that_is_told_with_its_place(both: Desk) -> None:
    released(both)
    committed(both, beta("90"))
    made = plan(both)
    assert made["changes"] == []
    (finding,) = [found for found in made["findings"] if found["code"] == "released-team"]
    assert (finding["path"], finding["line"], finding["column"]) == ("budgets/teams/beta.yaml", 2, 7)
    assert "kt-budgets adopt beta" in finding["hint"]


def test_the_file_of_a_released_team_may_go_and_nothing_of_it_is_deleted_or_missed(both: Desk) -> None:
    released(both)
    committed(both, None)
    made = plan(both)
    assert made["changes"] == []
    assert not [found for found in made["findings"] if found["code"] == "team-file-vanished"]
    assert both.applied().code == 0
    assert both.world.writes == []
    scoped = plan(both, "--since", "HEAD~1")
    assert not [found for found in scoped["findings"] if found["code"] == "team-file-vanished"]


@pytest.mark.parametrize("gone", [False, True], ids=["file-stays", "file-gone"])
def test_drift_needs_nobody_for_a_released_team(both: Desk, gone: bool) -> None:
    released(both)
    if gone:
        committed(both, None)
    both.world.enter("t-beta", "allocate", Decimal(40))
    found = both.kt("drift", *AS_OF, "--format", "json")
    assert found.code == 0, found.out
    items = json.loads(found.out)["items"]
    assert {item["class"] for item in items if "beta" in json.dumps(item)} <= {"acknowledged"}
    assert any("beta was released from management" in item["sentence"] for item in items)


def test_a_month_is_opened_without_a_released_team(both: Desk) -> None:
    released(both)
    july = ("--as-of", "2026-07-01")
    assert both.kt("apply", *july, "--period", "2026-07", "--settle", "0").code == 0
    moved = [body["team_id"] for _, path, body in both.world.writes if path.startswith("/v1/wallets/")]
    assert moved == ["t-alpha"]


def test_a_plan_that_was_reviewed_before_is_refused_for_the_released_team_alone(both: Desk) -> None:
    committed(both, beta("90"))
    both.write("600")
    assert len(plan(both)["changes"]) == 2
    released(both)
    refused = apply(both, "--plan", "plan.json")
    assert refused.code == 5
    moved = [body["team_id"] for _, path, body in both.world.writes if path.startswith("/v1/wallets/")]
    assert moved == ["t-alpha"]


def test_no_figure_has_a_released_team_and_each_command_that_looks_ahead_says_so(both: Desk) -> None:
    before = json.loads(both.kt("year", *AS_OF, "--format", "json").out)
    released(both)
    for command, listed in (("forecast", "wallets"), ("recommend", "targets"), ("year", "teams")):
        done = both.kt(command, *AS_OF, "--format", "json")
        assert done.code == 0, done.err
        found = json.loads(done.out)
        assert {each["team"] for each in found[listed]} <= {"alpha"}, command
        assert "released-team" in [notice["code"] for notice in found["notices"]], command
    year = json.loads(both.kt("year", *AS_OF, "--format", "json").out)["total"]
    assert Decimal(before["total"]["wallets"]) - Decimal(year["wallets"]) == 12 * 70


def test_later_months_of_a_released_team_are_in_no_plan(both: Desk) -> None:
    released(both)
    committed(both, beta("90"))
    made = plan(both, "--since", "HEAD~1")
    assert made["later"]["targets"] == []
    assert Decimal(made["year_money"]["applied"]) == Decimal(made["year_money"]["not_applied"])


def test_adopting_takes_a_released_team_back_as_it_is(both: Desk) -> None:
    released(both)
    both.world.enter("t-beta", "allocate", Decimal(20))
    refused = both.kt("adopt", "beta", *AS_OF)
    assert refused.code == 4
    committed(both, beta("70, overrides: {2026-06: 90.00}"))
    assert both.kt("adopt", "beta", *AS_OF).code == 0
    assert both.world.writes == []
    committed(both, beta("70, overrides: {2026-06: 95.00}"))
    assert [change["amount"] for change in plan(both)["changes"]] == ["5.00"]


def test_adopting_the_organization_leaves_a_released_team_out(both: Desk) -> None:
    released(both)
    done = both.kt("adopt", *AS_OF, "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["teams"] == ["alpha"]
    committed(both, beta("90"))
    assert plan(both)["changes"] == []


def test_a_wallet_of_a_released_team_is_met_for_the_first_time_by_the_team_that_takes_it(both: Desk) -> None:
    released(both)
    committed(both, None)
    both.world.enter("t-beta", "allocate", Decimal(20))
    (both.clone / "budgets" / "teams" / "gamma.yaml").write_text(beta("70").replace("team: beta", "team: gamma"))
    assert not [change for change in plan(both)["changes"] if change.get("wallet")]


def test_releasing_twice_or_a_team_that_nobody_knows_is_refused_with_the_way_on(both: Desk) -> None:
    released(both)
    again = both.kt("release", "beta", *AS_OF)
    assert again.code == 2
    assert "kt-budgets adopt beta" in again.err
    unknown = both.kt("release", "alhpa", *AS_OF)
    assert unknown.code == 2
    assert "did you mean `alpha`?" in unknown.err


def test_a_team_whose_file_is_gone_already_can_be_released(both: Desk) -> None:
    committed(both, None)
    assert [found["code"] for found in plan(both)["findings"]].count("team-file-vanished") == 1
    released(both)
    assert not [found for found in plan(both)["findings"] if found["code"] == "team-file-vanished"]


def test_before_anything_was_applied_no_team_is_under_management(desk: Desk) -> None:
    desk.chdir(desk.clone)
    refused = desk.kt("release", "alpha", *AS_OF)
    assert refused.code == 2
    assert "remove its file, which changes nothing in Keeptrusts" in refused.err
    assert not journal(desk).exists()


def test_a_release_that_died_while_it_was_recorded_is_finished_by_resume(both: Desk) -> None:
    released(both)
    lines = journal(both).read_bytes().splitlines(keepends=True)
    journal(both).write_bytes(b"".join(lines[:-1]) + lines[-1][:-30])
    head = f"{len(lines) - 1:012d} {json.loads(lines[-2])['digest']}\n"
    journal(both).with_name("journal.head").write_text(head)
    assert "kt-budgets resume" in both.kt("release", "beta", *AS_OF).err
    both.world.permissions = frozenset({"org:read"})
    assert both.kt("resume", *AS_OF, "--settle", "0").code == 0
    committed(both, beta("90"))
    assert plan(both)["changes"] == []
    assert both.world.writes == []


def test_the_trail_says_who_was_released_and_why(both: Desk) -> None:
    released(both)
    told = both.kt("audit", *AS_OF, "--verify")
    assert told.code == 0, told.err
    assert "took beta out of management (moves to another company): t-beta, team/t-beta/spend" in told.out


ALONE = "version: 1\nteam: beta\nwallets:\n  prod: {team_id: t-beta, monthly: 70}\n"


def told(desk: Desk) -> Any:
    found = desk.kt("drift", *AS_OF, "--format", "json")
    return found.code, [item["sentence"] for item in json.loads(found.out)["items"] if item["wallet"] == "t-beta"]


@pytest.mark.parametrize("text", [beta("70"), ALONE], ids=["with-alerts", "wallet-alone"])
@pytest.mark.parametrize("applied_since", [False, True], ids=["not-applied-since", "applied-since"])
def test_a_team_whose_file_is_gone_is_drift_until_it_is_released(desk: Desk, text: str, applied_since: bool) -> None:
    committed(desk, text)
    assert desk.applied().code == 0
    desk.world.enter("t-beta", "settle", Decimal(5))
    committed(desk, None)
    if applied_since:
        assert desk.applied().code == 0
    code, (sentence,) = told(desk)
    assert code == 11
    assert "It was beta's, whose file is gone. Next: `kt-budgets release beta` leaves it as it is" in sentence
    assert "bring budgets/teams/beta.yaml back with `state: absent`" in sentence
    released(desk)
    code, (sentence,) = told(desk)
    assert code == 0
    assert sentence.endswith("beta was released from management.")


def test_a_team_whose_file_is_gone_and_that_was_only_adopted_is_released_too(desk: Desk) -> None:
    desk.world.enter("t-beta", "allocate", Decimal(70))
    committed(desk, ALONE)
    desk.chdir(desk.clone)
    assert desk.kt("adopt", "beta", *AS_OF).code == 0
    desk.world.enter("t-beta", "settle", Decimal(5))
    committed(desk, None)
    assert desk.applied().code == 0
    assert "`kt-budgets release beta`" in told(desk)[1][0]
    released(desk)
    assert told(desk)[0] == 0


def test_a_wallet_and_its_alert_that_another_team_has_taken_over_stay_with_it(both: Desk) -> None:
    file = both.clone / "budgets" / "teams" / "gamma.yaml"
    file.write_text(beta("70").replace("team: beta", "team: gamma"))
    committed(both, None)
    both.chdir(both.clone)
    done = both.kt("release", "beta", *AS_OF)
    assert done.out.startswith("Released: beta, with nothing. ")
    assert told(both) == (0, [])
    assert both.applied().code == 0
    ours = "team/t-beta/spend"
    file.write_text(beta("70").replace("team: beta", "team: gamma").replace("spend", "other"))
    git(both.clone, "commit", "--quiet", "--all", "--message", "another alert")
    changes = {(change["kind"], change.get("key")) for change in plan(both)["changes"]}
    assert ("delete_billing_budget", ours) in changes


def test_an_alert_of_its_own_goes_with_a_team_whose_wallet_another_one_has_taken_over(both: Desk) -> None:
    file = both.clone / "budgets" / "teams" / "gamma.yaml"
    file.write_text(beta("70").replace("team: beta", "team: gamma").partition("billing_budgets")[0])
    committed(both, None)
    both.chdir(both.clone)
    done = both.kt("release", "beta", *AS_OF)
    assert done.out.startswith("Released: beta, with team/t-beta/spend. ")


def test_what_brings_the_money_of_a_team_back_whose_file_is_gone(both: Desk) -> None:
    both.world.enter("t-beta", "settle", Decimal(5))
    committed(both, None)
    assert both.applied().code == 0
    committed(both, ALONE.replace("team: beta", "team: beta\nstate: absent"))
    made = plan(both)
    assert [change["kind"] for change in made["changes"] if change.get("wallet") == "t-beta"] == ["reclaim"]
