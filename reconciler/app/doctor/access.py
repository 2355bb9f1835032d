"""Checks of how Keeptrusts is reached: the token, whose it is, what it may do, and the clocks of both sides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.findings import ExitCode, RejectedError, UnauthorizedError, UnreadableError
from reconciler.http.failures import shown
from reconciler.journal.git_lock import LEASE

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject

BILLING = "org:billing"
_TOLERATED = timedelta(seconds=30)
_NO_OFFSET = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?")
_SECRET = re.compile(r"KEEPTRUSTS_API_TOKEN[\"']?\s*[:=]\s*[\"']?\$\{?\{?\s*(?:secrets\.)?([A-Za-z_]\w*)")
_WRITES = re.compile(r"kt-budgets (?:pr )?(?:apply|resume)\b")
_ADDRESS = "--api-url or KEEPTRUSTS_API_URL"
_SPLIT = "give plan a token that can read and create export jobs alone, and keep the one with org:billing for apply"


def look_at_token(subject: Subject) -> Iterator[Seen]:
    try:
        identity = subject.identity
    except UnauthorizedError as error:
        if not (wanted := _other_scheme(subject)):
            raise
        words = f"{error.message}; this server asks for {wanted}, and the token is always sent as Authorization: Bearer"
        yield failed(words, f"{error.hint}; no setting changes how the token is sent", error.exit_code)
        return
    except UnreadableError as error:
        words = f"set {_ADDRESS} to the address whose /v1/auth/whoami answers in JSON"
        yield failed(error.message, words, error.exit_code)
        return
    except RejectedError as error:
        words = f"{error.hint}: set {_ADDRESS} to the address that /v1/auth/whoami follows"
        yield failed(error.message, words if error.status == 404 else error.hint, error.exit_code)
        return
    yield passed(
        f"the token is good at {subject.connection.host}, as {shown(identity.principal or 'nobody', limit=80)}"
    )


def _other_scheme(subject: Subject) -> str:
    """Return how the last answer wants to be asked, where that is not with a bearer token."""
    wanted = subject.answers[-1].heard.headers.get("www-authenticate", "") if subject.answers else ""
    scheme = wanted.partition(" ")[0]
    return "" if scheme.lower() in ("", "bearer") else shown(scheme, limit=40)


def look_at_organization(subject: Subject) -> Iterator[Seen]:
    found, declared = subject.identity.organization, subject.desired.organization.organization
    if found == declared:
        yield passed(f"the token belongs to `{shown(found, limit=80)}`, as the YAML says")
        return
    path = subject.desired.organization_path
    yield failed(
        f"the token belongs to `{shown(found, limit=80)}`, and the YAML is for `{shown(declared, limit=80)}`",
        f"use a token of `{shown(declared, limit=80)}`, or correct `organization` in {path}",
        ExitCode.REMOTE,
    )


def look_at_permissions(subject: Subject) -> Iterator[Seen]:
    permissions = subject.identity.permissions
    if not permissions:
        yield not_checked("Keeptrusts does not tell what this token may do", "try `kt-budgets plan`, which only reads")
    elif BILLING in permissions:
        yield passed(f"the token may move money ({BILLING})")
    else:
        yield passed(f"the token can read and may not move money: enough for plan; apply needs one with {BILLING}")


def look_at_split(subject: Subject) -> Iterator[Seen]:
    """Compare what the workflows hand to plan and to apply, and say what the token at hand could do."""
    reading, writing = _secrets(subject.top)
    both = sorted(reading & writing)
    if both:
        yield warning(f"workflows that plan and workflows that apply use the same token, {', '.join(both)}", _SPLIT)
    elif reading and writing:
        yield passed(f"plan uses {', '.join(sorted(reading))}, apply {', '.join(sorted(writing))}")
    if BILLING in subject.identity.permissions:
        yield warning("the token at hand may move money, and looking needs one that can only read", _SPLIT)
    elif subject.identity.permissions:
        yield passed("the token at hand can only read")
    elif not (reading or writing):
        yield not_checked("no workflow names a token, and Keeptrusts does not tell what this one may do", _SPLIT)


def _secrets(top: Path) -> tuple[set[str], set[str]]:
    """Return the names of the tokens that plans are made with, and of those that money is moved with."""
    reading: set[str] = set()
    writing: set[str] = set()
    for path, job_at in ((top / ".gitlab-ci.yml", ""), *((path, "  ") for path in workflows(top))):
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for job in re.split(rf"^{job_at}[\w-]+:\s*$", text, flags=re.MULTILINE):
            (writing if _WRITES.search(job) else reading).update(_SECRET.findall(job))
    return reading, writing


def workflows(top: Path) -> list[Path]:
    """Return the files of workflows below the top of a repository."""
    return sorted(path for path in (top / ".github" / "workflows").glob("*.y*ml") if path.is_file())


def look_at_clock(subject: Subject) -> Iterator[Seen]:
    told = [skew for answer in subject.answers if (skew := answer.skew) is not None]
    if not told:
        silent = "no answer of Keeptrusts tells its time (there is no Date header)"
        yield not_checked(silent if subject.answers else "Keeptrusts gave no answer")
        return
    skew = min(told, key=abs)
    words = f"this machine's clock is {_span(skew)} {'ahead of' if skew > timedelta() else 'behind'} that of Keeptrusts"
    mended = "set this machine's clock (`timedatectl set-ntp true`), or have that of the server set"
    if abs(skew) >= LEASE:
        yield failed(words, mended, ExitCode.LOCKED)
    elif abs(skew) > _TOLERATED:
        yield warning(words, mended)
    else:
        yield passed("this machine's clock and that of Keeptrusts agree within 30 seconds")


def _span(skew: timedelta) -> str:
    seconds = round(abs(skew).total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"


def look_at_time_zone(subject: Subject) -> Iterator[Seen]:
    """Compare days here and in UTC, and look for instants that do not say their offset."""
    bare = sum(
        _without_offset(value) for answer in subject.answers for one in answer.objects() for value in one.values()
    )
    if bare:
        yield warning(
            f"{bare} instants that Keeptrusts told name no time zone; they are taken as UTC",
            "ask whoever runs Keeptrusts whether they are UTC: else entries near midnight count in the wrong month",
        )
    local = subject.now.astimezone()
    offset = local.utcoffset() or timedelta()
    if offset:
        yield passed(f"this machine is at {local:%z} from UTC; days and months are UTC here and in Keeptrusts")
    else:
        yield passed("this machine's days are UTC days, as those of Keeptrusts are")


def _without_offset(value: object) -> bool:
    return isinstance(value, str) and _NO_OFFSET.fullmatch(value) is not None
