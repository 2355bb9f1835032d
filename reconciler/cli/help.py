"""`kt-budgets help`: topics that belong to no single command."""

from __future__ import annotations

import click

TOPICS = ("exit-codes", "glossary", "files", "environment")


@click.command(epilog="Example: kt-budgets help glossary")
@click.argument("topic", type=click.Choice(TOPICS), default=TOPICS[0])
def command(topic: str) -> None:
    """Explain a topic: exit codes, words (glossary), files, or variables of the environment."""
    from reconciler.app import topics
    from reconciler.app.screens import screen

    click.echo(topics.topic(topic, width=screen().width), nl=False)
