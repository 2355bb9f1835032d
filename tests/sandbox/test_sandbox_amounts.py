"""Amounts: exact between micro-units and JSON numbers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox.wire import (
    AmountError,
    AmountStyle,
    ApiError,
    Micros,
    decimal_of,
    decimal_text,
    json_text,
    micros_of,
    parse_json,
)

MICROS = st.integers(-(10**18), 10**18)


@given(MICROS, st.sampled_from(get_args(AmountStyle)))
def test_an_amount_survives_json_exactly_in_every_style(micros: int, style: AmountStyle) -> None:
    assert micros == micros_of(parse_json(decimal_text(micros, style)))
    assert decimal_of(micros) == Decimal(decimal_text(micros, style))


@pytest.mark.parametrize(
    ("text", "micros", "style"),
    [
        ("1500.00", 1_500_000_000, "exact"),
        ("1500", 1_500_000_000, "short"),
        ("1500.0", 1_500_000_000, "float"),
        ("-0.50", -500_000, "exact"),
        ("0.000001", 1, "short"),
        ("0.10", 100_000, "exact"),
    ],
)
def test_styles_write_the_same_number_differently(text: str, micros: int, style: AmountStyle) -> None:
    assert text == json_text(Micros(micros), style)


@pytest.mark.parametrize("value", ["1.00", True, None, [1], Decimal("0.0000001"), 10**14, Decimal("NaN")], ids=str)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(AmountError):
        micros_of(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_documents_survive_json_exactly(document: Any) -> None:
    assert document == json.loads(json_text(document), parse_float=Decimal)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "", "[" * 100_000, b"\xff"], ids=range(6))
def test_text_that_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ApiError):
        parse_json(text)


def test_values_without_a_json_form_are_a_bug_of_ours() -> None:
    with pytest.raises(TypeError, match="float"):
        json_text(1.5)
