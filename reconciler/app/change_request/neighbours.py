"""Other open pull requests that change the same money, and what all of them together would ask of the pool."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reconciler.app.budget_files import BudgetFiles, declared_where_different, files_of
from reconciler.app.checkout import git, prefix
from reconciler.app.committed import entries
from reconciler.forge.change_request import ChangeRequest
from reconciler.git.failures import GitError
from reconciler.git.merging import merged
from reconciler.model.desired import Desired
from reconciler.model.money import ZERO
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

MOST = 50
"""So many of the newest pull requests that touch the budgets are compared."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another open pull request. `wallets` are those that this one changes too, `more` is what it adds to targets.

    `is_read` is False where it conflicts with the branch that it goes to, or its YAML has errors.
    """

    number: int
    wallets: tuple[str, ...] = ()
    organization: bool = False
    more: Decimal = ZERO
    is_read: bool = True


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What was found; `cut` says that there are more than were looked at, `unknown` why nobody could look."""

    found: tuple[Neighbour, ...] = ()
    cut: bool = False
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """What a change makes of the budgets: the wallets in which it differs, by key, and whether org.yaml does."""

    wallets: dict[WalletRef, str]
    organization: bool
    more: Decimal


def neighbours(
    budgets: Path,
    pull: ChangeRequest,
    base: str,
    listed: Sequence[ChangeRequest],
    *,
    period: Period,
    remote: str = "origin",
) -> Neighbours:
    """Return what the pull requests `listed`, newest first, do to what merging `pull` onto the commit `base` changes.

    They are fetched together. `more` counts what targets of `period` rise by, wallet by wallet: what falls gives money
    back as far as it is not spent, which nobody knows.
    """
    if not listed:
        return Neighbours()
    try:
        below = files_of(budgets, base)
        mine = _step(below, files_of(budgets, merged(budgets, base, pull.head) or pull.head), period)
        git(budgets, "fetch", "--no-tags", "--quiet", remote, *(other.reference for other in listed))
        trees = {other.number: merged(budgets, base, other.head) for other in listed}
        touching = [other for other in listed if _touches(budgets, base, other.head, trees[other.number])]
    except GitError as error:
        return Neighbours(unknown=error.message)
    if mine is None:
        return Neighbours()
    found = [_neighbour(budgets, below, other.number, trees[other.number], mine, period) for other in touching[:MOST]]
    return Neighbours(tuple(found), cut=len(touching) > MOST)


def _touches(budgets: Path, base: str, head: str, tree: str | None) -> bool:
    """Whether merging a head, which gives a `tree` (None: it conflicts), is about the budgets."""
    if tree is not None:
        return entries(budgets, tree) != entries(budgets, base)
    where = f":(top){prefix(budgets)}"
    return bool(git(budgets, "diff", "--name-only", f"{base}...{head}", "--", where).strip())


def _neighbour(
    budgets: Path, below: BudgetFiles, number: int, tree: str | None, mine: _Step, period: Period
) -> Neighbour:
    step = _step(below, files_of(budgets, tree), period) if tree else None
    if step is None:
        return Neighbour(number, is_read=False)
    shared = tuple(step.wallets[key] for key in sorted(mine.wallets.keys() & step.wallets.keys()))
    return Neighbour(number, shared, mine.organization and step.organization, step.more)


def _step(before: BudgetFiles, after: BudgetFiles, period: Period) -> _Step | None:
    """Return what differs; None where one side has errors."""
    declared = declared_where_different(before, after)
    if declared is None:
        return None
    old, new = declared
    wallets = dict(_wallets(old, new))
    more = sum((max(_target(new, key, period) - _target(old, key, period), ZERO) for key in wallets), ZERO)
    return _Step(wallets, old.organization != new.organization, more)


def _wallets(old: Desired, new: Desired) -> Iterator[tuple[WalletRef, str]]:
    for key in sorted({*old.wallets, *new.wallets}):
        was, will = old.wallets.get(key), new.wallets.get(key)
        known = will or was
        if known and (was is None or will is None or (was.setting, was.absent) != (will.setting, will.absent)):
            yield key, f"{known.team} / {known.environment}"


def _target(desired: Desired, key: WalletRef, period: Period) -> Decimal:
    wallet = desired.wallets.get(key)
    return wallet.target(period).amount if wallet else ZERO
