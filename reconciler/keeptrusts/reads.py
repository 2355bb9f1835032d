"""The reads that live state is made of, in the channel's event loop, beginning with whose token it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from reconciler.findings import RejectedError, UnauthorizedError, UnreadableError
from reconciler.http.failures import ForbiddenError, shown
from reconciler.keeptrusts.channel import Channel
from reconciler.keeptrusts.failures import unreadable
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ledger import WALLETS, Ledger, UnknownTypeError, ledger_entry, ledger_path, since
from reconciler.keeptrusts.listing import read_all
from reconciler.keeptrusts.objects import listed_as, listing_of
from reconciler.keeptrusts.together import for_each, together
from reconciler.keeptrusts.wallets import WalletListing, WalletRow, holder, wallet_listing
from reconciler.model.directory import Directory, ListedTeam
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import SPENDING, Identity, Listing, Live, LiveWallet, Pool, Unread
from reconciler.model.period import Period
from reconciler.model.spend import Payment
from reconciler.model.unclear import Unreadable
from reconciler.model.wallet_ref import WalletRef

TEAMS = "/v1/teams"
BALANCE = "/v1/wallets/balance"
NOT_FOUND = 404

_logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Listings:
    """What is listed beside teams, `objects` by the name of their kind with those that cannot be understood."""

    identity: Identity
    wallets: WalletListing
    objects: Mapping[str, tuple[Listing[Any], tuple[Unreadable, ...]]]


class Watcher(Protocol):
    """Is told, by the thread that reads, what is there already while the rest is still read."""

    def listed(self, live: Live, /) -> None:
        """Hear of all that is listed; the wallets are there, and no ledger of any."""

    def read(self, wallet: LiveWallet, /) -> None:
        """Hear of a wallet whose ledger was read."""


class Reads:
    """Every read. `live` remembers which wallet belongs to a team, so that `wallet` can read it in one round trip."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._connection = channel.connection
        self._organization: str | None = None
        self._wallet_ids: dict[tuple[str, str], str] = {}

    async def identity(self) -> Identity:
        identity = read_identity(await self._channel.get(WHOAMI))
        self._organization = identity.organization
        return identity

    async def identity_in(self, expected: str) -> Identity:
        """Return who the token is; it must belong to the organization `expected`."""
        identity = await self.identity()
        check_organization(identity, expected)
        return identity

    async def listings(self, organization: str) -> Listings:
        """Return what is listed: who we are first and alone, which must be `organization`."""
        identity = await self.identity_in(organization)
        async with together() as block:
            wallets = block.start(self._listing)
            objects = {kind.name: block.start(partial(self._objects, kind)) for kind in kinds()}
        return Listings(identity, wallets.value, {name: read.value for name, read in objects.items()})

    async def live(
        self,
        listed: Listings,
        wanted: Mapping[WalletRef, str],
        period: Period,
        currency: str | None,
        on_progress: Progress | None,
        watcher: Watcher | None = None,
        declared: Collection[WalletRef] | None = None,
    ) -> Live:
        """Return live state: what is `listed`, and the ledgers and the teams that are needed (decision 0121)."""
        listing = listed.wallets
        chosen = listing.chosen(wanted)
        found = {key: chosen[key] for key in wanted if key in chosen}
        others, mismatches = listing.rest(wanted, chosen, declared=declared or (), currency=currency)
        pool = listing.organization(currency)
        live = Live(
            identity=listed.identity,
            pool=pool.pool if pool else None,
            wallets={
                key: found[key].live(Ledger(())) if key in found else LiveWallet(key, wanted[key])
                for key in sorted(wanted)
            },
            objects={name: objects for name, (objects, _) in listed.objects.items()},
            teams=None,
            other_wallets=tuple(row.other({}) for row in others),
            currency_mismatches=tuple(row.other({}) for row in mismatches),
            listed=listing.held({*(declared or ())} - wanted.keys(), currency),
            currencies=listing.currencies,
            pool_currencies=listing.pool_currencies,
            user_wallets=listing.users,
            unreadable=(*listing.unreadable(), *(found for _, strange in listed.objects.values() for found in strange)),
        )
        if watcher is not None:
            watcher.listed(live)
        async with together() as block:
            asked = None if declared is None else live.unnamed
            named = None if asked == frozenset() else block.start(partial(self.teams, asked))
            ledgers = block.start(partial(self._ledgers, found, period, on_progress, watcher))
        read, teams = ledgers.value, named.value if named else None
        entries = sum(len(wallet.ledger) for wallet in read.values())
        _logger.info("read %d wallets, and %d ledgers with %d entries", len(listing.rows), len(read), entries)
        return replace(live.named(teams or {}), teams=teams, wallets={**live.wallets, **read})

    async def wallet(self, wallet: WalletRef, currency: str, period: Period) -> LiveWallet:
        """Return one wallet with its ledger; balance and ledger are read at once where the wallet is known."""
        choose = partial(WalletListing.wallet, wallet=wallet, currency=currency)
        read_row = partial(self._row, choose, params=holder(wallet))
        known = self._wallet_ids.get((wallet, currency))
        if known is None:
            row = await read_row()
            return row.live(await self._ledger(row, period)) if row else LiveWallet(wallet, currency)
        async with together() as block:
            current = block.start(read_row)
            ledger = block.start(partial(self._entries, known, currency, period))
        row = current.value
        if row is None or row.id != known:
            return row.live(await self._ledger(row, period)) if row else LiveWallet(wallet, currency)
        return row.live(ledger.value)

    async def pool(self, currency: str) -> Pool | None:
        """Return the organization wallet in `currency`."""
        row = await self._row(partial(WalletListing.organization, currency=currency), params={})
        return row.pool if row else None

    async def objects(self, kind: ManagedKind[V]) -> Listing[V]:
        return (await self._objects(kind))[0]

    async def _objects(self, kind: ManagedKind[V]) -> tuple[Listing[V], tuple[Unreadable, ...]]:
        organization = self._organization or (await self.identity()).organization
        path = self._connection.path_of(kind)
        try:
            items = await read_all(self._channel, path, plural=kind.plural, key=listed_as)
        except RejectedError as error:
            if error.status == NOT_FOUND and kind.not_offered:
                return Listing(offered=False), ()
            raise
        return listing_of(kind, items, organization=organization)

    async def teams(self, wanted: Collection[str] | None = None) -> dict[str, str] | None:
        """Return the names of the teams by id, None where they cannot be listed.

        Where those of the ids in `wanted` will do, others may be missing.
        """
        listed = await self._teams(wanted)
        return None if listed is None else {id: team.name or team.slug or id for id, team in listed.items()}

    async def directory(self) -> Directory:
        """Return who we are, and which teams and wallets are listed; no ledger is read."""
        identity = await self.identity()
        async with together() as block:
            wallets = block.start(self._listing)
            teams = block.start(self._teams)
        listing = wallets.value
        return Directory(identity, teams.value, listing.holders(), listing.pool_currencies)

    async def _teams(self, wanted: Collection[str] | None = None) -> dict[str, ListedTeam] | None:
        try:
            items = await read_all(self._channel, TEAMS, plural="teams", wanted=wanted)
        except ForbiddenError:
            return None
        except RejectedError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        listed = (ListedTeam(item.text("id"), *map(item.optional_text, ("name", "slug"))) for item in items)
        return {team.id: team for team in sorted(listed, key=lambda team: team.id)}

    async def payments(self, organization: str, period: Period, on_progress: Progress | None) -> tuple[Payment, ...]:
        """Return what every wallet of every scope settled since `period` began; one that cannot be read is an error."""
        await self.identity_in(organization)
        listing = await self._listing()
        for broken in listing.broken:
            raise broken.error
        found: dict[str, list[Payment]] = {}

        async def read(row: WalletRow) -> None:
            ledger = await self._entries(row.id, row.currency, period)
            found[row.id] = [row.payment(entry) for entry in ledger.entries if entry.kind in SPENDING]
            if on_progress is not None:
                on_progress(len(found), len(listing.rows))

        await for_each(listing.rows, read, workers=self._connection.concurrency)
        return tuple(payment for key in sorted(found) for payment in found[key])

    async def _listing(self) -> WalletListing:
        items = await read_all(self._channel, WALLETS, plural="wallets")
        return wallet_listing(items)

    async def _row(
        self, choose: Callable[[WalletListing], WalletRow | None], *, params: Mapping[str, str]
    ) -> WalletRow | None:
        """Return one wallet as it is now. Only the whole listing can say that it does not exist."""
        row = None
        try:
            items = await read_all(self._channel, BALANCE, plural="wallets", params=params, alone=True)
            row = choose(wallet_listing(items))
        except (RejectedError, UnreadableError) as error:
            _logger.debug("GET %s is of no use here, so %s is read: %s", BALANCE, WALLETS, error)
        return row or choose(await self._listing())

    async def _ledgers(
        self,
        rows: Mapping[WalletRef, WalletRow],
        period: Period,
        on_progress: Progress | None,
        watcher: Watcher | None,
    ) -> dict[WalletRef, LiveWallet]:
        """Return each wallet with its ledger, read in the order of `rows`."""
        wallets: dict[WalletRef, LiveWallet] = {}

        async def read(row: WalletRow) -> None:
            try:
                ledger = await self._ledger(row, period)
            except UnknownTypeError as error:
                ledger = Ledger((), unread=Unread(error.message, error.hint))
            wallets[row.ref] = row.live(ledger)
            if watcher is not None:
                watcher.read(wallets[row.ref])
            if on_progress is not None:
                on_progress(len(wallets), len(rows))

        await for_each(rows.values(), read, workers=self._connection.concurrency)
        return wallets

    async def _ledger(self, row: WalletRow, period: Period) -> Ledger:
        self._wallet_ids[row.ref, row.currency] = row.id
        return await self._entries(row.id, row.currency, period)

    async def _entries(self, wallet: str, currency: str, period: Period) -> Ledger:
        start = period.plus(-self._connection.ledger_months_before).start_instant
        params = {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}"}
        items = await read_all(self._channel, ledger_path(wallet), plural="transactions", params=params, grows=True)
        field, types = self._connection.description_field, self._connection.ledger_types
        entries = (ledger_entry(item, currency=currency, description_field=field, types=types) for item in items)
        return since(entries, period)


