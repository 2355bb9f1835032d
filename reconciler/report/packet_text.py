"""Evidence packets for people: what one says of itself, and what is printed of one that was made or verified."""

from __future__ import annotations

from shlex import quote
from typing import Protocol

from reconciler.model.packet import EvidenceCheck, PacketDocument
from reconciler.report.columns import wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen
from reconciler.report.wording import counted

PACKET_README = """\
An evidence packet of kt-budgets: what was planned, foreseen and done with the AI budgets of one organization, and
everything that follows from.

  statement.json         names the digest of every other file (an in-toto statement, version 1) and the facts: as of
                         which day, for which month, by which version
  statement.dsse.json    its signature, where it was signed (a DSSE envelope, Ed25519)
  budgets/               the YAML of the budgets
  answers.json           what Keeptrusts answered: wallets, ledgers, alerts. There is no token in it
  exports/               what was spent, event by event, with a manifest: digests, days, events, money
  journal.jsonl          every step of every run that moved money, each record chained to the one before
  audit.json             the same as a trail: who, why, approved by whom, with the ids in the ledger
  plan.json              the plan that follows from all this; forecast.json: the forecast
  review.json            what came in the month against the plan, and which assumption failed, where exports tell
  reviewed/plan.json     the plan that was reviewed, where it was added

Verify it on any machine, without a network:

  kt-budgets evidence verify PACKET            and with --key PUBLIC.pem, who signed it

Everything is checked, and plan, forecast, review and trail are worked out again: they must be the same, byte for
byte.
The packet holds names of teams and what they spent. Treat it as you treat the exports.
"""


class Made(Protocol):
    def document(self) -> PacketDocument: ...


class Checked(Protocol):
    def document(self) -> EvidenceCheck: ...


def packet_text(shown: Made, _: Screen = PAPER) -> str:
    found = shown.document()
    size = sum(member.size for member in found.members)
    signed = f"signed by {found.signed_by}" if found.signed_by else "not signed"
    return (
        f"{visible(found.file)}: {counted(len(found.members), 'file')}, {size:,} bytes, {signed}\n"
        f"{found.digest}\n"
        f"Verify it anywhere, without a network: kt-budgets evidence verify {quote(visible(found.file))}\n"
    )


def check_text(shown: Checked, screen: Screen = PAPER) -> str:
    found = shown.document()
    lines = [visible(found.file), found.digest]
    if found.facts is not None:
        facts = found.facts
        made = f"made by version {facts.tool.version} as of {facts.as_of}, for {facts.organization} and {facts.period}"
        lines.append(visible(made + (", on the embedded Keeptrusts: nothing of it is real" if facts.rehearsed else "")))
    if found.sound:
        lines.append(f"Nothing is wrong with it. Worked out again, byte for byte: {', '.join(found.recomputed)}.")
        lines += [f"Signed by {found.signed_by}."] if found.signed_by else []
    else:
        lines.append(f"{counted(len(found.problems), 'problem')}:")
    for problem in found.problems:
        where = f"{problem.member}: " if problem.member else ""
        lines += wrapped(visible(f"{problem.code}: {where}{problem.message}"), screen.width, indent=2, hanging=4)
    for note in found.notes:
        lines += wrapped(f"note: {note}", screen.width, indent=2, hanging=4)
    return "\n".join(lines) + "\n"
