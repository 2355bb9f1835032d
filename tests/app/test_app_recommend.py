"""What `recommend` promises: the plan of the YAML that it writes shows the probability that it told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, chance_of
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import JUNE, desired, entry, live, live_wallet, wallet

from reconciler.app.planning.others import questions_without_ledger
from reconciler.app.planning.questions import questions
from reconciler.app.recommend.draft import draft
from reconciler.forecast.context import ForecastContext, forecast_context
from reconciler.forecast.project import project
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.recommend import TargetRecommendation, recommend
from reconciler.model.desired import Desired
from reconciler.model.forecast import WalletForecast
from reconciler.model.live import LedgerEntry, Live
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import make_plan
from reconciler.report.wallets import WalletStory, beyond_funded, to_be_sure
from reconciler.settings import Settings

SETTINGS = Settings(Path("budgets"), "", AS_OF, JUNE)
KEY = WalletRef.team("team_support")
DAILY = np.exp(np.random.default_rng(3).normal(0, 0.1, 200)) * 10
USAGE = UsageBuilder().series(KEY, AS_OF - timedelta(days=200), DAILY).build()
"""About 10 a day: 170 of June are spent on the 18th, and 130 are still to come."""

NEVER_SURE = 0.0006
"""A forecast says of nothing that is drawn that it is certain."""


@dataclass(frozen=True)
class World:
    """A wallet that was `given` money by hand and has `spent` of it, beside what earlier months left in it.

    `known`: something was applied to it before. `meant`: the words of who gave it name another month.
    """

    given: int = 0
    spent: int = 0
    earlier: int = 0
    known: bool = True
    meant: bool = False
    ledger: bool = True

    @property
    def live(self) -> Live:
        held = self.earlier + self.given - self.paid
        return live([live_wallet(KEY.id, *self._entries(), available=str(held))])

    @property
    def paid(self) -> int:
        """What of it the wallet had the money for."""
        return min(self.spent, self.earlier + self.given)

    def _entries(self) -> Iterator[LedgerEntry]:
        if self.given:
            given = entry("given", "allocate", str(self.given))
            yield replace(given, description="for July 2026") if self.meant else given
        if self.paid:
            yield entry("spent", "settle", str(self.paid), day=17)

    def asked(self, wanted: Desired, *, first: bool = False) -> tuple[WalletQuestion, ...]:
        """Return what a plan asks about its wallet, with `--first-apply` where it is `first`."""
        if not self.ledger:
            return questions_without_ledger(SETTINGS, wanted, USAGE, before=wanted)
        diff = make_plan(wanted, self.live, JUNE, known=(KEY,) if self.known else (), first=first)
        return questions(SETTINGS, wanted, self.live, diff)

    def planned(self, wanted: Desired, *, first: bool = False) -> WalletForecast:
        asked = self.asked(wanted, first=first)
        (found,) = project(asked, context(asked)).wallets
        return found

    def advised(self, wanted: Desired, probability: float = 0.9) -> tuple[TargetRecommendation, Desired]:
        """Return what is recommended, and the YAML once that is written."""
        asked = self.asked(wanted)
        found = recommend(asked, context(asked), probability=probability)
        made = draft(found, settings=SETTINGS, desired=wanted, spent={KEY: Decimal(170)})
        written = wanted
        for edit in made.edits:
            target, before = found.targets[0].target, written.wallets[KEY]
            other = {"overrides": {JUNE: target}} if "overrides" in edit.keys else {"monthly": target}
            written = replace(written, wallets={KEY: replace(before, setting=before.setting.model_copy(update=other))})
        return found.targets[0], written


def context(asked: tuple[WalletQuestion, ...]) -> ForecastContext:
    return forecast_context(USAGE, asked, organization=desired().organization, period=JUNE, as_of=AS_OF, teams={})


def lasts(found: WalletForecast) -> float:
    return 1 - chance_of(found.desired.exhaustion)


money = st.integers(0, 600)
worlds = st.builds(World, money, money, st.just(0) | money, st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=40)
@given(worlds, money, st.sampled_from([0.5, 0.9, 0.99]))
def test_the_plan_of_what_is_written_lasts_as_was_promised(world: World, target: int, probability: float) -> None:
    wanted = desired([wallet("support", "prod", f"{target}")])
    advice, written = world.advised(wanted, probability)
    assert lasts(world.planned(wanted)) == pytest.approx(advice.lasts_now, abs=NEVER_SURE)
    assert lasts(world.planned(written)) == pytest.approx(advice.lasts, abs=NEVER_SURE)
    assert lasts(world.planned(written, first=True)) >= probability - NEVER_SURE


@settings(max_examples=40)
@given(worlds.map(lambda world: replace(world, ledger=True)), money)
def test_what_is_carried_over_is_the_same_before_and_after_whatever_the_target(world: World, target: int) -> None:
    found = world.planned(desired([wallet("support", "prod", f"{target}")]))
    carried = world.live.wallets[KEY].carried_over(JUNE)
    for outlook in (found.live, found.desired):
        assert beyond_funded(outlook) == carried or carried < max(Decimal(1), outlook.funding / 100)


def test_what_the_comment_adds_to_a_target_is_enough_where_the_wallet_keeps_more_than_that() -> None:
    world, asked = World(given=305, spent=170, known=False), desired([wallet("support", "prod", "100")])
    found = world.planned(asked)
    told = to_be_sure([WalletStory("support", "prod", KEY, None, found)])
    more = re.fullmatch(r"([0-9]+) to support / prod", told)
    assert more
    raised = desired([wallet("support", "prod", f"{100 + int(more[1])}")])
    assert 0.5 < lasts(found) < 0.9 <= lasts(world.planned(raised)) < 0.95


def test_a_target_below_what_is_spent_is_raised_to_what_lasts_and_nothing_more_is_said_then() -> None:
    """500 were given, 170 are spent, and 100 is wanted: about 130 more are to come in June."""
    advice, written = World(given=500, spent=170).advised(desired([wallet("support", "prod", "100")]))
    assert 300 < advice.target < 320
    again, same = World(given=500, spent=170).advised(written)
    assert (again.target, again.lasts_now) == (advice.target, advice.lasts)
    assert same == written


def test_money_of_a_doubtful_month_gets_an_override_that_says_what_the_month_gets() -> None:
    world, wanted = World(given=180, spent=170, known=False, meant=True), desired([wallet("support", "prod", "320")])
    before = world.planned(wanted)
    assert (before.desired.funded, before.desired.target) == (Decimal(180), Decimal(320))
    advice, written = world.advised(wanted)
    assert advice.alone == "money of it may be meant for another month"
    assert written.wallets[KEY].setting.overrides
    assert lasts(before) < 0.01 < 0.9 <= lasts(world.planned(written))
    asked = world.asked(wanted)
    hints = [each.hint for each in project(asked, context(asked)).warnings if each.code == "runs-out"]
    assert hints[0].startswith("once it is said which month its money is meant for, with a target of USD 3")
