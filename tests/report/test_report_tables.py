"""Tables and charts of a report: what stands in their cells, and in which order."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.report_plans import Wallet, one_wallet
from worlds import object_change

from reconciler.model.drift import DriftItem
from reconciler.model.forecast import HARD_LIMIT, AlertOutlook, Exhaustion, WalletNotice
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.kinds.managed_kind import ManagedKind
from reconciler.model.later import Unapplied
from reconciler.model.plan import GuardResult, Unmanaged
from reconciler.model.wallet_ref import WalletRef
from reconciler.report.chart import chart, picked, ticks
from reconciler.report.charts.fan import fan
from reconciler.report.columns import Grid, clipped_apart, columns_of
from reconciler.report.difference import differences, value
from reconciler.report.document import Chart, Column, Row, Table
from reconciler.report.failing import failing_table
from reconciler.report.markdown import markdown, table_markdown
from reconciler.report.mermaid import mermaid
from reconciler.report.narrow import narrow
from reconciler.report.spans import Cell, plain, words
from reconciler.report.summary import summarise
from reconciler.report.text import text
from reconciler.report.wallets import WalletStory, chance, stories


def names(report: Any) -> list[str]:
    return [row.cells[0].new for row in report.wallets.rows]


def test_wallets_stand_worst_first_and_those_that_do_not_change_last(plans: Any) -> None:
    wallets = [
        plans.Wallet(team="b", lasts=(0.1, 0.9)),
        plans.Wallet(team="c", lasts=(0.1, 0.2)),
        plans.Wallet(team="a", lasts=(0.1, 0.9), target="20000"),
    ]
    still = plans.Wallet(team="b", environment="dev", funded="2000", target="2000", lasts=(0.01, 0.01))
    plan = plans.plan(
        *(wallet.change() for wallet in wallets), impact=tuple(wallet.forecast() for wallet in (*wallets, still))
    )
    assert names(summarise(plan)) == ["c / prod", "a / prod", "b / prod", "b / dev"]


def test_the_order_of_the_plan_does_not_matter(plans: Any) -> None:
    plan = plans.twelve()
    turned = plan.model_copy(update={"impact": plan.impact[::-1]})
    assert summarise(turned).wallets == summarise(plan).wallets


def test_wallets_of_teams_that_do_not_change_stand_apart(plans: Any) -> None:
    other = plans.Wallet(team="other", funded="100", target="100")
    report = summarise(plans.plan(plans.Wallet().change(), impact=(plans.Wallet().forecast(), other.forecast())))
    assert names(report) == ["support / prod"]
    assert [row.cells[0].new for row in report.other_wallets.rows] == ["other / prod"]


@pytest.mark.parametrize(
    ("gone", "day", "left", "shown"),
    [
        (0.8, date(2026, 6, 8), "500", "80% (8 Jun)"),
        (0.31, None, "500", "31%"),
        (1.0, date(2026, 6, 18), "0", "empty now"),
        (1.0, date(2026, 6, 18), "10", ">99.9% (18 Jun)"),
        (None, None, "500", "–"),
    ],
    ids=["likely", "possible", "empty", "nearly empty", "unknown"],
)
def test_only_what_is_likely_has_a_day(plans: Any, gone: Any, day: Any, left: str, shown: str) -> None:
    outlook = plans.Wallet().forecast().live
    exhausted = outlook.exhaustion.model_copy(update={"probability": gone, "date": {"0.1": None, "0.5": day}})
    assert chance(outlook.model_copy(update={"exhaustion": exhausted, "money_left": Decimal(left)})) == shown


@pytest.mark.parametrize(
    ("now", "new", "noted"),
    [
        ((12, 26, 30), (22, None, None), True),
        ((9, None, None), (12,) * 3, True),
        ((9, None, None), (12, None, None), False),
    ],
    ids=["a day now", "a day then", "no day"],
)
def test_what_a_day_means_is_said_where_one_is_named(plans: Any, now: Any, new: Any, noted: bool) -> None:
    wallet = plans.Wallet(ends=(now, new), alert=None).forecast()
    report = summarise(plans.one_wallet(impact=(wallet,)))
    assert any("half of the months get there by then" in plain(note) for note in report.wallet_notes) is noted


def test_what_was_done_by_hand_and_is_taken_back_stands_above_the_wallets(plans: Any) -> None:
    report = replace(summarise(plans.one_wallet()), by_hand=(words("Given by hand."),))
    above, _, below = markdown(report).partition("Given by hand.")
    assert "| Wallet |" not in above
    assert "| Wallet |" in below
    shown = text(report, width=80, colour=False)
    assert shown.index("Given by hand.") < shown.index("Month end")


def test_an_alert_after_the_money_is_gone_is_too_late(plans: Any) -> None:
    wallet = plans.Wallet(alert=((0.9, 26, None), (0.9, 26, 4))).forecast()
    first, *rest = wallet.alerts
    late = first.model_copy(update={"live": first.live.model_copy(update={"no_warning_probability": 0.8})})
    report = summarise(plans.one_wallet(impact=(wallet.model_copy(update={"alerts": (late, *rest)}),)))
    assert report.wallets.rows[0].cells[-1] == Cell("26 Jun (4)", "26 Jun (too late)")


def test_alerts_of_different_percentages_name_theirs(plans: Any) -> None:
    plan = plans.one_wallet()
    prod, dev = plan.impact
    other = dev.model_copy(update={"alerts": tuple(a.model_copy(update={"percentage": 90}) for a in dev.alerts[:1])})
    report = summarise(plan.model_copy(update={"impact": (prod, other)}))
    assert report.wallets.columns[-1].heading == "First alert (days to react)"
    assert [row.cells[-1] for row in report.wallets.rows] == [
        Cell("80%: 26 Jun", "80%: 22 Jun (6)"),
        Cell("90%: 31%"),
    ]


def test_the_first_alert_is_the_one_that_fires_first_whatever_its_sum(plans: Any) -> None:
    plan = plans.one_wallet()
    monthly = plan.impact[0].alerts[0]
    never = {"probability": 0.05, "date": dict.fromkeys(monthly.desired.date), "no_warning_probability": 0.0}
    never["reaction_days"] = dict.fromkeys(monthly.desired.reaction_days)
    side = AlertOutlook.model_validate(never)
    likelier = side.model_copy(update={"probability": 0.31})
    sums = {"amount": Decimal(900), "percentage": 100}
    weekly = monthly.model_copy(update={**sums, "name": "weekly", "live": likelier, "desired": side})
    shown = {}
    for name, alerts in {"both": (weekly, monthly), "unlikely": (weekly,)}.items():
        wallet = plan.impact[0].model_copy(update={"alerts": alerts})
        table = summarise(plan.model_copy(update={"impact": (wallet,)})).wallets
        shown[name] = table.columns[-1].heading, table.rows[0].cells[-1]
    assert shown == {
        "both": ("80% alert (days to react)", Cell("26 Jun", "22 Jun (6)")),
        "unlikely": ("100% alert (days to react)", Cell("5%", "31%")),
    }
    dearer = monthly.model_copy(update={"name": "dear", "live": likelier, "desired": likelier})
    (story,) = stories(plan.model_copy(update={"impact": (wallet.model_copy(update={"alerts": (weekly, dearer)}),)}))
    assert story.first_alert == dearer


@pytest.mark.parametrize(
    ("verdict", "sentence", "shown"),
    [
        ("behind", "behind: costs USD 3", Cell("costs USD 3", verdict="behind", strong=True)),
        ("behind", "costs USD 3", Cell("costs USD 3", verdict="behind", strong=True)),
        ("behind", "behind the plan", Cell("behind the plan", strong=True)),
        ("fits", "fits", Cell("", verdict="fits")),
        ("fits", "5 days to react", Cell("5 days to react", verdict="OK")),
        ("short", "only 1 day to react", Cell("only 1 day to react", verdict="needs attention", strong=True)),
        ("holds", "", Cell("", verdict="close to the plan")),
        ("holds", "close to the plan: 1% below it", Cell("1% below it", verdict="close to the plan")),
        ("unknown", "no usage to compare with", Cell("no usage to compare with")),
        ("unknown", "", Cell("–")),
    ],
)
def test_an_assumption_is_told_by_its_verdict_once(verdict: Any, sentence: str, shown: Cell, plans: Any) -> None:
    row = plans.ASSUMPTIONS.assumptions[2].model_copy(update={"verdict": verdict, "sentence": sentence})
    team = plans.ASSUMPTIONS.model_copy(update={"assumptions": (row,)})
    assert summarise(plans.one_wallet(assumptions=(team,))).assumptions[0].rows[0].cells[-1] == shown


def test_the_layers_of_the_month_end_add_up_to_it(plans: Any) -> None:
    *parts, together = summarise(plans.one_wallet()).levers[0].rows
    amounts = [Decimal(row.cells[1].new.replace(",", "").replace("−", "-")) for row in parts]
    assert [row.cells[0].new for row in parts][:3] == ["spent so far", "run rate for the rest of the month", "growth"]
    assert f"{sum(amounts):,.2f}" == together.cells[1].new == "11,240.00"


@pytest.mark.parametrize("funded", ["0", "500"], ids=["before it is funded", "after"])
def test_money_that_another_wallet_paid_is_not_carried_over(plans: Any, funded: str) -> None:
    empty = plans.Wallet(funded=funded, spent="298").forecast()
    live = empty.live.model_copy(update={"money_left": Decimal(funded), "ceiling": Decimal(funded)})
    report = summarise(plans.one_wallet(impact=(empty.model_copy(update={"live": live}),)))
    assert "ceiling" not in [column.key for column in report.wallets.columns]


def test_what_is_carried_over_and_what_is_funded_are_the_ceiling(plans: Any) -> None:
    """All of it counts, also what is spent already."""
    wallet = plans.Wallet(funded="5000", spent="5800").forecast()
    live = wallet.live.model_copy(update={"money_left": Decimal(200), "ceiling": Decimal(6000)})
    desired = wallet.desired.model_copy(update={"ceiling": wallet.desired.target + 1000})
    report = summarise(plans.one_wallet(impact=(wallet.model_copy(update={"live": live, "desired": desired}),)))
    assert any(plain(note).endswith(" 1,000.") for note in report.wallet_notes)


@pytest.mark.parametrize(
    ("funded", "target", "beyond", "told"),
    [
        ("12500", "14500", ("7257", "25319"), " support / prod 7,257 → 25,319."),
        ("0", "14500", ("120", "0"), " support / prod 120 → 0."),
        ("0", "14500", ("0", "700"), " support / prod 0 → 700."),
        ("5000", "3000", ("1000", "1000"), " support / prod 1,000."),
    ],
    ids=["more every month", "taken back", "nothing before", "less in a month that runs"],
)
def test_what_is_carried_over_is_named_for_both_sides_where_it_differs(
    plans: Any, funded: str, target: str, beyond: tuple[str, str], told: str
) -> None:
    wallet, spent = plans.Wallet(funded=funded, target=target).forecast(), Decimal(1500)
    sides = {
        side: outlook.model_copy(
            update={"funded": outlook.target + spent, "ceiling": outlook.target + spent + Decimal(more)}
        )
        for (side, outlook), more in zip((("live", wallet.live), ("desired", wallet.desired)), beyond, strict=True)
    }
    report = summarise(plans.one_wallet(impact=(wallet.model_copy(update=sides),)))
    assert any(plain(note).endswith(told) for note in report.wallet_notes)


def test_an_alert_that_is_not_there_yet_is_none_and_not_a_dash(plans: Any) -> None:
    plan = plans.one_wallet()
    prod = plan.impact[0]
    new = prod.model_copy(update={"alerts": tuple(alert.model_copy(update={"live": None}) for alert in prod.alerts)})
    gone = prod.model_copy(
        update={"alerts": tuple(alert.model_copy(update={"desired": None}) for alert in prod.alerts)}
    )
    created = summarise(plan.model_copy(update={"impact": (new,)}))
    assert created.wallets.rows[0].cells[-1] == Cell("26 Jun", "none")
    assert created.objects[0].table.rows[0].cells[-1].new == "80% fires around 26 June; 100% fires with 3%"
    assert summarise(plan.model_copy(update={"impact": (gone,)})).objects[0].table.rows[0].cells[-1].new == "–"


def test_a_renamed_alert_is_still_the_wallets_alert(plans: Any) -> None:
    plan = plans.one_wallet()
    prod = plan.impact[0]
    gone, come = (
        tuple(alert.model_copy(update={"name": name, other: None}) for alert in prod.alerts)
        for name, other in (("old", "desired"), ("new", "live"))
    )
    before = summarise(plan).wallets.rows[0].cells[-1]
    renamed = plan.model_copy(update={"impact": (prod.model_copy(update={"alerts": (*gone, *come)}), *plan.impact[1:])})
    assert summarise(renamed).wallets.rows[0].cells[-1] == before


def test_a_wallet_without_alerts_leaves_the_column_out(plans: Any) -> None:
    wallet = plans.Wallet(alert=None)
    report = summarise(plans.plan(wallet.change(), impact=(wallet.forecast(),)))
    assert [column.key for column in report.wallets.columns][-1] == "runs_out"
    assert [line.role for line in report.charts[0].lines] == ["p10", "p90", "spent", "now", "new"]


def test_two_billing_budgets_of_one_name_are_told_apart_by_their_teams(plans: Any) -> None:
    creates = [
        object_change(
            "create_billing_budget",
            team=team,
            environment=None,
            key=f"team/{team}/monthly",
            after=plans.budget("monthly"),
        )
        for team in ("a", "b")
    ]
    report = summarise(plans.plan(*creates))
    assert [row.cells[0].new for row in report.objects[0].table.rows] == ["monthly (a)", "monthly (b)"]


def test_a_rename_is_said_to_be_a_delete_and_a_create(plans: Any) -> None:
    report = summarise(plans.twelve())
    assert report.objects[0].table.rows[0].cells[-1].new == "renamed to sales-new (a delete and a create)"
    lone = object_change(
        "delete_billing_budget", team="sales", environment=None, key="team/x/old", before=plans.budget("old")
    )
    assert summarise(plans.plan(lone)).objects[0].table.rows[0].cells == (
        Cell("old"),
        Cell("12,500"),
        Cell("80%, 100%"),
        Cell("deleted"),
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"amount": "10500.00"}, {"amount": "12500.00"}, (("amount", Cell("12,500.00", "10,500.00")),)),
        ({"amount": "1.00"}, {"amount": 1}, (("amount", Cell("1.00", "1.00")),)),
        ({"alert_percentages": [80, 100]}, {"alert_percentages": [80]}, (("alerts", Cell("80%", "80%, 100%")),)),
        ({"hard_limit": True}, {"hard_limit": False}, (("hard limit", Cell("off", "on")),)),
        ({"s3": {"bucket": "a", "prefix": "b/"}}, {"s3": {"bucket": "a"}}, (("destination prefix", Cell("–", "b/")),)),
        ({"s3": None}, {"s3": {"bucket": "a", "prefix": "b/"}}, (("destination", Cell("a/b", "–")),)),
        ({}, {"new_key": None}, (("new key", Cell("–", "–")),)),
        ({"a": 1}, {"a": 1.0}, ()),
        (None, {"name": "x", "amount": "5.00", "hard_limit": False}, (("amount", Cell("5.00")),)),
        ({"cron": "0 6 * * MON"}, None, (("cron", Cell("0 6 * * MON")),)),
    ],
)  # fmt: skip
def test_an_update_is_worded_by_what_differs(before: Any, after: Any, told: Any) -> None:
    kind: ManagedKind[Any] = EXPORT_SCHEDULES if {"s3", "cron"} & {*(before or after)} else BILLING_BUDGETS
    assert differences(kind, before, after) == told


@pytest.mark.parametrize("item", ["twelve", "NaN", "1e999999"])
def test_an_amount_that_is_none_is_shown_as_it_is(item: str) -> None:
    assert value("amount", item)


def test_an_export_schedule_is_told_with_from_and_to(plans: Any) -> None:
    schedule = {"name": "weekly", "cron": "0 6 * * MON", "s3": {"bucket": "b", "prefix": "p"}}
    update = object_change(
        "update_export_schedule", key="weekly", before=schedule, after={**schedule, "cron": "0 7 * * MON"}
    )
    gone = object_change("delete_export_schedule", key="daily", before={**schedule, "name": "daily"})
    report = summarise(plans.plan(update, gone))
    assert [[cell.new for cell in row.cells] for row in report.objects[0].table.rows] == [
        ["weekly", "update", "cron 0 6 * * MON → 0 7 * * MON"],
        ["daily", "delete", "cron 0 6 * * MON; format json; destination b/p"],
    ]
    assert [plain(line) for line in report.object_lines] == [
        "Export schedules: weekly cron 0 6 * * MON → 0 7 * * MON · daily deleted"
    ]


@pytest.mark.parametrize("name", ["baseline", "growth"])
def test_spending_less_than_planned_does_not_look_like_a_problem_and_spending_more_does(name: Any, plans: Any) -> None:
    def shown(verdict: Any, sentence: str) -> Cell:
        row = plans.ASSUMPTIONS.assumptions[0].model_copy(
            update={"name": name, "verdict": verdict, "sentence": sentence}
        )
        team = plans.ASSUMPTIONS.model_copy(update={"assumptions": (row,)})
        return summarise(plans.one_wallet(assumptions=(team,))).assumptions[0].rows[0].cells[-1]

    assert shown("behind", "spend is 20% below the plan") == Cell("spend is 20% below the plan", verdict="lower")
    assert shown("ahead", "spend is 20% above it") == Cell("spend is 20% above it", verdict="higher", strong=True)


def test_the_whole_difference_of_a_team_is_told_with_what_moved_and_that_other_rows_are_in_it(plans: Any) -> None:
    cache = plans.ASSUMPTIONS.assumptions[2].model_copy(update={"name": "cache_hit_rate", "year_cost": Decimal(4000)})
    cache = cache.model_copy(update={"verdict": "behind", "plan": "14% by June; 40% by now", "observed": "13.8%"})
    whole = cache.model_copy(
        update={
            "name": "baseline",
            "verdict": "ahead",
            "plan": "USD 13,000 a month, USD 9,100 with the cache improvement so far",
            "observed": "USD 12,500 a month",
            "year_cost": Decimal(1500),
        }
    )

    def shown(*rows: Any) -> list[list[str]]:
        team = plans.ASSUMPTIONS.model_copy(update={"assumptions": rows})
        table = failing_table(plans.one_wallet(assumptions=(team,)))
        return [[cell.new for cell in row.cells] for row in table.rows]

    told = "support, baseline USD 13,000 a month, USD 9,100 with the cache improvement so far", "USD 12,500 a month"
    assert shown(whole) == [[*told, "1,500 more spent"]]
    assert shown(whole, cache) == [
        ["support, cache hit rate 14% by June", "13.8%", "4,000 more spent"],
        [*told, "1,500 more spent in all, its other rows included"],
    ]


def test_money_that_git_did_not_ask_for_before_this_change_is_named(plans: Any) -> None:
    def said(plan: Any) -> list[str]:
        return [plain(note) for note in summarise(plan).wallet_notes if "Funded today" in plain(note)]

    told = (
        "Funded today with another amount than git said before this change (money was moved by hand, or something"
        " merged"
        " is not applied yet): support / prod 10,500."
    )
    waiting = Unapplied(commit="feedface" * 5, teams=("support",))
    assert said(plans.one_wallet()) == []
    assert said(plans.one_wallet(unapplied=(waiting,))) == [told]
    moved = DriftItem(**{"class": "changed"}, team="support", wallet="team_support", sentence="by hand")
    assert said(plans.one_wallet(drift=(moved,))) == [told]


def test_wallets_that_do_not_change_have_their_figures_explained_beside_them(plans: Any) -> None:
    report = summarise(plans.one_wallet(changes=()))
    assert report.wallet_notes == ()
    assert [plain(note)[:9] for note in report.other_notes] == ["Month end", "A day is "]
    assert "Month end: half of the months end below the first figure (P50)" in markdown(report)


def test_what_cannot_be_reclaimed_is_said_beside_the_move(plans: Any) -> None:
    report = summarise(plans.twelve())
    assert report.move_table.rows[0].cells[-1].new == "700.00 more is spent or held for requests under way, and stays"


def test_drift_and_unmanaged_things_are_worded_even_without_a_sentence(plans: Any) -> None:
    drift = (
        DriftItem(**{"class": "missing"}, team="a", wallet="team_a", amount=Decimal(3), evidence=("txn_1",)),
        DriftItem(**{"class": "changed"}, team="a"),
    )
    unmanaged = (Unmanaged(kind="export_schedule", key="nightly", name="nightly"),)
    report = summarise(plans.nothing().model_copy(update={"drift": drift, "unmanaged": unmanaged}))
    assert [plain(item) for item in report.drift] == ["team_a missing, USD 3.00 (txn_1).", "a changed."]
    assert [plain(item) for item in report.unmanaged] == ["export schedule nightly (`nightly`)"]


def test_a_guard_without_words_is_told_by_its_numbers(plans: Any) -> None:
    guard = GuardResult(guard="total-moved", status="refused", value="5.00", limit="3.00")
    report = summarise(plans.one_wallet(guards=(guard,)))
    assert plain(report.refusals[0].message) == "5.00 against a limit of 3.00"


def test_a_plan_without_days_has_no_chart_and_without_levers_no_table(plans: Any) -> None:
    bare = plans.Wallet().forecast().model_copy(update={"daily": (), "levers": ()})
    report = summarise(plans.one_wallet(impact=(bare,)))
    assert (report.charts, report.levers) == ((), ())
    assert "mermaid" not in markdown(report)


def test_money_that_stays_the_same_is_one_line_of_the_chart(plans: Any) -> None:
    settled = plans.Wallet(funded="12500")
    report = summarise(plans.plan(plans.budget_update(), impact=(settled.forecast(),)))
    assert [line.name for line in report.charts[0].lines if line.role in ("now", "new")] == [
        "money for the month 12,500"
    ]


@pytest.mark.parametrize("period", ["weekly", "daily"])
def test_a_chart_of_the_month_has_no_line_of_an_alert_that_counts_less(period: str, plans: Any) -> None:
    wallet = plans.Wallet().forecast()
    lower, monthly = (
        alert.model_copy(update=changed)
        for alert, changed in zip(wallet.alerts, ({"period": period}, {"amount": Decimal(12400)}), strict=True)
    )
    for alerts, lines in (((lower, monthly), ["100% alert at 12,400"]), ((lower,), [])):
        report = summarise(plans.one_wallet(impact=(wallet.model_copy(update={"alerts": alerts}),)))
        assert [line.name for line in report.charts[0].lines if line.role == "alert"] == lines


def test_a_chart_on_the_first_day_has_a_forecast_alone(plans: Any) -> None:
    wallet = plans.Wallet().forecast()
    unknown = tuple(point.model_copy(update={"spent": None}) for point in wallet.daily)
    plan = plans.one_wallet(impact=(wallet.model_copy(update={"daily": unknown}),))
    drawn = summarise(plan).charts[0]
    assert drawn.known == 0
    assert fan(drawn).svg.count("<polyline") == 1
    assert "Spent by day" not in fan(drawn).description


@given(st.integers(1, 62), st.integers(0, 62))
def test_small_charts_show_few_days_with_both_ends_and_the_last_known(days: int, known: int) -> None:
    known = min(known, days)
    shown = picked(days, known)
    assert list(shown) == sorted(set(shown))
    assert len(shown) == min(days, 11)
    assert {0, days - 1} <= set(shown)
    assert not known or known - 1 in shown


@given(st.integers(-5, 10**15), st.one_of(st.just(0), st.integers(-(10**15), 10**15)))
def test_ticks_are_round_hold_zero_and_reach_beyond_both_ends(highest: int, lowest: int) -> None:
    lowest = min(lowest, highest, 0)
    values = ticks(highest, lowest=lowest)
    assert 0 in values
    assert values[0] == 0 or lowest < 0
    assert values[0] <= lowest
    assert 2 <= len(values) <= 8
    assert values[-1] >= highest
    assert len({after - before for before, after in pairwise(values)}) == 1


def drawn(plans: Any, times: str) -> Chart:
    """Return the chart of the one wallet's month with every figure multiplied."""
    forecast = next(found for found in plans.one_wallet().impact if found.daily)
    document = forecast.model_dump(mode="json")
    for day in document["daily"]:
        day |= {key: str(Decimal(day[key]) * Decimal(times)) for key in ("p10", "p50", "p90", "spent") if day[key]}
    for side in ("live", "desired"):
        document[side]["ceiling"] = str(abs(Decimal(document[side]["ceiling"]) * Decimal(times)))
    story = WalletStory(
        "support", "prod", WalletRef.team("team_support"), None, type(forecast).model_validate(document)
    )
    found = chart(story)
    assert found is not None
    return found


