"""`kt-budgets audit` for a terminal: the trail, run by run, and whether it is whole and the ledger agrees with it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.findings import ExitCode
from reconciler.model.audit import AuditDocument, AuditOperation
from reconciler.report.renderers import Printed
from reconciler.report.screen import PAPER, Screen

_WHOLE = "\nEvery record is whole and in order"


@dataclass(frozen=True, slots=True)
class AuditPage(Printed):
    """The trail and what was found. `verified` says that it was asked for, `torn` that the last line is not whole."""

    trail: AuditDocument
    torn: str
    verified: bool

    def document(self) -> AuditDocument:
        return self.trail

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong: neither with the ledger nor, where that was asked, with the last record."""
        return not (self.trail.problems or (self.verified and self.torn))

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.is_sound else ExitCode.DRIFT


def audit_text(shown: AuditPage, _: Screen = PAPER) -> str:
    trail = shown.trail
    lines = [f"{trail.journal}: {trail.records} records"]
    for run in trail.runs:
        why = ", ".join(f"{name} {value}" for name, value in run.why.items())
        state = "converged" if run.converged else run.status
        lines += ["", f"{run.run}  {state}  plan {str(run.plan)[:15]} for {run.period}"]
        as_whom = f" as {run.principal}" if run.principal else ""
        lines.append(f"  began {run.began}, ended {run.ended or '-'}, by {run.who}{as_whom}")
        lines += [f"  {text}" for text in (run.url, why, *run.notes) if text]
        lines += [f"  stale: {reason}" for reason in run.stale.values()]
        lines += [_line(operation) for operation in run.operations]
    return "\n".join(lines) + "\n" + (_verdict(trail, shown.torn) if shown.verified else "")


def _line(told: AuditOperation) -> str:
    subject = f"{told.team or ''} {told.wallet or told.key or told.op}".strip()
    amount = f" {told.amount}" if told.amount else ""
    change = f" ({told.before} -> {told.after})" if told.amount else ""
    ids = f"  {', '.join(told.transactions)}" if told.transactions else ""
    reason = f"  {told.reason}" if told.reason else ""
    op = f"  {told.op}" if told.wallet else ""
    return f"  {told.step:<15} {told.kind} {subject}{amount}{change}{ids}{op}{reason}"


def _verdict(trail: AuditDocument, torn: str) -> str:
    whole = f"\nEvery record before the last line is whole and in order; {torn}" if torn else _WHOLE
    listed = "".join(f"  {line}\n" for line in [*trail.problems, *(f"note: {note}" for note in trail.notes)])
    if not trail.ledger_checked:
        return f"{whole}. The ledger was not checked: no token was given.\n{listed}"
    return f"{whole}, and the ledger {'disagrees' if trail.problems else 'agrees'}.\n{listed}"
