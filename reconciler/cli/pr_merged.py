"""`kt-budgets pr` of what is merged: its approval, its application, and the receipt in the pull request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.options import (
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    settle_option,
    usage_option,
    wait_option,
    write_answer,
)
from reconciler.cli.pr_options import number_option, plan_option, recorder_option, repository_option
from reconciler.cli.result import print_merges
from reconciler.cli.terminal import Command


@click.command(
    "approval", cls=Command, epilog='Example: kt-budgets pr approval --merge-sha "$GITHUB_SHA" --plan plan.json'
)
@click.option("--merge-sha", metavar="SHA", help="The merge commit; default $GITHUB_SHA.")
@network_options
@usage_option
@plan_option(help="The plan that is about to be applied; default: plan now.")
@click.option("--last-applied", is_flag=True, help="Ask instead whether the budgets are those that were applied last.")
@click.option(
    "--check", "with_check", is_flag=True, help="Before the merge: publish the check `kt-budgets / approval`."
)
@number_option
@journal_option
@repository_option
@recorder_option
@format_option("approval")
@click.pass_context
def approval(
    context: click.Context,
    /,
    *,
    merge_sha: str | None,
    plan_path: Path | None,
    last_applied: bool,
    with_check: bool,
    number: int | None,
    repo: str | None,
    recorded_by: str,
    format_: str,
    **options: Any,
) -> None:
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

    asked = ApprovalRequest(merge_sha, plan_path, last_applied, with_check, number, repo, recorded_by)
    found = approval(settings_of(options), asked)
    write_answer(found, format_, None)
    context.exit(found.exit_code)


@click.command("apply", cls=Command, epilog="Example: kt-budgets pr apply --journal git:origin --wait 1200")
@network_options
@journal_option
@repository_option
@recorder_option
@click.option("--pr", "number", type=click.IntRange(min=1), metavar="N", help="Only this one, and what it needs.")
@click.option("--commit", metavar="SHA", help="Only what this commit brought, and what it needs.")
@click.option("--put-back", is_flag=True, help="Afterwards put git's values back for every team.")
@click.option(
    "--first-apply",
    is_flag=True,
    help="Also take money back from wallets that nothing was ever applied to, and believe the dates in their ledgers.",
)
@wait_option
@settle_option
@click.option(
    "--plans",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write plans here that were shown to nobody as they are now; `pr receipt --plans` shows them.",
)
@format_option("merges")
@output_option
@click.pass_context
def apply(context: click.Context, /, *, format_: str, output: Path | None, **options: Any) -> None:
    """Apply everything that was merged with approval and is not applied yet.

    Each pull request, or direct push, since the last applied commit is looked at in order, whatever way it was merged:
    planned from the YAML of its own commit, judged by its own approvals, and applied. A team that lacks an approval, or
    whose plan moved since it was shown, is left out and told; the others go on. What is left out stays pending and is
    tried again the next time. A run that was interrupted is finished first.

    It is quick where nothing is pending, and safe to repeat. Exits with the most serious of what happened: 4 where an
    approval is missing, 5 where a plan moved, 7 where a part was applied.
    """
    from reconciler.app.change_request.apply_merged import ApplyRequest, apply_merges

    settings = settings_of(options)
    print_merges(apply_merges(settings, ApplyRequest(**options)), format_, output, context, journal=settings.journal)


@click.command("receipt", cls=Command, epilog='Example: kt-budgets pr receipt --run run.json --merge-sha "$GITHUB_SHA"')
@click.option(
    "--run",
    "run_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="What `kt-budgets pr apply` or `kt-budgets apply` printed with `--format json`.",
)
@click.option("--merge-sha", metavar="SHA", help="The merge commit; default $GITHUB_SHA.")
@click.option(
    "--plans",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also show and record the plans that `pr apply --plans` wrote: what would be applied now.",
)
@repository_option
@format_option("receipt")
def receipt(format_: str, **options: Any) -> None:
    """Put what an apply did on top of the pull request's comment.

    What `pr apply` printed is put into every pull request that it was about, applied or not, with why and the cure.
    With --plans a plan that moved since it was shown is shown there, and recorded: whoever approves the pull request
    after that approves this plan.
    """
    from reconciler.app.change_request.receipt import publish_receipt

    write_answer(publish_receipt(**options), format_, None)