@pytest.mark.parametrize(("times", "unit", "said"), [("1e5", 10**6, "millions"), ("1e8", 10**9, "billions")])
def test_an_axis_of_more_digits_than_an_eye_can_count_is_in_millions_or_billions(
    times: str, unit: int, said: str, plans: Any
) -> None:
    small, large = drawn(plans, "1"), drawn(plans, times)
    assert (small.unit, large.unit) == (1, unit)
    assert large.title == small.title.replace("(USD)", f"(USD, axis in {said})")
    assert all(value % unit == 0 for value, _ in large.ticks)
    assert max(len(label) for _, label in large.ticks) <= 6
    assert f"y-axis 0 --> {large.top // unit}\n" in mermaid(large)
    assert max(map(len, re.findall(r"[0-9.]+", mermaid(large).partition("P10")[2].partition("line")[0]))) <= 10


def test_a_month_below_zero_is_drawn_below_zero_and_within_the_picture(plans: Any) -> None:
    below = drawn(plans, "-1")
    assert below.bottom < min(min(line.values) for line in below.lines) < 0 < below.top
    assert 0 in [value for value, _ in below.ticks]
    assert f"y-axis {below.bottom} --> {below.top}\n" in mermaid(below)
    heights = [float(y) for y in re.findall(r",(-?[0-9.]+)", " ".join(re.findall(r'points="([^"]*)"', fan(below).svg)))]
    assert 14 <= min(heights) < max(heights) <= 290


