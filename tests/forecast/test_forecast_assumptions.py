"""The planning table: plan against observed, in words, and the findings about levers that the data contradict."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, budget, plan, question, steady

from reconciler.forecast.project import Forecast
from reconciler.forecast.words import amount, chance, planned_share, share, signed_share
from reconciler.model.assumption import Assumption

FULL, MINI = "openai/gpt-4o", "openai/gpt-4o-mini"


def usage(
    *, days: int = 420, hits: int = 140, mini: int = 10, moved: int | None = None, growth: float = 0.0
) -> UsageBuilder:
    """400 a day; `hits` of 1,000 requests hit the cache; `mini` of 100 tokens are cheap ones, `moved` since 2026.

    Of everything there is `growth` more in the last 60 days.
    """
    table = UsageBuilder()
    grown = np.where(np.arange(days) >= days - 60, 1 + growth, 1.0)
    for step in range(days):
        day = AS_OF - timedelta(days=days - step)
        mini = moved if moved is not None and day >= date(2026, 1, 1) else mini
        more = float(grown[step])
        tokens: dict[str, Any] = {"provider": "openai", "output_tokens": 0}
        table.row(day, "team_support", 390 * more, model="gpt-4o", requests=round(900 * more),
                  cache_hits=round(hits * more), input_tokens=round(1000 * (100 - mini) * more), **tokens)  # fmt: skip
        table.row(day, "team_support", 10 * more, model="gpt-4o-mini", requests=round(100 * more),
                  input_tokens=round(1000 * mini * more), **tokens)  # fmt: skip
    return table


def table(forecast: Forecast) -> dict[str, Assumption]:
    return {row.name: row for row in forecast.assumptions[0].assumptions}


def rows(levers: dict[str, Any], builder: UsageBuilder | None = None, **more: Any) -> dict[str, Assumption]:
    return table(ask((builder or usage()).build(), question(live=15000, plan=plan(**levers), **more)))


def test_a_table_has_rows_only_for_what_the_plan_says_and_for_wallets_and_alerts() -> None:
    assert list(rows({})) == ["wallets"]
    assert list(rows({}, alerts_desired=(budget(),))) == ["wallets", "alert"]


def test_of_wallets_that_nothing_tells_of_the_table_says_no_figure() -> None:
    dark = question("team_new", environment="new", live=450)
    (row,) = (table(ask(usage().build(), dark))[name] for name in ["wallets"])
    assert (row.verdict, row.plan, row.observed) == ("unknown", "USD 450", "–")
    assert row.sentence == "neither usage nor an annual plan says what they will spend"
    beside = table(ask(usage().build(), question(live=15000), dark))["wallets"]
    assert beside.plan == "USD 15,000 without new, of which nothing tells"
    assert beside.observed == table(ask(usage().build(), question(live=15000)))["wallets"].observed


@pytest.mark.parametrize(
    ("baseline", "verdict", "sentence"),
    [("12000.00", "holds", "close to the plan: 1% above it, within 10%"),
     ("9000.00", "ahead", "spend is 35% above the plan"),
     ("20000.00", "behind", "spend is 39% below the plan")],
)  # fmt: skip
def test_the_baseline_is_compared_with_the_last_four_weeks(baseline: str, verdict: str, sentence: str) -> None:
    row = rows({"baseline_monthly": baseline})["baseline"]
    assert (row.verdict, row.sentence) == (verdict, sentence)
    assert row.observed == "USD 12,175 a month"


@pytest.mark.parametrize("since", [None, "2025-01"], ids=["no-lever", "a-lever-of-long-ago"])
def test_what_a_baseline_is_off_by_is_told_for_the_rest_of_the_year(since: str | None) -> None:
    growth = [{"reason": "was there before", "rate": "0%", "from": since}] if since else []
    row = rows({"baseline_monthly": "9000.00", "growth": growth})["baseline"]
    days = (date(2027, 6, 1) - AS_OF).days
    assert row.year_cost is not None
    assert float(row.year_cost) == pytest.approx(3175 * days / 30.4375, rel=0.002)


def test_the_baseline_contains_the_growth_of_the_weeks_it_is_compared_with() -> None:
    grown = {"baseline_monthly": "10000.00", "growth": [{"reason": "regions", "rate": "18%", "from": "2026-04"}]}
    assert rows(grown)["baseline"].plan == "USD 10,000 a month, USD 11,800 with the growth so far"


def test_the_baseline_contains_what_the_cache_and_new_demand_made_of_it_by_then() -> None:
    """Half of the requests are to be answered by a cache since April, and 7,000 a month is spent on a new product."""
    planned = {
        "baseline_monthly": "10000.00",
        "cache_hit_rate": {"from": "0%", "to": "50%", "since": "2026-03", "by": "2026-04"},
        "planned_demand": [{"reason": "voice", "monthly": "7000.00", "from": "2026-04"}],
    }
    row = rows(planned)["baseline"]
    assert row.plan == "USD 10,000 a month, USD 12,000 with the cache improvement and planned demand so far"
    assert (row.verdict, row.observed) == ("holds", "USD 12,175 a month")


def test_growth_is_compared_with_the_weeks_before_the_plans_first_step() -> None:
    planned = {"growth": [{"reason": "regions", "rate": "18%", "from": "2026-04"}]}
    assert rows(planned, usage(growth=0.18))["growth"].verdict == "holds"
    ahead = rows(planned, usage(growth=0.5))["growth"]
    assert ahead.verdict == "ahead"
    assert ahead.sentence.endswith(" points above the +18% planned for these days")
    flat = rows(planned)["growth"]
    assert flat.verdict == "behind"
    assert flat.observed == "+0.0% in the 28 days to 2026-06-17, on the four weeks before April 2026"
    assert flat.sentence == "growth is 18.0 points below the +18% planned for these days"
    assert rows(planned, usage(days=90))["growth"].sentence == (
        "there is no usage of the four weeks before April 2026 to compare with"
    )


def asked(
    *, price: float = 1.0, hits: float = 0.1, tokens: float = 1.0, cheap: float = 0.0, since: date = date(2026, 4, 20)
) -> UsageBuilder:
    """A tenth more requests since April; `since` a day the price, the cache, the length or the model is another."""
    table = UsageBuilder()
    for back in range(420, 0, -1):
        day = AS_OF - timedelta(days=back)
        requests, is_new = 1100 if day >= date(2026, 4, 1) else 1000, day >= since
        length, hit = (tokens, hits) if is_new else (1.0, 0.1)
        for model, part, each in (("gpt-4o", 1.0 - cheap * is_new, 0.4), ("gpt-4o-mini", cheap * is_new, 0.04)):
            amount, paid = requests * part, requests * part * (1 - hit) * length
            cost = paid * each * (price if is_new else 1.0)
            named: dict[str, Any] = {"provider": "openai", "model": model, "input_tokens": round(paid * 500)}
            if part:
                table.row(day, "team_support", cost, requests=round(amount), cache_hits=round(amount * hit), **named)
    return table


@pytest.mark.parametrize(
    "change",
    [{}, {"price": 1.5}, {"price": 0.5}, {"hits": 0.4}, {"tokens": 3.0}, {"cheap": 0.5},
     {"price": 1.5, "since": date(2026, 6, 1)}, {"hits": 0.4, "since": date(2026, 4, 1)}],
    ids=["nothing", "dearer", "cheaper", "cache", "longer", "another model", "dearer of late", "cache at once"],
)  # fmt: skip
def test_what_a_request_costs_is_no_growth(change: dict[str, Any]) -> None:
    grown = {"baseline_monthly": "10957.50", "growth": [{"reason": "regions", "rate": "10%", "from": "2026-04"}]}
    row = rows(grown, asked(**change))["growth"]
    assert (row.verdict, row.year_cost) == ("holds", Decimal(0))
    assert row.observed.startswith("+10.0% ")


def test_growth_is_worth_what_requests_cost_now() -> None:
    """Five points less than planned, at a price that has doubled: not at the price of the days before."""
    late = {"growth": [{"reason": "regions", "rate": "20%", "from": "2026-04"}]}
    once, twice = (rows(late, asked(price=price))["growth"].year_cost for price in (1.0, 2.0))
    assert once is not None
    assert once < 0
    assert twice == pytest.approx(2 * once)


def test_a_workload_that_is_new_is_no_growth_of_the_others_and_each_counts_by_its_cost() -> None:
    table = UsageBuilder()
    for back in range(200, 0, -1):
        day = AS_OF - timedelta(days=back)
        is_new = day >= date(2026, 4, 1)
        table.row(
            day, "team_support", 90.0 * (1.1 if is_new else 1), workload="chat", requests=1100 if is_new else 1000
        )
        table.row(
            day, "team_support", 10.0 * (3 if is_new else 1), workload="tags", requests=90000 if is_new else 30000
        )
        if is_new:
            table.row(day, "team_support", 400.0, workload="voice", requests=5000)
    row = rows({"growth": [{"reason": "regions", "rate": "29%", "from": "2026-04"}]}, table)["growth"]
    assert (row.verdict, row.observed.split(" ")[0]) == ("holds", "+29.0%")


def test_rows_that_are_sums_of_days_tell_growth_by_their_money() -> None:
    table = UsageBuilder()
    for back in range(200, 0, -1):
        day = AS_OF - timedelta(days=back)
        table.row(day, "team_support", 130.0 if day >= date(2026, 4, 1) else 100.0, requests=1)
    row = rows({"growth": [{"reason": "regions", "rate": "30%", "from": "2026-04"}]}, table)["growth"]
    assert (row.verdict, row.observed.split(" ")[0]) == ("holds", "+30.0%")


def test_growth_that_began_this_month_is_judged_by_this_months_weeks_alone() -> None:
    def judged(month: str, rate: str, *, jump: float = 0.0) -> Assumption:
        table = UsageBuilder()
        for back in range(120, 0, -1):
            day = AS_OF - timedelta(days=back)
            table.row(day, "team_support", 400 * (1 + jump if day >= date(2026, 6, 1) else 1.0))
        return rows({"growth": [{"reason": "g", "rate": rate, "from": month}]}, table)["growth"]

    flat = judged("2026-06", "80%")
    assert (flat.verdict, flat.sentence) == (
        "behind",
        "growth is 80.0 points below the +80% planned for these days",
    )
    assert flat.observed == "+0.0% in the 14 days to 2026-06-17, on the four weeks before June 2026"
    assert judged("2026-06", "80%", jump=0.8).verdict == "holds"
    later = judged("2026-09", "80%")
    assert (later.verdict, later.sentence) == ("unknown", "it begins in September 2026")


def test_what_cannot_be_compared_is_a_dash_and_unknown() -> None:
    short = UsageBuilder().series("team_support", AS_OF - timedelta(days=20), steady(20))
    levers = {
        "baseline_monthly": "3000.00",
        "growth": [{"reason": "g", "rate": "5%", "from": "2026-06"}],
        "cache_hit_rate": {"from": "14%", "to": "28%", "by": "2026-12"},
        "provider_mix": [{"reason": "r", "from": FULL, "to": MINI, "share": "30%", "by": "2026-09"}],
    }
    seen = rows(levers, short)
    for name in ("baseline", "growth", "cache_hit_rate", "provider_mix"):
        assert (seen[name].verdict, seen[name].observed) == ("unknown", "–")


def test_a_cache_behind_its_plan_is_priced_and_warned_about() -> None:
    levers = {"cache_hit_rate": {"from": "14%", "to": "28%", "since": "2025-12", "by": "2026-12"}}
    forecast = ask(usage(hits=136).build(), question(live=15000, plan=plan(**levers)))
    row = table(forecast)["cache_hit_rate"]
    assert row.plan == "14% → 28% by 2026-12; 20.6% on average over the last 28 days"
    assert row.observed == "13.6% over the last 28 days"
    assert row.verdict == "behind"
    assert row.sentence.startswith("behind by 7.0 points: costs about USD ")
    warning = next(warning for warning in forecast.warnings if warning.code == "cache-behind-plan")
    assert warning.message == (
        "support: cache hit rate planned 14% -> 28% by 2026-12; observed 13.6% over the last 28 days, on course for 14%"
    )
    ahead = rows(levers, usage(hits=400))["cache_hit_rate"]
    assert ahead.verdict == "ahead"
    assert "saves about USD" in ahead.sentence
    assert rows(levers, usage(hits=206))["cache_hit_rate"].verdict == "holds"


def test_the_course_of_a_cache_whose_days_vary_has_a_range_that_is_wider_the_further_it_is_away() -> None:
    def told(by: str) -> tuple[int, int, int]:
        built = UsageBuilder()
        for number in range(120):
            day = AS_OF - timedelta(days=120 - number)
            hits = 100 + 40 * (-1) ** (number // 2)
            built.row(day, "team_support", 300.0, requests=1000, cache_hits=hits, provider="openai", model="m")
        levers = {"cache_hit_rate": {"from": "14%", "to": "60%", "since": "2025-12", "by": by}}
        found = ask(built.build(), question(live=15000, plan=plan(**levers)))
        message = next(w.message for w in found.warnings if w.code == "cache-behind-plan")
        numbers = re.search(r"on course for (\d+)% \((\d+)% to (\d+)% by what its days vary by\)", message)
        assert numbers, message
        middle, low, high = map(int, numbers.groups())
        return middle, low, high

    soon, late = told("2026-08"), told("2026-12")
    assert soon[0] == late[0] == 10
    assert soon[1] < 10 < soon[2]
    assert late[2] - late[1] > soon[2] - soon[1]


def test_a_cache_that_is_new_in_the_usage_has_no_course() -> None:
    levers = {"cache_hit_rate": {"from": "30%", "to": "40%", "by": "2026-12"}}
    forecast = ask(usage(days=28).build(), question(plan=plan(**levers)))
    assert "on course" not in next(w.message for w in forecast.warnings if w.code == "cache-behind-plan")


def test_a_provider_move_is_what_moved_since_it_began() -> None:
    """A tenth ran on the cheap model before; 37 of a hundred tokens there mean that 30% of the other's have moved."""
    move = {"reason": "drafting", "from": FULL, "to": MINI, "share": "30%", "since": "2026-01", "by": "2026-04"}
    behind = ask(usage().build(), question(plan=plan(provider_mix=[move])))
    row = table(behind)["provider_mix"]
    assert row.verdict == "behind"
    assert row.plan.endswith("by 2026-04; 30.0% on average in the 28 days to 2026-06-17")
    assert row.observed == (
        "0.0% of its tokens moved in the 28 days to 2026-06-17, since the four weeks before January 2026"
    )
    assert row.sentence.startswith("behind the plan by 30.0 points; 6% of the saving is counted, as it has gone so far")
    assert row.sentence.endswith("; still owes USD 2,739 a month")
    assert row.owed == Decimal("2739.38")
    assert row.realized["0.1"] < row.realized["0.5"] < row.realized["0.9"] < 0.2
    assert "mix-behind-plan" in [warning.code for warning in behind.warnings]
    assert rows({"provider_mix": [move]}, usage(moved=37))["provider_mix"].verdict == "holds"
    assert rows({"provider_mix": [move]}, usage(moved=60))["provider_mix"].verdict == "ahead"
    half = {**move, "share": "15%"}
    both = ask(usage(moved=37).build(), question(plan=plan(provider_mix=[half, {**half, "reason": "search"}])))
    told = [row for row in both.assumptions[0].assumptions if row.name == "provider_mix"]
    assert [row.verdict for row in told] == ["holds", "holds"]
    assert "together 30.0% on average" in told[0].plan


