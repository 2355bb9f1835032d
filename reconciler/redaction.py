"""Secrets taken out of text, in one place: for errors, logs and the details of a bug.

A secret is known because it was given to this process (`hide`, and variables of the environment named like one), or
because of where it stands: the user and the query of an address, an Authorization header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

SHOWN = "***"

_NAMES = re.compile(r"(?i)token|secret|password|passwd|api_?key|access_?key|credential|private_?key")
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"]*@")
_PAIR = re.compile(r"(?<![\w/])[^\s/:@'\"]+:(?!//)[^\s@'\"]+@(?=[\w.\[-])")
_QUERY = re.compile(r"(://[^\s'\"?]*\?)[^\s'\"]+")
_HEADER = re.compile(r"(?i)\b((?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)?\s*)[^\s'\",]+")
_BEARER = re.compile(r"(?i)\b(bearer )[a-z0-9._~+/=-]{8,}")
_SHAPES = re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|AKIA[A-Z0-9]{16})\b")
_LEAST, _LEAST_OF_LETTERS = 4, 8
"""What is shorter is no secret, and taking a short word out would leave nothing readable."""

_hidden: set[str] = set()


def hide(secret: str | None) -> None:
    """Take `secret` out of whatever this process says from now on."""
    if secret and len(secret) >= (_LEAST_OF_LETTERS if secret.isalpha() else _LEAST):
        _hidden.update(_forms(secret))


def hide_environment(variables: Mapping[str, str]) -> None:
    """Hide the value of every variable that is named like a secret."""
    for name, value in variables.items():
        if _NAMES.search(name) and not _is_a_place(value):
            hide(value.strip())


def without_secrets(text: str) -> str:
    """Return `text` with every known secret, and whatever stands where secrets stand, shown as `***`."""
    text = _without(text, _hidden)
    text = _USERINFO.sub(rf"\g<scheme>{SHOWN}@", text)
    text = _QUERY.sub(rf"\1{SHOWN}", _PAIR.sub(f"{SHOWN}@", text))
    text = _HEADER.sub(rf"\1{SHOWN}", text)
    return _SHAPES.sub(SHOWN, _BEARER.sub(rf"\1{SHOWN}", text))


def printable(text: str) -> str:
    """Return `text` with every character escaped that is neither printable nor the end of a line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def without(text: str, *secrets: str) -> str:
    """Return `text` with each of `secrets`, however an answer may echo it, shown as `***`."""
    return _without(text, {form for secret in secrets if secret for form in _forms(secret)})


def _without(text: str, forms: set[str]) -> str:
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, SHOWN)
    return text


def _forms(secret: str) -> set[str]:
    return {secret, quote(secret, safe=""), quote(secret)}


def _is_a_place(value: str) -> bool:
    """Whether a variable such as `…_TOKEN_FILE` holds a path, or `…_ENABLED` a switch, and no secret."""
    return value.startswith(("/", "./", "~")) or value.lower() in ("true", "false")
