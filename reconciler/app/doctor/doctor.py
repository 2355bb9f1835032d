"""Doctor: all checks, whatever fails, and the document about them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.app.doctor.check import Check, Seen, failed, failed_by, not_checked
from reconciler.app.doctor.recording import record
from reconciler.app.doctor.registry import CHECKS
from reconciler.app.doctor.subject import Subject, subject_of
from reconciler.app.listening import progress, say
from reconciler.findings import BudgetsError, ExitCode
from reconciler.journal.probe import PROBE
from reconciler.model.doctor import CheckResult, DoctorDocument
from reconciler.redaction import without_secrets
from reconciler.report.renderers import Shown
from reconciler.settings import Settings

_LIGHT = "this installation is a light one, without the package {name}"


def doctor(
    settings: Settings,
    *,
    journal: str | None = None,
    repository: str | None = None,
    record_in: Path | None = None,
    probe: bool = True,
    checks: Iterable[Check] = CHECKS,
) -> Shown:
    """Look at everything, and return what was seen; nothing is raised for what fails.

    Keeptrusts is asked for what it holds and, unless `settings` name files of usage, for an export; nothing is changed
    there. A reference is pushed to the journal's remote and taken away. Both are said before; without `probe` neither
    is done, and what they would show is not checked. `journal` and `repository` are what would be
    named to other commands. In the folder `record_in` the answers of Keeptrusts are kept, without names.

    Raises:
        UsageError: that folder cannot be written.
    """
    results: list[CheckResult] = []
    if probe and not settings.sandbox:
        say(_without_usage(settings), hint="`--no-probe` does none of it: then doctor only reads")
    opened = subject_of(settings, journal=journal, repository=repository, probe=probe)
    with opened as subject, progress("Looking") as advance:
        listed = tuple(checks)
        for number, check in enumerate(listed, start=1):
            results += _results(check, _looked(check, subject, results))
            advance(number, len(listed))
        files = _recorded(subject, record_in) if record_in else ()
    worst = max(found.exit_code for found in results)
    return Shown(DoctorDocument(checks=tuple(results), exit_code=worst, recorded=files), exit_code=worst)


def _without_usage(settings: Settings) -> str:
    job = "" if settings.usage else "asks Keeptrusts for one export job, as `plan` does; "
    return f"{job}pushes the reference {PROBE} to the remote of a journal in git, and takes it away"


def _recorded(subject: Subject, folder: Path) -> tuple[str, ...]:
    if not subject.answers:
        return ()
    desired = subject.loaded.desired
    return (str(record(folder, subject.answers, desired.organization.api.paths.values() if desired else ())),)


def _looked(check: Check, subject: Subject, results: list[CheckResult]) -> list[Seen]:
    for need in check.needs:
        if not _holds([found.status for found in results if found.check == need]):
            return [not_checked(f"`{need}` has to pass first")]
    seen: list[Seen] = []
    try:
        seen.extend(check.look(subject))
    except BudgetsError as error:
        seen.append(failed_by(error))
    except ModuleNotFoundError as error:
        fix = "install kt-budgets whole: run `pip install .` in a clone of it"
        seen.append(not_checked(_LIGHT.format(name=error.name), fix))
    except Exception as error:
        words = f"looking failed: {type(error).__name__}: {error}"
        seen.append(failed(words, "this is a bug in kt-budgets; report the sentence", ExitCode.BUG))
    return seen


def _holds(statuses: list[str]) -> bool:
    return bool(statuses) and "failed" not in statuses and set(statuses) != {"not_checked"}


def _results(check: Check, seen: list[Seen]) -> list[CheckResult]:
    return [
        CheckResult(
            check=check.name,
            area=check.area,
            status=one.status,
            message=without_secrets(one.message),
            why=check.why,
            fix=without_secrets(one.fix),
            exit_code=int(one.code),
        )
        for one in seen
    ]
