"""Worlds, and all that a plan and its drift say of each, word for word: one golden file a subject, read as a diff."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from worlds import JULY, JUNE, billing_budget, desired, entry, live, live_wallet, taking_back, usd, wallet

from reconciler.model.applied import LastApplied
from reconciler.model.approvals import Acknowledgement
from reconciler.model.desired import Desired
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.kinds.managed_kind import Key
from reconciler.model.live import Listing, Live, LiveObject, OtherWallet
from reconciler.model.money import Money
from reconciler.model.outcome import Doubt
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff, make_plan
from reconciler.plan.drift import Proposal, classify, with_released
from reconciler.plan.opening import opening, unfunded, unknown_months

MAY = JUNE.plus(-1)
OURS, SECOND = (f"2026-06-{digit * 20}" for digit in "12")
SUPPORT = WalletRef.team("team_support")
WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)
MONEY = desired([wallet("support", "prod", "100"), wallet("support", "dev", "0")])
GIT = desired(
    [wallet("sales", "prod", "50"), wallet("support", "prod", "100"), wallet("support", "dev", "10")],
    [("support", billing_budget("alert", "80")), ("support", billing_budget("second", "90"))],
    [WEEKLY],
)
HAND = entry("txn_hand", "allocate", "15.5", day=28)
OWN = entry("txn_own", "allocate", "100", operation=OURS)


def support(*entries: Any, available: str = "0", early: tuple[Any, ...] = ()) -> Any:
    return replace(live_wallet("team_support", *entries, available=available), earlier=early)


def other(key: str, currency: str, held: str, spent: str) -> OtherWallet:
    balance, gone = Money(usd(held).amount, currency), Money(usd(spent).amount, currency)
    return OtherWallet(key, f"wal_{key}", key.title(), currency, balance, gone)


def strange(kind: str, *parts: str, id: str = "x_1") -> Unreadable:
    return Unreadable(kind, id, parts, "its amount is no number")


def twice(state: Live) -> Live:
    """Return `state` with a second object of the key of the first alert, and one that git does not know."""
    surplus = tuple(LiveObject(f"bud_{name}", billing_budget(name, "1")) for name in ("alert", "stray"))
    alerts = replace(state.of(BILLING_BUDGETS), surplus=surplus)
    return replace(state, objects={**state.objects, BILLING_BUDGETS.name: alerts})


Twins = dict[Key, tuple[LiveObject[Any], ...]]


def alike(state: Live) -> Live:
    """Return `state` with two alerts and two schedules of one name each, of which nobody knows which is git's."""
    alerts = [billing_budget(name, "1") for name in ("alert", "stray")]
    twins: Twins = {alert.key: tuple(LiveObject(f"{id}_{alert.name}", alert) for id in "ab") for alert in alerts}
    schedules: Twins = {("weekly",): tuple(LiveObject(f"{id}_weekly", WEEKLY) for id in "ab")}
    listed: dict[str, Listing[Any]] = {
        BILLING_BUDGETS.name: replace(state.of(BILLING_BUDGETS), rivals=twins),
        EXPORT_SCHEDULES.name: replace(state.of(EXPORT_SCHEDULES), rivals=schedules),
    }
    return replace(state, objects={**state.objects, **listed})


def edited(organization: Desired, **changes: Any) -> Desired:
    return replace(organization, organization=organization.organization.model_copy(update=changes))


def called_before(organization: Desired, **names: str) -> Desired:
    """Return `organization` with alerts of support that had other names before."""
    alerts = {
        key: replace(wanted, previously=(*key[:-1], names[key[-1]]))
        for key, wanted in organization.of(BILLING_BUDGETS).items()
    }
    return replace(organization, objects={**organization.objects, BILLING_BUDGETS.name: alerts})


DOUBTS = {
    SUPPORT: Doubt(wallet=SUPPORT, kind="stale", operations=(OURS, SECOND), reason="its ledger is old", hint="wait")
}
LAST = LastApplied(
    objects={
        "billing_budget": {"team/team_support/dropped": "support", "team/team_gone/left": "gone"},
        "export_schedule": {"old": ""},
    }
)
UNKNOWN = {"known": frozenset[str]()}

