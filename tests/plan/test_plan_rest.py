"""What a change of `unused` takes from wallets or leaves in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from report.report_plans import Wallet
from worlds import JULY, JUNE

from reconciler.model.forecast import MonthEnd, WalletForecast
from reconciler.model.later import Later, LaterExpectation
from reconciler.plan.consequences import with_rest

D = Decimal


def forecast(team: str, *, left: str, middle: str | None, spent: str = "0") -> WalletForecast:
    made = Wallet(team=team, funded="100", target="100", spent=spent).forecast()
    outlook = made.desired.model_copy(update={"money_left": D(left), "ceiling": D(left) + D(spent)})
    end = MonthEnd(quantiles={} if middle is None else {"0.5": D(middle)})
    return made.model_copy(update={"desired": outlook, "month_end": end})


def unused(after: str, **other: Any) -> LaterExpectation:
    facts: dict[str, Any] = {"team": "", "key": "unused", "kind": "setting", **other}
    return LaterExpectation(name="unused money", before="keep", after=after, period=JUNE, **facts)


IMPACT = (
    forecast("ads", left="60", middle="45", spent="40"),
    forecast("new", left="25", middle=None),
    forecast("gone", left="10", middle="500", spent="90"),
    forecast("late", left="60", middle="30", spent="40"),
    forecast("over", left="0.01", middle="1"),
    forecast("tiny", left="0.5", middle=None),
)


@pytest.mark.parametrize(
    ("after", "what"),
    [("reclaim", "goes back to the organization wallet"), ("keep", "stays in its wallets")],
)
def test_what_a_change_of_unused_takes_or_leaves_is_told_dearest_first(after: str, what: str) -> None:
    other = unused("keep", team="ads")
    later = with_rest(Later(since="c", until=JULY, expectations=(unused(after), other)), IMPACT, JUNE, "USD")
    assert later is not None
    item, same = later.expectations
    assert same == other
    assert item.meaning == (
        f"on 1 July about USD 140.50 {what}: late / prod USD 60.00, ads / prod USD 55.00, new / prod USD 25.00"
        " and 1 more,"
        " as far as today's money is expected to be left at the end of the month"
    )
    assert (item.amount, item.period) == (D("140.5"), JULY)
    assert item.wallets == {"team_ads": D(55), "team_new": D(25), "team_late": D(60), "team_tiny": D("0.5")}


def test_more_than_three_wallets_are_counted() -> None:
    more = (*IMPACT, forecast("zoo", left="5", middle=None), forecast("art", left="5", middle=None))
    asked = Later(since="c", until=JULY, expectations=(unused("reclaim"),))
    three = with_rest(asked, IMPACT[:4], JUNE, "USD")
    assert three is not None
    assert "new / prod USD 25.00, as far" in three.expectations[0].meaning
    one_more = with_rest(asked, IMPACT, JUNE, "USD")
    assert one_more is not None
    assert "new / prod USD 25.00 and 1 more, as far" in one_more.expectations[0].meaning
    four = with_rest(asked, more[:-1], JUNE, "USD")
    assert four is not None
    assert "new / prod USD 25.00 and 2 more, as far" in four.expectations[0].meaning
    later = with_rest(asked, more, JUNE, "USD")
    assert later is not None
    assert "new / prod USD 25.00 and 3 more, as far" in later.expectations[0].meaning


def test_where_no_wallet_has_a_rest_or_unused_stays_nothing_is_listed() -> None:
    asked = Later(since="c", until=JULY, expectations=(unused("reclaim"),))
    bare = with_rest(asked, (), JUNE, "USD")
    assert bare is not None
    assert bare.expectations[0].meaning == (
        "on 1 July about USD 0.00 goes back to the organization wallet, as far as today's money is expected to be left"
        " at the end of the month"
    )
    assert (str(bare.expectations[0].amount), bare.expectations[0].wallets) == ("0.00", {})
    assert with_rest(None, IMPACT, JUNE, "USD") is None
    for others in ((), (unused("keep", team="ads"),), (unused("keep", key="currency"),)):
        later = Later(since="c", until=JULY, expectations=others)
        assert with_rest(later, IMPACT, JUNE, "USD") is later
