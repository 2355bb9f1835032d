"""Amounts that are not written as numbers: read only to tell how much money a row that was left out may hold."""

from __future__ import annotations

import ibis
from ibis.expr.types import DecimalValue, StringValue

from reconciler.usage.events import LARGEST_COST, WIDE_COST

_SIGN = r"[A-Za-z]{3}|[^\w\s.,+-]{1,3}"
_AMOUNT = rf"^\s*([+-]?)\s*(?:{_SIGN})?\s*([+-]?[0-9.,' ]*[0-9])\s*(?:{_SIGN})?\s*$"
_COMMA_GROUPS = r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$"
_POINT_GROUPS = r"^[+-]?\d{1,3}(\.\d{3})+,\d+$"
_COMMA = r"^[+-]?\d+,\d+$"


def likely_amount(written: StringValue) -> DecimalValue:
    """Return the amount that text most likely means, such as `$1,234.50` or `12,5 EUR`; None when it is not clear."""
    number = (written.re_extract(_AMOUNT, 1) + written.re_extract(_AMOUNT, 2)).re_replace(r"[' ]", "")
    plain = ibis.cases(
        (number.re_search(_COMMA_GROUPS), number.replace(",", "")),
        (number.re_search(_POINT_GROUPS), number.replace(".", "").replace(",", ".")),
        (number.re_search(_COMMA), number.replace(",", ".")),
        else_=number,
    )
    amount = plain.nullif("").try_cast(WIDE_COST)
    return ibis.ifelse(amount.abs() < LARGEST_COST, amount, ibis.null(WIDE_COST))
