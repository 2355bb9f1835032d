"""What a month gets: dated steps, months that differ, and by how much; one function works it out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from ruamel.yaml import YAML

from reconciler.model.override import override_text
from reconciler.model.period import Period
from reconciler.model.wallet_target import WalletTarget, telling_months
from reconciler.source.edits import set_value

JUNE = Period(2026, 6)
YEAR = [JUNE.plus(ahead) for ahead in range(12)]
AMOUNTS = st.integers(min_value=0, max_value=5_000_000).map(lambda cents: Decimal(cents) / 100)


def setting(monthly: Any, **overrides: Any) -> WalletTarget:
    months = {name.removeprefix("m").replace("_", "-"): value for name, value in overrides.items()}
    return WalletTarget.model_validate(
        {"team_id": "a", "monthly": monthly, "overrides": months}, by_alias=True, by_name=False
    )


def step(amount: Any, starts: Period | str, until: Period | None = None) -> dict[str, Any]:
    end = {"until": str(until)} if until else {}
    return {"amount": f"{amount}", "from": str(starts), **end}


def money(found: WalletTarget) -> list[Decimal]:
    return [found.target(month) for month in YEAR]


@given(st.lists(st.tuples(st.integers(0, 11), AMOUNTS), min_size=1, max_size=6, unique_by=lambda item: item[0]))
def test_steps_say_the_same_as_their_months_written_one_by_one(starts: list[tuple[int, Decimal]]) -> None:
    turns = sorted(starts)
    stepped = setting([step(amount, JUNE.plus(ahead)) for ahead, amount in turns])
    by_month = {
        str(month): f"{next((amount for ahead, amount in reversed(turns) if JUNE.plus(ahead) <= month), Decimal(0))}"
        for month in YEAR
    }

    written = WalletTarget.model_validate({"team_id": "a", "monthly": "7.77", "overrides": by_month})
    assert money(stepped) == money(written)


@given(AMOUNTS, st.integers(-100, 1000))
def test_a_percentage_gives_what_its_amount_written_out_gives(amount: Decimal, percent: int) -> None:
    relative = setting(f"{amount}", m2026_10=f"{percent:+d}%")

    exact = amount * (100 + percent) / 100
    assert abs(relative.target(Period(2026, 10)) - exact) <= Decimal("0.005")
    assert relative.target(Period(2026, 10)).as_tuple().exponent == -2
    assert relative.target(Period(2026, 9)) == amount


DEMANDS = st.one_of(
    st.just("usual"), AMOUNTS.map(lambda amount: f"{amount:.2f}"), st.integers(1, 1000).map(lambda rate: f"+{rate}%")
)


@given(AMOUNTS, AMOUNTS, DEMANDS)
def test_a_correction_moves_the_money_and_leaves_the_demand_what_it_was(
    usual: Decimal, amount: Decimal, demand: str
) -> None:
    season = {} if demand == "usual" else {"m2026_10": demand}
    before, month = setting(f"{usual}", **season), Period(2026, 10)
    after = setting(f"{usual}", m2026_10={"amount": f"{amount}", "demand": demand})
    assert (after.target(month), after.demanded(month)) == (amount, before.target(month))
    assert (after.target(month.plus(1)), after.demanded(month.plus(1))) == (usual, usual)
    assert after.corrected(month, Decimal(7)) == before.corrected(month, Decimal(7))
    assert WalletTarget.model_validate_json(after.model_dump_json()) == after


@given(AMOUNTS, st.lists(st.tuples(AMOUNTS, DEMANDS), max_size=2), AMOUNTS)
def test_what_is_written_as_a_correction_gives_the_amount_and_keeps_the_demand(
    usual: Decimal, others: list[tuple[Decimal, str]], amount: Decimal
) -> None:
    text = f"wallet: {{team_id: a, monthly: {usual:.2f}"
    if others:
        written = (
            f"{JUNE.plus(at)}: {{amount: {each:.2f}, demand: {demand}}}" for at, (each, demand) in enumerate(others)
        )
        text += f", overrides: {{{', '.join(written)}}}"
    before = read_wallet(text + "}\n")
    keys, literal = before.correction(JUNE, amount)
    after = read_wallet(set_value(text + "}\n", ("wallet", *keys), literal))
    assert after.target(JUNE) == amount
    assert [after.demanded(month) for month in YEAR] == [before.demanded(month) for month in YEAR]
    assert [after.target(month) for month in YEAR[1:]] == [before.target(month) for month in YEAR[1:]]


def read_wallet(text: str) -> WalletTarget:
    return WalletTarget.model_validate(YAML(typ="base", pure=True).load(text)["wallet"], by_alias=True, by_name=False)


@pytest.mark.parametrize(
    ("wrong", "code", "at"),
    [
        ({"amount": "5.00"}, "missing", "demand"),
        ({"demand": "usual"}, "missing", "amount"),
        ({"amount": "-5.00", "demand": "usual"}, "invalid-amount", "amount"),
        ({"amount": "+20%", "demand": "usual"}, "invalid-amount", "amount"),
        ({"amount": "5.00", "demand": "as usual"}, "invalid-override", "demand"),
        ({"amount": "5.00", "demand": "unusual"}, "invalid-override", "demand"),
        ({"amount": "5.00", "demand": "1,500"}, "invalid-amount", "demand"),
        ({"amount": "5.00", "demand": "20%"}, "invalid-override", "demand"),
        ({"amount": "5.00", "demand": "usual", "why": "carried"}, "extra_forbidden", "why"),
    ],
)
def test_what_is_no_correction_is_named_where_it_stands(wrong: dict[str, str], code: str, at: str) -> None:
    with pytest.raises(ValidationError) as raised:
        setting("10.00", m2026_10=wrong)
    [error] = raised.value.errors()
    assert (error["type"], error["loc"]) == (code, ("overrides", "2026-10", at))


def test_half_a_cent_is_rounded_up() -> None:
    assert setting("0.30", m2026_10="+5%").target(Period(2026, 10)) == Decimal("0.32")
    assert setting("0.10", m2026_10="-5%").target(Period(2026, 10)) == Decimal("0.10")


def test_a_percentage_is_of_the_step_that_holds_then() -> None:
    found = setting([step(100, JUNE), step(200, "2026-10")], m2026_09="+20%", m2026_10="-25%")

    assert [found.target(Period(2026, month)) for month in (8, 9, 10, 11)] == [100, 120, 150, 200]


def test_a_step_holds_to_its_last_month_and_no_longer() -> None:
    found = setting([step(100, JUNE, JUNE.plus(1))])

    assert money(found)[:4] == [100, 100, 0, 0]
    assert list(found.turns()) == [JUNE, JUNE.plus(2)]


@pytest.mark.parametrize(
    ("value", "text"), [("+20%", "+20%"), ("-0%", "+0%"), ("-12.5%", "-12.5%"), ("1500", "1500.00")]
)
def test_an_override_is_written_as_it_was_read(value: str, text: str) -> None:
    assert override_text(setting("1", m2026_10=value).overrides[Period(2026, 10)]) == text


@given(
    st.lists(st.tuples(st.integers(0, 40), AMOUNTS), min_size=1, max_size=4, unique_by=lambda item: item[0]),
    st.dictionaries(st.integers(0, 40), AMOUNTS, max_size=6),
)
def test_the_telling_months_hold_every_amount_that_any_month_has(
    turns: list[tuple[int, Decimal]], overrides: dict[int, Decimal]
) -> None:
    found = WalletTarget.model_validate(
        {
            "team_id": "a",
            "monthly": [step(amount, JUNE.plus(ahead)) for ahead, amount in sorted(turns)],
            "overrides": {str(JUNE.plus(ahead)): f"{amount}" for ahead, amount in overrides.items()},
        },
        by_alias=True,
        by_name=False,
    )

    told = {found.target(month) for month in telling_months([found], YEAR)}
    assert {found.target(JUNE.plus(ahead)) for ahead in range(60)} <= told


@pytest.mark.parametrize(
    ("monthly", "overrides"),
    [("10.01", {}), ("10.01", {"m2026_08": "+10%"}), ([step(100, JUNE), step(200, "2026-10")], {"m2026_11": "5"})],
)
def test_the_targets_of_several_months_are_their_sum(monthly: Any, overrides: dict[str, str]) -> None:
    found = setting(monthly, **overrides)
    for months in (YEAR, YEAR[3:5], YEAR[:1], ()):
        assert str(found.over(months)) == str(sum(map(found.target, months), Decimal(0)))


def test_another_amount_for_a_month_changes_the_step_that_holds_and_no_other() -> None:
    found = setting([step(100, JUNE), step(200, "2026-10")], m2026_11="+10%")

    assert [found.with_usual(JUNE, Decimal(150)).target(month) for month in YEAR[:6]] == [150, 150, 150, 150, 200, 220]
    assert found.last_alike(JUNE) == Period(2026, 9)
    assert found.with_usual(Period(2026, 11), Decimal(300)).target(Period(2026, 11)) == 300
