"""Forecasts that were worked out, and records of forecasts that were replayed, before in this run of the tests.

A record follows from the usage, the wallets that change, the day and the organization alone. What a shard of a forecast
is follows from what another process would be told of it, and the levers that there are. Tests of the forecast work
theirs out.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import kept
import pytest

from reconciler.model.track_record import TrackRecord
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef

if TYPE_CHECKING:
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.question import WalletQuestion
    from reconciler.forecast.shard import Shard

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


def forecasting_once(
    work_out: Callable[[Sequence[WalletQuestion], ForecastContext], Shard],
) -> Callable[[Sequence[WalletQuestion], ForecastContext], Shard]:
    """Return what works shards out with `work_out`, and gives those that were worked out before."""
    from reconciler.forecast.levers.registry import levers

    def work_out_once(questions: Sequence[WalletQuestion], context: ForecastContext) -> Shard:
        told = sha256(pickle.dumps((questions, context))).digest()
        known = kept.place("shard", told, [(type(lever).__module__, type(lever).__qualname__) for lever in levers()])
        if not known.exists():
            kept.keep(known, pickle.dumps(work_out(questions, context)))
        shard: Shard = pickle.loads(known.read_bytes())  # noqa: S301
        return shard

    return work_out_once


@pytest.fixture(scope="session", autouse=True)
def replayed_once() -> Iterator[None]:
    """Import what replays late: a module that is imported before measuring begins would not be counted."""
    from reconciler.forecast import calibration, shard

    with pytest.MonkeyPatch.context() as replaying:
        replaying.setattr(calibration, "replayed_record", replaying_once(calibration.replayed_record))
        replaying.setattr(shard, "forecast_shard", forecasting_once(shard.forecast_shard))
        yield
