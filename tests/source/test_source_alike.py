"""Files that are alike: what is told without a parser is what the parser says, whatever stands where a value did."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.source.alike import Alike, parts_of
from reconciler.source.parse import Parsed, parse, parse_afresh

TEAM = """\
# yaml-language-server: $schema=../../schemas/team.schema.json
version: 1
team: support   # asked by: finance, in 2026
name: "Support, and more"
owners: ["@acme/support-leads", "@acme/finance"]
plan:
  baseline_monthly: 12000.00
  growth:
    - {reason: assistant rolls out to three regions, rate: 18%, from: 2026-06}
wallets:
  prod:
    team_id: team_support
    monthly: 12500.00
    overrides: {2026-11: 15000.00, 2026-12: +20%}
  dev: {team_id: team_support_dev, monthly: 2000}
billing_budgets:
- name: support-monthly
  amount: 12500.00
  alert_percentages: [80, 100]
  hard_limit: false
"""
TEXTS = (
    TEAM,
    "a: b\n",
    "- a\n- b: c\n",
    "a: \"b c\"\nd: 'e'\n",
    '{"a":"b", "c": 1}\n',
    "a: b c\n  d: e\n",
    "a: b\n  c\nd: e\n",
    "a: |\n  b: c\nd: e\n",
    "a: &x b\nc: *x\n",
    "? a\n: b\n",
    "a : b\n",
    "a: b\n---\nc: d\n",
    "%YAML 1.2\n---\na: b\n",
    "a: 'it: is'\nb: \"c\\n\"\nd: e\n",
    "# a: b\nc: [d, {e: f}]\n",
)
VALUES = (
    *("", "~", "null", "true", "01", "1.5", "1e3", "0x1F", ".5", "-5", "+5", "+20%", "9" * 19, "2026-06", "17:30"),
    *("12,500.00", "12500.00", "a ", " a", "a  b", "a: b", "a :b", "a:", "a #b", "a#b", "#", "a, b", "a - b", "- a"),
    *('"', '"a"', '""', '"a\\n"', "'a'", "it's", "a' '", "[a]", "a]", "{a: b}", "}", "&a", "*a", "!a", "!!str a", "|"),
    *(">", "%", "@a", "`", "?", "? a", "a? b", "---", "...", "<<", "a\n", "\n  a", "a\n  b", "a\tb", "\t", "a\\b"),
    *(
        "R&D",
        "é",
        "名前",
        "\u2028",
        "a\x85b",
        "a\xa0",
        "\u200b",
        "\U0001f600",
        "\ufeff",
        "x" * 1200,
        "a: " + "x" * 1200,
    ),
)


def _knowing(text: str, *, most: int = 8) -> Alike:
    known = Alike(most)
    for _ in range(2):
        _read(known, text)
    return known


def _read(known: Alike, text: str) -> Parsed:
    """Return what `parse` does, which knows of what this process has read."""
    if (value := known.read(parts_of(text))) is not None:
        return Parsed(value, ())
    parsed = parse_afresh(text.encode())
    if isinstance(parsed.value, dict) and not parsed.flaws:
        known.learn(parts_of(text), parsed.value)
    return parsed


def test_the_third_text_of_a_kind_is_told_without_a_parser() -> None:
    known = Alike()
    texts = [_of(name, amount) for name, amount in (("a", "1.00"), ("b", "2.50"), ("c", "12"))]

    told = [(_read(known, text), known.read(parts_of(text))) for text in texts]

    assert [read for read, _ in told] == [parse_afresh(text.encode()) for text in texts]
    assert [after for _, after in told] == [None, told[1][0].value, {"team": "c", "wallets": {"prod": {"monthly": 12}}}]


def _of(name: str, amount: str) -> str:
    return f"team: {name}  # the one of: {name}\nwallets:\n  prod: {{monthly: {amount}}}\n"


def test_what_is_between_values_is_compared_to_the_letter() -> None:
    known = _knowing("a: b\nc: d\n")

    assert known.read(parts_of("a: x\nc: y\n")) == {"a": "x", "c": "y"}
    assert known.read(parts_of("a: b\nd: d\n")) is None
    assert known.read(parts_of("a: b\nc:  d\n")) is None
    assert known.read(parts_of("a: b\nc: d")) is None


def test_each_text_has_lists_and_keys_of_its_own() -> None:
    known = _knowing("a: [b]\nc: {d: e}\n")
    first, second = (known.read(parts_of("a: [x]\nc: {d: y}\n")) for _ in range(2))

    first["a"].append("z")
    first["c"]["z"] = 1

    assert second == {"a": ["x"], "c": {"d": "y"}}


@pytest.mark.parametrize("text", ["a: b\n  c\n", "a: &x b\n", "a: |\n  b: c\n", "%YAML 1.2\n---\na: b\n"])
def test_where_a_value_is_not_all_of_a_scalar_the_parser_is_asked(text: str) -> None:
    assert _knowing(text).read(parts_of(text)) is None


def test_no_more_kinds_are_known_than_fit() -> None:
    known = Alike(most=3)
    texts = [f"k{number}: a\n" for number in range(8)]
    for text in texts * 3:
        _read(known, text)
    for text in texts:
        _read(known, text)
        _read(known, text)

    assert sum(known.read(parts_of(text)) == parse_afresh(text.encode()).value for text in texts) == 3


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("value", VALUES)
def test_any_value_in_any_place_is_what_the_parser_says_it_is(text: str, value: str) -> None:
    known = _knowing(text)
    for word in ("support", "2000", "b", "@acme/finance", "2026-06", "e", "finance"):
        changed = text.replace(f" {word}", f" {value}").replace(f'"{word}', f'"{value}')

        assert repr(_read(known, changed)) == repr(parse_afresh(changed.encode()))


@given(st.sampled_from(TEXTS), st.lists(st.sampled_from((*VALUES, "a", "b c", "team_1", "7", "7.25")), min_size=8))
def test_texts_one_after_the_other_are_what_the_parser_says_they_are(text: str, values: list[str]) -> None:
    known = _knowing(text)
    words = text.split(" ")
    for place, value in enumerate(values):
        words[(place * 7 + len(value)) % len(words)] = value
        changed = " ".join(words)

        assert repr(_read(known, changed)) == repr(parse_afresh(changed.encode()))


def test_what_was_read_before_changes_nothing_of_what_a_file_says() -> None:
    for amount in ("1.00", "1,500.00", "1e3", "null", "2.50"):
        data = _of("a", amount).encode()

        assert repr(parse(data)) == repr(parse_afresh(data))


@pytest.mark.parametrize("data", [b"a: \xff\n", "a: b\n".encode("utf-16")])
def test_bytes_that_are_no_utf_8_are_left_to_the_parser(data: bytes) -> None:
    assert repr(parse(data)) == repr(parse(data)) == repr(parse_afresh(data))
