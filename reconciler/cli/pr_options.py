"""The options that commands about pull requests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

repository_option = click.option(
    "--repo", metavar="OWNER/NAME", help="The repository; default $GITHUB_REPOSITORY in GitHub Actions."
)
recorder_option = click.option(
    "--recorded-by",
    metavar="APP",
    default="",
    help="The app whose check runs count as ours; default the token's own, else github-actions.",
)


def plan_option(**settings: Any) -> Callable[[F], F]:
    """Offer `--plan`, with what else click is to know about it."""

    def decorate(command: F) -> F:
        return click.option(
            "--plan", "plan_path", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", **settings
        )(command)

    return decorate


number_option = click.option(
    "--pr", "number", type=click.IntRange(min=1), metavar="N", help="The pull request; default that of this run."
)
