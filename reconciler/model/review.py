"""Which assumption failed: the document of `kt-budgets review`."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.forecast import ForecastNotice, UncoveredSpend
from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount, ExactAmount

CauseName = Literal[
    "demand",
    "tokens_per_request",
    "cache",
    "provider_mix",
    "unit_price",
    "new_workload",
    "fallback",
    "one_off",
    "baseline",
    "calendar",
]


class ReviewEffect(Frozen):
    """What one cause did to the money. The effects of a team add up to its difference, to the cent."""

    cause: CauseName = Field(
        description="`demand`: requests; `tokens_per_request`; `cache`: the share of requests that it answers;"
        " `provider_mix`: which model and lane took the traffic; `unit_price`: of a model's tokens; `new_workload`:"
        " what was not there before; `fallback`: its premium; `one_off`: what ran away for some days, and credits;"
        " `baseline`: what the weeks before the plan cost already beyond what it starts from;"
        " `calendar`: days and weekdays that the period has more or less of, at the usual requests of such days."
    )
    amount: Amount = Field(description="Money that it adds to what it is held against; less than 0 where it saves.")
    noise: Amount | None = Field(
        None,
        description="Money that it varies by from day to day anyway (one standard error); null for a workload's, and"
        " for the calendar's, which is known.",
    )
    stands_out: bool = Field(
        False, description="Whether it is more than three times the noise and 2% of what it is held against."
    )
    together_with: tuple[CauseName, ...] = Field(
        (), description="Causes that the usage cannot tell from this one: the amount is theirs too."
    )


class ReviewKinds(Frozen):
    """A team's difference by kind: the three amounts add up to it, to the cent."""

    invested: Amount | None = Field(
        description="Money of growth and new demand that the plan has for the days, and is held against; null where it"
        " is held against another period."
    )
    growth: Amount = Field(
        description="More work than that: demand and new workloads; less than 0 where there is less."
    )
    waste: Amount = Field(
        description="The same work for more money: cache, provider mix, tokens per request; less than 0 where it saves."
    )
    rest: Amount = Field(
        description="What the team's work does not explain: unit prices, fallbacks, one-offs, a baseline that is off,"
        " days and weekdays, and what cannot be told apart."
    )


class ReviewVerdict(Frozen):
    """One assumption of the plan, like with like: where it started, where it was to be, where it is."""

    assumption: Literal["growth", "cache_hit_rate", "provider_mix"] = Field(description="Which assumption it is.")
    window: str = Field(description="The days that are looked at, in words.")
    start: str = Field(description="What it starts from, and which days that is, in words.")
    planned: float = Field(description="What the plan has for the window: 0.18 is 18%.")
    observed: float = Field(description="What the usage shows for the window.")
    distance: float = Field(description="`observed` less `planned`.")
    sentence: str = Field(description="The same as a sentence.")


PLANNED_DEMAND = "planned demand"


class ReviewWorkload(Frozen):
    workload: str = Field(
        description="The workload's name; empty for spend that none claims, and `planned demand` for what a plan has"
        " for new demand, which nobody can put beside one workload."
    )
    environment: str = Field(description="The environment of the wallet that paid.")
    plan: ExactAmount = Field(description="Money that it is held against.")
    actual: ExactAmount = Field(description="Money that it cost.")
    difference: Amount = Field(description="`actual` less `plan`.")
    effects: tuple[ReviewEffect, ...] = Field(description="What that is made of, to the cent.")


class ReviewModel(Frozen):
    model: str = Field(description="The model, as provider/model; empty for money that names none.")
    lane: str = Field(description="The lane it ran in; empty where the usage names none.")
    plan: Amount = Field(description="What it cost, or was to cost, by what it is held against; they add up to `plan`.")
    actual: Amount = Field(
        description="What it cost, fallbacks and credits included; they add up to the team's `actual`."
    )
    difference: Amount = Field(description="`actual` less `plan`.")


class TeamReview(Frozen):
    """One team. What `plan` is where the review is against another period: what that cost."""

    team: str = Field(description="The team.")
    plan: Amount = Field(description="Money that the plan has for the days, or that the other period cost.")
    actual: Amount = Field(description="Money that the days cost.")
    difference: Amount = Field(description="`actual` less `plan`.")
    effects: tuple[ReviewEffect, ...] = Field(
        description="What the difference is made of, to the cent: the cause that is called first, then by size."
    )
    kinds: ReviewKinds | None = Field(None, description="The difference by kind; null where no cause can be told.")
    called: CauseName | None = Field(None, description="The assumption that failed; null where nothing stands out.")
    sentence: str = Field(description="Which assumption failed, by how much, in words.")
    response: str = Field("", description="Which response fits; empty where nothing stands out.")
    verdicts: tuple[ReviewVerdict, ...] = Field((), description="The plan's growth, cache and mix, each by itself.")
    workloads: tuple[ReviewWorkload, ...] = Field((), description="By workload, the largest difference first.")
    models: tuple[ReviewModel, ...] = Field((), description="By model, the largest difference first.")


class ReviewDocument(Document):
    """What came, held against the plan or another period: what `kt-budgets review --format json` prints."""

    commands: ClassVar = ("review",)
    format: Literal["kt-budgets.review/1"] = "kt-budgets.review/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="Currency of all money here, ISO 4217.")
    as_of: date = Field(description="The day looked from, UTC.")
    period: str = Field(description="What is reviewed: a month, a week, a quarter or a fiscal year.")
    words: str = Field(description="The same for people.")
    first_day: date = Field(description="The first day that is in the figures.")
    last_day: date = Field(description="The last day that is in the figures.")
    is_partial: bool = Field(description="Whether days of the period are missing: they are not known yet, or unknown.")
    days_left_out: int = Field(0, description="Days between them that the usage leaves out; of those the plan is not.")
    against: str = Field(description="`plan`, or the other period.")
    against_first_day: date | None = Field(None, description="The first day of the other period; null for the plan.")
    against_last_day: date | None = Field(None, description="Its last day that is in the figures; null for the plan.")
    plan: Amount = Field(description="Money of all teams that it is held against.")
    actual: Amount = Field(description="Money that all teams spent.")
    difference: Amount = Field(description="`actual` less `plan`.")
    teams: tuple[TeamReview, ...] = Field(description="Each team, the largest difference first.")
    uncovered: tuple[UncoveredSpend, ...] = Field(
        (),
        description="What teams that no YAML names, or that are absent there, spent in these days; in none of the"
        " figures above.",
    )
    uncovered_spent: Amount | None = Field(
        None, description="Money of all `uncovered`, rounded once; null where an earlier release wrote it."
    )
    notices: tuple[ForecastNotice, ...] = Field((), description="What is to be said about the figures.")
