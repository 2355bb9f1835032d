"""What follows from a value of the YAML that differs: who approves from now on, what is let pass, what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from reconciler.model.approvals import Acknowledgement, Approvals
from reconciler.model.desired import Desired
from reconciler.model.forecast import WalletForecast
from reconciler.model.frozen import Frozen
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.later import Later, LaterExpectation
from reconciler.model.money import ZERO, Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import BillingBudgetSetting, TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget
from reconciler.plan.differences import Difference
from reconciler.plan.yaml_words import monthly_words


def whole_team(team: TeamBudget | None, currency: str) -> str:
    """Return a team in a few words: its wallets with their monthly money, its alerts and owners; empty for none."""
    if team is None:
        return ""
    wallets = ", ".join(
        f"{key} {monthly_words(wallet.monthly, currency)} a month" for key, wallet in team.wallets.items()
    )
    state = "absent, " if team.state == "absent" else ""
    alerts = f", {len(team.billing_budgets)} alert{'s' if len(team.billing_budgets) != 1 else ''}"
    owners = f", owners {', '.join(team.owners) or 'the organization'}"
    return f"{state}{wallets or 'no wallet'}{alerts if team.billing_budgets else ''}{owners}"


class Judge:
    """Knows both states, and so what a difference between them leads to."""

    def __init__(self, before: Desired, after: Desired, as_of: date) -> None:
        self._before, self._after, self._as_of = before, after, as_of
        self._meanings: dict[tuple[type[Frozen], str], Callable[[Difference, str], str]] = {
            (OrganizationBudget, "owners"): _approving,
            (TeamBudget, "owners"): _approving,
            (Approvals, "finance"): _approving,
            (Approvals, "platform"): _approving,
            (Approvals, "finance_above"): self._finance,
            (OrganizationBudget, "waivers"): self._ending,
            (OrganizationBudget, "acknowledged_drift"): self._ending,
            (Waiver, "until"): self._ending,
            (Acknowledgement, "until"): self._ending,
            (WalletTarget, "team_id"): _other_wallet,
        }

    def meaning(self, difference: Difference, team: str) -> str:
        """Return what follows, in a sentence without a stop; empty where the values say it all."""
        model, field = difference.field
        if said := self._meanings.get((model, field)):
            return said(difference, team)
        if model is GuardSettings:
            return _guard(difference)
        return _STATED.get((model, field), {}).get(str(difference.new), _MEANT.get((model, field), ""))

    def amount(self, difference: Difference) -> Decimal | None:
        """Return the money that a difference stands for: by how much an amount changes, or the new limit's height."""
        old, new = difference.old, difference.new
        if difference.field in _HEIGHTS:
            return new if isinstance(new, Decimal) else None
        if difference.field in _SUMS and isinstance(old or ZERO, Decimal) and isinstance(new or ZERO, Decimal):
            return (new or ZERO) - (old or ZERO)
        return None

    def _finance(self, difference: Difference, _: str) -> str:
        """Return what passes without finance, against all that could move in the dearest month."""
        new, currency = difference.new, self._after.organization.currency
        month, most = self._dearest()
        largest = f"all targets of {month.name} together are {Money(most, currency)}"
        if new is None:
            return f"finance is asked for nothing any more; {largest}"
        old = difference.old
        passing = f"up to {Money(new, currency)} in one run or month moves without finance"
        if old is not None and new < old:
            return f"finance approves more than before: {passing}"
        never = f", so that finance is asked for nothing; {largest}" if most <= new else f"; {largest}"
        return passing + never

    def _dearest(self) -> tuple[Period, Decimal]:
        """Return the month of the fiscal year in which all targets together are the most, with their sum."""
        wallets = self._after.wallets.values()
        sums = {
            month: sum((wallet.target(month).amount for wallet in wallets), ZERO)
            for month in self._after.organization.fiscal_year.value.periods
        }
        return max(sums.items(), key=lambda item: (item[1], -item[0].first.toordinal()))

    def _ending(self, difference: Difference, _: str) -> str:
        """Return whether what is let pass is over, or no longer let pass; nothing of another order of entries."""
        entry = difference.new if difference.new is not None else difference.old
        if isinstance(entry, list):
            return ""
        until = entry if isinstance(entry, date) else getattr(entry, "until", None)
        is_over = isinstance(until, date) and until < self._as_of
        if difference.new is None:
            return "it was over already" if is_over else "from now on it is no longer let pass"
        return "that day is over: it lets nothing pass" if is_over else "it is let pass until that day"


