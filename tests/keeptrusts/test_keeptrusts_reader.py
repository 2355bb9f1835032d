"""Live state is read whole, tolerantly, and only with GET."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.apply.run_context import LedgerReader, Writer
from reconciler.findings import RejectedError, RemoteError, UnauthorizedError, UnreadableError
from reconciler.keeptrusts.reader import Reader
from reconciler.model.directory import ListedTeam
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudgetKey
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Listing, Live, Pool
from reconciler.model.money import Money
from reconciler.model.operation import mark
from reconciler.model.period import Period
from reconciler.model.spend import SpentRow
from reconciler.model.wallet_ref import WalletRef

JUNE = Period(2026, 6)
WANTED = {WalletRef.team(team): "USD" for team in ("team_support", "team_support_dev", "team_new")}


def live(keeptrusts: Any, make: Any, **settings: Any) -> Live:
    with Reader(make.fast(**settings), transport=keeptrusts.transport) as reader:
        return reader.live(organization=make.organization, wallets=WANTED, period=JUNE)


def test_live_holds_every_wallet_that_was_asked_for_with_its_ledger_oldest_first(acme: Any, make: Any) -> None:
    state = live(acme, make)
    support = state.wallets[WalletRef.team("team_support")]
    assert list(state.wallets) == sorted(WANTED)
    assert [entry.id for entry in support.ledger] == ["txn_1", "txn_2", "txn_3"]
    assert support.funded(JUNE) == Money(Decimal("14399.50"), "USD")
    assert support.spent(JUNE) == Money(Decimal("5379.45"), "USD")
    assert support.available == Money(Decimal("9080.30"), "USD")
    assert support.ledger[2].created_at == datetime(2026, 6, 17, 0, 0, 0, 123456, UTC)
    assert (state.wallets[WalletRef.team("team_new")].id, state.wallets[WalletRef.team("team_new")].available) == (
        None,
        None,
    )


def test_the_directory_lists_teams_and_wallets_and_says_which_ledger_cannot_be_asked_for(acme: Any, make: Any) -> None:
    acme.teams = [{"id": "team_support", "name": "Support", "slug": "support-prod"}, {"id": "team_9", "name": None}]
    acme.wallets.append(make.wallet("wal_again", "team", "team_legal", "7.00"))
    with Reader(make.fast(), transport=acme.transport) as reader:
        found = reader.directory()
    assert found.teams == {
        "team_9": ListedTeam("team_9"),
        "team_support": ListedTeam("team_support", "Support", "support-prod"),
    }
    assert found.team("team_unlisted") == ListedTeam("team_unlisted")
    assert found.pool_currencies == ("USD",)
    assert {(one.id, one.scope, one.holder, str(one.held), bool(one.flaw)) for one in found.wallets} == {
        ("wal_again", "team", "team_legal", "USD 7.00", True),
        ("wal_dev", "team", "team_support_dev", "USD 2,000.00", False),
        ("wal_legal", "team", "team_legal", "USD 10.00", True),
        ("wal_support", "team", "team_support", "USD 9,120.55", False),
        ("wal_user", "user", "usr_1", "USD 5.00", False),
    }
    assert "2 wallets in USD" in found.wallets[0].flaw


def test_live_holds_the_pool_the_alerts_the_schedules_and_what_was_not_asked_for(acme: Any, make: Any) -> None:
    state = live(acme, make)
    assert state.pool is not None
    assert state.pool.available == Money(Decimal(50000), "USD")
    assert list(state.of(BILLING_BUDGETS).objects) == [
        BillingBudgetKey("team", "team_support", "support-daily"),
        BillingBudgetKey("team", "team_support", "support-monthly"),
    ]
    assert state.of(EXPORT_SCHEDULES).objects[("weekly",)].value.s3.bucket == "finops"
    assert [(other.key, other.name, other.spent) for other in state.other_wallets] == [
        ("team_legal", "Legal Ops", Money(Decimal("5379.45"), "USD"))
    ]
    assert state.teams == {"team_legal": "Legal Ops", "team_support": "Support"}
    assert (state.user_wallets, state.currency_mismatches) == (1, ())
    assert state.identity.permissions == {"org:read"}


def test_who_we_are_is_asked_first_and_alone_and_ledgers_from_the_start_of_the_period(acme: Any, make: Any) -> None:
    live(acme, make)
    assert acme.seen[0].url.path == "/v1/auth/whoami"
    ledgers = [request.url for request in acme.seen if request.url.path.endswith("/transactions")]
    assert [dict(url.params) for url in ledgers] == [{"from": "2026-06-01T00:00:00Z", "limit": "200"}] * 2
    assert {request.headers["authorization"] for request in acme.seen} == {f"Bearer {make.token}"}


def test_another_organization_stops_before_anything_else_is_read(acme: Any, make: Any) -> None:
    acme.organization = "org_other"
    with pytest.raises(UnauthorizedError, match=r"`org_other`.*`org_acme`") as caught:
        live(acme, make)
    assert "org_acme" in caught.value.hint
    assert len(acme.seen) == 1


def test_require_organization_returns_who_we_are(acme: Any, make: Any) -> None:
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.require_organization("org_acme").organization_name == "Acme"
        with pytest.raises(UnauthorizedError, match="org_b"):
            reader.require_organization("org_b")


def test_payments_are_those_of_every_scope_and_a_ledger_that_cannot_be_read_is_an_error(acme: Any, make: Any) -> None:
    nothing = make.transaction("txn_7", "settle", "0.00", "2026-06-03T00:00:00Z")
    acme.ledgers["wal_org"] = [make.transaction("txn_9", "settle", "7.25", "2026-06-03T00:00:00Z"), nothing]
    with Reader(make.fast(), transport=acme.transport) as reader:
        found = reader.payments("org_acme", JUNE)
    assert [(payment.scope, payment.holder, payment.amount) for payment in found] == [
        ("organization", "", Decimal(0)),
        ("organization", "", Decimal("7.25")),
        ("team", "team_support", Decimal("5379.45")),
    ]
    acme.ledgers["wal_dev"] = [make.transaction("txn_8", "mystery", "1.00", "2026-06-03T00:00:00Z")]
    with Reader(make.fast(), transport=acme.transport) as reader, pytest.raises(UnreadableError):
        reader.payments("org_acme", JUNE)


@pytest.mark.parametrize("status", [404, 403, 422])
def test_a_view_of_spend_that_is_not_offered_is_not_nothing(acme: Any, make: Any, status: int) -> None:
    acme.overrides["/v1/spend"] = lambda _request: httpx.Response(status, json={"error": {"code": "no"}})
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.spend(date(2026, 6, 1), date(2026, 7, 1), "model") is None


def test_teams_in_answer_to_models_are_no_models(acme: Any, make: Any) -> None:
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.spend(date(2026, 6, 1), date(2026, 7, 1), "model") is None


def test_a_reader_sends_nothing_but_get_and_has_no_write(acme: Any, make: Any) -> None:
    with Reader(make.fast(), transport=acme.transport) as reader:
        ledger: LedgerReader = reader
        reader.begin("org_acme")
        reader.live(organization="org_acme", wallets=WANTED, period=JUNE)
        assert not reader.is_busy()
        ledger.wallet(WalletRef.team("team_support"), "USD", JUNE)
        ledger.pool("USD")
        for kind in kinds():
            ledger.objects(kind)
        reader.teams()
        reader.directory()
        reader.spend(date(2026, 6, 1), date(2026, 7, 1))
        reader.spend_on([date(2026, 6, 1)])
        reader.payments("org_acme", JUNE)
        reader.identity()
    writes = {name for name in vars(Writer) if not name.startswith("_")}
    assert {request.method for request in acme.seen} == {"GET"}
    assert writes
    assert not writes & set(dir(reader))
    assert {name for name in dir(Reader) if not name.startswith("_")} == {
        "begin",
        "directory",
        "identity",
        "is_busy",
        "live",
        "objects",
        "payments",
        "pool",
        "require_organization",
        "spend",
        "spend_on",
        "teams",
        "wallet",
    }


def test_entries_before_the_period_are_left_out_even_if_the_server_sends_them_unless_marked_for_it(
    acme: Any, make: Any
) -> None:
    acme.ledgers["wal_support"] += [
        make.transaction("txn_old", "allocate", "999.00", "2026-05-31T23:59:59Z"),
        make.transaction(
            "txn_early", "allocate", "7.00", "2026-05-30T00:00:00Z", description=mark(f"2026-06-{'a' * 20}")
        ),
    ]
    support = live(acme, make).wallets[WalletRef.team("team_support")]
    assert [entry.id for entry in support.ledger] == ["txn_early", "txn_1", "txn_2", "txn_3"]
    assert support.funded(JUNE) == Money(Decimal("14406.50"), "USD")


def test_a_ledger_may_be_read_from_earlier_months_to_find_money_that_was_moved_ahead_of_its_period(
    acme: Any, make: Any
) -> None:
    live(acme, make, ledger_months_before=1)
    ledgers = [request.url for request in acme.seen if request.url.path.endswith("/transactions")]
    assert {url.params["from"] for url in ledgers} == {"2026-05-01T00:00:00Z"}


@pytest.mark.parametrize("written", ["gift", "allocate_v2", "debit", "transfer"])
def test_a_type_that_nobody_knows_makes_that_ledger_unread_and_no_other(acme: Any, make: Any, written: str) -> None:
    acme.ledgers["wal_dev"].append(make.transaction("txn_3", written, "6"))
    found = live(acme, make).wallets
    unread = found[WalletRef.team("team_support_dev")].unread
    assert unread is not None
    assert f"(txn_3): its type `{written}` is not known" in unread.reason
    assert f"`api: {{ledger_types: {{{written}: allocate}}}}`" in unread.hint
    assert not found[WalletRef.team("team_support_dev")].ledger
    assert found[WalletRef.team("team_support")].unread is None
    assert found[WalletRef.team("team_support")].ledger


def test_forms_and_case_of_a_type_and_a_deployments_own_words_are_known(acme: Any, make: Any) -> None:
    words = ["Allocate", "Top-Up", "allocation", "RECLAIMED", "settlement", "topUp", "Budget Gift"]
    acme.ledgers["wal_dev"] = [make.transaction(f"txn_{n}", word, "10") for n, word in enumerate(words)]
    dev = live(acme, make, ledger_types={"budget-gift": "allocate"}).wallets[WalletRef.team("team_support_dev")]
    kinds = ["allocate", "top_up", "allocate", "reclaim", "settle", "top_up", "allocate"]
    assert [entry.kind for entry in dev.ledger] == kinds
    assert dev.funded(JUNE) == Money(Decimal(20), "USD")


def test_the_mark_is_found_under_either_name_of_the_description(acme: Any, make: Any) -> None:
    operation = f"2026-06-{'b' * 20}"
    entry = make.transaction("txn_1", "allocate", "2000", note=mark(operation))
    acme.ledgers["wal_dev"] = [{**entry, "description": None}]
    for field in ("description", "note"):
        assert (
            live(acme, make, description_field=field).wallets[WalletRef.team("team_support_dev")].ledger[0].operation
            == operation
        )


def test_schedules_and_teams_that_are_not_offered_are_not_known(acme: Any, make: Any) -> None:
    acme.schedules = acme.teams = None
    state = live(acme, make)
    assert (state.of(EXPORT_SCHEDULES), state.teams) == (Listing(offered=False), None)


def test_teams_that_may_not_be_listed_are_none_and_wallets_are_named_by_their_team(acme: Any, make: Any) -> None:
    acme.overrides["/v1/teams"] = lambda _: httpx.Response(403)
    state = live(acme, make)
    assert state.teams is None
    assert state.other_wallets[0].name == "team_legal"


KNOWN = WalletRef.team("team_support")
DEV = WalletRef.team("team_support_dev")
LEGAL = WalletRef.team("team_legal")


@pytest.mark.parametrize(
    ("wanted", "declared", "others", "teams"),
    [
        ([KNOWN], [KNOWN, DEV, LEGAL], [], None),
        ([KNOWN], [KNOWN, DEV], [("team_legal", "Legal Ops")], "listed"),
        ([KNOWN, WalletRef.team("team_new")], [KNOWN, DEV, LEGAL], [], "listed"),
        ([KNOWN, DEV, LEGAL], None, [], "listed"),
    ],
    ids=["all are declared", "one is nobody's", "one that is asked for is not there", "nothing is said"],
)
def test_teams_are_listed_where_a_wallet_is_not_known_by_its_team(
    acme: Any, make: Any, wanted: list[WalletRef], declared: Any, others: Any, teams: str | None
) -> None:
    with Reader(make.fast(), transport=acme.transport) as reader:
        asked = dict.fromkeys(wanted, "USD")
        state = reader.live(organization=make.organization, wallets=asked, period=JUNE, declared=declared)
    assert [(other.key, other.name) for other in state.other_wallets] == others
    assert (state.teams and "listed") == teams
    assert any(request.url.path == "/v1/teams" for request in acme.seen) == bool(teams)
    assert state.currencies == {"USD"}
    assert [len(state.wallets[key].ledger) for key in wanted[:1]] == [3]


@pytest.mark.parametrize(
    ("at", "asked", "pages"),
    [
        (0, [KNOWN], 1),
        (210, [KNOWN], 3),
        (999, [KNOWN], 10),
        (None, [KNOWN], 10),
        (0, [KNOWN, WalletRef.team("new")], 10),
    ],
    ids=["on the first page", "on the third", "on the last", "nowhere", "beside one that is not there"],
)
def test_teams_are_listed_as_far_as_the_wallets_that_nobody_declares(
    acme: Any, make: Any, at: int | None, asked: list[WalletRef], pages: int
) -> None:
    acme.habits = replace(acme.habits, page=100)
    acme.teams = [{"id": f"team_{number}", "name": f"Team {number}"} for number in range(1000)]
    if at is not None:
        acme.teams[at] = {"id": "team_legal", "name": "Legal Ops"}
    with Reader(make.fast(), transport=acme.transport) as reader:
        wanted = dict.fromkeys(asked, "USD")
        state = reader.live(organization=make.organization, wallets=wanted, period=JUNE, declared=[KNOWN, DEV])
    assert [other.name for other in state.other_wallets] == ["team_legal" if at is None else "Legal Ops"]
    assert ("new" in (state.teams or {})) is False
    listed = [request for request in acme.seen if request.url.path == "/v1/teams"]
    assert len({request.url.params.get("cursor") for request in listed}) == pages


def test_a_wallet_is_declared_in_one_currency_alone_and_a_damaged_one_is_told(acme: Any, make: Any) -> None:
    acme.wallets += [
        make.wallet("wal_euro", "team", "team_support_dev", "7.00", currency="EUR"),
        {**make.wallet("wal_broken", "team", "team_ads", "7.00"), "balance": "seven"},
    ]
    with Reader(make.fast(), transport=acme.transport) as reader:
        state = reader.live(
            organization=make.organization,
            wallets={KNOWN: "USD"},
            period=JUNE,
            declared=[KNOWN, DEV, LEGAL, WalletRef.team("team_ads")],
        )
    assert [(other.key, other.currency) for other in state.other_wallets] == [("team_support_dev", "EUR")]
    assert state.currencies == {"EUR", "USD"}
    assert [found.id for found in state.unreadable] == ["wal_broken"]
    assert state.listed == {DEV: Decimal(2000), LEGAL: Decimal(10)}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/teams", 400),
        ("/v1/exports/schedules", 403),
        ("/v1/exports/schedules", 400),
        ("/v1/billing/budgets", 404),
        ("/v1/wallets", 403),
        ("/v1/wallets/wal_dev/transactions", 404),
    ],
)
def test_any_other_listing_that_fails_is_an_error(acme: Any, make: Any, path: str, status: int) -> None:
    acme.overrides[path] = lambda _: httpx.Response(status)
    with pytest.raises(RemoteError, match=f"GET {path} answered {status}") as caught:
        live(acme, make)
    assert caught.value.hint


def test_a_team_with_wallets_in_two_currencies_has_the_one_that_was_asked_for(acme: Any, make: Any) -> None:
    acme.wallets += [
        make.wallet("wal_euro", "team", "team_support", "7.00", currency="eur"),
        make.wallet("wal_new", "team", "team_new", "8.00", currency="EUR"),
        make.wallet("wal_org_euro", "organization", "org_acme", "9.00", currency="EUR"),
    ]
    state = live(acme, make)
    assert state.wallets[WalletRef.team("team_support")].id == "wal_support"
    assert state.wallets[WalletRef.team("team_new")].id is None
    assert [(other.key, other.currency) for other in state.other_wallets] == [
        ("team_legal", "USD"),
        ("team_support", "EUR"),
    ]
    assert [other.id for other in state.currency_mismatches] == ["wal_new"]
    assert state.pool is not None
    assert state.pool.id == "wal_org"


def test_without_a_currency_there_is_no_organization_wallet_among_several_and_two_in_one_are_refused(
    acme: Any, make: Any
) -> None:
    def pool() -> Pool | None:
        with Reader(make.fast(), transport=acme.transport) as reader:
            return reader.live(organization=make.organization, wallets={}, period=JUNE).pool

    only = pool()
    assert only is not None
    assert only == live(acme, make).pool
    acme.wallets.append(make.wallet("wal_org_euro", "organization", "org_acme", "9.00", currency="EUR"))
    assert pool() is None
    acme.wallets[-1:] = [make.wallet("wal_twin", "organization", "org_acme", "9.00")]
    with pytest.raises(UnreadableError, match="the organization has 2 wallets in USD"):
        pool()


def test_two_wallets_of_one_team_and_currency_are_refused(acme: Any, make: Any) -> None:
    acme.wallets.append(make.wallet("wal_twin", "team", "team_support", "7.00"))
    with pytest.raises(UnreadableError, match="`team_support` has 2 wallets in USD") as caught:
        live(acme, make)
    assert caught.value.hint


def test_two_billing_budgets_of_one_key_keep_the_older_and_report_the_other(acme: Any, make: Any) -> None:
    acme.budgets.insert(0, make.billing_budget("bud_9", "support-monthly", "1.00", created_at="2026-06-01T00:00:00Z"))
    state = live(acme, make)
    assert state.of(BILLING_BUDGETS).objects[BillingBudgetKey("team", "team_support", "support-monthly")].id == "bud_1"
    assert [surplus.id for surplus in state.of(BILLING_BUDGETS).surplus] == ["bud_9"]


def test_a_billing_budget_keeps_keys_that_nobody_knows_and_an_organization_needs_no_scope_id(
    acme: Any, make: Any
) -> None:
    acme.budgets = [
        make.billing_budget("bud_1", "all", scope={"type": "Organization"}, colour="red", ratio=Decimal("0.10")),
        {**make.billing_budget("bud_2", "flat"), "scope": None, "scope_type": "agent", "scope_id": "agt_1"},
    ]
    state = live(acme, make)
    found = state.of(BILLING_BUDGETS).objects[BillingBudgetKey("organization", "org_acme", "all")]
    assert (found.document["colour"], str(found.document["ratio"])) == ("red", "0.10")
    assert BillingBudgetKey("agent", "agt_1", "flat") in state.of(BILLING_BUDGETS).objects


@pytest.mark.parametrize(
    ("first", "second", "oldest"),
    [
        (None, None, None),
        ("2026-06-01T00:00:00Z", None, None),
        ("2026-06-01T00:00:00Z", "some day in June", None),
        ("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z", None),
        ("2026-06-01T00:00:00Z", "2026-06-01T02:00:00+02:00", None),
        ("2026-06-01T00:00:00.5Z", "2026-06-01T00:00:00Z", "sch_2"),
        ("2026-06-01T00:00:00Z", "2026-06-01T01:00:00+02:00", "sch_2"),
        ("2026-06-01T00:00:00Z", "2026-06-02T00:00:00Z", "sch_1"),
    ],
)
def test_of_two_schedules_with_one_name_neither_counts_unless_one_is_the_older(
    acme: Any, make: Any, first: str | None, second: str | None, oldest: str | None
) -> None:
    acme.schedules = [make.schedule("sch_2", "weekly", created_at=second), make.schedule("sch_1", "weekly")]
    acme.schedules[1]["created_at"] = first
    listed = live(acme, make).of(EXPORT_SCHEDULES)
    if oldest is None:
        assert (listed.objects, listed.surplus) == ({}, ())
        assert [each.id for each in listed.rivals[("weekly",)]] == ["sch_1", "sch_2"]
    else:
        assert (listed.objects[("weekly",)].id, listed.rivals) == (oldest, {})
    assert {each.id for each in (*listed.objects.values(), *listed.others)} == {"sch_1", "sch_2"}


def test_what_cannot_be_understood_is_called_by_its_key_as_far_as_that_is_known(acme: Any, make: Any) -> None:
    acme.schedules.append(make.schedule("sch_9", "odd", enabled="perhaps"))
    acme.budgets.append(make.billing_budget("bud_9", "odd", hard_limit="perhaps", scope={"type": "Team"}))
    found = live(acme, make).unreadable
    assert [(item.kind, item.key, item.id) for item in found] == [
        ("billing_budget", "team/odd", "bud_9"),
        ("export_schedule", "odd", "sch_9"),
    ]


def test_progress_counts_ledgers(acme: Any, make: Any) -> None:
    told: list[tuple[int, int]] = []
    with Reader(make.fast(), transport=acme.transport) as reader:
        reader.live(
            organization="org_acme",
            wallets=WANTED,
            period=JUNE,
            on_progress=lambda done, total: told.append((done, total)),
        )
    assert told == [(1, 2), (2, 2)]


def test_a_single_wallet_is_read_afresh_with_its_ledger(acme: Any, make: Any) -> None:
    with Reader(make.fast(), transport=acme.transport) as reader:
        state = reader.live(organization="org_acme", wallets=WANTED, period=JUNE)
        assert (
            reader.wallet(WalletRef.team("team_support"), "USD", JUNE) == state.wallets[WalletRef.team("team_support")]
        )
        assert reader.wallet(WalletRef.team("team_new"), "USD", JUNE) == state.wallets[WalletRef.team("team_new")]
        assert reader.pool("USD") == state.pool
        assert reader.pool("EUR") is None
        for kind in kinds():
            assert reader.objects(kind) == state.of(kind)
        assert reader.teams() == state.teams
        acme.wallets = [row for row in acme.wallets if row["scope_id"] != "team_support"]
        assert reader.wallet(WalletRef.team("team_support"), "USD", JUNE).id is None
        acme.wallets.append(make.wallet("wal_again", "team", "team_support", "1.00"))
        acme.ledgers["wal_again"] = [make.transaction("txn_9", "allocate", "1.00")]
        assert [entry.id for entry in reader.wallet(WalletRef.team("team_support"), "USD", JUNE).ledger] == ["txn_9"]


@pytest.mark.parametrize("answer", [httpx.Response(404), httpx.Response(200, text="{}"), httpx.Response(501)])
def test_a_single_wallet_is_found_in_the_listing_where_there_is_no_balance(
    acme: Any, make: Any, answer: httpx.Response
) -> None:
    acme.overrides["/v1/wallets/balance"] = lambda _: answer
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.wallet(WalletRef.team("team_support"), "USD", JUNE).id == "wal_support"
        assert reader.objects(BILLING_BUDGETS).objects


def test_spend_is_read_by_team(acme: Any, make: Any) -> None:
    acme.spend.append({"team_id": None, "cost": Decimal("1"), "currency": "USD"})
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.spend(date(2026, 6, 1), date(2026, 7, 1)) == (
            SpentRow("", "USD", Decimal(1), 0),
            SpentRow("team_support", "USD", Decimal("11870.42"), 98213),
        )
    assert dict(acme.seen[0].url.params) == {
        "from": "2026-06-01",
        "to": "2026-07-01",
        "group_by": "team",
        "limit": "200",
    }


@pytest.mark.parametrize("dimension", ["workload", "model"])
def test_teams_are_no_answer_to_what_was_asked_by_another_dimension(acme: Any, make: Any, dimension: Any) -> None:
    acme.spend.append({"team_id": "team_other", "cost": Decimal("1"), "currency": "USD"})
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.spend(date(2026, 6, 1), date(2026, 7, 1), dimension) is None


@pytest.mark.parametrize(
    ("document", "organization"),
    [
        ({"organization": {"id": "org_1"}}, "org_1"),
        ({"data": {"organization": {"id": "org_1"}, "permissions": None}}, "org_1"),
        ({"organization": "org_1", "principal": "me"}, "org_1"),
        ({"organization_id": 7}, "7"),
    ],
)
def test_who_we_are_is_read_in_several_forms(acme: Any, make: Any, document: Any, organization: str) -> None:
    acme.overrides["/v1/auth/whoami"] = lambda _: httpx.Response(200, json=document)
    with Reader(make.fast(), transport=acme.transport) as reader:
        assert reader.identity().organization == organization


@pytest.mark.parametrize("document", [[], {}, {"organization": {}}, "org_1", {"organization": {"name": "Acme"}}])
def test_an_answer_that_names_no_organization_is_refused(acme: Any, make: Any, document: Any) -> None:
    acme.overrides["/v1/auth/whoami"] = lambda _: httpx.Response(200, json=document)
    with (
        Reader(make.fast(), transport=acme.transport) as reader,
        pytest.raises(UnreadableError, match="/v1/auth/whoami"),
    ):
        reader.identity()


def test_a_reader_that_was_not_opened_says_so(make: Any) -> None:
    with pytest.raises(RuntimeError, match="with"):
        Reader(make.fast()).identity()


NUMBERS: dict[str, Callable[[Decimal], str]] = {
    "shortest": lambda amount: f"{amount.normalize():f}",
    "one decimal": lambda amount: f"{amount:f}" if amount != amount.to_integral() else f"{amount:.1f}",
    "two decimals": lambda amount: f"{amount:.2f}",
    "text": lambda amount: json.dumps(f"{amount:.2f}"),
    "exponent": lambda amount: f"{amount:e}",
}


@settings(max_examples=40)
@given(
    size=st.integers(1, 9),
    envelope=st.sampled_from(["data", "plural", "bare", "nested", "link"]),
    number=st.sampled_from(sorted(NUMBERS)),
    amounts=st.lists(st.decimals(0, 10**9, places=2), max_size=25),
    order=st.randoms(use_true_random=False),
)
def test_however_data_are_paged_wrapped_and_written_live_is_equal(
    make: Any, size: int, envelope: str, number: str, amounts: list[Decimal], order: Any
) -> None:
    def build() -> Any:
        return make.rows(
            wallets=[
                make.wallet("wal_org", "organization", make.organization, "1500.00"),
                *(make.wallet(f"wal_{n}", "team", team, "1500.00") for n, team in enumerate(WANTED)),
            ],
            ledgers={"wal_1": [make.transaction(f"t{n}", "allocate", str(a)) for n, a in enumerate(amounts)]},
            budgets=[make.billing_budget(f"bud_{n}", f"b{n}", str(a)) for n, a in enumerate(amounts)],
            schedules=[make.schedule("sch_1", "weekly")],
            teams=[{"id": team, "name": team.title()} for team in WANTED],
        )

    plain, other = build(), build()
    other.habits.page, other.habits.envelope, other.habits.amounts = size, envelope, NUMBERS[number]
    for items in (other.wallets, other.budgets, other.teams, other.ledgers["wal_1"]):
        order.shuffle(items)
    assert live(other, make) == live(plain, make)


def test_an_error_inside_many_reads_comes_out_alone(acme: Any, make: Any) -> None:
    acme.ledgers["wal_support"][1]["amount"] = True
    with pytest.raises(UnreadableError) as caught:
        live(acme, make)
    assert caught.value.message == (
        "GET /v1/wallets/wal_support/transactions, page 1, item 2 (txn_1): `amount` is no amount"
    )


def test_a_rejected_read_carries_its_status(acme: Any, make: Any) -> None:
    acme.overrides["/v1/wallets"] = lambda _: httpx.Response(418, text="teapot")
    with pytest.raises(RejectedError, match="GET /v1/wallets answered 418: teapot") as caught:
        live(acme, make)
    assert caught.value.status == 418


STRANGE_WALLETS = [
    ({"scope": "project", "scope_id": "prj_1"}, "project/prj_1"),
    ({"scope": "project", "scope_id": "prj_1", "balance": None}, "project/prj_1"),
    ({"scope_id": "team_legal_2", "currency": "CREDITS"}, "team/team_legal_2"),
    ({"scope_id": "team_legal_2", "balance": "a lot"}, "team/team_legal_2"),
    ({"scope": None, "scope_id": "team_legal_2"}, "team_legal_2"),
    ({"scope": "user", "scope_id": "user_9", "balance": "a lot"}, "user/user_9"),
    ({"scope": "organization", "currency": "EUR", "balance": None}, "organization"),
    ({"scope_id": "team_support", "currency": "EUR", "balance": None}, "team/team_support"),
]


@pytest.mark.parametrize(("fields", "key"), STRANGE_WALLETS)
def test_a_strange_wallet_of_nobody_who_was_asked_for_is_listed_and_stops_nothing(
    acme: Any, make: Any, fields: dict[str, Any], key: str
) -> None:
    before = live(acme, make)
    acme.wallets.append({**make.wallet("wal_strange", "team", "", "7.00"), "scope_id": None, **fields})
    state = live(acme, make)
    assert (state.wallets, state.pool) == (before.wallets, before.pool)
    assert [(found.kind, found.key) for found in state.unreadable] == [("wallet", key)]
    assert state.unreadable[0].reason


@pytest.mark.parametrize(
    "fields",
    [
        {"scope_id": "team_support", "balance": "a lot"},
        {"scope_id": "team_support", "currency": "CREDITS"},
        {"scope": None, "scope_id": "team_support"},
        {"scope_id": None},
        {"scope": None, "scope_id": None},
        {"scope": "organization", "balance": None},
    ],
)
def test_a_broken_wallet_that_may_be_one_that_was_asked_for_is_an_error(
    acme: Any, make: Any, fields: dict[str, Any]
) -> None:
    acme.wallets.append({**make.wallet("wal_strange", "team", "", "7.00"), **fields})
    with pytest.raises(UnreadableError, match="wal_strange"):
        live(acme, make)


def test_a_reader_that_began_before_it_was_asked_reads_the_same_once(acme: Any, make: Any) -> None:
    fresh = live(acme, make)
    asked = sorted(str(request.url) for request in acme.seen)
    acme.seen.clear()
    with Reader(make.fast(), transport=acme.transport) as reader:
        reader.begin("org_acme")
        assert reader.live(organization="org_acme", wallets=WANTED, period=JUNE) == fresh
        assert sorted(str(request.url) for request in acme.seen) == asked
        assert reader.live(organization="org_acme", wallets=WANTED, period=JUNE) == fresh
        assert len(acme.seen) == 2 * len(asked)


def test_what_is_wrong_with_a_reading_that_began_is_told_where_it_is_asked_for(acme: Any, make: Any) -> None:
    acme.organization = "org_other"
    with Reader(make.fast(), transport=acme.transport) as reader:
        reader.begin("org_acme")
        with pytest.raises(UnauthorizedError, match="org_other"):
            reader.live(organization="org_acme", wallets=WANTED, period=JUNE)


def test_a_reading_that_nobody_asks_for_ends_with_its_block(make: Any) -> None:
    asked = threading.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        asked.set()
        await anyio.sleep_forever()
        raise AssertionError(request)

    with Reader(make.fast(), transport=httpx.MockTransport(never)) as reader:
        reader.begin("org_acme")
        assert asked.wait(30)


class Slow(httpx.AsyncBaseTransport):
    """Answers nothing, takes some turns of the event loop to give a request up, and counts the connections."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.busy = self.most = self.closed = 0
        self.closed_busy = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.busy += 1
        self.most = max(self.most, self.busy)
        self.asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                for _ in range(100):
                    await anyio.sleep(0)
            self.busy -= 1
        raise AssertionError(request)

    async def aclose(self) -> None:
        self.closed += 1
        self.closed_busy = self.closed_busy or self.busy > 0


