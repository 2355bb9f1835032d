"""`kt-budgets policy`: an organization's own rules, tried, tested and explained. Talks to nothing but the journal."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("policy check --plan plan.json")
@click.argument("what", type=click.Choice(["check", "explain", "facts", "library", "test"]))
@click.argument("name", required=False)
@options.file("--plan", help="The saved plan that rules are tried on.  [default: plan.json]")
@click.option(
    "--from", "since", metavar="REF", help="Try the rules of a commit, or of the files here (.), on the last 50 plans."
)
@options.journal
@options.budgets
@options.as_of
@prints("policy-check")
def command(**values: Any) -> Answer:
    """Try, test and explain an organization's own rules, or print rules to copy.

    `check` says what the rules here say of a saved plan, or with --from what rules would have said of the last 50 plans
    that were applied; `explain RULE` why and what would pass, `facts` all that rules can read of it. `test` runs the
    fixtures beside the rules; `library NAME` prints rules that ship.
    """
    from reconciler.app.policy.policy import answered

    return answered(**values)
