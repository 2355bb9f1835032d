"""A run and the trail in words and as documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from apply.loop import Loop
from apply.world import World, only
from published import document_of
from worlds import JUNE, billing_budget, desired, entry, live_wallet, wallet

from reconciler.apply.derivation import state_before
from reconciler.apply.resume import Permission
from reconciler.findings import ExitCode
from reconciler.journal.audit import audit_document, audited_wallets, ledger_problems, strangers
from reconciler.journal.history import history_of
from reconciler.journal.ledger_match import doubled_operations
from reconciler.journal.record import Step
from reconciler.model.live import LiveWallet
from reconciler.model.outcome import Outcome, Result, Run, Status
from reconciler.model.wallet_ref import WalletRef
from reconciler.report.audit_text import AuditPage, audit_text
from reconciler.report.run_text import run_text

Golden = Callable[[str, str], None]
OP = "2026-06-0123456789abcdef0123"


@pytest.fixture
def loop() -> Loop:
    world = World()
    world.by_hand("allocate", "team_sales", "90")
    return Loop(
        desired(
            [wallet("sales", "prod", "40"), wallet("support", "prod", "100")],
            [("support", billing_budget("support-monthly", "100"))],
        ),
        world,
        settle=10,
    )


SALES, SUPPORT = map(WalletRef.team, ("team_sales", "team_support"))


def wallets(loop: Loop) -> dict[WalletRef, LiveWallet]:
    return {key: loop.world.wallet(key, "USD", JUNE) for key in (SALES, SUPPORT)}


def test_a_run_in_words(loop: Loop, golden: Golden) -> None:
    golden("apply/run.txt", run_text(loop.apply()))


def test_a_run_with_trouble_in_words(loop: Loop, golden: Golden) -> None:
    plan = loop.plan()
    loop.world.by_hand("allocate", "team_support", "15")
    loop.world.faults = only("drop before")
    golden("apply/run_with_trouble.txt", run_text(loop.apply(plan)))


def test_a_run_with_nothing_to_do_in_words(loop: Loop) -> None:
    loop.apply()
    assert run_text(loop.apply()) == "Nothing to do: Keeptrusts is already as the plan says.\n"


def test_an_interrupted_run_says_what_comes_next(loop: Loop) -> None:
    loop.world.after_send = lambda _: setattr(loop.flag, "requested", True)
    assert "Next: kt-budgets resume" in run_text(loop.apply())


def test_what_the_read_back_found_is_told_once() -> None:
    outcome = Outcome(op=OP, kind="allocate", team="a", wallet="w", amount=Decimal(1), status=Status.APPLIED)
    run = Run(run="r", outcomes=(outcome,), converged=False)
    text = run_text(Result(run, stale={"b": "b: moved"}, differences=("live could not be read back: no answer",)))
    assert text.count("live could not be read back") == 1
    assert "stale: b: moved" in text


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.APPLIED, ExitCode.DONE),
        (Status.ALREADY_APPLIED, ExitCode.DONE),
        (Status.REFUSED, ExitCode.PARTIAL),
        (Status.FAILED, ExitCode.PARTIAL),
        (Status.SKIPPED, ExitCode.PARTIAL),
        (Status.UNKNOWN, ExitCode.UNKNOWN),
    ],
)
def test_the_exit_code_follows_from_the_outcomes(status: Status, code: ExitCode) -> None:
    outcome = Outcome(op=OP, kind="allocate", team="a", status=status)
    result = Result(Run(run="r", outcomes=(outcome,), converged=code is ExitCode.DONE))
    assert result.exit_code is code
    if code is ExitCode.PARTIAL:
        assert replace(result, stale={"a": "moved"}).exit_code is ExitCode.STALE


def test_the_trail_in_words_and_as_a_document(loop: Loop, golden: Golden) -> None:
    loop.world.faults = only("drop before")
    (unknown,) = [o for o in loop.apply().run.outcomes if o.status is Status.UNKNOWN]
    with loop.store.lock(loop.environment("bob").attribution.owner("run-9"), clock=loop.world.clock):
        assert loop.store.holder is not None
        holder = replace(loop.store.holder, name="bob@runner:1")
        loop.store.holder = holder
        loop.resume(Permission(operation=unknown.op, reason="the gateway saw nothing", owner="bob@runner:1"))
    loop.store.torn = b"{"
    loop.resume()
    loop.apply()
    records = loop.records()
    document = audit_document("memory", records, [])
    text = audit_text(AuditPage(document, torn="", verified=False))
    for number, run in enumerate(history_of(records).runs.values(), start=1):
        text = text.replace(run.plan.digest.removeprefix("sha256:")[:8], f"digest-{number}")
    golden("apply/trail.txt", text)
    assert document_of(document.text())["records"] == len(records)
    assert [run.status for run in document.runs] == ["finished", "finished"]


def test_a_journal_and_a_ledger_that_agree(loop: Loop) -> None:
    loop.apply()
    history = history_of(loop.records())
    assert audited_wallets(history) == ({"team_sales": "USD", "team_support": "USD"}, JUNE)
    assert list(ledger_problems(history, wallets(loop), JUNE)) == []
    assert audited_wallets(history_of([])) == ({}, None)


def test_an_entry_that_the_ledger_lost_or_changed_is_a_problem(loop: Loop) -> None:
    loop.apply()
    history = history_of(loop.records())
    lost = {**wallets(loop), WalletRef.team("team_support"): live_wallet("team_support")}
    assert ["which the ledger does not show" in problem for problem in ledger_problems(history, lost, JUNE)] == [True]
    current = wallets(loop)[WalletRef.team("team_support")]
    changed = replace(current, ledger=tuple(replace(e, amount=Decimal(7)) for e in current.ledger))
    problems = list(ledger_problems(history, {WalletRef.team("team_support"): changed}, JUNE))
    assert len(problems) == 1
    assert "was to allocate 100.00, and txn_0003 is allocate 7.00; where the ledger is right" in problems[0]
    assert "`kt-budgets resume --accept" in problems[0]


def test_an_unknown_operation_and_one_that_came_after_its_refusal_are_problems(loop: Loop) -> None:
    loop.world.faults = only("drop before")
    loop.apply()
    (problem,) = ledger_problems(history_of(loop.records()), wallets(loop), JUNE)
    assert "is still open" in problem
    refused = Loop(loop.wanted, World(faults=only("refused")), settle=5)
    (outcome, *_) = refused.apply().run.outcomes
    refused.world.by_hand("allocate", "team_sales", "40", f"[kt-budgets op={outcome.op}]")
    (problem,) = ledger_problems(history_of(refused.records()), wallets(refused), JUNE)
    assert "ended refused in the journal, and the ledger shows it" in problem


def test_operations_of_other_journals_are_noted(loop: Loop) -> None:
    loop.world.by_hand("allocate", "team_support", "1", f"[kt-budgets op={OP}] elsewhere")
    (note,) = strangers(history_of([]), wallets(loop))
    assert OP in note


def test_an_operation_that_this_journal_planned_and_never_announced_is_noted_when_the_ledger_shows_it(
    loop: Loop,
) -> None:
    loop.apply()
    records = loop.records()
    planned = [record for record in records if record.step is Step.PLANNED]
    rewound = records[: records.index(planned[-1]) + 1]
    noted = list(strangers(history_of(rewound), wallets(loop)))
    assert len(noted) == sum(record.operation in line for record in planned for line in noted if record.operation)
    assert noted
    assert not list(strangers(history_of(records), wallets(loop)))


def test_only_a_repeated_operation_of_ours_is_doubled() -> None:
    ledger = [
        entry("t1", "allocate", "5", operation=OP),
        entry("t2", "allocate", "5", operation=OP),
        entry("t3", "allocate", "5"),
        entry("t4", "allocate", "5"),
        entry("t5", "settle", "5", operation=OP),
    ]
    assert {op: [e.id for e in entries] for op, entries in doubled_operations(ledger).items()} == {OP: ["t1", "t2"]}
    assert doubled_operations(ledger[1:]) == {}


def test_rewinding_an_applied_plan_gives_the_state_before_it(loop: Loop) -> None:
    asked = {SALES: "USD", SUPPORT: "USD"}
    before = loop.world.live(organization="org_acme", wallets=asked, period=JUNE)
    plan = loop.plan()
    loop.apply(plan)
    after = state_before(loop.world.live(organization="org_acme", wallets=asked, period=JUNE), plan)
    assert {key: found.funded(JUNE) for key, found in after.wallets.items()} == {
        key: found.funded(JUNE) for key, found in before.wallets.items()
    }
    assert after.pool == before.pool
    assert after.objects == before.objects
    assert (
        after.wallets[WalletRef.team("team_sales")].available == before.wallets[WalletRef.team("team_sales")].available
    )
