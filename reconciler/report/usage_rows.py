"""Daily usage as rows for finance: plain ones, and those of FOCUS 1.2, the FinOps Foundation's specification."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

from reconciler.model.desired import Desired
from reconciler.model.json_text import canonical_json
from reconciler.model.period import Period
from reconciler.model.usage import NANO, DailyUsage

Cell = str | int | Decimal | date | None
Row = dict[str, Cell]
_GATEWAY = "Keeptrusts"


def plain_rows(usage: DailyUsage, desired: Desired) -> Iterator[Row]:
    """Yield a row for each day, wallet, workload, provider, model and lane; money exact, in major units."""
    declared = {str(key): wallet for key, wallet in desired.wallets.items()}
    for row in range(len(usage.day)):
        wallet = str(usage.wallet[row])
        known = declared.get(wallet)
        yield {
            "day": usage.day[row].astype(object),
            "team": known.team if known else "",
            "environment": known.environment if known else "",
            "wallet": wallet,
            "workload": str(usage.workload[row]),
            "provider": str(usage.provider[row]),
            "model": str(usage.model[row]),
            "lane": str(usage.lane[row]),
            "currency": desired.organization.currency,
            "cost": _money(usage.cost[row]),
            "credits": _money(usage.credits[row]),
            "avoided_cost": _money(usage.avoided[row]),
            "requests": int(usage.requests[row]),
            "input_tokens": int(usage.input_tokens[row]),
            "output_tokens": int(usage.output_tokens[row]),
            "cache_hits": int(usage.cache_hits[row]),
            "fallbacks": int(usage.fallbacks[row]),
        }


def focus_rows(rows: Iterator[Row], organization: str) -> Iterator[Row]:
    """Yield each row as a charge for usage, and what was credited in it as a charge of its own: sums stay the same."""
    for row in rows:
        cost, credits = row["cost"], row["credits"]
        assert isinstance(cost, Decimal) and isinstance(credits, Decimal)  # noqa: S101, PT018 - what plain_rows yields
        yield _charge(row, organization, cost - credits, "Usage")
        if credits:
            yield _charge(row, organization, credits, "Credit")


_UNKNOWN: Row = dict.fromkeys(
    (
        "AvailabilityZone",
        "ChargeClass",
        "CommitmentDiscountCategory",
        "CommitmentDiscountId",
        "CommitmentDiscountName",
        "CommitmentDiscountStatus",
        "CommitmentDiscountType",
        "ContractedUnitPrice",
        "InvoiceId",
        "ListUnitPrice",
        "RegionId",
        "RegionName",
        "ResourceId",
        "ResourceName",
        "ResourceType",
    )
)
"""Columns of FOCUS of which a gateway knows nothing."""


def _charge(row: Row, organization: str, cost: Decimal, category: str) -> Row:
    day, month = _day(row), Period.of(_day(row))
    provider, model, lane = (str(row[name]) for name in ("provider", "model", "lane"))
    tokens, is_usage = _number(row, "input_tokens") + _number(row, "output_tokens"), category == "Usage"
    quantity, unit = (tokens, "Tokens") if tokens else (_number(row, "requests"), "Requests")
    sku = "/".join(filter(None, (provider, model))) or None
    what = f"{sku or 'a model that is not told'} for {row['workload'] or 'work that is not attributed'}"
    told: Row = {
        "BilledCost": cost,
        "BillingAccountId": organization,
        "BillingAccountName": organization,
        "BillingCurrency": row["currency"],
        "BillingPeriodEnd": _instant(month.end),
        "BillingPeriodStart": _instant(month.first),
        "ChargeCategory": category,
        "ChargeDescription": what if is_usage else f"credit: {what}",
        "ChargeFrequency": "Usage-Based" if is_usage else "One-Time",
        "ChargePeriodEnd": _instant(day + timedelta(days=1)),
        "ChargePeriodStart": _instant(day),
        "ConsumedQuantity": Decimal(f"{quantity}.0") if is_usage else None,
        "ConsumedUnit": unit if is_usage else None,
        "ContractedCost": cost,
        "EffectiveCost": cost,
        "InvoiceIssuerName": provider or _GATEWAY,
        "ListCost": cost,
        "PricingCategory": "Standard" if is_usage else None,
        "PricingQuantity": Decimal(f"{quantity}.0") if is_usage else None,
        "PricingUnit": unit if is_usage else None,
        "ProviderName": provider or _GATEWAY,
        "PublisherName": provider or _GATEWAY,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": model or _GATEWAY,
        "ServiceSubcategory": "Generative AI",
        "SkuId": sku if is_usage else None,
        "SkuPriceId": "/".join(filter(None, (sku, lane))) if is_usage and sku else None,
        "SubAccountId": row["wallet"] or None,
        "SubAccountName": "/".join(filter(None, (str(row["team"]), str(row["environment"])))) or None,
        "Tags": canonical_json({name: row[name] for name in ("team", "environment", "workload", "lane") if row[name]}),
    }
    return {**dict(sorted({**_UNKNOWN, **told}.items())), **(_own(row) if is_usage else dict.fromkeys(_OWN))}


_OWN = ("x_Requests", "x_InputTokens", "x_OutputTokens", "x_CacheHits", "x_AvoidedCost")


def _own(row: Row) -> Row:
    """Return what FOCUS has no column for, in columns of `_OWN`, as its rules for such columns ask."""
    return {
        "x_Requests": _number(row, "requests"),
        "x_InputTokens": _number(row, "input_tokens"),
        "x_OutputTokens": _number(row, "output_tokens"),
        "x_CacheHits": _number(row, "cache_hits"),
        "x_AvoidedCost": row["avoided_cost"],
    }


def csv_of(rows: Sequence[Mapping[str, Cell]], columns: Sequence[str]) -> str:
    """Return rows as CSV with a header; what is not known is empty."""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row[name]) for name in columns] for row in rows)
    return file.getvalue()


PLAIN = (
    *("day", "team", "environment", "wallet", "workload", "provider", "model", "lane", "currency", "cost", "credits"),
    *("avoided_cost", "requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks"),
)
MONEY = frozenset({"cost", "credits", "avoided_cost"})


def _text(value: Cell) -> str:
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def _money(nanos: int) -> Decimal:
    return Decimal(int(nanos)) / NANO


def _day(row: Row) -> date:
    found = row["day"]
    return found if isinstance(found, date) else date.min


def _number(row: Row, name: str) -> int:
    found = row[name]
    return found if isinstance(found, int) else 0


def _instant(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
