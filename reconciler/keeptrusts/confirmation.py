"""Whether a success really says that the write was done: what it names must be what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.findings import UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.wallets import entry_kind, ledger_entry
from reconciler.model.live import LedgerEntry
from reconciler.model.money import Money
from reconciler.model.operation import MoneyMove
from reconciler.model.write import Lost, WriteResult, Written


def confirmed_move(answer: bytes, kind: MoneyMove, amount: Money, *, types: Mapping[str, str]) -> WriteResult:
    """Return Written when the answer names a transaction and nothing in it differs from the move that was sent.

    `types` are the words of this deployment for our kinds.
    """
    where = f"the answer to the {kind}"
    try:
        item = _transaction(answer, where)
        identity = item.text("id")
        if item.raw("type", "kind") is not None and (found := entry_kind(item, types)) != kind:
            return Lost(f"{where} names {shown(identity, limit=60)}, which is of type {shown(found, limit=40)}")
        if item.raw("amount") is not None and (moved := item.amount("amount").copy_abs()) != amount.amount:
            return Lost(f"{where} names {shown(identity, limit=60)} with an amount of {moved:f}, not {amount}")
        if (currency := item.currency(default=amount.currency)) != amount.currency:
            return Lost(f"{where} names {shown(identity, limit=60)} in {currency}, not {amount}")
        return Written(identity, _entry(item, amount.currency, types))
    except UnreadableError as error:
        return Lost(error.message)


def confirmed_object(answer: bytes, request: str, *, id: str | None) -> WriteResult:
    """Return Written when an object was created, replaced or deleted; `id` is None for one that is created.

    What is created is named by the answer. Of a deletion, and of a replacement without an answer, the status is proof.
    """
    if id is not None and (request.startswith("DELETE") or not answer.strip()):
        return Written(id)
    where = f"the answer to {request}"
    try:
        document = _object(answer, where)
        nested = next((value for value in document.values() if isinstance(value, Mapping) and "id" in value), {})
        item = Item(where, document if "id" in document else nested)
        return Written(id or item.text("id"))
    except UnreadableError as error:
        return Lost(error.message)


def _transaction(answer: bytes, where: str) -> Item:
    document = _object(answer, where)
    for name in ("data", "transaction", "entry"):
        if isinstance(nested := document.get(name), Mapping):
            document = nested
    return Item(where, document)


def _object(answer: bytes, where: str) -> Mapping[str, Any]:
    try:
        document = exact_json.decode(answer)
    except ValueError as error:
        raise UnreadableError(f"{where} is not JSON ({shown(str(error))})") from None
    if not isinstance(document, Mapping):
        raise UnreadableError(f"{where} is no object")
    return document


def _entry(item: Item, currency: str, types: Mapping[str, str]) -> LedgerEntry | None:
    try:
        return ledger_entry(item, currency=currency, description_field="description", types=types)
    except UnreadableError:
        return None
