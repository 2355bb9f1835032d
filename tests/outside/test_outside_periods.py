"""Opening a month from outside: every wallet is funded once, and what was left goes back or stays as YAML says."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_keeptrusts import VirtualClock
from memory_over_http import World, over_http

JULY = {"t-alpha": "1000.00", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "450.00"}


def june_is_over() -> World:
    made = World(teams={key: key for key in JULY}, clock=VirtualClock(datetime(2026, 7, 1, 0, 5, tzinfo=UTC)))
    for key, left in {"t-alpha": "80.25", "t-gamma": "450"}.items():
        made.enter(key, "allocate", Decimal("1200"), at="2026-06-01T00:00:00Z")
        made.enter(key, "settle", Decimal("1200") - Decimal(left), at="2026-06-30T10:00:00Z")
    return made


def open_july(kt: Callable[..., Any], url: str) -> dict[str, Any]:
    day = ("--as-of", "2026-07-01")
    planned = kt(url, "plan", "--first-apply", *day, "--usage", "usage.csv", "--detailed-exit-code")
    assert planned.returncode in (0, 10), planned.stderr
    done = kt(url, "apply", "--first-apply", *day, "--plan", "plan.json", "--format", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    run: dict[str, Any] = json.loads(done.stdout)
    return run


@pytest.mark.parametrize(("unused", "left"), [("keep", {"t-alpha": "80.25", "t-gamma": "450"}), ("reclaim", {})])
def test_a_month_opens_once_with_what_was_left_kept_or_taken_back(
    kt: Callable[..., Any], folder: Path, unused: str, left: dict[str, str]
) -> None:
    organization = folder / "budgets" / "org.yaml"
    organization.write_text(organization.read_text() + f"unused: {unused}\n")
    state = june_is_over()
    with over_http(state) as url:
        run = open_july(kt, url)
        assert run["converged"] is True, run
        writes = len(state.writes)
        again = open_july(kt, url)
        assert len(state.writes) == writes
        assert again["outcomes"] == []
    balances = {key: state.balance(key) for key in JULY}
    assert balances == {key: Decimal(target) + Decimal(left.get(key, 0)) for key, target in JULY.items()}


def changes(text: str) -> list[tuple[str, str, str]]:
    return [(change["kind"], change["wallet"], change["amount"]) for change in json.loads(text)["changes"]]


def test_what_a_month_left_goes_back_although_somebody_gave_a_little_before_the_next_was_opened(
    kt: Callable[..., Any], folder: Path
) -> None:
    organization = folder / "budgets" / "org.yaml"
    organization.write_text(organization.read_text() + "unused: reclaim\n")
    state = World(teams={key: key for key in JULY}, clock=VirtualClock(datetime(2026, 6, 18, 8, tzinfo=UTC)))
    day, opens = ("--as-of", "2026-07-01"), ("apply", "--period", "2026-07", "--as-of", "2026-07-01", "--settle", "1")
    with over_http(state) as url:
        assert kt(url, "plan", "--as-of", "2026-06-18", "--usage", "usage.csv").returncode == 0
        assert kt(url, "apply", "--as-of", "2026-06-18", "--plan", "plan.json").returncode == 0
        june = state.balance("t-alpha")
        state.enter("t-alpha", "settle", Decimal(400), at="2026-06-30T10:00:00Z")
        state.enter("t-alpha", "allocate", Decimal("10.50"), "a small top-up", at="2026-07-01T00:01:00Z")
        state.clock.instant = datetime(2026, 7, 1, 0, 5, tzinfo=UTC)
        planned = kt(url, "plan", *day, "--usage", "usage.csv", "--format", "json")
        moves = [move for move in changes(planned.stdout) if move[1] == "t-alpha"]
        assert moves == [("reclaim", "t-alpha", str(june - 400)), ("allocate", "t-alpha", "989.50")]
        dry = kt(url, *opens, "--dry-run", "--format", "json")
        assert [move for move in changes(dry.stdout) if move[1] == "t-alpha"] == moves
        drift = kt(url, "drift", *day, "--format", "json")
        assert f"USD {june - 400} that t-alpha did not use was not taken back" in drift.stdout
        assert kt(url, *opens, "--once").returncode == 0
        assert state.balance("t-alpha") == 1000
        state.enter("t-alpha", "refund", Decimal(25), at="2026-07-01T09:00:00Z")
        assert kt(url, "drift", *day).returncode == 0
        assert kt(url, *opens).returncode == 0
    assert state.balance("t-alpha") == 1025


def test_a_wallet_that_was_adopted_within_a_month_keeps_what_it_held_until_the_next(
    kt: Callable[..., Any], folder: Path
) -> None:
    organization = folder / "budgets" / "org.yaml"
    organization.write_text(organization.read_text() + "unused: reclaim\n")
    state = june_is_over()
    state.enter("t-gamma", "allocate", Decimal(450), at="2026-07-01T00:01:00Z")
    with over_http(state) as url:
        adopted = kt(url, "adopt", "gamma", "--as-of", "2026-07-01")
        assert adopted.returncode == 0, adopted.stdout + adopted.stderr
        assert kt(url, "apply", "--period", "2026-07", "--as-of", "2026-07-01", "--settle", "1").returncode == 0
        assert state.balance("t-gamma") == 900
        state.clock.instant = datetime(2026, 8, 1, 0, 5, tzinfo=UTC)
        state.enter("t-gamma", "allocate", Decimal(5), at="2026-08-01T00:01:00Z")
        assert kt(url, "apply", "--period", "2026-08", "--as-of", "2026-08-01", "--settle", "1").returncode == 0
    assert state.balance("t-gamma") == 450


def test_a_month_that_has_not_begun_is_not_funded(kt: Callable[..., Any]) -> None:
    state = june_is_over()
    with over_http(state) as url:
        planned = kt(url, "plan", "--as-of", "2026-07-01", "--period", "2026-08", "--usage", "usage.csv")
        assert planned.returncode == 0, planned.stderr
        done = kt(url, "apply", "--as-of", "2026-07-01")
    assert done.returncode == 4
    assert "has not begun" in done.stderr
    assert state.writes == []


def test_a_month_is_opened_without_a_saved_plan_and_only_money_moves(kt: Callable[..., Any], folder: Path) -> None:
    organization = folder / "budgets" / "org.yaml"
    organization.write_text(organization.read_text() + "unused: reclaim\nguards: {total_moved: 1}\n")
    state = june_is_over()
    arguments = ("apply", "--period", "2026-07", "--first-apply", "--format", "json")
    with over_http(state) as url:
        early = kt(url, *arguments, "--as-of", "2026-06-30")
        assert early.returncode == 4, early.stderr
        assert state.writes == []
        for day in ("2026-07-01", "2026-07-01", "2026-07-20"):
            done = kt(url, *arguments, "--as-of", day)
            assert done.returncode == 0, done.stdout + done.stderr
    assert {key: state.balance(key) for key in JULY} == {key: Decimal(target) for key, target in JULY.items()}
    assert {path for _, path, _ in state.writes} == {"/v1/wallets/allocate", "/v1/wallets/reclaim"}
    assert len(state.writes) == 2 + 4


def test_an_excess_given_by_hand_is_left_to_a_reviewed_plan_when_a_month_opens(kt: Callable[..., Any]) -> None:
    state = june_is_over()
    state.enter("t-gamma", "allocate", Decimal(9000), at="2026-07-01T00:00:00Z")
    with over_http(state) as url:
        done = kt(url, "apply", "--period", "2026-07", "--as-of", "2026-07-02")
    assert done.returncode == 0, done.stdout + done.stderr
    assert state.funded("t-gamma", "2026-07") == Decimal(9000)
    assert state.funded("t-alpha", "2026-07") == Decimal(1000)


def test_a_month_that_is_over_is_not_funded_any_more(kt: Callable[..., Any]) -> None:
    state = june_is_over()
    with over_http(state) as url:
        planned = kt(url, "plan", "--as-of", "2026-07-01", "--period", "2026-06", "--usage", "usage.csv")
        assert planned.returncode == 0, planned.stderr
        done = kt(url, "apply", "--as-of", "2026-07-01")
    assert done.returncode == 4
    assert "is over" in done.stderr
    assert state.writes == []


def test_a_dry_run_shows_what_opening_a_month_moves_and_writes_nothing(kt: Callable[..., Any], folder: Path) -> None:
    state = june_is_over()
    opening = ("apply", "--period", "2026-07", "--as-of", "2026-07-01")
    with over_http(state) as url:
        shown = kt(url, *opening, "--dry-run", "--format", "json")
        assert shown.returncode == 10, shown.stderr
        moves = {change["wallet"]: change["amount"] for change in json.loads(shown.stdout)["changes"]}
        assert moves == {"t-alpha": "1000.00", "t-alpha-dev": "300.00", "t-beta": "0.07", "t-gamma": "450.00"}
        assert state.writes == []
        assert not (folder / ".kt-budgets").exists()
        assert kt(url, *opening).returncode == 0
        assert kt(url, *opening, "--dry-run").returncode == 0
        assert kt(url, "apply", "--plan", "plan.json", "--dry-run").returncode == 2


def test_a_month_outside_of_the_fiscal_year_is_funded_only_when_that_is_said(kt: Callable[..., Any]) -> None:
    state = june_is_over()
    state.clock.instant = datetime(2027, 6, 1, 0, 5, tzinfo=UTC)
    opening = ("apply", "--period", "2027-06", "--as-of", "2027-06-01")
    with over_http(state) as url:
        refused = kt(url, *opening)
        assert refused.returncode == 4
        assert "2027-06 is not in FY2027 (2026-06 to 2027-05)" in refused.stderr
        assert state.writes == []
        done = kt(url, *opening, "--beyond-fiscal-year")
        assert done.returncode == 0, done.stderr
    assert state.funded("t-beta", "2027-06") == Decimal("0.07")


def test_the_first_month_of_a_year_that_is_in_git_is_funded_before_its_budgets_are_applied(
    kt: Callable[..., Any], folder: Path
) -> None:
    def committed(name: str, *changes: tuple[str, str]) -> None:
        file = folder / "budgets" / name
        for old, new in changes:
            file.write_text(file.read_text().replace(old, new))
        who = ("-c", "user.name=lead", "-c", "user.email=lead@acme.example")
        for command in (("init", "-q"), ("add", "budgets"), (*who, "commit", "-qm", "Change")):
            subprocess.run(["git", *command], cwd=folder, check=True)

    state = june_is_over()
    committed("org.yaml", ("export_", "guards: {largest_change: 500.00}\nexport_"))
    state.clock.instant = datetime(2027, 5, 2, tzinfo=UTC)
    with over_http(state) as url:
        may, june = ("--as-of", "2027-05-02"), ("--as-of", "2027-06-01")
        assert kt(url, "apply", "--period", "2027-05", *may).returncode == 0
        assert kt(url, "plan", *may, "--first-apply", "--usage", "usage.csv").returncode == 0
        applied = kt(url, "apply", *may, "--first-apply")
        assert applied.returncode == 0, applied.stderr
        committed("org.yaml", ("name: FY2027, starts: 2026-06", "name: FY2028, starts: 2027-06"))
        committed("teams/alpha.yaml", ("1000.00, overrides: {2026-06: 1200.50}", "1100.00"))
        state.clock.instant = datetime(2027, 6, 1, 0, 5, tzinfo=UTC)
        assert kt(url, "plan", *june, "--usage", "usage.csv").returncode == 4
        guards = json.loads((folder / "plan.json").read_text())["guards"]
        (hint,) = (guard["hint"] for guard in guards if guard["team"] == "alpha" and guard["status"] == "refused")
        opens = (
            "open the month first, where nobody has: `kt-budgets apply --period 2027-06`; or change it in smaller steps"
        )
        assert hint.startswith(opens)
        opened = kt(url, "apply", "--period", "2027-06", *june)
        assert opened.returncode == 0, opened.stderr
        assert "2027-06 is in FY2028, of which nothing is applied yet: it is funded by FY2027 for now" in opened.stderr
        assert state.funded("t-alpha", "2027-06") == Decimal(1000)
        planned = kt(url, "plan", *june, "--usage", "usage.csv")
        assert planned.returncode == 0, planned.stdout + planned.stderr
        done = kt(url, "apply", *june)
        assert done.returncode == 0, done.stdout + done.stderr
    assert state.funded("t-alpha", "2027-06") == Decimal(1100)


def test_a_month_is_open_once_nobody_waits_for_an_answer(kt: Callable[..., Any], folder: Path) -> None:
    state = june_is_over()
    state.enter("t-beta", "allocate", Decimal(40), "a test", at="2026-06-28T08:00:00Z")
    day = ("--as-of", "2026-07-01")
    opens = ("apply", "--period", "2026-07", *day, "--settle", "1", "--format", "json")
    with over_http(state) as url:
        assert kt(url, "plan", *day, "--usage", "usage.csv").returncode == 0
        assert kt(url, "apply", *day, "--plan", "plan.json").returncode == 0
        opened = kt(url, *opens)
        run = json.loads(opened.stdout)
        assert (opened.returncode, run["converged"]) == (7, False)
        (left,) = run["left_out"]
        assert (left["wallet"], left["asks"]) == ("t-beta", True)
        writes = len(state.writes)
        again = kt(url, *opens, "--once")
        assert (again.returncode, len(state.writes)) == (7, writes)
        drift = kt(url, "drift", *day, "--format", "json")
        assert drift.returncode == 11, drift.stdout
        (told,) = json.loads(drift.stdout)["waiting"]
        assert "2026-07 is not funded" in told["sentence"]
        assert "--first-apply beta/prod" in told["cure"]
        assert kt(url, *opens, "--first-apply", "beta/prod").returncode == 0
        assert state.balance("t-beta") == Decimal("40.07")
        assert kt(url, *opens, "--once").returncode == 0
        assert kt(url, "drift", *day).returncode == 0


@pytest.mark.parametrize(
    ("meant", "override", "balance"), [("July's", "{amount: 150.00, demand: usual}", 900), ("June's", "450.00", 1200)]
)
def test_a_top_up_whose_words_name_the_month_to_come_waits_for_an_answer(
    kt: Callable[..., Any], folder: Path, meant: str, override: str, balance: int
) -> None:
    state = World(teams={key: key for key in JULY}, clock=VirtualClock(datetime(2026, 6, 18, 8, tzinfo=UTC)))
    june, july = ("--as-of", "2026-06-18"), ("--as-of", "2026-07-01")
    opens = ("apply", "--period", "2026-07", *july, "--settle", "1", "--format", "json")

    def planned_and_applied(*day: str) -> None:
        assert kt(url, "plan", *day, "--usage", "usage.csv").returncode == 0
        applied = kt(url, "apply", *day, "--plan", "plan.json")
        assert applied.returncode == 0, applied.stdout + applied.stderr

    with over_http(state) as url:
        planned_and_applied(*june)
        state.enter("t-gamma", "allocate", Decimal(300), "top-up for July 2026", at="2026-06-29T08:00:00Z")
        state.enter("t-alpha", "allocate", Decimal(20), "one more top-up", at="2026-06-30T08:00:00Z")
        state.clock.instant = datetime(2026, 7, 1, 0, 5, tzinfo=UTC)
        for once in ((), ("--once",)):
            run = kt(url, *opens, *once)
            assert run.returncode == 7, run.stderr
            (left,) = json.loads(run.stdout)["left_out"]
            assert (left["wallet"], left["amount"], left["asks"]) == ("t-gamma", "300.00", True)
        adopted = kt(url, "adopt", "gamma", *july)
        assert adopted.returncode == 4
        assert f"`2026-07: {override}`" in adopted.stderr, meant
        assert state.balance("t-gamma") == 750
        drift = json.loads(kt(url, "drift", *july, "--format", "json").stdout)
        assert [f"`2026-07: {override}`" in told["cure"] for told in drift["waiting"]] == [True], meant
        gamma = folder / "budgets" / "teams" / "gamma.yaml"
        gamma.write_text(gamma.read_text().replace("450}", f"450, overrides: {{2026-07: {override}}}}}"))
        planned_and_applied(*july)
        assert kt(url, *opens, "--once").returncode == 0
        assert kt(url, "drift", *july).returncode == 0
    assert state.balance("t-gamma") == balance


def test_nothing_is_adopted_of_which_nobody_knows_what_month_lost_it(kt: Callable[..., Any], folder: Path) -> None:
    state = june_is_over()
    state.enter("t-gamma", "reclaim", Decimal(450), "unused budget", at="2026-07-01T00:01:00Z")
    with over_http(state) as url:
        adopted = kt(url, "adopt", "gamma", "--as-of", "2026-07-01")
        assert adopted.returncode == 4
        assert "`2026-07: {amount: 0.00, demand: usual}` under `overrides:`" in adopted.stderr
        gamma = folder / "budgets" / "teams" / "gamma.yaml"
        gamma.write_text(gamma.read_text().replace("450}", "450, overrides: {2026-07: {amount: 0.00, demand: usual}}}"))
        assert kt(url, "adopt", "gamma", "--as-of", "2026-07-01").returncode == 4
        state.enter("t-gamma", "allocate", Decimal(450), "back", at="2026-07-01T00:02:00Z")
        assert kt(url, "adopt", "gamma", "--as-of", "2026-07-01").returncode == 0


def test_what_was_accepted_as_june_s_is_not_asked_about_in_july(kt: Callable[..., Any], folder: Path) -> None:
    state = World(teams={key: key for key in JULY}, clock=VirtualClock(datetime(2026, 6, 18, 8, tzinfo=UTC)))
    opens = ("apply", "--period", "2026-07", "--as-of", "2026-07-01", "--settle", "1")
    with over_http(state) as url:
        for day in ("2026-06-18", "2026-06-30"):
            assert kt(url, "plan", "--as-of", day, "--usage", "usage.csv").returncode == 0
            assert kt(url, "apply", "--as-of", day, "--plan", "plan.json").returncode == 0
            if day == "2026-06-18":
                state.enter("t-gamma", "allocate", Decimal(300), "top-up for July 2026", at="2026-06-29T08:00:00Z")
                assert kt(url, "drift", "--as-of", "2026-06-30", "--accept").returncode == 0
                gamma = (folder / "budgets" / "teams" / "gamma.yaml").read_text()
                assert "2026-06: {amount: 750.00, demand: usual}" in gamma
        state.clock.instant = datetime(2026, 7, 1, 0, 5, tzinfo=UTC)
        opened = kt(url, *opens)
        assert opened.returncode == 0, opened.stdout + opened.stderr
    assert state.balance("t-gamma") == 1200


def test_money_that_merely_stays_keeps_no_month_from_being_open(kt: Callable[..., Any], folder: Path) -> None:
    state = june_is_over()
    state.enter("t-beta", "allocate", Decimal(40), "July 2026", at="2026-07-01T00:01:00Z")
    with over_http(state) as url:
        opened = kt(url, "apply", "--period", "2026-07", "--as-of", "2026-07-01", "--settle", "1", "--format", "json")
    run = json.loads(opened.stdout)
    assert [left["asks"] for left in run["left_out"]] == [False]
    assert (opened.returncode, run["converged"]) == (0, True)
