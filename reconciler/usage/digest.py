"""One name for what was spent: the same events give the same digest in any order, split, format and number style."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_FORMAT = b"kt-budgets.usage/1"


def digest_of(columns: Mapping[str, npt.NDArray[Any]]) -> str:
    """Return `sha256:…` over sorted daily columns.

    Texts count as UTF-8, numbers and moments (in microseconds) as 64-bit integers, larger numbers as their digits. It
    covers the deduplicated events through their exact sums, counts and latest moments per row of the daily table: all
    that a forecast can depend on. Two sets of events that differ only where no sum shows it share a digest.
    """
    hashed = hashlib.sha256(_FORMAT)
    for name in sorted(columns):
        values = columns[name]
        hashed.update(f"\x00{name}\x00{len(values)}\x00".encode())
        hashed.update(_bytes(values))
    return f"sha256:{hashed.hexdigest()}"


def _bytes(values: npt.NDArray[Any]) -> bytes:
    if values.dtype.kind == "U":
        return "\x1f".join(values.tolist()).encode("utf-8", "surrogatepass")
    if values.dtype.kind == "O":
        return "\x1f".join(map(str, values.tolist())).encode()
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]").astype(np.int64)
    return values.astype("<i8").tobytes()
