"""Dated steps from the YAML to what is said of them: forecasts, what-if, recommendations, and the plan of a change."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.outlook_world import SUPPORT, World, make_world, write_budgets
from hypothesis import given
from hypothesis import strategies as st
from worlds import JUNE, desired, wallet

from reconciler.findings import Origin
from reconciler.model.desired import DesiredWallet
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget
from reconciler.plan.scope import later_targets
from reconciler.policy.approvals import declared

STEPPED = SUPPORT.replace(
    "monthly: 9000.00}   #", "monthly: [{amount: 9000.00, from: 2026-06}, {amount: 12000.00, from: 2026-08}]}   #"
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def world(tmp_path: Path, shared: World) -> World:
    own = World(tmp_path)
    write_budgets(own, support=STEPPED)
    own.usage.symlink_to(shared.usage)
    return own


def wallets(kt: Run, world: World, *command: str) -> dict[tuple[str, str], dict[str, Any]]:
    done = kt(command[0], *world.options(), "--format", "json", *command[1:])
    assert done.code == 0, done.err
    return {(each["team"], each["environment"]): each for each in json.loads(done.out)["wallets"]}


def test_a_forecast_has_the_target_of_each_month(world: World, kt: Run) -> None:
    found = wallets(kt, world, "forecast")["support", "prod"]

    assert found["desired"]["target"] == "9000.00"
    assert [month["target"] for month in found["months"]] == ["9000.00", "12000.00", "12000.00"]


def test_steps_forecast_the_same_as_the_same_months_written_one_by_one(world: World, kt: Run) -> None:
    stepped = kt("forecast", *world.options(), "--format", "json").out
    months = {str(JUNE.plus(ahead)): 12000 for ahead in range(2, 12)}
    flat = SUPPORT.replace("9000.00}   #", f"9000.00, overrides: {json.dumps(months)}}}   #")
    write_budgets(world, support=flat)

    assert kt("forecast", *world.options(), "--format", "json").out == stepped


def test_what_if_supposes_another_amount_for_the_step_that_holds(world: World, kt: Run) -> None:
    found = wallets(kt, world, "whatif", "--wallet", "support/prod=9500")["support", "prod"]
    told = kt("whatif", *world.options(), "--wallet", "support/prod=9500").out

    assert found["desired"]["target"] == "9500.00"
    assert [month["target"] for month in found["months"]] == ["9500.00", "12000.00", "12000.00"]
    assert "support/prod is funded with 9,500.00 a month up to 2026-07" in " ".join(told.split())


def test_a_recommendation_is_written_into_the_step_that_holds(world: World, kt: Run) -> None:
    steps = "[{amount: 1200.00, from: 2026-06}, {amount: 1300.00, from: 2026-09}]"
    shrinking = SUPPORT.replace("  cache", "  growth: [{reason: less, rate: -12%, from: 2026-07}]\n  cache")
    before = shrinking.replace("monthly: 1200.00", f"monthly: {steps}")
    write_budgets(world, support=before)
    done = kt("recommend", *world.options(), "--format", "json", "--write", "--wallet", "support/dev")

    [edit] = json.loads(done.out)["written"]
    assert (edit["key"], edit["before"]) == ("wallets.dev.monthly[0].amount", "1200.00")
    after = before.replace("{amount: 1200.00, from", f"{{amount: {edit['after']}, from")
    assert world.team("support").read_text(encoding="utf-8") == after


def test_a_month_that_no_step_covers_gets_its_own_amount(world: World, kt: Run) -> None:
    ended = SUPPORT.replace("monthly: 1200.00", "monthly: [{amount: 1200.00, from: 2026-04, until: 2026-05}]")
    write_budgets(world, support=ended.replace("  cache", "  growth: [{reason: a, rate: -9%, from: 2026-07}]\n  cache"))
    done = kt("recommend", *world.options(), "--format", "json", "--write", "--wallet", "support/dev")

    [edit] = json.loads(done.out)["written"]
    assert (edit["key"], edit["before"]) == ("wallets.dev.overrides", None)
    assert edit["after"].startswith("{2026-06: ")


def test_a_percentage_for_the_month_gives_way_to_the_amount_that_is_recommended(world: World, kt: Run) -> None:
    write_budgets(world, support=SUPPORT.replace("9000.00}   #", '9000.00, overrides: {2026-06: "-20%"}}   #'))
    done = kt("recommend", *world.options(), "--format", "json", "--write")

    [edit] = [each for each in json.loads(done.out)["written"] if "support" in each["path"] and "prod" in each["key"]]
    assert edit["before"] == "-20%"
    assert f"overrides: {{2026-06: {edit['after']}}}" in world.team("support").read_text(encoding="utf-8")


def stepped(*amounts: tuple[int, int]) -> DesiredWallet:
    steps = [{"amount": amount, "from": str(JUNE.plus(ahead))} for ahead, amount in amounts]
    setting = WalletTarget.model_validate({"team_id": "team_support", "monthly": steps}, by_alias=True, by_name=False)
    origin = Origin("budgets/teams/support.yaml", ("wallets", "prod"))
    return DesiredWallet("support", "prod", WalletRef.team("team_support"), "USD", setting, origin)


@pytest.mark.parametrize("ahead", [1, 11, 12, 30])
def test_a_step_counts_for_approvals_however_far_ahead_it_begins(ahead: int) -> None:
    before, after = desired([wallet("support", "prod", "100")]), desired([stepped((0, 100), (ahead, 5100))])

    assert declared(before, after).retargeted == Decimal(5000)


steps_of_year = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 9)), min_size=1, max_size=4, unique_by=lambda item: item[0]
).map(lambda items: [(0, 5), *sorted(item for item in items if item[0])])


@given(steps_of_year, steps_of_year)
def test_a_change_of_steps_is_told_and_approved_like_that_of_the_months_it_stands_for(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    def months(turns: list[tuple[int, int]]) -> DesiredWallet:
        amounts = {
            f"m{JUNE.plus(month)}".replace("-", "_"): f"{max(turn for turn in turns if turn[0] <= month)[1]}"
            for month in range(12)
        }
        return wallet("support", "prod", "0", absent=False, **amounts)

    year = [JUNE.plus(ahead) for ahead in range(12)]
    sides = [desired([stepped(*one)]), desired([stepped(*other)])]
    written = [desired([months(one)]), desired([months(other)])]
    told, plain = (list(later_targets(*pair, teams={"support"}, periods=year)) for pair in (sides, written))

    assert told == plain
    assert declared(sides[0], sides[1]).retargeted == declared(written[0], written[1]).retargeted
