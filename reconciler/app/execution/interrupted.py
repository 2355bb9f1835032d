"""Resume: prove or finish an interrupted run, with the ways out that only a person can choose."""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.app.apply_environment import apply_environment, logged
from reconciler.app.disbelief import refuse_unborne, repaired
from reconciler.app.journal_place import move_here
from reconciler.app.listening import note
from reconciler.app.session import load_desired
from reconciler.apply.acceptance import Accepted
from reconciler.findings import UsageError
from reconciler.journal.journal import read_records
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class WayOut:
    """What a person says who knows more than the journal; `reason` is recorded with who said it.

    `lost` is an operation that cannot come any more; `accepted` are operations (OP or OP=TXN) about which the ledger is
    right as it stands; `repair` goes on from what is whole of the journal; `moves` moves it to the git remote that
    org.yaml names; `owner` is whose lock is broken. Raises UsageError where a reason is missing.
    """

    lost: str | None = None
    accepted: tuple[str, ...] = ()
    repair: bool = False
    moves: bool = False
    reason: str = ""
    owner: str | None = None

    def __post_init__(self) -> None:
        if self.named and not self.reason.strip():
            raise UsageError(
                f"{self.named} needs a reason", hint='add --reason "how you know"; it is kept in the journal'
            )

    @property
    def named(self) -> str:
        """The option that a person answers for, if one was given."""
        if self.lost:
            return "--assume-lost"
        if self.accepted:
            return "--accept"
        return "--repair-journal" if self.repair else "--move-journal" if self.moves else ""


def resume(settings: Settings, way: WayOut | None = None, *, settle: float = 60.0, wait: float = 0.0) -> Result | None:
    """Prove or finish what earlier runs left open, and return what became of it; None where nothing was open.

    `settle` and `wait` are seconds, as `Terms` has them. Operations keep their ids, and nothing has to be approved
    again.

    Raises:
        UsageError: an operation that is not in the journal, a journal that is not there to be moved, or another month.
        LockHeldError: another run goes on.
        RemoteError: Keeptrusts or the journal cannot be read whole.
    """
    settings.refuse_month()
    way = way or WayOut()
    desired, _ = load_desired(settings)
    reason = way.reason.strip()
    if way.moves:
        note(move_here(settings, desired.organization.organization, reason))
    if way.repair and (said := repaired(settings, desired.organization.organization, reason)):
        note(said)
        way = replace(way, repair=False)
    elif not way.repair:
        refuse_unborne(settings, read_records(settings.journal, folder=settings.root))
    result = _resumed(settings, desired, way, settle=settle, wait=wait)
    if way.named:
        about = ", ".join(way.accepted) or way.lost or ""
        note(f"Recorded in the journal: {way.named} {about}".rstrip() + f", because {reason}")
    return result


def _resumed(settings: Settings, desired: Desired, way: WayOut, *, settle: float, wait: float) -> Result | None:
    from reconciler.apply.resume import Permission, resume

    permission = Permission(
        operation=way.lost,
        reason=way.reason.strip(),
        owner=way.owner,
        accepted=tuple(map(Accepted.parse, way.accepted)),
        repair=way.repair,
    )
    wallets = {key: wallet.currency for key, wallet in desired.wallets.items()}
    with apply_environment(settings, desired, settle=settle, label="Resuming", wait=wait) as environment:
        found = resume(desired.organization.organization, environment, permission, wallets=wallets)
    return logged(found) if found else None
