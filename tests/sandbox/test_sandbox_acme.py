"""The example organization shows the figures of the planning template, and its ledger half agrees with the budgets."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from reconciler.findings import UsageError
from reconciler.model.period import Period
from reconciler.sandbox.acme import acme_traffic
from reconciler.sandbox.clock import stamp
from reconciler.sandbox.scenario import seed
from reconciler.sandbox.store import Store
from reconciler.sandbox.traffic import Traffic, stamp_of
from reconciler.sandbox.wire import MICRO

JUNE = Period(2026, 6)
MANY_TEAMS = Path(__file__).parents[2] / "benchmarks" / "many_teams.py"
TEAMS = ("support", "engineering", "finance", "legal_ops")


def of_team(traffic: Traffic, team: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    codes = [code for code, wallet in enumerate(traffic.wallets) if wallet in (f"team_{team}", f"team_{team}_dev")]
    return np.isin(traffic.wallet, codes)


@cache
def monthly_spend() -> dict[tuple[str, Period], float]:
    """Return spend by team (both environments) and month, in major units."""
    spend: dict[tuple[str, Period], float] = defaultdict(float)
    for wallet, day, cost, _ in acme_traffic(JUNE).by_wallet_and_day(2**62):
        month = Period.of(datetime.fromtimestamp(day / MICRO, UTC).date())
        spend[wallet.removeprefix("team_").removesuffix("_dev"), month] += cost / MICRO
    return spend


@pytest.mark.parametrize(("team", "baseline"), list(zip(TEAMS, (12_000, 26_000, 4_500, 6_800), strict=True)))
def test_the_last_full_month_costs_the_baseline(team: str, baseline: int) -> None:
    assert monthly_spend()[team, JUNE.plus(-1)] == pytest.approx(baseline, rel=0.02)


@pytest.mark.parametrize(("team", "growth"), list(zip(TEAMS, (1.14, 1.08, 1.1, 1.06), strict=True)))
def test_spend_has_grown_over_the_year(team: str, growth: float) -> None:
    spend = monthly_spend()

    first = sum(spend[team, JUNE.plus(-12 + month)] for month in range(3))
    last = sum(spend[team, JUNE.plus(-2 + month)] for month in range(3))

    assert last / first == pytest.approx(growth, abs=0.09)


@pytest.mark.parametrize(("team", "rate"), list(zip(TEAMS, (0.14, 0.08, 0.22, 0.10), strict=True)))
def test_cache_hit_rates_are_those_of_the_template(team: str, rate: float) -> None:
    traffic = acme_traffic(JUNE)
    recent = traffic.moment >= stamp_of(date(2026, 3, 1))

    assert traffic.cache_hit[of_team(traffic, team) & recent].mean() == pytest.approx(rate, abs=0.012)


def test_workdays_are_busier_than_weekends() -> None:
    traffic = acme_traffic(JUNE)
    support = of_team(traffic, "support")
    weekday = (traffic.moment[support] // (86_400 * MICRO) + 3) % 7

    counts = np.bincount(weekday, minlength=7)

    assert counts[:5].min() > 1.7 * counts[5:].max()


def test_support_moves_drafting_to_the_small_model() -> None:
    traffic = acme_traffic(JUNE)
    support, small = of_team(traffic, "support"), traffic.model == traffic.models.index("openai/gpt-4o-mini")
    early, late = traffic.moment < stamp_of(date(2025, 9, 1)), traffic.moment >= stamp_of(date(2026, 4, 1))

    assert 0.25 < small[support & early].mean() < small[support & late].mean() < 0.35


def test_legal_ops_keeps_its_premium_lane_and_all_lanes_and_workloads_are_there() -> None:
    traffic = acme_traffic(JUNE)
    legal = [traffic.labels[label] for label in set(traffic.label[of_team(traffic, "legal_ops")].tolist())]

    assert ("prod", "interactive", "premium") in legal
    assert {lane for _, _, lane in traffic.labels} == {"standard", "premium", "off_peak"}
    assert {workload for _, workload, _ in traffic.labels} == {"interactive", "batch", "evaluation"}


def test_a_small_share_falls_back_is_blocked_or_has_no_price() -> None:
    traffic = acme_traffic(JUNE)
    tokens = traffic.input_tokens + traffic.output_tokens
    unpriced = (traffic.cost == 0) & ~traffic.cache_hit & (tokens > 0)

    assert 0.015 < traffic.fallback.mean() < 0.035
    assert 0.0005 < tokens[unpriced].sum() / tokens.sum() < 0.006
    assert 0.002 < traffic.blocked.mean() < 0.006
    assert (traffic.avoided[traffic.cache_hit] > 0).mean() > 0.99


def test_ids_are_unique_and_a_year_is_quick_to_export() -> None:
    traffic = acme_traffic(JUNE)

    assert len(np.unique(traffic.number)) == len(traffic)
    assert 150_000 < len(traffic) < 250_000


def test_the_same_month_gives_the_same_events() -> None:
    first = acme_traffic(JUNE)
    acme_traffic.cache_clear()
    second = acme_traffic(JUNE)

    assert first is not second
    assert all(np.array_equal(getattr(first, name), getattr(second, name)) for name in ("moment", "cost", "number"))


def test_two_sandboxes_of_the_same_day_are_the_same(acme: Store) -> None:
    with Store(as_of=date(2026, 6, 18)) as other:
        seed(other, "acme")

        for team in ("team_support", "team_engineering_dev", "team_marketing"):
            assert other.ledger(team) == acme.ledger(team)


def test_settles_agree_with_events_and_spend(acme: Store) -> None:
    traffic = acme_traffic(JUNE)
    rows = traffic.between(0, stamp(datetime(2026, 6, 18, 9, 20, tzinfo=UTC)))
    cost = int(traffic.cost[rows].sum())

    wallets = acme.wallets.page("", None)
    settled = sum(e.amount for wallet in wallets for e in acme.wallets.entries(wallet.id) if e.kind == "settle")

    assert settled == cost == sum(row["cost"] for row in acme.usage.spend(0, 2**62))
    assert max(entry.created_at for entry in acme.ledger("team_support")) < datetime(2026, 6, 19, tzinfo=UTC)


def test_the_ledger_half_agrees_with_the_budgets(acme: Store) -> None:
    funded = {team: acme.funded(team, JUNE) for team in ("team_support", "team_engineering", "team_engineering_dev")}

    assert funded == {"team_support": 10_500, "team_engineering": 27_000, "team_engineering_dev": 3_500}
    assert acme.wallets.of("team", "team_finance_dev") == []
    assert acme.funded("team_finance", JUNE) == 4_000


def test_one_wallet_was_topped_up_by_hand_after_our_operation(acme: Store) -> None:
    ours, by_hand = [entry for entry in acme.ledger("team_engineering_dev") if entry.funds(JUNE)]

    assert ours.operation is not None
    assert (by_hand.operation, by_hand.amount) == (None, Decimal(1500))
    assert by_hand.created_at == datetime(2026, 6, 16, 14, 2, tzinfo=UTC)


def test_the_pool_holds_free_money(acme: Store) -> None:
    assert 60_000 < acme.pool() < 120_000


@pytest.mark.parametrize("day", [date(2026, 6, 1), date(2026, 6, 30), date(2027, 2, 28), date(2024, 2, 29)], ids=str)
def test_any_day_will_do(day: date) -> None:
    with Store(as_of=day) as store:
        seed(store, "acme")

        assert store.funded("team_engineering_dev", Period.of(day)) == 3_500
        for wallet in store.wallets.page("", None):
            assert wallet.balance >= wallet.reserved >= 0
        assert store.balance("team_support") + store.pool() > 0


def test_nothing_lies_in_the_future_right_after_midnight() -> None:
    with Store(as_of=date(2026, 6, 1)) as store:
        now = datetime(2026, 6, 1, 0, 3, tzinfo=UTC)
        store.clock.set(now)
        seed(store, "acme")

        ours, by_hand = [entry for entry in store.ledger("team_engineering_dev") if entry.funds(JUNE)]
        assert ours.created_at == by_hand.created_at == now
        assert store.funded("team_engineering_dev", JUNE) == 3_500


def test_without_a_day_it_is_today(tmp_path: Path) -> None:
    with Store() as store:
        seed(store, "acme")

        assert max(entry.created_at for entry in store.ledger("team_support")) <= datetime.now(UTC)


def test_many_teams_are_seeded_in_bulk_for_measurements() -> None:
    seed_many = run_path(str(MANY_TEAMS))["seed_many"]
    with Store(as_of=date(2026, 6, 18)) as store:
        ids = seed_many(store, teams=20, wallets=3, budgets=2, funded=900)

        assert ids[:4] == ["team_0001", "team_0001_dev", "team_0001_test", "team_0002"]
        assert len(store.teams.page()) == len(ids) == 60
        assert {store.funded(team, JUNE) for team in ids} == {Decimal(900)}
        assert {store.balance(team) for team in ids} == {Decimal(600)}
        assert len(store.documents["billing_budget"].page()) == 40
        assert store.pool() == 60 * 900


def test_an_unknown_scenario_is_refused() -> None:
    with Store() as store, pytest.raises(UsageError, match="no scenario `other`"):
        seed(store, "other")
