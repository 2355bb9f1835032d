"""`kt-budgets pr`: the pull request on GitHub: comment and check, approval, receipt, staleness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli.options import (
    budgets_option,
    first_apply_option,
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
from reconciler.cli.terminal import Group


@click.group("pr", cls=Group, epilog="Example: kt-budgets pr comment --plan plan.json --dry-run")
def command() -> None:
    """Show a plan in its pull request, and ask for its approval.

    Talks to GitHub with GITHUB_TOKEN (GITHUB_API_URL says which), in GitLab CI/CD to GitLab with GITLAB_TOKEN. Every
    write looks for what is there first: running a command twice changes nothing.
    """


@command.command("comment", epilog="Example: kt-budgets pr comment --plan plan.json --repo acme/ai-budgets --pr 128")
@plan_option(default=Path("plan.json"), show_default=True, help="The plan to show.")
@budgets_option
@repository_option
@number_option
@click.option(
    "--findings",
    "findings_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Show these findings of `validate --format json` instead of a plan.",
)
@click.option(
    "--suggestions",
    "suggestions_paths",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    metavar="FILE",
    help="Suggested changes of `validate --suggestions` or `recommend --suggestions` (repeatable).",
)
@click.option(
    "--check/--no-check", "with_check", default=True, help="Also publish the check run, where that is allowed."
)
@click.option("--dry-run", is_flag=True, help="Print the comment and send nothing.")
@format_option("comment")
def comment(format_: str, **options: Any) -> None:
    """Put a plan into its pull request: one comment, a check run with annotations, suggested changes.

    The comment is updated in place, left alone when it says the same, and never overwritten by an older run. A plan
    without changes updates a comment but creates none. In GitHub Actions the job's summary says the same.
    """
    from reconciler.app.change_request.publish import publish

    write_answer(publish(**options), format_, None)


@command.command("check", epilog="Example: kt-budgets pr check --plan plan.json")
@plan_option(default=Path("plan.json"), show_default=True, help="The plan to record.")
@budgets_option
@repository_option
@number_option
@format_option("check")
def check(format_: str, **options: Any) -> None:
    """Publish the check run `kt-budgets / plan`: verdict, annotations on the YAML, and the record of the plan.

    The record is what an approval is bound to. Only GitHub Actions or a GitHub App can write it.
    """
    from reconciler.app.change_request.publish import check as run

    write_answer(run(**options), format_, None)


@command.command("approval", epilog='Example: kt-budgets pr approval --merge-sha "$GITHUB_SHA" --plan plan.json')
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


@command.command("apply", epilog="Example: kt-budgets pr apply --journal git:origin --wait 1200")
@network_options
@journal_option
@repository_option
@recorder_option
@click.option("--pr", "number", type=click.IntRange(min=1), metavar="N", help="Only this one, and what it needs.")
@click.option("--commit", metavar="SHA", help="Only what this commit brought, and what it needs.")
@click.option("--put-back", is_flag=True, help="Afterwards put git's values back for every team.")
@first_apply_option
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


@command.command("receipt", epilog='Example: kt-budgets pr receipt --run run.json --merge-sha "$GITHUB_SHA"')
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


@command.command("command", epilog="Example: kt-budgets pr command --journal git:origin")
@network_options
@usage_option
@journal_option
@repository_option
@click.pass_context
def commands(context: click.Context, /, *, repo: str | None, **options: Any) -> None:
    """Carry out what a comment in a pull request asks for, and answer there.

    In a workflow for new comments: reads GITHUB_EVENT_PATH. A line `/kt-budgets plan`, `/kt-budgets whatif
    support/prod=14500`, `/kt-budgets recommend` or `/kt-budgets resume` is a command, from whoever may write to the
    repository. The budgets of the pull request are read as they would be merged; nothing of it is run. Comments that
    were edited, and those of bots, are left alone.
    """
    from reconciler.app.change_request.commands import answer_comment

    done = answer_comment(settings_of(options), repo=repo, tell=click.echo)
    if done.has_planned:
        tell(changed=True)
    context.exit(done.exit_code)


@command.command("refresh", epilog="Example: kt-budgets pr refresh --journal git:origin")
@network_options
@journal_option
@repository_option
@recorder_option
@click.option(
    "--remote", default="origin", show_default=True, help="The git remote that pull requests are fetched from."
)
@format_option("refresh")
@click.pass_context
def refresh(
    context: click.Context,
    /,
    *,
    repo: str | None,
    recorded_by: str,
    remote: str,
    format_: str,
    **options: Any,
) -> None:
    """Plan open pull requests again, and mark those whose plan moved since it was shown.

    In a merge queue, only the queue's pull request is planned, and the command exits with 5 when its plan moved.
    """
    from reconciler.app.change_request.refresh import refresh as run

    found = run(settings_of(options), repo=repo, recorded_by=recorded_by, remote=remote)
    write_answer(found, format_, None)
    context.exit(found.exit_code)


@command.command("show", epilog="Example: kt-budgets pr show --journal git:origin")
@network_options
@usage_option
@journal_option
@repository_option
@number_option
@click.option(
    "--plans", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Keep the plans here."
)
@format_option("show")
@click.pass_context
def show(
    context: click.Context, /, *, repo: str | None, number: int | None, plans: Path | None, format_: str, **options: Any
) -> None:
    """Plan open pull requests from a checkout of the default branch, and show each its plan.

    Those whose plan was shown and did not move are left alone. Exits with 4 when one of them cannot be planned.
    """
    from reconciler.app.change_request.show import show as run

    found = run(settings_of(options), repo=repo, number=number, plans=plans)
    write_answer(found, format_, None)
    context.exit(found.exit_code)


@command.command("codeowners", epilog="Example: kt-budgets pr codeowners --ruleset ruleset.json")
@budgets_option
@click.option("--check", is_flag=True, help="Write nothing; exit with 3 and say what is not as it should be.")
@click.option(
    "--ruleset",
    "ruleset_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the ruleset that requires the check, as `gh api repos/OWNER/NAME/rulesets --input FILE` takes it.",
)
@repository_option
@format_option("codeowners")
@click.pass_context
def codeowners(context: click.Context, /, format_: str, **options: Any) -> None:
    """Write the code owners of the budget files into CODEOWNERS, from the owners in the YAML.

    GitHub then asks the right people for a review. Only the block between our marks is written, at the end of the
    file. With --check, GitHub is asked as well, where GITHUB_TOKEN is set: whether it can use the code owners, and
    whether the default branch requires the check `kt-budgets / approval`.
    """
    from reconciler.app.change_request.codeowners import codeowners as run

    found = run(**options)
    write_answer(found, format_, None)
    context.exit(found.exit_code)
