"""Every state that an operation can be left in has a command that gets out of it, recorded with who and why."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from cli.conftest import Result
from cli.journal_desk import AS_OF, Desk

from reconciler.model.live import LedgerEntry

WHY = ("--reason", "checked with the vendor")


def entries(desk: Desk) -> list[LedgerEntry]:
    return desk.world.ledger("t-alpha")


def operation(desk: Desk) -> str:
    return entries(desk)[0].description.partition("op=")[2].partition("]")[0]


def resumed(desk: Desk, *arguments: str) -> Result:
    return desk.kt("resume", *AS_OF, "--settle", "0", *arguments)


def verified(desk: Desk) -> Result:
    return desk.kt("audit", *AS_OF, "--verify", "--format", "json")


def steps(desk: Desk) -> list[tuple[str, str, str]]:
    """Return what the journal says of people's decisions: step, reason, who."""
    lines = (desk.clone / ".kt-budgets" / "journal").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [
        (record["step"], record["facts"]["reason"], record["facts"]["who"])
        for record in records
        if record["step"] in ("accepted", "assumed_lost")
    ]


def test_a_doubled_operation_is_accepted_and_the_next_plan_heals_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.world.enter("t-alpha", "allocate", Decimal(500), entries(desk)[0].description)
    assert verified(desk).code == 11
    refused = resumed(desk, "--assume-lost", operation(desk), *WHY)
    assert refused.code == 2
    accepted = resumed(desk, "--accept", operation(desk), *WHY)
    assert accepted.code == 0, accepted
    assert "--accept" in accepted.err
    assert verified(desk).code == 0
    assert desk.applied().code == 0
    assert desk.funded == 500
    assert verified(desk).code == 0
    assert [(step, why) for step, why, _ in steps(desk)] == [("accepted", WHY[1])]
    assert steps(desk)[0][2]


def test_a_confirmed_entry_that_a_restored_backup_lacks_is_accepted_and_the_next_plan_funds_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    gone = operation(desk)
    desk.world.forget("t-alpha")
    assert verified(desk).code == 11
    assert resumed(desk, "--accept", gone, *WHY).code == 0
    assert verified(desk).code == 0
    assert desk.applied().code == 0
    assert desk.funded == 500
    assert len(entries(desk)) == 1


def test_an_amount_that_differs_by_a_hair_is_accepted(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.world.misstate("t-alpha", "500.01")
    told = verified(desk)
    assert told.code == 11
    assert "is allocate 500.01; where the ledger is right, `kt-budgets resume --accept" in told.out
    assert resumed(desk, "--accept", operation(desk), *WHY).code == 0
    assert verified(desk).code == 0
    assert desk.applied().code == 0
    assert desk.funded == 500


def test_an_entry_that_no_mark_names_is_accepted_by_its_id(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.world.enter("t-alpha", "allocate", Decimal(20), "[kt-budgets op=2026-06-abcdef")
    strange = entries(desk)[1].id
    assert resumed(desk, "--accept", f"ledger:{strange}", *WHY).code == 0
    assert resumed(desk, "--accept", f"{operation(desk)}={strange}", *WHY).code == 0
    assert [step for step, *_ in steps(desk)] == ["accepted", "accepted"]
    nowhere = resumed(desk, "--accept", f"{operation(desk)}=txn_none", *WHY)
    assert (nowhere.code, "no ledger shows txn_none" in nowhere.err) == (2, True)


@pytest.mark.parametrize("year", ["0000", "0001", "9999"])
def test_a_mark_of_no_month_is_an_entry_like_any_other(desk: Desk, year: str) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(20), f"[kt-budgets op={year}-01-{'a' * 20}] by hand")
    planned = desk.plan()
    assert planned.code in (0, 4), planned
    assert desk.kt("audit", *AS_OF, "--verify").code == 0


def test_what_is_next_for_a_mark_of_another_journal_is_its_cure_alone(desk: Desk) -> None:
    desk.world.enter("t-alpha", "allocate", Decimal(20), f"[kt-budgets op=2026-06-{'a' * 20}] elsewhere")
    done = desk.applied()
    assert done.code == 5, done
    assert "`journal:` in org.yaml" in done.out
    assert "kt-budgets plan, and have" not in done.out
    drifted = desk.kt("drift", *AS_OF)
    assert "--accept 2026-06-" in drifted.out
    assert "drift --accept" not in drifted.out


def test_what_is_in_no_doubt_is_not_accepted(desk: Desk) -> None:
    assert desk.applied().code == 0
    refused = resumed(desk, "--accept", "2026-06-00000000000000000000", *WHY)
    assert refused.code == 2
    assert "is in no ledger of these wallets" in refused.err
    assert "in doubt: none is" in refused.err
    assert resumed(desk, "--accept", operation(desk)).code == 2
    assert resumed(desk, "--assume-lost", "2026-06-00000000000000000000", *WHY).code == 2
    assert steps(desk) == []


@pytest.mark.parametrize("replays", [False, True])
def test_an_operation_that_was_lost_is_sent_again_also_to_a_server_that_repeats_its_errors(
    desk: Desk, *, replays: bool
) -> None:
    desk.world.habits.failures, desk.world.habits.replays = 1, replays
    unknown = desk.applied()
    assert unknown.code == 8
    lost = next(line.split()[-1] for line in unknown.out.splitlines() if "operation 2026-06-" in line)
    assert resumed(desk).code == 8
    assert "--accept OP" in resumed(desk).out
    again = resumed(desk, "--assume-lost", lost, *WHY)
    assert again.code == 0, again
    assert desk.funded == 500
    assert verified(desk).code == 0
    assert [(step, why) for step, why, _ in steps(desk)] == [("assumed_lost", WHY[1])]


def test_an_unknown_operation_that_nobody_wants_any_more_is_given_up(desk: Desk) -> None:
    desk.world.habits.failures = 1
    unknown = desk.applied()
    lost = next(line.split()[-1] for line in unknown.out.splitlines() if "operation 2026-06-" in line)
    given_up = resumed(desk, "--accept", lost, *WHY)
    assert given_up.code == 7, given_up
    assert "what is still needed is in the next plan" in given_up.out
    assert resumed(desk).code == 0
    assert desk.funded == 0
    desk.write("300")
    assert desk.applied().code == 0
    assert desk.funded == 300
    assert verified(desk).code == 0


def test_operations_of_a_journal_that_is_lost_are_accepted_and_nothing_is_paid_twice(desk: Desk) -> None:
    assert desk.applied().code == 0
    (desk.clone / ".kt-budgets").rename(desk.clone / "lost")
    desk.write("800")
    applied = desk.applied()
    assert applied.code != 0, applied
    assert desk.funded == 500
    assert resumed(desk, "--accept", operation(desk), *WHY).code == 0
    assert desk.applied().code == 0
    assert desk.funded == 800