def test_a_move_that_has_not_begun_or_has_no_past_to_compare_with_is_unknown() -> None:
    move = {"reason": "drafting", "from": FULL, "to": MINI, "share": "30%", "since": "2026-08", "by": "2026-12"}
    begins = rows({"provider_mix": [move]})["provider_mix"]
    assert begins.sentence == "it begins in August 2026; 50% of the saving is counted, for it is too early to tell"
    assert (begins.realized, begins.owed) == ({"0.1": 0.1, "0.5": 0.5, "0.9": 0.9}, None)
    early = {**move, "since": "2026-06"}
    assert rows({"provider_mix": [early]}, usage(days=17))["provider_mix"].sentence == (
        "there is no usage of openai/gpt-4o in the four weeks before June 2026; 50% of the saving is counted, for it is"
        " too early to tell"
    )


def test_wallets_are_judged_on_the_sum_of_their_paths() -> None:
    both = usage().series("team_dev", AS_OF - timedelta(days=300), steady(300))
    asked = [question(live=12500), question("team_dev", environment="dev", live=3600)]
    row = table(ask(both.build(), *asked))["wallets"]
    assert (row.plan, row.verdict) == ("USD 16,100", "fits")
    assert row.observed.startswith("USD 15,")
    assert row.observed.endswith(" in 9 of 10")
    short = table(ask(both.build(), question(live=11000)))["wallets"]
    assert short.verdict == "short"
    assert short.sentence.endswith("% chance of more than the targets")


