"""What a plan refuses, waives, warns of, and saw in Keeptrusts besides the change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.drift import DriftItem
from reconciler.model.kinds.registry import kind_named
from reconciler.model.plan import GuardResult, Plan, Unmanaged
from reconciler.model.plan_finding import PlanFinding
from reconciler.policy.facts import facts_of
from reconciler.report import wording
from reconciler.report.caused import RUNS_OUT, is_caused
from reconciler.report.document import Notice
from reconciler.report.spans import Words, code, emphasis, marked, safe_name, visible, words

_LONG = 480


def refusals(plan: Plan) -> tuple[Notice, ...]:
    """Return every guard that refuses and every error, in the order of the plan."""
    guards = [_guard(guard) for guard in plan.guards if guard.status == "refused"]
    return (*guards, *(_finding(finding) for finding in plan.findings if finding.severity == "error"))


def waivers(plan: Plan) -> tuple[Notice, ...]:
    return tuple(_guard(guard) for guard in plan.guards if guard.status == "waived")


def warnings(plan: Plan) -> tuple[Notice, ...]:
    """Return the warnings about what the plan changes, of rules and of what it causes, besides `running_out`."""
    is_told = facts_of(plan).approvals is not None
    statuses = ("warned",) if is_told else ("warned", "asks")
    rules = (_guard(guard) for guard in plan.guards if guard.status in statuses)
    return (*rules, *_alike(plan, [one for one in _warned(plan, of_change=True) if one.code != RUNS_OUT]))


def running_out(plan: Plan) -> tuple[Notice, ...]:
    """Return which of the wallets whose money the plan moves may run out, and with which target each would last."""
    return _alike(plan, [one for one in _warned(plan, of_change=True) if one.code == RUNS_OUT])


def standing(plan: Plan) -> tuple[Notice, ...]:
    """Return the warnings that hold with the plan and without it.

    Those about files of teams that the plan is not about are counted. Nothing is lost by that: plan.json holds each of
    them, with its place.
    """
    others = _warned(plan, of_change=False)
    here = [one for one in others if not _is_elsewhere(plan, one)]
    return (*_alike(plan, here), *_counted([one for one in others if _is_elsewhere(plan, one)]))


def _warned(plan: Plan, *, of_change: bool) -> list[PlanFinding]:
    """Return the warnings that the change causes, or the other ones."""
    caused = is_caused(plan)
    return [one for one in plan.findings if one.severity == "warning" and caused(one) == of_change]


def _alike(plan: Plan, findings: Sequence[PlanFinding]) -> tuple[Notice, ...]:
    """Return the findings as notices; what holds alike for many wallets is said once, with their number."""
    wallets = {f"{item.team}/{item.environment}" for item in plan.impact}
    alike: dict[tuple[str, ...], list[PlanFinding]] = {}
    for finding in findings:
        wallet, _, said = finding.message.partition(" ")
        place = () if wallet in wallets else (finding.path, str(finding.line), str(finding.column), wallet)
        alike.setdefault((finding.code, said, finding.hint, *place), []).append(finding)
    return tuple(notice for group in alike.values() for notice in _together(group))


def _is_elsewhere(plan: Plan, finding: PlanFinding) -> bool:
    """Whether a warning stands in the file of a team that the plan is not about."""
    folder, _, name = finding.path.rpartition("/")
    of_team = folder.rpartition("/")[2] == "teams"
    return plan.scope is not None and of_team and name.removesuffix(".yaml") not in plan.scope.teams


def _counted(elsewhere: Sequence[PlanFinding]) -> Iterator[Notice]:
    if elsewhere:
        number, files = len(elsewhere), len({finding.path for finding in elsewhere})
        message = f"{wording.counted(number, 'warning')} in {wording.counted(files, 'file')} of other teams"
        hint = "`kt-budgets validate` shows what is in their files, plan.json everything"
        yield Notice("other-teams", words(message), marked(hint), "")


def _together(group: Sequence[PlanFinding]) -> list[Notice]:
    first, *others = group
    if not others:
        return [_finding(first)]
    more = wording.same_for([finding.message.partition(" ")[0] for finding in others])
    return [_finding(first.model_copy(update={"message": first.message + more}))]


def _guard(guard: GuardResult) -> Notice:
    title = f"{safe_name(guard.guard)} ({safe_name(guard.team)})" if guard.team else safe_name(guard.guard)
    asked = f"{safe_name(guard.owner)} must approve: " if guard.owner else ""
    message = marked(asked + visible(guard.message, _LONG) or _numbers(guard))
    return Notice(title, message, marked(visible(guard.hint, _LONG)), visible(guard.position, 160))


def _numbers(guard: GuardResult) -> str:
    return f"{safe_name(guard.value)} against a limit of {safe_name(guard.limit)}"


def _finding(finding: PlanFinding) -> Notice:
    where = f"{finding.path}:{finding.line}:{finding.column}" if finding.line else finding.path
    message, hint = (marked(visible(text, _LONG)) for text in (finding.message, finding.hint))
    return Notice(safe_name(finding.code), message, hint, visible(where, 160))


def drift(plan: Plan) -> tuple[Words, ...]:
    """Return a sentence for each thing that somebody did by hand."""
    return tuple(drifted(item, plan.currency) for item in plan.drift)


def drifted(item: DriftItem, currency: str) -> Words:
    """Return what somebody did by hand as a sentence."""
    evidence = ", ".join(safe_name(id_, 40) for id_ in item.evidence[:4])
    if item.sentence:
        return marked(visible(item.sentence, _LONG))
    what = safe_name(item.wallet or item.key or item.team)
    amount = f", {safe_name(currency, 8)} {wording.exact(item.amount)}" if item.amount is not None else ""
    return words(emphasis(what), f" {item.category}{amount}", f" ({evidence})" if evidence else "", ".")


def unmanaged(plan: Plan) -> tuple[Words, ...]:
    """Return a sentence for each thing in Keeptrusts that no YAML declares."""
    return tuple(_unmanaged(item) for item in plan.unmanaged)


def _noun(kind: str) -> str:
    managed = kind_named(kind)
    return managed.noun if managed else kind.replace("_", " ")


def _unmanaged(item: Unmanaged) -> Words:
    amount = ""
    if item.amount is not None:
        spent = " spent" if item.kind in ("wallet", "user_wallet") else ""
        amount = f", {safe_name(item.currency or '', 8)} {wording.exact(item.amount)}{spent}"
    held = f", {safe_name(item.currency or '', 8)} {wording.exact(item.held)} in it" if item.held else ""
    reason = f", {visible(item.reason, 200)}" if item.reason else ""
    what = words(_noun(item.kind), " ", emphasis(safe_name(item.name)), " (", code(safe_name(item.key, 96)), ")")
    return words(what, f"{amount}{held}{reason}")
