"""What a reviewer decides on: what follows from approving a plan, from not approving it, and what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TypeGuard

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.drift import DriftItem
from reconciler.model.forecast import WalletOutlook
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.year_money import YearMoney
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.savings import planned_words
from reconciler.report.spans import Cell, Words, code, safe_name, strong, visible, words
from reconciler.report.stops import limit_line, stopped
from reconciler.report.wallets import SAFE, WalletStory, chance, risk, to_be_sure
from reconciler.report.year import covered_words, quick_words, sure_words, uncounted_words, unknown_words

_NAMED = 3
_NOBODY = f"nobody: less than {1 - SAFE:.0%} each"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ASIDE = re.compile(r" \([^()]*\)")
_LIKELY = 0.5
"""From this probability to run out on, a wallet is urgent, whoever changes what."""

_Line = tuple[str, str, str]
"""What a line is about, what comes if the plan is approved, and what if it is not."""


def decision_table(plan: Plan, about: Sequence[WalletStory], told: Sequence[WalletStory]) -> Table:
    """Return this month's money, hard limits, who runs out, and the year, each if the plan is approved and if not.

    Hard limits are those that change. Where nothing does now, there is the year alone, and only if it gets other money.
    """
    month, year = f"{plan.period.first:%B}", plan.year_money
    stops = [("Hard limits", *line)] if (line := limit_line(plan)) else []
    moved = (f"{month} money", _moved(plan), "nothing moves")
    now = [moved, *stops, *_running_out(month, about, told)] if plan.changes else []
    differs = year is not None and year.not_applied is not None and year.applied != year.not_applied
    lines = [*now, *(_year(plan) if plan.changes or differs else ())]
    columns = (Column("what", ""), Column("approved", "If you approve"), Column("not_approved", "If you do not"))
    rows = tuple(Row((Cell(what, strong=True), Cell(then), Cell(now))) for what, then, now in lines)
    return Table(columns, rows)


def _moved(plan: Plan) -> str:
    out, back = (sum(isinstance(change, kind) for change in plan.changes) for kind in (Allocate, Reclaim))
    given = [f"+{wording.brief(plan.funds.allocated)} to {wording.counted(out, 'wallet')}"] if out else []
    taken = [f"{wording.brief(-plan.funds.reclaimed)} back from {wording.counted(back, 'wallet')}"] if back else []
    return ", ".join((*given, *taken)) or "nothing moves"


def _running_out(month: str, about: Sequence[WalletStory], told: Sequence[WalletStory]) -> Iterator[_Line]:
    """Yield who of the wallets it is `about` may run out, and how many others may: the plan is not about these."""
    known = [story for story in about if story.forecast and story.lasts is not None]
    if not known:
        return
    ours = {story.wallet for story in about}
    others = _at_risk((story, story.forecast.live) for story in told if story.forecast and story.wallet not in ours)
    if any(story.is_changed for story in about):
        nobody, beside = "none that changes", wording.counted(len(others), "unchanged wallet")
    else:
        nobody, beside = "none of these teams", f"{wording.counted(len(others), 'wallet')} of other teams"
    beside = f" · {beside} {'up to ' if len(others) > 1 else ''}{others[0][1]}" if others else ""
    then, now = (
        _some(_at_risk((story, getattr(story.forecast, side)) for story in known)) or (nobody if others else _NOBODY)
        for side in ("desired", "live")
    )
    yield f"May run out in {month}", then + beside, now


def _at_risk(sides: Iterable[tuple[WalletStory, WalletOutlook]]) -> list[tuple[str, str]]:
    """Return the wallets that may run out, the likeliest first, each with its chance in words."""
    likely = [(outlook.exhaustion.probability or 0.0, story.name, outlook) for story, outlook in sides]
    ordered = sorted(likely, key=lambda item: -item[0])
    return [(name, risk(outlook)) for probability, name, outlook in ordered if 1 - probability < SAFE]


def _some(found: Sequence[tuple[str, str]]) -> str:
    named = (" ".join(one) for one in found[:_NAMED])
    return " · ".join((*named, *([f"{len(found) - _NAMED:,} more"] if len(found) > _NAMED else [])))


def _year(plan: Plan) -> Iterator[_Line]:
    money, forecast = plan.year_money, plan.year
    if money is None:
        return
    target = f", target {wording.whole(money.annual_target)}" if money.annual_target is not None else ""
    told, same = [], []
    if forecast is not None and (middle := forecast.quantiles.get("0.5")) is not None:
        within = f"chance within target: {sure_words(forecast)}" if forecast.within_probability is not None else ""
        aside = "; ".join(filter(None, (within, quick_words(forecast))))
        covered = f"{covered_words(forecast) if forecast.left_out else ''}{f' ({aside})' if aside else ''}"
        told.append(f"forecast {wording.whole(middle)}{covered}{uncounted_words(forecast)}")
        told += [planned] if (planned := planned_words(forecast)) else []
        same.append("forecast not known: what is expected changes" if _expects(plan) else "the same forecast")
    elif unknown := unknown_words(plan):
        told.append(unknown)
    then, now = money.applied, money.not_applied
    more = f" ({wording.signed(then - now)})" if now is not None and then != now else ""
    told.insert(0, f"wallets may spend {wording.whole(then)}{more}{_carried(plan, money)}")
    if now is None:
        same = [f"{_kept(plan, money.moved)}later months not known (no earlier plan)"]
    else:
        same.insert(0, "the same" if then == now else f"wallets may spend {wording.whole(now)}")
    yield f"{safe_name(money.name, 24)}{target}", " · ".join(told), " · ".join(same)


def _carried(plan: Plan, money: YearMoney) -> str:
    """Return what of the year's money is no target: carried over from earlier months, or beyond this one's targets."""
    back, told = "", []
    if money.goes_back:
        opens = f"{Period.of(plan.as_of).plus(1).first:%B} opens"
        back = f", without {wording.whole(money.goes_back)} carried over that goes back when {opens}"
    if money.carried:
        carried = wording.whole(money.carried)
        told += [
            f"at least {carried} beyond this month's targets" if money.carried_at_least else f"{carried} carried over"
        ]
    if money.stays:
        told += [
            f"{wording.whole(money.stays)} above {Period.of(plan.as_of).first:%B}'s targets, spent or not taken back"
        ]
    unknown = (
        ", without what they carry over, which is not known" if money.carried_at_least and not money.carried else ""
    )
    lacks = f", without {wording.whole(money.lacks)} of the targets that nothing gives now" if money.lacks else ""
    return f"{f', of that {wording.listed(told)}' if told else ''}{lacks}{unknown}{back}"


def _kept(plan: Plan, moved: Decimal) -> str:
    """Return how a month without the plan differs from one with it; an empty text where it does not."""
    side = "less" if moved > 0 else "more"
    return f"{wording.brief(abs(moved))} {side} in {plan.period.first:%B}, " if moved else ""


def _expects(plan: Plan) -> bool:
    """Whether the forecast rests on something that the YAML said otherwise before."""
    return plan.later is not None and any(item.kind == "expectation" for item in plan.later.expectations)


def by_hand(plan: Plan, told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return what somebody did by hand that this plan undoes, each with what keeps it: a few of them."""
    moves = {story.wallet: story for story in told if story.change}
    found = [
        words(strong("By hand:"), f" {_did(item, story)}. {_undone(plan, item.amount, story.change)}")
        for item in plan.drift
        if item.wallet and (story := moves.get(item.wallet)) and item.amount and _undoes(story.change, item.amount)
    ]
    more = [words(f"{len(found) - _NAMED:,} more of the kind, below.")] if len(found) > _NAMED else []
    return (*found[:_NAMED], *more)


