"""Money is compared with money and shares with shares: a bare number beside either counts millionths of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.policy.helpers import helpers
from reconciler.policy.tokens import Token, tokens
from reconciler.policy.vocabulary import Kind

_JOINING = ("==", "!=", "<", "<=", ">", ">=", "+", "-")
_BINDS_CLOSER = ("*", "/", "%")
_LARGEST: Mapping[str, int] = {"money": 10**12, "share": 999_999}
_ALIKE = "compare money with money, a share with a share, and a number with a number"
_WORDS: Mapping[str, str] = {"money": "money", "share": "a share", "int": "a number"}


@dataclass(frozen=True, slots=True)
class Mixed:
    """Two values of different units that are compared, added or subtracted: where, what is wrong, what to write."""

    offset: int
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Value:
    """One side: `unit` is what it counts, `number` what is written where that is all."""

    unit: str
    text: str
    start: int
    number: int | None = None


def mixed_units(expression: str, names: Mapping[str, Kind], currency: str) -> Iterator[Mixed]:
    """Yield where values of different units meet, as far as one name, number or function stands on each side.

    `names` are those that the expression can read, by their kind. 0 is of every unit.
    """
    found = {one.offset: one for one in reversed(tuple(_mixed(expression, names, currency)))}
    yield from sorted(found.values(), key=lambda one: one.offset)


def _mixed(expression: str, names: Mapping[str, Kind], currency: str) -> Iterator[Mixed]:
    units = {**names, **{f"{one.name}()": one.unit for one in helpers(currency) if one.unit}}
    listed = tokens(expression)
    for place, token in enumerate(listed):
        if token.kind == "sign" and token.text in _JOINING:
            first, second = _before(listed[:place], units), _after(listed[place + 1 :], units)
            if first and second and first.unit != second.unit and 0 not in (first.number, second.number):
                yield _told(first, second, currency.lower())


def _before(listed: Sequence[Token], units: Mapping[str, str]) -> _Value | None:
    if not listed:
        return None
    end = len(listed) - 1
    begin = end
    if listed[end].text == ")":
        depth = 0
        for begin in range(end, -1, -1):
            depth += {")": 1, "(": -1}.get(listed[begin].text, 0)
            if depth == 0:
                break
        begin -= 1
    if begin < 0 or (begin and listed[begin - 1].text in _BINDS_CLOSER):
        return None
    return _value(listed[begin], units, is_called=begin != end)


def _after(listed: Sequence[Token], units: Mapping[str, str]) -> _Value | None:
    listed = listed[1:] if listed and listed[0].text == "-" else listed
    if not listed:
        return None
    end, depth = 1, 0
    is_called = len(listed) > 1 and listed[1].text == "("
    for token in listed[1:] if is_called else ():
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        end += 1
        if depth == 0:
            break
    if end < len(listed) and listed[end].text in (*_BINDS_CLOSER, "[", "."):
        return None
    return _value(listed[0], units, is_called=is_called)


def _value(token: Token, units: Mapping[str, str], *, is_called: bool) -> _Value | None:
    if token.kind == "int" and not is_called:
        return _Value("int", token.text, token.start, int(token.text, 16 if "x" in token.text else 10))
    name = "".join(token.text.split())
    unit = units.get(f"{name}()" if is_called else name, "")
    if unit not in _WORDS:
        return None
    return _Value(unit, f"{name}(…)" if is_called else name, token.start)


def _told(first: _Value, second: _Value, money: str) -> Mixed:
    bare = first if first.number is not None else second
    other = second if bare is first else first
    if bare.number is None:
        message = f"`{first.text}` is {_WORDS[first.unit]}, and `{second.text}` is {_WORDS[second.unit]}"
        return Mixed(first.start, message, _alike(first, second, money))
    message = f"`{other.text}` is {_WORDS[other.unit]}, and {bare.text} would be {bare.text} millionths of it"
    return Mixed(bare.start, message, _written(other.unit, bare.number, money))


def _written(unit: str, number: int, money: str) -> str:
    """Return how a number is written in a unit; one that is too large for it says nothing of what was meant."""
    if number > _LARGEST[unit]:
        return _ALIKE
    return f'write `percent("{number}%")`' if unit == "share" else f'write `{money}("{number}.00")`'


def _alike(first: _Value, second: _Value, money: str) -> str:
    """Return how both are brought to one unit."""
    units = {first.unit: first, second.unit: second}
    number = units.get("int")
    if number and number.text.startswith("params."):
        amount = f'"{money.upper()} 2500.00"' if "money" in units else '"20%"'
        return f"write the parameter with its unit, as in `{number.text.removeprefix('params.')}: {amount}`"
    if {"money", "share"} == set(units):
        whole, share = units["money"].text, units["share"].text
        return f"take the share of some money: `part({share}, {whole})`"
    return _ALIKE
