"""What a run says about what was sent and written is what the journal and the ledger say."""

from __future__ import annotations

import pytest
from apply.loop import Loop
from apply.world import World, only, statuses
from worlds import JUNE, desired, wallet

from reconciler.apply.acceptance import Accepted
from reconciler.apply.resume import Permission
from reconciler.findings import ExitCode, UnreachableError
from reconciler.journal.history import history_of
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.by_hand import entries_by_hand
from reconciler.report.run_text import run_text


@pytest.fixture
def loop() -> Loop:
    return Loop(desired([wallet("support", "prod", "100")]), World(), settle=5)


def test_a_double_says_how_often_it_was_sent(loop: Loop) -> None:
    loop.world.faults = only("duplicate delivery")
    assert "it was sent once from this journal, and the ledger shows it 2 times" in loop.apply().run.outcomes[0].reason
    late = Loop(loop.wanted, World(delay=60), settle=5)
    late.world.faults = only("delayed commit", "hang after commit")
    (unknown,) = late.apply().run.outcomes
    late.resume(Permission(operation=unknown.op, reason="the gateway log shows no request"))
    late.world.clock.sleep(60)
    late.world.settle()
    result = late.apply(late.plan())
    text = " ".join(outcome.reason for outcome in result.run.outcomes) + run_text(result)
    assert "sent once from" not in text


def test_what_was_booked_twice_is_told_as_foreign_until_it_is_accepted(loop: Loop) -> None:
    def foreign() -> list[str]:
        support = WalletRef.team("team_support")
        live = loop.world.live(organization="org_acme", wallets={support: "USD"}, period=JUNE)
        own = history_of(loop.records()).acknowledged
        return [entry.id for entry in entries_by_hand(live.wallets[support].funding(JUNE), own)]

    loop.world.faults = only("duplicate delivery")
    (unknown,) = loop.apply().run.outcomes
    assert len(foreign()) == 1
    loop.resume()
    assert len(foreign()) == 1
    loop.resume(Permission(accepted=(Accepted(unknown.op),), reason="the gateway log shows two"))
    assert foreign() == []


def test_an_operation_that_was_sent_and_that_a_later_run_went_past_is_not_called_unsent(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    (unknown,) = loop.apply().run.outcomes
    loop.wanted = desired([wallet("sales", "prod", "1")], teams=["support"])
    loop.apply()
    result = loop.resume(Permission(operation=unknown.op, reason="nobody saw it"))
    assert result is not None
    assert "it was not sent" not in result.run.outcomes[0].reason
    assert "the ledger does not show it" in result.run.outcomes[0].reason


def test_a_run_whose_end_cannot_be_written_down_is_not_called_converged(loop: Loop) -> None:
    loop.store.refuses = '"step":"finished"'
    result = loop.apply()
    assert result.exit_code is ExitCode.REFUSED
    assert not result.run.converged
    assert "Not all done" in run_text(result)
    assert "stopped:" in run_text(result)


def test_what_an_earlier_run_may_have_sent_is_unknown_to_one_that_is_interrupted_before_it(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    loop.apply()
    loop.flag.requested = True
    result = loop.resume()
    assert result is not None
    assert statuses(result.run.outcomes) == ["unknown"]
    assert "an earlier run may have sent it" in result.run.outcomes[0].reason


def test_nothing_is_called_unsent_after_a_rate_limit_when_the_ledger_then_goes_dark(loop: Loop) -> None:
    loop.world.faults = only("429")
    sends = len(loop.world.sends)

    def go_dark(reads: int) -> None:
        if len(loop.world.sends) > sends and loop.world.clock.now().second > 3:
            raise UnreachableError("Keeptrusts does not answer")

    loop.world.before_read = go_dark
    (outcome,) = loop.apply().run.outcomes
    assert "nothing was sent" not in outcome.reason
    assert loop.world.funded("team_support", JUNE) in (0, 100)
