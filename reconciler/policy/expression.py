"""CEL: expressions are checked against the names there are, and judged within bounds (decision 0106).

The runtime is an optional part of the installation and is imported once a rule is there, never before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from reconciler.meant import close_to, did_you_mean
from reconciler.policy.expression_cures import ALIKE, EXAMPLE, called, cure, held_against, in_plain_words
from reconciler.policy.helpers import Helper, helpers
from reconciler.policy.tokens import forbidden, lists_in, written_calls

MISSING = "rules are judged with CEL, which is not installed"
INSTALL = "install it with `pip install '.[rules]'` in a clone of kt-budgets"

_PLACE = re.compile(r"<input>:([0-9]+):([0-9]+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_CALLED = re.compile(r"(?:undeclared reference to|found no matching overload for) '(\w+)'")
_NO_VALUE = re.compile(r'No value with name "([^"]*)" found')
_STANDARD = """
stdlib:
  exclude_macros: [map, filter, has]
  exclude_functions:
    - {name: dyn}
    - {name: type}
    - {name: double}
    - {name: uint}
    - {name: bytes}
    - {name: matches}
    - {name: timestamp}
    - name: _+_
      overloads: [{id: add_string}, {id: add_list}, {id: add_bytes}]
    - name: "_[_]"
      overloads: [{id: index_list}]
