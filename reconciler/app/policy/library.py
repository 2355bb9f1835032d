"""The rules that this program ships, to copy and change."""

from __future__ import annotations

from importlib.resources import files
from typing import ClassVar, Literal

from pydantic import Field

from reconciler.findings import UsageError
from reconciler.model.document import Document
from reconciler.model.rule import PolicyFile, RuleSet
from reconciler.report.renderers import Statement
from reconciler.source.parse import parse

NAMES = ("guards", "organization", "organization.test")
"""What ships, by the name of its file: two sets of rules, and the fixtures of one."""


class LibraryDocument(Document):
    """A set of rules that ships: what `kt-budgets policy library` prints."""

    commands: ClassVar = ("policy",)
    format: Literal["kt-budgets.policy-library/1"] = "kt-budgets.policy-library/1"
    set_name: str = Field(description="What the set is called.")
    rules: tuple[str, ...] = Field(description="The names of its rules; empty for fixtures.")
    content: str = Field(description="The file, to be saved in `budgets/policies/`.")


def library(name: str | None) -> Statement:
    """Return a set of rules as the text of a file; UsageError for a name that is none."""
    chosen = name or NAMES[0]
    text = text_of(chosen)
    names = () if chosen.endswith(".test") else tuple(rule.name for rule in rules_of(chosen).rules)
    return Statement(LibraryDocument(set_name=chosen, rules=names, content=text), text.removesuffix("\n"))


def text_of(name: str) -> str:
    """Return the text of a set that ships; UsageError where there is none of that name."""
    if name not in NAMES:
        raise UsageError(f"no rules called `{name[:80]}` ship", hint=f"name {' or '.join(NAMES)}")
    return (files("reconciler") / "library" / f"{name}.yaml").read_text(encoding="utf-8")


def rules_of(name: str) -> RuleSet:
    """Return a set that ships."""
    found = parse(text_of(name).encode()).value
    return PolicyFile.model_validate(found, by_alias=True, by_name=False).rule_set
