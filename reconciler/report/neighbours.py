"""What other pull requests do to the same money, in sentences; their numbers are all that is a link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from reconciler.model.forge_words import USUAL
from reconciler.model.later import Unapplied
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.spans import Span, Words, code, reference, safe_name, strong, visible, words

_WALLETS = 6


def same_money(number: int, wallets: Sequence[str], *, organization: bool, is_read: bool, sign: str = "#") -> Words:
    """Return that an open pull request changes the same wallets, or settings; nothing where it does not."""
    who = reference(number, sign)
    if not is_read:
        return words(who, " changes budgets too; it conflicts, or its YAML has errors, so nobody can say which.")
    if not wallets and not organization:
        return ()
    told: list[str | Span] = []
    if wallets:
        noun = "the same wallet" if len(wallets) == 1 else f"{len(wallets):,} of the same wallets"
        told += [f"{noun}: ", strong(wording.listed([safe_name(wallet) for wallet in wallets], _WALLETS))]
    if organization:
        told.append(f"{', and ' if told else ''}the organization's settings, as this one does")
    return words(who, " is open and changes ", *told, ". What is merged second is planned again on top of the first.")


def pool_of_all(plan: Plan, others: int, more: Decimal, request: str = USUAL.request) -> Words:
    """Return what is left of the pool if all `others` merge too, which add `more` to targets of the plan's month."""
    if not more:
        return ()
    currency = safe_name(plan.currency, 8)
    count = wording.counted(others, f"other open {request}")
    asked = words(
        f"If the {count} that {'changes' if others == 1 else 'change'} budgets {wording.agree(others, 'is')} merged as"
        f" well, {currency} {wording.brief(more)} more {'goes' if others == 1 else 'go'} out in {plan.period.name}: "
    )
    if plan.funds.after is None:
        return words(asked, "what the organization wallet holds is not visible.")
    left = plan.funds.after - more
    if left < 0:
        return words(asked, strong(f"the organization wallet is short of {currency} {wording.brief(-left)}"), ".")
    return words(asked, f"the organization wallet then holds {currency} {wording.brief(left)}.")


def unapplied_notes(plan: Plan, numbers: Mapping[str, int], sign: str = "#") -> Iterator[Words]:
    """Yield what is merged below this plan and not applied yet; `numbers` are the pull requests of commits."""
    for item in plan.unapplied:
        number = numbers.get(item.commit)
        who = reference(number, sign) if number else code(visible(item.commit[:7], 40))
        yield words(who, " is ", strong("merged and not applied yet"), f" ({_whose(item)})", _included(plan, item), ".")


def _whose(item: Unapplied) -> str:
    if item.teams is None:
        return "the organization's settings"
    return wording.listed([safe_name(team) for team in item.teams], _WALLETS)


def _included(plan: Plan, item: Unapplied) -> str:
    changed = {change.team for change in plan.changes if change.team}
    shared = sorted(changed & set(item.teams or ()))
    if not shared:
        return ""
    return f": what this plan shows of {wording.listed([safe_name(team) for team in shared], _WALLETS)} includes it"