def test_every_connection_is_closed_also_one_whose_request_is_given_up(make: Any) -> None:
    slow = Slow()
    with Reader(make.fast(), transport=slow) as reader:
        reader.begin("org_acme")
        assert slow.asked.wait(30)
    assert (slow.closed, slow.closed_busy, slow.busy) == (slow.most, False, 0)


def test_a_reading_that_nobody_waits_for_is_given_up_before_its_connection_is_closed(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow()
    start, interrupts = BlockingPortal.start_task_soon, iter([KeyboardInterrupt()])

    def interrupted(portal: BlockingPortal, *asked: Any) -> Any:
        future = start(portal, *asked)
        for interrupt in interrupts:
            assert slow.asked.wait(30)
            raise interrupt
        return future

    with Reader(make.fast(), transport=slow) as reader:
        monkeypatch.setattr(BlockingPortal, "start_task_soon", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reader.identity()
    assert (slow.closed, slow.closed_busy, slow.busy) == (slow.most, False, 0)


def test_a_reading_that_is_interrupted_is_given_up_before_its_connection_is_closed(make: Any) -> None:
    slow = Slow()

    def interrupt() -> None:
        assert slow.asked.wait(30)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)  # type: ignore[arg-type]

    before = signal.signal(signal.SIGUSR1, signal.default_int_handler)
    try:
        with Reader(make.fast(), transport=slow) as reader:
            interrupter = threading.Thread(target=interrupt)
            interrupter.start()
            with pytest.raises(KeyboardInterrupt):
                reader.identity()
            interrupter.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert (slow.closed, slow.closed_busy, slow.busy) == (slow.most, False, 0)
