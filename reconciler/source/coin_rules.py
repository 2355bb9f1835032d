"""Rules about coins: amounts with decimals in a currency that has none."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from reconciler.findings import Finding, Keys
from reconciler.forecast.levers.registry import levers
from reconciler.model.currency import is_payable
from reconciler.model.guards import Guard
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def team_coin_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield the amounts of a team that the organization's currency cannot express."""
    team = view.team
    found: list[tuple[Keys, Decimal | None]] = []
    for environment, wallet in team.wallets.items():
        found.append((("wallets", environment, "monthly"), wallet.monthly))
        months = wallet.overrides.items()
        found += [(("wallets", environment, "overrides", str(period)), amount) for period, amount in months]
    for position, budget in enumerate(team.billing_budgets):
        found.append((("billing_budgets", view.budget_index(position), "amount"), budget.amount))
    found.append((("plan", "baseline_monthly"), team.plan.baseline_monthly))
    found += [amount for lever in levers() for amount in lever.amounts(team.plan)]
    yield from _problems(found, context.currency)


def organization_coin_problems(context: Context) -> Iterator[Finding]:
    """Yield the amounts of org.yaml that its own currency cannot express."""
    shape = context.organization
    if shape is None or shape.model is None:
        return
    org = shape.model
    limits = ("total_moved", "largest_change", "net_increase")
    yield from _problems(
        [
            (("annual_target",), org.annual_target),
            (("approvals", "finance_above"), org.approvals.finance_above),
            *((("guards", name), getattr(org.guards, name)) for name in limits),
            *(
                (("waivers", shape.index("waivers", position), "max"), waiver.max)
                for position, waiver in enumerate(org.waivers)
                if waiver.guard is not Guard.LARGEST_CHANGE_PERCENT
            ),
        ],
        context.currency,
    )


def _problems(found: list[tuple[Keys, Decimal | None]], currency: str) -> Iterator[Finding]:
    for keys, amount in found:
        if amount is None or is_payable(amount, currency):
            continue
        up = amount.to_integral_value(ROUND_CEILING)
        message = f"{amount:,.2f} cannot be paid: {currency} has no decimals"
        yield problem("no-such-coin", message, f"write `{up - 1:f}` or `{up:f}`", keys, fix=None)