PLANS: dict[str, tuple[Desired, Live, dict[str, Any]]] = {
    "nothing is there yet": (GIT, live(), {}),
    "everything is as git says": (
        desired([wallet("support", "prod", "100")]),
        live([support(OWN, available="100")], pool="0"),
        {},
    ),
    "money by hand": (MONEY, live([support(OWN, HAND, available="115.5")], pool="99.99"), {}),
    "money taken by hand, and an operation twice": (
        MONEY,
        live([support(OWN, replace(OWN, id="txn_twice"), entry("txn_less", "reclaim", "7", day=3), available="9")]),
        {},
    ),
    "more taken by hand than given": (
        MONEY,
        live([support(OWN, entry("txn_less", "reclaim", "7", day=3), entry("txn_b", "allocate", "2", day=4))]),
        {},
    ),
    "an excess that is partly spent": (MONEY, live([support(entry("t", "allocate", "300"), available="150.25")]), {}),
    "given and taken again by hand, and half of one more": (
        MONEY,
        live([support(OWN, HAND, entry("back", "reclaim", "15.5", day=29), entry("t", "allocate", "0.5", day=30))]),
        {},
    ),
    "given and taken again by hand where git says another target": (
        desired([wallet("support", "prod", "100.5")]),
        live([support(OWN, HAND, entry("back", "reclaim", "15.5", day=29))]),
        {},
    ),
    "half of one too much, and it is spent": (MONEY, live([support(entry("t", "allocate", "100.5"))]), {}),
    "half of one too much, and it is there": (
        MONEY,
        live([support(entry("t", "allocate", "100.5"), available="70")]),
        {},
    ),
    "half of one left from May": (taking_back(MONEY), live([support(available="0.5")]), {}),
    "a rest beside a target of nothing or next to it": (
        desired([wallet("support", "dev", "0"), wallet("support", "prod", "0.5")]),
        live([support(available="7"), live_wallet("team_support_dev", available="7")]),
        {},
    ),
    "teams in two currencies": (
        MONEY,
        replace(live([support(available="7")], pool=None), currency_mismatches=(other("team_x", "EUR", "9", "0"),)),
        {},
    ),
    "alerts that YAML cannot declare": (
        desired(teams=["support"]),
        live(budgets=[billing_budget("euros", "5", currency="EUR"), billing_budget("odd", "5", period="hourly")]),
        {},
    ),
    "an excess that is exactly what is left": (
        MONEY,
        live([support(entry("t", "allocate", "300"), available="200")]),
        {},
    ),
    "a rest of May is kept": (
        MONEY,
        live([support(entry("t", "allocate", "9", month=MAY), available="0.01")]),
        {"as_of": JUNE.first},
    ),
    "a rest of May is taken back": (
        taking_back(MONEY),
        live([support(entry("t", "allocate", "9", month=MAY), available="120")]),
        {},
    ),
    "before the month begins": (MONEY, live([support(available="120")]), {"as_of": MAY.first}),
    "a team that is to be gone": (
        desired(
            [wallet("support", "prod", "80", absent=True)], absent_budgets=[("support", billing_budget("old", "99"))]
        ),
        live([support(available="33")], [billing_budget("old", "10")]),
        {},
    ),
    "a doubt": (MONEY, live([support(OWN, HAND)]), {"doubts": DOUBTS}),
    "a first contact that holds money": (
        MONEY,
        live([support(entry("t", "allocate", "130"), available="130")]),
        UNKNOWN,
    ),
    "a first contact that was given money at the end of May": (
        MONEY,
        live([support(available="40", early=(entry("t", "allocate", "40", day=28, month=MAY),))]),
        UNKNOWN,
    ),
    "a first contact that was given more than its target at the end of May": (
        MONEY,
        live([support(available="140", early=(entry("t", "allocate", "140", day=28, month=MAY),))]),
        UNKNOWN,
    ),
    "a first contact whose entry names July": (
        MONEY,
        live([support(replace(entry("t", "allocate", "40"), description="budget 2026-07"), available="40")]),
        UNKNOWN,
    ),
    "a first contact for which git says what June gets": (
        desired([wallet("support", "prod", "100", m2026_06="60")]),
        live([support(available="40", early=(entry("t", "allocate", "40", day=28, month=MAY),))]),
        UNKNOWN,
    ),
    "alerts and schedules differ": (
        GIT,
        live(
            budgets=[billing_budget("alert", "79"), billing_budget("dropped", "5"), billing_budget("by-hand", "6")],
            schedules=[
                WEEKLY.model_copy(update={"cron": "0 7 * * MON"}),
                *(WEEKLY.model_copy(update={"name": name}) for name in ("old", "foreign")),
            ],
        ),
        {"last_applied": LAST},
    ),
    "alerts that have another name now": (
        called_before(GIT, alert="was", second="alert"),
        live(budgets=[billing_budget("was", "80"), billing_budget("second", "90")]),
        {},
    ),
    "alerts that have another name now, which is taken": (
        called_before(GIT, alert="was", second="first"),
        replace(
            live(budgets=[billing_budget(name, "80") for name in ("was", "alert", "first")]),
            unreadable=(strange("billing_budget", "team", "team_support", "second"),),
        ),
        {},
    ),
    "alerts that have another name now, and the old one is declared or gone": (
        called_before(GIT, alert="second", second="gone"),
        live(budgets=[billing_budget("second", "90")]),
        {},
    ),
    "alerts that are there twice": (GIT, twice(live(budgets=[billing_budget("alert", "80")])), {}),
    "what is there twice, and nobody knows which is git's": (GIT, alike(live()), {}),
    "what is there twice, and git asks to delete one of it": (
        desired(teams=["support"]),
        alike(live()),
        {"last_applied": LastApplied(objects={"billing_budget": {"team/team_support/alert": "support"}})},
    ),
    "what cannot be understood": (
        GIT,
        replace(
            live(),
            unreadable=(
                strange("billing_budget", "team", "team_support", "alert"),
                strange("billing_budget", "", "", "second", id="x_2"),
                strange("export_schedule", "weekly", id="x_3"),
                strange("billing_budget", "team", "team_support", "unknown", id="x_5"),
                strange("wallet", "team_odd", id="x_4"),
                strange("wallet", "", id=""),
            ),
        ),
        {},
    ),
    "a plan for one team": (GIT, live(), {"teams": ("sales",), "last_applied": LAST}),
    "a plan for one team, and what cannot be understood is another's": (
        GIT,
        replace(live(), unreadable=(strange("billing_budget", "team", "team_support", "alert"),)),
        {"teams": ("sales",)},
    ),
    "a plan for a team whose file is gone": (GIT, live(), {"teams": ("gone", "sales"), "last_applied": LAST}),
    "no schedules are offered": (GIT, live(schedules=None), {}),
    "no pool is shown": (MONEY, live(pool=None), {}),
    "a pool that can just pay": (MONEY, live(pool="100"), {}),
    "a pool that is left with a cent": (MONEY, live(pool="100.01"), {}),
    "teams that are not listed": (GIT, live(teams={"team_sales": "Sales"}), {}),
    "teams that are not listed and are to be gone": (
        desired([wallet("support", "prod", "80", absent=True)]),
        live(teams={}),
        {},
    ),
    "wallets that git does not declare": (
        GIT,
        replace(
            live(),
            other_wallets=(
                other("team_lab", "USD", "10", "32"),
                other("team_lab", "EUR", "1", "2"),
                other("team_support", "USD", "1", "2"),
                other("team_support", "EUR", "3", "4"),
            ),
        ),
        {},
    ),
    "a wallet in another currency": (
        MONEY,
        replace(live(), currency_mismatches=(other("team_support", "EUR", "900", "0"),)),
        {},
    ),
    "an organization in another currency": (
        MONEY,
        replace(live([support(HAND)], pool=None), pool_currencies=("EUR",)),
        {"doubts": DOUBTS},
    ),
    "teams in another currency": (
        MONEY,
        replace(live(pool=None), currency_mismatches=(other("team_support", "EUR", "900", "0"),)),
        {},
    ),
    "a month outside the fiscal year": (
        edited(MONEY, unused="reclaim"),
        live([support(available="5")]),
        {"period": MAY},
    ),
    "entries that the journal knows": (MONEY, live([support(OWN, HAND)]), {"own": {"txn_hand"}}),
}


