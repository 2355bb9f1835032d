"""The routes of the Keeptrusts API, each a function from Call to Reply, with the permission it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from reconciler.sandbox.call import Call, Reply
from reconciler.sandbox.documents import COLLECTIONS, Collection, Documents
from reconciler.sandbox.ledger import Entry, Posting
from reconciler.sandbox.wire import ApiError, Micros

MEMBER = "org:member"
BILLING = "org:billing"


class RouteSpec(NamedTuple):
    method: str
    path: str
    permission: str
    handler: Callable[[Call], Reply]


def whoami(call: Call) -> Reply:
    store = call.store
    return Reply(
        {
            "organization": {"id": store.organization, "name": store.database.fact("organization_name")},
            "principal": {"id": call.principal.id, "type": call.principal.type},
            "permissions": list(call.principal.permissions),
        }
    )


def list_teams(call: Call) -> Reply:
    return call.listing("teams", lambda after, limit: [team._asdict() for team in call.store.teams.page(after, limit)])


def create_team(call: Call) -> Reply:
    return Reply(call.store.teams.create(call.text("name"))._asdict(), 201)


def list_wallets(call: Call) -> Reply:
    return call.listing(
        "wallets", lambda after, limit: [wallet.document for wallet in call.store.wallets.page(after, limit)]
    )


def wallet_balance(call: Call) -> Reply:
    """Return the wallets that requests of a team are paid from: the organization's while the team has none."""
    store, team = call.store, call.query.get("team_id")
    found = store.wallets.of("team", team) if team else []
    if team and not found and store.database.row("SELECT 1 FROM teams WHERE id = ?", (team,)) is None:
        raise ApiError(404, "team_not_found", f"there is no team `{team[:100]}`")
    scope = "team" if found else "organization"
    found = found or store.wallets.of("organization", store.organization)
    return Reply({"effective_scope": scope, "wallets": [wallet.document for wallet in found]})


def list_transactions(call: Call) -> Reply:
    wallet = call.path["id"]
    ledger = call.store.wallets
    if ledger.get(wallet) is None:
        raise ApiError(404, "wallet_not_found", f"there is no wallet `{wallet[:100]}`")
    start, end = call.window()
    if call.shifting:
        return _shifting_transactions(call, wallet, start, end)

    def fetch(after: str, limit: int | None) -> list[dict[str, Any]]:
        found = ledger.entries(wallet, start=start, end=end, after=after, limit=limit, hidden=call.hidden)
        return [entry.document for entry in found]

    return call.listing("transactions", fetch)


def _shifting_transactions(call: Call, wallet: str, start: int, end: int) -> Reply:
    """Return a page by offset, newest first: what is written meanwhile moves entries onto the next page again."""
    limit = call.presentation.limit(call.query.get("limit")) or FAR
    cursor = call.query.get("cursor", "0")
    if not cursor.isdigit():
        raise ApiError(422, "invalid_cursor", "the cursor is not one of ours")
    found: list[Entry] = call.store.wallets.newest(
        wallet, start=start, end=end, offset=int(cursor), limit=limit + 1, hidden=call.hidden
    )
    following = str(int(cursor) + limit) if len(found) > limit else None
    return Reply(call.presentation.page("transactions", [entry.document for entry in found[:limit]], following))


FAR = 10**9


def allocate(call: Call) -> Reply:
    return _posted(
        call.store.wallets.allocate(
            call.text("team_id"), call.amount(), currency=call.currency(), description=call.description()
        )
    )


def reclaim(call: Call) -> Reply:
    return _posted(
        call.store.wallets.reclaim(
            call.text("team_id"), call.amount(), currency=call.currency(), description=call.description()
        )
    )


def credit(call: Call) -> Reply:
    return _posted(call.store.wallets.credit(call.amount(), currency=call.currency(), description=call.description()))


def _posted(posting: Posting) -> Reply:
    return Reply({"transaction": posting.entry.document, "wallet": posting.wallet.document}, 201)


def reserve(call: Call) -> Reply:
    reservation, wallet = call.store.wallets.reserve(
        call.text("team_id"),
        call.amount(),
        user=call.text("user_id", ""),
        currency=call.currency(),
        description=call.description(),
    )
    document = {"id": reservation.id, "wallet_id": wallet.id, "amount": Micros(reservation.amount)}
    return Reply({"reservation": document, "effective_scope": wallet.scope, "wallet": wallet.document}, 201)


