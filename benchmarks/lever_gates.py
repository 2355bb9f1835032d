"""How often a year's 80% range holds what it then costs, where the savings that a plan promises come only in part.

Usage: python benchmarks/lever_gates.py [--organizations 25] [--first 0]

Each organization has six teams; each has a plan with growth that comes, a cache that is to improve, and traffic that is
to move to a cheaper model. What share of each saving comes is drawn anew: any as likely as any other (`even`), about a
third in the whole organization (`third`), or all of it (`full`). The year is forecast after its third, fifth and eighth
month, for each team alone and for all together. Organizations are those of the seeds from `--first` on; those from 0
to 4, 100 to 107, 200 to 214, 1000 to 1039 and 5000 to 5024 were used to choose, 9000 to 9024 looked at once. Prints
coverage and bias with n, as planned and as weighed; exits with 1 where the ranges of `even` and `third` hold fewer
than 72% of the years, or the organizations' bias is above 7%. `forecast_gates.py --mechanisms` does so at its end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from forecast.forecast_world import UsageBuilder, organization, question
from forecast.forecast_world import team as team_of
from gates import Gate, print_gates

from reconciler.forecast.calendar import DayRange
from reconciler.forecast.context import ForecastContext, forecast_context
from reconciler.forecast.levers.cache_hit_rate import hit_rate
from reconciler.forecast.levers.growth import reached
from reconciler.forecast.levers.mix_progress import moved
from reconciler.forecast.panel import Floats
from reconciler.forecast.project import WalletQuestion, project
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.usage import DailyUsage

YEAR = Period(2026, 6)
FIRST, END = date(2026, 1, 1), date(2027, 6, 1)
SEEN = (date(2026, 9, 8), date(2026, 11, 10), date(2027, 2, 9))
TEAMS = 6
COVERED, BIASED = 0.72, 0.07
GOALS = (0.80, 0.03)
ORGANIZATIONS = 25
KINDS = ("even", "third", "full")
DEAR, CHEAP = {"provider": "openai", "model": "dear"}, {"provider": "openai", "model": "cheap"}


def share_that_comes(kind: str, random: np.random.Generator) -> float:
    return {"even": random.uniform(), "third": random.beta(2.0, 4.0), "full": 1.0}[kind]


def plan_of(random: np.random.Generator) -> AnnualPlan:
    """Return a plan with growth, cache and mix whose months and sizes are drawn."""
    start = round(random.uniform(0.05, 0.2), 3)
    target = round(start + random.uniform(0.15, 0.4), 3)
    return AnnualPlan.model_validate(
        {
            "growth": [
                {
                    "reason": "more customers",
                    "rate": f"{round(random.uniform(5, 25), 1)}%",
                    "from": str(YEAR.plus(int(random.integers(2, 10)))),
                }
            ],
            "cache_hit_rate": {
                "from": f"{start:.1%}",
                "to": f"{target:.1%}",
                "by": str(YEAR.plus(int(random.integers(6, 12)))),
            },
            "provider_mix": [
                {
                    "reason": "cheaper",
                    "from": "openai/dear",
                    "to": "openai/cheap",
                    "share": f"{round(random.uniform(30, 90), 1)}%",
                    "by": str(YEAR.plus(int(random.integers(5, 12)))),
                }
            ],
        }
    )


@dataclass(frozen=True, eq=False)
class Team:
    """A team's plan, and what each day from FIRST to END costs on both models."""

    key: str
    plan: AnnualPlan
    dear: Floats
    cheap: Floats
    tokens: tuple[Floats, Floats]
    requests: Floats
    hits: Floats

    def rest(self, day: date) -> float:
        first = (day - FIRST).days
        return float((self.dear + self.cheap)[first:].sum())

    def between(self, start: date, end: date) -> float:
        low, high = ((day - FIRST).days for day in (start, end))
        return float((self.dear + self.cheap)[low:high].sum())