def _approving(difference: Difference, _: str) -> str:
    old, new = (set(value or ()) for value in (difference.old, difference.new))
    gone, come = sorted(old - new), sorted(new - old)
    if old and new and not old & new:
        return "they approve from now on, and nobody of before"
    told = [f"{', '.join(come)} may approve"] if come else []
    told += [f"{', '.join(gone)} may not any more"] if gone else []
    return "; ".join(told)


def _guard(difference: Difference) -> str:
    old, new = difference.old, difference.new
    if isinstance(new, bool):
        return "it refuses from now on" if new else "it refuses nothing any more"
    if new is None:
        return "it refuses nothing any more"
    return "it refuses sooner than before" if old is None or new < old else "it lets more pass than before"


def _other_wallet(difference: Difference, _: str) -> str:
    return f"the wallet of {difference.before} is not funded again and keeps what it holds"


_MEANT: dict[tuple[type[Frozen], str], str] = {
    (OrganizationBudget, "journal"): "runs recorded in the old place are not seen in the new one: move it there first",
    (OrganizationBudget, "organization"): "a token of the old one is refused from now on",
    (OrganizationBudget, "annual_target"): "it moves no money: the forecast of the year is compared with it",
}
_STATED: dict[tuple[type[Frozen], str], dict[str, str]] = {
    (TeamBudget, "state"): {
        "absent": "what its wallets got goes back to the organization wallet, what earlier months left when the next"
        " one opens, and its alerts are deleted",
        "present": "its wallets are funded again",
    },
    (BillingBudgetSetting, "hard_limit"): {
        "True": "traffic is blocked at 100%",
        "False": "it alerts, and blocks nothing any more",
    },
    (OrganizationBudget, "unused"): {
        "reclaim": "what a wallet has left goes back to the organization wallet when the next month opens",
        "keep": "what a wallet has left stays in it when the next month opens",
    },
}
_HEIGHTS = {
    (Approvals, "finance_above"),
    *((GuardSettings, name) for name in ("total_moved", "largest_change", "net_increase")),
}
_SUMS = {
    (OrganizationBudget, "annual_target"),
    (WalletTarget, "monthly"),
    (BillingBudgetSetting, "amount"),
}


def with_rest(later: Later | None, impact: Sequence[WalletForecast], period: Period, currency: str) -> Later | None:
    """Return `later` with the money that a change of `unused` takes from each wallet, or leaves in it.

    That is what the money of now leaves at the end of the month by the forecast's middle; where nothing is known of
    what will be spent, all of it.
    """
    if later is None or not any(item.key == "unused" and not item.team for item in later.expectations):
        return later
    told = (
        _told_rest(item, impact, period, currency) if item.key == "unused" and not item.team else item
        for item in later.expectations
    )
    return later.model_copy(update={"expectations": tuple(told)})


def _rest(wallet: WalletForecast) -> Decimal:
    middle = wallet.month_end.quantiles.get("0.5")
    outlook = wallet.desired
    return outlook.money_left if middle is None else max(outlook.ceiling - max(middle, wallet.known_spend), ZERO)


def _told_rest(
    item: LaterExpectation, impact: Sequence[WalletForecast], period: Period, currency: str
) -> LaterExpectation:
    rests = _rests(impact)
    total = sum(rests.values(), ZERO)
    meaning = rest_words(impact, period, currency, unused=item.after)
    return item.model_copy(update={"meaning": meaning, "amount": total, "wallets": rests, "period": period.plus(1)})


def _rests(impact: Sequence[WalletForecast]) -> dict[WalletRef, Decimal]:
    return {wallet.wallet: rest for wallet in impact if (rest := _rest(wallet)) > 0}


def rest_words(impact: Sequence[WalletForecast], period: Period, currency: str, *, unused: str) -> str:
    """Say what becomes, when the month after `period` opens, of the money that is expected to be left by then."""
    rests = _rests(impact)
    dearest = sorted(rests, key=lambda key: (-rests[key], key))
    named = {wallet.wallet: f"{wallet.team} / {wallet.environment}" for wallet in impact}
    most = ", ".join(f"{named[key]} {Money(rests[key], currency)}" for key in dearest[:3])
    more = f" and {len(dearest) - 3:,} more" if len(dearest) > 3 else ""
    what = "goes back to the organization wallet" if unused == "reclaim" else "stays in its wallets"
    told = f": {most}{more}" if dearest else ""
    return (
        f"on 1 {period.plus(1).first:%B} about {Money(sum(rests.values(), ZERO), currency)} {what}{told}, as far as"
        " today's money is expected to be left at the end of the month"
    )
