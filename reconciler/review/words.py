"""Which assumption failed, as a sentence, and which response fits: each cause asks for another one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Literal

from reconciler.forecast.words import MINUS, listed
from reconciler.model.money import cents, coin
from reconciler.model.review import CauseName as Cause

Said = Cause | Literal["credits", "one_off_and_credits"]
"""A cause as it is said: days that ran away and credits are both one-offs, and ask for other responses."""

_APART = Decimal("0.2")
"""Less of a one-off than this part is not said beside the rest."""

NAMES: dict[Said, str] = {
    "demand": "demand (requests)",
    "tokens_per_request": "tokens per request",
    "cache": "cache",
    "provider_mix": "provider mix",
    "unit_price": "unit price",
    "new_workload": "new workload",
    "fallback": "fallback",
    "one_off": "one-off",
    "credits": "credits",
    "one_off_and_credits": "one-off",
    "baseline": "baseline",
    "calendar": "calendar",
}

_MORE: dict[Said, str] = {
    "demand": "demand was higher than that: more requests",
    "tokens_per_request": "requests were larger than that: more tokens per request",
    "cache": "the cache answered fewer requests than that",
    "provider_mix": "the provider mix was dearer than that: traffic ran on dearer models or lanes",
    "unit_price": "the unit price of models was higher than that",
    "new_workload": "a new workload came that is not in it",
    "fallback": "fallback providers took traffic at a higher price than that",
    "one_off": "spend ran away for some days (one-off)",
    "credits": "fewer credits came than in it (one-off)",
    "one_off_and_credits": "spend ran away for some days, and fewer credits came than in it (one-off)",
    "baseline": "its baseline is too low: the weeks that it starts from came to more already",
}
_LESS: dict[Said, str] = {
    "demand": "demand was lower than that: fewer requests",
    "tokens_per_request": "requests were smaller than that: fewer tokens per request",
    "cache": "the cache answered more requests than that",
    "provider_mix": "the provider mix was cheaper than that: traffic ran on cheaper models or lanes",
    "unit_price": "the unit price of models was lower than that",
    "new_workload": "a new workload that is in it cost less, or did not come",
    "fallback": "fallback providers took less traffic than that",
    "one_off": "days ran away before and not now (one-off)",
    "credits": "more credits came than in it (one-off)",
    "one_off_and_credits": "more credits came than in it, and days ran away before and not now (one-off)",
    "baseline": "its baseline is too high: the weeks that it starts from came to less already",
}
_RESPONSE_MORE: dict[Said, str] = {
    "demand": "If the growth is wanted, fund it: write it into `plan.growth` with its reason and raise the wallet"
    " (`kt-budgets recommend`); if it is not, set a rate limit.",
    "tokens_per_request": "Look at prompts, context and answer length before giving money: the work is the same, each"
    " request is larger.",
    "cache": "Find out why the cache is not used, or correct `plan.cache_hit_rate`; more money would pay for the same"
    " answers again.",
    "provider_mix": "Change the route, or keep the dearer models openly and correct `plan.provider_mix`; more money"
    " would hide it.",
    "unit_price": "Take the new price into the plan's baseline, and ask procurement; nothing that the team does changes"
    " it.",
    "new_workload": "Decide on it as a planned investment: give it `plan.planned_demand`, an off-peak lane if it can"
    " wait, or an end.",
    "fallback": "Look at the rate limits and outages of the first provider; if this is what staying available costs,"
    " write it into `plan.fallback`.",
    "one_off": "Leave it out of the baseline and fund nothing for it; a rate limit keeps such days from coming again.",
    "credits": "Leave it out of the baseline; nothing that the team does changes it.",
    "one_off_and_credits": "Leave it out of the baseline and fund nothing for it; a rate limit keeps days from running"
    " away again, and nothing that the team does brings credits.",
    "baseline": "Correct `plan.baseline_monthly`; written into `plan.growth` it would be growth that never came.",
}
_RESPONSE_LESS: dict[Said, str] = {
    "demand": "Find out whether it is late or will not come, and lower `plan.growth` or the wallet.",
    "tokens_per_request": "Keep it, and lower the baseline if it stays.",
    "cache": "Keep it, and raise `plan.cache_hit_rate` if it stays.",
    "provider_mix": "Keep it, if the answers are good enough, and write it into `plan.provider_mix`.",
    "unit_price": "Take the new price into the plan's baseline.",
    "new_workload": "Find out whether it is late or will not come, and correct `plan.planned_demand`.",
    "fallback": "Lower `plan.fallback` if it stays.",
    "one_off": "Leave it out of the baseline.",
    "credits": "Leave it out of the baseline.",
    "one_off_and_credits": "Leave it out of the baseline.",
    "baseline": "Correct `plan.baseline_monthly`, and lower the wallet.",
}


_ASSUMED: dict[Said, str] = {
    "demand": "growth",
    "cache": "cache_hit_rate",
    "provider_mix": "provider_mix",
    "new_workload": "planned_demand",
    "fallback": "fallback",
}
"""What of a plan a cause is held against."""
_NOT_ASSUMED_MORE: dict[Said, str] = {
    "cache": "Find out why the cache is not used; more money would pay for the same answers again.",
    "provider_mix": "Change the route, or keep the dearer models openly and write them into `plan.provider_mix`; more"
    " money would hide it.",
}
_NOT_ASSUMED_LESS: dict[Said, str] = {
    "demand": "Find out why, and whether it comes back; if it does not, lower the baseline and the wallet.",
    "cache": "Keep it, and write it into `plan.cache_hit_rate` if it stays.",
    "new_workload": "Find out whether it comes back; if it does not, lower the wallet.",
    "fallback": "Keep it, and lower the baseline if it stays.",
}


def money(amount: Decimal, currency: str) -> str:
    """Return money with its sign: a month may have more credits than spend."""
    return f"{currency} {cents(amount):,.2f}".replace("-", MINUS)


def sentence(
    team: str,
    *,
    amounts: tuple[Decimal, Decimal],
    effect: tuple[Cause, Decimal] | None,
    said: Said | None,
    others: Sequence[Cause],
    mostly: str,
    calendar: Decimal,
    is_opposed: bool,
    against: str,
    currency: str,
) -> str:
    """Return what a team spent against what, and which assumption failed by how much.

    `amounts` are what it is held against and what came, `effect` the cause that is called with its money, `said` how
    it is said, `others` those that cannot be told from it, `mostly` the workload that most of it is from, `calendar`
    the money of more or other days, 0 where that is not much. `is_opposed`: what stands out is on the other side of the
    difference.
    """
    reference, actual = amounts
    off = actual - reference
    share = f" ({abs(off) / reference:.1%})" if reference > 0 else ""
    way = f"{money(abs(off), currency)}{share} {'above' if off > 0 else 'below'}" if off else "exactly"
    days = f"; its number of days and weekdays alone {_costs(calendar, currency)}" if calendar else ""
    spent = f"{team} spent {money(actual, currency)}, {way} {against} {money(reference, currency)}"
    if effect is None or said is None:
        which = f" that makes it {'dearer' if off > 0 else 'cheaper'}" if is_opposed else ""
        return f"{spent}; nothing{which} stands out of what its days vary by anyway{days}"
    amount = effect[1]
    words = (_MORE if amount > 0 else _LESS)[said]
    which = f", most of it in {mostly}" if mostly else ""
    untold = f" (or {listed([NAMES[other] for other in others])}: the usage cannot tell them apart)" if others else ""
    return f"{spent}: {words}{untold}, which {_costs(amount, currency)}{which}{days}"


def _costs(amount: Decimal, currency: str) -> str:
    return f"{'costs' if amount > 0 else 'saves'} {money(abs(amount), currency)}"


def one_off_of(amount: Decimal, credits: Decimal) -> Said:
    """Return what a one-off is for the most part; `credits` are what of `amount` is theirs, with its sign."""
    part = credits / amount if amount else Decimal(0)
    if part > 1 - _APART:
        return "credits"
    return "one_off" if part < _APART else "one_off_and_credits"


def response(cause: Said, amount: Decimal, others: Sequence[Cause] = (), *, planned: Collection[str]) -> str:
    """Return what fits; where the usage cannot tell causes apart, what fits each of them.

    `planned` are the fields of the plan that it is held against: nothing else of it can be late, or be corrected.
    """
    if not others:
        return _fitting(cause, amount, planned)
    each = ((NAMES[cause], _fitting(cause, amount, planned)) for cause in (cause, *others))
    return " ".join(f"If it is {name}: {_inside(fitting)}" for name, fitting in each)


def _fitting(cause: Said, amount: Decimal, planned: Collection[str]) -> str:
    usual, bare = (_RESPONSE_MORE, _NOT_ASSUMED_MORE) if amount > 0 else (_RESPONSE_LESS, _NOT_ASSUMED_LESS)
    return usual[cause] if _ASSUMED.get(cause) in planned else bare.get(cause, usual[cause])


def _inside(text: str) -> str:
    return text[0].lower() + text[1:]


def first_days(number: int) -> str:
    """Return `the first day`, `the first 4 days`."""
    return f"the first {number} days" if number > 1 else "the first day"


def known_days(number: int) -> str:
    """Return `the day that is known`, `the 17 days that are known`."""
    return f"the {number} days that are known" if number > 1 else "the day that is known"


def as_written(baseline: Decimal, currency: str) -> str:
    """Return how a baseline is to be written so that it is what days cost."""
    number = baseline.quantize(coin(currency))
    return f"By the weeks that it starts from and the days since, it is `baseline_monthly: {number}`."
