"""Drift: what was changed by hand, is missing, unmanaged, pending or accepted; and which of it needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from published import document_of
from worlds import JUNE, billing_budget, desired, entry, live, live_wallet, usd, wallet

from reconciler.model.approvals import Acknowledgement
from reconciler.model.cron import Cron
from reconciler.model.desired import Desired
from reconciler.model.kinds.export_schedule import ExportSchedule, S3Target
from reconciler.model.live import LedgerEntry, Live, OtherWallet
from reconciler.plan.by_hand import foreign_entries
from reconciler.plan.drift import Drifted, Proposal, classify
from reconciler.report.drift_text import DriftPage

OURS, SECOND = f"2026-06-{'1' * 20}", f"2026-06-{'2' * 20}"
GIT = desired([wallet("support", "prod", "12500.00")])
DAY = date(2026, 6, 18)


def look(
    state: Live, *, merged: Desired = GIT, applied: Desired | None = GIT, proposals: Sequence[Proposal] = ()
) -> list[tuple[str, bool, str, tuple[str, ...]]]:
    found = classify(merged, state, JUNE, day=DAY, applied=applied, proposals=proposals)
    return [short(item) for item in found]


def short(found: Drifted) -> tuple[str, bool, str, tuple[str, ...]]:
    amount = "" if found.item.amount is None else f"{found.item.amount:.2f}"
    return found.item.category, found.needs_person, amount, found.item.evidence


def funded(*entries: LedgerEntry) -> Live:
    return live([live_wallet("team_support", *entries)])


OWN = entry("txn_own", "allocate", "12500.00", operation=OURS)


def test_a_wallet_that_is_funded_as_git_says_has_not_drifted() -> None:
    assert look(funded(OWN)) == []


@pytest.mark.parametrize("applied", [GIT, None], ids=["applied", "unknown"])
def test_money_given_by_hand_is_named_with_its_transaction(applied: Desired | None) -> None:
    state = funded(OWN, entry("txn_hand", "allocate", "1500.00", day=16))
    assert look(state, applied=applied) == [("changed", True, "1500.00", ("txn_hand",))]
    (found,) = classify(GIT, state, JUNE, day=DAY, applied=applied)
    assert found.item.sentence == (
        "support / prod was given USD 1,500.00 by hand (txn_hand, 2026-06-16 09:00 UTC)."
        " Git says USD 12,500.00, the ledger USD 14,000.00."
    )


def test_money_given_by_hand_is_named_where_a_run_was_not_finished_too() -> None:
    state = funded(OWN, entry("txn_hand", "allocate", "25.25", day=16))
    raised = desired([wallet("support", "prod", "12600.00")])
    (found,) = classify(raised, state, JUNE, day=DAY, applied=GIT, unfinished={"support"})
    assert short(found) == ("pending", True, "74.75", ("txn_hand",))
    assert found.item.sentence == (
        "support / prod: git says USD 12,600.00, the ledger USD 12,525.25; it was given USD 25.25"
        " by hand (txn_hand, 2026-06-16 09:00 UTC); no run has finished it."
    )


def test_what_was_applied_from_no_commit_is_pending_and_says_what_leads_out() -> None:
    raised = desired([wallet("support", "prod", "12600.00")])
    (found,) = classify(raised, funded(OWN), JUNE, day=DAY, applied=GIT, lost={"support"})
    assert short(found)[:2] == ("pending", True)
    assert "what was applied is in no commit" in found.item.sentence
    assert "Next: commit the file as it was applied, and merge it" in found.item.sentence


def test_money_taken_by_hand_is_named() -> None:
    state = funded(OWN, entry("txn_hand", "reclaim", "500.00", day=16))
    (found,) = classify(GIT, state, JUNE, day=DAY, applied=GIT)
    assert short(found) == ("changed", True, "-500.00", ("txn_hand",))
    assert "had USD 500.00 taken by hand" in found.item.sentence


def test_an_operation_of_ours_that_is_there_twice_is_drift() -> None:
    again = entry("txn_again", "allocate", "12500.00", day=3, operation=OURS)
    assert look(funded(OWN, again)) == [("changed", True, "12500.00", ("txn_again",))]
    (found,) = classify(GIT, funded(OWN, again), JUNE, day=DAY, applied=GIT)
    assert "was given USD 12,500.00 by hand or twice (txn_again" in found.item.sentence


def test_of_two_that_carry_one_operation_the_one_that_the_journal_knows_is_ours() -> None:
    again = entry("txn_again", "allocate", "12500.00", day=3, operation=OURS)
    for own, foreign in (({"txn_own"}, (again,)), ({"txn_again"}, (OWN,)), ({"txn_own", "txn_again"}, ())):
        assert foreign_entries((OWN, again), own) == foreign


def test_money_from_before_our_time_is_not_blamed_for_what_came_later() -> None:
    old = entry("txn_old", "allocate", "10500.00", day=1)
    own = entry("txn_own", "allocate", "2000.00", day=2, operation=OURS)
    new = entry("txn_new", "allocate", "300.00", day=9)
    assert look(funded(old, own, new)) == [("changed", True, "300.00", ("txn_new",))]
    assert look(funded(old, new), applied=None, merged=desired([wallet("support", "prod", "10500.00")])) == [
        ("changed", True, "300.00", ("txn_new",))
    ]


def test_entries_by_hand_after_ours_are_named_even_when_more_is_missing() -> None:
    own = entry("txn_own", "allocate", "1000.00", day=2, operation=OURS)
    state = funded(own, entry("txn_hand", "allocate", "77.00", day=9))
    assert look(state) == [("changed", True, "77.00", ("txn_hand",))]


def test_more_than_git_says_without_any_entry_of_ours_was_given_by_hand() -> None:
    assert look(funded(entry("txn_hand", "allocate", "20000.00"))) == [("changed", True, "20000.00", ("txn_hand",))]


def test_a_month_that_was_not_funded_yet_is_pending() -> None:
    assert look(funded()) == [("pending", False, "12500.00", ())]
    assert look(funded(entry("txn_hand", "allocate", "100.00"))) == [("pending", False, "12400.00", ())]
    own = entry("txn_own", "allocate", "100.00", operation=OURS)
    assert look(funded(own)) == [("pending", False, "12400.00", ())]


def test_a_change_that_is_merged_and_not_applied_is_pending() -> None:
    merged = desired([wallet("support", "prod", "13000.00")])
    assert look(funded(OWN), merged=merged) == [("pending", False, "500.00", ())]


LOWER = desired([wallet("support", "prod", "1000.00")])
ABSENT = desired([wallet("support", "prod", "1000.00", absent=True)])


def taken_back(rest: str, *, left: str = "0") -> Live:
    """Return a wallet of 1,500.00 from which a run took back what it could, so that it is funded with the `rest`."""
    back = entry("txn_back", "reclaim", Decimal("1500.00") - Decimal(rest), operation=SECOND, day=12)
    given = entry("txn_own", "allocate", "1500.00", operation=OURS)
    return live([live_wallet("team_support", given, back, available=left)])


@pytest.mark.parametrize(("git", "above"), [(LOWER, "300.00"), (ABSENT, "1300.00")], ids=["lowered", "absent"])
def test_money_that_is_spent_and_cannot_be_taken_back_is_applied_and_said_to_be_that(git: Desired, above: str) -> None:
    state = taken_back("1300.00")
    assert look(state, merged=git, applied=git) == [("unreclaimable", False, above, ())]
    (found,) = classify(git, state, JUNE, day=DAY, applied=git)
    assert f"USD {Decimal(above):,} is already spent or reserved and cannot be taken back." in found.item.sentence
    assert "not applied" not in found.item.sentence


def test_money_that_can_be_taken_back_is_not_called_spent() -> None:
    assert look(taken_back("1300.00", left="10.00"), merged=LOWER, applied=LOWER) == [("pending", False, "-300.00", ())]


def test_money_above_a_target_that_is_merged_and_not_applied_is_pending() -> None:
    lowest = desired([wallet("support", "prod", "900.00")])
    assert look(taken_back("1300.00"), merged=lowest, applied=LOWER) == [("pending", False, "-400.00", ())]


def test_a_wallet_that_is_new_in_git_is_pending_whatever_it_holds() -> None:
    state = funded(entry("txn_hand", "allocate", "99999.00"))
    assert look(state, applied=desired(teams=["support"])) == [("pending", False, "-87499.00", ())]


def test_a_change_by_hand_that_an_open_pull_request_asks_for_is_pending() -> None:
    state = funded(OWN, entry("txn_hand", "allocate", "1500.00", day=16))
    proposals = [
        Proposal("pull request 7", desired([wallet("support", "prod", "1.00")])),
        Proposal("pull request 8", desired()),
        Proposal("pull request 9", desired([wallet("support", "prod", "14000.00")])),
    ]
    (found,) = classify(GIT, state, JUNE, day=DAY, applied=GIT, proposals=proposals)
    assert short(found) == ("pending", False, "1500.00", ("txn_hand",))
    assert "pull request 9" in found.item.sentence


def test_a_wallet_that_was_applied_and_is_gone_is_missing() -> None:
    assert look(live()) == [("missing", True, "-12500.00", ())]
    assert look(live(), applied=None) == [("pending", False, "12500.00", ())]


def test_an_acknowledged_difference_needs_nobody_until_its_day() -> None:
    accepted = Acknowledgement(key="team_support", until=DAY, reason="pilot", approved_by="finance")
    organization = GIT.organization.model_copy(update={"acknowledged_drift": (accepted,)})
    merged = replace(GIT, organization=organization)
    state = funded(OWN, entry("txn_hand", "allocate", "1500.00", day=16))
    (found,) = classify(merged, state, JUNE, day=DAY, applied=GIT)
    assert short(found) == ("acknowledged", False, "1500.00", ("txn_hand",))
    assert found.item.sentence.endswith("Accepted until 2026-06-18 by finance: pilot.")
    (later,) = classify(merged, state, JUNE, day=date(2026, 6, 19), applied=GIT)
    assert later.needs_person


def test_a_wallet_in_no_yaml_needs_a_person_when_money_is_spent_from_it() -> None:
    others = tuple(
        OtherWallet(f"team_{name}", f"wal_{name}", name, "USD", usd(0), usd(spent))
        for name, spent in (("shadow", "12.30"), ("idle", "0"))
    )
    state = replace(funded(OWN), other_wallets=others)
    assert look(state) == [("unmanaged", False, "0.00", ()), ("unmanaged", True, "12.30", ())]


BUDGET = billing_budget("monthly", "12500.00")
WITH_BUDGET = desired([wallet("support", "prod", "12500.00")], [("support", BUDGET)])


def with_budgets(*budgets: object, schedules: object = ()) -> Live:
    return live([live_wallet("team_support", OWN)], budgets, schedules)  # type: ignore[arg-type]


def classes(found: Sequence[Drifted]) -> list[tuple[str, bool]]:
    return [(item.item.category, item.needs_person) for item in found]


@pytest.mark.parametrize(
    ("state", "merged", "applied", "expected"),
    [
        (with_budgets(BUDGET), WITH_BUDGET, WITH_BUDGET, []),
        (with_budgets(), WITH_BUDGET, WITH_BUDGET, [("missing", True)]),
        (with_budgets(billing_budget("monthly", "9.00")), WITH_BUDGET, WITH_BUDGET, [("changed", True)]),
        (with_budgets(), WITH_BUDGET, GIT, [("pending", False)]),
        (with_budgets(), WITH_BUDGET, None, [("pending", False)]),
        (with_budgets(billing_budget("monthly", "9.00")), WITH_BUDGET, None, [("pending", False)]),
        (with_budgets(BUDGET), GIT, WITH_BUDGET, [("pending", False)]),
        (with_budgets(), GIT, WITH_BUDGET, []),
        (with_budgets(BUDGET), GIT, GIT, [("unmanaged", False)]),
        (
            with_budgets(BUDGET),
            desired([wallet("support", "prod", "12500.00")], absent_budgets=[("support", BUDGET)]),
            GIT,
            [("pending", False)],
        ),
    ],
    ids=["same", "gone", "edited", "new", "never applied", "unknown", "dropped", "done", "foreign", "absent"],
)
def test_billing_budgets_are_classified_by_all_three_sides(
    state: Live, merged: Desired, applied: Desired | None, expected: list[tuple[str, bool]]
) -> None:
    assert classes(classify(merged, state, JUNE, day=DAY, applied=applied)) == expected


def test_an_edited_billing_budget_is_told_field_by_field_and_may_be_proposed() -> None:
    edited = billing_budget("monthly", "9.00", hard_limit=True)
    (found,) = classify(WITH_BUDGET, with_budgets(edited), JUNE, day=DAY, applied=WITH_BUDGET)
    assert found.item.sentence == (
        "billing budget team/team_support/monthly was changed in Keeptrusts:"
        " amount USD 12,500.00 → USD 9.00, hard limit off → on."
    )
    proposal = Proposal("pull request 3", desired([wallet("support", "prod", "12500.00")], [("support", edited)]))
    found_ = classify(
        WITH_BUDGET,
        with_budgets(edited),
        JUNE,
        day=DAY,
        applied=WITH_BUDGET,
        proposals=[proposal, Proposal("pull request 4", GIT)],
    )
    assert classes(found_) == [("pending", False)]


def schedule(cron: str = "0 6 * * MON") -> ExportSchedule:
    return ExportSchedule.model_validate({"name": "weekly", "cron": cron, "window": "7d", "s3": {"bucket": "b"}})


def test_export_schedules_are_classified_like_billing_budgets() -> None:
    git = desired([wallet("support", "prod", "12500.00")], schedules=[schedule()])

    def seen(*schedules: ExportSchedule, merged: Desired = git) -> list[tuple[str, bool]]:
        state = with_budgets(schedules=schedules)
        return classes(classify(merged, state, JUNE, day=DAY, applied=git))

    assert seen(schedule()) == []
    assert seen() == [("missing", True)]
    assert seen(schedule("0 7 * * MON")) == [("changed", True)]
    assert seen(schedule(), merged=GIT) == [("pending", False)]
    state = with_budgets(schedules=(schedule(),))
    assert classes(classify(GIT, state, JUNE, day=DAY, applied=GIT)) == [("unmanaged", False)]
    edited = with_budgets(schedules=(schedule("0 7 * * MON"),))
    proposal = Proposal(
        "pull request 3", desired([wallet("support", "prod", "12500.00")], schedules=[schedule("0 7 * * MON")])
    )
    proposed = classify(git, edited, JUNE, day=DAY, applied=git, proposals=[proposal])
    assert classes(proposed) == [("pending", False)]
    assert classes(classify(git, edited, JUNE, day=DAY, applied=git, unfinished={""})) == [("pending", True)]
    offered = with_budgets(schedules=None)
    assert classify(git, offered, JUNE, day=DAY, applied=git) == ()


def test_the_document_has_the_published_keys() -> None:
    state = funded(OWN, entry("txn_hand", "allocate", "1500.00", day=16))
    document = DriftPage(classify(GIT, state, JUNE, day=DAY, applied=GIT), ()).document()
    (item,) = document_of(document.text())["items"]
    assert {"class", "team", "wallet", "key", "amount", "evidence"} <= set(item)
    assert (item["class"], item["amount"], item["evidence"]) == ("changed", "1500.00", ["txn_hand"])
    assert Decimal(item["amount"]) == 1500


def test_entries_that_the_journal_knows_are_ours_without_their_mark() -> None:
    state = funded(entry("txn_cut", "allocate", "12500.00"), entry("txn_hand", "allocate", "500", day=9))
    found = classify(GIT, state, JUNE, day=DAY, applied=GIT, own={"txn_cut"})
    assert [item.item.evidence for item in found] == [("txn_hand",)]
    raised = funded(entry("txn_cut", "allocate", "12000.00"))
    assert [item.item.category for item in classify(GIT, raised, JUNE, day=DAY, applied=GIT, own={"txn_cut"})] == [
        "pending"
    ]


def test_money_taken_by_hand_before_the_month_had_any_needs_a_person() -> None:
    state = funded(entry("txn_9", "reclaim", "1000"))
    (found,) = classify(GIT, state, JUNE, day=DAY, applied=GIT)
    assert (found.item.category, found.needs_person, found.item.evidence) == ("changed", True, ("txn_9",))


def test_a_fraction_and_a_schedule_are_told_in_words_and_a_cron_in_another_form_is_no_difference() -> None:
    schedule = ExportSchedule.model_validate(
        {"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b", "prefix": "p/"}}
    )
    git = desired([wallet("support", "prod", "1")], [("support", billing_budget("monthly", "5"))], [schedule])
    found = {"cron": Cron("0 6 * * 1"), "window": "30d", "s3": S3Target(bucket="other", prefix="p/")}
    state = live(
        budgets=[billing_budget("monthly", "5", alert_percentages=(Decimal("82.5"), 100))],
        schedules=[schedule.model_copy(update=found)],
    )
    told = {one.item.key: one.item.sentence for one in classify(git, state, JUNE, day=DAY, applied=git)}
    assert told["team/team_support/monthly"].endswith("was changed in Keeptrusts: alerts 80%, 100% → 82.5%, 100%.")
    assert told["w"].endswith("was changed in Keeptrusts: destination b/p/ → other/p/, window 7d → 30d.")
