"""Records of forecasts that were replayed before in this run of the tests: plans of one organization share a past.

A record follows from the usage, the wallets that change, the day and the organization alone.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from hashlib import sha256

import kept
import pytest

from reconciler.model.track_record import TrackRecord
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef

Replay = Callable[..., TrackRecord | None]


def replaying_once(replay: Replay) -> Replay:
    """Return what replays with `replay`, and gives the record that was made before where it is the same."""

    def replay_once(
        usage: DailyUsage, wallets: Iterable[WalletRef], *, as_of: date, organization: str
    ) -> TrackRecord | None:
        asked = sorted(wallets)
        known = kept.place("replayed", sha256(pickle.dumps(usage)).digest(), asked, as_of, organization)
        if not known.exists():
            kept.keep(known, pickle.dumps(replay(usage, asked, as_of=as_of, organization=organization)))
        record: TrackRecord | None = pickle.loads(known.read_bytes())  # noqa: S301
        return record

    return replay_once


@pytest.fixture(scope="session", autouse=True)
def replayed_once() -> Iterator[None]:
    """Import what replays late: a module that is imported before measuring begins would not be counted."""
    from reconciler.forecast import calibration

    with pytest.MonkeyPatch.context() as replaying:
        replaying.setattr(calibration, "replayed_record", replaying_once(calibration.replayed_record))
        yield