def test_the_alert_row_says_when_it_fires_and_whether_that_leaves_time() -> None:
    def alert(amount: int, *, left: float, percentages: tuple[int, ...] = (80,)) -> Assumption:
        watched = budget(amount=Decimal(amount), alert_percentages=percentages)
        return rows({}, left_desired=left, alerts_desired=(watched,))["alert"]

    early = alert(10000, left=3000)
    assert (early.verdict, early.sentence, early.observed) == ("fits", "4 days to react", "80% fires 2026-06-21")
    assert alert(12000, left=3200).sentence in ("only 1 day to react", "only 2 days to react")
    assert alert(20000, left=3000).sentence.endswith("% chance of no warning before the money is gone")
    assert alert(20000, left=10**6).observed.startswith("80%: ")


def test_a_team_is_judged_by_its_alert_that_leaves_least_time_else_by_its_largest_whatever_their_order() -> None:
    def judged(**amounts: int) -> str:
        watched = [
            budget(f"team_{name}", name=name, amount=Decimal(each), alert_percentages=(100, 120))
            for name, each in amounts.items()
        ]
        builder, asked = usage(), []
        for place, (name, alert) in enumerate(zip(amounts, watched, strict=True)):
            key, environment = f"team_{name}", f"{place}{name}"
            asked.append(question(key, environment=environment, live=15000, left_desired=3000, alerts_desired=(alert,)))
            for step in range(400):
                builder.row(AS_OF - timedelta(days=400 - step), key, 400)
        return table(ask(builder.build(), *asked))["alert"].plan

    assert judged(dev=9000, prod=10000) == judged(prod=10000, dev=9000) == "USD 10,000"
    assert judged(dev=9000, prod=12000) == judged(prod=12000, dev=9000) == "USD 12,000"
    assert judged(dev=12000, prod=9000) == "USD 12,000"


