"""What stands in for history that is missing: the plan's baseline, and the organization's week for a new wallet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from reconciler.forecast.calendar import day_before
from reconciler.forecast.fit import Fit
from reconciler.forecast.history import Spending
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.shape import fit_shape
from reconciler.forecast.windows import DAYS_OF_A_MONTH
from reconciler.model.team import TeamBudget

TEACHING_DAYS = 56
TEACHERS = 200


def planned_daily(question: WalletQuestion, team: TeamBudget | None) -> float:
    """Return what a day of the wallet costs by the plan alone, before growth; nothing where no plan says so.

    The team's baseline is split over its wallets in proportion to their monthly targets.
    """
    target = question.wallet.setting.monthly
    baseline = question.plan.baseline_monthly
    if baseline is None:
        return 0.0
    wallets = team.wallets.values() if team else (question.wallet.setting,)
    total = sum((wallet.monthly for wallet in wallets), Decimal(0))
    share = target / total if total else Decimal(1) / max(len(wallets), 1)
    return float(baseline * share) / DAYS_OF_A_MONTH


def with_baselines(learned: Fit, daily: Floats) -> Fit:
    """Return `learned` with the planned level for the series that have no history at all."""
    unknown = learned.history_days == 0
    level = replace(learned.level, values=np.where(unknown[:, None], daily[:, None], learned.level.values))
    largest = np.where(unknown, daily * np.maximum(learned.shape.week.max(axis=1), 1.0), learned.largest)
    return replace(learned, level=level, largest=largest)


def organization_week(known: Spending) -> Floats:
    """Return float64[7] by phase: the mean week of the export's wallets that have a history of two months or more.

    A short history says little about its own week; most wallets of an organization work on the same days.
    """
    histories = [known.wallets[wallet].history(known.known_until) for wallet in sorted(known.wallets)]
    teachers = [history for history in histories if np.count_nonzero(history) >= TEACHING_DAYS][:TEACHERS]
    if not teachers:
        return np.ones(7)
    ends = np.full(len(teachers), day_before(known.known_until))
    return np.asarray(fit_shape(make_panel(teachers, ends)).week.mean(axis=0))
