"""Recommend targets that last with a chosen probability, and alerts that leave time; write them, or suggest them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.listening import note
from reconciler.app.outlook.look import Outlook, look
from reconciler.app.outlook.notices import known_words, left_alone, outlook_notices
from reconciler.app.planning.saved import load_plan
from reconciler.app.recommend.draft import UNDER, Draft, Edit, draft, write
from reconciler.app.recommend.suggest import changed_wallets, suggested
from reconciler.app.session import load_desired
from reconciler.app.suggestions import located, write_suggestions
from reconciler.app.wallet_names import chosen
from reconciler.findings import UsageError
from reconciler.source.edits import EditError, set_value
from reconciler.source.load import Reading, read
from reconciler.source.problem import dotted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.findings import Finding
    from reconciler.forecast.recommend import Recommendations
    from reconciler.model.plan import Plan
    from reconciler.report.recommend_text import RecommendPage
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class RecommendRequest:
    """What is to be recommended: for `wallets` (each TEAM or TEAM/ENV; none: all), or for those that `plan` changes.

    `probability`, 0 to 1, is how sure it must be that the money lasts the month, `reaction_days` how many days an alert
    must come before it is gone. `writing` edits the YAML; `suggestions` is a file for suggested changes instead.
    """

    wallets: Sequence[str] = ()
    probability: float = 0.9
    reaction_days: int = 5
    plan: Plan | None = None
    writing: bool = False
    suggestions: Path | None = None


def recommend(settings: Settings, wanted: RecommendRequest | None = None, *, offline: bool = False) -> RecommendPage:
    """Return what is recommended, from the same simulated days as the forecast.

    Raises:
        UsageError: a wallet is not declared, or both writing and suggestions are wanted.
        FindingsError: the YAML has errors, or cannot be edited in place; nothing was written.
        RemoteError: Keeptrusts cannot be read whole.
    """
    wanted = wanted or RecommendRequest()
    if wanted.writing and wanted.suggestions:
        raise UsageError("`--write` and `--suggestions` contradict each other", hint="leave one of them out")
    outlook, changed = _looked(settings, wanted.plan, offline=offline)
    keys = chosen(outlook.desired, wanted.wallets)
    if changed is not None:
        keys = [key for key in (outlook.desired.wallets if keys is None else keys) if key in changed]
    advice = _advice(outlook, keys, probability=wanted.probability, reaction_days=wanted.reaction_days)
    made = _draft(outlook, advice) if wanted.writing or wanted.suggestions else None
    if made and wanted.suggestions:
        made = _suggest(made, wanted.suggestions, settings.budgets)
    return _page(outlook, advice, made, wanted)


def plan_of(path: Path | None) -> Plan | None:
    return load_plan(path) if path else None


def _advice(outlook: Outlook, keys: Sequence[str] | None, *, probability: float, reaction_days: int) -> Recommendations:
    from reconciler.forecast.recommend import recommend

    asked = tuple(question for question in outlook.asking(keys) if not question.wallet.absent)
    advice = recommend(asked, outlook.context(asked), probability=probability, reaction_days=reaction_days)
    return replace(advice, notices=(*left_alone(asked), *advice.notices))


def _looked(settings: Settings, plan: Plan | None, *, offline: bool) -> tuple[Outlook, frozenset[str] | None]:
    """Return what to look ahead with and, by the plan, at which wallets; a plan without any asks for nothing."""
    if plan is None:
        return look(settings, offline=offline), None
    desired, _ = load_desired(settings)
    changed = changed_wallets(desired, plan)
    if not changed:
        note("the plan changes no wallet and no alert")
        return Outlook(settings, desired, None, None), changed
    return look(settings, offline=offline, teams={desired.wallets[key].team for key in changed}), changed


def _draft(outlook: Outlook, advice: Recommendations) -> Draft:
    settings = outlook.settings
    made = draft(advice, settings=settings, desired=outlook.desired, spent=_spent(outlook))
    return unwarned(made, settings.budgets)


def _suggest(made: Draft, file: Path, budgets: Path) -> Draft:
    """Write the suggestions, and return the draft with what is not among them, and why."""
    changes, left = suggested(made.edits, budgets=budgets)
    write_suggestions(file, changes, command="kt-budgets recommend", located=located(budgets))
    return replace(made, kept=(*made.kept, *left))


def _page(outlook: Outlook, advice: Recommendations, made: Draft | None, wanted: RecommendRequest) -> RecommendPage:
    from reconciler.report.recommend_text import RecommendPage

    settings = outlook.settings
    return RecommendPage(
        organization=outlook.desired.organization.organization,
        period=settings.period,
        as_of=settings.as_of,
        known=known_words(outlook),
        probability=wanted.probability,
        reaction_days=wanted.reaction_days,
        targets=advice.targets,
        alerts=advice.alerts,
        said=outlook_notices(outlook, advice.notices),
        written=write(made.edits, settings=settings) if wanted.writing and made and made.edits else (),
        kept=made.kept if made else (),
        was_writing=wanted.writing,
    )


def _spent(outlook: Outlook) -> dict[str, Decimal | None]:
    """Return what the usage shows as spent in the period by each wallet, None where there is no usage at all."""
    known, period = outlook.spending, outlook.settings.period
    end = min(outlook.settings.as_of, period.end)
    return {
        key: known.of(key).between(period.first, end) if known.of(key).first_event() else None
        for key in outlook.desired.wallets
    }


def unwarned(made: Draft, budgets: Path) -> Draft:
    """Return `made` without the edits after which the YAML would have a finding more; says which, and why not."""
    trial = _Trial(read(budgets))
    edits, kept = list(made.edits), list(made.kept)
    while found := trial.added(edits):
        culprit = trial.culprit(edits, found)
        edits.remove(culprit)
        kept.append(f"{culprit.path} {dotted(culprit.keys)}: the YAML would warn: {found[0].message}")
        for edit in [edit for edit in edits if edit.under and edit.under == culprit.target_of]:
            edits.remove(edit)
            kept.append(f"{edit.path} {dotted(edit.keys)}: {UNDER}")
    return replace(made, edits=tuple(edits), kept=tuple(kept))


@dataclass(frozen=True, slots=True)
class _Trial:
    """The budgets as they are read now."""

    reading: Reading

    def added(self, edits: Sequence[Edit]) -> list[Finding]:
        """Return the findings that `edits` add, a code and a file at a time."""
        texts = self._texts(edits)
        if not texts:
            return []
        before = Counter((finding.position.path, finding.code) for finding in self.reading.findings)
        found = []
        for finding in self.reading.rewritten(texts).findings:
            place = (finding.position.path, finding.code)
            before[place] -= 1
            if before[place] < 0:
                found.append(finding)
        return found

    def culprit(self, edits: Sequence[Edit], found: Sequence[Finding]) -> Edit:
        """Return the edit without which there is least to warn of: of the file that is warned of, if any is."""
        path = found[0].position.path
        near = [edit for edit in edits if edit.path == path] or list(edits)
        return min(near, key=lambda edit: len(self.added([other for other in edits if other is not edit])))

    def _texts(self, edits: Sequence[Edit]) -> dict[str, str]:
        """Return the files with `edits`; one that cannot be made in place is none, and refused where it is written."""
        texts: dict[str, str] = {}
        now = {file.path: file.data for file in self.reading.tree.files}
        for edit in edits:
            try:
                text = texts.get(edit.path) or now[edit.path].decode("utf-8")
                texts[edit.path] = set_value(text, edit.keys, edit.literal)
            except (EditError, KeyError, UnicodeDecodeError):
                continue
        return texts
