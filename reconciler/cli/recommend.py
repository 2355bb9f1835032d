"""`kt-budgets recommend`: targets that last with a chosen probability, alerts that leave time to react."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    network_options,
    offline_option,
    output_option,
    settings_of,
    suggestions_option,
    usage_option,
    wallet_option,
    write_answer,
)
from reconciler.cli.terminal import Command


class ProbabilityType(click.ParamType[Decimal]):
    name = "probability"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        from pydantic_core import PydanticCustomError

        from reconciler.model.percent import parse_interval

        try:
            return value if isinstance(value, Decimal) else parse_interval(value)
        except PydanticCustomError as error:
            told = error.context or {}
            self.fail(f"{told.get('sentence', value)}; {told.get('hint', '')}", param, ctx)


@click.command(
    "recommend", cls=Command, epilog="Example: kt-budgets recommend --probability 95% --wallet support/prod --write"
)
@network_options
@usage_option
@wallet_option
@click.option(
    "--probability",
    type=ProbabilityType(),
    default="90%",
    show_default=True,
    metavar="PERCENT",
    help="How sure it must be that the money lasts the month.",
)
@click.option(
    "--reaction-days",
    type=click.IntRange(0, 31),
    default=5,
    show_default=True,
    help="How many days an alert must come before the money is gone.",
)
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Only the wallets that this plan changes, on its day.",
)
@suggestions_option
@click.option("--write", "writing", is_flag=True, help="Write it into the YAML, keeping comments and formatting.")
@offline_option
@format_option("recommend")
@output_option
def command(
    *,
    wallets: tuple[str, ...],
    probability: Decimal,
    reaction_days: int,
    plan_path: Path | None,
    suggestions: Path | None,
    writing: bool,
    offline: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Recommend targets that last and alerts that leave time.

    Both come from the same simulated days as the forecast, so a plan with them shows the probability that is promised
    here. `--write` gives the month an override, or changes `monthly` where the target holds for the months to come;
    what would make the YAML warn is left out and said. `--suggestions` leaves the YAML alone and says the same for a
    pull request.
    """
    from reconciler.app.recommend.recommend import RecommendRequest, plan_of, recommend

    plan = plan_of(plan_path)
    if plan:
        options["as_of"], options["period"] = options["as_of"] or plan.as_of, options["period"] or plan.period
    wanted = RecommendRequest(
        wallets, float(probability), reaction_days, plan=plan, writing=writing, suggestions=suggestions
    )
    write_answer(recommend(settings_of(options), wanted, offline=offline), format_, output)
