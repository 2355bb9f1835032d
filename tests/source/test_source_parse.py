"""One file's YAML: what scalars mean, and what flaws leave behind for the rest."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.yaml_types import YamlNumber
from reconciler.source.characters import readable
from reconciler.source.parse import parse
from reconciler.source.scalars import NotationError, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("False", False),
        ("yes", "yes"),
        ("off", "off"),
        ("0", 0),
        ("-5", -5),
        ("12500", 12500),
        ("12500.00", YamlNumber("12500.00")),
        ("-0.5", YamlNumber("-0.5")),
        ("2026-06", "2026-06"),
        ("2026-06-01", "2026-06-01"),
        ("12:30", "12:30"),
        ("12_500", "12_500"),
        ("18%", "18%"),
        ("-", "-"),
        ("nUll", "nUll"),
        ("infinity", "infinity"),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert value == resolve(text)
    assert type(value) is type(resolve(text))


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("+5", "write `5`"),
        ("007", "write `7`"),
        ("0x1F", "write `31`"),
        ("0o17", "write `15`"),
        ("1e3", "write `1000`"),
        ("1.250E+2", "write `125`"),
        (".5", "write `0.5`"),
        ("5.", "write `5`"),
        ("1e999999999", "write a plain number"),
        (".inf", "write a plain number"),
        ("-.INF", "write a plain number"),
        (".nan", "write a plain number"),
        ("0" * 50, "write a plain number"),
    ],
)
def test_numbers_in_another_notation_are_refused_with_the_plain_one(text: str, cure: str) -> None:
    with pytest.raises(NotationError) as caught:
        resolve(text)

    assert caught.value.hint.startswith(cure)


def test_a_number_of_many_digits_keeps_every_one_of_them() -> None:
    assert parse(b"a: 12345678901234567.89\nb: 123456789012345678901").value == {
        "a": Decimal("12345678901234567.89"),
        "b": Decimal("123456789012345678901"),
    }


def test_quoted_scalars_are_text() -> None:
    assert parse(b"a: \"1\"\nb: 'true'\nc: ''\n").value == {"a": "1", "b": "true", "c": ""}


def test_a_flaw_leaves_the_rest_to_be_read() -> None:
    parsed = parse(b"a: !!int 1\na: 2\n<<: {c: 3}\n4: d\n? {e: f}\n: g\nh: 1e3\n")

    assert parsed.value == {"a": "1", "4": "d", "h": "1e3"}
    assert [(flaw.position.line, flaw.position.column, flaw.code) for flaw in parsed.flaws] == [
        (1, 4, "yaml-tag"),
        (2, 1, "duplicate-key"),
        (3, 1, "merge-key"),
        (4, 1, "key-not-text"),
        (5, 3, "complex-key"),
        (7, 4, "number-notation"),
    ]


def test_a_local_tag_is_named_as_it_is_written() -> None:
    assert "`!secret`" in parse(b"a: !secret b\n").flaws[0].message


def test_aliases_repeat_what_their_anchor_says_each_time_it_is_set() -> None:
    parsed = parse(b"a: &x 1\nb: *x\nc: &x [2]\nd: *x\n")

    assert parsed.flaws == ()
    assert parsed.value == {"a": 1, "b": 1, "c": [2], "d": [2]}


def test_keys_in_quotes_may_be_numbers_but_not_escape_sequences() -> None:
    parsed = parse(b'"12": a\n"\\e": b\n&x c: d\n')

    assert parsed.value == {"12": "a", "\x1b": "b", "c": "d"}
    assert [flaw.code for flaw in parsed.flaws] == ["control-character"]


def test_plain_bytes_go_to_the_parser_as_they_are() -> None:
    data = b"a: 1\n\tb\n"

    assert readable(data) == (data, [])


@given(text=st.text(max_size=60))
def test_replacing_what_cannot_be_seen_moves_nothing(text: str) -> None:
    data, flaws = readable(text.encode("utf-8", "replace"))

    if data is not None and "\r\n" not in text and not text.startswith("\ufeff"):
        assert len(data.decode()) == len(text.encode("utf-8", "replace").decode())
    lines = [flaw.position.line for flaw in flaws if flaw.code == "invisible-character"]
    assert len(lines) == len(set(lines))


@given(data=st.binary(max_size=200))
def test_the_parser_takes_whatever_is_readable(data: bytes) -> None:
    clean, _ = readable(data)

    if clean is not None:
        parse(clean)