def test_teams_whose_names_begin_alike_are_told_apart(plans: Any) -> None:
    long = "customer-support-and-operations-in-the-northern-region"
    wallets = [plans.Wallet(team=f"{long}-{end}") for end in ("one", "two")]
    plan = plans.plan(*(wallet.change() for wallet in wallets), impact=tuple(wallet.forecast() for wallet in wallets))
    report = summarise(plan)
    assert f"{long}-one" in markdown(report)
    assert f"{long}-two" in markdown(report)
    for width in (40, 60, 80, 120):
        shown = text(report, width=width, colour=False)
        assert all(len(line) <= width for line in shown.splitlines()), width
        assert width < 60 or ("one / prod" in shown and "two / prod" in shown)


def test_names_that_differ_in_the_middle_alone_are_numbered() -> None:
    names = ["a" * 30 + middle + "b" * 30 for middle in "xyx"]
    cut = clipped_apart(names, 20)
    assert cut[0] == cut[2] != cut[1]
    assert all(columns_of(name) <= 20 for name in cut)
    assert all(columns_of(name) <= 21 for name in clipped_apart(["名前" * 20, "名前" * 21], 21))


def test_on_a_narrow_terminal_no_figure_is_broken_in_its_middle() -> None:
    interval = "261,162,212,521 (253,611,361,033 to 268,923,927,789)"
    shown = "\n".join(Grid(("", "month end (P10 to P90)"), ("left", "left"), (("a / b", interval),)).lines(60))
    assert {"261,162,212,521", "(253,611,361,033", "268,923,927,789)"} <= set(shown.split())
    assert max(map(len, shown.splitlines())) <= 60


