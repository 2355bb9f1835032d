"""Builders for the forecast's tests: daily usage from numpy arrays, questions and an organization."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.findings import Origin
from reconciler.forecast.context import forecast_context
from reconciler.forecast.project import Forecast, WalletQuestion, project
from reconciler.model.desired import DesiredWallet
from reconciler.model.forecast import AlertOutlook, Exhaustion
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.money import Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.purse import Purse
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.usage import NANO, DailyUsage, UsageSource, nanos
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget

COUNTS = ("requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks")
MONEY = ("credits", "avoided", "fallback_cost")
TEXTS = ("wallet", "workload", "provider", "model", "lane")


@dataclass
class UsageBuilder:
    """Collects daily rows and makes the usage table out of them."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def row(self, day: date, wallet: str, cost: float = 0.0, **more: Any) -> UsageBuilder:
        """Add one row; money in major units."""
        money = {"cost": cost} | {name: more.pop(name) for name in MONEY if name in more}
        self.rows.append({"day": day, "wallet": wallet, **{k: round(v * NANO) for k, v in money.items()}, **more})
        return self

    def series(self, wallet: str, first: date, costs: npt.ArrayLike, **more: Any) -> UsageBuilder:
        """Add one row a day from `first`; days that cost nothing have no row."""
        for step, cost in enumerate(np.asarray(costs, dtype=float)):
            if cost:
                self.row(first + timedelta(days=step), wallet, float(cost), **more)
        return self

    def build(self, *, last_complete_day: date | None = None) -> DailyUsage:
        """Return the table, complete to its last day unless told otherwise."""
        rows = sorted(self.rows, key=lambda row: (row["day"], row["wallet"]))
        days = [row["day"] for row in rows]
        last = max(days, default=None)
        source = UsageSource(
            digest="sha256:test",
            first_day=min(days, default=None),
            last_day=last,
            last_complete_day=last_complete_day or last,
            data_as_of=datetime(last.year, last.month, last.day, 6, tzinfo=UTC) if last else None,
            rows=len(rows),
            duplicates=0,
            unpriced_rows=0,
            unpriced_share=0.0,
        )
        columns: dict[str, Any] = {
            name: np.array([row.get(name, 0) for row in rows], dtype=np.int64) for name in COUNTS
        }
        columns |= {name: nanos([row.get(name, 0) for row in rows]) for name in ("cost", *MONEY)}
        columns |= {name: np.array([row.get(name, "") for row in rows], dtype=np.str_) for name in TEXTS}
        day = np.array(days, dtype="datetime64[D]")
        return DailyUsage(source=source, day=day, **columns)


def steady(days: int, *, level: float = 100.0, noise: float = 0.15, seed: int = 7) -> npt.NDArray[np.float64]:
    """Return days of spend with a mild week and lognormal noise."""
    random = np.random.default_rng(seed)
    week = np.array([1.1, 1.15, 1.1, 1.05, 1.0, 0.8, 0.8])
    return level * week[np.arange(days) % 7] * np.exp(random.normal(0, noise, days))


def organization(**changes: Any) -> OrganizationBudget:
    """Return a small organization, fiscal year from June 2026."""
    settings: dict[str, Any] = {
        "version": 1,
        "organization": "org_acme",
        "currency": "USD",
        "fiscal_year": {"name": "FY2027", "starts": "2026-06"},
        "annual_target": "700000.00",
        "environments": ["prod", "dev"],
        **changes,
    }
    return OrganizationBudget.model_validate(settings)


def plan(**levers: Any) -> AnnualPlan:
    """Return a team's plan from the values that YAML would hold."""
    return AnnualPlan.model_validate(levers)


def budget(wallet: str = "team_support", **changes: Any) -> BillingBudget:
    """Return a billing budget that watches a wallet."""
    settings: dict[str, Any] = {
        "scope_type": "team",
        "scope_id": wallet,
        "name": "monthly",
        "amount": Decimal(3000),
        "currency": "USD",
        "alert_percentages": (80, 100),
        **changes,
    }
    return BillingBudget(**settings)


def question(
    key: str = "team_support",
    *,
    team: str = "support",
    environment: str = "prod",
    live: float = 3000,
    desired: float | None = None,
    left_live: float | None = None,
    left_desired: float | None = None,
    targets: Mapping[str, float] | None = None,
    **more: Any,
) -> WalletQuestion:
    """Return a question; the money left is the target unless it is said."""
    desired = live if desired is None else desired
    wallet = DesiredWallet(
        team=team,
        environment=environment,
        key=WalletRef.team(key),
        currency="USD",
        setting=WalletTarget(team_id=key, monthly=money(desired).amount),
        origin=Origin(f"budgets/teams/{team}.yaml"),
    )
    return WalletQuestion(
        wallet=wallet,
        plan=more.pop("plan", AnnualPlan()),
        live_target=money(live),
        desired_target=money(desired),
        live=more.pop("live_purse", None) or purse(live if left_live is None else left_live, live),
        desired=more.pop("desired_purse", None) or purse(desired if left_desired is None else left_desired, desired),
        targets={Period.parse(month): money(value) for month, value in (targets or {}).items()},
        **more,
    )


def purse(left: float, target: float = 0.0) -> Purse:
    """Return a purse of the month of as_of: what is no longer left of the target is gone."""
    return Purse(money(left).amount, max(money(target - left).amount, Decimal(0)))


def chance_of(event: Exhaustion | AlertOutlook) -> float:
    """Return a probability that is known."""
    assert event.probability is not None
    return event.probability


def money(value: float) -> Money:
    return Money(Decimal(str(value)), "USD")


def team(name: str = "support", **wallets: tuple[str, float]) -> TeamBudget:
    """Return a team with wallets `environment=(key, monthly)`."""
    return TeamBudget(
        version=1,
        team=name,
        wallets={
            environment: WalletTarget(team_id=key, monthly=money(monthly).amount)
            for environment, (key, monthly) in wallets.items()
        },
    )


AS_OF = date(2026, 6, 18)
JUNE = Period(2026, 6)
YEAR_AGO = date(2025, 6, 1)


def ask(
    usage: DailyUsage | None,
    *questions: WalletQuestion,
    period: Period = JUNE,
    as_of: date = AS_OF,
    teams: Mapping[str, TeamBudget] | None = None,
    org: OrganizationBudget | None = None,
    **more: Any,
) -> Forecast:
    """Return the forecast for some questions, in June 2026 unless it is said."""
    context = forecast_context(
        usage, questions, organization=org or organization(), period=period, as_of=as_of, teams=teams or {}, **more
    )
    return project(questions, context)


def history(days: int = 382, *, end: date = AS_OF, wallet: str = "team_support", **shape: Any) -> DailyUsage:
    """Return the usage of one wallet over `days` days before `end`."""
    return UsageBuilder().series(wallet, end - timedelta(days=days), steady(days, **shape)).build()
