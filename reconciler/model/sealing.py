"""The bytes of a large document and the digest that seals it, part by part.

What is in memory beside the document and its bytes is a part, and not everything a second and a third time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from reconciler.model.document import Document
from reconciler.model.json_text import canonical_json

PART = 500
"""Items of a list that are made JSON at a time."""


def sealed_text(document: Document, *, seal: str) -> tuple[str, bytes]:
    """Return the `sha256:` digest of all fields but `seal`, and the document's bytes with that digest in its place.

    The digest is of the canonical form (decision 0049); the bytes are in the same order and indented, and a newline
    ends them.
    """
    total, pieces, place = sha256(), [b"{\n"], 0
    for number, name in enumerate(sorted(type(document).model_fields)):
        pieces.append(b'%s  "%s": ' % (b",\n" if number else b"", name.encode()))
        if name == seal:
            place = len(pieces)
            pieces.append(b"")
            continue
        total.update(b'%s"%s":' % (b"{" if number - bool(place) == 0 else b",", name.encode()))
        pieces += _indented(document, name, total.update)
    total.update(b"}")
    digest = f"sha256:{total.hexdigest()}"
    pieces[place] = to_json(digest)
    return digest, b"".join([*pieces, b"\n}\n"])


def _indented(document: Document, name: str, told: Any) -> Iterator[bytes]:
    """Yield the indented parts of a field, of which `told` is given the canonical form."""
    value = getattr(document, name)
    if not isinstance(value, tuple) or len(value) <= PART:
        canonical = canonical_json(_dumped(document, name))
        told(canonical.encode())
        yield _deeper(canonical)
        return
    for first in range(0, len(value), PART):
        part = document.model_copy(update={name: value[first : first + PART]})
        canonical = canonical_json(_dumped(part, name))
        told((canonical[:-1] if not first else f",{canonical[1:-1]}").encode())
        yield (b"," if first else b"[") + _deeper(canonical)[1:].removesuffix(b"\n  ]")
    told(b"]")
    yield b"\n  ]"


def _dumped(document: Document, name: str) -> Any:
    return document.model_dump(mode="json", include={name})[name]


def _deeper(canonical: str) -> bytes:
    """Return JSON indented as the value of a key of an object; no text in JSON holds an end of a line."""
    return to_json(json.loads(canonical), indent=2).replace(b"\n", b"\n  ")