WHOAMI = "/v1/auth/whoami"


def read_identity(document: Any) -> Identity:
    """Return the identity that the answer to whoami describes."""
    if isinstance(document, Mapping) and isinstance(document.get("data"), Mapping):
        document = document["data"]
    if not isinstance(document, Mapping):
        raise unreadable(f"the answer to GET {WHOAMI}", "it is no object")
    item = Item(f"GET {WHOAMI}", document)
    organization = item.object("organization")
    principal = item.object("principal")
    permissions = item.raw("permissions")
    return Identity(
        organization=organization.text("id") if organization else item.text("organization", "organization_id"),
        organization_name=organization.optional_text("name") if organization else "",
        principal=principal.optional_text("id") if principal else item.optional_text("principal"),
        permissions=frozenset(str(name) for name in permissions) if isinstance(permissions, list) else frozenset(),
    )


def check_organization(identity: Identity, expected: str) -> None:
    """Raise UnauthorizedError unless `identity` belongs to the organization `expected`."""
    if identity.organization == expected:
        return
    raise UnauthorizedError(
        f"the token belongs to organization `{shown(identity.organization, limit=80)}`,"
        f" and the YAML is for `{shown(expected, limit=80)}`; nothing else was read",
        hint=f"use a token of `{shown(expected, limit=80)}`, or correct `organization` in org.yaml",
    )
