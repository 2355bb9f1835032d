"""What a person can do with a plan that was made."""

from __future__ import annotations

from shlex import quote

from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.report.verdict import status


def next_step(plan: Plan, output: str, words: ForgeWords = USUAL) -> str:
    """Return that a plan is saved in `output`, and on a line of its own what a person can do with it."""
    if status(plan) == "refused":
        return (
            f"Saved to {output}.\nNext: solve what is refused above, then `kt-budgets plan` again; `apply` does nothing"
            " with this one."
        )
    if not plan.changes:
        return f"Saved to {output}."
    if plan.as_of >= plan.period.end:
        return (
            f"Saved to {output}.\nNext: nothing, for {plan.period} is over on {plan.as_of} and `apply` refuses a month"
            f" that is over. `kt-budgets plan --period {Period.of(plan.as_of)}` plans the present one."
        )
    if plan.as_of < plan.period.first:
        return (
            f"Saved to {output}.\nNext: {plan.period} is funded when it begins: merge the YAML, and from"
            f" {plan.period.first} on `kt-budgets apply --period {plan.period}` funds it; before that `apply` refuses."
        )
    return (
        f"Saved to {output}.\nNext: kt-budgets show {quote(str(output))} --format markdown, or open a {words.request}."
    )
