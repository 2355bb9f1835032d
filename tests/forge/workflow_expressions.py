"""What an expression of a workflow stands for, as GitHub says it: its operators, `contains` and `format`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|[(),]|[\w.-]+)")
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": lambda text, part: _text(part).casefold() in _text(text).casefold(),
    "format": lambda text, *parts: text.format(*map(_text, parts)),
    "always": lambda: True,
    "cancelled": lambda: False,
}


def value(expression: str, contexts: Mapping[str, Any]) -> Any:
    """Return what an expression stands for, where `contexts` are what is known; what is not known is None."""
    tokens = _TOKEN.findall(expression)
    assert not _TOKEN.sub("", expression).strip(), f"not an expression that is known here: {expression}"
    return _Reader(tokens, contexts).either()


def filled(text: Any, contexts: Mapping[str, Any]) -> str:
    """Return a text with what each of its expressions stands for."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: _text(value(found[1], contexts)), str(text))


def _text(found: Any) -> str:
    return "" if found is None else str(found).lower() if isinstance(found, bool) else str(found)


class _Reader:
    def __init__(self, tokens: list[str], contexts: Mapping[str, Any]) -> None:
        self._tokens, self._contexts = tokens, contexts

    def either(self) -> Any:
        found = self._both()
        while self._next("||"):
            other = self._both()
            found = found or other
        return found

    def _both(self) -> Any:
        found = self._compared()
        while self._next("&&"):
            other = self._compared()
            found = found and other
        return found

    def _compared(self) -> Any:
        found = self._one()
        while self._tokens and self._tokens[0] in ("==", "!="):
            is_same = self._tokens.pop(0) == "=="
            found = (_text(found).casefold() == _text(self._one()).casefold()) is is_same
        return found

    def _one(self) -> Any:
        if self._next("!"):
            return not self._one()
        if self._next("("):
            found = self.either()
            assert self._next(")")
            return found
        token = self._tokens.pop(0)
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._next("("):
            return _FUNCTIONS[token](*self._arguments())
        return {"true": True, "false": False, "null": None}.get(token, self._known(token))

    def _arguments(self) -> list[Any]:
        found = []
        while not self._next(")"):
            found.append(self.either())
            self._next(",")
        return found

    def _known(self, name: str) -> Any:
        found: Any = self._contexts
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return found

    def _next(self, token: str) -> bool:
        is_it = self._tokens[:1] == [token]
        if is_it:
            del self._tokens[0]
        return is_it
