"""The example organization: who spends what, on which models, at which prices. Figures of the planning template."""

from __future__ import annotations

from functools import lru_cache

from reconciler.model.period import Period
from reconciler.sandbox.traffic import EVERY_DAY, NIGHT, SPRINTS, Habits, Market, Stream, Traffic, generate

ORGANIZATION = "org_acme"
SEED = 20_260_601

TEAMS = {
    "team_support": "Support",
    "team_support_dev": "Support (dev)",
    "team_engineering": "Engineering",
    "team_engineering_dev": "Engineering (dev)",
    "team_finance": "Finance",
    "team_finance_dev": "Finance (dev)",
    "team_legal_ops": "Legal Ops",
    "team_legal_ops_dev": "Legal Ops (dev)",
    "team_marketing": "Marketing",
}

LAST_FULL_MONTH = {
    "team_support": 10_562.4,
    "team_support_dev": 1_307.6,
    "team_engineering": 24_391.6,
    "team_engineering_dev": 1_702.4,
    "team_finance": 4_118.7,
    "team_finance_dev": 391.3,
    "team_legal_ops": 6_253.5,
    "team_legal_ops_dev": 421.8,
    "team_marketing": 178.2,
}
"""Spend by wallet: 11,870, 26,094, 4,510 and 6,675 for the four teams, near their baselines."""

MARKET = Market(
    prices={
        "openai/gpt-4o": (2.50, 10.00),
        "openai/gpt-4o-mini": (0.15, 0.60),
        "openai/gpt-4.1": (2.00, 8.00),
        "anthropic/claude-sonnet-4": (3.00, 15.00),
        "anthropic/claude-opus-4": (15.00, 75.00),
        "azure/gpt-4o": (4.75, 19.00),
        "bedrock/claude-sonnet-4": (5.70, 28.50),
        "bedrock/claude-opus-4": (28.50, 142.50),
    },
    lanes={"standard": 1.0, "premium": 1.0, "off_peak": 0.5},
    unpriced_model="mistral/codestral-preview",
)


def _support() -> list[Stream]:
    chat = {"openai/gpt-4o": (0.71, 0.68), "openai/gpt-4o-mini": (0.29, 0.32)}
    team, prod, dev = Habits("azure/gpt-4o", 0.14, 0.19), "team_support", "team_support_dev"
    return [
        Stream(team, prod, "prod", "interactive", "standard", 118, chat),
        Stream(team, prod, "prod", "batch", "off_peak", 34, chat, week=EVERY_DAY, hours=NIGHT, size=1.4),
        Stream(team, dev, "dev", "interactive", "standard", 12, chat, size=0.6),
        Stream(team, dev, "dev", "evaluation", "standard", 14, chat, week=SPRINTS),
    ]


def _engineering() -> list[Stream]:
    code = {"anthropic/claude-sonnet-4": (0.60, 0.57), "openai/gpt-4.1": (0.40, 0.43)}
    review = {"anthropic/claude-opus-4": (1.0, 1.0)}
    team, prod, dev = Habits("bedrock/claude-sonnet-4", 0.08, 0.09), "team_engineering", "team_engineering_dev"
    return [
        Stream(team, prod, "prod", "interactive", "standard", 88, code, unpriced=0.006),
        Stream(team, prod, "prod", "interactive", "premium", 9, review, size=0.4),
        Stream(team, prod, "prod", "batch", "off_peak", 26, code, week=EVERY_DAY, hours=NIGHT),
        Stream(team, dev, "dev", "interactive", "standard", 58, code, size=0.7),
        Stream(team, dev, "dev", "evaluation", "off_peak", 24, code, week=SPRINTS, hours=NIGHT),
    ]


def _finance() -> list[Stream]:
    stable = {"openai/gpt-4o": (0.72, 0.72), "openai/gpt-4o-mini": (0.28, 0.28)}
    team, prod, dev = Habits("azure/gpt-4o", 0.22, 0.11), "team_finance", "team_finance_dev"
    return [
        Stream(team, prod, "prod", "interactive", "standard", 30, stable, month_close=True),
        Stream(team, prod, "prod", "batch", "off_peak", 18, stable, week=EVERY_DAY, hours=NIGHT),
        Stream(team, dev, "dev", "evaluation", "standard", 12, stable, week=SPRINTS),
    ]


def _legal_ops() -> list[Stream]:
    review = {"anthropic/claude-opus-4": (1.0, 1.0)}
    drafting = {"anthropic/claude-sonnet-4": (0.7, 0.7), "openai/gpt-4o": (0.3, 0.3)}
    team, prod, dev = Habits("bedrock/claude-opus-4", 0.10, 0.07), "team_legal_ops", "team_legal_ops_dev"
    return [
        Stream(team, prod, "prod", "interactive", "premium", 30, review, size=0.5),
        Stream(team, prod, "prod", "interactive", "standard", 16, drafting),
        Stream(team, dev, "dev", "evaluation", "standard", 14, drafting, week=SPRINTS),
    ]


def _marketing() -> list[Stream]:
    drafting = {"openai/gpt-4o-mini": (1.0, 1.0)}
    team = Habits("openai/gpt-4o", 0.05, 0.3)
    return [Stream(team, "team_marketing", "prod", "interactive", "standard", 6, drafting)]


@lru_cache(maxsize=4)
def acme_traffic(month: Period) -> Traffic:
    """Return the organization's events for the twelve months before `month` and `month` itself."""
    streams = [*_support(), *_engineering(), *_finance(), *_legal_ops(), *_marketing()]
    return generate(streams, MARKET, LAST_FULL_MONTH, month=month, seed=SEED)
