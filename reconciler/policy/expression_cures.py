"""What is wrong with an expression that is none, in plain words, and what to write instead.

An expression that a cure names whole is one: it was tried before it is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from reconciler.policy.helpers import Helper
from reconciler.policy.tokens import Token, tokens

EXAMPLE = "join names and values with what CEL has, as in `today.weekday <= 5 && today.days_left_in_month > 1`"
"""The cure of an expression that is too far from any to guess: it reads nothing that a rule may lack."""

ALIKE = "hold what is alike against each other: a text, a day with `date(…)`, a share with `percent(…)`, money"
"""The cure of values of two types."""

_SPELLED = {
    **dict.fromkeys(("and", "&"), "&&"),
    **dict.fromkeys(("or", "|"), "||"),
    **dict.fromkeys(("=", "==="), "=="),
    **dict.fromkeys(("<>", "!=="), "!="),
    "=<": "<=",
    "=>": ">=",
    "true": "true",
    "false": "false",
}
"""How CEL spells what other languages write."""

_TYPES = {"int": "a number", "string": "a text", "bool": "yes or no", "google.protobuf.Timestamp": "a day"}
_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '\((.*)\)'$")
_UNEXPECTED = re.compile(
    r"(?:mismatched input|extraneous input|no viable alternative at input|reserved identifier:)"
    r" ?'?(.*?)'?(?: expecting .*)?$"
)
_MISSING = re.compile(r"missing '(.)' at|mismatched input '<EOF>' expecting '(.)'$")
_STRANGE = re.compile(r"token recognition error at: '(.*)'$")
_CLOSED_BY = {"(": ")", "[": "]"}
_LONGEST = 160


def in_plain_words(said: str) -> str:
    """Return what CEL says of an expression as people say it."""
    if overload := _OVERLOAD.match(said):
        name = overload[1].strip("_@").replace("_[", "[").replace("[_]", "[…]")
        return f"`{name}` does not take {' and '.join(_types(overload[2]))}"
    said = said.removeprefix("Syntax error: ")
    if missing := _MISSING.match(said):
        return f"`{missing[1] or missing[2]}` is missing"
    if strange := _STRANGE.match(said):
        text = strange[1].strip()
        return f"the text {text} is not closed" if text[:1] in ('"', "'") else f"`{text}` is nothing that CEL knows"
    if unexpected := _UNEXPECTED.match(said):
        found = unexpected[1]
        return "the expression ends too early" if found == "<EOF>" else f"`{found}` is not expected here"
    return said


def _types(written: str) -> list[str]:
    """Return the types that an operator was given as people call them."""
    parts = re.split(r", (?![^(]*\))", written)
    return [_TYPES.get(part, "a list" if part.startswith("list") else "several values") for part in parts if part]


def cure(expression: str, functions: Sequence[Helper], is_rule: Callable[[str], bool]) -> str:
    """Return what to write instead, the first that is a rule of all that may be meant; an empty text for nothing."""
    if len(expression) > _LONGEST:
        return ""
    for candidate in _candidates(expression, functions):
        text = re.sub(r"\s*\n\s*", " ", candidate).strip()
        if text != expression.strip() and "`" not in text and is_rule(text):
            return f"write `{text}`"
    return ""


def _candidates(expression: str, functions: Sequence[Helper]) -> Iterator[str]:
    money = functions[0].name
    for text in dict.fromkeys((_closed(_spelled(expression, money)), _closed(expression))):
        yield text
        yield from _without_loose_ends(text)
        yield from _as_texts(text)
        yield from _wrapped(text, functions)


def _written(expression: str, one: Callable[[Token], str]) -> str:
    """Return an expression with each of its pieces as `one` writes it, and what is between them as it is."""
    parts, end = [], 0
    for token in tokens(expression):
        parts += [expression[end : token.start], one(token)]
        end = token.start + len(token.text)
    return "".join([*parts, expression[end:]])


def _spelled(expression: str, money: str) -> str:
    """Return an expression whose signs, amounts and percentages are written as CEL writes them, texts as they are."""
    parts, end = [], 0
    for text in [token for token in tokens(expression) if token.kind == "text"]:
        parts += [_figures(expression[end : text.start], money), text.text]
        end = text.start + len(text.text)
    whole = "".join([*parts, _figures(expression[end:], money)])
    return _written(
        whole, lambda token: token.text if token.kind == "text" else _SPELLED.get(token.text.lower(), token.text)
    )


def _figures(text: str, money: str) -> str:
    found = re.sub(rf"(?i)(?:[$€£]|\b{money}\b)\s*([0-9]+(?:\.[0-9]{{1,2}})?)\b", rf'{money}("\1")', text)
    return re.sub(r"([0-9]+(?:\.[0-9]+)?)\s*%", r'percent("\1%")', re.sub(r"(?i)\bnot\s+", "!", found))


def _closed(expression: str) -> str:
    """Return an expression with the quotes and brackets that are open at its end closed."""
    loose = [token.text for token in tokens(expression) if token.kind == "sign" and token.text in ("'", '"')]
    if loose:
        expression += loose[0]
    waited: list[str] = []
    for token in tokens(expression):
        if token.text in _CLOSED_BY:
            waited.append(_CLOSED_BY[token.text])
        elif waited and token.text == waited[-1]:
            waited.pop()
    return expression + "".join(reversed(waited))


def _without_loose_ends(expression: str) -> Iterator[str]:
    """Yield an expression without one of the signs in it that may have been left over."""
    for token in tokens(expression):
        if token.text in (")", "]", ";", "&&", "||"):
            yield f"{expression[: token.start]}{expression[token.start + len(token.text) :]}"


def _as_texts(expression: str) -> Iterator[str]:
    """Yield an expression in which one word is a text."""
    for token in tokens(expression):
        if token.kind == "name" and "." not in token.text:
            yield f'{expression[: token.start]}"{token.text}"{expression[token.start + len(token.text) :]}'


def _wrapped(expression: str, functions: Sequence[Helper]) -> Iterator[str]:
    """Yield an expression in which a text is money, a share, a day, yes or no, or a number given to these a text."""
    of_text = [one.name for one in functions if one.takes == ("string",)]
    yield re.sub(rf"\b({'|'.join(of_text)})\(\s*([0-9][0-9.%-]*)\s*\)", r'\1("\2")', expression)
    for token in tokens(expression):
        if token.kind == "text":
            after = expression[token.start + len(token.text) :]
            for other in (*(f"{name}({token.text})" for name in of_text), token.text.strip("\"'").lower()):
                yield f"{expression[: token.start]}{other}{after}"


def called(function: Helper, functions: Sequence[Helper]) -> str:
    """Return how a function is called, by an example that can be judged."""
    money = functions[0].name
    given = {
        money: f'{money}("2500.00")',
        "percent": 'percent("20%")',
        "date": 'date("2026-06-30")',
        "part": f'part(percent("20%"), {money}("2500.00"))',
        "share": f'share({money}("500.00"), {money}("2500.00"))',
        "days": 'days(today.date, date("2026-06-30"))',
    }
    return f"write it as in `{given[function.name]}`"


_HELD = {
    "int": 'a number: money as in `<= {money}("2500.00")`, a share as in `<= percent("20%")`, days as in `<= 5`',
    "string": 'a text, as in `== "support"`',
    "timestamp": 'a day, as in `<= date("2026-06-30")`',
}


def held_against(type_: str, functions: Sequence[Helper]) -> str:
    """Return how a value of a type becomes something that is true or false."""
    known = _HELD.get(type_)
    if known is None:
        return "ask what is in it, as in `size(…) > 0` around it"
    return f"hold it against {known.replace('{money}', functions[0].name)}"


_WITHOUT_VALUE = (
    ("by zero", "ask first whether what it is divided by is above 0, with `when`"),
    ("share of nothing", "ask first whether the second amount is above 0, with `when`"),
    ("overflow", "divide before you multiply; `part` and `share` take shares of any amount"),
    ("more than a rule can count", "take a share of less, or compare the amounts themselves"),
    ("Key not found", 'ask first whether it is there, as in `!("support" in plan.teams) || plan.teams["support"] > 0`'),
    ("write it as", "write it out in the rule, or as a parameter of its set: what a plan tells is no such text"),
    ("too many values", "let the rule ask of one thing at a time, with `each`, instead of going over all of them"),
)


def cure_of_evaluation(why: str) -> str:
    """Return what to do about a rule that has no value for a plan, by why it has none."""
    return next((cure for words, cure in _WITHOUT_VALUE if words in why), "correct the rule")
