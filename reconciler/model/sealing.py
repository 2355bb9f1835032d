"""The bytes of a large document and the digest that seals it, part by part.

What is in memory beside the document and its bytes is a part, and not everything a second and a third time.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import Any

from pydantic_core import from_json, to_json

from reconciler.model.document import Document
from reconciler.model.json_text import PART, canonical_json


def sealed_text(document: Document, *, seal: str) -> tuple[str, bytes]:
    """Return the `sha256:` digest of all fields but `seal`, and the document's bytes with that digest in its place.

    The digest is of the canonical form (decision 0049); the bytes are in the same order and indented, and a newline
    ends them.
    """
    total, text, place = sha256(b"{"), BytesIO(), 0
    text.write(b"{\n")
    for number, name in enumerate(sorted(type(document).model_fields)):
        text.write(b'%s  "%s": ' % (b",\n" if number else b"", name.encode()))
        if name == seal:
            place = text.tell()
            text.write(to_json(_digest(total)))
            continue
        total.update(b'%s"%s":' % (b"," if number - bool(place) else b"", name.encode()))
        for canonical, indented in _value(document, name):
            total.update(canonical)
            text.write(indented)
    text.write(b"\n}\n")
    total.update(b"}")
    text.seek(place)
    text.write(to_json(_digest(total)))
    return _digest(total), text.getvalue()


def _digest(total: Any) -> str:
    return f"sha256:{total.hexdigest()}"


def _value(document: Document, name: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of a field's value, canonical and indented."""
    value = getattr(document, name)
    if isinstance(value, Document):
        for canonical, indented in _fields(value):
            yield canonical, indented.replace(b"\n", b"\n  ")
        return
    if not isinstance(value, tuple | dict) or len(value) <= PART:
        for dumped in _dumped(document, name):
            canonical = canonical_json(dumped).encode()
            yield canonical, _deeper(canonical)
        return
    opened, closed = (b"[", b"]") if isinstance(value, tuple) else (b"{", b"}")
    yield opened, opened
    items = value if isinstance(value, tuple) else sorted(value.items())
    for first in range(0, len(items), PART):
        few = items[first : first + PART]
        part = document.model_copy(update={name: few if isinstance(value, tuple) else dict(few)})
        canonical = canonical_json(*_dumped(part, name)).encode()
        between = b"," if first else b""
        yield between + canonical[1:-1], between + _deeper(canonical)[1:].removesuffix(b"\n  %s" % closed)
    yield closed, b"\n  %s" % closed


def _fields(document: Document) -> Iterator[tuple[bytes, bytes]]:
    """Yield the parts of a whole document, of the fields that are said."""
    opened = False
    for name in sorted(type(document).model_fields):
        key = b'"%s":' % name.encode()
        for number, (canonical, indented) in enumerate(_value(document, name)):
            if number:
                yield canonical, indented
                continue
            yield (
                (b"," if opened else b"{") + key + canonical,
                (b",\n  " if opened else b"{\n  ") + key + b" " + indented,
            )
            opened = True
    yield b"}", b"\n}"


def _dumped(document: Document, name: str) -> list[Any]:
    """Return what JSON says of a field, if anything."""
    return list(document.model_dump(mode="json", include={name}).values())


def _deeper(canonical: bytes) -> bytes:
    """Return JSON indented as the value of a key of an object; no text in JSON holds an end of a line."""
    return to_json(from_json(canonical, cache_strings="keys"), indent=2).replace(b"\n", b"\n  ")
