"""The ruleset and the code owners as GitHub sees them: what makes it require the one check, and what it finds wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.findings import RejectedError
from reconciler.forge.check import GATE
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.repository import Repository, default_branch
from reconciler.forge.protocol import Flaw

ACTIONS_APP = 15368
"""GitHub Actions on github.com: a check of that name by anybody else does not count."""


def ruleset(*, is_github_com: bool) -> dict[str, Any]:
    """Return the ruleset of the default branch: by pull request alone, and never without the check.

    Reviews are counted by the check, which knows who may stand in for whom, and who pushed what (decision 0125); GitHub
    only asks the code owners.
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
