"""Rules about a team's wallets: known environments, steps and overrides that say one thing, amounts that have coins."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from reconciler.findings import Finding, Keys, Severity
from reconciler.forecast.levers.registry import levers_of
from reconciler.meant import close_to, only
from reconciler.model.guards import Guard
from reconciler.model.money import has_cents, is_payable
from reconciler.model.wallet_target import WalletTarget
from reconciler.model.yaml_types import shown
from reconciler.source.context import ALL, Context, TeamView
from reconciler.source.expiry_rules import target_end
from reconciler.source.problem import problem
from reconciler.source.step_rules import override_problems, step_problems


def wallet_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    yield from _none(view, context)
    for environment, wallet in view.team.wallets.items():
        if environment == ALL or environment not in context.environments:
            yield from _environment(view, environment, context)
        if wallet.even is None:
            yield from _dated(wallet, ("wallets", environment), context, is_present=view.team.state == "present")


def _dated(wallet: WalletTarget, keys: Keys, context: Context, *, is_present: bool) -> Iterator[Finding]:
    """Yield what is wrong where months are not all alike."""
    yield from step_problems(wallet, keys, context)
    yield from override_problems(wallet, keys, context)
    if is_present:
        yield from target_end(wallet, keys, context)


def _none(view: TeamView, context: Context) -> Iterator[Finding]:
    """Warn of a team that is given no money and watched by nothing; a mistyped `wallets` is told as that."""
    team = view.team
    if team.wallets or team.billing_budgets or team.state == "absent":
        return
    mistyped = any(problem.fix == "wallets" for problem in view.shape.problems)
    if view.flawed or mistyped or not view.whole("wallets"):
        return
    environment = next(iter(context.environments), "prod")
    message = f"the team {shown(team.team)} has no wallet, so it is given no money and its plan moves nothing"
    hint = f"add `wallets: {{{environment}: {{team_id: ITS_KEEPTRUSTS_TEAM, monthly: ITS_MONEY}}}}`, or remove the file"
    yield problem("no-wallets", message, hint, (), "mapping", severity=Severity.WARNING)


def _environment(view: TeamView, environment: str, context: Context) -> Iterator[Finding]:
    keys = ("wallets", environment)
    if environment == ALL:
        if len(view.team.wallets) > 1:
            others = ", ".join(f"`{other}`" for other in view.team.wallets if other != ALL)
            message = f"`all` is the one wallet of a team without environments, and this team has {others} too"
            yield problem("all-beside-others", message, "name the environment this wallet is for", keys, "key")
        return
    if not context.environments:
        return
    known = ", ".join(f"`{name}`" for name in context.environments)
    close = close_to(environment, context.environments, most=2)
    cure = f"write `{close[0]}`" if close else f"write one of {known}"
    message = f"{shown(environment)} is not an environment of the organization"
    hint = f"{cure}, or add it to `environments` in org.yaml"
    yield problem("unknown-environment", message, hint, keys, "key", fix=only(close))


def team_coin_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield the amounts of a team that the organization's currency cannot express."""
    if has_cents(context.currency):
        return
    team = view.team
    found: list[tuple[Keys, Decimal | None]] = []
    for environment, wallet in team.wallets.items():
        found += [(("wallets", environment, *keys), amount) for keys, amount in wallet.amounts()]
    for position, budget in enumerate(team.billing_budgets):
        found.append((("billing_budgets", view.budget_index(position), "amount"), budget.amount))
    found.append((("plan", "baseline_monthly"), team.plan.baseline_monthly))
    found += [amount for lever in levers_of(team.plan) for amount in lever.amounts(team.plan)]
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
