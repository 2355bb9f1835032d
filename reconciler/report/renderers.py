"""Every document in every format: the one table that says which function lays out what.

A renderer takes what is shown, and the screen that it is shown on, and returns text. For programs it takes whatever
has a `document()`, as a Document has itself. They are named, not imported: a command needs few of them (decision 0082).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from reconciler.findings import BudgetsError, ExitCode
from reconciler.model.document import Document
from reconciler.report.findings_text import notices_text
from reconciler.report.screen import PAPER, Screen


class Documented(Protocol):
    """What can be printed for programs."""

    def document(self) -> Document: ...


_JSON = "renderers:for_programs"
_STATEMENTS = (
    "init",
    "rule-facts",
    "policy-check",
    "policy-explained",
    "policy-tests",
    "policy-trial",
    "policy-library",
    "adoption",
    "release",
    "comment",
    "check",
    "approval",
    "last-applied",
    "gate",
    "receipt",
    "receipts",
    "refresh",
    "show",
    "codeowners",
    "notified",
)

RENDERERS: dict[tuple[str, str], str] = {
    ("findings", "text"): "findings_text:findings_text",
    ("findings", "json"): _JSON,
    ("findings", "github"): "findings_ci:findings_github",
    ("findings", "sarif"): "findings_ci:findings_sarif",
    ("findings", "code-quality"): "findings_ci:findings_code_quality",
    ("calendar", "text"): "calendar_text:calendar_text",
    ("calendar", "json"): _JSON,
    ("plan", "text"): "plan_formats:plan_text",
    ("plan", "markdown"): "plan_formats:review",
    ("plan", "html"): "plan_formats:plan_html",
    ("plan", "json"): _JSON,
    ("run", "text"): "run_text:run_text",
    ("run", "json"): _JSON,
    ("merges", "text"): "run_text:merges_text",
    ("merges", "json"): _JSON,
    ("drift", "text"): "drift_text:drift_text",
    ("drift", "json"): _JSON,
    ("import", "text"): "import_text:import_text",
    ("import", "json"): _JSON,
    ("forecast", "text"): "forecast_text:forecast_text",
    ("forecast", "json"): _JSON,
    ("forecast", "csv"): "forecast_csv:forecast_csv",
    ("whatif", "text"): "whatif_text:whatif_text",
    ("whatif", "json"): _JSON,
    ("recommend", "text"): "recommend_text:recommend_text",
    ("recommend", "json"): _JSON,
    ("backtest", "text"): "backtest_text:backtest_text",
    ("backtest", "json"): _JSON,
    ("calibration", "text"): "calibration_text:calibration_text",
    ("calibration", "json"): _JSON,
    ("year", "text"): "annual_text:annual_text",
    ("year", "json"): _JSON,
    ("year", "markdown"): "annual_markdown:annual_markdown",
    ("year", "csv"): "annual_csv:annual_csv",
    ("review", "text"): "review_text:review_text",
    ("review", "markdown"): "review_markdown:review_markdown",
    ("review", "csv"): "review_csv:review_csv",
    ("review", "json"): _JSON,
    ("audit", "text"): "audit_text:audit_text",
    ("audit", "json"): _JSON,
    ("spend", "text"): "spend_text:spend_text",
    ("spend", "json"): _JSON,
    ("spend", "csv"): "spend_text:spend_csv",
    ("exports", "text"): "evidence_text:exports_text",
    ("exports", "json"): _JSON,
    ("packet", "text"): "packet_text:packet_text",
    ("packet", "json"): _JSON,
    ("evidence-check", "text"): "packet_text:check_text",
    ("evidence-check", "json"): _JSON,
    ("doctor", "text"): "doctor_text:doctor_text",
    ("doctor", "json"): _JSON,
    **{
        (name, format_): where
        for name in _STATEMENTS
        for format_, where in (("text", "renderers:sentences"), ("json", _JSON))
    },
    ("error", "json"): _JSON,
}
"""By the name of a document and a format: a module of this package, and a function of it."""


def formats(name: str) -> tuple[str, ...]:
    """Return the formats of a document, the usual one first."""
    return tuple(format_ for document, format_ in RENDERERS if document == name)


def render(name: str, format_: str, shown: Any, screen: Screen = PAPER) -> str:
    """Return what is `shown`, as the document `name`, in a format; KeyError where it has no such format."""
    module, _, function = RENDERERS[name, format_].partition(":")
    text: str = getattr(import_module(f"{__package__}.{module}"), function)(shown, screen)
    return text


def for_programs(shown: Documented, _: Screen = PAPER) -> str:
    """Return the JSON of a document."""
    return shown.document().text()


class Answer(ABC):
    """What a use case returns to be printed: `rendered` in a format, and what else is to be known of it."""

    __slots__ = ()

    @abstractmethod
    def rendered(self, format_: str, screen: Screen = PAPER) -> str | bytes: ...

    @property
    def exit_code(self) -> int:
        """What the process returns."""
        return ExitCode.DONE

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return ()

    @property
    def recorded_in(self) -> str:
        """The journal that holds it whatever becomes of the output, if one does."""
        return ""

    @property
    def told(self) -> Mapping[str, str | bool]:
        """What the next steps of a job in CI learn."""
        return {}

    @property
    def error(self) -> BudgetsError | None:
        """What ends the command after it was printed, where it is not whole."""
        return None

    def beside(self, format_: str, *, to_file: bool) -> str:
        """Return what people are told besides, when it is printed in a format or written `to_file`."""
        del to_file
        return "" if format_ == "text" else notices_text(self.notices)


def laid_out(answer: Answer, format_: str, screen: Screen) -> str | bytes:
    """Return an answer in a format; text has no line that is wider than a screen that is known."""
    text = answer.rendered(format_, screen)
    if format_ != "text" or isinstance(text, bytes) or not screen.is_known:
        return text
    if text.isascii() and all(len(line) <= screen.width for line in text.split("\n")):
        return text
    from reconciler.report.columns import fitted

    return fitted(text, screen.width)


class Printed(Answer):
    """An answer that is a document, in each format that this has."""

    __slots__ = ()

    @abstractmethod
    def document(self) -> Document: ...

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text`, or as `json`: its document."""
        return render(self.document().name(), format_, self, screen)


@dataclass(frozen=True, slots=True)
class Shown(Answer):
    """A document, or a page of one, that is an answer as it stands."""

    shown: Documented
    exit_code: int = ExitCode.DONE

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it in a format of its document."""
        return render(self.shown.document().name(), format_, self.shown, screen)


@dataclass(frozen=True, slots=True)
class Statement(Printed):
    """The same twice: `facts` and `text`. `notices` are code, sentence and hint of what is to be said besides."""

    facts: Document
    text: str
    exit_code: int = ExitCode.DONE
    notices: Sequence[tuple[str, str, str]] = ()
    recorded_in: str = ""

    def document(self) -> Document:
        return self.facts


def sentences(shown: Statement, _: Screen = PAPER) -> str:
    return shown.text
