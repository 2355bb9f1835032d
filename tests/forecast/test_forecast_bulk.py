"""Many wallets at once: the quick ways give what the plain ones do, and no wallet looks at another."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, JUNE, UsageBuilder, ask, budget, organization, plan, question, steady
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import fit
from reconciler.forecast.later import make_later
from reconciler.forecast.levers.effect import Effect
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import Weeks, simulated_weeks
from reconciler.forecast.quantiles import money, money_quantiles, plus_exact, quantile_rows, whole_cents
from reconciler.forecast.question import WalletQuestion
from reconciler.model.forecast import DayPoint, WalletForecast
from reconciler.model.frozen import document
from reconciler.model.money import cents
from reconciler.model.period import Period

KEYS = ("0.025", "0.1", "0.5", "0.9", "0.975")
DAYS = 200
LENGTHS = (0, 3, 13, 27, 40, 100, 400)
amounts = st.floats(-1e12, 1e12) | st.integers(-(10**9), 10**9).map(lambda mills: mills / 1000)


def weeks_of(values: Floats, *, height: float = 1.0) -> Weeks:
    learned = fit(make_panel([values], np.array([day_before(AS_OF)])))
    weeks = simulated_weeks(learned, draw([5], shared_seed=1, paths=200, weeks=29), days=DAYS)[0]
    return Weeks(weeks.height * height, weeks.chosen, weeks.pool, weeks.shape, weeks.cap)


@given(st.lists(amounts, min_size=1, max_size=20))
def test_many_amounts_are_rounded_as_each_of_them_is(values: list[float]) -> None:
    assert [Decimal(cent).scaleb(-2) for cent in whole_cents(np.array(values))] == [money(value) for value in values]


@given(st.integers(-(10**15), 10**15), st.integers(-(10**9), 10**9), st.booleans())
def test_the_exact_part_is_added_before_the_cents_are_rounded(nanos: int, cent: int, tie: bool) -> None:
    exact = Decimal(nanos // 10**7 * 10**7 + 5 * 10**6 if tie else nanos).scaleb(-9)
    (total,) = plus_exact([cent], exact)
    assert str(total) == str(cents(exact + Decimal(cent).scaleb(-2)))


@pytest.mark.parametrize("count", [1, 2, 7, 1000])
def test_quantiles_of_many_rows_are_those_of_each_row(count: int) -> None:
    rows = np.random.default_rng(1).normal(size=(5, count))
    assert np.array_equal(quantile_rows(rows, KEYS), np.quantile(rows, [float(key) for key in KEYS], axis=1).T)
    alone = money_quantiles(rows[0], exact=Decimal("0.005"), keys=KEYS)
    assert list(alone) == list(KEYS)


def test_a_document_equals_what_validation_makes() -> None:
    fields: dict[str, Any] = {"day": AS_OF, "spent": None, **dict.fromkeys(("p10", "p50", "p90"), Decimal("1.20"))}
    quick, slow = document(DayPoint, dict(fields)), DayPoint(**fields)
    assert quick == slow
    assert hash(quick) == hash(slow)
    assert repr(quick) == repr(slow)
    assert quick.model_dump_json() == slow.model_dump_json()


def test_whole_answers_pass_the_validation_that_they_skipped() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=90), steady(90)).build()
    asked = question(alerts_live=(budget(),), alerts_desired=(budget(),), targets={"2026-07": 10.0})
    answer = ask(usage, asked, question("team_new")).wallets
    for wallet in answer:
        assert WalletForecast.model_validate_json(wallet.model_dump_json()) == wallet


@pytest.mark.parametrize("height", [1.0, 30.0], ids=["usual", "at-the-cap"])
@pytest.mark.parametrize("history", [0, 3, 150])
@pytest.mark.parametrize("pulled", [False, True], ids=["plain", "levers"])
def test_sums_over_weeks_are_sums_over_days(history: int, height: float, pulled: bool) -> None:
    values = np.append(steady(history - 1), 700.0) if history else np.zeros(0)
    weeks = weeks_of(values, height=height)
    days = weeks.daily(0, len(weeks))
    factor = np.linspace(1.0, 2.0, DAYS)
    levers = [Effect("g", factor=factor), Effect("d", added=np.full(DAYS, 5.0)), Effect("m", factor=np.full(DAYS, 1.1))]
    if pulled:
        days = (days[:DAYS] * factor[:, None] + 5.0) * 1.1
    later = make_later(weeks, 2, levers if pulled else ())
    for low, high in ((14, 15), (14, 43), (43, 73), (73, 200), (199, 200)):
        assert later.sums((low, high))[0] == pytest.approx(days[low:high].sum(axis=0), rel=1e-12, abs=1e-12)


def test_levers_that_cut_single_days_are_not_taken_over_weeks() -> None:
    assert Effect("growth", factor=np.full(3, 0.5)).keeps_sums
    assert Effect("demand", added=np.array([0.0, 2.0])).keeps_sums
    assert Effect("limit", limit=np.full(3, np.inf)).keeps_sums
    assert not Effect("demand", added=np.array([0.0, -2.0])).keeps_sums
    assert not Effect("limit", limit=np.array([np.inf, 2.0])).keeps_sums


def test_a_limit_far_ahead_cuts_the_later_months() -> None:
    limit = plan(baseline_monthly="3000.00", rate_limits=[{"reason": "cap", "daily": "10.00", "from": "2026-09"}])
    targets = {f"2026-{month:02d}": 3000.0 for month in (7, 8, 9, 10)}
    free, cut = (
        {month.period.month: month.quantiles["0.5"] for month in ask(None, asked).wallets[0].months}
        for asked in (question(targets=targets, plan=levers) for levers in (plan(baseline_monthly="3000.00"), limit))
    )
    assert (cut[7], cut[8]) == (free[7], free[8])
    assert cut[9] == Decimal("300.00")
    assert cut[10] == Decimal("310.00")


def mixed() -> tuple[UsageBuilder, list[WalletQuestion]]:
    """Return wallets of all lengths of history, one in three with a launch in its last days."""
    usage, asked = UsageBuilder(), []
    for number, days in enumerate(LENGTHS * 2):
        costs = steady(days, noise=0.4, seed=number)
        costs[-8:] *= 2.0 if number % 3 == 0 else 1.0
        usage.series(f"team_{number}", AS_OF - timedelta(days=days), costs)
        asked.append(question(f"team_{number}", team=f"t{number}", targets={"2026-07": 100.0, "2026-12": 100.0}))
    return usage, asked


@pytest.mark.parametrize("as_of", [AS_OF, date(2026, 6, 1)])
def test_histories_of_other_lengths_change_no_number_of_a_wallet(as_of: date) -> None:
    usage, asked = mixed()
    table = usage.build()
    together = ask(table, *asked, as_of=as_of).wallets
    short = asked[LENGTHS.index(27)]  # has the wallets without a week of their own lean on the usual one
    pairs = [ask(table, short, alone, as_of=as_of).wallets[1] for alone in asked]
    assert list(together) == pairs


def test_the_year_is_the_sum_of_its_months() -> None:
    org = organization(annual_target="1000000.00")
    asked = question(targets={str(Period(2026, 7)): 3000.0}, plan=plan(baseline_monthly="3000.00"))
    answer = ask(None, asked, org=org, period=JUNE)
    assert answer.year is not None
    assert answer.year.quantiles["0.5"] == pytest.approx(Decimal(36500), rel=Decimal("0.1"))
