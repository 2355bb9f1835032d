"""What the forecast says about a wallet: exact sums, edges of the calendar, missing and partial data."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import (
    AS_OF,
    JUNE,
    UsageBuilder,
    ask,
    budget,
    chance_of,
    history,
    money,
    organization,
    plan,
    purse,
    question,
    steady,
    team,
)

from reconciler.forecast.context import forecast_context
from reconciler.forecast.project import project
from reconciler.model.forecast import WalletForecast, WalletOutlook
from reconciler.model.period import Period
from reconciler.model.purse import Opening


def only(forecast_of: object) -> WalletForecast:
    wallets: tuple[WalletForecast, ...] = forecast_of.wallets  # type: ignore[attr-defined]
    return wallets[0]


def test_spend_to_date_is_exact_to_the_nano_and_contains_credits() -> None:
    usage = UsageBuilder()
    for day in range(1, 18):
        usage.row(date(2026, 6, day), "team_support", 0.1)
    usage.row(date(2026, 6, 5), "team_support", -0.25, credits=-0.25, workload="credit")
    assert only(ask(usage.build(), question())).spend_to_date == Decimal("1.45")


def test_month_end_is_spend_to_date_plus_the_simulated_rest() -> None:
    answer = only(ask(history(noise=0.01), question()))
    assert answer.month_end.quantiles["0.5"] > answer.known_spend
    assert answer.daily[-1].p50 == answer.month_end.quantiles["0.5"]
    assert [point.spent is None for point in answer.daily] == [day >= 18 for day in range(1, 31)]


def test_a_month_that_is_over_is_exact() -> None:
    usage = history(end=date(2026, 7, 10))
    answer = only(ask(usage, question(left_live=0), as_of=date(2026, 7, 10)))
    assert set(answer.month_end.quantiles.values()) == {answer.spend_to_date}
    assert answer.live.exhaustion.probability == 0
    assert answer.live.unserved["0.9"] == 0


def test_before_the_period_the_gap_is_simulated_and_drains_the_wallet_too() -> None:
    usage = history()
    answer = only(ask(usage, question(left_live=1500), period=Period(2026, 7)))
    assert answer.spend_to_date == 0
    assert 2500 < answer.month_end.quantiles["0.5"] < 3500
    assert answer.live.exhaustion.date["0.5"] is not None
    assert answer.live.exhaustion.date["0.5"] < date(2026, 7, 10)


@pytest.mark.parametrize("as_of", [date(2026, 6, 1), date(2026, 12, 1), date(2026, 12, 31), date(2027, 2, 28)])
def test_the_first_day_of_a_month_december_and_february_are_ordinary_days(as_of: date) -> None:
    answer = only(ask(history(end=as_of, noise=0.05), question(), as_of=as_of, period=Period.of(as_of)))
    expected = 100 * Period.of(as_of).days
    assert float(answer.month_end.quantiles["0.5"]) == pytest.approx(expected, rel=0.12)
    assert len(answer.daily) == Period.of(as_of).days


def test_no_history_is_the_plans_share_of_the_baseline_and_says_so() -> None:
    asked = question(live=2000, plan=plan(baseline_monthly="12000.00"))
    forecast = ask(None, asked, teams={"support": team(prod=("team_support", 2000), dev=("team_dev", 1000))})
    answer = only(forecast)
    assert answer.confidence == "none"
    assert answer.history_days == 0
    assert answer.data_as_of is None
    assert float(answer.month_end.quantiles["0.5"]) == pytest.approx(8000 * 13 / 30.4375, rel=0.1)
    assert forecast.warnings[0].code == "no-history"
    assert "baseline" in forecast.warnings[0].message


def test_without_history_and_without_a_plan_nothing_is_known() -> None:
    asked = question("team_new", live=600, alerts_live=(budget("team_new"),), targets={"2026-07": 600})
    forecast = ask(history(), asked)
    answer = only(forecast)
    assert (answer.confidence, answer.month_end.quantiles) == ("none", {})
    assert (answer.live.exhaustion.probability, answer.desired.exhaustion.probability) == (None, None)
    assert (answer.live.money_left, answer.alerts, answer.months, answer.daily) == (Decimal(600), (), (), ())
    assert [warning.code for warning in forecast.warnings] == ["no-history"]
    assert "how long its money lasts is not known" in forecast.warnings[0].message
    assert forecast.year is not None
    assert (forecast.year.wallets, forecast.year.quantiles, forecast.year.within_probability) == (0, {}, None)
    planned = only(ask(history(), question("team_new", live=600, plan=plan(baseline_monthly="500.00"))))
    assert planned.confidence == "none"
    assert planned.live.exhaustion.probability is not None


def test_no_history_with_empty_targets_still_answers() -> None:
    teams = {"support": team(prod=("team_support", 0))}
    answer = only(ask(None, question(live=0, plan=plan(baseline_monthly="100.00")), teams=teams))
    assert answer.live.exhaustion.probability == 1


def test_a_short_history_is_wider_and_of_low_confidence() -> None:
    short, long = only(ask(history(10), question())), only(ask(history(200), question()))
    assert short.confidence == "low"
    assert long.confidence == "normal"

    def width(answer: WalletForecast) -> Decimal:
        return answer.month_end.quantiles["0.9"] - answer.month_end.quantiles["0.1"]

    assert width(short) > width(long)


def test_a_short_history_borrows_the_week_of_the_organization() -> None:
    weekdays = np.tile([100.0] * 5 + [0.0] * 2, 60)  # 2025-04-21 is a Monday
    both = UsageBuilder().series("team_old", date(2025, 4, 21), weekdays[:420])
    both.series("team_support", date(2026, 6, 10), [100, 100, 100])
    alone = UsageBuilder().series("team_support", date(2026, 6, 10), [100, 100, 100])
    as_of = date(2026, 6, 13)  # a Saturday
    with_week = only(ask(both.build(), question(), as_of=as_of)).daily
    without = only(ask(alone.build(), question(), as_of=as_of)).daily
    assert with_week[13].p50 - with_week[11].p50 < without[13].p50 - without[11].p50


def test_a_wallet_that_spends_nothing_never_runs_out() -> None:
    usage = (
        UsageBuilder().series("team_support", date(2025, 6, 1), [5.0]).series("team_x", date(2025, 6, 1), steady(382))
    )
    answer = only(ask(usage.build(), question(left_live=1)))
    assert answer.month_end.quantiles["0.975"] < 1
    assert chance_of(answer.live.exhaustion) < 0.01


def test_a_wallet_without_money_is_exhausted_on_as_of_for_certain() -> None:
    answer = only(ask(history(), question(left_live=0)))
    assert answer.live.exhaustion.probability == 1
    assert answer.live.exhaustion.date == {"0.1": AS_OF, "0.5": AS_OF, "0.9": AS_OF}


def test_probabilities_of_what_no_path_did_are_small_but_not_zero() -> None:
    answer = only(ask(history(), question(left_live=10**7, left_desired=1)))
    assert 0 < chance_of(answer.live.exhaustion) < 0.001
    assert 0.999 < chance_of(answer.desired.exhaustion) < 1


def test_no_day_is_above_ten_times_the_largest_observed_one() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=5), [0.01, 90, 0.01, 80, 0.02]).build()
    points = only(ask(usage, question())).daily
    last_known = points[16].p90
    assert all(point.p90 <= last_known + (index + 1) * 900 for index, point in enumerate(points[17:]))


def test_the_known_part_of_an_incomplete_last_day_counts_and_the_rest_is_simulated() -> None:
    whole = steady(382, noise=0.01)
    cut = whole.copy()
    cut[-1] *= 0.25
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), cut)
    complete_until = AS_OF - timedelta(days=2)
    answer = only(ask(usage.build(last_complete_day=complete_until), question()))
    assert float(answer.known_spend) == pytest.approx(float(cut[-17:].sum()), abs=0.01)
    assert answer.daily[16].spent is None
    assert float(answer.month_end.quantiles["0.5"]) == pytest.approx(3000, rel=0.06)


def test_what_is_already_spent_today_no_longer_drains_the_balance() -> None:
    costs = steady(383, noise=0.01)
    costs[-1] = 60.0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), costs)
    answer = only(ask(usage.build(last_complete_day=AS_OF - timedelta(days=1)), question(left_live=30)))
    assert answer.spend_to_date == only(ask(history(noise=0.01), question())).spend_to_date
    assert answer.live.exhaustion.date["0.1"] is not None
    assert answer.live.exhaustion.date["0.1"] >= AS_OF


def test_what_the_ledger_settled_today_is_not_paid_a_second_time() -> None:
    usage = history(noise=0.01)

    def lasts(left: float, settled: str) -> float:
        answer = only(ask(usage, question(left_live=left, settled=Decimal(settled))))
        assert answer.month_end == only(ask(usage, question())).month_end
        return 1 - chance_of(answer.live.exhaustion)

    rest = 13 * 100.0
    assert lasts(rest + 20, "0") > 0.7
    assert lasts(rest - 60, "0") < 0.1
    assert lasts(rest - 60, "80.00") == pytest.approx(lasts(rest + 20, "0"), abs=0.01)


def test_a_day_that_already_cost_more_than_usual_counts_in_full() -> None:
    usage = history(noise=0.01)
    usual, dear = (only(ask(usage, question(settled=Decimal(amount)))) for amount in ("0", "400.00"))
    more = dear.month_end.quantiles["0.5"] - usual.month_end.quantiles["0.5"]
    assert float(more) == pytest.approx(300, rel=0.1)
    partly = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), np.append(steady(382, noise=0.01), 150))
    built = partly.build(last_complete_day=AS_OF - timedelta(days=1))
    seen, less = (only(ask(built, question(settled=Decimal(amount)))) for amount in ("0", "90.00"))
    assert seen == less


def test_money_that_does_not_know_of_the_last_days_pays_for_them_too() -> None:
    known = AS_OF - timedelta(days=8)
    usage = history(end=known, noise=0.01)
    gap, rest = 8 * 100.0, 13 * 100.0

    def outlook(left: float, unpaid: date | None) -> WalletOutlook:
        return only(ask(usage, question(left_live=left, unpaid_since=unpaid))).live

    assert chance_of(outlook(rest + 100, None).exhaustion) < 0.05
    assert chance_of(outlook(rest + 100, known).exhaustion) > 0.95
    assert chance_of(outlook(rest + gap + 100, known).exhaustion) < 0.1
    gone = outlook(gap / 2, known)
    assert gone.exhaustion.date["0.5"] == AS_OF
    assert float(gone.unserved["0.5"]) == pytest.approx(rest, rel=0.05)


def test_usage_after_as_of_is_never_looked_at() -> None:
    past = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), steady(200))
    future = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), np.r_[steady(200), [9000.0] * 20])
    assert only(ask(past.build(), question())).month_end == only(ask(future.build(), question())).month_end


def test_an_export_that_ends_early_leaves_days_to_simulate_and_a_warning() -> None:
    usage = history(200, end=AS_OF - timedelta(days=7), noise=0.02)
    forecast = ask(usage, question())
    assert only(forecast).known_spend < 1300
    assert float(only(forecast).month_end.quantiles["0.5"]) == pytest.approx(3000, rel=0.1)
    assert "usage-ends-early" in [warning.code for warning in forecast.warnings]


def test_days_without_events_at_the_end_are_zeros_for_an_organization_that_is_often_silent() -> None:
    weekly = np.tile([70.0, 0, 0, 0, 0, 0, 0], 40)
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=280), weekly).build()
    forecast = ask(usage, question())
    assert only(forecast).daily[16].spent is not None
    assert "usage-ends-early" not in [warning.code for warning in forecast.warnings]


def test_credits_are_in_the_sums_and_not_in_the_paths() -> None:
    plain = UsageBuilder().series("team_support", AS_OF - timedelta(days=100), steady(100))
    credited = UsageBuilder().series("team_support", AS_OF - timedelta(days=100), steady(100))
    credited.row(AS_OF - timedelta(days=3), "team_support", -500.0, credits=-500.0)
    before, after = only(ask(plain.build(), question())), only(ask(credited.build(), question()))
    assert before.known_spend - after.known_spend == 500
    assert before.month_end.quantiles["0.9"] - after.month_end.quantiles["0.9"] == 500


def test_rate_limited_and_named_days_are_left_out_of_the_level_and_counted() -> None:
    costs = steady(200, noise=0.02)
    costs[-10:] = 20.0
    days = frozenset(AS_OF - timedelta(days=back) for back in range(1, 11))
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=200), costs).build()
    forecast = ask(usage, question(), censored={"team_support": days})
    rest = only(forecast).month_end.quantiles["0.5"] - only(forecast).known_spend
    assert float(rest) == pytest.approx(1300, rel=0.1)
    assert only(forecast).history_days == 190
    assert "on 10 days" in next(w.message for w in forecast.warnings if w.code == "censored-days")


def test_the_organizations_own_interval_is_among_the_quantiles() -> None:
    org = organization(forecast={"interval": "90%", "horizon_months": 3})
    answer = only(ask(history(), question(targets={"2026-06": 1, "2026-07": 1, "2026-10": 1}), org=org))
    assert {"0.025", "0.05", "0.1", "0.5", "0.9", "0.95", "0.975"} == set(answer.month_end.quantiles)
    assert [str(month.period) for month in answer.months] == ["2026-06", "2026-07"]
    assert answer.months[0].quantiles == answer.month_end.quantiles


def test_the_year_is_exact_spend_plus_the_rest_of_all_wallets() -> None:
    usage = UsageBuilder()
    for wallet in ("team_support", "team_b"):
        usage.series(wallet, AS_OF - timedelta(days=382), steady(382, seed=len(wallet)))
    forecast = ask(usage.build(), question(), question("team_b", team="b"))
    assert forecast.year is not None
    assert forecast.year.spent == sum(wallet.known_spend for wallet in forecast.wallets)
    assert forecast.year.quantiles["0.1"] < Decimal(73000) < forecast.year.quantiles["0.9"]
    assert forecast.year.within_probability is not None
    assert forecast.year.within_probability > 0.99


def test_a_year_that_is_known_in_part_does_not_say_that_its_target_is_kept() -> None:
    org = organization(fiscal_year={"name": "FY2026", "starts": "2026-01"}, annual_target=100000)
    whole, part = (ask(history(days), question(), org=org).year for days in (380, 100))
    assert whole is not None
    assert part is not None
    assert whole.known_from is None
    assert whole.within_probability is not None
    assert (part.known_from, part.within_probability) == (AS_OF - timedelta(days=100), None)


def test_a_year_comes_about_month_by_month_and_ends_with_its_own_figures() -> None:
    started = organization(fiscal_year={"name": "FY2026", "starts": "2026-01"})
    forecast = ask(history(), question(), org=started)
    assert forecast.year is not None
    months = forecast.year.months
    assert [str(month.period) for month in months] == [f"2026-{number:02}" for number in range(1, 13)]
    over, ahead = months[:5], months[5:]
    assert all(month.spent is not None and not month.quantiles for month in over)
    assert [month.spent for month in ahead] == [None] * 7
    assert ahead[-1].quantiles == forecast.year.quantiles
    (wallet,) = forecast.wallets
    assert over[-1].spent is not None
    cent = Decimal("0.01")
    assert abs(over[-1].spent + wallet.known_spend - forecast.year.spent) <= cent
    for key in ("0.1", "0.5", "0.9"):
        assert abs(ahead[0].quantiles[key] - over[-1].spent - wallet.month_end.quantiles[key]) <= cent
        sums = [month.quantiles[key] for month in ahead]
        assert sums == sorted(sums)


def test_the_year_of_wallets_that_nothing_else_is_asked_of_is_that_of_wallets_that_are_asked() -> None:
    names = ("team_support", "team_search", "team_empty", "team_pounds")
    builder = UsageBuilder()
    for number, name in enumerate(names):
        if name != "team_empty":
            builder.series(name, AS_OF - timedelta(days=90), steady(90, seed=number))
    promising = plan(growth=[{"reason": "more", "rate": "20%", "from": "2026-09"}])
    asked = [question(name, team=name, plan=promising) for name in names]
    asked[-1] = replace(asked[-1], wallet=replace(asked[-1].wallet, currency="GBP"))
    teams = {name: team(name, prod=(name, 3000.0)) for name in names}
    context = forecast_context(
        builder.build(), asked, organization=organization(), period=JUNE, as_of=AS_OF, teams=teams
    )
    whole, part = project(asked, context), project(asked[:1], context, others=asked[1:])
    assert part.year is not None
    assert whole.year is not None
    assert (part.year.wallets, part.year.by_usage, whole.year.by_usage) == (2, 1, 0)
    assert [(one.team, one.reason) for one in part.year.left_out] == [("team_empty", "unknown")]
    assert part.year.model_copy(update={"by_usage": 0}) == whole.year
    assert (part.wallets, len(part.assumptions)) == (whole.wallets[:1], 1)
    assert project(asked[:1], context, others=None).year is None


def test_outside_the_fiscal_year_or_without_a_target_the_year_claims_nothing() -> None:
    assert ask(history(), question(), org=organization(fiscal_year={"name": "x", "starts": "2024-01"})).year is None
    open_ended = ask(history(), question(), org=organization(annual_target=None)).year
    assert open_ended is not None
    assert open_ended.within_probability is None


def test_run_out_is_warned_about_with_date_probability_and_the_missing_money() -> None:
    forecast = ask(history(noise=0.02), question(left_desired=700))
    message = next(warning for warning in forecast.warnings if warning.code == "runs-out")
    assert message.message.startswith("support/prod runs out 2026-06-2")
    told = re.fullmatch(r"with a target of USD ([0-9,]+) it lasts the month in 9 of 10 cases", message.hint)
    assert told
    enough = int(told[1].replace(",", ""))
    assert enough == math.ceil(3000 + only(forecast).desired.unserved["0.9"])
    spent = ask(history(noise=0.02), question(left_desired=700, funded=Decimal(3400)))
    hint = next(warning for warning in spent.warnings if warning.code == "runs-out").hint
    assert hint == f"with a target of USD {enough + 400:,} it lasts the month in 9 of 10 cases"
    rarely = ask(history(noise=0.3), question(left_desired=1400))
    assert only(rarely).desired.exhaustion.date["0.5"] is None
    assert any("may run out before the month is over" in warning.message for warning in rarely.warnings)
    gone = ask(history(noise=0.02), question(live=1000, left_live=0, left_desired=0))
    message = next(warning for warning in gone.warnings if warning.code == "runs-out")
    assert message.message == "support/prod has no money left on 2026-06-18, before the month is over"


def test_of_a_wallet_whose_months_cost_all_that_it_gets_nobody_says_that_it_never_ran_out() -> None:
    asked = question(live=2500, alerts_desired=(budget(amount=Decimal(2500), alert_percentages=(80, 100)),))
    told = ask(history(noise=0.02), asked).warnings
    assert not [each for each in told if each.code == "alert-too-low" or "never ran out" in each.message]
    rising = steady(382) * np.linspace(0.5, 1.5, 382)
    table = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), rising).build()
    (grows,) = [each for each in ask(table, asked).warnings if each.code == "growth-pressure"]
    assert "last 3 months, and all of its USD 2,500.00 in 3 of them, and spends +" in grows.message


def test_repeated_last_alerts_without_exhaustion_read_as_growth_pressure() -> None:
    asked = question(live=9000, alerts_desired=(budget(amount=Decimal(2000), alert_percentages=(80, 100)),))
    rising = steady(382) * np.linspace(0.5, 1.5, 382)
    grows = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), rising).build()
    assert "growth-pressure" in [warning.code for warning in ask(grows, asked).warnings]
    flat = [warning.code for warning in ask(history(noise=0.02), asked).warnings]
    assert ("growth-pressure" in flat, "alert-too-low" in flat) == (False, True)
    assert all("never ran out" in each.message for each in ask(grows, asked).warnings if each.code == "growth-pressure")
    calm = question(live=9000, alerts_desired=(budget(amount=Decimal(9000)),))
    assert "growth-pressure" not in [warning.code for warning in ask(history(), calm).warnings]


def test_exhaustion_on_premium_lanes_reads_as_right_sizing() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=60), steady(60), lane="premium").build()
    forecast = ask(usage, question(), censored={"team_support": frozenset({AS_OF - timedelta(days=2)})})
    assert "right-sizing" in [warning.code for warning in forecast.warnings]
    assert JUNE.name == "June 2026"


def test_spend_is_attributed_to_workloads() -> None:
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=28), [30.0] * 28, workload="interactive")
    usage.series("team_support", AS_OF - timedelta(days=28), [10.0] * 28, workload="batch")
    shares = only(ask(usage.build(), question())).workloads
    assert [(entry.workload, entry.spent, entry.share) for entry in shares] == [
        ("interactive", Decimal(840), 0.75),
        ("batch", Decimal(280), 0.25),
    ]


def opening(month: str, added: float, *, keeps: bool = True) -> Opening:
    return Opening(Period.parse(month), money(added).amount, keeps)


def test_with_reclaim_a_period_to_come_spends_its_own_funding_only() -> None:
    july = Period(2026, 7)
    rich = purse(9000)
    kept, taken = (
        question(live=2000, live_purse=replace(rich, openings=(opening("2026-07", 2000, keeps=keeps),)))
        for keeps in (True, False)
    )
    keep, reclaim = (only(ask(history(noise=0.02), asked, period=july)).live for asked in (kept, taken))
    assert chance_of(keep.exhaustion) < 0.001
    assert 9500 < keep.ceiling < 9900
    assert reclaim.ceiling == reclaim.money_left == 2000
    assert reclaim.exhaustion.date["0.5"] is not None
    assert date(2026, 7, 19) <= reclaim.exhaustion.date["0.5"] <= date(2026, 7, 22)


def test_each_month_in_between_is_funded_with_its_target_and_no_debt_is_carried_on() -> None:
    """The wallet is short in June and gets enough for each month after it."""
    months = tuple(opening(f"2026-{month:02d}", 3300) for month in range(7, 11))
    asked = question(live=3300, live_purse=replace(purse(300), openings=months))
    answer = only(ask(history(noise=0.02), asked, period=Period(2026, 10))).live
    assert 3300 <= answer.ceiling < 4300
    assert chance_of(answer.exhaustion) < 0.2
    unfunded = replace(purse(300), openings=(*(replace(month, added=Decimal(0)) for month in months[:-1]), months[-1]))
    alone = only(ask(history(noise=0.02), question(live=3300, live_purse=unfunded), period=Period(2026, 10))).live
    assert alone.ceiling == 3300
    assert alone.exhaustion.date["0.1"] is None or alone.exhaustion.date["0.1"] > date(2026, 10, 20)


def test_a_wallet_without_money_for_a_month_to_come_is_empty_from_its_first_day() -> None:
    asked = question(live=0, live_purse=replace(purse(0), openings=(opening("2026-07", 0),)))
    exhaustion = only(ask(history(noise=0.02), asked, period=Period(2026, 7))).live.exhaustion
    assert exhaustion.probability == 1
    assert exhaustion.date["0.1"] == date(2026, 7, 1)


def test_an_export_without_rows_is_no_history() -> None:
    forecast = ask(UsageBuilder().build(), question())
    assert only(forecast).confidence == "none"
    assert only(forecast).workloads == ()


def test_rows_that_all_lie_after_as_of_are_no_history() -> None:
    usage = UsageBuilder().series("team_support", AS_OF + timedelta(days=3), [1.0, 2.0]).build()
    assert only(ask(usage, question())).confidence == "none"


def test_a_wallet_of_another_currency_is_not_added_to_the_year() -> None:
    euros = question()
    euros = replace(euros, wallet=replace(euros.wallet, currency="EUR"))
    forecast = ask(history(), euros)
    assert forecast.year is not None
    assert forecast.year.spent == 0


def test_the_year_counts_and_names_what_no_yaml_covers() -> None:
    """Marketing and calls without a team spent 2,000 and 170 of the fiscal year; before it they do not count."""
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=100), np.full(100, 100.0))
    usage.series("team_marketing", date(2026, 5, 28), np.full(8, 500.0)).series("", date(2026, 6, 1), np.full(17, 10.0))
    year = ask(usage.build(), question()).year
    assert year is not None
    assert (year.wallets, year.spent) == (1, Decimal(1700))
    assert {one.team_id: one.spent for one in year.uncovered} == {"team_marketing": Decimal(2000), "": Decimal(170)}

    tight = organization(annual_target="30000.00")
    alone = ask(history(), question(), org=tight).year
    beside = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), steady(382))
    beside.row(date(2026, 6, 2), "team_marketing", 25000.0)
    both = ask(beside.build(), question(), org=tight).year
    assert alone is not None
    assert both is not None
    assert both.quantiles == alone.quantiles
    assert both.within_probability is not None
    assert alone.within_probability is not None
    assert both.within_probability < alone.within_probability


def test_a_wallet_in_git_of_which_nothing_can_be_told_is_named_beside_the_year_and_never_called_uncovered() -> None:
    usage = UsageBuilder().series("team_support", date(2026, 6, 1), np.full(17, 10.0))
    usage.series("team_dev", date(2026, 5, 1), np.full(48, 10.0))
    teams = {"support": team(prod=("team_support", 2000), dev=("team_dev", 1000), test=("team_test", 10))}
    year = ask(usage.build(), question(), question("team_test"), teams=teams).year
    assert year is not None
    assert year.uncovered == ()
    assert [(one.environment, one.spent, one.reason) for one in year.left_out] == [
        ("dev", Decimal(170), "unreadable"),
        ("test", Decimal(0), "unknown"),
    ]


def test_what_others_spent_of_the_year_is_rounded_once() -> None:
    usage = UsageBuilder().series("team_support", date(2026, 6, 1), np.full(17, 10.0))
    for number in range(3):
        usage.row(date(2026, 6, 2), f"other_{number}", 1.004).row(date(2026, 6, 2), f"team_{number}", 1.004)
    teams = {"support": team(prod=("team_support", 2000), a=("team_0", 1), b=("team_1", 1), c=("team_2", 1))}
    year = ask(usage.build(), question(), teams=teams).year
    assert year is not None
    assert [one.spent for one in year.uncovered] == [one.spent for one in year.left_out] == [Decimal("1.00")] * 3
    assert (year.uncovered_spent, year.left_out_spent) == (Decimal("3.01"), {"unreadable": Decimal("3.01")})


def test_what_a_left_out_wallet_spent_counts_against_the_annual_target() -> None:
    tight = organization(annual_target="30000.00")
    teams = {"support": team(prod=("team_support", 2000), dev=("team_dev", 1000))}
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=382), steady(382))
    alone = ask(usage.build(), question(), org=tight).year
    both = ask(usage.row(date(2026, 6, 2), "team_dev", 25000.0).build(), question(), org=tight, teams=teams).year
    assert alone is not None
    assert both is not None
    assert both.quantiles == alone.quantiles
    assert both.within_probability is not None
    assert alone.within_probability is not None
    assert both.within_probability < alone.within_probability
