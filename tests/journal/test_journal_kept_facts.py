"""What a plan was judged by is kept in the journal: whole, or not at all; what cannot be read is nothing."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from apply.loop import Loop
from worlds import desired, wallet

from reconciler.apply.executor import executable
from reconciler.journal import kept_facts
from reconciler.journal.kept_facts import JUDGED_BY, applied_plans, facts_kept, kept
from reconciler.journal.record import Record
from reconciler.policy.facts import facts_of

PLAN = Loop(desired([wallet("support", "prod", "100")])).plan()


def record(**facts: Any) -> Record:
    known = {"plan": executable(PLAN), **facts}
    return Record(organization="o", sequence=1, run="r", at="t", step="started", facts=known, previous="p")


def packed(text: str) -> str:
    return base64.b64encode(zlib.compress(text.encode())).decode()


def test_facts_come_back_as_they_were() -> None:
    found = facts_kept(record(**kept(PLAN)))
    assert found == facts_of(PLAN).model_copy(update={"approvals": None})


def test_no_facts_and_too_many_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert kept(PLAN.model_copy(update={"policy_input": None})) == {}
    size = len(kept(PLAN)[JUDGED_BY])
    monkeypatch.setattr(kept_facts, "MOST_BYTES", size)
    assert JUDGED_BY in kept(PLAN)
    monkeypatch.setattr(kept_facts, "MOST_BYTES", size - 1)
    assert kept(PLAN) == {}


@pytest.mark.parametrize(
    "text",
    [None, 1, "no base64!", "aGVsbG8=", packed("no json"), packed("[1]"), packed('{"format": "another"}'), packed("")],
)
def test_facts_that_cannot_be_read_are_none(text: Any) -> None:
    assert facts_kept(record(**{JUDGED_BY: text})) is None


def test_what_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kept(PLAN)
    monkeypatch.setattr(kept_facts, "LARGEST", 100)
    assert facts_kept(record(**whole)) is None
    assert len(json.dumps(whole)) > 100


def test_plans_of_which_something_was_sent_come_once_and_the_last_first() -> None:
    loop = Loop(desired([wallet("support", "prod", "100")]))
    first = loop.plan()
    loop.apply(first)
    loop.apply(first)
    loop.wanted = desired([wallet("support", "prod", "200")])
    second = loop.plan()
    loop.apply(second)
    loop.apply()
    digests = [one.facts["plan"]["digest"] for one in applied_plans(loop.records())]
    assert digests == [second.digest, first.digest]
