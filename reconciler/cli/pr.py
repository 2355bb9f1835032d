"""`kt-budgets pr`: a plan in its pull request, its approval, and what is merged: its application and the receipt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.cli.terminal import Group
from reconciler.report.renderers import Answer


@click.group("pr", cls=Group, epilog="Example: kt-budgets pr comment --plan plan.json --dry-run")
def command() -> None:
    """Show a plan in its pull request, and ask for its approval.

    Talks to GitHub with GITHUB_TOKEN or to GitLab with GITLAB_TOKEN, by the CI it runs in, else by the remote's host.
    Every write looks for what is there first: running a command twice changes nothing.
    """


@command.command("comment", epilog="Example: kt-budgets pr comment --plan plan.json --repo acme/ai-budgets --pr 128")
@options.file("--plan", "plan_path", default=Path("plan.json"), show_default=True, help="The plan to show.")
@options.budgets
@options.repository
@options.number()
@options.file("--findings", "findings_path", help="Show these findings of `validate --format json` instead of a plan.")
@options.file(
    "--suggestions",
    "suggestions_paths",
    multiple=True,
    help="Suggested changes of `validate --suggestions` or `recommend --suggestions` (repeatable).",
)
@click.option(
    "--check/--no-check", "with_check", default=True, help="Also publish the check run, where that is allowed."
)
@options.flag("--dry-run", help="Print the comment and send nothing.")
@prints("comment", to_file=False)
def comment(**values: Any) -> Answer:
    """Put a plan into its pull request: one comment, a check run with annotations, suggested changes.

    The comment is updated in place, left alone when it says the same, and never overwritten by an older run. A plan
    without changes updates a comment but creates none. In GitHub Actions the job's summary says the same.
    """
    from reconciler.app.change_request.publish import publish

    return publish(**values)


@command.command("check", epilog="Example: kt-budgets pr check --plan plan.json")
@options.file("--plan", "plan_path", default=Path("plan.json"), show_default=True, help="The plan to record.")
@options.budgets
@options.repository
@options.number()
@prints("check", to_file=False)
def check(**values: Any) -> Answer:
    """Publish the check run `kt-budgets / plan`: verdict, annotations on the YAML, and the record of the plan.

    The record is what an approval is bound to. Only GitHub Actions or a GitHub App can write it.
    """
    from reconciler.app.change_request.publish import check as run

    return run(**values)


@command.command("command", epilog="Example: kt-budgets pr command --journal git:origin")
@options.network
@options.usage
@options.journal
@options.repository
def commands(repo: str | None, **values: Any) -> None:
    """Carry out what a comment in a pull request asks for, and answer there.

    In a workflow for new comments: reads GITHUB_EVENT_PATH. A line `/kt-budgets plan`, `/kt-budgets whatif
    support/prod=14500`, `/kt-budgets recommend` or `/kt-budgets resume` is a command, from whoever may write to the
    repository. The budgets of the pull request are read as they would be merged; nothing of it is run. Comments that
    were edited, and those of bots, are left alone.
    """
    from reconciler.app.change_request.commands import answer_comment

    done = answer_comment(options.settings(values), repo=repo, tell=click.echo)
    if done.has_planned:
        tell(changed=True)
    click.get_current_context().exit(done.exit_code)


@command.command("refresh", epilog="Example: kt-budgets pr refresh --journal git:origin")
@options.network
@options.journal
@options.repository
@options.recorder
@options.remote
@prints("refresh", to_file=False)
def refresh(repo: str | None, recorded_by: str, remote: str, **values: Any) -> Answer:
    """Plan open pull requests again, and mark those whose plan moved since it was shown.

    In a merge queue, only the queue's pull request is planned, and the command exits with 5 when its plan moved.
    """
    from reconciler.app.change_request.refresh import refresh as run

    return run(options.settings(values), repo=repo, recorded_by=recorded_by, remote=remote)


@command.command("show", epilog="Example: kt-budgets pr show --journal git:origin")
@options.network
@options.usage
@options.journal
@options.repository
@options.number()
@options.folder("--plans", metavar="FOLDER", help="Keep the plans here.")
@prints("show", to_file=False)
def show(repo: str | None, number: int | None, plans: Path | None, **values: Any) -> Answer:
    """Plan open pull requests from a checkout of the default branch, and show each its plan.

    Those whose plan was shown and did not move are left alone. Exits with 4 when one of them cannot be planned.
    """
    from reconciler.app.change_request.show import show as run

    return run(options.settings(values), repo=repo, number=number, plans=plans)


@command.command("codeowners", epilog="Example: kt-budgets pr codeowners --ruleset ruleset.json")
@options.budgets
@options.flag("--check", help="Write nothing; exit with 3 and say what is not as it should be.")
@options.file(
    "--ruleset",
    "ruleset_path",
    help="Also write the ruleset that requires the check, as `gh api repos/OWNER/NAME/rulesets --input FILE` takes it.",
)
@options.repository
@prints("codeowners", to_file=False)
def codeowners(**values: Any) -> Answer:
    """Write the code owners of the budget files into CODEOWNERS, from the owners in the YAML.

    GitHub or GitLab then asks the right people for a review. Only the block between our marks is written, at the end
    of the file. With --check it is asked as well, where a token is set: whether it can use the code owners, and
    whether the default branch requires the check `kt-budgets / approval`.
    """
    from reconciler.app.change_request.codeowners import codeowners as run

    return run(**values)


@command.command("approval", epilog='Example: kt-budgets pr approval --merge-sha "$GITHUB_SHA" --plan plan.json')
@options.merge
@options.network
@options.usage
@options.file("--plan", "plan_path", help="The plan that is about to be applied; default: plan now.")
@options.flag("--last-applied", help="Ask instead whether the budgets are those that were applied last.")
@options.flag("--check", "with_check", help="Before the merge: publish the check `kt-budgets / approval`.")
@options.number()
@options.journal
@options.repository
@options.recorder
@prints("approval", to_file=False)
def approval(merge_sha: str | None, **values: Any) -> Answer:
    """Answer whether a merge commit may be applied; with --check, whether a pull request may be merged.

    It must be the merge of a pull request into the default branch, whose last commit the owners approved, and the plan
    that was recorded for that commit must be the plan of now. Owners and rules are those of the base branch. Exits with
    4 when an approval is missing and with 5 when the plan moved.

    With --last-applied, GitHub is not asked: the budgets must be those of the last applied commit, as they are when a
    new month is funded.

    With --check, it publishes the one check to require: who approved, who is missing and why, bound to the plan that
    was shown; success where no budgets change. It is about the pull request of this run, of --pr, of a merge queue,
    or about all that are open. Where the token may not publish it, and in a merge queue, it exits with 4 while an
    approval is missing. Members of teams are read with KT_BUDGETS_MEMBERS_TOKEN, else with GITHUB_TOKEN.
    """
    from reconciler.app.change_request.approval import ApprovalRequest, approval

    request = options.made(ApprovalRequest, values, merge=merge_sha)
    return approval(options.settings(values, alone=not request.last_applied), request)


@command.command("apply", epilog="Example: kt-budgets pr apply --journal git:origin --wait 1200")
@options.network
@options.journal
@options.repository
@options.recorder
@options.number("Only this one, and what it needs.")
@click.option("--commit", metavar="SHA", help="Only what this commit brought, and what it needs.")
@options.flag("--put-back", help="Afterwards put git's values back for every team.")
@options.flag(
    "--first-apply",
    help="Also take money back from wallets that nothing was ever applied to, and believe the dates in their ledgers.",
)
@options.wait
@options.settle
@options.folder(
    "--plans", help="Write plans here that were shown to nobody as they are now; `pr receipt --plans` shows them."
)
@prints("merges")
def apply(**values: Any) -> Answer:
    """Apply everything that was merged with approval and is not applied yet.

    Each pull request, or direct push, since the last applied commit is looked at in order, whatever way it was merged:
    planned from the YAML of its own commit, judged by its own approvals, and applied. A team that lacks an approval, or
    whose plan moved since it was shown, is left out and told; the others go on. What is left out stays pending and is
    tried again the next time. A run that was interrupted is finished first.

    It is quick where nothing is pending, and safe to repeat. Exits with the most serious of what happened: 4 where an
    approval is missing, 5 where a plan moved, 7 where a part was applied.
    """
    from reconciler.app.change_request.apply_merged import ApplyRequest, Landed, apply_merges

    settings = options.settings(values)
    return Landed(apply_merges(settings, ApplyRequest(**values)), settings.journal)


@command.command("receipt", epilog='Example: kt-budgets pr receipt --run run.json --merge-sha "$GITHUB_SHA"')
@options.file("--run", "run_path", required=True, help="What `pr apply` or `apply` printed with `--format json`.")
@options.budgets
@options.merge
@options.folder(
    "--plans", help="Also show and record the plans that `pr apply --plans` wrote: what would be applied now."
)
@options.repository
@prints("receipt", to_file=False)
def receipt(**values: Any) -> Answer:
    """Put what an apply did on top of the pull request's comment.

    What `pr apply` printed is put into every pull request that it was about, applied or not, with why and the cure.
    With --plans a plan that moved since it was shown is shown there, and recorded: whoever approves the pull request
    after that approves this plan.
    """
    from reconciler.app.change_request.receipt import publish_receipt

    return publish_receipt(**values)
