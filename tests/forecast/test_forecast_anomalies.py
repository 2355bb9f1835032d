"""What stands out once is named with its days; growth, levels, seasons of the week and month ends are not."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest
from forecast.forecast_world import UsageBuilder, steady

from reconciler.forecast.annual.anomalies import StandingOut, standing_out
from reconciler.forecast.annual.evidence import evidence
from reconciler.forecast.annual.inputs import without
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

FIRST, AS_OF = date(2025, 6, 1), date(2026, 6, 1)
DAYS = (AS_OF - FIRST).days
FEBRUARY = (date(2026, 2, 1) - FIRST).days
KEYS = {"engineering": [WalletRef.team("team_engineering")]}


def found(**workloads: npt.NDArray[np.float64]) -> tuple[StandingOut, ...]:
    usage = UsageBuilder()
    for name, days in workloads.items():
        usage.series("team_engineering", FIRST, days, workload=name)
    return standing_out(evidence(usage.build(), KEYS, as_of=AS_OF)["engineering"])


def level(amount: float, seed: int = 3) -> npt.NDArray[np.float64]:
    return steady(DAYS, level=amount, noise=0.1, seed=seed)


def test_a_sprint_of_nine_days_is_named_with_its_workload_its_days_and_its_money() -> None:
    evaluation = level(60, seed=4)
    evaluation[FEBRUARY + 2 : FEBRUARY + 11] += 900.0
    interactive = level(800)
    interactive[FEBRUARY : FEBRUARY + 28] += 115.0
    (one,) = found(interactive=interactive, evaluation=evaluation)
    assert (one.month, one.workload, one.once) == (Period(2026, 2), "evaluation", True)
    assert one.days == tuple(date(2026, 2, day) for day in range(3, 12))
    assert 0.65 <= one.share <= 0.78
    assert abs(float(one.excess) - (9 * 900 + 28 * 115)) < 1500


def test_the_baseline_to_plan_from_leaves_out_what_stood_out() -> None:
    days = level(100)
    days[FEBRUARY : FEBRUARY + 9] += 500.0
    usage = UsageBuilder().series("team_engineering", FIRST, days).build()
    known = evidence(usage, KEYS, as_of=AS_OF)["engineering"]
    (one,) = standing_out(known)
    cleaned = without(known, [one])
    assert known.months[one.month] - cleaned[one.month] == one.excess > Decimal(3500)
    assert {month for month in cleaned if cleaned[month] != known.months[month]} == {one.month}


@pytest.mark.parametrize(
    "shape",
    [
        np.linspace(1.0, 2.0, DAYS),
        np.linspace(2.0, 1.0, DAYS),
        np.where(np.arange(DAYS) < 150, 1.0, 3.0),
        np.where(np.arange(DAYS) < 150, 3.0, 1.0),
        np.array([1.0 + 0.8 * ((FIRST + timedelta(days=day + 3)).day <= 3) for day in range(DAYS)]),
    ],
    ids=["growth", "decline", "a-new-level", "an-old-level", "month-ends"],
)
def test_what_lasts_or_comes_every_month_does_not_stand_out(shape: npt.NDArray[np.float64]) -> None:
    assert found(interactive=level(500) * shape) == ()


def test_an_expensive_quarter_is_asked_about_month_by_month() -> None:
    days = level(500)
    days[FEBRUARY - 31 : FEBRUARY + 59] *= 1.6
    assert [str(one.month) for one in found(interactive=days)] == ["2026-01", "2026-02", "2026-03"]


def test_what_stands_out_at_the_end_may_be_the_new_usual() -> None:
    days = level(500)
    days[-31:] *= 1.5
    (one,) = found(interactive=days)
    assert (one.month, one.once) == (Period(2026, 5), False)


def test_too_few_months_tell_nothing() -> None:
    assert standing_out(evidence(None, KEYS, as_of=AS_OF)["engineering"]) == ()
    short = UsageBuilder().series("team_engineering", date(2026, 4, 1), [1.0] * 30 + [90.0] * 30).build()
    assert standing_out(evidence(short, KEYS, as_of=AS_OF)["engineering"]) == ()


def test_each_team_has_the_evidence_of_its_own_wallets_and_of_no_other() -> None:
    usage = UsageBuilder()
    for wallet, cost in (("a", 1.0), ("a_dev", 2.0), ("b", 4.0), ("nobody", 8.0)):
        usage.series(wallet, FIRST, [cost] * DAYS, workload="chat")
    teams = {"b": [WalletRef.team("b")], "none": [], "a": [WalletRef.team("a"), WalletRef.team("a_dev")]}
    known = evidence(usage.build(), teams, as_of=AS_OF)
    june = {team: found.months.get(Period(2025, 6)) for team, found in known.items()}
    assert june == {"a": 90, "b": 120, "none": None}
    assert (known["a"].spent(0, Period(2025, 6)), known["none"].workloads) == (Decimal(90), ())