def settle(call: Call) -> Reply:
    """Settle a reservation; with `event` the request is counted as spend of its team and shows in exports."""
    store, amount, reservation = call.store, call.amount(), call.text("reservation_id")
    event = call.body.get("event")
    with store.database.write():
        posting = store.wallets.settle(reservation, amount, description=call.description())
        if isinstance(event, dict):
            columns = {key: value for key, value in event.items() if key not in ("id", "team_id", "cost")}
            team = str(event.get("team_id") or posting.wallet.scope_id)
            store.usage.record(team, amount, id=str(event.get("id") or f"evt_{posting.entry.id[4:]}"), **columns)
    return _posted(posting)


def release(call: Call) -> Reply:
    return _posted(call.store.wallets.release(call.text("reservation_id")))


def spend(call: Call) -> Reply:
    if call.query.get("group_by", "team") != "team":
        raise ApiError(422, "invalid_group", "group_by is team")
    start, end = call.window()
    return call.listing(
        "spend",
        lambda after, limit: call.store.usage.spend(start, end, after=after, limit=limit),
        key="team_id",
    )


def create_export_job(call: Call) -> Reply:
    return Reply(call.store.jobs.create(call.body), 202)


def list_export_jobs(call: Call) -> Reply:
    return call.listing("jobs", call.store.jobs.page)


def get_export_job(call: Call) -> Reply:
    return Reply(call.store.jobs.ask(call.path["id"]))


def download_export(call: Call) -> Reply:
    """Redirect to object storage, which is another origin and takes no bearer token."""
    key = call.store.jobs.object_of(call.path["id"])
    return Reply(None, 302, {"Location": f"{call.object_origin}/objects/{key}"})


def _of_documents(collection: Collection) -> Iterator[RouteSpec]:

    def kept(call: Call) -> Documents:
        return call.store.documents[collection.kind]

    def read(call: Call) -> Reply:
        return Reply(kept(call).get(call.path["id"]))

    def replace(call: Call) -> Reply:
        return Reply(kept(call).replace(call.path["id"], call.body))

    def delete(call: Call) -> Reply:
        kept(call).delete(call.path["id"])
        return Reply(None, 204)

    path, one = collection.path, f"{collection.path}/{{id}}"
    yield RouteSpec("GET", path, MEMBER, lambda call: call.listing(collection.plural, kept(call).page))
    yield RouteSpec("POST", path, BILLING, lambda call: Reply(kept(call).create(call.body), 201))
    if collection.is_single:
        yield RouteSpec("GET", one, MEMBER, read)
    yield RouteSpec("PUT", one, BILLING, replace)
    yield RouteSpec("DELETE", one, BILLING, delete)


ROUTES = (
    RouteSpec("GET", "/v1/wallets/{id}/transactions", MEMBER, list_transactions),
    RouteSpec("GET", "/v1/wallets/balance", MEMBER, wallet_balance),
    RouteSpec("GET", "/v1/wallets", MEMBER, list_wallets),
    RouteSpec("POST", "/v1/wallets/allocate", BILLING, allocate),
    RouteSpec("POST", "/v1/wallets/reclaim", BILLING, reclaim),
    RouteSpec("POST", "/v1/wallets/credit", BILLING, credit),
    RouteSpec("GET", "/v1/auth/whoami", MEMBER, whoami),
    RouteSpec("GET", "/v1/teams", MEMBER, list_teams),
    RouteSpec("POST", "/v1/teams", BILLING, create_team),
    *(route for collection in COLLECTIONS for route in _of_documents(collection)),
    RouteSpec("GET", "/v1/spend", MEMBER, spend),
    RouteSpec("POST", "/v1/exports/jobs", MEMBER, create_export_job),
    RouteSpec("GET", "/v1/exports/jobs", MEMBER, list_export_jobs),
    RouteSpec("GET", "/v1/exports/jobs/{id}", MEMBER, get_export_job),
    RouteSpec("GET", "/v1/exports/jobs/{id}/download", MEMBER, download_export),
    RouteSpec("POST", "/v1/gateway/wallets/reserve", BILLING, reserve),
    RouteSpec("POST", "/v1/gateway/wallets/settle", BILLING, settle),
    RouteSpec("POST", "/v1/gateway/wallets/release", BILLING, release),
)