def text_of(value: Any) -> str:
    """Return a value as JSON on one line, with the places of the YAML as `file:keys`."""
    if isinstance(value, Frozen):
        return json.dumps(value.model_dump(mode="json", by_alias=True), ensure_ascii=False)
    return str(value)


def plan_told(diff: Diff) -> Iterator[str]:
    for change, origin in zip(diff.changes, diff.origins, strict=True):
        yield f"change at {origin.path} {origin.keys}: {text_of(change)}"
    yield from (f"fingerprint of {team}: {digest}" for team, digest in diff.fingerprints.items())
    yield f"funds: {text_of(diff.funds)}"
    yield from (f"drift: {text_of(item)}" for item in diff.drift)
    yield from (f"unmanaged: {text_of(item)}" for item in diff.unmanaged)
    for note in diff.notes:
        yield f"{note.severity} {note.code} at {note.where}: {note.message}; {note.hint}"
    yield f"currencies: {text_of(diff.currencies)}"
    yield from (f"doubt: {text_of(item)}" for item in diff.doubts)
    yield f"first contacts: {sorted(diff.first_contacts)}"
    yield from (f"left out: {item.currency} {item.amount} of {item.wallet}" for item in diff.left_out)
    yield from (f"settled: {wallet} {entries}" for wallet, entries in diff.settled.items())


