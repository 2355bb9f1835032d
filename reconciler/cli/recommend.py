"""`kt-budgets recommend`: targets that last with a chosen probability, alerts that leave time to react."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.model.percent import typed_interval
from reconciler.report.renderers import Answer


@options.command("recommend --probability 95% --wallet support/prod --write")
@options.network
@options.usage
@options.wallets
@click.option(
    "--probability",
    type=options.Read("probability", typed_interval),
    default="90%",
    show_default=True,
    metavar="PERCENT",
    help="How sure it must be that the money lasts the month.",
)
@options.whole("--reaction-days", 0, 31, "How many days an alert must come before the money is gone.", default=5)
@options.file("--plan", "plan_path", help="Only the wallets that this plan changes, on its day.")
@options.suggestions
@options.flag("--write", "writing", help="Write it into the YAML, keeping comments and formatting.")
@options.offline
@prints("recommend")
def command(*, probability: Decimal, plan_path: Path | None, offline: bool, **values: Any) -> Answer:
    """Recommend targets that last and alerts that leave time.

    Both come from the same simulated days as the forecast, so a plan with them shows the probability that is promised
    here. `--write` gives the month an override, or changes `monthly` where the target holds for the months to come;
    what would make the YAML warn is left out and said. `--suggestions` leaves the YAML alone and says the same for a
    pull request.
    """
    from reconciler.app.recommend.recommend import RecommendRequest, plan_of, recommend

    plan = plan_of(plan_path)
    if plan:
        values["as_of"], values["period"] = values["as_of"] or plan.as_of, values["period"] or plan.period
    request = options.made(RecommendRequest, values, probability=float(probability), plan=plan)
    return recommend(options.settings(values), request, offline=offline)
