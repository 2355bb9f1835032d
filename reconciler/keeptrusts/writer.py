"""The Writer: moves of money, and managed objects. One request a call, never repeated.

An outcome is a value, never an exception: confirmed, refused, rate limited, not sent, or lost. Whatever is not
plainly one of the first four is lost, and only the ledger can tell what became of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import httpx

from reconciler.findings import UnreadableError
from reconciler.http.clients import single_use_client
from reconciler.http.failures import UNSENT, log_answer, reason_of, shown
from reconciler.http.waits import asked_wait, dated
from reconciler.keeptrusts import exact_json
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.failures import answered, permission_hint, request_id
from reconciler.keeptrusts.fields import Item
from reconciler.keeptrusts.ledger import WALLETS, entry_kind, ledger_entry, segment
from reconciler.keeptrusts.wallets import holder
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.live import LedgerEntry
from reconciler.model.money import Money
from reconciler.model.operation import MoneyMove
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.write import Lost, NotSent, RateLimited, Refused, WriteResult, Written

LARGEST_ANSWER = 1024 * 1024
DEFAULT_WAIT = 1.0
LONGEST_WAIT = 3600.0
"""Seconds to wait after a 429 that does not say how long, and the most that is believed."""

_UNDECIDED = frozenset({httpx.codes.REQUEST_TIMEOUT})
_logger = logging.getLogger(__name__)


class Writer:
    """Writes to one Keeptrusts; open it with `with`. `transport` replaces the network."""

    def __init__(self, connection: Connection, *, transport: httpx.BaseTransport | None = None) -> None:
        self._connection = connection
        self._client = single_use_client(
            connection,
            {**connection.headers, "Content-Type": "application/json"},
            timeout=connection.timeout,
            transport=transport,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def allocate(self, wallet: WalletRef, amount: Money, *, description: str, operation: str) -> WriteResult:
        """Move `amount` from the pool to `wallet`."""
        return self._move("allocate", wallet, amount, description, operation)

    def reclaim(self, wallet: WalletRef, amount: Money, *, description: str, operation: str) -> WriteResult:
        """Move `amount` from `wallet` back to the pool."""
        return self._move("reclaim", wallet, amount, description, operation)

    def create(self, kind: ManagedKind[V], document: Mapping[str, Any]) -> WriteResult:
        """Create the object of `kind` that `document` describes, in the model's names or the wire's."""
        return self._change("POST", self._connection.path_of(kind), kind.body(document))

    def replace(self, kind: ManagedKind[V], id: str, document: Mapping[str, Any]) -> WriteResult:
        """Replace the object `id` as a whole; unknown keys of `document` are sent back as they are."""
        return self._change("PUT", f"{self._connection.path_of(kind)}/{segment(id)}", kind.body(document), id=id)

    def delete(self, kind: ManagedKind[V], id: str) -> WriteResult:
        return self._change("DELETE", f"{self._connection.path_of(kind)}/{segment(id)}", None, id=id)

    def _move(self, kind: MoneyMove, wallet: WalletRef, amount: Money, description: str, operation: str) -> WriteResult:
        if amount.amount <= 0:
            raise ValueError(f"{kind} moves a positive amount, not {amount}")
        body = {
            **holder(wallet),
            "amount": amount.amount,
            "currency": amount.currency,
            self._connection.description_field: description,
        }
        answer = self._send("POST", f"{WALLETS}/{kind}", body, idempotency_key=operation)
        if not isinstance(answer, bytes):
            return answer
        return self._told(confirmed_move(answer, kind, amount, types=self._connection.ledger_types))

    def _change(self, method: str, path: str, body: Mapping[str, Any] | None, *, id: str | None = None) -> WriteResult:
        answer = self._send(method, path, body)
        return self._told(confirmed_object(answer, f"{method} {path}", id=id)) if isinstance(answer, bytes) else answer

    def _told(self, result: WriteResult) -> WriteResult:
        return Lost(self._connection.redact(result.reason)) if isinstance(result, Lost) else result

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, *, idempotency_key: str | None = None
    ) -> bytes | WriteResult:
        """Send one request, once. Returns the body of a success, else what came of it."""
        headers = {**self._connection.authorization}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        content = None if body is None else exact_json.encode(body).encode()
        request = self._client.build_request(method, self._connection.url(path), headers=headers, content=content)
        started = time.monotonic()
        try:
            response, answer = self._exchange(request, started)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log_answer(_logger, method, path, error, started)
            return self._broken(method, path, error)
        log_answer(_logger, method, path, response, started, more=request_id(response.headers, before=", request "))
        return answer if response.is_success else self._unsuccessful(method, path, response, answer)

    def _exchange(self, request: httpx.Request, started: float) -> tuple[httpx.Response, bytes]:
        response = self._client.send(request, stream=True)
        answer = bytearray()
        try:
            for chunk in response.iter_bytes():
                answer += chunk
                if len(answer) > LARGEST_ANSWER:
                    raise httpx.ReadError("the answer is larger than any confirmation")
                if time.monotonic() - started > self._connection.total_timeout:
                    raise httpx.ReadTimeout("the answer does not end")
        finally:
            response.close()
        return response, bytes(answer)

    def _broken(self, method: str, path: str, error: httpx.HTTPError | httpx.InvalidURL) -> WriteResult:
        reason = reason_of(self._connection, error)
        if isinstance(error, UNSENT):
            return NotSent(f"no connection to {self._connection.host} for {method} {path}: {reason}")
        return Lost(f"no whole answer to {method} {path}: {reason}")

    def _unsuccessful(self, method: str, path: str, response: httpx.Response, body: bytes) -> WriteResult:
        sentence = answered(self._connection, method, path, response, body)
        status = response.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            return RateLimited(retry_after(response.headers), dated(response.headers))
        if not response.is_client_error or status in _UNDECIDED:
            return Lost(sentence)
        if status == httpx.codes.FORBIDDEN:
            sentence = f"{sentence}; {permission_hint(method, path)}"
        return Refused(status, sentence, dated(response.headers))


def retry_after(headers: httpx.Headers, *, now: datetime | None = None) -> float:
    """Return the seconds to wait after a 429: as long as it asks, within what is believed."""
    asked = asked_wait(headers, now=now)
    return DEFAULT_WAIT if asked is None else min(asked, LONGEST_WAIT)


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
