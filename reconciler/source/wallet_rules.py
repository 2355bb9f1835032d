"""Rules about a team's wallets: known environments, and overrides that will be used."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.findings import Finding, Severity
from reconciler.meant import close_to, only
from reconciler.model.yaml_types import shown
from reconciler.source.context import ALL, Context, TeamView
from reconciler.source.problem import problem


def wallet_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the wallets of a team."""
    yield from _none(view, context)
    for environment in view.team.wallets:
        yield from _environment(view, environment, context)
        yield from _overrides(view, environment, context)


def _none(view: TeamView, context: Context) -> Iterator[Finding]:
    """Warn of a team that is given no money and watched by nothing; a mistyped `wallets` is told as that."""
    team, mistyped = view.team, any(problem.fix == "wallets" for problem in view.shape.problems)
    if team.wallets or team.billing_budgets or team.state == "absent":
        return
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
    if not context.environments or environment in context.environments:
        return
    known = ", ".join(f"`{name}`" for name in context.environments)
    close = close_to(environment, context.environments, most=2)
    cure = f"write `{close[0]}`" if close else f"write one of {known}"
    message = f"{shown(environment)} is not an environment of the organization"
    hint = f"{cure}, or add it to `environments` in org.yaml"
    yield problem("unknown-environment", message, hint, keys, "key", fix=only(close))


def _overrides(view: TeamView, environment: str, context: Context) -> Iterator[Finding]:
    year = context.fiscal_year
    if year is None:
        return
    for period in view.team.wallets[environment].overrides:
        if period not in year:
            message = f"{period} is not a month of {year.name} ({year.starts} to {year.periods[-1]})"
            hint = "correct the month, or remove the override: it would never be used"
            keys = ("wallets", environment, "overrides", str(period))
            yield problem("override-outside-fiscal-year", message, hint, keys, "key")