def test_an_alert_by_the_day_or_the_week_says_nothing_of_how_the_month_is_warned_of() -> None:
    def judged(*periods: str) -> Assumption | None:
        alerts = tuple(
            budget("team_support", name=f"{period}-alert", amount=Decimal(9000 if period == "monthly" else 450))
            .model_copy(update={"period": period})
            for period in periods
        )  # fmt: skip
        return table(ask(usage().build(), question(left_desired=3000, alerts_desired=alerts))).get("alert")

    alone = judged("monthly")
    assert alone is not None
    assert judged("daily", "monthly", "weekly") == alone
    assert judged("daily", "weekly") is None


def test_numbers_in_words() -> None:
    assert amount(Decimal("11240.49"), "USD") == "USD 11,240"
    assert amount(9.5, "EUR") == "EUR 9.50"
    assert amount(-9.5, "EUR") == "EUR −9.50"
    assert share(0.136) == "13.6%"
    assert [signed_share(part) for part in (0.1, -0.044, -0.0004)] == ["+10.0%", "−4.4%", "+0.0%"]
    assert signed_share(Decimal("-0.25"), places=0) == "−25%"
    assert [chance(p) for p in (0.0, 0.0005, 0.004, 0.71, 0.9995, 1.0)] == [
        "0%", "<0.1%", "0.4%", "71%", ">99.9%", "100%",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("share", "told", "signed"),
    [
        (Decimal("0.125"), "12.5%", "+12.5%"),
        (Decimal("0.18"), "18%", "+18%"),
        (0.2, "20%", "+20%"),
        (0.123456, "12.35%", "+12.35%"),
        (Decimal("-0.1"), "\N{MINUS SIGN}10%", "\N{MINUS SIGN}10%"),
        (0, "0%", "+0%"),
    ],
)
def test_a_planned_share_is_told_as_it_is_written(share: Decimal | float, told: str, signed: str) -> None:
    assert planned_share(share) == told
    assert planned_share(share, signed=True) == signed


def test_rows_of_a_plan_say_its_percentages_as_it_has_them() -> None:
    levers = plan(
        growth=[{"reason": "regions", "rate": "12.5%", "from": "2026-06"}],
        cache_hit_rate={"from": "13.5%", "to": "27.5%", "by": "2026-12"},
        provider_mix=[{"reason": "r", "from": FULL, "to": MINI, "share": "32.5%", "by": "2026-09"}],
    )
    found = ask(
        UsageBuilder().series("team_support", AS_OF - timedelta(days=100), steady(100)).build(), question(plan=levers)
    )
    rows = {row.name: row.plan for row in found.assumptions[0].assumptions}
    assert rows["growth"].startswith("+12.5% from 2026-06")
    assert rows["cache_hit_rate"].startswith("13.5% \N{RIGHTWARDS ARROW} 27.5%")
    assert rows["provider_mix"].startswith("32.5% of ")
