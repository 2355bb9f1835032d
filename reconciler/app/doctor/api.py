"""Checks of what Keeptrusts answers, against what is expected of it, each with the setting that mends a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.findings import BudgetsError, ExitCode, RemoteError, UnreadableError
from reconciler.http.failures import shown
from reconciler.keeptrusts.fields import FieldError
from reconciler.model.kinds.registry import kinds
from reconciler.report.wording import counted, listed_plainly

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject
    from reconciler.model.live import Live, LiveWallet

RECORD = "`kt-budgets doctor --record DIR` keeps the answers, without names, for whoever maintains kt-budgets"
_MINOR = ("amount_cents", "amount_minor", "balance_cents", "balance_minor", "cents", "minor_units")
_HUNDRED = 100
_NAMED = 5


def look_at_wallets(subject: Subject) -> Iterator[Seen]:
    try:
        directory = subject.directory
    except RemoteError as error:
        yield failed(error.message, mended(subject, error), error.exit_code)
        return
    flaws = [wallet for wallet in directory.wallets if wallet.flaw]
    for wallet in flaws[:_NAMED]:
        yield failed(wallet.flaw, f"no setting mends this; {RECORD}", ExitCode.REMOTE)
    if directory.teams is None:
        words = "teams are not listed for this token, so they are known by their ids alone"
        yield warning(words, "use a token that may list teams (GET /v1/teams)")
    if not flaws:
        teams = f"{counted(len(directory.teams), 'team')} and " if directory.teams is not None else ""
        wallets = counted(len(directory.wallets), "wallet")
        yield passed(f"{teams}{wallets} are listed, beside the organization's own")


def look_at_answers(subject: Subject) -> Iterator[Seen]:
    """Tell in which of the known forms lists come; a list in none of them fails where it is read."""
    listings = [answer.document for answer in subject.answers if answer.heard.path.endswith(("/wallets", "/teams"))]
    forms = {_form(document) for document in listings}
    following = {
        name for one in listings if isinstance(one, Mapping) for name in one if name.startswith(("next", "has_"))
    }
    goes_on = f", pages go on by {listed_plainly(sorted(following))}" if following else ", in one page as it seems"
    yield passed(
        f"lists come {listed_plainly(sorted(forms))}{goes_on}: both are read as they are, no setting is needed"
    )


def _form(document: object) -> str:
    if not isinstance(document, Mapping):
        return "as bare arrays"
    names = [str(name) for name, value in document.items() if isinstance(value, list | Mapping)]
    return f"in `{shown(names[0], limit=40)}`" if names else "in an unknown form"


def look_at_objects(subject: Subject) -> Iterator[Seen]:
    for kind in kinds():
        try:
            listing = subject.reader.objects(kind)
        except BudgetsError as error:
            yield failed(error.message, mended(subject, error), error.exit_code)
            continue
        if listing.offered:
            yield passed(f"{counted(len(listing.objects), kind.noun)} can be read")
        else:
            yield not_checked(f"this Keeptrusts offers no {kind.nouns}", kind.not_offered or "")


def look_at_ledgers(subject: Subject) -> Iterator[Seen]:
    try:
        live = subject.live
    except RemoteError as error:
        yield failed(error.message, mended(subject, error), error.exit_code)
        return
    yield from _around(subject, live)
    wallets = live.wallets.values()
    for wallet in wallets:
        if wallet.unread:
            yield failed(wallet.unread.reason, wallet.unread.hint, ExitCode.REMOTE)
    missing = [str(wallet.key) for wallet in wallets if wallet.id is None]
    if missing:
        yield warning(
            f"in the YAML and not yet in Keeptrusts: {counted(len(missing), 'wallet')}, {listed_plainly(missing)}",
            "correct `team_id` if it is a misprint; else the first money that is given makes the wallet",
        )
    if not any(wallet.unread for wallet in wallets):
        entries = sum(len(wallet.ledger) for wallet in wallets)
        yield passed(f"{counted(len(wallets), 'ledger')} can be read, {entries:,} entries in {subject.settings.period}")


def _around(subject: Subject, live: Live) -> Iterator[Seen]:
    """Yield what is wrong around the wallets that were asked for."""
    for other in live.currency_mismatches:
        yield failed(
            f"{other.key} holds {other.currency}, and the YAML is in {subject.desired.organization.currency}",
            f"correct `currency` in {subject.desired.organization_path}, or name another wallet",
            ExitCode.REFUSED,
        )
    if live.pool is None:
        yield warning("this token cannot see the organization wallet", "use a token of a member of the organization")
    for strange in live.unreadable[:_NAMED]:
        words = f"a {strange.kind.replace('_', ' ')} cannot be understood and is left alone: {strange.reason}"
        yield warning(words, f"no setting mends this; {RECORD}")


def look_at_amounts(subject: Subject) -> Iterator[Seen]:
    """Look for money in cents: by the names of fields, and by funding that is a hundred times what the YAML says."""
    objects = [one for answer in subject.answers for one in answer.objects()]
    named = sorted({name for one in objects for name in one if name in _MINOR})
    hundredfold = [str(wallet.key) for wallet in subject.live.wallets.values() if _is_hundredfold(subject, wallet)]
    if named:
        yield warning(f"answers hold money in cents beside that in the currency itself: {', '.join(named)}", _IN_CENTS)
    if hundredfold:
        words = f"the ledger says exactly 100 times what the YAML does, as cents would: {listed_plainly(hundredfold)}"
        yield failed(words, _IN_CENTS, ExitCode.REFUSED)
    ways = sorted({"texts" if isinstance(one["amount"], str) else "numbers" for one in objects if "amount" in one})
    if not named and not hundredfold:
        currency = subject.desired.organization.currency
        yield passed(f"amounts are in {currency} and not in cents, written as {' and '.join(ways)}, read to the cent")


_IN_CENTS = (
    "apply nothing: no setting tells kt-budgets of amounts in cents; ask whoever runs Keeptrusts which unit"
    " `amount` has"
)


def _is_hundredfold(subject: Subject, wallet: LiveWallet) -> bool:
    target = subject.desired.wallets[wallet.key].target(subject.settings.period).amount
    return target > 0 and wallet.funded(subject.settings.period).amount == target * _HUNDRED


def look_at_descriptions(subject: Subject) -> Iterator[Seen]:
    """Compare what this deployment calls the text of a transaction with what it would be sent as."""
    set_to: str = subject.desired.organization.api.description_field
    other = "note" if set_to == "description" else "description"
    moves = [one for answer in subject.answers for one in answer.objects() if _is_move(one)]
    theirs = sum(bool(one.get(other)) and not one.get(set_to) for one in moves)
    if not moves:
        yield not_checked("no ledger holds an entry yet, so nobody can tell what the text of one is called")
    elif theirs:
        yield failed(
            f"{theirs} of {counted(len(moves), 'ledger entry')} have their text in `{other}`, and it would be sent as"
            f" `{set_to}`",
            f"write `api: {{description_field: {other}}}` into {subject.desired.organization_path}",
            ExitCode.UNKNOWN,
        )
    else:
        yield passed(f"the text of an entry is its `{set_to}`")


def _is_move(one: Mapping[str, Any]) -> bool:
    return "amount" in one and "created_at" in one and ("type" in one or "kind" in one)


def mended(subject: Subject, error: BudgetsError) -> str:
    """Return what mends what an answer lacks: the error's own hint, or that no setting does, and what there is."""
    if not isinstance(error, FieldError):
        return f"{error.hint}; {RECORD}" if isinstance(error, UnreadableError) else error.hint
    last = next((one for answer in reversed(subject.answers) for one in answer.objects() if "id" in one), {})
    names = ", ".join(f"`{shown(str(name), limit=40)}`" for name in list(last)[:20])
    there = f"; the fields there are: {names}" if names else ""
    return f"no setting renames fields of the API{there}. {RECORD}"
