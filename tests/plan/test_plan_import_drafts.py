"""Organizations as Keeptrusts holds them, and all that an import would write, ask and leave out, word for word."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from plan.test_plan_importing import entry, year
from worlds import JUNE, billing_budget, desired, live, usd, wallet

from reconciler.model.approvals import Acknowledgement
from reconciler.model.directory import Directory, ListedTeam, ListedWallet
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.live import LedgerEntry, Live, LiveObject, LiveWallet, Unread
from reconciler.model.money import Money
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import TeamBudget
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.draft import draft_of
from reconciler.plan.importing.grouping import Grouping, Place, group
from reconciler.plan.importing.sources import Sources, currency_of, is_identifier, readable_wallets

DAY = date(2026, 6, 18)
WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts", "prefix": "a/"}}
)
TEAMS = {
    "team_legal_prod": ListedTeam("team_legal_prod", "Legal (prod)", "legal-prod"),
    "team_legal_dev": ListedTeam("team_legal_dev", "Legal [DEV]", "legal-dev"),
    "team_ads": ListedTeam("team_ads", "", "ads"),
    "team_none": ListedTeam("team_none", "Nobody", "none"),
    "team_bare": ListedTeam("team_bare", "", "9f31c2"),
    "team_gone": ListedTeam("team_gone", "Gone", "gone"),
    "team_free": ListedTeam("team_free", "Free", "free"),
    "team_skipped": ListedTeam("team_skipped", "Skipped", "skipped"),
    "team_asked": ListedTeam("team_asked", "Asked", "asked"),
    "9f31c2": ListedTeam("9f31c2"),
    "id with space": ListedTeam("id with space", "Odd", "odd"),
}


def listed(holder: str, currency: str = "USD", **more: Any) -> ListedWallet:
    return ListedWallet(f"wal_{holder}_{currency}", "team", holder, Money(usd("7").amount, currency), **more)


def held(holder: str, *entries: LedgerEntry, **more: Any) -> LiveWallet:
    ledger = tuple(sorted(entries, key=lambda each: (each.created_at, each.id)))
    return replace(LiveWallet(WalletRef.team(holder), "USD", f"wal_{holder}", usd("7"), ledger=ledger), **more)


def sources(wallets: dict[str, tuple[LedgerEntry, ...]], state: Live | None = None, **changes: Any) -> Sources:
    """Return what a draft is made from: a wallet for each ledger, and the teams that hold one."""
    directory = changes.pop("directory", None) or Directory(
        live().identity, TEAMS, tuple(map(listed, wallets)), ("USD",)
    )
    grouping = changes.pop("grouping", None) or group(TEAMS.values(), declared={}, mapped={})
    found = state or live()
    read = {WalletRef.team(key): held(key, *entries) for key, entries in wallets.items()}
    return Sources(
        directory,
        replace(found, wallets={**read, **found.wallets}),
        grouping,
        JUNE,
        DAY,
        "USD",
        changes.pop("year", FiscalYear("FY2027", JUNE)),
        changes.pop("writable", lambda text: "\u200b" not in text),
        **changes,
    )


def known(**organization: Any) -> Any:
    """Return YAML that has a wallet for everything of a team `gone`, and accepts two differences."""
    found = desired(
        [wallet("ads", "prod", "5")], [("ads", billing_budget("known", "8", scope_id="team_ads"))], [WEEKLY]
    )
    teams = {**found.teams, "gone": TeamBudget(version=1, team="gone", state="absent")}
    accepted = tuple(
        Acknowledgement.model_validate({"key": key, "until": until, "reason": "a trial", "approved_by": "ada"})
        for key, until in (("team_none", "2026-06-18"), ("team_free", "2026-06-17"), ("nightly", "2026-07-31"))
    )
    edited = found.organization.model_copy(update={"acknowledged_drift": accepted, **organization})
    return replace(found, teams=teams, organization=edited)


ALL = tuple(year(until="2026-06"))
LEGAL = {"team_legal_prod": ALL, "team_legal_dev": (entry("d", "2026-06-02", "90"),)}
ODD = live(
    budgets=[
        billing_budget("spend", "3000", scope_id="team_legal_prod"),
        billing_budget("free", "10", scope_id="team_free"),
        billing_budget("known", "8", scope_id="team_ads"),
        billing_budget("euros", "1234.5", scope_id="team_ads", currency="EUR"),
        billing_budget("hourly", "5", scope_id="team_ads", period="hourly", alert_percentages=(0,)),
        billing_budget("un\u200bseen", "5", scope_id="team_ads"),
        billing_budget("agents", "5", scope_type="agent", scope_id="agent_triage"),
        billing_budget("all", "5", scope_type="organization", scope_id="org_acme"),
        billing_budget("person", "5", scope_type="user", scope_id="user_ada"),
        billing_budget("left", "5", scope_id="team_skipped"),
        billing_budget("whose", "5", scope_id="team_lost"),
        billing_budget("over", "5", scope_id="team_gone"),
    ],
    schedules=[
        WEEKLY,
        WEEKLY.model_copy(update={"name": "nightly"}),
        WEEKLY.model_copy(update={"name": "daily"}),
        WEEKLY.model_copy(update={"name": "un\u200bseen"}),
        WEEKLY.model_copy(update={"name": "wrong", "cron": "often", "window": "ages"}),
    ],
)
MAPPED = group(TEAMS.values(), declared={}, mapped={"team_skipped": None, "9f31c2": Place("legal", "canary")})


def surplus(state: Live) -> Live:
    """Return `state` with a second alert and schedule of one name, two alerts alike, and what nobody can understand."""
    rivals = tuple(LiveObject(id, billing_budget("two", "9")) for id in ("bud_3", "bud_4"))
    alerts = replace(
        state.of(BILLING_BUDGETS),
        surplus=(LiveObject("bud_2", billing_budget("spend", "9")),),
        rivals={rivals[0].value.key: rivals},
    )
    schedules = replace(state.of(EXPORT_SCHEDULES), surplus=(LiveObject("sch_2", WEEKLY),))
    strange = (
        Unreadable("billing_budget", "x_1", ("team", "team_ads", "odd"), "its amount is no number"),
        Unreadable("wallet", "x_2", ("team_x",), "its balance is no number"),
    )
    objects = {**state.objects, BILLING_BUDGETS.name: alerts, EXPORT_SCHEDULES.name: schedules}
    return replace(state, objects=objects, unreadable=strange)


def in_currency(currency: str, *amounts: str) -> Sources:
    """Return what a draft is made from where money is in `currency`."""
    entries = tuple(
        replace(entry(f"t{n}", "2026-06-02", amount), currency=currency) for n, amount in enumerate(amounts)
    )
    found = sources({}, directory=Directory(live().identity, TEAMS, (listed("team_ads", currency),), (currency,)))
    ads = replace(held("team_ads", *entries), currency=currency)
    state = live(budgets=[billing_budget("half", "10.5", scope_id="team_ads", currency=currency)])
    return replace(found, live=replace(state, wallets={ads.key: ads}), currency=currency)


def drawn_back(*entries: LedgerEntry) -> Sources:
    return sources({"team_ads": entries})


LAST_YEAR = FiscalYear("FY", Period(2025, 4))
WORLDS: dict[str, Sources] = {
    "nothing is there": sources({}),
    "wallets of two environments, and one for everything": sources({**LEGAL, "team_ads": ALL}),
    "wallets that YAML has already, and a team that is to be gone": sources(
        {**LEGAL, "team_ads": ALL, "team_gone": ALL, "team_none": ALL, "team_free": ALL}, desired=known()
    ),
    "a team that was released": sources({**LEGAL, "team_ads": ALL}, released=("legal",), desired=known()),
    "wallets of users, and in another currency": sources(
        {},
        directory=Directory(
            live().identity,
            TEAMS,
            (replace(listed("ada"), scope="user"), listed("team_ads", "EUR"), listed("team_unknown", "EUR")),
            ("USD",),
        ),
    ),
    "wallets that have no place": sources({"9f31c2": ALL}),
    "what a map says": sources({"9f31c2": ALL, "team_skipped": ALL, **LEGAL}, grouping=MAPPED),
    "an id that no YAML can hold, and a wallet that cannot be asked for": sources(
        {"id with space": ALL},
        directory=Directory(
            live().identity,
            TEAMS,
            (listed("id with space"), listed("team_ads", flaw="there are two of them")),
            ("USD",),
        ),
    ),
    "a ledger that cannot be read": sources(
        {},
        live([held("team_ads", unread=Unread("its ledger is not whole", "ask again later"))]),
        directory=Directory(live().identity, TEAMS, (listed("team_ads"),), ("USD",)),
    ),
    "questions, of which one decides": sources(
        {
            "team_ads": (*ALL, entry("next", "2026-06-15", "2000", "July budget")),
            "team_free": (*year(), entry("early", "2026-05-29", "3000", "June 2026 budget")),
        }
    ),
    "questions that are answered": sources(
        {
            "team_ads": (*ALL, entry("next", "2026-06-15", "2000", "July budget")),
            "team_free": (*year(), entry("early", "2026-05-29", "3000", "June 2026 budget")),
        },
        answers={"next": Period(2026, 7), "early": JUNE},
    ),
    "money that was given twice": sources(
        {"team_ads": (*ALL, *(entry(id, "2026-06-03", "5", "for a trial") for id in "ab"))}
    ),
    "more was taken back than given": drawn_back(*year(), entry("back", "2026-06-10", "1", "oops", "reclaim")),
    "more than any target can say": drawn_back(entry("lot", "2026-06-10", "10000000000000")),
    "the most that a target can say": drawn_back(entry("lot", "2026-06-10", "9999999999999.99")),
    "a month outside the fiscal year": sources(
        {"team_ads": (*year(), entry("june", "2026-06-02", "4"))}, year=LAST_YEAR
    ),
    "alerts and schedules": sources({**LEGAL, "team_skipped": ALL}, ODD, grouping=MAPPED, desired=known()),
    "alerts and schedules before there is YAML": sources({}, ODD),
    "what is there twice, or cannot be understood": sources({**LEGAL}, surplus(live())),
    "money without cents": in_currency("JPY", "100"),
    "money without cents that has some": in_currency("JPY", "100", "0.50"),
    "teams that cannot be listed": sources(
        {"team_ads": ALL}, directory=Directory(live().identity, None, (listed("team_ads"),), ("USD",))
    ),
}


def told(found: Sources) -> Iterator[str]:
    draft = draft_of(found)
    yield f"environments: {', '.join(draft.environments)}"
    for name, team in draft.teams.items():
        yield f"team {name}: {team.team} {team.name!r}"
        for own in team.wallets:
            usual, overrides = own.funding.usual, own.funding.overrides
            yield f"  {own.place} {own.key}: {usual.amount} ({usual.reason})"
            yield from (
                f"    {month}: {amount} ({'; '.join(reasons)})" for month, (amount, reasons) in overrides.items()
            )
            yield from (f"    twice: {each.id}" for each in own.twice)
        for alert in team.alerts:
            yield f"  alert {alert.value.name} of {alert.team} / {alert.environment}: {alert.value.amount}"
    assert (draft.wallets, draft.alerts) == (
        tuple(own for team in draft.teams.values() for own in team.wallets),
        tuple(alert for team in draft.teams.values() for alert in team.alerts),
    )
    yield from (f"schedule {schedule.name}" for schedule in draft.schedules)
    for asked in draft.asked:
        months = ", ".join(map(str, asked.question.months))
        yield f"asked of {asked.place} {asked.key} {asked.currency}: {asked.question.entry.id} {months}"
    for item in draft.left_out:
        if item.kind == "team" and found.directory.wallets and found.grouping is not MAPPED:
            continue
        money = f" with {item.amount} {item.currency}" if item.amount is not None else f" {item.currency}"
        yield f"left out: {item.kind} {item.key} {item.name!r}{money}: {item.reason} [{item.hint}]"


def test_what_an_import_says_of_each_organization(golden: Callable[[str, str], None]) -> None:
    golden("plan/imports.txt", "\n".join("\n".join([f"# {name}", *told(found), ""]) for name, found in WORLDS.items()))


def test_a_ledger_is_asked_for_where_it_is_one_wallet_of_a_team_that_has_a_place() -> None:
    wallets = (
        listed("team_ads"),
        listed("team_ads", "EUR"),
        listed("team_legal_prod", flaw="there are two of them"),
        listed("9f31c2"),
        listed("id with space"),
        replace(listed("team_free"), scope="user"),
    )
    directory = Directory(live().identity, TEAMS, wallets, ("USD",))
    grouping = Grouping({id: Place(id, "all") for id in TEAMS if id != "9f31c2"})
    assert readable_wallets(directory, grouping, "USD") == {WalletRef.team("team_ads"): "USD"}
    assert [is_identifier(text) for text in ("team_ads", "id with space", "")] == [True, False, False]


def test_the_currency_is_that_of_the_pool_and_of_several_the_one_of_most_teams() -> None:
    wallets = (
        listed("a", "EUR"),
        listed("b", "EUR"),
        listed("c", "USD"),
        *(replace(listed(id, "USD"), scope="user") for id in "de"),
    )
    directory = Directory(live().identity, TEAMS, wallets, ())
    assert currency_of(directory) == "EUR"
    assert currency_of(replace(directory, pool_currencies=("USD",))) == "USD"
    assert currency_of(replace(directory, pool_currencies=("USD", "EUR"))) == "EUR"
    assert currency_of(replace(directory, wallets=())) is None
    assert currency_of(replace(directory, wallets=(listed("a", "USD"), listed("b", "EUR")))) == "EUR"