def _undoes(change: Allocate | Reclaim | None, amount: Decimal) -> TypeGuard[Allocate | Reclaim]:
    """Whether a change goes against what was done by hand; what earlier months left is nobody's doing."""
    match change:
        case Allocate():
            return amount < 0
        case Reclaim(carried_from=None):
            return amount > 0
        case _:
            return False


def _undone(plan: Plan, amount: Decimal, change: Allocate | Reclaim) -> str:
    """Return how much of it approving undoes, and the target that leaves it as it is, to the cent."""
    undone = min(abs(amount), change.amount)
    what = "that" if undone == abs(amount) else f"{safe_name(plan.currency, 8)} {wording.brief(undone)} of that"
    how = "takes {} back" if isinstance(change, Reclaim) else "gives {} back"
    return f"Approving {how.format(what)}; to keep it, make {wording.brief(change.funded_before)} its target."


def _did(item: DriftItem, story: WalletStory) -> str:
    """Return what was done, without what git and the ledger say: the table has that."""
    told = item.sentence.partition(". ")[0].rstrip(".")
    told = told if " by hand or twice" in told else told.replace(" by hand", "")
    day = _DAY.search(told)
    return visible(_ASIDE.sub(f" on {day[0]}" if day else "", told), 200) or f"{story.name} {item.category}"


def urgent(told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return the wallets that are likely to run out and whose money and hard limit the plan leaves as they are."""
    found = [
        (story, story.forecast.live)
        for story in told
        if not story.is_changed
        and story.forecast is not None
        and (story.forecast.live.exhaustion.probability or 0.0) >= _LIKELY
    ]
    if not found:
        return ()
    named = wording.listed([f"{story.name} {chance(outlook)}" for story, outlook in found], _NAMED)
    teams = " ".join(dict.fromkeys(story.team for story, _ in found[:_NAMED]))
    return (
        words(
            strong("Urgent, not caused by this change:"),
            f" {named} will likely run out, see ",
            code(f"kt-budgets recommend {visible(teams, 120)}"),
            ".",
        ),
    )


def notes(plan: Plan, told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return what the table of wallets leaves open: what would make them last, and what an empty one means."""
    sure = to_be_sure(told)
    asked = f"To last in 9 of 10 months, add {sure}. " if sure else ""
    limited = stopped(told)
    stops = f"A hard limit stops {limited}, whatever the wallet holds. " if limited else ""
    empty = _when_empty(plan) if told else ""
    return (words(f"{asked}{stops}{empty}"),) if asked or stops or empty else ()


def _when_empty(plan: Plan) -> str:
    """Return what an empty wallet means: whether the organization's wallet pays for it."""
    after = plan.funds.after
    if after is None:
        return "Nobody can see here whether an empty wallet stops traffic."
    if after > 0:
        held = f"{safe_name(plan.currency, 8)} {wording.whole(after)}"
        return (
            "An empty wallet does not stop traffic: the organization's wallet, which all money comes from, pays"
            f" ({held} in it)."
        )
    return "An empty wallet stops traffic: the organization's wallet has nothing to pay for it."
