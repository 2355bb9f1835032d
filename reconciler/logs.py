"""Logs of what is sent and received: to stderr, as text or as JSON lines. Headers and tokens are never logged."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from reconciler.model.json_text import json_line
from reconciler.redaction import without_secrets


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        return json_line(
            {
                "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": without_secrets(record.getMessage()),
            },
            sort_keys=False,
        )


class TextFormatter(logging.Formatter):
    """One line for people."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


_NOWHERE = logging.NullHandler()
"""Where logs of libraries go: their stack traces and their secrets would be on stderr as they are."""


def configure(*, verbosity: int, format: str) -> None:
    """Send the logs of `reconciler` to stderr: warnings, with -v requests and decisions, with -vv details.

    Who asked for no details reads sentences, without the names of modules.
    """
    handler = logging.StreamHandler(sys.stderr)
    line = "%(levelname)s %(name)s: %(message)s" if verbosity else "kt-budgets: %(message)s"
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter(line))
    logger = logging.getLogger("reconciler")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel({0: logging.WARNING, 1: logging.INFO}.get(verbosity, logging.DEBUG))
    logging.getLogger().addHandler(_NOWHERE)


def details_of(error: BaseException) -> str:
    """Keep the details of an unexpected error in a file, without secrets, and return where."""
    import tempfile
    import traceback

    details = without_secrets("".join(traceback.format_exception(error)))
    with tempfile.NamedTemporaryFile(
        "w", prefix="kt-budgets-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(details)
    return file.name
