"""JSON as this program writes it: for people and other programs, for one line of a log, and for digests."""

from __future__ import annotations

import json
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


def digest_of_text(text: str) -> str:
    return f"sha256:{sha256(text.encode()).hexdigest()}"
