"""What every field of the budget files is called in a sentence, and how its values read (decision 0025)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from reconciler.model.approvals import Acknowledgement, Approvals
from reconciler.model.frozen import Frozen
from reconciler.model.guards import Guard, GuardSettings, Waiver
from reconciler.model.kinds.managed_kind import Says, Word, money_in_words
from reconciler.model.kinds.registry import kinds
from reconciler.model.money import Money
from reconciler.model.organization import (
    ApiSettings,
    FiscalYearSetting,
    ForecastSettings,
    OrganizationBudget,
    UsageSettings,
)
from reconciler.model.override import NO_OTHER, Correction, Relative
from reconciler.model.percent import percent_text
from reconciler.model.rule import AppliesTo, RuleSet, RuleSetting
from reconciler.model.team import (
    AnnualPlan,
    CacheHitRate,
    Fallback,
    GrowthStep,
    PlannedDemand,
    ProviderMixMove,
    RateLimit,
    TeamBudget,
)
from reconciler.model.wallet_target import TargetStep, WalletTarget


def spoken(value: Any, currency: str) -> str:
    """Return any value of the YAML in words; an empty text for what is not there."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case tuple():
            return ", ".join(spoken(item, currency) for item in value)
        case dict():
            return ", ".join(f"{key} {spoken(item, currency)}" for key, item in value.items())
        case Frozen():
            return described(value, currency)
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)


def described(entry: Frozen, currency: str) -> str:
    """Return what an entry sets, without what it is known by and what is as usual."""
    told = []
    for field, word in WORDS[type(entry)].items():
        value, info = getattr(entry, field), type(entry).model_fields[field]
        if field in KNOWN_BY.get(type(entry), ()) or value == info.get_default(call_default_factory=True):
            continue
        text = (says_of(entry, field) or spoken)(value, currency)
        told.append(f"{word.name} {text}".strip())
    return ", ".join(told)


def says_of(entry: Frozen, field: str) -> Says | None:
    """Return how a field of this entry reads, None where it reads as any value does."""
    if isinstance(entry, Waiver) and field == "max" and entry.guard is Guard.LARGEST_CHANGE_PERCENT:
        return lambda value, _: "" if value is None else f"{value.normalize():f}%"
    return WORDS[type(entry)][field].says


def known_as(entry: Frozen) -> str:
    """Return what tells an entry of a list from the others."""
    return ", ".join(filter(None, (spoken(getattr(entry, field), "") for field in KNOWN_BY[type(entry)])))


def _percent(value: Decimal | None, _: str) -> str:
    return "" if value is None else percent_text(value)


def _fiscal_year(value: FiscalYearSetting, _: str) -> str:
    return f"{value.name} from {value.starts}"


def _no_limit(value: Decimal | None, currency: str) -> str:
    return "no limit" if value is None else str(Money(value, currency))


def _plans(value: int | None, _: str) -> str:
    return "any number of plans" if value is None else f"{value:,} {'plan' if value == 1 else 'plans'}"


KNOWN_BY: Mapping[type[Frozen], tuple[str, ...]] = {
    Waiver: ("name", "guard", "rule", "team"),
    RuleSetting: ("name",),
    Acknowledgement: ("key",),
    GrowthStep: ("reason",),
    ProviderMixMove: ("source", "target"),
    PlannedDemand: ("reason",),
    RateLimit: ("reason",),
    TargetStep: ("starts",),
    **{entry: fields for kind in kinds() for entry, fields in kind.known_by.items()},
}
"""The fields by which an entry of a list is known again; the others may change without it being another one."""

_ORGANIZATION: Mapping[type[Frozen], Mapping[str, Word]] = {
    OrganizationBudget: {
        "version": Word("format version"),
        "organization": Word("Keeptrusts organization"),
        "currency": Word("currency"),
        "fiscal_year": Word("fiscal year", _fiscal_year),
        "annual_target": Word("annual target", money_in_words),
        "environments": Word("environments"),
        "unused": Word("unused money"),
        "journal": Word("journal", lambda value, _: value or "file:.kt-budgets/journal"),
        "owners": Word("owners"),
        "guards": Word(""),
        "waivers": Word("waiver"),
        "policies": Word("rules"),
        "approvals": Word(""),
        "acknowledged_drift": Word("accepted drift"),
        "drift_issues": Word("issues about drift"),
        "forecast": Word(""),
        **{kind.section: Word(kind.entry) for kind in kinds() if not kind.of_teams},
        "usage": Word(""),
        "api": Word(""),
    },
    FiscalYearSetting: {"name": Word("fiscal year's name"), "starts": Word("fiscal year's first month")},
    GuardSettings: {
        "total_moved": Word("guard on all money that a run moves", _no_limit),
        "largest_change": Word("guard on one wallet's change", _no_limit),
        "largest_change_percent": Word(
            "guard on one wallet's change, as a share",
            lambda value, _: "no limit" if value is None else percent_text(value),
        ),
        "net_increase": Word("guard on the growth of all wallets together", _no_limit),
        "target_below_spend": Word("guard on targets below what is spent"),
        "target_below_forecast": Word("guard on targets below the forecast"),
        "hard_limit_on": Word("guard on hard limits being switched on"),
        "alert_removed": Word("guard on alerts being removed"),
    },
    Waiver: {
        "name": Word("called"),
        "guard": Word("guard"),
        "rule": Word("rule"),
        "team": Word("team"),
        "max": Word("up to", money_in_words),
        "until": Word("until"),
        "uses": Word("for", _plans),
        "reason": Word("because of"),
        "approved_by": Word("approved by"),
    },
    RuleSet: {"parameters": Word("parameter"), "rules": Word("rule")},
    RuleSetting: {
        "name": Word("rule"),
        "level": Word("level"),
        "owner": Word("owner"),
        "reason": Word("because of"),
        "each": Word("asked of each"),
        "applies_to": Word(""),
        "starts": Word("from"),
        "until": Word("until"),
        "when": Word("when"),
        "asserts": Word("asserts"),
        "message": Word("message"),
    },
    AppliesTo: {"teams": Word("teams"), "environments": Word("environments")},
    Approvals: {
        "finance_above": Word(
            "finance threshold", lambda value, currency: money_in_words(value, currency) or "never asked"
        ),
        "finance": Word("who approves for finance"),
        "platform": Word("who approves hard limits"),
    },
    Acknowledgement: {
        "key": Word("of"),
        "until": Word("until"),
        "reason": Word("because of"),
        "approved_by": Word("approved by"),
        "team": Word("team"),
    },
    ForecastSettings: {
        "interval": Word("forecast interval", _percent),
        "horizon_months": Word("forecast horizon", lambda value, _: f"{value} month{'s' if value != 1 else ''}"),
        "resilience_margin": Word("resilience margin", _percent),
    },
    UsageSettings: {"columns": Word("column of usage exports")},
    ApiSettings: {
        "billing_budgets_path": Word("API path of billing budgets"),
        "description_field": Word("API field of descriptions"),
        "ledger_types": Word("ledger type"),
        "page_size": Word("API page size"),
    },
}

