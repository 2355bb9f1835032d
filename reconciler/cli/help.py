"""`kt-budgets help`: topics that belong to no single command."""

from __future__ import annotations

import click

from reconciler.findings import ExitCode


def exit_codes_text() -> str:
    """Return the table of exit codes, one a line."""
    return "".join(f"{int(code):>4}  {code.description}\n" for code in ExitCode)


def glossary_text() -> str:
    """Return what the words mean that stay in messages and reports."""
    from reconciler.cli.terminal import screen
    from reconciler.report.glossary import glossary_text as text

    return text(width=screen().width)


TOPICS = {"exit-codes": exit_codes_text, "glossary": glossary_text}


@click.command(epilog="Example: kt-budgets help glossary")
@click.argument("topic", type=click.Choice(list(TOPICS)), default="exit-codes")
def command(topic: str) -> None:
    """Explain a topic: the exit codes, or the words that reports use (glossary)."""
    click.echo(TOPICS[topic](), nl=False)
