"""Holding back: how long an answer that says no keeps its wallet waiting, because money may have moved all the same.

A gateway may deliver a request twice and tell what became of the second: a 409, a 402 from a pool that the first one
emptied, a 429. The ledger decides, if the reading is newer than the request; a replica that is behind shows nothing,
in its ledger and in its balance. A reading is newer when its ledger shows something that was dated later. Where nothing
happens on a wallet only time tells: a move that was refused is not sent anew before replicas have surely caught up,
and one that was put off (429) is repeated after the settle time, in which the ledger is looked at.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from reconciler.model.write import RateLimited, Refused

CATCH_UP = timedelta(minutes=20)
"""How far a replica can be behind, and how long nothing is sent anew after a refusal that nothing else settles."""

REPEAT = 15.0
"""For how many seconds the ledger is looked at before a move that was put off is repeated, if --settle is shorter."""

_CLOCKS = timedelta(minutes=10)
_ON_THE_WAY = timedelta(seconds=5)
_ALIKE = frozenset({400, 401, 403, 404, 405, 410, 411, 413, 414, 415, 431})


def may_be_of_a_repeat(result: Refused | RateLimited) -> bool:
    """Whether `result` may be about a second delivery: what is wrong with the sender or the form is so with both."""
    return isinstance(result, RateLimited) or result.status not in _ALIKE


def holding(result: Refused | RateLimited, *, since: datetime, time: timedelta) -> dict[str, Any]:
    """Return the facts that hold a wallet back for `time` after `since`, our time of the answer `result`."""
    if not may_be_of_a_repeat(result):
        return {}
    newer = result.at + _ON_THE_WAY if result.at else since + _CLOCKS
    return {"until": (since + time).isoformat(), "newer": newer.isoformat()}
