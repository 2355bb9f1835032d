"""The organization's own rules: whether each can be judged, and where it cannot, to the column."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from reconciler.findings import Finding, Keys, Origin, Position, Severity
from reconciler.meant import close_to
from reconciler.model.guards import OF_THE_RUN, Guard, Waiver
from reconciler.model.organization import OrganizationBudget
from reconciler.model.rule import MOST_RULES, PolicyFile, RuleSet
from reconciler.model.yaml_types import shown
from reconciler.source.characters import readable
from reconciler.source.documents import Shape, YamlDocument
from reconciler.source.expiry_rules import ending
from reconciler.source.marks import Node, find, mark_tree
from reconciler.source.problem import problem

if TYPE_CHECKING:
    from reconciler.policy.rule_set import Flaw

Document = YamlDocument[OrganizationBudget] | YamlDocument[PolicyFile]


def policy_problems(
    organization: YamlDocument[OrganizationBudget],
    files: Sequence[YamlDocument[PolicyFile]],
    *,
    teams: Iterable[str],
    today: date | None = None,
) -> Iterator[tuple[str, Finding]]:
    """Yield what is wrong with the rules of org.yaml and of `policies/`, with the path of the file it is in."""
    org = organization.shape.model
    own = {} if org is None or "policies" in organization.shape.damaged else org.policies
    if org is None:
        return
    known = tuple(teams)
    yield from ((organization.path, one) for one in _waiving_nothing(organization.shape, "team", known))
    yield from ((organization.path, one) for one in _holding_nowhere(organization.shape, {}))
    if not (own or files or any(waiver.rule for waiver in org.waivers)):
        return
    from reconciler.policy.rule_set import flaws

    sets: list[tuple[Document, Keys, RuleSet]] = []
    sets += [(organization, ("policies", name), rules) for name, rules in own.items()]
    sets += [(file, (), file.shape.model) for file in files if file.shape.model is not None]
    names: dict[str, str] = {}
    written = {rule.name for _, _, rules in sets for rule in rules.rules}
    yield from ((organization.path, one) for one in _waiving_nothing(organization.shape, "rule", written))
    plan_rules = {rule.name: rule.each == "plan" for _, _, rules in sets for rule in rules.rules}
    yield from ((organization.path, one) for one in _holding_nowhere(organization.shape, plan_rules))
    total = 0
    for document, keys, rules in sets:
        total += len(rules.rules)
        if total > MOST_RULES:
            yield document.path, _too_many(total, keys)
            return
        yield from ((document.path, one) for one in _repeated(rules, keys, names, document.path))
        yield from ((document.path, one) for one in _unknown(rules, keys, org, known))
        yield from ((document.path, one) for one in _over(rules, keys, today))
        yield from ((document.path, _placed(document, keys, flaw)) for flaw in flaws(rules, org.currency))


def _waiving_nothing(
    shape: Shape[OrganizationBudget], what: Literal["team", "rule"], names: Collection[str]
) -> Iterator[Finding]:
    """Yield the waivers for a team, or of a rule, that is none of `names`."""
    for keys, waiver in _waivers(shape):
        waived = waiver.team if what == "team" else waiver.rule
        if waived is not None and waived not in names:
            close = close_to(waived, names)
            cure = f"write `{close[0]}`" if close else "correct it, or take the waiver out"
            message = f"there is no {what} {shown(waived)}, so this waiver lets nothing pass"
            yield problem(f"waiver-of-no-{what}", message, cure, (*keys, what), severity=Severity.WARNING)


def _waivers(shape: Shape[OrganizationBudget]) -> Iterator[tuple[Keys, Waiver]]:
    for position, waiver in enumerate(shape.model.waivers if shape.model else ()):
        yield ("waivers", shape.index("waivers", position)), waiver


def _holding_nowhere(shape: Shape[OrganizationBudget], rules: Mapping[str, bool]) -> Iterator[Finding]:
    """Yield the waivers of a team where only the run is judged, or the other way round, and of what nothing waives.

    `rules` tells of which rules the plan as a whole is asked; without any it is about guards.
    """
    for keys, waiver in _waivers(shape):
        of_the_run = rules.get(waiver.waived) if rules else waiver.guard and waiver.guard in OF_THE_RUN
        if of_the_run is None:
            continue
        name = shown(waiver.waived)
        if waiver.guard is Guard.POOL_EXHAUSTION:
            message = f"nothing lets {name} pass: money that the pool does not hold cannot be moved"
            cure = "take the waiver out, and fund the pool or plan less"
        elif of_the_run and waiver.team:
            message = f"{name} is about the whole run, so this waiver for one team lets nothing pass"
            cure, keys = "leave `team` out", (*keys, "team")
        elif not of_the_run and not waiver.team:
            message = f"{name} is about a team's change, so this waiver for no team lets nothing pass"
            cure = "write the team that it is for, as in `team: support`"
        else:
            continue
        yield problem("waiver-holds-nowhere", message, cure, keys, severity=Severity.WARNING)


def _over(rules: RuleSet, keys: Keys, today: date | None) -> Iterator[Finding]:
    for place, rule in enumerate(rules.rules):
        if rule.until is not None and today is not None:
            what, at = f"the rule {shown(rule.name)}", (*keys, "rules", place, "until")
            yield from ending(what, rule.until, at, today, "nothing of it holds", over="refuses nothing")


def _too_many(total: int, keys: Keys) -> Finding:
    message = f"there are {total:,} rules or more; an organization can have {MOST_RULES}"
    return problem("too-many-rules", message, "let one rule speak of several teams, with `applies_to`", keys)


def _repeated(rules: RuleSet, keys: Keys, names: dict[str, str], path: str) -> Iterator[Finding]:
    for place, rule in enumerate(rules.rules):
        first = names.setdefault(rule.name.casefold(), path)
        if first != path or [one.name.casefold() for one in rules.rules[:place]].count(rule.name.casefold()):
            message = f"the rule {shown(rule.name)} is already in {first}"
            yield problem("duplicate-rule", message, "give it another name", (*keys, "rules", place, "name"))


def _unknown(rules: RuleSet, keys: Keys, org: OrganizationBudget, teams: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the teams and environments that a rule speaks of and that there are not: it would never hold."""
    for place, rule in enumerate(rules.rules):
        listed = (
            ("teams", rule.applies_to.teams, teams),
            ("environments", rule.applies_to.environments, known_of(org)),
        )
        for key, written, known in listed:
            for position, name in enumerate(written):
                if known and name not in known:
                    close = close_to(name, known)
                    cure = f"write `{close[0]}`" if close else "correct it, or take it out"
                    at = (*keys, "rules", place, "applies_to", key, position)
                    message = f"there is no {key[:-1]} {shown(name)}, so this rule does not hold for it"
                    yield problem("rule-of-nobody", message, cure, at, severity=Severity.WARNING)


