"""What a team's file says of new wallets and alerts, as lines in block style, each figure below its reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.live import LedgerEntry
from reconciler.model.override import correction_text
from reconciler.plan.importing.draft import TeamDraft
from reconciler.plan.importing.objects import AlertDraft
from reconciler.plan.importing.proposals import Figure, Proposals
from reconciler.plan.importing.wallets import WalletDraft
from reconciler.source.literals import comment, is_writable, literal, literals
from reconciler.source.organization_file import SCHEMA_HEADER

_LONGEST_NAME = 200


def team_text(team: TeamDraft, proposals: Proposals, *, to_schemas: str = "../../") -> str:
    """Return the text of a new file; `to_schemas` leads to the folder that holds `schemas/`."""
    lines = [SCHEMA_HEADER.format(to_schemas, "team"), "version: 1", f"team: {literal(team.team)}"]
    if team.name and is_writable(team.name) and len(team.name) <= _LONGEST_NAME:
        lines.append(f"name: {literal(team.name)}")
    if team.team in proposals.plans:
        lines += ["plan:", *_further_in(plan_lines(proposals.plans[team.team]))]
    if team.wallets:
        lines.append("wallets:")
        lines += (line for wallet in team.wallets for line in _further_in(wallet_lines(wallet, proposals)))
    if team.alerts:
        lines.append("billing_budgets:")
        lines += (line for alert in team.alerts for line in _further_in(alert_lines(alert)))
    return "\n".join(lines) + "\n"


def plan_lines(figures: Iterable[Figure]) -> Iterator[str]:
    """Yield what `plan` says, each figure below its reason."""
    for figure in figures:
        yield f"# {comment(figure.reason)}"
        if figure.key:
            yield f"{figure.key}: {figure.literal}"


def wallet_lines(wallet: WalletDraft, proposals: Proposals) -> Iterator[str]:
    """Yield an entry of `wallets`, with what its figures come from, and what usage proposes as comments."""
    usual = wallet.funding.usual
    yield f"{literal(wallet.place.environment)}:"
    yield f"  team_id: {literal(wallet.key.id)}"
    yield f"  # {comment(usual.reason)}"
    yield f"  monthly: {usual.amount:.2f}"
    if wallet.funding.overrides:
        yield "  overrides:"
    for month, (amount, reasons) in sorted(wallet.funding.overrides.items()):
        yield from (f"    # {comment(reason)}" for reason in reasons)
        yield f"    {month}: {correction_text(amount)}{_twice(wallet.twice)}"
    for entry in wallet.funding.uncounted:
        yield f"  # not counted, it came past the organization's wallet: {comment(entry)}"
    for season in proposals.seasons.get(wallet.key, ()):
        yield f"  # proposed for overrides, not in force: {season.month}: {season.amount:.2f}, because {season.reason}"


def _twice(entries: Sequence[LedgerEntry]) -> str:
    return f"  # given twice? {comment(', '.join(entry.id for entry in entries))}" if entries else ""


def alert_lines(alert: AlertDraft) -> Iterator[str]:
    """Yield an item of `billing_budgets`, with every field."""
    value = alert.value
    yield f"- name: {literal(value.name)}"
    if alert.environment is not None:
        yield f"  environment: {literal(alert.environment)}"
    else:
        yield f"  scope: {{type: {literal(value.scope_type)}, id: {literal(value.scope_id)}}}"
    yield f"  amount: {value.amount:.2f}"
    yield f"  alert_percentages: {literals(int(percentage) for percentage in value.alert_percentages)}"
    yield f"  hard_limit: {literal(value.hard_limit)}"
    yield f"  period: {literal(value.period)}"


def _further_in(lines: Sequence[str] | Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
