"""What a journal's records mean: which operations were seen, and what a person's word does to one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from worlds import wallet as wanted_wallet

from reconciler.apply.outcome import change_facts
from reconciler.journal.history import history_of
from reconciler.journal.record import Entry, Record, Step, chained
from reconciler.journal.trace import Trace
from reconciler.model.change import Allocate

OP = "2026-06-00112233445566778899"
MOVE = Allocate(
    team="support",
    environment="prod",
    wallet=wanted_wallet("support", "prod", "100").key,
    amount=Decimal(100),
    currency="USD",
    target=Decimal(100),
    funded_before=Decimal(0),
    funded_after=Decimal(100),
    op=OP,
)
INTENT = Entry(Step.INTENT, OP, {"change": change_facts(MOVE), "wallet": MOVE.wallet, "seen": ["txn_0"]})
CONFIRMED = Entry(Step.CONFIRMED, OP, {"transactions": ["txn_1"], "by": "answer"})


def records(*entries: Entry) -> list[Record]:
    return chained(entries, None, organization="org_acme", run="run-1", at="2026-06-18T09:00:00Z")


def folded(*entries: Entry) -> Trace:
    trace = history_of(records(*entries)).of(OP)
    assert trace is not None
    return trace


def finished(**facts: Any) -> Entry:
    return Entry(Step.FINISHED, facts={"outcomes": [{"op": OP, "status": "applied"}], **facts})


def test_what_an_answer_confirmed_is_unseen_until_a_reading_shows_it() -> None:
    assert folded(INTENT, CONFIRMED).unseen
    assert not folded(INTENT, CONFIRMED, Entry(Step.SEEN, OP, {"transactions": ["txn_1"]})).unseen
    assert folded(INTENT, CONFIRMED, Entry(Step.SEEN, OP)).step is Step.CONFIRMED


@pytest.mark.parametrize("by", ["mark", "ledger id", "elimination"])
def test_what_the_ledger_confirmed_is_seen(by: str) -> None:
    assert not folded(INTENT, Entry(Step.CONFIRMED, OP, {"transactions": ["txn_1"], "by": by})).unseen


def test_the_read_back_of_a_run_shows_what_it_calls_done_unless_it_could_not_read() -> None:
    assert not folded(INTENT, CONFIRMED, finished()).unseen
    assert folded(INTENT, CONFIRMED, finished(read_back=False)).unseen


def test_what_was_seen_and_is_sent_once_more_is_unseen_again() -> None:
    assert folded(INTENT, CONFIRMED, finished(), INTENT, CONFIRMED).unseen


@pytest.mark.parametrize("last", [INTENT, CONFIRMED, Entry(Step.UNKNOWN, OP), Entry(Step.SENT, OP)])
def test_what_a_person_accepted_is_neither_in_doubt_nor_unseen(last: Entry) -> None:
    word = Entry(Step.ACCEPTED, OP, {"reason": "the gateway log shows it", "transactions": ["txn_9"]})
    trace = folded(INTENT, last, word)
    assert not trace.in_doubt
    assert not trace.unseen
    assert trace.may_have_happened
    assert "txn_9" in trace.transactions


def test_a_journal_that_was_looked_at_on_the_way_says_what_it_says_as_a_whole() -> None:
    grown = records(INTENT, CONFIRMED, Entry(Step.SEEN, OP, {"transactions": ["txn_2"]}))
    steps = [history_of(grown[:length]).of(OP) for length in range(1, 4)]
    assert [trace.step for trace in steps if trace] == [Step.INTENT, Step.CONFIRMED, Step.CONFIRMED]
    assert [trace.shown for trace in steps if trace] == [False, False, True]
    assert [sorted(trace.transactions) for trace in steps if trace] == [[], ["txn_1"], ["txn_1", "txn_2"]]


def test_two_journals_that_begin_alike_do_not_mix() -> None:
    confirmed, lost = records(INTENT, CONFIRMED), records(INTENT, Entry(Step.ASSUMED_LOST, OP, {}))
    looked_at = [history_of(chain).of(OP) for chain in (confirmed, lost, confirmed[:1], confirmed)]
    assert [trace.step for trace in looked_at if trace] == [
        *(Step.CONFIRMED, Step.ASSUMED_LOST, Step.INTENT, Step.CONFIRMED),
    ]
