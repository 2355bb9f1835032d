"""Text from outside, made harmless for Markdown as GitHub renders it, and for Mermaid.

GitHub turns mentions, references and shortcodes into links *after* it has decoded entities, so an entity alone does
not stop them: a zero-width space goes between the sign and the word. What Markdown itself would read becomes an entity.
A figure is never touched, nor is what stands in a code span: people copy them (decision 0044).
"""

from __future__ import annotations

import re

from reconciler.report.spans import DASH, Words

_BREAK = "&#8203;"
_SHORT = 6
"""One hexadecimal digit less than GitHub takes for a commit."""

_SPECIAL = re.compile(
    r"(?P<sign>[\\`*_\[\]&|~$\u200b]|[<>](?!\d))"
    r"|(?P<link>[@#]|:(?=//|[\w+-]+:)|www(?=\.)|gh-(?=\d)|(?:mailto|xmpp|https?|ftp):)"
    r"|(?P<commit>\b(?![0-9]{7,15}\b)[0-9a-f]{7,40}\b)",
    re.IGNORECASE,
)
_LEADING = re.compile(r"^(?:(?P<sign>>|[-+=](?=\s|[-+=]|$))|(?P<number>\d{1,9})(?P<stop>[.)])(?=\s|$))")
_CODE = re.compile(r"[!-;=-_a-{}~]+(?: [!-;=-_a-{}~]+)*")
"""What a code span shows as it is, in a table as well: printable, no backtick, bar or tag. It can be copied."""
_REFERENCE = re.compile(r"[#!][1-9][0-9]{0,9}", re.ASCII)
_LABEL = re.compile(r"[^\w ./,()%-]|%(?=%)")


def escaped(text: str) -> str:
    """Return `text` so that GitHub's Markdown shows it and does nothing else with it, in a table as well."""
    return _SPECIAL.sub(_harmless, text)


def _harmless(match: re.Match[str]) -> str:
    found = match[0]
    if match["sign"]:
        return f"&#{ord(found)};"
    if match["link"]:
        return f"{found}{_BREAK}"
    return _BREAK.join(found[start : start + _SHORT] for start in range(0, len(found), _SHORT))


def inline(sentence: Words) -> str:
    """Return a sentence as inline Markdown that starts no list, whatever it starts with."""
    marks = {"plain": "", "strong": "**", "emphasis": "*", "code": "", "reference": ""}
    pieces = []
    for span in sentence:
        mark = marks[span.style]
        text = _LITERAL[span.style](span.text) if span.style in _LITERAL else escaped(span.text)
        pieces.append(f"{mark}{text}{mark}")
    return _LEADING.sub(_unlisted, "".join(pieces))


def _unlisted(match: re.Match[str]) -> str:
    if match["sign"]:
        return f"&#{ord(match['sign'])};"
    return f"{match['number']}&#{ord(match['stop'])};"


def code_span(text: str) -> str:
    """Return `text` as a code span where it is plain enough for one."""
    return f"`{text}`" if _CODE.fullmatch(text) else escaped(text)


def label(text: str) -> str:
    """Return `text` for a quoted Mermaid label: letters, digits and the simplest punctuation."""
    return _LABEL.sub(" ", text.replace(DASH, "-")).strip()


def _reference(text: str) -> str:
    """Return a pull request's number as it is; anything else that claims to be one is escaped."""
    return text if _REFERENCE.fullmatch(text) else escaped(text)


_LITERAL = {"code": code_span, "reference": _reference}
