"""`kt-budgets help`: topics that belong to no single command."""

from __future__ import annotations

import click

from reconciler.cli.printing import fitting, width_option

TOPICS = ("exit-codes", "glossary", "files", "environment")


@click.command(epilog="Example: kt-budgets help glossary")
@click.argument("topic", type=click.Choice(TOPICS), default=TOPICS[0])
@width_option
def command(topic: str) -> None:
    """Explain a topic: exit codes, words (glossary), files, or variables of the environment."""
    from reconciler.app import topics

    click.echo(topics.topic(topic, width=fitting().width), nl=False)