"""
"""What of CEL rules do without: what makes values of no type, floats, and texts or lists without bound."""


class ExpressionError(Exception):
    """An expression is no rule. `offset` is where, in characters from its beginning.

    `otherwise` is the hint where nothing better can be tried.
    """

    def __init__(self, message: str, offset: int, hint: str = "", *, otherwise: str = EXAMPLE) -> None:
        super().__init__(message)
        self.offset, self.hint, self.otherwise = offset, hint, otherwise


class RuntimeMissingError(Exception):
    """CEL is not installed."""


class EvaluationError(Exception):
    """An expression has no value for these facts: `unknown` names the fact that nobody knows, where it is that."""

    def __init__(self, message: str, unknown: str = "") -> None:
        super().__init__(message)
        self.unknown = unknown


@dataclass(frozen=True, slots=True)
class Language:
    """The names and functions of one kind of rule, as the runtime knows them."""

    environment: Any
    names: frozenset[str]
    functions: tuple[Helper, ...]
    types: Any

    def facts(self, values: Mapping[str, Any]) -> Any:
        """Return values by name, as expressions are judged by them."""
        return self.environment.Activation(values)


@lru_cache(maxsize=64)
def language(types: tuple[tuple[str, str], ...], currency: str) -> Language:
    """Return the language of rules that read these names of these CEL types; RuntimeMissingError without a runtime."""
    try:
        from cel_expr_python import cel
    except ImportError:
        raise RuntimeMissingError(MISSING) from None
    functions = helpers(currency)
    declared = [
        cel.FunctionDecl(
            one.name,
            [
                cel.Overload(
                    f"kt_{one.name}",
                    return_type=cel.Type(one.returns),
                    parameters=[cel.Type(each) for each in one.takes],
                    impl=one.call,
                )
            ],
        )
        for one in functions
    ]
    environment = cel.NewEnv(
        config=cel.NewEnvConfigFromYaml(_STANDARD),
        variables={name: cel.Type(kind) for name, kind in types},
        functions=declared,
    )
    return Language(environment, frozenset(name for name, _ in types), functions, cel.Type)


@dataclass(frozen=True, slots=True)
class Program:
    """An expression that was checked, ready to be judged."""

    judge: Callable[[Any], bool]


@lru_cache(maxsize=8192)
def program(spoken: Language, expression: str) -> Program:
    """Return the program of an expression that says yes or no.

    Raises:
        ExpressionError: it is none, with the place and the cure.
    """
    try:
        return _program(spoken, expression)
    except ExpressionError as error:
        error.hint = error.hint or cure(expression, spoken.functions, partial(_is_rule, spoken)) or error.otherwise
        raise


def _is_rule(spoken: Language, expression: str) -> bool:
    try:
        _program(spoken, expression)
    except ExpressionError:
        return False
    return True


def _program(spoken: Language, expression: str) -> Program:
    for offset, why, instead in forbidden(expression, spoken.functions[0].name):
        raise ExpressionError(why, offset, otherwise=instead)
    compiled = _compiled(spoken, expression)
    found = compiled.return_type()
    if found != spoken.types.BOOL:
        kind = _type(found)
        against = held_against(kind, spoken.functions)
        raise ExpressionError(f"this is a value of type {kind}, not something that is true or false", 0, against)
    _check_texts(spoken, expression)
    _check_lists(spoken, expression)
    return Program(lambda facts: _judged(compiled, facts))


@lru_cache(maxsize=1024)
def joint(spoken: Language, pairs: tuple[tuple[str | None, str], ...]) -> Program:
    """Return the program that is true just where all rules pass, each of a `when`, or none, and an `assert`.

    The rules are those that were checked: `&&` is true of nothing but true on both sides. Judged together, a hundred
    cost a tenth of what they cost one by one.
    """
    parts = (f"(({when or 'true'}\n) ? ({asserts}\n) : true)" for when, asserts in pairs)
    compiled = _compiled(spoken, " && ".join(parts))
    return Program(lambda facts: _judged(compiled, facts))


def _compiled(spoken: Language, expression: str) -> Any:
    try:
        return spoken.environment.compile(expression)
    except RuntimeError as error:
        raise _worded(spoken, expression, str(error)) from None


def _worded(spoken: Language, expression: str, said: str) -> ExpressionError:
    place = _PLACE.search(said)
    if place is None:
        return ExpressionError(
            f"it is not CEL that can be judged: {_plain(said)}", 0, "take brackets out, or make several rules of it"
        )
    offset = _offset(expression, int(place[1]), int(place[2]))
    takes_of = {one.name: one.takes for one in spoken.functions}
    miscalled = _CALLED.match(place[3])
    if miscalled and miscalled[1] in takes_of:
        name = miscalled[1]
        takes = ", ".join('"…"' if each == "string" else each for each in takes_of[name])
        how = called(next(one for one in spoken.functions if one.name == name), spoken.functions)
        message = f"`{name}` is called as `{name}({takes})`"
        return ExpressionError(message, _start(expression, name, offset), otherwise=how)
    undeclared = _UNDECLARED.match(place[3])
    if undeclared is None:
        return _wrongly_put(expression, place[3], offset)
    name = undeclared[1]
    start = _start(expression, name, offset)
    is_called = expression[start + len(name) :].lstrip()[:1] == "("
    meant = did_you_mean(close_to(name, takes_of if is_called else {*spoken.names, *takes_of}))
    if is_called:
        known = f"it calls {', '.join(takes_of)}, and of texts and lists `size`, `startsWith`, `endsWith`, `contains`"
    else:
        known = f"it reads {', '.join(sorted({one.partition('.')[0] for one in spoken.names}))}, each with a name below"
    return ExpressionError(f"`{name[:80]}` is nothing that this rule can read", start, meant, otherwise=known)


def _wrongly_put(expression: str, said: str, offset: int) -> ExpressionError:
    """Return the error of an expression that is put together in a way that is none."""
    if said.startswith("expression of type"):
        name = re.search(r"[\w.]*$", expression[:offset])
        above = name[0] if name else ""
        return ExpressionError(f"nothing is below `{above}`", offset, f"write `{above}`" if above else "")
    words = in_plain_words(_plain(said))
    return ExpressionError(words, offset, otherwise=ALIKE if "does not take" in words else EXAMPLE)


def _start(expression: str, name: str, offset: int) -> int:
    """Return where a name begins of which `offset` is the beginning, the last dot, or the bracket behind it."""
    first = name.partition(".")[0]
    return max(expression[: offset + len(first)].rfind(first), 0)


def _offset(expression: str, line: int, column: int) -> int:
    lines = expression.split("\n")
    return min(sum(len(one) + 1 for one in lines[: line - 1]) + column - 1, len(expression))


def _plain(said: str) -> str:
    text = re.sub(r"\s*\[[A-Z_]+\]$|^[A-Z_]+: ", "", said.split("\n")[0].strip())
    return text.replace("`", "'")[:300]


def _type(found: Any) -> str:
    return str(found.name()).lower()


def _check_texts(spoken: Language, expression: str) -> None:
    """Raise ExpressionError for a text that no helper can take, before a plan meets it."""
    known = {one.name: one for one in spoken.functions if one.takes == ("string",)}
    for call in written_calls(expression):
        if call.name in known:
            try:
                known[call.name].call(_compiled(spoken, call.text).eval().value())
            except (ValueError, OverflowError) as error:
                why, _, instead = str(error).partition("; ")
                raise ExpressionError(why, call.start, otherwise=instead or "write a smaller amount") from None


def _check_lists(spoken: Language, expression: str) -> None:
    """Raise ExpressionError for a list of values of several types: comparing these is always false."""
    for offset, text in lists_in(expression):
        try:
            found = spoken.environment.compile(text).return_type()
        except RuntimeError:
            raise ExpressionError(
                "a list holds names and values, nothing of the list that is gone over",
                offset,
                "compare with `==` what is gone over, and leave the list out",
            ) from None
        if "dyn" in _type(found) and re.search(r"[^\[\]\s]", text):
            hint = 'write values of one type, as in `["support", "sales"]`'
            raise ExpressionError("the values of this list are of several types", offset, hint)


def _judged(compiled: Any, facts: Any) -> bool:
    """Return whether an expression is true; EvaluationError for everything but true and false."""
    try:
        value = compiled.eval(facts).value()
    except Exception as error:
        raise EvaluationError(_why(str(error))) from None
    if value is True or value is False:
        return bool(value)
    unknown = _NO_VALUE.search(str(value))
    if unknown:
        raise EvaluationError(f"`{unknown[1]}` is not known", unknown[1])
    raise EvaluationError(_why(str(value)))


def _why(said: str) -> str:
    if "budget exceeded" in said:
        return "it goes over too many values"
    return _plain(said)
