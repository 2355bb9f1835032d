"""The pictures and pages of the commands that look ahead, from values alone."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.forecast.backtest import Backtest, BacktestReport
from reconciler.forecast.recommend import AlertRecommendation, TargetRecommendation
from reconciler.forecast.scores import Score
from reconciler.model.forecast import ForecastNotice, LeftOutWallet, LeverContribution, WalletForecast, YearForecast
from reconciler.model.outlook import WrittenValue
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.report.backtest_text import BacktestPage, backtest_text
from reconciler.report.forecast_csv import forecast_csv
from reconciler.report.forecast_layout import page, told_once
from reconciler.report.forecast_text import ASCII, BLOCKS, ForecastPage, fan, forecast_text, sparkline, year_sentence
from reconciler.report.recommend_text import RecommendPage, recommend_text
from reconciler.report.savings import lever_name, planned_words
from reconciler.report.screen import Screen
from reconciler.report.whatif_text import WhatIfPage, whatif_text

JUNE = Period(2026, 6)
AS_OF = date(2026, 6, 18)


def outlook(ceiling: str) -> dict[str, Any]:
    return {
        "target": ceiling,
        "ceiling": ceiling,
        "money_left": "10",
        "exhaustion": {"probability": 0.1, "date": {"0.1": None, "0.5": None, "0.9": None}},
        "unserved": {"0.5": "0.00", "0.9": "1.00"},
    }


def wallet(
    spent: str = "50", *, ceiling: str = "100", p10: str = "60", p50: str = "70", p90: str = "90", **more: Any
) -> WalletForecast:
    values: dict[str, Any] = {
        "team": "support",
        "environment": "prod",
        "wallet": "team_support",
        "currency": "USD",
        "period": JUNE,
        "as_of": AS_OF,
        "data_as_of": None,
        "history_days": 90,
        "confidence": "normal",
        "spend_to_date": spent,
        "month_end": {"quantiles": {"0.025": p10, "0.1": p10, "0.5": p50, "0.9": p90, "0.975": p90}},
        "live": outlook(ceiling),
        "desired": outlook(ceiling),
        "alerts": (),
        "months": (),
        "levers": (),
        **more,
    }
    return WalletForecast.model_validate(values)


def shown(*forecasts: WalletForecast, **more: Any) -> ForecastPage:
    return ForecastPage("org_acme", "USD", JUNE, AS_OF, "usage to 17 June", forecasts, {}, **more)


def test_a_sparkline_rises_with_its_values() -> None:
    assert sparkline([Decimal(0), Decimal(50), Decimal(100)], BLOCKS) == "▁▅█"
    assert sparkline([Decimal(0), Decimal(-5)], ASCII) == "__"
    assert sparkline([], BLOCKS) == ""


@given(st.lists(st.decimals(-100, 10_000, places=2), max_size=12))
def test_a_sparkline_has_one_character_a_value(values: list[Decimal]) -> None:
    assert len(sparkline(values, BLOCKS)) == len(values)


def test_a_fan_shows_spent_then_the_interval_and_the_money() -> None:
    assert fan(wallet(), ASCII, width=20) == "##########==--....|"[:18] + " |"
    assert fan(wallet(ceiling="40"), ASCII, width=9) == "####|=-.."
    assert fan(wallet("0", ceiling="0", p10="0", p50="0", p90="0"), ASCII) == ""


@given(st.lists(st.integers(0, 5000), min_size=5, max_size=5))
def test_a_fan_never_goes_back_and_marks_the_money_once(amounts: list[int]) -> None:
    *steps, money = amounts
    spent, p10, p50, p90 = map(str, sorted(steps))
    drawn = fan(wallet(spent, ceiling=str(money), p10=p10, p50=p50, p90=p90), ASCII)
    if max(amounts) == 0:
        assert drawn == ""
        return
    assert drawn.count("|") == 1
    assert re.fullmatch(r"#*=*-*\.* *", drawn.replace("|", "")) is not None


@pytest.mark.parametrize("width", [40, 80, 120])
def test_colour_is_laid_over_the_same_text(width: int) -> None:
    told = shown(wallet(), notices=[ForecastNotice(code="runs-out", message="it runs out", hint="give more")])
    bare = forecast_text(told, Screen(width))
    inked = forecast_text(told, Screen(width, colour=True))

    assert "\x1b[" not in bare
    assert "\x1b[" in inked
    assert re.sub(r"\x1b\[[0-9;]*m", "", inked) == bare
    assert "warning runs-out: it runs out" in bare


def test_nothing_from_outside_reaches_the_terminal_unseen() -> None:
    evil = wallet(team="sup\x1b[31mport", levers=({"name": "growth: \x07bell", "contribution": "1.00"},))
    text = forecast_text(
        shown(evil, notices=[ForecastNotice(code="c\x1b", message="m\x1b[2J", hint="h\r")]), Screen(100, blocks=False)
    )

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\r" not in text


def test_months_are_marked_where_they_are_above_their_target() -> None:
    months = tuple(
        {"period": f"2026-{number:02d}", "target": target, "quantiles": {"0.1": "80", "0.5": "100", "0.9": "120"}}
        for number, target in ((7, "90"), (8, "110"), (9, "130"))
    )
    text = forecast_text(shown(wallet(months=months)), Screen(100))

    assert re.search(r"support / prod +100! +100~ +100\n", text)


def test_a_wallet_of_which_nothing_is_known_has_its_target_and_no_picture() -> None:
    unknown = wallet("0", p10="0", p50="0", p90="0", confidence="none", history_days=0)
    text = forecast_text(shown(unknown), Screen(100))

    assert "8 weeks" not in text
    assert re.search(r"support / prod +100\n", text)


def test_a_year_without_a_target_has_no_probability() -> None:
    year = YearForecast(
        name="FY2027", annual_target=None, spent=Decimal(1),
        quantiles={"0.1": Decimal(1), "0.5": Decimal(2), "0.9": Decimal(3)}, within_probability=None,
    )  # fmt: skip

    assert year_sentence(year, "USD") == "FY2027: USD 2 (1 to 3 in 8 of 10 cases); there is no annual target."
    part = year.model_copy(update={"annual_target": Decimal(9), "known_from": date(2026, 8, 2)})
    assert year_sentence(part, "USD") == (
        "FY2027: USD 2 (1 to 3 in 8 of 10 cases), without what was spent before 2026-08-02, which no usage shows,"
        " against an annual target of 9."
    )


def test_a_year_and_a_saving_are_told_as_planned_too_where_that_is_something_else() -> None:
    year = YearForecast(
        name="FY2027", annual_target=None, spent=Decimal(1), within_probability=None,
        quantiles={"0.1": Decimal(100), "0.5": Decimal(200), "0.9": Decimal(300)}, as_planned={"0.5": Decimal(180)},
    )  # fmt: skip

    assert year_sentence(year, "USD") == (
        "FY2027: USD 200 (100 to 300 in 8 of 10 cases), 180 with all planned savings; there is no annual target."
    )
    assert planned_words(year.model_copy(update={"as_planned": {"0.5": Decimal("200.10")}})) == ""
    saving = LeverContribution(name="cache_hit_rate", contribution=Decimal("-1.50"), planned=Decimal(-4))
    assert lever_name(saving, 40) == "cache hit rate (−4.00 if all of it comes)"
    assert lever_name(saving.model_copy(update={"planned": saving.contribution}), 40) == "cache hit rate"


def test_wallets_that_are_not_in_the_year_are_named_with_the_reason_and_what_they_spent() -> None:
    left = (
        LeftOutWallet(team="a", environment="prod", wallet="a", spent=Decimal(12345), reason="unreadable"),
        LeftOutWallet(team="b", environment="prod", wallet="b", spent=Decimal(0), reason="unknown"),
        LeftOutWallet(team="b", environment="dev", wallet="c", spent=Decimal(0), reason="unknown"),
    )
    year = YearForecast(
        name="FY2027", annual_target=Decimal(9), spent=Decimal(1), wallets=2, left_out=left,
        quantiles={"0.1": Decimal(1), "0.5": Decimal(2), "0.9": Decimal(3)}, within_probability=0.5,
    )  # fmt: skip

    why = (
        "a / prod is not in it, because its ledger cannot be read: USD 12,345 spent so far. b / prod and b / dev are"
        " not in it, because neither usage nor an annual plan says what they will spend."
    )
    assert year_sentence(year, "USD") == (
        "FY2027: USD 2 (1 to 3 in 8 of 10 cases) for 2 of the 5 wallets in git, against an annual target of 9: at"
        f" most 50% sure to stay within it. {why}"
    )
    nothing = year.model_copy(update={"wallets": 0, "quantiles": {}, "within_probability": None})
    assert year_sentence(nothing, "USD") == f"FY2027: not known, for no wallet has a forecast. {why}"


def test_a_csv_without_wallets_has_a_header_alone() -> None:
    assert forecast_csv(shown()) == "team,environment,wallet\n"


def test_a_what_if_that_changes_nothing_shows_no_arrows() -> None:
    year = YearForecast(
        name="FY2027", annual_target=Decimal(9), spent=Decimal(1),
        quantiles={"0.1": Decimal(1), "0.5": Decimal(2), "0.9": Decimal(3)}, within_probability=0.9,
    )  # fmt: skip
    same = WhatIfPage("org", "USD", JUNE, AS_OF, "known", ["nothing"], [wallet()], [wallet()], year, year)
    text = whatif_text(same, Screen(100))

    assert "->" not in text
    assert text.count("FY2027") == 1
    unknown = wallet("0", p10="0", p50="0", p90="0", confidence="none")
    alone = WhatIfPage("org", "USD", JUNE, AS_OF, "known", ["nothing"], [unknown], [unknown])
    assert "FY2027" not in whatif_text(alone, Screen(100))


def score(wape: float, *, cov80: float | None = None, cov95: float | None = None) -> Score:
    more = {"above_p90": None, "brier": None, "calibration_error": None, "reliability": ()}
    return Score.model_validate({"origins": 4, "wape": wape, "crps": 0.1, "cov80": cov80, "cov95": cov95, **more})


def test_a_backtest_says_where_too_little_was_seen() -> None:
    scores = {"forecast": score(0.2, cov80=0.8, cov95=0.95), "run_rate": score(0.1)}
    tested = Backtest("team_support", scores, None, None)
    told = BacktestPage("org", AS_OF, "known", 1, BacktestReport(tested, (tested,)), {})
    text = " ".join(backtest_text(told, Screen(100)).split())

    assert "team_support: run rate of the month was nearer, WAPE 0.100 against 0.200" in text
    assert "too few forecasts to rely on that" in text
    assert "Probability that the money runs out" not in text


def test_recommendations_say_what_was_written_and_what_was_not() -> None:
    support = {"team": "support", "environment": "prod", "currency": "USD", "current": Decimal(100)}
    target = TargetRecommendation.model_validate(
        {
            **support,
            "wallet": WalletRef.team("team_support"),
            "period": JUNE,
            "target": Decimal(120),
            "lasts_now": 0.5,
            "lasts": 0.91,
            "months": {},
            "short_next": {"period": "2026-07", "current": Decimal(80), "needed": Decimal(130), "planned": []},
            "reason": "because",
        }
    )
    monthly = {"name": "monthly", "percentage": 80, "amount": Decimal(90), "reaction_days": 1, "reason": "so"}
    alert = AlertRecommendation.model_validate({**support, **monthly, "possible": True})
    told = RecommendPage(
        *("org", JUNE, AS_OF, "known", 0.9, 1, [target], [alert]),
        written=[
            WrittenValue(path="a.yaml", key="x", before="1", after="2"),
            WrittenValue(path="a.yaml", key="y", before=None, after="3"),
            WrittenValue(path="b.yaml", key="z", before="4", after="5"),
        ],
        kept=["c: why not"],
        was_writing=True,
    )
    text = recommend_text(told, Screen(100))

    assert "  a.yaml\n  - x: 1\n  + x: 2\n  + y: 3\n  b.yaml\n  - z: 4\n  + z: 5\n  not written: c: why not\n" in text
    assert "100 -> 120" in text
    assert "leaves 1 day to react" in text
    assert "alone" not in text
    assert "2026-07 needs more than the YAML gives, in 1 team:" in text
    assert "needs 130 by itself, and gets 80; nothing planned explains it." in text


def test_blocks_are_parted_by_one_empty_line() -> None:
    assert page([["a"], [], ["b", "c"]], width=40, colour=False) == "a\n\nb\nc\n"


def test_what_holds_alike_for_several_wallets_is_said_once_with_their_names() -> None:
    def seen(team: str, said: str) -> ForecastNotice:
        message = f"{team}/prod {said}"
        return ForecastNotice(code="together", message=message, hint="ask", team=team, environment="prod", factor=0.4)

    of_all = ForecastNotice(code="usage-ends-early", message="the usage is known until today", hint="")
    said = told_once([seen("a", "cost less"), of_all, seen("b", "cost less"), seen("c", "cost more"), of_all])
    assert said == [
        ("together", "a/prod cost less (the same holds for 1 other wallet: b/prod)", "ask"),
        ("usage-ends-early", "the usage is known until today", ""),
        ("together", "c/prod cost more", "ask"),
    ]
