"""The verdict says in one sentence what happens to the money, and how long it lasts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from worlds import object_change

from reconciler.model.drift import DriftItem
from reconciler.model.later import Later, LaterExpectation, LaterTarget
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Scope, Source
from reconciler.model.year_money import YearMoney
from reconciler.report.document import Asked
from reconciler.report.markdown import markdown
from reconciler.report.message import message_of
from reconciler.report.spans import plain
from reconciler.report.summary import summarise
from reconciler.report.text import text

MORE = "USD 2,000 more for support / prod in June"
LESS = "USD 1,500 less for support / prod in June"
SAVED = "it would run out without this, and lasts with it"


def headline(plan: Any) -> str:
    return plain(summarise(plan).headline).removeprefix("Budget plan")


def decided(plan: Any) -> dict[str, tuple[str, str]]:
    """Return what each line says of a plan that is approved, and of one that is not."""
    return {row.cells[0].new: (row.cells[1].new, row.cells[2].new) for row in summarise(plan).decision.rows}


def of(plans: Any, *wallets: Any, **other: Any) -> Any:
    """Return the plan that changes `wallets`, with a forecast for each."""
    changes = [wallet.change() for wallet in wallets if wallet.funded != wallet.target]
    return plans.plan(*changes, **{"impact": tuple(wallet.forecast() for wallet in wallets), **other})


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({}, f"{MORE}: {SAVED}"),
        ({"target": "12500.37"}, f"{MORE.replace('000', '000.37')}: {SAVED}"),
        ({"lasts": (0.9, 0.97)}, f"{MORE}: it lasts with and without"),
        ({"lasts": (0.1, 0.71)}, f"{MORE}: it may still run out (29%)"),
        ({"lasts": (0.1, 0.3)}, f"{MORE}: it is still likely to run out (70%)"),
        ({"funded": "0"}, f"The first USD 12,500 for support / prod in June: {SAVED}"),
        ({"target": "9000", "lasts": (0.99, 0.9)}, f"{LESS}: it lasts with and without"),
        ({"target": "9000", "lasts": (0.99, 0.6)}, f"{LESS}: it may now run out (40%)"),
        ({"target": "9000", "lasts": (0.7, 0.6)}, f"{LESS}: it may still run out (40%)"),
        ({"target": "9000", "lasts": (0.9, 0.2)}, f"{LESS}: it is now likely to run out (80%)"),
    ],
)  # fmt: skip
def test_one_wallet_is_told_with_its_money_and_what_that_does(facts: dict[str, Any], told: str, plans: Any) -> None:
    assert headline(of(plans, plans.Wallet(**facts))) == told


def test_without_a_forecast_the_verdict_says_that_nothing_tells_how_long_it_lasts(plans: Any) -> None:
    more, less = plans.Wallet(), plans.Wallet(target="9000")
    unsaid = "nothing tells how long it lasts"
    assert headline(plans.plan(more.change())) == f"{MORE}: {unsaid}"
    assert headline(plans.plan(less.change())) == f"{LESS}: {unsaid}"


def test_several_wallets_are_told_by_what_the_plan_does_to_them(plans: Any) -> None:
    good, bad = plans.Wallet(), plans.Wallet(team="research", lasts=(0.1, 0.2))
    assert headline(of(plans, good, bad)) == (
        "USD 4,000 more for June: support / prod would run out without this, and lasts with it;"
        " research / prod is still likely to run out (80%)"
    )
    assert headline(of(plans, good, plans.Wallet(team="a"))) == (
        "USD 4,000 more for June: 2 wallets would run out without this, and last with it"
    )
    many = [plans.Wallet(team=f"t{number}", lasts=(0.1, 0.6 - number / 10)) for number in range(4)]
    assert headline(of(plans, *many)).endswith(": 4 wallets may still run out, 2 of them likely")


def test_the_headline_has_the_money_on_balance_and_the_table_both_ways(plans: Any) -> None:
    giving = [plans.Wallet(team=team, target="9000", lasts=(0.99, 0.98)) for team in ("a", "b")]
    assert headline(of(plans, *giving)) == "USD 3,000 less for June: all of them last with and without"
    both = of(plans, plans.Wallet(), giving[0])
    assert headline(both).startswith("USD 500 more for June: ")
    assert decided(both)["June money"] == (
        "+2,000 to 1 wallet, −1,500 back from 1 wallet",
        "nothing moves",
    )
    moved = of(plans, plans.Wallet(target="12000"), giving[0])
    assert headline(moved).startswith("USD 1,500 moves between wallets in June, none is added: ")


@pytest.mark.parametrize(
    ("funded", "target", "amount", "told"),
    [
        ("3500.37", "2000.37", "1500", "takes that back; to keep it, make 3,500.37 its target"),
        ("3500", "3000", "1500", "takes USD 500 of that back; to keep it, make 3,500 its target"),
        ("500", "2000", "-1500.50", "gives USD 1,500 of that back; to keep it, make 500 its target"),
        ("500", "2000", "1500", ""),
        ("3500", "2000", "-1500", ""),
    ],
)
def test_what_was_done_by_hand_is_told_to_the_cent_where_a_plan_undoes_it(
    plans: Any, funded: str, target: str, amount: str, told: str
) -> None:
    wallet = plans.Wallet(funded=funded, target=target)
    sentence = "support / prod was changed by hand (txn_1, 2026-06-16 14:02 UTC). Git says more."
    fact = DriftItem(
        **{"class": "changed"}, team="support", wallet="team_support", amount=Decimal(amount), sentence=sentence
    )
    said = [plain(line) for line in summarise(of(plans, wallet, drift=(fact,))).by_hand]
    assert said == ([f"By hand: support / prod was changed on 2026-06-16. Approving {told}."] if told else [])


def test_cents_that_move_are_told_with_the_decision(plans: Any) -> None:
    told = decided(of(plans, plans.Wallet(funded="10500", target="10500.40")))
    assert told["June money"][0] == "+0.40 to 1 wallet"


def test_who_runs_out_is_told_with_the_plan_and_without_it(plans: Any) -> None:
    wallets = [plans.Wallet(team=f"t{number}", lasts=(0.1, 0.6)) for number in range(5)]
    then, now = decided(of(plans, *wallets, plans.Wallet(team="x")))["May run out in June"]
    assert then == "t0 / prod 40% · t1 / prod 40% · t2 / prod 40% · 2 more"
    assert now.endswith("· 3 more")
    calm = decided(of(plans, plans.Wallet(lasts=(0.9, 0.99))))["May run out in June"]
    assert calm == ("nobody: less than 20% each", "nobody: less than 20% each")


def test_a_wallet_without_a_forecast_among_others_is_not_promised_anything(plans: Any) -> None:
    known, unknown = plans.Wallet(), plans.Wallet(team="new", funded="0")
    plan = plans.plan(known.change(), unknown.change(), impact=(known.forecast(),))
    assert headline(plan).endswith("lasts with it; nothing tells it of 1 other")
    assert "Nothing to forecast from: new / prod." in [plain(note) for note in summarise(plan).wallet_notes]


def test_without_money_the_verdict_counts_the_settings(plans: Any) -> None:
    first = plans.first_plan()
    settings = [change for change in first.changes if change.kind.startswith("create")]
    assert headline(plans.plan(*settings)) == (
        ": no money moves, 1 billing budget changes and 1 export schedule changes;"
        " hard limit support-monthly stops support / prod at 12,500"
    )


def limit(plans: Any, before: str | None, after: str | None, **other: Any) -> Any:
    """Return the change of a hard limit from one amount to another; None: there is none."""
    verb = "update" if before and after else "create" if after else "delete"
    sides = {
        side: plans.budget(amount=amount, hard_limit=True, **other)
        for side, amount in (("before", before), ("after", after))
        if amount
    }
    key = "team/team_support/support-monthly"
    return object_change(f"{verb}_billing_budget", team="support", environment="prod", key=key, **sides)


@pytest.mark.parametrize(
    ("before", "after", "then", "now"),
    [
        (None, "1600.00", "stops support / prod at 1,600", "does not stop support / prod"),
        ("1600.00", "1900.00", "stops support / prod at 1,900", "stops support / prod at 1,600"),
        ("1600.00", None, "does not stop support / prod", "stops support / prod at 1,600"),
    ],
)
def test_a_hard_limit_that_changes_is_decided_on_though_no_money_moves(
    plans: Any, before: str | None, after: str | None, then: str, now: str
) -> None:
    still = plans.Wallet(funded="10500", target="10500", lasts=(0.17, 0.02), ends=((27, 30, None), (27, 29, 30)))
    plan = plans.plan(limit(plans, before, after), impact=(still.forecast(), plans.Wallet(team="a").forecast()))
    table = decided(plan)
    assert table["Hard limits"] == (f"support-monthly {then}", f"support-monthly {now}")
    assert table["May run out in June"] == (
        "support / prod 98% · 1 unchanged wallet 94%",
        "support / prod 83%",
    )
    change = {"1600.00": then, "1900.00": f"{then} instead of 1,600"}.get(after or "", "stops support / prod no longer")
    told = f"hard limit support-monthly {change}, runs out: 98% (29 Jun), without this 83% (30 Jun)"
    assert headline(plan) == f": no money moves, 1 billing budget changes; {told}"
    assert told in message_of(plan).title
    assert not [line for line in summarise(plan).urgent if "support / prod" in plain(line)], "this change does it"
    assert [row.cells[0].new for row in summarise(plan).brief.rows] == ["support / prod"]


def test_who_else_may_run_out_is_named_beside_the_wallets_that_change(plans: Any) -> None:
    changed, *others = (
        plans.Wallet(team=team, funded=funded, lasts=lasts)
        for team, funded, lasts in (
            ("support", "10500", (0.1, 0.97)),
            ("tight", "12500", (0.7, 0.7)),
            ("gone", "12500", (0.001, 0.001)),
            ("safe", "12500", (0.9, 0.9)),
        )
    )
    plan = of(plans, changed, *others)
    assert decided(plan)["May run out in June"] == (
        "none that changes · 2 unchanged wallets up to 99.9%",
        "support / prod 90%",
    )
    urgent = "Urgent, not caused by this change: gone / prod 99.9% (28 Jun) will likely run out"
    printed = " ".join(text(summarise(plan), width=100, colour=False).split())
    for shown in (printed, markdown(summarise(plan)).replace("*", "")):
        assert urgent in shown
    assert decided(of(plans, changed, others[-1]))["May run out in June"] == (
        "nobody: less than 20% each",
        "support / prod 90%",
    )


def test_of_settings_that_change_the_wallets_of_their_teams_are_told(plans: Any) -> None:
    still = plans.Wallet(funded="12500", target="12500", lasts=(0.97, 0.97))
    other = plans.Wallet(team="other", funded="12500", target="12500", lasts=(0.1, 0.1))
    assert decided(plans.plan(plans.budget_update(), impact=(still.forecast(), other.forecast())))[
        "May run out in June"
    ] == (
        "none of these teams · 1 wallet of other teams 90%",
        "none of these teams",
    )


def test_a_hard_limit_is_told_beside_the_money_of_others_and_of_what_is_no_wallet(plans: Any) -> None:
    still = plans.Wallet(team="other", funded="10500", target="10500", lasts=(0.9, 0.9), ends=((None,) * 3,) * 2)
    there = limit(plans, None, "1600.50", scope_id="team_other")
    agent = limit(plans, None, "20.00", scope_type="agent", scope_id="bot")
    there, agent = (each.model_copy(update={"environment": None}) for each in (there, agent))
    told = "hard limit support-monthly stops team team_other at 1,600.50, runs out: 10% with and without this"
    assert headline(of_changes(plans, there, still)) == f"{MORE}: {SAVED}; {told}"
    assert headline(of_changes(plans, agent)).endswith("; hard limit support-monthly stops agent bot at 20")


def test_a_hard_limit_that_stays_under_another_name_is_no_change_of_traffic(plans: Any) -> None:
    old, new = limit(plans, "1600.00", None), limit(plans, None, "1600.00", name="new")
    assert headline(of_changes(plans, old, new)) == f"{MORE}: {SAVED}"
    assert "Hard limits" not in decided(of_changes(plans, old, new))
    alerts = plans.budget_update(hard_limit=False)
    assert "Hard limits" not in decided(of_changes(plans, alerts))


def of_changes(plans: Any, *changes_and_wallets: Any) -> Any:
    """Return the plan that gives one wallet more and makes other changes, with a forecast of the other wallets."""
    wallet = plans.Wallet()
    changes = [each for each in changes_and_wallets if not isinstance(each, plans.Wallet)]
    others = [each.forecast() for each in changes_and_wallets if isinstance(each, plans.Wallet)]
    return plans.plan(wallet.change(), *changes, impact=(wallet.forecast(), *others))


def test_a_refused_plan_says_what_waits(plans: Any) -> None:
    assert headline(plans.refused()) == " refused: USD 2,000 for support / prod waits until 2 problems are solved"
    settled = plans.refused().model_copy(update={"changes": ()})
    nothing = settled.model_copy(update={"funds": plans.nothing().funds})
    assert headline(nothing) == " refused: nothing is applied until 2 problems are solved"
    assert plain(summarise(plans.refused()).footer[0]) == "Nothing is applied until what is refused above is put right."


def test_the_year_is_told_with_the_plan_and_without_it(plans: Any) -> None:
    money = YearMoney(
        name="FY2027", annual_target=Decimal(700_000), applied=Decimal(675_700), not_applied=Decimal(651_700)
    )
    told = decided(plans.one_wallet(year_money=money))
    assert told["FY2027, target 700,000"] == (
        "wallets may spend 675,700 (+24,000) · forecast 588,400 (chance within target: 71%)",
        "wallets may spend 651,700 · the same forecast",
    )
    year = plans.YEAR.model_copy(update={"annual_target": None, "within_probability": None})
    alone = money.model_copy(update={"annual_target": None, "not_applied": money.applied})
    told = decided(plans.one_wallet(year=year, year_money=alone))
    assert told["FY2027"] == ("wallets may spend 675,700 · forecast 588,400", "the same · the same forecast")
    part = money.model_copy(update={"not_applied": None, "moved": Decimal(1_700)})
    unknown = decided(plans.one_wallet(year=None, year_money=part))
    assert unknown["FY2027, target 700,000"] == (
        "wallets may spend 675,700",
        "1,700 less in June, later months not known (no earlier plan)",
    )
    assert "FY2027" not in str(decided(plans.one_wallet()))
    grown = LaterExpectation(team="support", name="growth", before="10%", after="20%", period=Period(2026, 7))
    expecting = Later(since="9c1e7b2", until=Period(2027, 5), expectations=(grown,))
    told = decided(plans.one_wallet(year_money=money, later=expecting))
    assert told["FY2027, target 700,000"][1] == (
        "wallets may spend 651,700 · forecast not known: what is expected changes"
    )


@pytest.mark.parametrize(
    ("money", "expected"),
    [
        ({}, ""),
        ({"carried": "0"}, ""),
        ({"carried": "10204.36"}, ", of that 10,204 carried over"),
        ({"carried": "10204.36", "carried_at_least": True}, ", of that at least 10,204 beyond this month's targets"),
        ({"stays": "174"}, ", of that 174 above June's targets, spent or not taken back"),
        (
            {"carried": "20", "stays": "174"},
            ", of that 20 carried over and 174 above June's targets, spent or not taken back",
        ),
        (
            {"stays": "7", "carried_at_least": True},
            ", of that 7 above June's targets, spent or not taken back,"
            " without what they carry over, which is not known",
        ),
        (
            {"stays": "174", "lacks": "90"},
            ", of that 174 above June's targets, spent or not taken back,"
            " without 90 of the targets that nothing gives now",
        ),
        ({"carried_at_least": True}, ", without what they carry over, which is not known"),
        ({"carried": "0", "goes_back": "800"}, ", without 800 carried over that goes back when July opens"),
        (
            {"carried": "20", "goes_back": "800"},
            ", of that 20 carried over, without 800 carried over that goes back when July opens",
        ),
    ],
)
def test_the_year_says_what_of_it_is_carried_over(plans: Any, money: dict[str, Any], expected: str) -> None:
    year = YearMoney.model_validate(
        {"name": "FY2027", "annual_target": None, "applied": "9", "not_applied": "9"} | money
    )
    told = decided(plans.one_wallet(year=None, year_money=year))
    assert told["FY2027"] == (f"wallets may spend 9{expected}", "the same")


def test_the_year_of_some_teams_says_what_is_known_of_the_others(plans: Any) -> None:
    money = YearMoney(name="FY2027", annual_target=None, applied=Decimal(675_700), not_applied=Decimal(675_700))
    scope = Scope(since="9c1e7b2", teams=("support",), of=12)
    quick = plans.YEAR.model_copy(update={"by_usage": 11, "wallets": 12, "within_probability": None})
    told = plans.one_wallet(year=quick, year_money=money, scope=scope)
    assert decided(told)["FY2027"] == (
        "wallets may spend 675,700 · forecast 588,400 (other teams: a quick look at their usage)",
        "the same · the same forecast",
    )
    assert "Of the other 11 teams only the usage was looked at, for the year." in markdown(summarise(told))
    unknown = plans.one_wallet(year=None, year_money=money, scope=scope)
    assert decided(unknown)["FY2027"][0] == (
        "wallets may spend 675,700 · forecast not known: this plan looks at 1 of 12 teams,"
        " kt-budgets plan --all-teams at all"
    )
    silent = unknown.model_copy(update={"usage": None})
    assert decided(silent)["FY2027"][0].endswith("forecast not known: no usage to look at the other teams with")


def test_who_must_approve_is_named_with_what_for(plans: Any) -> None:
    finance = Asked(("@acme/finance",), ("USD 12,500.00 move, above USD 10,000.00",), (("", ("support", "ads")),))
    platform = Asked(("@acme/platform", "@boss"), (), (("it is new", ("legal",)),))
    report = summarise(plans.one_wallet(), approvals=(finance, platform))
    assert plain(report.approve[-1]) == (
        "Approve: `acme/finance` (USD 12,500.00 move, above USD 10,000.00; budgets of support, ads)"
        " and `acme/platform` or `boss` (legal: it is new)."
    )
    assert report.approvals == ()


def test_where_nobody_is_named_who_approves_it_is_said_what_to_do_first(plans: Any) -> None:
    nobody, boss = Asked((), (), (("", ("support",)),)), Asked(("@boss",), ("x",), ())
    many = Asked((), (), (("", tuple(f"team_{number}" for number in range(100))),))

    def lead(*approvals: Asked) -> str:
        return plain(summarise(plans.one_wallet(), approvals=approvals).approve[-1])

    assert lead(nobody) == "Approve: nobody is named (budget of support); name `owners` in org.yaml first."
    assert lead(boss, nobody).endswith(" and nobody is named (budget of support); name `owners` in org.yaml first.")
    assert lead(many) == "Approve: nobody is named; name `owners` in org.yaml first; what for is below."
    assert lead(boss, many) == (
        "Approve: `boss`, nobody is named; name `owners` in org.yaml first; everybody is named below, with what for."
    )


def test_of_very_many_teams_that_one_owner_is_asked_about_the_number_is_said(plans: Any) -> None:
    teams = tuple(f"team_{number:04d}" for number in range(1234))
    report = summarise(plans.one_wallet(), approvals=[Asked(("@boss",), (), (("", teams), ("it is new", teams[:120])))])
    told = [plain(entry) for entry in report.approvals]
    assert [entry.partition("budgets of ")[2].count("team_") for entry in told[:4]] == [30, 30, 30, 30]
    assert told[3].endswith("team_0119 and 1,114 more.")
    assert len(told) == 8
    assert not any("more" in entry for entry in (*told[:3], *told[4:]))


def test_everybody_who_must_approve_is_named_however_many_they_are(plans: Any) -> None:
    teams = [f"team_{number}" for number in range(100)]
    asked = [Asked((f"@acme/{team}-leads",), (), (("", (team,)),)) for team in teams]
    report = summarise(plans.nothing(), approvals=[Asked(("@boss",), ("x",), (("", tuple(teams)),)), *asked])
    assert plain(report.approve[-1]).endswith("more; everybody is named below, with what for.")
    document = markdown(report).replace("&#95;", "_")
    assert "**Who must approve, and what for**" in document
    for team in teams:
        assert f"- `acme/{team}-leads`: budget of {team}." in document.replace("&#95;", "_")
        assert (
            sum(f" {team}," in line or f" {team}." in line for line in document.replace("&#95;", "_").splitlines()) == 2
        )
        assert f"@acme/{team}" not in document


def test_another_year_is_named(plans: Any) -> None:
    later = plans.one_wallet().model_copy(update={"as_of": date(2025, 12, 30)})
    assert "in June 2026" in headline(later)


def test_carried_over_money_is_said_wherever_it_adds_to_the_target(plans: Any) -> None:
    plan = of(plans, plans.Wallet(carried="1250"))
    report = summarise(plan)
    assert [column.key for column in report.wallets.columns][2] == "ceiling"
    assert report.wallets.rows[0].cells[2].new == "13,750"
    assert plain(report.wallet_notes[0]) == "Ceiling = carried over + funded. Carried over: support / prod 1,250."


def test_the_footer_names_the_plan_the_commit_and_what_makes_it_stale(plans: Any) -> None:
    assert plain(summarise(plans.one_wallet()).footer[1]) == (
        "Plan `7d0c41e9`, for commit `9c1e7b2`; a team whose money changes before it is applied is left out."
    )
    dirty = plans.nothing().model_copy(update={"source": Source(commit="9c1e7b2d4f", dirty=True, tree_digest="")})
    assert plain(summarise(dirty).footer[1]) == "Plan `7d0c41e9`, for commit `9c1e7b2` with changes not committed."


def test_usage_without_a_day_is_no_usage_yet(plans: Any) -> None:
    empty = plans.USAGE.model_copy(update={"first_day": None, "last_day": None, "rows": 0, "duplicates": 3})
    report = summarise(plans.one_wallet(usage=empty))
    assert "no usage yet" in report.header
    assert (
        plain(report.method[1]) == "Data: 0 events; 0.3% of tokens have no price; 3 events came twice and count once."
    )


def test_money_of_no_forecast_is_a_dash_and_not_zero(plans: Any) -> None:
    wallet = plans.Wallet(funded="0", confidence="none", history=0, month=(0, 0, 0), spent="0")
    report = summarise(of(plans, wallet, plans.Wallet(team="known")))
    row = next(row for row in report.wallets.rows if row.cells[0].new == "support / prod")
    assert [cell.new for cell in row.cells[2:]] == ["–"] * 4
    assert Decimal(0) == wallet.forecast().month_end.quantiles["0.9"]


def test_figures_that_come_from_the_plan_alone_are_marked(plans: Any) -> None:
    report = summarise(of(plans, plans.Wallet(confidence="none", history=0)))
    assert plain(report.wallet_notes[2]) == "No usage yet, so these are the figures of the annual plan: support / prod."
    assert plain(report.method[-1]).endswith("no usage, so these are the figures of the annual plan.")


def later(*months: tuple[str, str, str | None, str | None], environment: str = "prod") -> Scope:
    """Return a scope whose later months change: team, month, before and after."""
    return Scope(
        since="9c1e7b2d4f60",
        teams=("support",),
        of=4,
        later=tuple(
            LaterTarget(
                team=team,
                environment=environment,
                wallet=f"team_{team}",
                period=Period.parse(month),
                before=None if before is None else Decimal(before),
                after=None if after is None else Decimal(after),
            )
            for team, month, before, after in months
        ),
    )


def test_what_changes_in_later_months_is_said_where_no_money_moves_now(plans: Any) -> None:
    scope = later(
        ("engineering", "2026-12", None, "900"),
        ("legal_ops", "2026-10", "700", None),
        ("legal_ops", "2026-12", "500.50", None),
        ("support", "2026-07", "12500", "14000"),
        ("support", "2026-08", "12500", "14000"),
        ("support", "2026-10", "12500", "14000"),
        ("support", "2026-11", "12500", "15000"),
    )
    report = summarise(plans.plan(scope=scope))
    assert plain(report.headline) == (
        "Budget plan: engineering / prod and support / prod change later, first support / prod to USD 14,000 for July"
        " 2026 to August 2026, legal_ops / prod leaves the YAML; June 2026 stays as it is"
    )
    assert [plain(note) for note in report.ahead] == [
        "All targets of months to come together: USD 1,500 a month more for July 2026 to August 2026; USD 800 more in"
        " October 2026; USD 2,500 more in November 2026; USD 399.50 more in December 2026.",
        "Later: engineering / prod (`team_engineering`) is new, with USD 900, December 2026.",
        "legal_ops / prod (`team_legal_ops`) leaves the YAML: it is not funded again, and what it holds stays in it.",
        "Later: support / prod USD 12,500 → 14,000 (1,500 more a month), July 2026 to August 2026.",
        "Later: support / prod USD 12,500 → 14,000 (1,500 more), October 2026.",
        "Later: support / prod USD 12,500 → 15,000 (2,500 more), November 2026.",
    ]


def test_a_wallet_that_changes_later_has_its_months_told(plans: Any) -> None:
    wallets = [plans.Wallet(team="support"), *(plans.Wallet(team=f"t{number}", funded="12500") for number in range(5))]
    moved = of(plans, *wallets).model_copy(update={"scope": None})
    calm = moved.model_copy(update={"changes": (), "scope": later(("t4", "2026-12", "1", "2"))})
    teams = ("support", *(f"t{number}" for number in range(5)))
    both = moved.model_copy(
        update={"scope": later(("support", "2026-12", "1", "2")).model_copy(update={"teams": teams})}
    )

    def months(plan: Any) -> list[str]:
        return [table.title for table in summarise(plan).months]

    assert months(moved) == months(both) == ["support / prod"]
    every = calm.model_copy(update={"scope": calm.scope.model_copy(update={"teams": teams})})
    assert months(every) == ["t4 / prod"]
    changed = every.model_copy(update={"changes": moved.changes})
    assert months(changed) == ["support / prod", "t4 / prod"]
    assert [row.cells[0].new for row in summarise(changed).wallets.rows] == ["support / prod", "t4 / prod"]


def test_many_later_changes_are_all_told_and_summed_up(plans: Any) -> None:
    scope = later(*((f"team_{number}", "2026-12", "1", "2") for number in range(60)))
    report = summarise(plans.plan(scope=scope))
    notes = [plain(note) for note in report.ahead]
    assert sum(note.startswith("Later: team_") for note in notes) == 60
    assert notes[0] == "All targets of months to come together: USD 60 more in December 2026."
    assert "    21 more, in plan.json." in text(report, width=120, colour=False).splitlines()


def test_a_plan_in_which_nothing_moves_shows_the_wallets_that_it_is_about(plans: Any) -> None:
    support, other = plans.Wallet(team="support"), plans.Wallet(team="sales")
    report = summarise(of(plans, support, other).model_copy(update={"changes": (), "scope": later()}))
    assert [row.cells[0].new for row in report.wallets.rows] == ["support / prod"]
    assert [row.cells[0].new for row in report.other_wallets.rows] == ["sales / prod"]


def test_what_may_have_been_booked_twice_is_not_told_as_done_by_hand_alone(plans: Any) -> None:
    sentence = "support / prod was given USD 1,500.00 by hand or twice (txn_1, 2026-06-16 14:02 UTC). Git says more."
    fact = DriftItem(
        **{"class": "changed"}, team="support", wallet="team_support", amount=Decimal(1500), sentence=sentence
    )
    (said,) = summarise(of(plans, plans.Wallet(funded="3500", target="2000"), drift=(fact,))).by_hand
    assert "was given USD 1,500.00 by hand or twice on 2026-06-16. Approving takes that back" in plain(said)


def test_the_work_of_a_summary_grows_with_the_wallets_and_not_with_their_square(plans: Any) -> None:
    few, many = (calls_of(summarise, half_changed(plans, wallets)) for wallets in (200, 400))
    assert many < 2.1 * few


def half_changed(plans: Any, wallets: int) -> Plan:
    """Return a plan that moves the money of every second of so many wallets."""
    every = [plans.Wallet(team=f"t{number}") for number in range(wallets)]
    made: Plan = plans.plan(*(one.change() for one in every[::2]), impact=tuple(one.forecast() for one in every))
    return made


def calls_of(work: Callable[[Plan], object], plan: Plan) -> int:
    """Return how many functions of Python are called by `work`."""
    calls = count()
    sys.setprofile(lambda _frame, event, _of: next(calls) if event == "call" else None)
    try:
        work(plan)
    finally:
        sys.setprofile(None)
    return next(calls)
