"""What a command about a pull request did: sentences for people, a document for programs."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.findings import ExitCode
from reconciler.model.document import Document
from reconciler.report.renderers import render
from reconciler.report.screen import PAPER, Screen


@dataclass(frozen=True, slots=True)
class Statement:
    """The same twice: `facts` and `text`. `notices` are code, sentence and hint of what is to be said besides."""

    facts: Document
    text: str
    exit_code: ExitCode = ExitCode.DONE
    notices: tuple[tuple[str, str, str], ...] = ()

    def document(self) -> Document:
        return self.facts

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json`."""
        return render(self.facts.name(), format_, self, screen)


def sentences(shown: Statement, _: Screen = PAPER) -> str:
    return shown.text