def known_of(org: OrganizationBudget) -> tuple[str, ...]:
    """Return the environments that wallets can have."""
    return (*org.environments, "all")


def _placed(document: Document, keys: Keys, flaw: Flaw) -> Finding:
    """Return a flaw with its place; within an expression, to the column, where the file has it as it is read."""
    below, data = flaw.keys, document.file.data
    if below[0] == "rules" and len(below) > 1 and not keys:
        below = ("rules", document.shape.index("rules", int(below[1])), *below[2:])
    whole = (*keys, *below)
    found = Finding(Origin("", whole), flaw.code, Severity.ERROR, flaw.message, flaw.hint)
    text = readable(data)[0] or b""
    root = mark_tree(text)
    node = find(root, whole) if root else None
    if node is None or flaw.keys[-1] not in ("when", "assert", "message"):
        return found
    return replace(found, where=Position("", *_within(node, text.decode().split("\n"), flaw.offset)))


def _within(node: Node, lines: Sequence[str], offset: int) -> tuple[int, int]:
    """Return the place of the character at `offset` of a text that begins at `node`, over the lines it is folded from.

    Where what is written has other characters than what is read, it is the beginning.
    """
    line, column = node.start
    written = lines[line - 1 : node.end[0]]
    escaped = {'"': "\\", "'": "''"}.get(node.kind)
    if escaped and any(escaped in one for one in written):
        return node.start
    pieces = [(line, column + (node.kind in ("'", '"')), written[0][column - 1 :])] if node.kind != ">" else []
    for number, text in enumerate(written[1:], start=line + 1):
        if text.strip():
            pieces.append((number, len(text) - len(text.lstrip()) + 1, text.strip()))
    for number, start, text in pieces:
        if offset <= len(text):
            return number, start + offset
        offset -= len(text) + 1
    return node.start


def rule_sets(organization: OrganizationBudget, files: Sequence[YamlDocument[PolicyFile]]) -> Mapping[str, RuleSet]:
    """Return all rules: those of org.yaml by the name of their set, those of files by where they are."""
    own = {file.file.relative: file.shape.model.rule_set for file in files if file.shape.model is not None}
    return dict(sorted({**organization.policies, **own}.items()))
