"""The digest of a document for a chat: a sentence that says it, and the few that are behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.model.drift import DriftDocument, DriftItem
from reconciler.model.forecast import WalletForecast
from reconciler.model.message import About
from reconciler.model.outlook import ForecastDocument
from reconciler.model.plan import Plan
from reconciler.model.review import ReviewDocument
from reconciler.report import wording
from reconciler.report.review_words import caption, others, totals, uncovered
from reconciler.report.spans import Words, plain, safe_place, visible
from reconciler.report.summary import summarise
from reconciler.report.wallets import SAFE

Notable = Plan | DriftDocument | ForecastDocument | ReviewDocument

_ACTIVE = re.compile(r"@|<(?=[!@#a-z/])|:(?=//)|\bwww(?=\.)|\b(?:mailto|tel|xmpp|slack|msteams):", re.IGNORECASE)
_BREAK = "\u200b"
_LONGEST = 480


@dataclass(frozen=True, slots=True)
class Message:
    """`title` is what is to be known, `lines` what is behind it. Nothing in them mentions somebody or is a link.

    It is not needed where it says that all is well.
    """

    about: About
    title: str
    lines: tuple[str, ...]
    is_needed: bool = True


def message_of(shown: Notable) -> Message:
    """Return the digest of a document."""
    match shown:
        case Plan():
            return _message("plan", _plan(shown), is_needed=bool(shown.changes) or _is_refused(shown))
        case DriftDocument():
            is_needed = bool(shown.waiting) or any(map(_is_telling, shown.items))
            return _message("drift", _drift(shown), is_needed=is_needed)
        case ForecastDocument():
            return _message("forecast", _forecast(shown), is_needed=bool(_risky(shown)))
        case ReviewDocument():
            return _message("review", _review(shown))


def _message(about: About, lines: Iterator[str], *, is_needed: bool = True) -> Message:
    first, *rest = (harmless(visible(text, _LONGEST)) for text in lines)
    return Message(about, first, tuple(rest), is_needed)


def harmless(text: str) -> str:
    """Return `text` so that no chat finds a person, a channel, a tag or an address in it."""
    return _ACTIVE.sub(lambda found: f"{found[0]}{_BREAK}", text)


def _plan(plan: Plan) -> Iterator[str]:
    report = summarise(plan)
    yield plain(report.headline)
    yield from (f"Refused, {one.title}: {plain(one.message)}. {_fix(one.hint)}".strip() for one in report.refusals)
    yield from map(plain, (*report.lead, *report.approve))
    yield from (f"{move.name}: {move.verb} {move.amount}, {move.funded} -> {move.target}" for move in report.moves)


def _is_refused(plan: Plan) -> bool:
    return any(guard.status == "refused" for guard in plan.guards)


def _fix(hint: Words) -> str:
    return f"Fix: {plain(hint)}." if hint else ""


def _drift(shown: DriftDocument) -> Iterator[str]:
    """Yield what was changed by hand and what waits; of what no YAML names, what holds or spends money."""
    told = [item for item in shown.items if _is_telling(item)]
    if not told and not shown.waiting:
        yield f"No drift that needs attention{_besides(shown.items)}"
        return
    parts = [wording.counted(len(told), "difference")] if told else []
    parts += [f"{wording.counted(len(shown.waiting), 'thing')} left behind"] if shown.waiting else []
    yield f"Drift: {wording.listed(parts)}{_besides([item for item in shown.items if not _is_telling(item)])}"
    yield from (f"Left behind, {item.state}: {item.sentence} {item.cure}" for item in shown.waiting)
    yield from (f"{item.category.capitalize()}: {item.sentence}" for item in told)


def _is_telling(item: DriftItem) -> bool:
    return item.category in ("changed", "missing") or (item.category == "unmanaged" and bool(item.amount))


_QUIET = ("pending", "unreclaimable", "acknowledged", "unmanaged")


def _besides(items: Sequence[DriftItem]) -> str:
    counts = [(sum(item.category == name for item in items), name) for name in _QUIET]
    told = wording.listed([f"{count:,} {name}" for count, name in counts if count])
    return f" (besides {told})" if told else ""


def _forecast(shown: ForecastDocument) -> Iterator[str]:
    """Yield which wallets may run out with the money that they have now, the likeliest first."""
    known = _known(shown)
    risky = _risky(shown)
    month = f" {shown.wallets[0].period.name}" if shown.wallets else " the month"
    of = wording.counted(len(known), "wallet")
    if risky:
        yield f"{len(risky):,} of {of} may run out before{month} is over"
    elif known:
        yield f"{of} {'lasts' if len(known) == 1 else 'last'}{month}"
    else:
        yield f"Nothing tells whether money lasts{month}"
    yield from (_runs_out(wallet, chance) for chance, wallet in risky)
    if unknown := len(shown.wallets) - len(known):
        yield f"Nothing tells how long {wording.counted(unknown, 'more wallet')} will last."


def _known(shown: ForecastDocument) -> list[tuple[float, WalletForecast]]:
    chances = ((wallet.live.exhaustion.probability, wallet) for wallet in shown.wallets)
    return [(chance, wallet) for chance, wallet in chances if chance is not None]


def _risky(shown: ForecastDocument) -> list[tuple[float, WalletForecast]]:
    return sorted((one for one in _known(shown) if 1 - one[0] < SAFE), key=lambda one: (-one[0], one[1].team))


def _runs_out(wallet: WalletForecast, chance: float) -> str:
    """Return how likely the money of now runs out and when, and what the target of the YAML makes of that."""
    dates, after = wallet.live.exhaustion.date, wallet.desired.exhaustion.probability
    middle = dates.get("0.5")
    day = f", around {wording.long_day(middle)}" if middle else ""
    so = f"runs out with {wording.probability(chance)}{day}"
    money = f"{wallet.currency} {wording.whole(wallet.live.money_left)} left"
    fixed = "" if after is None or after == chance else f"; with the target of the YAML {wording.probability(after)}"
    return f"{safe_place(wallet.team, wallet.environment)} {so} ({money}){fixed}."


def _review(shown: ReviewDocument) -> Iterator[str]:
    yield caption(shown)
    yield totals(shown)
    yield from (f"{team.sentence}. {team.response}".strip() for team in shown.teams if team.called)
    yield from filter(None, (others(shown), uncovered(shown) if shown.uncovered else ""))
    yield from (f"{notice.code}: {notice.message}" for notice in shown.notices)
