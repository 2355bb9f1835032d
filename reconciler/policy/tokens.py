"""What stands in an expression, word by word: which names it reads, and what rules may not write at all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_TOKEN = re.compile(
    r"""(?P<space>[\s]+|//[^\n]*)
    |(?P<text>[rR](?:\"\"\"(?:.|\n)*?\"\"\"|'''(?:.|\n)*?'''|"[^"\n]*"|'[^'\n]*')
      |\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<bytes>[bB][rR]?(?=["']))
    |(?P<float>[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.[0-9]+(?:[eE][-+]?[0-9]+)?)
    |(?P<int>0x[0-9a-fA-F]+[uU]?|[0-9]+[uU]?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*(?:[\s]*\.[\s]*[A-Za-z_][A-Za-z0-9_]*)*)
    |(?P<sign>[=<>!&|]+|.)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression and where it begins, counted from 0."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function that is called with one text that is written out: `text` is that with its quotes."""

    name: str
    text: str
    start: int


def tokens(expression: str) -> tuple[Token, ...]:
    """Return the pieces of an expression, without spaces and comments."""
    found = (Token(str(one.lastgroup), one[0], one.start()) for one in _TOKEN.finditer(expression))
    return tuple(token for token in found if token.kind != "space")


def forbidden(expression: str, money: str) -> Iterator[tuple[int, str, str]]:
    """Yield where something stands that no rule may hold, why not, and what to write instead.

    `money` is the function that reads money.
    """
    for token in tokens(expression):
        if token.kind == "float":
            yield token.start, "a number with decimals is not exact", _exactly(token.text, money)
        elif token.kind == "int" and token.text.endswith(("u", "U")):
            yield token.start, "a number is written without `u`", f"write `{token.text[:-1]}`"
        elif token.text in ("{", "}"):
            yield token.start, "nothing is made in a rule: it reads the plan and its parameters", "take the braces out"
        elif token.text == "null":
            asks = "ask `wallet.is_spent_known`, or let `when` read the value first"
            yield token.start, "nothing is `null`: what is unknown has no value", asks
        elif token.kind == "bytes":
            yield token.start, "bytes are in no plan", f"write the text without `{token.text}` before it"


def _exactly(number: str, money: str) -> str:
    """Return how a number with decimals is written that is exact."""
    if re.fullmatch(r"[0-9]{0,12}\.[0-9]{1,2}", number) is None:
        return f"write money with `{money}(…)`, a share with `percent(…)`"
    value = Decimal(number)
    return f'write `{money}("{value:.2f}")` for money, or `percent("{(value * 100).normalize():f}%")` for a share'


def names_in(*expressions: str | None) -> tuple[str, ...]:
    """Return the dotted names in expressions, in order, each once; what is called last of one may be a function."""
    listed = (token for one in expressions if one for token in tokens(one))
    found = (re.sub(r"\s", "", token.text) for token in listed if token.kind == "name")
    return tuple(dict.fromkeys(found))


def written_calls(expression: str) -> Iterator[Call]:
    """Yield the functions that are called with a text that is written out."""
    listed = tokens(expression)
    for name, opened, text in zip(listed, listed[1:], listed[2:], strict=False):
        if name.kind == "name" and opened.text == "(" and text.kind == "text":
            yield Call(name.text, text.text, text.start)


def lists_in(expression: str) -> Iterator[tuple[int, str]]:
    """Yield each list that is written out, and where it begins; not what stands in brackets behind a name."""
    opened: list[int | None] = []
    previous = ""
    for token in tokens(expression):
        if token.text == "[":
            is_index = previous != "in" and re.search(r"[\w)\]\"']$", previous)
            opened.append(None if is_index else token.start)
        elif token.text == "]" and opened:
            start = opened.pop()
            if start is not None:
                yield start, expression[start : token.start + 1]
        previous = token.text
