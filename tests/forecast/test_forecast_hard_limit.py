"""Hard limits: traffic stops at their amount, whatever the wallet holds and whoever pays."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from forecast.forecast_world import AS_OF, JUNE, UsageBuilder, ask, budget, history, organization, question, steady

from reconciler.forecast.context import forecast_context
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.recommend import recommend
from reconciler.model.forecast import WalletForecast, WalletNotice
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.period import Period

USAGE = history(noise=0.02)
"""About 100 a day: 1,700 by the 18th, 3,000 by the end of the month."""


def cap(amount: int, **more: Any) -> BillingBudget:
    return budget(name="cap", amount=Decimal(amount), hard_limit=True, **more)


def only(asked: WalletQuestion, **more: Any) -> WalletForecast:
    (found,) = ask(USAGE, asked, **more).wallets
    return found


def stops(found: WalletForecast) -> list[str]:
    return [notice.message for notice in found.notices if notice.code == "hard-limit"]


@pytest.mark.parametrize("pays", [False, True])
def test_a_hard_limit_below_what_is_spent_stops_traffic_although_there_is_money(pays: bool) -> None:
    found = only(question(live=9000, alerts_desired=(cap(2300),), pool_pays=pays))
    gone = found.desired.exhaustion
    assert (found.live.exhaustion.probability or 0) < 0.01 < 0.99 < (gone.probability or 0)
    assert gone.date["0.5"] == date(2026, 6, 23)
    assert float(found.desired.unserved["0.5"]) == pytest.approx(
        float(found.month_end.quantiles["0.5"]) - 2300, abs=0.02
    )
    (said,) = stops(found)
    assert said.startswith(
        "reaches its hard limit cap of USD 2,300.00 on 2026-06-23, before the month is over, with probability"
    )
    assert found.desired.money_left == found.live.money_left, "the money is there all the same"
    last = next(alert for alert in found.alerts if alert.percentage == 100)
    assert last.desired is not None
    assert last.desired.reaction_days["0.5"] == 0, "at 100% of a hard limit there is nothing left to react to"


def test_the_cure_says_by_how_much_the_limit_is_too_low_and_nothing_of_more_money() -> None:
    forecast = ask(USAGE, question(live=9000, alerts_desired=(cap(2300),)))
    assert "runs-out" not in [warning.code for warning in forecast.warnings]
    (hint,) = (warning.hint for warning in forecast.warnings if warning.code == "hard-limit")
    more = Decimal(hint.partition("USD ")[2].partition(" ")[0].replace(",", ""))
    raised = only(question(live=9000, alerts_desired=(cap(2300 + int(more)),)))
    assert raised.desired.exhaustion.probability == pytest.approx(0.1, abs=0.01)
    assert stops(raised) == []


@pytest.mark.parametrize(
    "budgets",
    [
        (cap(9000),),
        (cap(50, period="daily"),),
        (budget(name="soft", amount=Decimal(2300)),),
        (),
    ],
)
def test_what_stops_nothing_changes_nothing(budgets: tuple[BillingBudget, ...]) -> None:
    found = only(question(live=9000, alerts_desired=budgets))
    assert (found.desired.exhaustion.probability or 0) < 0.01
    assert stops(found) == []


def test_a_wallet_that_empties_before_its_limit_runs_out() -> None:
    forecast = ask(USAGE, question(live=3000, left_live=300, left_desired=300, alerts_desired=(cap(2900),)))
    assert stops(forecast.wallets[0]) == []
    assert "runs-out" in [warning.code for warning in forecast.warnings]


def test_the_lowest_limit_counts_that_of_nobody_included() -> None:
    found = only(question(live=9000, alerts_desired=(cap(2900),), alerts_undeclared=(cap(2000),)))
    assert stops(found)[0].startswith("reaches its hard limit cap of USD 2,000.00 on 2026-06-21")
    assert found.live.exhaustion.date["0.5"] == date(2026, 6, 21)


def test_one_that_is_reached_already_stops_today() -> None:
    found = only(question(live=9000, alerts_desired=(cap(1000),)))
    assert found.desired.exhaustion.date["0.5"] == AS_OF


def limit_notice(found: WalletForecast) -> WalletNotice:
    (notice,) = (notice for notice in found.notices if notice.code == "hard-limit")
    return notice


SELDOM = UsageBuilder()
"""450 a day on some days: nobody knows whether one is still to come this month, 900 are spent by the 16th of June."""
for month in (3, 4, 5, 6):
    for day in (11, 15) if month != 4 else (2, 27):
        SELDOM.row(date(2026, month, day), "team_support", 450.0)
SELDOM.row(AS_OF - timedelta(days=1), "team_support", 0.0)


@pytest.mark.parametrize(
    ("amount", "day", "more"),
    [
        (500, date(2026, 6, 15), {}),
        (450, date(2026, 6, 11), {}),
        (900, date(2026, 6, 15), {}),
        (0, date(2026, 6, 1), {}),
        (500, date(2026, 6, 15), {"pool_pays": True}),
        (500, date(2026, 6, 15), {"left_live": 0, "left_desired": 0}),
        (1200, AS_OF, {"booked": Decimal(1200)}),
    ],
)
def test_a_limit_that_is_passed_was_reached_for_certain_on_the_day_of_its_alert(
    amount: int, day: date, more: dict[str, Any]
) -> None:
    asked = question(live=5000, alerts_live=(cap(amount),), alerts_desired=(cap(amount),), **more)
    (found,) = ask(SELDOM.build(), asked).wallets
    notice = limit_notice(found)
    assert (notice.since, notice.probability) == (day, 1)
    assert notice.message == (
        f"reached its hard limit cap of USD {amount:,.2f} on {day}: traffic stands still until the month is over,"
        " whatever the wallet holds"
    )
    assert found.desired.exhaustion.date["0.1"] in (AS_OF, None), "no day is named on which it would still be served"
    last = next(alert for alert in found.alerts if alert.percentage == 100)
    assert last.desired is not None
    assert (last.desired.probability, last.desired.date["0.5"]) == (1, day)


def test_the_cure_of_a_limit_that_is_passed_counts_what_was_spent_beyond_it() -> None:
    hint = limit_notice(only(question(live=9000, alerts_desired=(cap(1000),)))).hint
    more = Decimal(hint.partition("USD ")[2].partition(" ")[0].replace(",", ""))
    raised = only(question(live=9000, alerts_desired=(cap(1000 + int(more)),)))
    assert raised.desired.exhaustion.probability == pytest.approx(0.1, abs=0.01)
    assert stops(raised) == []


def test_what_a_credit_gave_back_of_a_limit_is_served() -> None:
    usage = UsageBuilder()
    usage.rows = [*SELDOM.rows]
    usage.row(date(2026, 6, 16), "team_support", -600.0, credits=-600.0)
    (found,) = ask(usage.build(), question(live=5000, alerts_desired=(cap(500),))).wallets
    assert not any("reached its hard limit" in said for said in stops(found))


def test_a_limit_of_nothing_stops_a_month_to_come_on_its_first_day() -> None:
    asked = question(live=9000, alerts_desired=(cap(0),), targets={"2026-07": 9000})
    notice = limit_notice(only(asked, period=Period(2026, 7)))
    assert (notice.since, notice.probability) == (date(2026, 7, 1), 1)


def test_what_the_ledger_booked_beyond_the_usage_is_nearer_to_the_limit() -> None:
    near = only(question(live=9000, alerts_desired=(cap(2300),), booked=Decimal(2100)))
    assert near.desired.exhaustion.date["0.5"] == date(2026, 6, 20)


def test_a_month_to_come_has_its_whole_limit() -> None:
    asked = question(live=9000, alerts_desired=(cap(2300),), targets={"2026-07": 9000})
    found = only(asked, period=Period(2026, 7))
    assert found.desired.exhaustion.date["0.5"] == date(2026, 7, 23)


def test_days_that_are_not_known_yet_count_towards_it() -> None:
    table = UsageBuilder().series("team_support", AS_OF - timedelta(days=100), steady(96, noise=0.02)).build()
    asked = question(live=9000, alerts_desired=(cap(2300),), unpaid_since=AS_OF - timedelta(days=4))
    (found,) = ask(table, asked).wallets
    assert found.desired.exhaustion.date["0.5"] == date(2026, 6, 24)


def test_no_target_is_said_to_last_beyond_a_hard_limit_and_its_amount_is_no_alert_to_move() -> None:
    asked = question(live=9000, alerts_live=(cap(2300), budget()), alerts_desired=(cap(2300), budget()))
    context = forecast_context(USAGE, [asked], organization=organization(), period=JUNE, as_of=AS_OF, teams={})
    found = recommend([asked], context)
    (target,) = found.targets
    assert (target.lasts_now, target.lasts) == (0, 0)
    assert target.target < 9000, "more than enough is told as before"
    assert {alert.name for alert in found.alerts} == {"monthly"}
    assert [notice.code for notice in found.notices] == ["hard-limit"]


def test_no_money_is_added_that_a_hard_limit_keeps_from_being_spent() -> None:
    """By 1,700 of 3,000 are spent: 2,000 last to the 20th, as far as a limit of 2,000 lets, whatever is added."""

    def advised(limit: int, left: float) -> tuple[Decimal, float, str]:
        asked = question(live=2000, left_desired=left, alerts_desired=(cap(limit),))
        context = forecast_context(USAGE, [asked], organization=organization(), period=JUNE, as_of=AS_OF, teams={})
        (target,) = recommend([asked], context).targets
        return target.target, target.lasts, target.reason

    enough, sure, said = advised(9000, 300)
    assert 3000 <= enough <= 3200
    assert sure >= 0.9
    assert "hard limit" not in said
    target, lasts, said = advised(2000, 300)
    assert target == 2000
    assert lasts == 0, "what it has is what the limit lets by"
    assert advised(2000, 299)[0] == 2000, "no rounding up either"
    assert said.endswith(
        "; the hard limit cap of USD 2,000.00 stops it first, and more money changes nothing: with a higher `amount` of"
        f" that, a target of USD {enough:,.0f} is enough in 90% of the cases"
    )
    assert 2260 <= advised(2300, 300)[0] <= 2300, "some 280 more can be spent: 2,300 less what is spent, less 300"
    assert advised(2000, 9000)[0] < 2000, "of more than enough"
