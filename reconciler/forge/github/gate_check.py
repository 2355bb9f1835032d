"""The check `kt-budgets / approval`: one for each commit, changed in place, so that the last word is the only one."""

from __future__ import annotations

from typing import Any, Literal

from reconciler.forge.github.channel import Channel
from reconciler.forge.github.check_run import Written, our_check_runs
from reconciler.forge.github.repository import Repository
from reconciler.http.failures import LostAnswerError
from reconciler.model.json_text import digest_of

GATE = "kt-budgets / approval"
Conclusion = Literal["success", "failure", "action_required"]
_LARGEST = 65_000


def publish_gate(
    channel: Channel, repository: Repository, head: str, *, conclusion: Conclusion, title: str, summary: str, app: str
) -> Written:
    """Make the check of a commit say this, and return what became of it.

    GitHub shows two checks of one name beside each other, and either may be the one that a rule waits for: so there
    is one, and it is changed (decision 0056).
    """
    body = _body(conclusion, title, summary)
    for _ in range(2):
        ours = our_check_runs(channel, repository, head, app=app, name=GATE)
        if ours and ours[-1].external_id == body["external_id"] and ours[-1].is_complete:
            return Written.UNCHANGED
        try:
            if ours:
                channel.write("PATCH", f"{repository.path}/check-runs/{ours[-1].id}", body)
            else:
                channel.write("POST", f"{repository.path}/check-runs", {"name": GATE, "head_sha": head, **body})
        except LostAnswerError as error:
            lost = error
        else:
            return Written.PUBLISHED
    raise lost


def _body(conclusion: Conclusion, title: str, summary: str) -> dict[str, Any]:
    return {
        "external_id": f"kt-budgets:gate:{digest_of([conclusion, title, summary]).removeprefix('sha256:')[:40]}",
        "status": "completed",
        "conclusion": conclusion,
        "output": {"title": title[:255], "summary": summary.encode()[:_LARGEST].decode(errors="ignore")},
    }
