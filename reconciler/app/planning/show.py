"""A saved plan, printed: as people read it, for programs, as a report with reviews, or one of its charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from reconciler.app.planning.pictures import as_png, as_svg
from reconciler.app.planning.saved import load_plan, text_of
from reconciler.findings import UsageError
from reconciler.model.plan import Plan
from reconciler.model.review import ReviewDocument
from reconciler.report.plan_formats import plan_html
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen

_AGAIN = "make it with `kt-budgets review --format json --output FILE`"


@dataclass(frozen=True, slots=True)
class SavedPlan(Answer):
    """A plan. `reviews` are a page of its report; `chart` names what of it is drawn."""

    plan: Plan
    reviews: tuple[ReviewDocument, ...] = ()
    chart: str | None = None

    def document(self) -> Plan:
        return self.plan

    def rendered(self, format_: str, screen: Screen = PAPER) -> str | bytes:
        """Return it in a format of a plan, or as `svg` or `png` the chart.

        Raises:
            UsageError: a chart, or a review, was named that this format does not show, or the plan has no such chart,
                or a picture of pixels cannot be made here.
        """
        if self.chart is not None and format_ not in ("svg", "png"):
            raise UsageError(f"`--chart` is not for `--format {format_}`", hint="use `--format svg` or `--format png`")
        if self.reviews and format_ != "html":
            raise UsageError(f"`--review` is not for `--format {format_}`", hint="use `--format html`")
        match format_:
            case "svg":
                return as_svg(self.plan, self.chart)
            case "png":
                return as_png(self.plan, self.chart)
            case "html":
                return plan_html(self.plan, screen, self.reviews)
        return render("plan", format_, self.plan, screen)


def show(path: Path, *, reviews: Sequence[Path] = (), chart: str | None = None) -> SavedPlan:
    """Return the plan in the file at `path` to be printed, with the reviews in those files.

    Raises:
        UsageError: a file cannot be read, or is not what it should be.
        StalePlanError: the plan was edited after it was made.
    """
    plan = load_plan(path)
    return SavedPlan(plan, tuple(_review(file, plan) for file in reviews), chart)


def _review(path: Path, plan: Plan) -> ReviewDocument:
    text = text_of(path, "a review", _AGAIN)
    try:
        found = ReviewDocument.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        raise UsageError(f"{path} is no review of this version: {place}: {first['msg']}", hint=_AGAIN) from None
    whose = (found.organization, found.currency)
    if whose != (plan.organization, plan.currency):
        raise UsageError(
            f"{path} is a review of {found.organization} in {found.currency}, and the plan is of"
            f" {plan.organization} in {plan.currency}",
            hint=_AGAIN,
        )
    return found
