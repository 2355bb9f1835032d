"""What a job in CI learns: outputs for the next steps, written when a command ends, and its summary.

`changed` (true or false), `digest` of a plan, `outcomes` (a JSON object that counts them by their status), `pending`
(how many pull requests are not applied as a whole), `failure_reason` (sentences) and `exit_code`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.findings import ExitCode
from reconciler.redaction import without_secrets

if TYPE_CHECKING:
    from reconciler.forge.ci_run import CiRun
    from reconciler.model.merges import LandingOutcome, Merges

_TELLING = frozenset(["plan", "apply", "resume", "drift", "validate", "pr"])
_LONGEST = 2000
_KNOWN: dict[str, str] = {}


def forget() -> None:
    """Begin a command: nothing that an earlier one of this process told is its own."""
    _KNOWN.clear()


def tell(**outputs: str | bool) -> None:
    """Remember values for the steps after this one; a later value of the same name counts."""
    for name, value in outputs.items():
        _KNOWN[name] = str(value).lower() if isinstance(value, bool) else value


def told_outcomes(statuses: Iterable[str]) -> dict[str, str | bool]:
    """Return what became of the changes of all runs of a command, to be told."""
    from reconciler.model.json_text import json_line

    counted = Counter(statuses)
    return {"outcomes": json_line(counted), "changed": counted["applied"] > 0}


def told_merges(found: Merges) -> dict[str, str | bool]:
    """Return what became of everything that was merged, how much is pending, and what is to be done about it."""
    runs = [found.resumed, found.put_back, *(landing.run for landing in found.landings)]
    told = told_outcomes(outcome.status.value for run in runs if run for outcome in run.outcomes)
    told["pending"] = str(found.pending)
    left = [landing for landing in found.landings if not landing.is_done]
    if left:
        listed = (f"{_called(one)}: {one.status}. {one.reason} {one.cure}".strip() for one in left)
        told["failure_reason"] = "; ".join(listed)
    return told


def _called(one: LandingOutcome) -> str:
    from reconciler.app.forge_session import forge_words

    words = forge_words()
    return f"{words.request} {one.pull_request}" if one.pull_request else words.landed(None, one.commit)


def hand_over(command: str, code: int) -> str:
    """Write what was told, and why the command failed if it did, for the steps after this one.

    Returns why that was not possible, an empty text where it was.
    """
    told = dict(_KNOWN)
    _KNOWN.clear()
    path = _run().outputs if command in _TELLING else ""
    if not path:
        return ""
    if code not in (ExitCode.DONE, ExitCode.PENDING):
        meanings = {int(known): known.description for known in ExitCode}
        told.setdefault("failure_reason", meanings.get(code, f"exit code {code}"))
    text = "".join(_entry(name, value) for name, value in {**told, "exit_code": str(int(code))}.items())
    return _appended(path, text, "the outputs of this step")


def add_to_summary(markdown: str) -> str:
    """Add Markdown to the summary of the job that runs us; outside of CI there is none.

    Returns why that was not possible, an empty text where it was.
    """
    path = _run().summary
    return _appended(path, f"{markdown}\n", "the job summary") if path else ""


def _run() -> CiRun:
    from reconciler.app.forge_session import run_of_now

    return run_of_now()


def _appended(path: str, text: str, what: str) -> str:
    try:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        return f"{what} cannot be written: {error.strerror}"
    return ""


def _entry(name: str, value: str) -> str:
    from reconciler.forge.registry import provider_of
    from reconciler.settings import environment

    shown = without_secrets(value).encode("utf-8", errors="replace").decode("utf-8")[:_LONGEST]
    return provider_of(environment()).output(name, shown)
