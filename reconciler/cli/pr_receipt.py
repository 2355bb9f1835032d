"""`kt-budgets pr receipt`: what an apply did, on top of the pull request's comment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.model.outcome import Run


def publish_receipt(*, run_path: Path, merge_sha: str | None, repo: str | None, format_: str) -> None:
    """Update our comment on the merged pull request, or write one, so that it starts with the receipt."""
    from reconciler.cli.pr_session import add_to_summary, github, print_facts
    from reconciler.forge.approval import merged_pull_request
    from reconciler.forge.comment import our_comments, publish
    from reconciler.forge.marker import Marked, Stamp, stamped
    from reconciler.forge.receipt import receipt, with_receipt
    from reconciler.report.escape import escaped

    run = read_run(run_path)
    with github(repo) as session:
        commit = merge_sha or session.event.sha
        if not commit:
            raise UsageError("no merge commit was named", hint="name it with `--merge-sha SHA`")
        pull = merged_pull_request(session.channel, session.repository, commit)
        text = receipt(run, commit=commit, escaped=escaped)
        add_to_summary(text)
        ours = our_comments(session.channel, session.repository, pull.number, session.identity)
        found = ours[0].marked if ours else Marked({}, "")
        marker = {name: value for name, value in found.fields.items() if name not in ("text", "run")}
        whole = Marked(marker, with_receipt(found, text) if ours else text)
        marked = stamped(whole.body, Stamp(pull.number, pull.head, session.event.run))
        step, url = publish(
            session.channel, session.repository, pull, identity=session.identity, marked=marked, create=True
        )
    facts = {"pull_request": pull.number, "comment": step.value, "url": url}
    print_facts(format_, "receipt", facts, f"receipt on pull request {pull.number}: {step.value} {url}".rstrip())


def read_run(path: Path) -> Run:
    """Return the run that `kt-budgets apply --format json` printed into a file."""
    from pydantic import ValidationError

    from reconciler.model.outcome import Run

    hint = "give the output of `kt-budgets apply --format json`"
    try:
        return Run.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except (ValidationError, ValueError):
        raise UsageError(f"{path} holds no run", hint=hint) from None
