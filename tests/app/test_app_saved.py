"""A plan that was saved is read again, however large, and what is larger than any plan is refused."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from report.report_plans import Wallet, plan

from reconciler.app.evidence import archive
from reconciler.app.evidence.archive import write_archive
from reconciler.app.planning.saved import LARGEST, load_plan
from reconciler.findings import UsageError
from reconciler.model.plan import Plan, Unmanaged, sealed_bytes

DOCUMENTED_WALLETS, BYTES_A_WALLET = 100_000, 10_000
"""So many wallets a plan of all teams may have, and so much is in its file of each, as `docs/scale.md` says."""


def test_every_plan_that_can_be_made_can_be_read() -> None:
    few, more = (len(sealed_bytes(plan_of(count))[1]) for count in (20, 40))
    assert (more - few) / 20 > BYTES_A_WALLET / 4
    assert DOCUMENTED_WALLETS * max((more - few) / 20, 2 * BYTES_A_WALLET) < LARGEST


def plan_of(count: int) -> Plan:
    wallets = [Wallet(f"team{number:06d}") for number in range(count)]
    return plan(*(one.change() for one in wallets), impact=tuple(one.forecast() for one in wallets))


def test_the_collector_does_not_go_over_a_plan_while_it_is_read(tmp_path: Path) -> None:
    strange = tuple(Unmanaged(kind="wallet", key=f"k{number}", name="n") for number in range(5_000))
    made, saved = sealed_bytes(plan_of(1).model_copy(update={"unmanaged": strange}))
    (tmp_path / "plan.json").write_bytes(saved)
    passes: list[str] = []

    def noted(phase: str, details: dict[str, int]) -> None:
        passes.append(f"{phase} {details['generation']}")

    gc.collect()
    gc.callbacks.append(noted)
    try:
        found = load_plan(tmp_path / "plan.json")
        during = list(passes)
    finally:
        gc.callbacks.remove(noted)
    assert found == made
    assert during in ([], ["start 0", "stop 0"])


def test_what_is_larger_than_any_plan_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "plan.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(UsageError, match=r"plan\.json has 4,000,000,001 bytes, which is too large to be a plan$"):
        load_plan(tmp_path / "plan.json")


def test_no_packet_is_written_that_would_be_refused_where_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    path = tmp_path / "a.zip"
    with pytest.raises(UsageError, match="would have 3 files, and a packet has 2 at most"):
        write_archive(path, dict.fromkeys("abc", b""))
    assert not path.exists()
    write_archive(path, dict.fromkeys("ab", b""))
    assert archive.extract(path, tmp_path)[1] == []
