"""A forecast that was begun while ledgers were read is the one that is made when all is read."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from threading import Semaphore

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, steady
from worlds import JUNE, billing_budget, desired, entry, live, live_wallet, wallet

from reconciler.app.planning.comparison import Comparison
from reconciler.app.planning.early import Early
from reconciler.app.planning.pipeline import forecast, sharded_wallets
from reconciler.app.processors import Processors, _Other
from reconciler.forecast.context import ForecastContext, forecast_context
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.shard import Shard, forecast_shard, one_by_one
from reconciler.forecast.shard_context import is_same, shard_context
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.usage import DailyUsage
from reconciler.settings import Settings

TEAMS = tuple(f"t{number}" for number in range(6))
SETTINGS = Settings(Path("budgets"), "", AS_OF, JUNE)


class Here(_Other):
    """What another process is told and answers, and that it did."""

    def __init__(self) -> None:
        super().__init__((), 1.0)
        self.answered = Semaphore(0)

    def answer(self, questions: Sequence[WalletQuestion], context: ForecastContext) -> Shard:
        try:
            told = pickle.loads(pickle.dumps((questions, context)))  # noqa: S301
            shard: Shard = pickle.loads(pickle.dumps(forecast_shard(*told)))  # noqa: S301
            return shard
        finally:
            self.answered.release()


def wanted() -> Desired:
    wallets = [wallet(team, place, amount) for team in TEAMS for place, amount in (("prod", "900"), ("dev", "300"))]
    return desired(wallets, [(team, billing_budget("monthly", "800", scope_id=f"team_{team}")) for team in TEAMS])


def there(*, late: str = "", pool: str = "1000000") -> Live:
    """Return ledgers that settled on the second, that of the team `late` later; one wallet is not there yet."""
    wallets = [
        live_wallet(
            key,
            entry(f"{key}1", "allocate", "250"),
            entry(f"{key}2", "settle", "70.25", day=5 if late and late in key else 2),
            available="179.75",
        )
        for key in wanted().wallets
        if key != "team_t3_dev"
    ]
    gone = replace(live_wallet("team_t3_dev"), id=None, available=None)
    watching = [
        billing_budget("by_hand", "500", scope_id="team_t1"),
        billing_budget("monthly", "1", scope_id="team_t2"),
    ]
    return live([*wallets, gone], watching, pool=pool)


def exported() -> DailyUsage:
    builder = UsageBuilder()
    for number, key in enumerate(wanted().wallets):
        days = (12, 70, 200)[number % 3]
        more = {"model": f"m{number % 2}", "provider": "p", "workload": f"w{number % 4}", "requests": 3}
        builder.series(key, AS_OF - timedelta(days=days), steady(days, seed=number, level=9 * number + 1), **more)
    return builder.build()


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.forecast.sharding.MOST_WALLETS", 4)


@pytest.mark.parametrize(
    ("read", "usage", "counted"),
    [
        (there(), None, 3),
        (there(), exported, 3),
        (there(late="t1"), exported, 3),
        (there(pool="4400"), exported, 0),
        (there(late="t5"), None, 1),
        (there(late="t"), None, 3),
    ],
    ids=["ledgers", "export", "export-and-days", "pool-ends", "a-day-later", "all-later"],
)
def test_what_was_worked_out_early_is_what_is_worked_out_late(
    read: Live, usage: Callable[[], DailyUsage] | None, counted: int, caplog: pytest.LogCaptureFixture
) -> None:
    known, budgets, other = usage() if usage else None, wanted(), Here()
    comparison = Comparison(SETTINGS, budgets, ())
    processors = Processors([other])
    early = Early(comparison, known, processors)
    early.listed(replace(read, wallets={key: replace(each, ledger=()) for key, each in read.wallets.items()}))
    for shard in sharded_wallets(budgets):
        for key in reversed(shard):
            if read.wallets[key].id is not None:
                early.read(read.wallets[key])
    for _ in sharded_wallets(budgets):
        assert other.answered.acquire(timeout=60)
    state, diff = comparison.of(read)
    with caplog.at_level("DEBUG", "reconciler.app.processors"):
        found = forecast(SETTINGS, budgets, state, diff, known, run_shards=processors)
    assert found == forecast(SETTINGS, budgets, state, diff, known, run_shards=one_by_one)
    assert f"{counted} of 3 shards were worked out early" in caplog.text


def test_a_shard_that_cannot_be_begun_early_is_worked_out_when_all_is_read() -> None:
    budgets, read, other = wanted(), there(), Here()
    comparison, processors = Comparison(SETTINGS, budgets, ()), Processors([other])
    processors.begin(lambda: ((), 1 // 0))  # type: ignore[arg-type, return-value]
    state, diff = comparison.of(read)
    found = forecast(SETTINGS, budgets, state, diff, None, run_shards=processors)
    assert found == forecast(SETTINGS, budgets, state, diff, None, run_shards=one_by_one)


def test_what_one_shard_is_told_does_not_depend_on_the_others() -> None:
    comparison, usage = Comparison(SETTINGS, wanted(), ()), exported()
    state, _ = comparison.of(there())
    assert state.wallets
    budgets = comparison.desired
    context = forecast_context(
        usage, (), organization=budgets.organization, period=JUNE, as_of=AS_OF, teams=budgets.teams
    )
    told = shard_context((), context)
    assert told.usage is not None
    assert not len(told.usage.day)
    assert told.known.wallets == {}
    assert not is_same(told, context)
    assert is_same(context, replace(context))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (np.array(["a"]), np.array(["a"], "<U9"), True),
        (np.array([1]), np.array([1.0]), False),
        (np.array([1]), np.array([2]), False),
        (np.array([1]), [1], False),
        ({"a": np.array([1])}, {"a": np.array([1])}, True),
        ({"a": 1}, {"b": 1}, False),
        (Decimal(1), Decimal(2), False),
        (Decimal(1), 1, False),
    ],
)
def test_values_are_the_same_to_the_last_bit(one: object, other: object, same: bool) -> None:
    assert is_same(one, other) is same
