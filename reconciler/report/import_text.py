"""`kt-budgets import` for people and for programs: what was added, what is asked, what was left out, and the proof."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC

from reconciler.findings import ExitCode, Finding
from reconciler.model.imported import (
    ImportDocument,
    ImportedFile,
    ImportedWallet,
    NotDeclared,
    OpenQuestion,
    Proof,
)
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.money import Money
from reconciler.model.period import Period
from reconciler.model.plan_finding import PlanFinding
from reconciler.plan.importing.draft import Draft
from reconciler.plan.importing.grouping import ALL
from reconciler.plan.importing.proposals import NOTHING, Proposals
from reconciler.plan.importing.wallets import Asked
from reconciler.report.columns import wrapped
from reconciler.report.findings_text import visible
from reconciler.report.renderers import Printed
from reconciler.report.screen import Screen
from reconciler.report.wording import agree, counted, exact

MONTH_OPTION = "--month"
_ADOPT = "`kt-budgets adopt` takes them under management as they are."
_APART = (
    "where teams are one team's environments, remove these files, tell them in a file for `--map`, import again; else "
)
_STEP = 2


@dataclass(frozen=True, slots=True)
class ImportPage(Printed):
    """What is shown. `folder` is that of the budgets; `written` is False where nothing was to be written."""

    organization: str
    period: Period
    draft: Draft
    files: tuple[ImportedFile, ...]
    proof: Proof
    folder: str
    written: bool
    proposals: Proposals = NOTHING
    findings: tuple[Finding, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """10 where the plan of what is written has changes."""
        return ExitCode.DONE if self.proof.empty else ExitCode.PENDING

    def document(self) -> ImportDocument:
        draft = self.draft
        wallets = (
            ImportedWallet(
                team=wallet.place.team,
                environment=wallet.place.environment,
                wallet=wallet.key,
                monthly=wallet.funding.amounts[0],
                overrides=dict(wallet.funding.amounts[1]),
                reason=wallet.funding.usual.reason,
                twice=tuple(entry.id for entry in wallet.twice),
            )
            for wallet in draft.wallets
        )
        return ImportDocument(
            organization=self.organization,
            period=self.period,
            dry_run=not self.written,
            files=self.files,
            wallets=tuple(wallets),
            objects={
                BILLING_BUDGETS.name: tuple(text_of(alert.value.key) for alert in draft.alerts),
                EXPORT_SCHEDULES.name: tuple(schedule.name for schedule in draft.schedules),
            },
            proposals=tuple(_proposed(self)),
            questions=tuple(map(question_of, draft.asked)),
            left_out=draft.left_out,
            findings=tuple(map(PlanFinding.of, self.findings)),
            plan=self.proof,
        )


def question_of(asked: Asked) -> OpenQuestion:
    """Return a question as it stands in the document."""
    entry = asked.question.entry
    return OpenQuestion(
        transaction=entry.id,
        team=asked.place.team,
        environment=asked.place.environment,
        wallet=asked.key,
        amount=entry.amount,
        currency=asked.currency,
        day=entry.created_at.astimezone(UTC).date(),
        months=asked.question.months,
        decides=asked.question.decides,
        answers=tuple(f"{MONTH_OPTION} {entry.id}={month}" for month in asked.question.months),
    )


def question_text(asked: Asked) -> str:
    """Return a question as it is asked."""
    entry, question = asked.question.entry, question_of(asked)
    words = f' "{entry.description}"' if entry.description else ""
    months = " or ".join(str(month) for month in question.months)
    money = Money(question.amount, question.currency)
    return f"{asked.place} was given {money} on {question.day} ({entry.id}{visible(words)}): for {months}?"


def import_text(shown: ImportPage, screen: Screen | None = None) -> str:
    """Return lines that fit the screen, of any length where that is not known."""
    width = screen.width if screen else None
    lines = (_wrapped(line, width) for part in _parts(shown) for line in part)
    return "".join(f"{line}\n" for line in lines)


def _parts(shown: ImportPage) -> Iterator[list[str]]:
    yield _summary(shown)
    yield _differing(shown)
    yield _usage(shown)
    yield _questions(shown)
    yield _left_out(shown.draft.left_out)
    yield _proof(shown)


def _summary(shown: ImportPage) -> list[str]:
    draft, changed = shown.draft, [file for file in shown.files if file.state != "unchanged"]
    if not changed:
        return [f"{shown.folder} says all of it already: nothing was added."]
    verb = "Added" if shown.written else "Would add (--dry-run, nothing was written)"
    parts = (
        counted(len(draft.teams), "team"),
        counted(len(draft.wallets), "wallet"),
        counted(len(draft.alerts), BILLING_BUDGETS.entry),
        counted(len(draft.schedules), EXPORT_SCHEDULES.noun),
    )
    files = [f"  {file.state:<8} {visible(f'{shown.folder}/{file.path}')}" for file in changed]
    return [f"{verb} {', '.join(parts)} of {visible(shown.organization)}:", *files]


def _differing(shown: ImportPage) -> list[str]:
    lines = []
    for wallet in shown.draft.wallets:
        monthly, overrides = wallet.funding.amounts
        for month, amount in sorted(overrides.items()):
            twice = "; it looks as if something was given twice" if wallet.twice and month == shown.period else ""
            lines.append(f"  {wallet.place}: {exact(amount)} in {month}, usually {exact(monthly)}{twice}")
    title = f"\n{counted(len(lines), 'month')} {agree(len(lines), 'is')} not as usual, and written as overrides:"
    return [title, *lines] if lines else []


def _usage(shown: ImportPage) -> list[str]:
    listed = [f"  {visible(line)}" for line in _proposed(shown)]
    doubts = [f"  warning {found.code}: {visible(found.message)}" for found in shown.findings]
    return ["\nFrom usage:", *listed, *doubts] if listed or doubts else []


def _proposed(shown: ImportPage) -> Iterator[str]:
    """Yield what past usage says of plans, and of the months of wallets."""
    for team, figures in shown.proposals.plans.items():
        said = (
            f"{figure.key}: {figure.literal}" + (f" ({figure.note})" if figure.note else "")
            for figure in figures
            if figure.key
        )
        yield f"{team}: {', '.join(said)}"
    for wallet in shown.draft.wallets:
        for season in shown.proposals.seasons.get(wallet.key, ()):
            yield f"{wallet.place}: proposed {exact(season.amount)} in {season.month}, because {season.reason}"


def _questions(shown: ImportPage) -> list[str]:
    asked = shown.draft.asked
    if not asked:
        return []
    lines = [f"\n{counted(len(asked), 'open question')} about money whose date and words name different months:"]
    for each in asked:
        question = question_of(each)
        lines.append(f"  {question_text(each)}")
        answer = f"answer with `{'` or `'.join(question.answers)}`, or under `months:` of the map"
        if question.decides:
            lines.append(f"    {answer}; the wallet is left out until you say")
        elif shown.written:
            lines.append(
                "    the figures are the same either way: whoever knows writes it into the comment in the file"
            )
        else:
            lines.append(f"    {answer}; the figures are the same either way, and the answer stands in a comment")
    several = f"  all of them at once: `{MONTH_OPTION} dates`, or `{MONTH_OPTION} words` where words name a month"
    answers = sum(not shown.written or each.question.decides for each in asked)
    return [*lines, several] if answers > 1 else lines


def _left_out(listed: tuple[NotDeclared, ...]) -> list[str]:
    if not listed:
        return []
    lines = [f"\nLeft out, and left alone by every other command ({_sums(listed)}):"]
    for found in listed:
        money = f" ({Money(found.amount, found.currency)})" if found.amount is not None and found.currency else ""
        lines.append(f"  {found.kind.replace('_', ' ')} {visible(found.name)}{money}: {visible(found.reason)}")
        if found.hint:
            lines.append(f"    hint: {visible(found.hint)}")
    return lines


def _sums(listed: tuple[NotDeclared, ...]) -> str:
    """Return how many there are, and the money in each currency that the wallets among them hold."""
    held: dict[str, Money] = {}
    for found in listed:
        if found.kind == "wallet" and found.amount is not None and found.currency:
            money = Money(found.amount, found.currency)
            held[found.currency] = held[found.currency] + money if found.currency in held else money
    sums = f"; {', '.join(str(held[currency]) for currency in sorted(held))} in wallets" if held else ""
    return f"{len(listed)}{sums}"


def _proof(shown: ImportPage) -> list[str]:
    what = "what is written" if shown.written else "what would be written"
    if shown.proof.empty:
        proof = f"\nThe plan of {what} is empty for {shown.period}: nothing would move."
        return [proof, _next(shown)]
    differences = [f"  {visible(line)}" for line in shown.proof.differences]
    return [
        f"\nThe plan of {what} is NOT empty for {shown.period}: the YAML says something else than Keeptrusts.",
        *differences,
        "Next: decide for each whether the YAML or Keeptrusts is right, and correct that.",
    ]


def _next(shown: ImportPage) -> str:
    if any(each.question.decides for each in shown.draft.asked):
        return "Next: answer what is open and import again, so that no wallet is left out; what is written stays."
    if not shown.written:
        return "Next: the same without --dry-run."
    environments = [wallet.place.environment for wallet in shown.draft.wallets]
    is_one = len(environments) > 1 and set(environments) == {ALL}
    return f"Next: {_APART if is_one else ''}read the files and commit them, then {_ADOPT}"


def _wrapped(line: str, width: int | None) -> str:
    if width is None:
        return line
    before = len(line) - len(line.lstrip(" \n"))
    blank = "\n" if line.startswith("\n") else ""
    return blank + "\n".join(wrapped(line.strip(), width, indent=before - len(blank), hanging=before + _STEP))
