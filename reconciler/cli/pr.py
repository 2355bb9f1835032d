"""`kt-budgets pr`: the open pull request: comment and check, what is asked in it, staleness, code owners."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.app.job import tell
from reconciler.cli import pr_merged
from reconciler.cli.options import (
    budgets_option,
    format_option,
    journal_option,
    network_options,
    settings_of,
    usage_option,
    write_answer,
)
from reconciler.cli.pr_options import number_option, plan_option, recorder_option, repository_option
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

    GitHub or GitLab then asks the right people for a review. Only the block between our marks is written, at the end
    of the file. With --check it is asked as well, where a token is set: whether it can use the code owners, and
    whether the default branch requires the check `kt-budgets / approval`.
    """
    from reconciler.app.change_request.codeowners import codeowners as run

    found = run(**options)
    write_answer(found, format_, None)
    context.exit(found.exit_code)


for merged in (pr_merged.approval, pr_merged.apply, pr_merged.receipt):
    command.add_command(merged)
