"""`kt-budgets year --draft`: the budgets of the next fiscal year in a folder of their own; nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from reconciler.files import write_file
from reconciler.findings import BudgetsError, FindingsError, UsageError
from reconciler.forecast.annual.next_year import next_year
from reconciler.forecast.annual.table import TeamCase
from reconciler.model.annual import YearDocument, YearDraft, YearTotals
from reconciler.model.desired import Desired
from reconciler.model.money import payable
from reconciler.model.period import FiscalYear, Period
from reconciler.source.drafted_file import drafted_text
from reconciler.source.edits import EditError
from reconciler.source.literals import literal
from reconciler.source.load import load_files
from reconciler.source.reasoned_edit import set_with_reasons
from reconciler.source.tree import FIXTURES, POLICIES, is_budget_path, is_policy
from reconciler.source.tree_findings import ORGANIZATION

BESIDE = Path(":beside")
"""Stands for a folder beside the budgets, named after them and the year."""
_NAMELESS = re.compile(r"[^A-Za-z0-9._-]+")


def year_after(present: FiscalYear, now: Period) -> FiscalYear:
    """Return the fiscal year that lacks budgets at the month `now`: the one after `present`, which has them.

    Where that is over too, it is the one that is under way; and `present` itself where it has not begun yet.
    """
    years = 0 if present.starts > now else max(now.months_since(present.starts) // 12, 1)
    return present.later(years)


def folder_of(wanted: Path, budgets: Path, year: FiscalYear) -> Path:
    """Return the folder to write into; UsageError where something is there already."""
    folder = wanted if wanted != BESIDE else budgets.with_name(f"{budgets.name}-{_NAMELESS.sub('-', year.name)}")
    if folder.exists():
        raise UsageError(
            f"{folder} is there already; nothing was written",
            hint="name another folder, such as `--draft budgets-next`, or move it away: a draft overwrites nothing",
        )
    return folder


def write_draft(
    wanted: Path,
    desired: Desired,
    cases: Sequence[TeamCase],
    facts: YearDocument,
    *,
    budgets: Path,
    now: Period,
) -> YearDraft:
    """Write the budgets of the year after the month `now`, and return what they are; nothing unless they are valid.

    `facts` are those of this year: what of its target no wallet may spend is kept back in the next one too.

    Raises:
        UsageError: the folder is there already.
        FindingsError: org.yaml cannot be edited in place, or what would be written has errors.
    """
    year = year_after(desired.organization.fiscal_year.value, now)
    folder = folder_of(wanted, budgets, year)
    drafts = [next_year(case, row, year) for case, row in zip(cases, facts.teams, strict=True)]
    wallets = sum(
        (wallet.target(month) for one in drafts for wallet in one.team.wallets.values() for month in year.periods),
        Decimal(0),
    )
    texts = {ORGANIZATION: _organization(desired, year, wallets, facts.total)}
    texts |= {f"teams/{one.team.team}.yaml": drafted_text(one.team, one.reasons) for one in drafts}
    files = {path: text.encode() for path, text in texts.items()} | _rules(desired, budgets)
    _prove(folder, files, {one.team.team: one.team for one in drafts})
    for path, data in files.items():
        write_file(folder / path, data)
    return YearDraft(
        folder=folder.as_posix(), fiscal_year=year.name, starts=year.starts, wallets=wallets, files=tuple(sorted(files))
    )


def _rules(desired: Desired, budgets: Path) -> dict[str, bytes]:
    """Return the files of rules, which hold for the next year too, and the fixtures beside them."""
    read = {path.removeprefix(f"{desired.folder}/"): data for path, data in desired.files.items()}
    beside = sorted((budgets / POLICIES).glob(f"*{FIXTURES}"))
    files = {path: data for path, data in read.items() if is_policy(path)}
    return files | {f"{POLICIES}/{file.name}": file.read_bytes() for file in beside}


def _prove(folder: Path, files: Mapping[str, bytes], teams: Mapping[str, object]) -> None:
    """Make sure that what is written is valid, and read back as what was meant."""
    loaded = load_files(folder.name, {path: data for path, data in files.items() if is_budget_path(path)})
    if loaded.desired is None:
        raise FindingsError(loaded.findings)
    if wrong := [name for name, team in teams.items() if loaded.desired.teams[name] != team]:
        raise BudgetsError(f"the draft of {', '.join(wrong)} would not be read back as what it is; nothing was written")


def _organization(desired: Desired, year: FiscalYear, wallets: Decimal, now: YearTotals) -> str:
    """Return this year's org.yaml with the next year, and a target that keeps back as much as this year's does."""
    present, path = desired.organization, desired.organization_path
    text = desired.files[path].decode("utf-8")
    target = present.annual_target
    try:
        text = _with_year(text, year, _whence(present.fiscal_year.value, year))
        if target is not None and now.left is not None:
            kept = payable(max(now.left, Decimal(0)), present.currency)
            why = f"the wallets of the draft, {wallets:,.2f}, and {kept:,.2f} kept back as this year"
            held = ["with what wallets carry over, which is not known"] if now.carried_at_least else []
            reasons = (why, *held, f"this year's target was {target:,.2f}")
            text = set_with_reasons(text, ("annual_target",), f"{wallets + kept:.2f}", reasons)
    except EditError as error:
        raise FindingsError([error.finding(path, text, ("fiscal_year",), literal(year.name))]) from None
    return text


def _whence(present: FiscalYear, year: FiscalYear) -> str:
    years = year.starts.months_since(present.starts) // 12
    if years == 0:
        return "this year's, which had not begun on the day of the draft"
    return f"the year after {present.name}" if years == 1 else f"under way on the day of the draft, {years} years on"


def _with_year(text: str, year: FiscalYear, why: str) -> str:
    keys, both = ("fiscal_year",), {"name": literal(year.name), "starts": str(year.starts)}
    try:
        return set_with_reasons(text, keys, f"{{name: {both['name']}, starts: {both['starts']}}}", (why,))
    except EditError:
        pass
    text = set_with_reasons(text, (*keys, "name"), both["name"], (why,))
    return set_with_reasons(text, (*keys, "starts"), both["starts"], ())