def test_a_long_word_may_break_on_a_phone_and_a_figure_may_not() -> None:
    row = Row((Cell("customer_success_europe / prod", "1,234,567,890.00"), Cell("engineering 12,500.00")))
    table = narrow(Table((Column("name", "Name"), Column("rest", "Rest")), (row,)))
    first, second = table.rows[0].cells
    assert first.new.split("\u200b") == ["customer_s", "uccess_eur", "ope / prod"]
    assert (first.now, second) == ("1,234,567,890.00", row.cells[1])
    assert "customer&#95;s&#8203;uccess&#95;eur" in table_markdown(table)


def test_a_hard_limit_that_stops_a_wallet_is_said_beside_what_more_money_would_do() -> None:
    notice = WalletNotice(code=HARD_LIMIT, message="reaches its hard limit", hint="raise it", probability=0.99)
    forecast = Wallet().forecast()
    gone = Exhaustion(probability=0.99, date={"0.1": None, "0.5": date(2026, 6, 21), "0.9": None})
    limited = forecast.model_copy(
        update={"notices": (notice,), "desired": forecast.desired.model_copy(update={"exhaustion": gone})}
    )
    free, stopped = (one_wallet(impact=(each, *one_wallet().impact[1:])) for each in (forecast, limited))
    said = "A hard limit stops support / prod (21 Jun), whatever the wallet holds."
    shown = [markdown(summarise(each)) for each in (free, stopped)]
    assert [said in each for each in shown] == [False, True]
    assert "to support / prod" not in shown[1], "more money changes nothing"
