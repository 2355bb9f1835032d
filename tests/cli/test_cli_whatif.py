"""`kt-budgets whatif` from files: each scenario moves what it is about, and nothing else."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cli.conftest import Run
from cli.outlook_world import FINANCE, World, make_world, write_budgets


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"))


def supposing(kt: Run, world: World, *options: str) -> dict[str, Any]:
    done = kt("whatif", *world.options(), "--format", "json", *options)
    assert done.code == 0, done.err
    read: dict[str, Any] = json.loads(done.out)
    assert read["format"] == "kt-budgets.whatif/1"
    return read


def middle(wallet: dict[str, Any]) -> Decimal:
    return Decimal(wallet["month_end"]["quantiles"]["0.5"])


def rest(wallet: dict[str, Any]) -> Decimal:
    return middle(wallet) - Decimal(wallet["spend_to_date"] or 0)


def later(wallet: dict[str, Any]) -> list[Decimal]:
    return [Decimal(month["quantiles"]["0.5"]) for month in wallet["months"]]


def test_another_target_moves_the_money_and_not_the_spend(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--wallet", "finance/prod=2700")
    (now,), (then,) = read["now"], read["wallets"]

    assert (now["desired"]["target"], then["desired"]["target"]) == ("2500.00", "2700.00")
    assert now["month_end"] == then["month_end"]
    assert then["live"] == now["live"]
    assert then["desired"]["exhaustion"]["probability"] < now["desired"]["exhaustion"]["probability"]
    assert [month["target"] for month in then["months"]] == ["2700.00"] * 3


def test_growth_scales_the_rest_of_the_month_and_contributes_under_its_own_name(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--growth", "finance=+25%")
    (now,), (then,) = read["now"], read["wallets"]

    assert float(rest(then) / rest(now)) == pytest.approx(1.25, abs=0.001)
    assert [round(float(new / old), 3) for old, new in zip(later(now), later(then), strict=True)] == [1.25] * 3
    (lever,) = then["levers"]
    assert lever["name"] == "what if: demand +25%"
    assert float(lever["contribution"]) == pytest.approx(float(rest(now)) / 4, rel=0.05)


def test_growth_from_a_month_leaves_the_months_before_it(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--growth", "finance=-10%@2026-08")
    (now,), (then,) = read["now"], read["wallets"]

    assert middle(now) == middle(then)
    assert later(now)[0] == later(then)[0]
    assert float(later(then)[1] / later(now)[1]) == pytest.approx(0.9, abs=0.001)


def test_growth_of_nothing_changes_nothing(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--growth", "support/prod=0%")

    for now, then in zip(read["now"], read["wallets"], strict=True):
        assert {**now, "levers": []} == {**then, "levers": []}
    assert read["year"]["now"] == read["year"]["what_if"]


def test_a_cache_hit_rate_takes_the_place_of_the_plan(world: World, kt: Run) -> None:
    prod_now, dev_now = supposing(kt, world, "--cache", "support=62.5%")["now"]
    prod, dev = supposing(kt, world, "--cache", "support=62.5%")["wallets"]

    assert "cache_hit_rate" in {lever["name"] for lever in prod_now["levers"]}
    assert "cache_hit_rate" not in {lever["name"] for lever in prod["levers"]}
    base = rest(dev_now) - sum(Decimal(lever["contribution"]) for lever in dev_now["levers"])
    assert float(rest(dev) / base) == pytest.approx(0.375 / 0.75, abs=0.01)
    slow = supposing(kt, world, "--cache", "support=62.5%@2026-12")["wallets"]
    assert rest(dev) < rest(slow[1]) < base


def test_a_move_between_models_is_priced_from_what_was_paid(world: World, kt: Run) -> None:
    move = "finance=openai/gpt-4o,openai/gpt-4o-mini,50%"
    read = supposing(kt, world, "--mix", move)
    (now,), (then,) = read["now"], read["wallets"]
    expected = 1 - 0.8 * 0.5 * (1 - 0.1)

    assert float(rest(then) / rest(now)) == pytest.approx(expected, abs=0.005)
    (gradual,) = supposing(kt, world, "--mix", f"{move}@2026-08")["wallets"]
    assert rest(then) < rest(gradual) < rest(now)


def test_new_demand_comes_with_the_first_unknown_month_to_the_first_wallet(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--demand", "support=1000")
    (prod_now, dev_now), (prod, dev) = read["now"], read["wallets"]

    assert middle(prod) == middle(prod_now)
    assert 800 < later(prod)[0] - later(prod_now)[0] < 1001
    assert later(dev) == later(dev_now)
    (at_last, _) = supposing(kt, world, "--demand", "support/prod=1000@2026-08")["wallets"]
    assert later(at_last)[0] == later(prod_now)[0]
    assert later(at_last)[1] == later(prod)[1]


def test_without_usage_the_plan_is_what_is_moved(tmp_path: Path, kt: Run) -> None:
    planned = FINANCE.replace("wallets:", "plan: {baseline_monthly: 3000.00}\nwallets:", 1)
    own = World(tmp_path)
    write_budgets(own, finance=planned)
    options = ("--budgets", own.budgets, "--as-of", "2026-06-18", "--offline", "--format", "json")
    done = kt("whatif", *options, "--growth", "finance=50%", "--cache", "support=50%", "--cache", "finance=10%")
    assert done.code == 0, done.err
    read = json.loads(done.out)
    (finance_now, prod_now, _), (finance, prod, _) = read["now"], read["wallets"]

    assert float(rest(finance) / rest(finance_now)) == pytest.approx(1.5 * 0.9, abs=0.01)
    assert rest(prod) < rest(prod_now)


def test_several_scenarios_add_up_exactly(world: World, kt: Run) -> None:
    options = ("--growth", "support=10%", "--cache", "support=40%", "--wallet", "support/dev=2000")
    read = supposing(kt, world, *options)

    assert len(read["supposed"]) == 3
    for wallet in read["wallets"]:
        names = [lever["name"] for lever in wallet["levers"]]
        assert "what if: demand +10%" in names
        assert "what if: cache hit rate 40%" in names
    assert Decimal(read["year"]["what_if"]["quantiles"]["0.5"]) != Decimal(read["year"]["now"]["quantiles"]["0.5"])


def test_the_text_shows_now_and_what_if(world: World, kt: Run) -> None:
    done = kt(
        "whatif", *world.options(), "--wallet", "finance/prod=2800", "--growth", "finance=+5%", "--demand", "finance=9"
    )

    assert done.code == 0, done.err
    assert "what if: finance/prod is funded with 2,800.00 a month" in done.out
    assert "2,500 -> 2,800" in done.out
    assert "now: FY2027" in done.out
    assert "support" not in done.out
    assert max(map(len, done.out.splitlines())) <= 120


def test_no_file_is_touched(world: World, kt: Run) -> None:
    before = {path: path.read_bytes() for path in sorted(Path(world.budgets).rglob("*.yaml"))}
    supposing(kt, world, "--wallet", "support/prod=14500")

    assert {path: path.read_bytes() for path in sorted(Path(world.budgets).rglob("*.yaml"))} == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nothing is supposed"),
        (("--growth", "suport=+25%"), "did you mean `support`?"),
        (("--growth", "support=25"), "write `25%`"),
        (("--growth", "support=0.25"), "write `25%`, or `0.25%`"),
        (("--growth", "support"), "--growth support=+25%"),
        (("--cache", "support=128%"), "between 0% and 100%"),
        (("--cache", "support=28%@Dec"), "`Dec` is not a month"),
        (("--wallet", "support=14500"), "write `support/prod` or `support/dev`"),
        (("--wallet", "support/pord=14500"), "did you mean `support/prod`?"),
        (("--wallet", "support/prod=14.5k"), "--wallet: "),
        (("--mix", "support=openai/gpt-4o,30%"), "--mix support=openai/gpt-4o,openai/gpt-4o-mini,30%"),
        (("--mix", "support=openai/gpt-4,openai/gpt-4o-mini,30%"), "did you mean `openai/gpt-4o`?"),
        (("--demand", "support=-3"), "is negative"),
        (("--demand", "support/dev=600"), "write `--demand support=600`"),
        (("--rate-limit", "support=many"), "--rate-limit: "),
    ],
)
def test_what_cannot_be_supposed_is_said_with_its_cure(
    options: tuple[str, ...], said: str, world: World, kt: Run
) -> None:
    done = kt("whatif", *world.options(), *options)

    assert done.code == 2
    assert done.out == ""
    assert said in done.err


def test_a_limit_on_a_day_is_shared_by_the_teams_wallets_and_holds_from_its_month(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--rate-limit", "support=10.00")
    left = sum(float(rest(wallet)) for wallet in read["wallets"])
    daily = [sum(float(month) for month in months) for months in zip(*map(later, read["wallets"]), strict=True)]

    assert read["supposed"] == ["support: a day costs at most 10.00"]
    assert left == pytest.approx(10 * 13, rel=0.01)
    assert daily == pytest.approx([310, 310, 300], rel=0.01)
    assert all("rate_limits" in {lever["name"] for lever in wallet["levers"]} for wallet in read["wallets"])
    coming = supposing(kt, world, "--rate-limit", "support=10.00@2026-08")
    for now, then in zip(coming["now"], coming["wallets"], strict=True):
        assert (middle(now), later(now)[0]) == (middle(then), later(then)[0])
        assert later(then)[1] < later(now)[1]


def test_a_limit_on_one_wallet_is_its_own_and_leaves_the_others_alone(world: World, kt: Run) -> None:
    read = supposing(kt, world, "--rate-limit", "support/dev=1.00@2026-08")
    both = supposing(kt, world, "--rate-limit", "support/dev=1.00@2026-08", "--rate-limit", "support=40.00@2026-08")
    (prod, dev), (prod_now, dev_now) = read["wallets"], read["now"]

    assert read["supposed"] == ["support/dev: a day costs at most 1.00 from 2026-08"]
    assert (prod["environment"], later(prod)) == ("prod", later(prod_now))
    assert later(dev)[0] == later(dev_now)[0]
    assert [float(month) for month in later(dev)[1:]] == pytest.approx([31, 30], rel=0.01)
    (_, dev_of_both) = both["wallets"]
    assert later(dev_of_both) == later(dev)


def test_two_cache_rates_for_one_team_are_reached_one_after_the_other(world: World, kt: Run) -> None:
    def months(*rates: str) -> dict[str, float]:
        options = [option for rate in rates for option in ("--cache", f"support={rate}")]
        (wallet, *_) = supposing(kt, world, *options)["wallets"]
        return {month["period"]: float(month["quantiles"]["0.5"]) for month in wallet["months"]}

    near, far, both = months("60%@2026-07"), months("70%@2026-09"), months("70%@2026-09", "60%@2026-07")
    assert both["2026-07"] == near["2026-07"] < far["2026-07"]
    assert both["2026-09"] < near["2026-09"]
    assert both["2026-09"] < far["2026-09"]


def test_a_later_cache_rate_starts_from_the_one_that_is_supposed_at_once(world: World, kt: Run) -> None:
    def months(*rates: str) -> dict[str, float]:
        options = [option for rate in rates for option in ("--cache", f"support={rate}")]
        (_, wallet) = supposing(kt, world, *options)["wallets"]
        return {month["period"]: float(month["quantiles"]["0.5"]) for month in wallet["months"]}

    at_once, both, far = months("60%"), months("60%", "70%@2026-07"), months("70%@2026-07")
    assert both["2026-07"] < at_once["2026-07"]
    assert both["2026-07"] < far["2026-07"]
    assert both["2026-09"] == pytest.approx(at_once["2026-09"] * 0.3 / 0.4, rel=0.01)
    assert both["2026-09"] == pytest.approx(far["2026-09"], rel=0.01)
    twice = months("30%", "60%")
    assert twice["2026-09"] == pytest.approx(at_once["2026-09"], rel=0.001)
