"""A message as the body that a webhook takes: Slack's blocks, an Adaptive Card for Teams, or plain JSON.

Each keeps within what its service takes. Slack is told to change nothing that is plain text, and what it would take for
markup is escaped; a card's text runs know no Markdown, and a card without entities mentions nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reconciler.model.json_text import canonical_json
from reconciler.model.message import MessageDocument, Service
from reconciler.report.message import Message
from reconciler.report.spans import shortened

_SLACK_HEADER = 150
_SLACK_SECTION = 2_900
"""Slack takes 3,000 characters of a section."""
_ROOM = 12_000
"""Bytes of lines in one message: below the 28 KB that Teams takes, and no more than anybody reads."""
_MOST = 30


def body_of(message: Message, service: Service) -> str:
    """Return the body of the request as JSON text."""
    kept, left_out = _fitting(message.lines)
    return canonical_json(_BODIES[service](message, kept, left_out))


def _fitting(lines: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return as many lines as there is room for, and how many there is none for."""
    room, kept = _ROOM, 0
    for line in lines[:_MOST]:
        room -= len(canonical_json(line))
        if room < 0:
            break
        kept += 1
    return tuple(lines[:kept]), len(lines) - kept


def _more(left_out: int) -> list[str]:
    return [f"{left_out:,} more in what the command printed."] if left_out else []


def _slack(message: Message, lines: tuple[str, ...], left_out: int) -> dict[str, Any]:
    title = _escaped(message.title)
    cuts = (shortened(message.title, limit) for limit in (_SLACK_HEADER, 100, _SLACK_HEADER // 5))
    header = next(cut for cut in map(_escaped, cuts) if len(cut) <= _SLACK_HEADER)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": {"type": "plain_text", "text": header, "emoji": False}}]
    whole = [message.title] if header != title else []
    blocks += [
        {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
        for text in _sections([*whole, *lines, *_more(left_out)])
    ]
    return {"text": title, "blocks": blocks, "unfurl_links": False, "unfurl_media": False}


def _sections(lines: Sequence[str]) -> list[str]:
    sections: list[str] = []
    for line in (f"\u2022 {_escaped(line)}" for line in lines):
        if sections and len(sections[-1]) + len(line) < _SLACK_SECTION:
            sections[-1] += f"\n{line}"
        else:
            sections.append(line)
    return sections


def _escaped(text: str) -> str:
    """Return text in which Slack finds no tag: it asks for these three, and no others, to be escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(message: Message, lines: tuple[str, ...], left_out: int) -> dict[str, Any]:
    runs = [_run(message.title, weight="bolder", size="large"), *map(_run, (*lines, *_more(left_out)))]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [{"type": "RichTextBlock", "inlines": [run]} for run in runs],
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def _run(text: str, **style: str) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _json(message: Message, lines: tuple[str, ...], left_out: int) -> dict[str, Any]:
    text = "\n".join([message.title, *(f"- {line}" for line in (*lines, *_more(left_out)))])
    document = MessageDocument(about=message.about, title=message.title, lines=lines, left_out=left_out, whole=text)
    return document.fields()


_BODIES: dict[Service, Callable[[Message, tuple[str, ...], int], dict[str, Any]]] = {
    "slack": _slack,
    "teams": _teams,
    "json": _json,
}
