"""Wallets that the YAML does not declare yet: what is to be written of each, or why it is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.directory import ListedWallet
from reconciler.model.imported import NotDeclared
from reconciler.model.live import LedgerEntry
from reconciler.model.money import is_payable
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.yaml_types import LARGEST_AMOUNT
from reconciler.plan.importing.funding import Question, WalletFunding, funding_of, given_twice, questions_of
from reconciler.plan.importing.grouping import Place
from reconciler.plan.importing.sources import Sources, is_identifier

MAP_HINT = "name it in a file for `--map`: `{key}: TEAM/ENVIRONMENT`, or `{key}: skip`"


@dataclass(frozen=True, slots=True)
class WalletDraft:
    """A wallet that is not in the YAML yet. `twice` is money of this month that looks as if it was given twice."""

    place: Place
    key: WalletRef
    funding: WalletFunding
    twice: tuple[LedgerEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about money of a wallet."""

    place: Place
    key: WalletRef
    currency: str
    question: Question


def wallets_of(sources: Sources) -> Iterator[WalletDraft | Asked | NotDeclared]:
    """Yield the wallets to be added, the questions about their money, and those that are left out."""
    declared = sources.desired.wallets if sources.desired else {}
    for listed in sources.directory.wallets:
        if listed.scope == "user":
            reason = "it is a user's wallet, and the YAML declares those of teams"
            yield _left_out(sources, listed, reason, "nothing; it is left alone")
        elif listed.holder not in declared or listed.currency != sources.currency:
            yield from _wallet(sources, listed)
    yield from _without_wallet(sources)


def _wallet(sources: Sources, listed: ListedWallet) -> Iterator[WalletDraft | Asked | NotDeclared]:
    if why := _not_readable(sources, listed):
        yield _left_out(sources, listed, *why)
        return
    key = WalletRef.team(listed.holder)
    place, live = sources.grouping.places[key], sources.live.wallets[key]
    if live.unread is not None:
        yield _left_out(sources, listed, live.unread.reason, live.unread.hint)
        return
    questions = tuple(questions_of(live, sources.period, sources.answers))
    yield from (Asked(place, key, listed.currency, question) for question in questions)
    funding = funding_of(live, sources.period, sources.answers)
    if why := _not_written(sources, funding, questions):
        yield _left_out(sources, listed, *why)
    else:
        yield WalletDraft(place, key, funding, given_twice(live, sources.period))


def _not_readable(sources: Sources, listed: ListedWallet) -> tuple[str, str] | None:
    """Return why nothing can be said of a wallet's money, and what to do; None where something can."""
    if listed.currency != sources.currency:
        reason = f"it is in {listed.currency}, and the budgets are in {sources.currency}"
        return reason, "nothing; amounts of two currencies are never added up"
    if listed.holder in sources.grouping.skipped:
        return "the map leaves it out", ""
    if sources.is_accepted(listed.holder):
        return "org.yaml accepts that git does not declare it", ""
    if why := sources.grouping.unplaced.get(listed.holder):
        return why, MAP_HINT.format(key=listed.holder)
    place = sources.grouping.places[listed.holder]
    if closed := sources.why_closed(place.team):
        return closed[0], closed[1]
    if not is_identifier(listed.holder):
        return "the id of its team cannot be written in YAML", "ask whoever runs Keeptrusts for a plain id"
    if listed.flaw:
        return listed.flaw, "ask whoever runs Keeptrusts to leave one wallet for each team and currency"
    return None


def _not_written(sources: Sources, funding: WalletFunding, questions: tuple[Question, ...]) -> tuple[str, str] | None:
    """Return why no target says what a wallet has, and what to do; None where one does."""
    period, (monthly, overrides) = sources.period, funding.amounts
    if open_ := [question for question in questions if question.decides]:
        entries = ", ".join(question.entry.id for question in open_)
        return f"what is written depends on the month that money was meant for ({entries})", "answer the question"
    amounts = [monthly, *overrides.values()]
    if any(amount < 0 for amount in amounts):
        reason = f"more was taken back in {period} than was given, and a target is zero or more"
        return reason, f"import again once {period} is over, or once it is funded"
    if any(amount > LARGEST_AMOUNT or not is_payable(amount, sources.currency) for amount in amounts):
        return f"{_largest(amounts):,.2f} cannot be written as a target in {sources.currency}", ""
    if outside := [month for month in overrides if month not in sources.year]:
        year = f"{sources.year.name} ({sources.year.periods[0]} to {sources.year.periods[-1]})"
        reason = f"{', '.join(map(str, outside))} differs from the usual month and is not in {year}"
        return reason, "set `fiscal_year` in org.yaml to the year that holds it"
    return None


def _largest(amounts: list[Decimal]) -> Decimal:
    return max(amounts, key=lambda amount: (amount % 1 != 0, amount))


def _left_out(sources: Sources, listed: ListedWallet, reason: str, hint: str) -> NotDeclared:
    key = str(WalletRef("user" if listed.scope == "user" else "team", listed.holder))
    name = sources.directory.team(listed.holder).name or listed.holder
    held = listed.held
    return NotDeclared(
        kind="wallet", key=key, name=name, amount=held.amount, currency=held.currency, reason=reason, hint=hint
    )


def _without_wallet(sources: Sources) -> Iterator[NotDeclared]:
    """Yield the teams that never were given anything."""
    declared = sources.desired.wallets if sources.desired else {}
    holders = {listed.holder for listed in sources.directory.wallets if listed.scope == "team"} | declared.keys()
    for id, team in (sources.directory.teams or {}).items():
        if id not in holders:
            place = sources.grouping.places.get(id)
            where = f" under {place}" if place else ""
            yield NotDeclared(
                kind="team",
                key=id,
                name=team.name or id,
                reason="it has no wallet: nothing was ever allocated to it",
                hint=f"write it by hand{where} with its first target",
            )
