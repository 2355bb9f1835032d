"""The files that `kt-budgets pr` takes besides a plan: findings, and suggested changes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from reconciler.findings import UsageError
from reconciler.forge.suggestion import Suggestion
from reconciler.model.plan_finding import PlanFinding
from reconciler.report.escape import escaped

_COMMAND = re.compile(r"kt-budgets [a-z-]{1,30}")


def read_findings(path: Path) -> tuple[PlanFinding, ...]:
    """Return the findings that `kt-budgets validate --format json` wrote into a file."""
    hint = "give the output of `kt-budgets validate --format json`"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != "kt-budgets.findings/1":
            raise ValueError(document["format"])
        return tuple(PlanFinding.model_validate(item) for item in document["findings"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{path} holds no findings", hint=hint) from None


def read_suggestions(path: Path) -> tuple[Suggestion, ...]:
    """Return the suggested changes that a file of format kt-budgets.suggestions/1 holds; unknown fields are ignored."""
    hint = "give what `kt-budgets validate --suggestions FILE` or `recommend --suggestions FILE` wrote"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != "kt-budgets.suggestions/1":
            raise ValueError(document["format"])
        command = str(document.get("command") or "")
        return tuple(_suggestion(item, command) for item in document["suggestions"])
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint="name a readable file") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no suggestions", hint=hint) from None


def _suggestion(item: dict[str, Any], command: str) -> Suggestion:
    return Suggestion(
        path=str(item["path"]),
        start_line=int(item.get("start_line") or item["line"]),
        line=int(item["line"]),
        replacement=str(item["replacement"]),
        reason=escaped(str(item.get("reason", ""))[:2000]),
        original=str(item.get("original", "")),
        key=str(item.get("key", "")),
        before=str(item.get("before", "")),
        command=command if _COMMAND.fullmatch(command) else "",
    )
