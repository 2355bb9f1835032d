"""Promised savings come as far as their track record says: one share a path and lever, the same in a whole team."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, ask, organization, plan, question, team
from forecast.test_forecast_bulk import DAYS, weeks_of
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.belief import EVEN, STEPS, Belief, Prior, believed, prior_of
from reconciler.forecast.context import forecast_context
from reconciler.forecast.history import spending
from reconciler.forecast.later import make_later
from reconciler.forecast.levers.cache_hit_rate import OtherRate
from reconciler.forecast.levers.effect import Effect, keep_sums
from reconciler.forecast.levers.promises import Kept, Promises, by_weeks
from reconciler.forecast.levers.whatif import FromDay
from reconciler.forecast.observed import observations
from reconciler.forecast.project import Forecast
from reconciler.forecast.scenario import Scenario, supposed
from reconciler.forecast.simulation import before_savings
from reconciler.forecast.team_usage import DeclaredUsage
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.usage import DailyUsage

AS_OF = date(2026, 12, 1)
DECEMBER = Period(2026, 12)
DEAR, CHEAP = {"provider": "openai", "model": "dear"}, {"provider": "openai", "model": "cheap"}
CACHE = {"from": "10%", "to": "40%", "by": "2027-05"}
MOVE = {"reason": "cheaper", "from": "openai/dear", "to": "openai/cheap", "share": "60%", "by": "2027-05"}


def done(day: date) -> float:
    """Return how much of a move from June 2026 to May 2027 is to be done by a day."""
    return min(max((day - date(2026, 6, 1)).days / 365, 0.0), 1.0)


def usage(came: float, *, wallets: tuple[str, ...] = ("team_support",)) -> DailyUsage:
    """Return usage in which a part of what CACHE and MOVE promise `came`."""
    table = UsageBuilder()
    for number in range((AS_OF - date(2026, 4, 1)).days):
        day = date(2026, 4, 1) + timedelta(days=number)
        moved = came * done(day)
        hit = 0.10 + 0.30 * moved
        for wallet in wallets:
            for model, part, price in ((DEAR, 1.0 - 0.6 * moved, 0.01), (CHEAP, 0.6 * moved + 0.05, 0.001)):
                cost = 10_000 * part * price * (1.0 - hit) / 0.9
                counts = {"input_tokens": round(10_000 * part), "requests": 1000, "cache_hits": round(1000 * hit)}
                table.row(day, wallet, cost, **counts, **model)
    return table.build()


def year_of(came: float, levers: dict[str, Any] | None = None, **more: Any) -> Forecast:
    promised = plan(**(levers or {"cache_hit_rate": CACHE, "provider_mix": [MOVE]}))
    return ask(usage(came), question(plan=promised, **more), period=DECEMBER, as_of=AS_OF)


def middles(found: Forecast) -> tuple[float, float]:
    """Return the middle of the year as it has gone so far, and as planned."""
    assert found.year is not None
    return float(found.year.quantiles["0.5"]), float(found.year.as_planned["0.5"])


@given(st.none() | st.floats(-2, 3), st.floats(0, 1), st.floats(0.3, 20), st.floats(0.3, 20))
def test_what_is_believed_is_a_share_and_its_steps_have_its_mean(
    ratio: float | None, error: float, comes: float, fails: float
) -> None:
    belief = believed(ratio, error, Prior(comes, fails))
    assert 0.0 < belief.mean < 1.0
    assert len(belief.steps) == STEPS
    assert min(np.diff(belief.steps)) > -1e-12
    assert sum(belief.steps) / STEPS == pytest.approx(belief.mean)
    assert 0.0 <= belief.at(0.1) <= belief.at(0.5) <= belief.at(0.9) <= 1.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_who_came_further_is_believed_more(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert believed(low, 0.05, EVEN).mean <= believed(high, 0.05, EVEN).mean + 1e-12


def test_noise_is_told_from_a_record_and_a_prior_counts_where_there_is_none() -> None:
    assert believed(0.2, 0.0, EVEN).mean == pytest.approx(0.2, abs=0.01)
    assert believed(0.2, 0.5, EVEN).mean > 0.35
    assert believed(None, 0.0, EVEN).mean == pytest.approx(0.5)
    assert believed(None, 0.0, Prior(6, 2)).mean == pytest.approx(0.75, abs=0.01)
    assert Belief((1.0,) + (0.0,) * 199).at(1.0) == 0.005


def test_what_comes_of_a_new_saving_is_what_came_of_ten_others() -> None:
    assert prior_of([0.3] * 9) == EVEN
    sure = prior_of([0.3] * 10)
    assert (sure.comes + sure.fails, sure.comes / (sure.comes + sure.fails)) == pytest.approx((20.0, 0.3))
    torn = prior_of([0.0, 1.0] * 5)
    assert torn.comes + torn.fails == pytest.approx(0.6)
    assert prior_of([-1.0] * 5 + [7.0] * 5) == torn


def test_a_full_record_gives_nearly_the_planned_year_and_none_at_all_hardly_any_saving() -> None:
    full, planned = middles(year_of(1.0))
    assert full == pytest.approx(planned, rel=0.01)
    stuck, hoped = middles(year_of(0.0))
    half, wanted = middles(year_of(0.5))
    assert stuck / hoped > half / wanted > full / planned
    assert stuck > 1.1 * hoped


def test_rows_say_what_comes_and_what_is_still_owed() -> None:
    found = year_of(0.5)
    cache, mix = (row for row in found.assumptions[0].assumptions if row.name in ("cache_hit_rate", "provider_mix"))
    for row in (cache, mix):
        assert row.realized["0.1"] < row.realized["0.5"] < row.realized["0.9"]
        assert row.realized["0.5"] == pytest.approx(0.5, abs=0.07)
        assert row.owed is not None
        assert row.owed > 0
        assert "of the saving is counted, as it has gone so far; still owes USD " in row.sentence


def test_each_contribution_is_told_as_planned_too_and_both_add_up() -> None:
    growth = [{"reason": "more", "rate": "10%", "from": "2026-12"}]
    found = year_of(0.5, {"growth": growth, "cache_hit_rate": CACHE, "provider_mix": [MOVE]})
    bare = year_of(0.5, {"growth": growth})
    grown, cache, mix = found.wallets[0].levers
    assert grown.planned is None
    assert float(grown.contribution) == pytest.approx(float(bare.wallets[0].levers[0].contribution), rel=0.05)
    for lever in (cache, mix):
        assert lever.planned is not None
        assert lever.planned < lever.contribution < 0
    assert bare.year is not None
    assert bare.year.as_planned == {}


@pytest.mark.parametrize("came", [0.0, 0.5, 1.0])
def test_a_history_in_todays_terms_shows_no_saving_on_its_way(came: float) -> None:
    table, days = usage(came), (AS_OF - date(2026, 4, 1)).days
    asked = question(plan=plan(cache_hit_rate=CACHE, provider_mix=[MOVE]))
    context = forecast_context(table, [asked], organization=organization(), period=DECEMBER, as_of=AS_OF, teams={})
    history = context.known.of("team_support").history(AS_OF)
    seen = before_savings(asked, context, days)
    assert history.max() / history.min() >= 1.0 + came / 2
    assert (history / seen).max() / (history / seen).min() < 1.05
    assert before_savings(question(), context, days) == 1.0


def test_what_is_supposed_is_taken_at_its_word() -> None:
    asked = question(plan=plan(cache_hit_rate=CACHE))
    scenario = Scenario("support", OtherRate(Decimal("0.5"), Period(2027, 2)))
    (then,) = supposed(usage(0.0), [asked], [scenario], organization=organization(), as_of=AS_OF, teams={})
    found = ask(usage(0.0), then, period=DECEMBER, as_of=AS_OF)
    assert [lever.planned for lever in found.wallets[0].levers] == [None]
    assert found.year is not None
    assert found.year.as_planned == {}
    assert isinstance(then.plan.cache_hit_rate.since if then.plan.cache_hit_rate else None, FromDay)


def test_a_lever_comes_as_far_in_every_wallet_of_a_team() -> None:
    seen = observations(None, known_until=AS_OF)

    def picks(seed: int, key: str) -> list[int]:
        declared = DeclaredUsage(
            team="support",
            organization=organization(),
            known=spending(None, as_of=AS_OF),
            observations=seen,
            declared=("a", "b"),
            looked_at=AnnualPlan(),
        )
        promises = Promises(declared, seed, (40, 20))
        kept = promises.kept(lambda share: np.full(3, share), declared.belief(None), key=key)
        return [int(step) for step in kept.pick]

    assert picks(1, "cache") == picks(1, "cache")
    assert picks(1, "cache") != picks(1, "mix") != picks(2, "mix")
    assert sorted(picks(1, "cache")[:40]) == sorted(list(range(STEPS)) * 2)
    assert sorted(picks(1, "cache")[40:]) == list(range(STEPS))


@pytest.mark.parametrize("height", [1.0, 30.0], ids=["usual", "at-the-cap"])
def test_sums_over_weeks_are_those_of_days_that_move_in_whole_weeks(height: float) -> None:
    weeks = weeks_of(np.append(np.full(149, 100.0), 700.0), height=height)
    rows = np.linspace(1.0, 0.4, DAYS) ** np.linspace(0.0, 1.0, STEPS)[:, None]
    effect = Effect("cache", factor=rows[-1], kept=Kept(by_weeks(rows), np.arange(200) % STEPS))
    others = [Effect("growth", factor=np.linspace(1.0, 1.5, DAYS)), effect, Effect("new", added=np.full(DAYS, 3.0))]
    days = weeks.daily(0, len(weeks))[:DAYS]
    for each in others:
        days = each.apply(days)
    assert keep_sums(others)
    assert not keep_sums(others[::-1])
    later = make_later(weeks, 2, others)
    for low, high in ((14, 43), (43, 73), (73, 200)):
        assert later.sums((low, high))[0] == pytest.approx(days[low:high].sum(axis=0), rel=1e-12)


def test_the_order_of_teams_changes_nothing_and_ten_records_are_believed_of_an_eleventh() -> None:
    names = [f"team_{number}" for number in range(6)]
    seen = usage(0.2, wallets=tuple(names))
    young = plan(cache_hit_rate={**CACHE, "since": "2027-01", "by": "2027-04"})
    promised = plan(cache_hit_rate=CACHE, provider_mix=[MOVE])
    plans = {name: young if name == "team_5" else promised for name in names}
    teams: dict[str, TeamBudget] = {
        name: team(name, prod=(name, 3000)).model_copy(update={"plan": plans[name]}) for name in names
    }
    asked = [question(name, team=name, plan=plans[name]) for name in names]

    def answers(order: int) -> dict[str, Any]:
        found = ask(seen, *asked[::order], period=DECEMBER, as_of=AS_OF, teams=dict(list(teams.items())[::order]))
        return {answer.team: answer for answer in found.wallets}

    assert answers(1) == answers(-1)
    context = forecast_context(seen, asked, organization=organization(), period=DECEMBER, as_of=AS_OF, teams=teams)
    assert context.prior.comes / (context.prior.comes + context.prior.fails) == pytest.approx(0.2, abs=0.04)
    told = ask(seen, *asked, period=DECEMBER, as_of=AS_OF, teams=teams).assumptions[-1].assumptions
    assert next(row for row in told if row.name == "cache_hit_rate").realized["0.5"] < 0.35


def test_a_year_that_holds_only_if_all_savings_come_is_said() -> None:
    likely, planned = middles(year_of(0.0))
    between = organization(annual_target=f"{(likely + planned) / 2:.2f}")

    def codes(**more: Any) -> list[str]:
        asked = question(plan=plan(cache_hit_rate=CACHE, provider_mix=[MOVE]))
        return [found.code for found in ask(usage(0.0), asked, period=DECEMBER, as_of=AS_OF, **more).warnings]

    assert "year-rests-on-savings" in codes(org=between)
    assert "year-rests-on-savings" not in codes(org=organization(annual_target=f"{2 * likely:.2f}"))
    assert "year-rests-on-savings" not in codes(org=organization(annual_target=f"{planned / 2:.2f}"))


@pytest.mark.parametrize(
    "levers",
    [
        {},
        {"cache_hit_rate": CACHE, "provider_mix": [MOVE]},
        {"cache_hit_rate": CACHE, "rate_limits": [{"reason": "cap", "daily": "90.00", "from": "2027-02"}]},
        {"planned_demand": [{"reason": "voice", "monthly": "700.00", "from": "2027-01"}], "provider_mix": [MOVE]},
    ],
    ids=["none", "promises", "promises-and-a-limit", "demand-and-a-promise"],
)
def test_a_month_is_the_same_to_the_cent_from_whichever_month_is_looked_at_and_in_the_year(
    levers: dict[str, Any],
) -> None:
    """January is ahead of December, the period itself, and two months before March; the year ends with May."""
    months = {f"2027-{month:02d}": 3000.0 for month in range(1, 6)}
    asked = question(plan=plan(**levers), targets=months)
    told: dict[Period, list[dict[str, Decimal]]] = {}
    years = []
    for period in (DECEMBER, Period(2027, 1), Period(2027, 3)):
        found = ask(usage(0.4), asked, period=period, as_of=AS_OF)
        (wallet,) = found.wallets
        told.setdefault(period, []).append(wallet.month_end.quantiles)
        for month in wallet.months:
            told.setdefault(month.period, []).append(month.quantiles)
        assert found.year is not None
        years.append((found.year.quantiles, [month.quantiles for month in found.year.months]))
    assert [len(told[Period(2027, month)]) for month in (1, 2, 3, 4)] == [3, 2, 4, 3]
    assert all(each == same[0] for same in told.values() for each in same)
    assert years[0] == years[1] == years[2]
