"""What a use case about pull requests did, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.findings import ExitCode
from reconciler.model.json_text import json_text
from reconciler.report.screen import PAPER, Screen


@dataclass(frozen=True, slots=True)
class Statement:
    """Sentences, and the same as `facts`, the fields of a document of format `kt-budgets.NAME/1`.

    Without facts the sentences are the same in every format.
    """

    name: str
    facts: Mapping[str, Any]
    text: str
    exit_code: ExitCode = ExitCode.DONE
    notices: tuple[tuple[str, str, str], ...] = ()

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json`."""
        del screen
        if format_ != "json" or not self.facts:
            return self.text
        document = {"format": f"kt-budgets.{self.name}/1", **self.facts}
        return json_text(document).rstrip()
