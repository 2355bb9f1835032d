"""`kt-budgets help`: topics that belong to no single command, each made from the table that the code itself goes by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.app.schemas import DOCUMENTS
from reconciler.findings import ExitCode
from reconciler.journal.place import DEFAULT
from reconciler.report.columns import wrapped
from reconciler.report.glossary import glossary_text
from reconciler.settings import VARIABLES
from reconciler.source.tree_findings import MANIFESTS, ORGANIZATION

_FILES = (
    (f"budgets/{ORGANIZATION}", "What holds for the whole organization: currency, fiscal year, environments, owners."),
    ("budgets/teams/TEAM.yaml", "One team: its annual plan, wallets and alerts. The name of the file is the team's."),
    ("plan.json", "A plan under review, which `plan` writes and `apply` carries out."),
    ("USAGE_STORE/manifest.json", "What was read of exports, where `--usage-store` names a place; files/ beside it."),
    (DEFAULT.removeprefix("file:"), "The record of every run, where org.yaml names no other journal. Not for git."),
    ("refs/kt-budgets/*", "With `journal: git:REMOTE`: references of that remote, which no branch shows."),
    ("schemas/*.schema.json", "What the YAML may say, for editors, and what commands print, for programs."),
    (MANIFESTS[0], "A manifest of `kt control`, not ours: doctor and validate warn where it is beside the budgets."),
)


def topic(name: str, *, width: int) -> str:
    """Return the text of a topic, as lines of at most `width` columns but for the exit codes."""
    match name:
        case "glossary":
            return glossary_text(width=width)
        case "files":
            return "".join(_entries([*_FILES, *_documents()], width))
        case "environment":
            return "".join(_entries(VARIABLES.items(), width))
        case _:
            return exit_codes_text()


def exit_codes_text() -> str:
    """Return the table of exit codes, one a line."""
    return "".join(f"{int(code):>4}  {code.description}\n" for code in ExitCode)


def _documents() -> Iterator[tuple[str, str]]:
    """Yield the schema of each document, and the commands that print one."""
    for kind in DOCUMENTS:
        if kind.commands:
            printed = ", ".join(f"`{command}`" for command in kind.commands)
            yield f"schemas/{kind.name()}.schema.json", f"What is printed by {printed}."


def _entries(entries: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    for name, meaning in entries:
        yield "\n".join([name, *wrapped(meaning, width, indent=4), ""])