def section(name: str, lines: Iterator[str]) -> str:
    return "\n".join([f"# {name}", *lines, ""])


def test_what_a_plan_says_of_each_world(golden: Callable[[str, str], None]) -> None:
    told = []
    for name, (wanted, state, options) in PLANS.items():
        others = dict(options)
        diff = make_plan(wanted, state, others.pop("period", JUNE), **others)
        told.append(section(name, plan_told(diff)))
    golden("plan/plans.txt", "\n".join(told))


ACCEPTED = tuple(
    Acknowledgement.model_validate({"key": key, "until": until, "reason": "a trial", "approved_by": by})
    for key, until, by in (
        ("team_support", "2026-06-20", "ada"),
        ("team_support", "2026-06-18", "bob"),
        ("team_sales", "2026-06-17", "late"),
        ("weekly", "2026-07-01", "cara"),
    )
)
APPLIED = replace(GIT, objects={**GIT.objects})
RAISED = desired([wallet("support", "prod", "115.5")])
OBJECTS = live(
    budgets=[billing_budget("alert", "79", hard_limit=True), billing_budget("by-hand", "6")],
    schedules=[WEEKLY.model_copy(update={"cron": "0 7 * * MON"}), WEEKLY.model_copy(update={"name": "foreign"})],
)
DRIFTS: dict[str, tuple[Desired, Live, dict[str, Any]]] = {
    "as applied": (GIT, live([support(OWN)]), {"applied": APPLIED}),
    "money by hand": (GIT, live([support(OWN, HAND)]), {"applied": APPLIED}),
    "money by hand that a pull request asks for": (
        GIT,
        live([support(OWN, HAND)]),
        {"applied": APPLIED, "proposals": [Proposal("pull request 6", GIT), Proposal("pull request 7", RAISED)]},
    ),
    "money taken by hand": (GIT, live([support(OWN, entry("t", "reclaim", "7", day=3))]), {"applied": APPLIED}),
    "money by hand, accepted": (
        edited(GIT, acknowledged_drift=ACCEPTED),
        live([support(OWN, HAND)], schedules=()),
        {"applied": APPLIED},
    ),
    "a wallet that is gone": (GIT, live(), {"applied": APPLIED}),
    "a wallet that is new in git": (GIT, live([support(HAND)]), {"applied": desired(teams=["support"])}),
    "nothing is known of what was applied": (GIT, live([support(HAND)]), {}),
    "merged and not applied": (desired([wallet("support", "prod", "120")]), live([support(OWN)]), {"applied": APPLIED}),
    "what no run has finished": (GIT, OBJECTS, {"applied": APPLIED, "unfinished": ("support",)}),
    "a doubt": (GIT, live([support(OWN, HAND)]), {"applied": APPLIED, "doubts": DOUBTS}),
    "objects that were edited": (GIT, OBJECTS, {"applied": APPLIED}),
    "objects that were edited, and nothing is known": (GIT, OBJECTS, {}),
    "objects that are gone": (GIT, live(), {"applied": APPLIED}),
    "objects that cannot be understood": (
        GIT,
        PLANS["what cannot be understood"][1],
        {"applied": APPLIED},
    ),
    "objects that are there twice, and nobody knows which is git's": (GIT, alike(live()), {"applied": APPLIED}),
    "nothing is offered": (GIT, live(schedules=None), {"applied": APPLIED}),
    "wallets in no YAML": (GIT, PLANS["wallets that git does not declare"][1], {"applied": APPLIED}),
    "the newest entries explain it": (
        desired([wallet("support", "prod", "10")]),
        live([support(*(entry(f"t{day}", "allocate", "10", day=day) for day in (1, 2, 3)))]),
        {},
    ),
    "given and taken again by hand where another target was applied": (
        desired([wallet("support", "prod", "100.5")]),
        live([support(OWN, HAND, entry("back", "reclaim", "15.5", day=29))]),
        {},
    ),
    "half of one is given by hand, and half is gone": (
        desired([wallet("support", "prod", "100"), wallet("support", "dev", "0.5")]),
        replace(
            live([support(OWN, entry("t", "allocate", "0.5", day=9))]),
            other_wallets=(other("team_lab", "USD", "0", "0.5"),),
        ),
        {"applied": desired([wallet("support", "prod", "100"), wallet("support", "dev", "0.5")])},
    ),
    "an entry that the journal knows, and one by hand": (
        desired([wallet("support", "prod", "0")]),
        live([support(entry("cut", "allocate", "100"), entry("hand", "allocate", "15", day=3))]),
        {"own": {"cut"}},
    ),
    "a little too much, and none of it ours": (
        desired([wallet("support", "prod", "0.25")]),
        live([support(entry("t", "allocate", "0.5"), entry("u", "allocate", "0.25", day=3))]),
        {},
    ),
    "too little, and none of it ours": (
        desired([wallet("support", "prod", "100")]),
        live([support(entry("t", "allocate", "10"))]),
        {},
    ),
    "too much, and none of it ours": (
        desired([wallet("support", "prod", "5")]),
        live([support(entry("t", "allocate", "10"), entry("u", "allocate", "20", day=5))]),
        {},
    ),
}


