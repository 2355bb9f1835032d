"""Which of an export's columns may be which of ours, by the names that the exports of common systems use.

Only a known name, or one that is nearly it, is a candidate. What merely resembles a cost is none: a list price, a price
for a unit or a token, and the cost of a part give wrong money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from reconciler.meant import close_to

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "id": (
        *("id", "event_id", "request_id", "generation_id", "call_id", "completion_id", "response_id"),
        *("observation_id", "span_id", "log_id", "message_id", "usage_id", "record_id", "transaction_id", "uuid"),
    ),
    "timestamp": (
        *("timestamp", "created_at", "start_time", "starting_at", "request_created_at", "charge_period_start"),
        *("line_item_usage_start_date", "usage_start_date", "usage_start_time", "usage_date_utc", "usage_date"),
        *("bucket_start_time", "occurred_at", "event_time", "event_timestamp", "event_date", "request_time"),
        *("timestamp_utc", "created", "datetime", "date", "day", "time", "ts"),
    ),
    "team_id": (
        *("team_id", "team", "team_name", "team_alias", "metadata_team_id", "squad", "wallet", "wallet_id", "scope_id"),
        *("cost_center", "cost_centre", "department", "business_unit"),
    ),
    "cost": (
        *("cost", "cost_usd", "total_cost_usd", "total_cost", "spend", "amount_value", "calculated_total_cost"),
        *("billed_cost", "effective_cost", "line_item_unblended_cost", "unblended_cost", "response_cost"),
        *("request_cost", "usage_cost", "amount_usd", "charge", "amount", "cost_in_billing_currency", "pre_tax_cost"),
    ),
}
"""Our columns and what FOCUS, AWS, Azure, Anthropic, OpenAI, OpenRouter, LiteLLM, Langfuse, Helicone and others say."""

SCOPES = (
    *("workspace", "workspace_name", "workspace_id", "project_name", "project_id", "sub_account_name"),
    *("sub_account_id", "line_item_usage_account_id", "api_key_name", "key_alias", "api_key_alias", "api_key_id"),
    *("api_key", "organization_id", "user_id", "user"),
)
"""What other systems divide spend by; it may stand for a team, which only a person can say."""

_NEVER: Mapping[str, tuple[str, ...]] = {
    "cost": (
        *("list", "unit", "per", "price", "prices", "rate", "token", "tokens", "contracted", "public", "demand"),
        *("budget", "limit", "quota", "max", "avoided", "saved", "savings", "discount", "tax", "markup", "margin"),
        *("currency", "type", "input", "output", "prompt", "completion", "cache", "cached", "estimate", "estimated"),
    ),
    "timestamp": ("end", "ending", "updated", "modified", "deleted", "expires", "expiry", "billing", "invoice"),
}
"""Words of names that are never ours."""

_BESIDE_COST = frozenset({"usd", "eur", "gbp", "total", "in", "llm", "api"})
_COSTS = (frozenset({"cost"}), frozenset({"costs"}), frozenset({"spend"}), frozenset({"charge"}))
_NEARLY = 0.88
_LONGEST_NAME = 200


def candidates(name: str, found: Sequence[str]) -> list[str]:
    """Return the columns of `found` that may be our column `name`, the likeliest first."""
    never, own = set(_NEVER.get(name, ())), set(map(key, _KNOWN[name]))
    allowed = [
        column for column in found if can_be_mapped(column) and (key(column) in own or not never & set(_words(column)))
    ]
    by_key: dict[str, str] = {}
    for column in allowed:
        by_key.setdefault(key(column), column)
    known = [by_key[key(each)] for each in _KNOWN[name] if key(each) in by_key]
    if name == "cost":
        known += [column for column in allowed if frozenset(_words(column)) - _BESIDE_COST in _COSTS]
    for each in _KNOWN[name]:
        if len(key(each)) > len("cost"):
            known += [by_key[near] for near in close_to(key(each), by_key, alike=_NEARLY)]
    return list(dict.fromkeys(known))


def scopes(found: Sequence[str]) -> list[str]:
    """Return the columns of `found` by which another system divides spend."""
    by_key = {key(column): column for column in found}
    return [by_key[key(each)] for each in SCOPES if key(each) in by_key]


def can_be_mapped(column: str) -> bool:
    """Return whether a name can be written into `org.yaml`, which takes one line of 200 characters."""
    return column.strip().isprintable() and len(column) <= _LONGEST_NAME


def key(column: str) -> str:
    """Return a name without what spellings differ in: `createdAt`, `created_at` and `Created At` are one."""
    return "".join(_words(column))


def _words(column: str) -> list[str]:
    parted = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", column)
    return re.findall(r"[^\W_]+", parted.casefold())
