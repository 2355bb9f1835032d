"""The report's pages: who has one, what is drawn at once, and that every figure is the one of the other formats."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from report.report_plans import Wallet
from report.report_plans import plan as plan_of

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.forecast import YearForecast
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.usage_summary import LeftOutRows, UsageDoubt, UsageSummary
from reconciler.report.charts.bars import bars, steps
from reconciler.report.charts.drawing import LINE, spread
from reconciler.report.charts.fan import fan
from reconciler.report.charts.year import year
from reconciler.report.document import Table
from reconciler.report.markdown import markdown
from reconciler.report.site.html import html
from reconciler.report.site.page import keys
from reconciler.report.spans import DASH
from reconciler.report.summary import summarise
from reconciler.report.text import text
from reconciler.report.wallets import risk
from reconciler.report.wording import exact, interval, whole


def shown(plan: Plan) -> str:
    return html(plan, summarise(plan))


def section(page: str, key: str) -> str:
    """Return the text of one page of the report."""
    found = re.search(rf'<section id="{key}".*?</section>', page, re.DOTALL)
    assert found
    return unescape(re.sub(r"<[^>]+>", " ", found[0]))


def many(plans: Any, number: int) -> Plan:
    """Return a plan of many teams, each with a wallet whose money changes."""
    wallets = [plans.Wallet(team=f"team-{index:03}") for index in range(number)]
    plan: Plan = plans.plan(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))
    return plan


def test_of_very_many_teams_those_that_need_attention_have_pages_and_every_wallet_is_in_the_table(plans: Any) -> None:
    calm = [plans.Wallet(team=f"calm{number}", lasts=(0.9, 0.99)) for number in range(30)]
    wallets = [*calm, plans.Wallet(team="zz-doomed", lasts=(0.1, 0.05))]
    plan = plans.plan(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))
    page = html(plan, summarise(plan), most=2)
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert {key for key in targets if key.startswith("team-")} == {"team-zz-doomed", "team-calm0"}
    assert targets - {"content", "all"} <= set(re.findall(r'id="([^"]+)"', page))
    assert all(f"{one.team} / prod" in section(page, "organization") for one in wallets)
    assert "The 2 teams that need attention most have a page and pictures here" in page
    assert "29 other teams" in page


def test_each_team_has_a_page_and_only_the_first_page_is_made_of_elements(plans: Any) -> None:
    page = shown(many(plans, 40))
    assert re.findall(r'<section id="([^"]+)"', page)[:4] == ["organization", "changes", "data", "team-team-000"]
    at_once = re.sub(r"<noscript>.*?</noscript>", "", page, flags=re.DOTALL)
    assert page.count('role="img"') == 80
    assert at_once.count('role="img"') == 0
    assert at_once.count('<li><a href="#team-team-') == 24


def test_every_figure_of_a_wallet_is_the_one_of_the_plan(plans: Any) -> None:
    plan = plans.one_wallet()
    text = section(shown(plan), "team-support")
    for forecast in plan.impact:
        for point in forecast.daily:
            told = (point.p10, point.p50, point.p90) if point.spent is None else (point.spent,)
            assert all(whole(amount) in text for amount in told)
        for lever in forecast.levers:
            assert exact(lever.contribution) in text
        for month in forecast.months:
            assert f"{month.period.name}" in text
            assert whole(month.target) in text
    for change in plan.changes:
        if hasattr(change, "amount"):
            assert f"+{exact(change.amount)}" in text
    for cell in (cell for row in summarise(plan).wallets.rows for cell in row.cells):
        assert cell.new in text


def test_a_month_whose_middle_is_above_its_target_says_so(plans: Any) -> None:
    dear = plans.Wallet(month=(12_000, 13_000, 14_000))
    text = section(shown(plans.one_wallet(impact=(dear.forecast(),))), "team-support")
    assert text.count("above target") == 2
    assert "above target" not in section(shown(plans.one_wallet()), "team-support")


def test_what_was_left_out_is_told_in_rows_and_money(plans: Any) -> None:
    doubt = UsageDoubt(code="bad-cost", path="a.csv", row=7, rows=3, cost=plans.money("12.5"), counted=False)
    usage = UsageSummary(
        digest="sha256:0", first_day=None, last_day=None, rows=10, unpriced_share=0.25, duplicates=2,
        duplicates_cost=plans.money("1.5"), left_out=LeftOutRows(rows=3, cost=plans.money("12.5"), unread=1),
        doubts=(doubt,),
    )  # fmt: skip
    text = section(shown(plans.one_wallet(usage=usage)), "data")
    assert "3 (USD 12.50, and 1 whose cost cannot be read)" in text
    assert "2 (USD 1.50)" in text
    abroad = LeftOutRows(rows=3, elsewhere={"EUR": plans.money("62.75")})
    plan = plans.one_wallet(usage=usage.model_copy(update={"left_out": abroad}))
    assert "3 (EUR 62.75)" in section(shown(plan), "data")
    assert re.search(r"bad-cost\s+a.csv, first in row 7\s+3\s+12.50\s+no", text)


def test_a_plan_that_changes_nothing_says_so_and_escapes_what_it_names(plans: Any) -> None:
    plan = plans.nothing()
    report = summarise(plan)
    page = section(html(plan, report), "changes")
    assert report.nothing in page


def test_warnings_of_several_files_stand_below_their_file(plans: Any) -> None:
    places = ("budgets/teams/legal.yaml", "budgets/teams/ads.yaml", "budgets/teams/legal.yaml", "")
    found = [
        PlanFinding(path=path, line=7, column=3, severity="warning", code="odd", message=f"{n} is odd", hint="")
        for n, path in enumerate(places)
    ]
    text = section(shown(plans.nothing().model_copy(update={"findings": tuple(found)})), "organization")
    told = re.findall(r"legal\.yaml(?!:)|ads\.yaml(?!:)|The plan as a whole|\d is odd", text)
    assert told == ["legal.yaml", "0 is odd", "2 is odd", "ads.yaml", "1 is odd", "The plan as a whole", "3 is odd"]


def test_a_team_whose_name_no_address_can_hold_has_a_page_by_its_number() -> None:
    assert keys({"b c", "a", 'x"><b>'}) == {"a": "team-a", "b c": "other-2", 'x"><b>': "other-3"}


def test_labels_stand_apart_near_their_lines_and_within_both_ends() -> None:
    assert spread([10, 12, 200], low=20, high=210) == [20, 20 + LINE, 200]
    assert spread([205, 207, 209], low=20, high=210) == [210 - 2 * LINE, 210 - LINE, 210]
    assert spread([], low=0, high=1) == []


def test_steps_lead_from_one_to_the_next_and_what_is_nothing_has_none(plans: Any) -> None:
    rows = steps(
        [("a", "10", plans.money(10)), ("b", "0", plans.money(0)), ("c", "-4", plans.money(-4))],
        ("end", "6", plans.money(6)),
    )
    assert [(row.label, int(row.start), int(row.end), row.kind) for row in rows] == [
        ("a", 0, 10, "total"), ("c", 10, 6, "less"), ("end", 0, 6, "total"),
    ]  # fmt: skip
    drawing = bars("t", "d", rows, table=Table(), legend=True)
    assert [kind for kind, _ in drawing.legend] == ["total", "less"]
    assert drawing.svg.count("<rect") == 3


def test_a_chart_says_in_words_what_it_shows(plans: Any) -> None:
    drawn = summarise(plans.one_wallet()).charts[0]
    said = fan(drawn).description
    assert said.startswith("Spent by day 17: 6,412. It ends at 11,240, 8 in 10 months between 10,710 and 11,980;")
    assert "money now 10,500, money new 12,500, 80% alert at 10,000." in said


def a_year(**other: Any) -> YearForecast:
    """Return a year that began in May: a month is over, June runs, two are to come."""
    months: list[dict[str, Any]] = [{"period": "2026-05", "spent": "100.00", "quantiles": {}}]
    months += [
        {"period": f"2026-{month:02}", "spent": None, "quantiles": {"0.1": low, "0.5": low + 20, "0.9": low + 50}}
        for month, low in ((6, 180), (7, 250), (8, 320))
    ]
    facts = {"name": "FY", "annual_target": 400, "spent": "150", "quantiles": months[-1]["quantiles"], "months": months}
    return YearForecast.model_validate({**facts, "within_probability": 0.8, "wallets": 1, **other})


def test_a_year_is_drawn_from_its_start_over_what_is_known_to_its_end(plans: Any) -> None:
    drawing = year(a_year(as_planned={"0.5": 310}), "USD", plans.AS_OF)
    assert drawing
    rows = [[cell.new for cell in row.cells] for row in drawing.table.rows]
    assert [row[:2] for row in rows] == [
        ["1 May 26, start", "0"], ["May 26", "100"], ["17 Jun 26", "150"], *([name, DASH] for name in
        ("Jun 26", "Jul 26", "Aug 26")),
    ]  # fmt: skip
    assert rows[-1][2:] == ["320", "340", "370"]
    assert drawing.description == (
        "Spent by 17 Jun 26: 150. It ends at 340, 8 in 10 years between 320 and 370;"
        " end if all promised savings come 310, target 400."
    )
    (known,) = re.findall(r'<polyline class="c-spent" points="([^"]+)"', drawing.svg)
    places = [float(pair.partition(",")[0]) for pair in known.split()]
    left, right = places[0], 626.0
    assert [round((place - left) / (right - left) * 123) for place in places] == [0, 31, 48]


def test_a_year_that_is_known_in_part_begins_there_and_one_without_months_is_not_drawn(plans: Any) -> None:
    part = year(a_year(known_from="2026-05-20", annual_target=None), "USD", plans.AS_OF)
    assert part
    assert part.table.rows[0].cells[0].new == "20 May 26, start"
    assert "target" not in part.description
    assert year(a_year(months=()), "USD", plans.AS_OF) is None


AMOUNTS = st.decimals("0", "99999999.99", places=2)


@given(
    st.lists(st.tuples(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=4)
)
def test_a_figure_has_one_value_in_the_plan_the_terminal_the_comment_and_the_report(
    drawn: list[tuple[Any, ...]],
) -> None:
    wallets = []
    for number, (funded, target, spent, end, now, then) in enumerate(drawn):
        month = (int(spent + end // 2), int(spent + end), int(spent + 2 * end))
        named = Wallet(team=f"t{number}", funded=str(funded), target=str(target), spent=str(spent))
        wallets.append(replace(named, month=month, lasts=(now, then)))
    plan = plan_of(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))
    report = summarise(plan)
    page, terminal = shown(plan), text(report, width=400, colour=False)
    comment = unescape(markdown(report))
    first = section(page, "organization")
    for forecast in plan.impact:
        team = section(page, f"team-{forecast.team}")
        quantiles = forecast.month_end.quantiles
        assert f" | {whole(quantiles['0.5'])} | " in comment
        last = forecast.daily[-1]
        for told in (first, team, terminal, comment):
            assert interval(quantiles) in told
            assert whole(forecast.spend_to_date) in told
            assert risk(forecast.desired) in told
        for amount in (last.p10, last.p50, last.p90, forecast.desired.target):
            assert whole(amount) in team
        for change in (
            one for one in plan.changes if one.team == forecast.team and isinstance(one, Allocate | Reclaim)
        ):
            for told in (team, section(page, "changes"), terminal, comment):
                assert exact(change.amount) in told
                assert exact(change.target) in told
