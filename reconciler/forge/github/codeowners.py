"""CODEOWNERS and the ruleset: what makes GitHub ask the right people, and require the one check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.gate_check import GATE
from reconciler.forge.github.repository import Repository, default_branch

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks, in this order; it reads the first that is there."""

ACTIONS_APP = 15368
"""GitHub Actions on github.com: a check of that name by anybody else does not count."""

_BEGIN = "# kt-budgets: begin. Written by `kt-budgets pr codeowners` from the owners in the budget files: edit those."
_END = "# kt-budgets: end."
_BLOCK = re.compile(r"^# kt-budgets: begin\b.*?^# kt-budgets: end\.[^\n]*\n?", re.MULTILINE | re.DOTALL)
_GITHUB = re.compile(r"^/?\.github\b", re.MULTILINE)
_BOT = "[bot]"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it should be on GitHub, and its cure."""

    message: str
    cure: str


def rules(folder: str, owners: Sequence[str], teams: Mapping[str, Sequence[str]], guards: Sequence[str]) -> list[str]:
    """Return the lines for budgets in `folder`, which is seen from the top of the repository.

    The last line that fits counts on GitHub, so the organization's `owners` come before those of `teams`. A team
    without owners is left to the organization. `guards` own `.github/`, where the workflows and this file are.
    """
    top = "/" if folder in ("", ".") else f"/{folder.strip('/')}/"
    whole = _people(owners)
    lines = [_line("/.github/", _people(guards) or whole), _line(top, whole)]
    lines += [
        _line(f"{top}teams/{team}.yaml", _people(named)) for team, named in sorted(teams.items()) if _people(named)
    ]
    return [line for line in lines if line]


def with_block(text: str, lines: Sequence[str]) -> str:
    """Return the text of a CODEOWNERS file with our block at its end, where nothing after it takes its place.

    Where the file has a rule for `.github/` of its own, that one is left to hold. Line ends stay as they are.
    """
    plain = text.replace("\r\n", "\n")
    rest = _BLOCK.sub("", plain).rstrip("\n")
    kept = [line for line in lines if not (line.startswith("/.github/") and _GITHUB.search(rest))]
    block = "\n".join([_BEGIN, *kept, _END])
    whole = f"{rest}\n\n{block}\n" if rest else f"{block}\n"
    return whole.replace("\n", "\r\n") if "\r\n" in text else whole


def ruleset(*, is_github_com: bool) -> dict[str, Any]:
    """Return the ruleset of the default branch: by pull request alone, and never without the check.

    Reviews are counted by the check, which knows who may stand in for whom; GitHub only asks the code owners.
    """
    check: dict[str, Any] = {"context": GATE, **({"integration_id": ACTIONS_APP} if is_github_com else {})}
    reviews = {
        "required_approving_review_count": 0,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    checks = {"strict_required_status_checks_policy": False, "required_status_checks": [check]}
    return {
        "name": "kt-budgets",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
        "rules": [
            {"type": "deletion"},
            {"type": "non_fast_forward"},
            {"type": "pull_request", "parameters": reviews},
            {"type": "required_status_checks", "parameters": checks},
        ],
    }


def flaws(channel: Channel, repository: Repository) -> Iterator[Flaw]:
    """Yield what GitHub says is wrong with the code owners of the default branch, and whether it requires the check."""
    branch = default_branch(channel, repository)
    found = channel.find(f"{repository.path}/codeowners/errors")
    for error in found.get("errors", ()) if isinstance(found, Mapping) else ():
        cure = (
            str(error.get("suggestion") or "") or "give that team write access to the repository, or name another owner"
        )
        yield Flaw(f"{error.get('path')}:{error.get('line')}: {error.get('kind')} on {branch}", cure)
    if GATE not in {*_by_rules(channel, repository, branch), *_by_protection(channel, repository, branch)}:
        yield Flaw(
            f"{branch} does not require the check `{GATE}`",
            f"kt-budgets pr codeowners --ruleset ruleset.json && gh api repos/{repository}/rulesets --method POST"
            " --input ruleset.json",
        )


def _by_rules(channel: Channel, repository: Repository, branch: str) -> Iterator[str]:
    for rule in channel.pages(f"{repository.path}/rules/branches/{branch}"):
        parameters = rule.get("parameters")
        if rule.get("type") == "required_status_checks" and isinstance(parameters, Mapping):
            yield from (str(check.get("context")) for check in parameters.get("required_status_checks", ()))


def _by_protection(channel: Channel, repository: Repository, branch: str) -> Iterator[str]:
    """Yield what a branch protection of the older kind requires."""
    try:
        found = channel.find(f"{repository.path}/branches/{branch}")
    except RejectedError:
        return
    protection = found.get("protection") if isinstance(found, Mapping) else None
    checks = protection.get("required_status_checks") if isinstance(protection, Mapping) else None
    if isinstance(checks, Mapping):
        yield from (str(context) for context in checks.get("contexts") or ())


def _people(owners: Sequence[str]) -> tuple[str, ...]:
    """Return owners as CODEOWNERS writes them; bots cannot be code owners."""
    return tuple(f"@{owner.strip().lstrip('@')}" for owner in owners if not owner.strip().endswith(_BOT))


def _line(path: str, owners: Sequence[str]) -> str:
    escaped = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"{escaped} {' '.join(owners)}" if owners else ""