_TEAM: Mapping[type[Frozen], Mapping[str, Word]] = {
    TeamBudget: {
        "version": Word("format version"),
        "team": Word("team"),
        "name": Word("name"),
        "previously": Word("name before"),
        "state": Word("state"),
        "owners": Word("owners", lambda value, _: ", ".join(value) or "the organization's"),
        "plan": Word(""),
        "wallets": Word("wallet"),
        **{kind.section: Word(kind.entry) for kind in kinds() if kind.of_teams},
    },
    AnnualPlan: {
        "baseline_monthly": Word("baseline", money_in_words),
        "growth": Word("growth"),
        "cache_hit_rate": Word("cache hit rate"),
        "provider_mix": Word("provider mix"),
        "keep_mix": Word("reason to keep the provider mix"),
        "planned_demand": Word("planned demand"),
        "fallback": Word("fallback"),
        "rate_limits": Word("rate limit"),
    },
    GrowthStep: {"reason": Word("reason"), "rate": Word("by", _percent), "starts": Word("from")},
    CacheHitRate: {
        "start": Word("from", _percent),
        "target": Word("to", _percent),
        "by": Word("by"),
        "since": Word("since"),
    },
    ProviderMixMove: {
        "reason": Word("reason"),
        "source": Word("from"),
        "target": Word("to"),
        "share": Word("share", _percent),
        "by": Word("by"),
        "since": Word("since"),
    },
    PlannedDemand: {
        "reason": Word("reason"),
        "monthly": Word("a month", money_in_words),
        "starts": Word("from"),
        "until": Word("until"),
        "lane": Word("lane"),
    },
    Fallback: {
        "share": Word("share", _percent),
        "price_ratio": Word("at", lambda value, currency: f"{spoken(value, currency)} times the price"),
    },
    RateLimit: {"reason": Word("reason"), "daily": Word("a day", money_in_words), "starts": Word("from")},
    Correction: {
        "amount": Word("amount", money_in_words),
        "demand": Word("demand", lambda value, currency: _demand(value, currency)),
    },
    TargetStep: {"amount": Word("amount", money_in_words), "starts": Word("from"), "until": Word("until")},
    WalletTarget: {
        "team_id": Word("Keeptrusts team"),
        "previously": Word("environment before"),
        "monthly": Word("monthly target", lambda value, currency: monthly_words(value, currency)),
        "overrides": Word("target of", lambda value, currency: _months(value, currency)),
    },
}

_OBJECTS = {entry: words for kind in kinds() for entry, words in kind.words.items()}

WORDS: Mapping[type[Frozen], Mapping[str, Word]] = {**_ORGANIZATION, **_TEAM, **_OBJECTS}
"""Each model of the budget files, and each of its fields."""


def _months(value: Any, currency: str) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{month} {_override(amount, currency)}" for month, amount in value.items())
    return _override(value, currency)


def _override(value: Any, currency: str) -> str:
    if isinstance(value, Correction):
        return f"{_override(value.amount, currency)} (demand {_demand(value.demand, currency)})"
    return f"{value} of it" if isinstance(value, Relative) else money_in_words(value, currency)


def _demand(value: Decimal | Relative, currency: str) -> str:
    return "as usual" if value == NO_OTHER else _override(value, currency)


def monthly_words(value: Decimal | tuple[TargetStep, ...], currency: str) -> str:
    """Return what a wallet gets each month: an amount, or its steps one after the other."""
    if isinstance(value, Decimal):
        return money_in_words(value, currency)
    return ", then ".join(
        f"{money_in_words(step.amount, currency)} from {step.starts}{f' to {step.until}' if step.until else ''}"
        for step in value
    )