def make_team(number: int, kind: str, random: np.random.Generator) -> Team:
    """Return a team whose demand grows as planned, and whose savings come in part."""
    plan, days = plan_of(random), (END - FIRST).days
    when = DayRange(FIRST, days, YEAR)
    week = np.array([1.1, 1.15, 1.1, 1.05, 1.0, 0.8, 0.8])[(np.arange(days) + FIRST.weekday()) % 7]
    wander = np.repeat(np.cumsum(random.normal(0, 0.035, days // 7 + 1)), 7)[:days]
    demand = random.uniform(100, 1000) * week * np.exp(wander + random.normal(0, 0.12, days))
    for step in plan.growth:
        demand = demand * reached(step, when)
    rate, (move,) = plan.cache_hit_rate, plan.provider_mix
    assert rate is not None
    start = float(rate.start)
    hit = start + share_that_comes(kind, random) * (hit_rate(rate, when) - start)
    hit = np.clip(hit + random.normal(0, 0.01, days), 0.0, 0.95)
    gone = np.clip(share_that_comes(kind, random) * moved(move, when) + random.normal(0, 0.01, days), 0.0, 1.0)
    requests = np.round(demand * 20)
    hits = random.binomial(requests.astype(np.int64), hit)
    paid = demand * (1.0 - hits / np.maximum(requests, 1)) / (1.0 - start)
    dear_part, price = random.uniform(0.6, 0.95), random.uniform(0.05, 0.4)
    first, other = paid * dear_part * (1.0 - gone), paid * (1.0 - dear_part) + paid * dear_part * gone * price
    tokens = np.round(first * 1000), np.round(other * 1000 / price)
    return Team(f"team_{number}", plan, first, other, tokens, requests, hits.astype(np.float64))


def usage_of(teams: list[Team], day: date) -> DailyUsage:
    table = UsageBuilder()
    for team in teams:
        for number in range((day - FIRST).days):
            on = FIRST + timedelta(days=number)
            for model, cost, tokens, half in (
                (DEAR, team.dear, team.tokens[0], 2),
                (CHEAP, team.cheap, team.tokens[1], 2),
            ):
                table.row(
                    on,
                    team.key,
                    float(cost[number]),
                    input_tokens=int(tokens[number]),
                    requests=int(team.requests[number]) // half,
                    cache_hits=int(team.hits[number]) // half,
                    **model,
                )
    return table.build()


def budgets_of(team: Team) -> TeamBudget:
    return replace_plan(team_of(team.key, prod=(team.key, 3000)), team.plan)


def replace_plan(budget: TeamBudget, plan: AnnualPlan) -> TeamBudget:
    return budget.model_copy(update={"plan": plan})


@dataclass
class Tally:
    """Years that were forecast: how many, how many were held, and what was expected against what came."""

    years: int = 0
    held: int = 0
    expected: float = 0.0
    came: float = 0.0

    def add(self, quantiles: dict[str, Decimal], truth: float) -> None:
        self.years += 1
        self.held += float(quantiles["0.1"]) <= truth <= float(quantiles["0.9"])
        self.expected += float(quantiles["0.5"])
        self.came += truth

    @property
    def covered(self) -> float:
        return self.held / max(self.years, 1)

    @property
    def bias(self) -> float:
        return self.expected / self.came - 1.0 if self.came else 0.0


def questions_of(teams: list[Team]) -> list[WalletQuestion]:
    return [question(team.key, team=team.key, plan=team.plan, charted=False) for team in teams]


def forecast_year(
    teams: list[Team], context: ForecastContext, asked: list[WalletQuestion], tallies: dict[str, Tally]
) -> None:
    year = project(asked, context).year
    assert year is not None
    truth = sum(team.between(YEAR.first, END) for team in teams)
    tallies["planned"].add(year.as_planned, truth)
    tallies["weighed"].add(year.quantiles, truth)


def context_of(usage: DailyUsage, teams: list[Team], asked: list[WalletQuestion], day: date) -> ForecastContext:
    return forecast_context(
        usage,
        asked,
        organization=organization(),
        period=Period.of(day),
        as_of=day,
        teams={team.key: budgets_of(team) for team in teams},
    )


def judge_levers(*, first: int, count: int) -> Iterator[Gate]:
    """Print how the years of `count` organizations do, from the seed `first` on, and yield the gates."""
    print(f"years whose savings come in part: {count} organizations of {TEAMS} teams a row, seen three times")
    totals = {scope: {way: Tally() for way in ("planned", "weighed")} for scope in ("team", "organization")}
    for kind in KINDS:
        for day in SEEN:
            for scope, ways in judged(kind, day, range(first, first + count)).items():
                print(f"  {kind:6} seen {day}  {scope:12} {told(ways)}", flush=True)
                for way, tally in ways.items() if kind != "full" else ():
                    merge(totals[scope][way], tally)
    for scope, ways in totals.items():
        own = ways["weighed"]
        for low, is_goal in ((COVERED, False), (GOALS[0], True)):
            yield Gate(
                f"savings in part, year by {scope}: cov80", own.covered, low=low, count=own.years, is_goal=is_goal
            )
    own = totals["organization"]["weighed"]
    for high, is_goal in ((BIASED, False), (GOALS[1], True)):
        yield Gate(
            "savings in part, year by organization: bias", abs(own.bias), high=high, count=own.years, is_goal=is_goal
        )


def judged(kind: str, day: date, seeds: range) -> dict[str, dict[str, Tally]]:
    """Return the years of a kind as they were forecast on a day, by team and organization, as planned and weighed."""
    found = {scope: {way: Tally() for way in ("planned", "weighed")} for scope in ("team", "organization")}
    for seed in seeds:
        random = np.random.default_rng([seed, KINDS.index(kind)])
        teams = [make_team(number, kind, random) for number in range(TEAMS)]
        wanted = questions_of(teams)
        context = context_of(usage_of(teams, day), teams, wanted, day)
        forecast_year(teams, context, wanted, found["organization"])
        for team, one in zip(teams, wanted, strict=True):
            forecast_year([team], context, [one], found["team"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--organizations", type=int, default=ORGANIZATIONS)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    return print_gates(list(judge_levers(first=asked.first, count=asked.organizations)))


def merge(total: Tally, other: Tally) -> None:
    total.years += other.years
    total.held += other.held
    total.expected += other.expected
    total.came += other.came


def told(ways: dict[str, Tally]) -> str:
    return f"n={ways['weighed'].years}  " + "  ".join(
        f"{way}: in the 80% range {tally.covered:.2f}, bias {tally.bias:+.1%}" for way, tally in ways.items()
    )


if __name__ == "__main__":
    sys.exit(main())
