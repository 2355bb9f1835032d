"""What is said about an export without the columns that money needs: what to write into `org.yaml`, tried before."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.findings import UsageError
from reconciler.model.usage import RowIssue
from reconciler.usage.columns import (
    KNOWN_NAMES,
    MissingColumnsError,
    candidates,
    currency_of,
    foreign_currency,
    key,
    own_columns,
    scopes,
)
from reconciler.usage.dialect import dialect_of
from reconciler.usage.files import is_url
from reconciler.usage.formats import Format
from reconciler.usage.layouts import Names, columns_of
from reconciler.usage.scans import Scan
from reconciler.usage.trial import ColumnProposal, Trial
from reconciler.usage.unpack import PlainFile

_SHOWN_VALUES = 3
_SHOWN_FILES = 5
_PLAIN_YAML = re.compile(r"[A-Za-z_][A-Za-z0-9_/.-]*")
_DATA = re.compile(r"\d{4}-\d\d-\d\d.*|[-+]?\d+([.,]\d+)?")
_YAML_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
_IMPOSSIBLE = {
    "timestamp": "no column holds the moment of an event: export again with one (`2026-06-10T12:00:00Z`)",
    "cost": "no column holds what an event cost (list prices, prices per unit and costs of a part do not say it):"
    " export again with one",
}


@contextmanager
def with_proposals(
    connection: Backend, files: Sequence[PlainFile], names: Names, known_wallets: Collection[str]
) -> Iterator[None]:
    """Turn a MissingColumnsError into an error that says what to do, as far as the export itself shows it."""
    try:
        yield
    except MissingColumnsError as error:
        file = next(file for file in files if file.name == error.path)
        trial = Trial(connection, file, names, error.found, known_wallets)
        raise UsageError(_what(error, names), hint=_hint(trial, error.missing)) from error


def unmapped_ids(connection: Backend, scans: Sequence[Scan], names: Names) -> list[RowIssue]:
    """Return an issue for each kind of export without `id` of which another column tells its rows apart."""
    issues = []
    for scan in scans:
        file = scan.files[0]
        found = columns_of(connection, file, names)
        trial = Trial(connection, file, names, found, ()) if found else None
        column = trial.propose(()).columns.get("id") if trial and not trial.has_id() else None
        if trial and column:
            mapping = ", ".join(f"{name}: {each}" for name, each in _mapping(trial, {"id": column}).items())
            issues.append(RowIssue(file.name, 0, ID_NOT_MAPPED, _ID_NOT_MAPPED.format(_yaml(column), mapping)))
    return issues


ID_NOT_MAPPED = "id-not-mapped"
_ID_NOT_MAPPED = (
    "`{0}` seems to be the id of a row and is not read as one, so a row that is in two exports counts twice; write"
    " `usage: {{columns: {{{1}}}}}` into org.yaml"
)


def _what(error: MissingColumnsError, names: Names) -> str:
    listed = ", ".join(f"`{name.strip()[:60]}`" for name in error.found[:40]) or "none"
    own = [f"`{name}: {column}`" for name, column in own_columns(names).items() if name in error.missing]
    also = f"; the same holds for {_listed(error.others)}" if error.others else ""
    mapped = f"; org.yaml maps {' and '.join(own)}, which is not among them" if own else ""
    lacking = " or ".join(f"`{name}`" for name in error.missing)
    return f"{error.path}: no column for {lacking}; the columns found are {listed}{mapped}{also}"


def _listed(files: Sequence[str]) -> str:
    more = f" and {len(files) - _SHOWN_FILES} more" if len(files) > _SHOWN_FILES else ""
    return ", ".join(files[:_SHOWN_FILES]) + more


def _hint(trial: Trial, missing: Sequence[str]) -> str:
    misplaced = _misplaced_header(trial)
    if misplaced:
        return misplaced
    proposal = trial.propose(missing)
    said = [_told(trial, name) for name in missing if name not in proposal.columns]
    if any(name in proposal.columns for name in missing):
        mapping = _mapping(trial, proposal.columns)
        lines = "".join(f"\n    {name}: {each}{_another(trial, name, each)}" for name, each in mapping.items())
        said.insert(0, f"write into org.yaml{_tried(proposal)}:\nusage:\n  columns:{lines}")
    if (cost := proposal.columns.get("cost")) and (refused := trial.written_otherwise(cost)):
        said.append(f"{refused.message}: {refused.hint}")
    return "\n".join(said)


def _misplaced_header(trial: Trial) -> str:
    """Return what to do about a CSV file whose first line is no header, "" where it is one."""
    file = trial.file
    if file.format is not Format.CSV:
        return ""
    name = shlex.quote(file.name)
    dialect = dialect_of(file.name, Path(file.path), ())
    for line, row in dialect.sample:
        if all(candidates(each, row) for each in ("timestamp", "cost")):
            command = f"tail -n +{line} {name} > table.csv"
            return f"the header seems to be line {line}; take away what stands above it: `{command}`"
    if any(_DATA.fullmatch(column.strip()) for column in trial.found):
        header = dialect.delimiter.join(f"column{at}" for at in range(1, len(trial.found) + 1))
        return (
            f"line {dialect.skip + 1} seems to be an event and no header; put a line above it that names the columns:"
            f" `(echo '{header}'; cat {name}) > table.csv`, with `timestamp`, `team_id` and `cost` in their places"
        )
    return ""


def _tried(proposal: ColumnProposal) -> str:
    if not proposal.tried:
        return ""
    return f" (tried on this file: {proposal.readable:,} of {proposal.tried:,} rows can be read)"


def _another(trial: Trial, name: str, column: str) -> str:
    """Return the comment that names the other cost of a FOCUS export."""
    if name != "cost" or key(column) != key("BilledCost"):
        return ""
    effective = next((each for each in trial.found if key(each) == key("EffectiveCost")), None)
    return f"  # or {effective}, which spreads what was paid ahead" if effective else ""


def _mapping(trial: Trial, proposed: Mapping[str, str]) -> dict[str, str]:
    """Return what `columns:` is to hold, as YAML: what it holds now, as far as it is of use, and what is proposed."""
    present = {key(column) for column in trial.found}
    kept = {name: column for name, column in own_columns(trial.names).items() if key(column) in present}
    merged = kept | {name: column.strip() for name, column in proposed.items()}
    return {name: _yaml(merged[name]) for name in KNOWN_NAMES if name in merged}


def _yaml(column: str) -> str:
    plain = _PLAIN_YAML.fullmatch(column) and column.casefold() not in _YAML_WORDS
    return column if plain else json.dumps(column, ensure_ascii=not column.isprintable())


def _told(trial: Trial, name: str) -> str:
    """Return what to do about a column that cannot be proposed."""
    by = scopes(trial.found) if name == "team_id" else []
    nested = trial.nested(name, of_wallets=True) if name == "team_id" else None
    nested = nested or (trial.nested(name) if not by else None)
    if nested:
        outer, _, inner = nested.partition(".")
        cure = _flattened(trial.file, name, outer, inner)
        return f"`{name}` is inside `{outer}` (`{nested}`), and only a column of its own can be read: {cure}"
    if name == "timestamp" and (moments := trial.moments()):
        choices = " or ".join(f"`timestamp: {_yaml(each.strip())}`" for each in moments)
        return f"several columns hold moments; write the one at which an event was below `columns:`: {choices}"
    if name == "cost" and (abroad := trial.in_another_currency()):
        return _in_another_currency(trial, abroad)
    if name != "team_id":
        return _IMPOSSIBLE[name]
    teams = "export again with a column `team_id` that holds the `team_id` of a wallet in each row"
    if not by:
        return f"no column names a team: {teams}"
    scope = by[0].strip()
    values = ", ".join(f"`{value}`" for value in sorted(set(trial.values[by[0]]))[:_SHOWN_VALUES]) or "none"
    return (
        f"no column names a team: if each {scope} is one team, write `team_id: {_yaml(scope)}` below `columns:` too,"
        f" and its values ({values}) as `team_id` of the wallets; else {teams}"
    )


def _in_another_currency(trial: Trial, column: str) -> str:
    ours, written = currency_of(trial.names), column.strip()
    mapping = ", ".join(f"{name}: {each}" for name, each in _mapping(trial, {"cost": column}).items())
    return (
        f"`{written}` is in {foreign_currency(column, ours)} by its name, and org.yaml says `currency: {ours}`; amounts"
        f" of two currencies are never added: export again with a cost in {ours}, or, if `{written}` is in {ours} all"
        f" the same, write `usage: {{columns: {{{mapping}}}}}` into org.yaml"
    )


def _flattened(file: PlainFile, name: str, outer: str, inner: str) -> str:
    if not file.is_json or is_url(file.name):
        return f"export again with a column `{name}`"
    path = "".join(f"[{json.dumps(part)}]" for part in (outer, *inner.split(".")))
    program = f".. | objects | select(has({json.dumps(outer)})) | . + {{{name}: .{path}}}"
    return f"`gzip -cdf {shlex.quote(file.name)} | jq -c {shlex.quote(program)} > flat.jsonl` makes such a file"
