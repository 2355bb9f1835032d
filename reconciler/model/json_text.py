"""JSON as this program writes it: for people and other programs, for one line of a log, and for digests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any


def json_text(document: Any, *, sort_keys: bool = True, ensure_ascii: bool = False) -> str:
    """Return a document on lines of its own, indented, its keys in order, so that the same facts are the same bytes."""
    text = json.dumps(document, sort_keys=sort_keys, indent=2, ensure_ascii=ensure_ascii, allow_nan=False)
    return f"{text}\n"


def json_line(document: Any, *, sort_keys: bool = True, ensure_ascii: bool = False) -> str:
    """Return a document on one line. What may hold half of a character, such as a machine's name, needs ASCII."""
    return json.dumps(document, sort_keys=sort_keys, ensure_ascii=ensure_ascii, allow_nan=False)


def canonical_json(document: Any) -> str:
    """Return `document` as canonical JSON: sorted keys, no spaces, so that the same facts are the same bytes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(document: Any) -> str:
    """Return the `sha256:` digest of a JSON document's canonical form."""
    return digest_of_text(canonical_json(document))


PART = 500
"""Items of a list, or of a mapping, that are made JSON at a time where all of them would be much."""


def digest_of_fields(document: Mapping[str, Any], *, without: str) -> str:
    """Return `digest_of` of a document without one of its fields, never with all of its canonical form in memory."""
    total, opened = sha256(b"{"), False
    for name in sorted(document):
        if name == without:
            continue
        total.update(f"{',' if opened else ''}{canonical_json(name)}:".encode())
        opened = True
        for part in _canonical(document[name]):
            total.update(part.encode())
    total.update(b"}")
    return f"sha256:{total.hexdigest()}"


def _canonical(value: Any) -> Iterator[str]:
    """Yield the canonical JSON of a value in parts."""
    if not isinstance(value, list | dict) or len(value) <= PART:
        yield canonical_json(value)
        return
    opened, closed = "[]" if isinstance(value, list) else "{}"
    items = value if isinstance(value, list) else sorted(value.items())
    for first in range(0, len(items), PART):
        few = items[first : first + PART]
        yield f"{',' if first else opened}{canonical_json(few if isinstance(value, list) else dict(few))[1:-1]}"
    yield closed


def digest_of_text(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"
