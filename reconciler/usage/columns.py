"""What an event's columns are called: canonical names, a deployment's own, and those that other systems use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from reconciler.findings import UsageError
from reconciler.meant import close_to
from reconciler.model.money import CURRENCIES

KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "timestamp": ("timestamp",),
    "team_id": ("team_id",),
    "gateway_id": ("gateway_id",),
    "provider": ("provider",),
    "model": ("model",),
    "decision": ("decision", "verdict"),
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cost": ("cost", "total_cost_usd"),
    "cache_hit": ("cache_hit",),
    "avoided_cost": ("avoided_cost",),
    "workload": ("workload",),
    "lane": ("lane",),
    "fallback": ("fallback",),
    "metadata": ("metadata",),
}
"""Canonical name to the names that exports use for it, the first one present and not empty wins."""

CURRENCY = "currency"
"""The column, in any case, that may say what currency a cost is in."""

OTHER_CURRENCY = "in another currency"
"""How the cost of an event in another currency than ours begins; that and the amount follow. Two are never added."""

REQUIRED = ("timestamp", "team_id", "cost")
IN_METADATA = ("workload", "lane", "fallback")
"""Attributes that are also looked up inside the `metadata` object, under the same name."""


class MissingColumnsError(UsageError):
    """Exports lack columns that money needs; `others` are further exports that do."""

    def __init__(self, path: str, missing: Sequence[str], found: Iterable[str], others: Sequence[str] = ()) -> None:
        self.path = path
        self.missing = tuple(missing)
        self.found = tuple(found)
        self.others = tuple(others)
        super().__init__(f"{path}: no column for {' or '.join(f'`{name}`' for name in self.missing)}")

    def with_others(self, others: Sequence[str]) -> MissingColumnsError:
        return MissingColumnsError(self.path, self.missing, self.found, others)


class ColumnNames(dict[str, tuple[str, ...]]):
    """The names to look for by canonical name, and the `currency` that costs are to be in; "" for any."""

    currency = ""


def column_names(own: Mapping[str, str], currency: str = "") -> ColumnNames:
    """Return the names to look for by canonical name; one that `own` maps is looked for under that name alone."""
    unknown = sorted(set(own) - set(KNOWN_NAMES))
    if unknown:
        raise UsageError(
            f"`usage: columns:` maps `{unknown[0]}`, which is not a column of an event",
            hint=f"the names on the left are: {', '.join(KNOWN_NAMES)}",
        )
    names = ColumnNames({name: (own[name],) if name in own else known for name, known in KNOWN_NAMES.items()})
    names.currency = currency
    return names


def own_columns(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return what `usage: columns:` maps by canonical name."""
    return {name: each[0] for name, each in names.items() if tuple(each) != KNOWN_NAMES.get(name)}


def abroad(name: str, column: str, names: Mapping[str, Sequence[str]]) -> str:
    """Return the other currency that a column has by its name, unless `usage: columns:` says that it is meant."""
    return foreign_currency(column, currency_of(names)) if name == "cost" and name not in own_columns(names) else ""


def lacking(found: Iterable[str], names: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the columns that money needs and that are not among those `found`, in any case."""
    folded = {column.strip().casefold() for column in found}
    return [
        name
        for name in REQUIRED
        if not any(alias.casefold() in folded for alias in names[name] if not abroad(name, alias, names))
    ]


def foreign_currency(column: str, ours: str) -> str:
    """Return the currency that a column has by its name, "" where it is `ours` or the name says none."""
    alike = (alias for alias in _KNOWN["cost"] if key(alias) == key(column))
    words = {word.upper() for each in (column, *alike) for word in _words(_spelled(each, ours))}
    return min(words & CURRENCIES, default="") if ours and ours not in words else ""


def _spelled(column: str, ours: str) -> str:
    """Return a name with signs of currencies as codes; the dollar is that of ours, where ours is one."""
    for sign, code in {"€": "EUR", "£": "GBP", "$": ours if ours.endswith("D") else "USD"}.items():
        column = column.replace(sign, f" {code} ")
    return column


def currency_of(names: Mapping[str, Sequence[str]]) -> str:
    """Return the currency that costs are to be in, "" for any."""
    return names.currency if isinstance(names, ColumnNames) else ""


def find_columns(path: str, found: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return the places in `found` of each canonical column, best name first, in any case.

    Raises UsageError when a column that money needs has no place.
    """
    folded = [name.strip().casefold() for name in found]
    places = {
        canonical: [folded.index(name.casefold()) for name in aliases if name.casefold() in folded]
        for canonical, aliases in names.items()
    }
    missing = lacking(found, names)
    if missing:
        raise MissingColumnsError(path, missing, found)
    _refuse_twins(path, folded, [names[name] for name in REQUIRED])
    return places


def _refuse_twins(path: str, folded: Sequence[str], needed: Iterable[Sequence[str]]) -> None:
    """Raise UsageError when two columns have a name that money is read by: which of them is meant cannot be told."""
    for name in (alias.casefold() for aliases in needed for alias in aliases):
        places = [str(at) for at, column in enumerate(folded, 1) if column == name]
        if len(places) > 1:
            raise UsageError(
                f"{path}: columns {' and '.join(places)} are both called `{name}`, so nothing of it was used",
                hint="give each column a name of its own in the first line, or export again without one of them",
            )


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

_BESIDE_COST = frozenset({"total", "in", "llm", "api", *map(str.casefold, CURRENCIES)})
_COSTS = (frozenset({"cost"}), frozenset({"costs"}), frozenset({"spend"}), frozenset({"charge"}))
_NEARLY = 0.88
_LONGEST_NAME = 200


def candidates(name: str, found: Sequence[str], currency: str = "") -> list[str]:
    """Return the columns of `found` that may be our column `name`, the likeliest first; none of another `currency`."""
    usual = [each for each in _KNOWN[name] if not foreign_currency(each, currency)]
    never, own = set(_NEVER.get(name, ())), set(map(key, usual))
    allowed = [
        column
        for column in found
        if can_be_mapped(column)
        and not foreign_currency(column, currency)
        and (key(column) in own or not never & set(_words(column)))
    ]
    by_key: dict[str, str] = {}
    for column in allowed:
        by_key.setdefault(key(column), column)
    known = [by_key[key(each)] for each in usual if key(each) in by_key]
    if name == "cost":
        known += [column for column in allowed if frozenset(_words(column)) - _BESIDE_COST in _COSTS]
    for each in usual:
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
