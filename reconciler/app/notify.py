"""`kt-budgets notify`: the digest of a document to a chat, by its incoming webhook (decision 0108)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from reconciler.app.listening import say
from reconciler.app.planning.saved import load_plan, text_of
from reconciler.findings import RemoteError, UsageError
from reconciler.http.webhook import Webhook, post
from reconciler.model.drift import DriftDocument
from reconciler.model.message import NotifiedDocument, Service
from reconciler.model.outlook import ForecastDocument
from reconciler.model.review import ReviewDocument
from reconciler.redaction import hide
from reconciler.report.chat import body_of
from reconciler.report.message import Notable, message_of
from reconciler.report.renderers import Statement
from reconciler.settings import environment

_SLACK = ("hooks.slack.com", "hooks.slack-gov.com")
_TEAMS = (".logic.azure.com", ".webhook.office.com", ".api.powerplatform.com")
_CALM = "nothing in it needs somebody"
_KINDS = {kind.name(): kind for kind in (DriftDocument, ForecastDocument, ReviewDocument)}


@dataclass(frozen=True, slots=True)
class NotifyRequest:
    """What is asked: the `document` that a command printed as JSON, and `to` whom: `env:NAME` or `file:PATH`.

    `service` is the kind of webhook, by default what its host tells. Unless `strict`, a message that cannot be sent is
    said and no error. `if_needed`: one that says that all is well is not sent.
    """

    document: Path
    to: str
    service: Service | None = None
    strict: bool = False
    if_needed: bool = False
    dry_run: bool = False


def notify(asked: NotifyRequest) -> Statement:
    """Send the digest of a document, and state what became of it.

    Raises:
        UsageError: the document or the webhook's address cannot be read.
        StalePlanError: it is a plan that was edited after it was made.
        RemoteError: `strict`, and the message was not taken.
    """
    message = message_of(_read(asked.document))
    webhook = webhook_of(asked.to)
    service = asked.service or service_of(webhook.host)
    stated = partial(NotifiedDocument, about=message.about, service=service)
    if asked.if_needed and not message.is_needed:
        return Statement(stated(sent=False, reason=_CALM), f"nothing was sent: {message.title}")
    body = body_of(message, service)
    if asked.dry_run:
        return Statement(stated(sent=False, body=body), body)
    try:
        post(webhook, body)
    except RemoteError as error:
        if asked.strict:
            raise
        say(f"the message was not sent: {error.message}", error.hint)
        return Statement(stated(sent=False, reason=error.message), "nothing was sent")
    return Statement(stated(sent=True), f"sent to {webhook.host}: {message.title}")


def service_of(host: str) -> Service:
    """Return the kind of webhook that a host has, as JSON where it is none that is known."""
    name = host.partition(":")[0].lower()
    if name in _SLACK:
        return "slack"
    return "teams" if name.endswith(_TEAMS) else "json"


def webhook_of(to: str) -> Webhook:
    """Return the webhook whose address is in `env:NAME` or `file:PATH`; from now on the address is shown nowhere."""
    hint = "keep the address as a secret, and name where: `--to env:NAME` or `--to file:PATH`"
    kind, _, name = to.partition(":")
    if kind == "env" and name:
        found, source = environment().get(name, ""), f"${name}"
    elif kind == "file" and name:
        found, source = text_of(Path(name), "a webhook address", hint), name
    else:
        hide(to)
        raise UsageError("`--to` names where the address of the webhook is, and not the address itself", hint=hint)
    if not found.strip():
        raise UsageError(f"{source} is empty: there is no webhook to send to", hint=hint)
    hide(found.strip())
    webhook = Webhook(found.strip(), source)
    for secret in webhook.secrets:
        hide(secret)
    return webhook


def _read(path: Path) -> Notable:
    hint = "give what `plan`, `drift`, `forecast` or `review` wrote with `--format json`"
    text = text_of(path, "a document", hint)
    try:
        name = str(json.loads(text)["format"]).removeprefix("kt-budgets.").rpartition("/")[0]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"{path} is no document of kt-budgets", hint=hint) from None
    if name == "plan":
        return load_plan(path)
    if name not in _KINDS:
        raise UsageError(f"{path} is a document of another kind: there is no digest of it", hint=hint)
    try:
        return _KINDS[name].model_validate_json(text)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise UsageError(f"{path} cannot be read as {name}: {where} is not as it should be", hint=hint) from None