def test_what_drift_says_of_each_world(golden: Callable[[str, str], None]) -> None:
    told = []
    for name, (merged, state, options) in DRIFTS.items():
        found = classify(merged, state, JUNE, day=date(2026, 6, 18), **options)
        lines = (f"{'needs a person: ' if one.needs_person else ''}{text_of(one.item)}" for one in found)
        told.append(section(name, lines))
    golden("plan/drift.txt", "\n".join(told))


def test_what_was_released_from_management_needs_nobody(golden: Callable[[str, str], None]) -> None:
    state = replace(
        live(
            budgets=[
                billing_budget("ads", "6", scope_id="team_ads"),
                billing_budget("of/two", "6", scope_id="team_ads"),
                billing_budget("team_ads", "6", scope_id="team_lab"),
                billing_budget("named/team_ads", "6", scope_type="organization", scope_id="org_acme"),
            ],
            schedules=[WEEKLY.model_copy(update={"name": "of/team_ads"})],
        ),
        other_wallets=(other("team_ads", "USD", "0", "5"), other("team_lab", "USD", "0", "5")),
    )
    wanted = desired([wallet("ads", "dev", "5")])
    found = classify(wanted, state, JUNE, day=date(2026, 6, 18))
    released = {"sales": ("team_sales",), "ads": ("team_ads", "team_ads_dev")}
    lines = (
        f"{'needs a person: ' if one.needs_person else ''}{text_of(one.item)}" for one in with_released(found, released)
    )
    golden("plan/released.txt", section("released", lines))
    assert with_released(found, {}) == found


def test_what_is_said_of_months_that_were_not_opened(golden: Callable[[str, str], None]) -> None:
    wanted = taking_back(GIT)
    half = live([support(OWN, HAND, available="50"), live_wallet("team_sales", available="4")], pool="500")
    opened = live([support(entry("txn_own", "allocate", "60", operation=OURS), available="60")], pool="500")
    cut = live([support(entry("txn_cut", "allocate", "60"), available="60")], pool="500")
    told = []
    for name, state, period, own in (
        ("June", half, JUNE, ()),
        ("May", half, MAY, ()),
        ("July", half, JULY, ()),
        ("what was opened with less", opened, JUNE, ()),
        ("what was opened with less, as the journal knows", cut, JUNE, {"txn_cut"}),
        ("what somebody gave a part of", cut, JUNE, ()),
    ):
        diff = make_plan(wanted, state, period)
        listed = {SUPPORT, WalletRef.team("team_sales")}
        waiting = unfunded(diff, state, period, organization=wanted.organization, wallets=listed, own=own)
        told.append(section(f"opening {name}", plan_told(opening(diff, state, currency="USD"))))
        told.append(section(f"{name} is not opened", map(text_of, waiting)))
    little = desired(
        [
            wallet("support", "prod", "0.5"),
            wallet("support", "dev", "0"),
            wallet("sales", "prod", "7"),
            wallet("sales", "dev", "3"),
        ]
    )
    for period, known in ((JUNE, {WalletRef.team("team_sales")}), (JULY, set())):
        lines = map(text_of, unknown_months(little, period, opened=known))
        told.append(section(f"whether {period} is open is not known", lines))
    golden("plan/months.txt", "\n".join(told))
