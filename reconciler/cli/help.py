"""`kt-budgets help`: topics that belong to no single command."""

from __future__ import annotations

import click

from reconciler.findings import ExitCode


def exit_codes_text() -> str:
    """Return the table of exit codes, one a line."""
    return "".join(f"{int(code):>4}  {code.description}\n" for code in ExitCode)


TOPICS = {"exit-codes": exit_codes_text}


@click.command(epilog="Example: kt-budgets help exit-codes")
@click.argument("topic", type=click.Choice(list(TOPICS)), default="exit-codes")
def command(topic: str) -> None:
    """Explain a topic, such as the exit codes."""
    click.echo(TOPICS[topic](), nl=False)
