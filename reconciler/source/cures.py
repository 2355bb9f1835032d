"""Findings whose cure is beyond doubt, as suggested changes (decision 0023).

Each was tried on the files as they are: it takes its finding away and brings no error that was not there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconciler.findings import Finding, Keys, Origin, Position
from reconciler.model.suggestion import SuggestedChange
from reconciler.source.characters import readable, without_unwanted
from reconciler.source.edits import EditError, added, offset_of, replaced
from reconciler.source.hunks import Hunk, hunks
from reconciler.source.load import Reading
from reconciler.source.marks import Node, find, keys_at, mark_tree
from reconciler.source.problem import dotted
from reconciler.source.removal import without_item
from reconciler.source.tree import SourceFile

MOST_TRIED = 50
"""How many cures are tried in all. Each is a reading of its file and a check of every rule."""

_SEPARATED = re.compile(r"(?<![\w.,])[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?(?![\w.])")
_POINTLESS = re.compile(r"(?<![\w.,])([0-9]+),([0-9]+%)(?![\w.%]|,[0-9])")
_COMMA_AFTER = re.compile(r"[0-9%],[0-9]")
"""Where what was read ends within `18,5%`: between brackets a comma ends a value."""
_NAME = re.compile(
    r"""(?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')"""
    r"""|(?P<before>(?:^|[\[,:]|-\s)\s*)(?P<name>@[\w./-]+)(?=\s*(?:[,\]}]|$))"""
)
"""A text in quotes, which stays as it is, or a whole value that is a bare name."""

Identity = tuple[str, str, str]


def suggested_cures(reading: Reading) -> tuple[SuggestedChange, ...]:
    """Return, in the order of files and lines, the changes that cure findings; paths are those of the findings."""
    by_path: dict[str, list[_Cure]] = {}
    curable = [_Cure(finding, what) for finding, what in reading.found if what.fix is not None or what.code in _TEXTUAL]
    for cure in sorted(curable, key=lambda cure: cure.finding)[:MOST_TRIED]:
        by_path.setdefault(cure.finding.position.path, []).append(cure)
    files = {file.path: file for file in reading.tree.files}
    return tuple(change for path, cures in by_path.items() for change in _of_file(reading, files[path], cures))


@dataclass(frozen=True, slots=True)
class _Cure:
    finding: Finding
    what: Finding


@dataclass(frozen=True, slots=True)
class _Bench:
    """Where the cures of one file are tried, one upon the other."""

    reading: Reading
    path: str
    seen: dict[str, tuple[Finding, ...]]

    def cured(self, text: str, cure: _Cure) -> str | None:
        """Return the text without the finding, None when the cure does not work there."""
        try:
            edited = _edited(text, cure.what)
        except EditError:
            return None
        before, after = (Counter(map(_identity, self._findings(version))) for version in (text, edited))
        errors = {_identity(finding) for finding in self._findings(edited) if finding.is_error}
        own = _identity(cure.finding)
        return edited if after[own] < before[own] and not errors & set(after - before) else None

    def _findings(self, text: str) -> tuple[Finding, ...]:
        if text not in self.seen:
            self.seen[text] = self.reading.rewritten({self.path: text}).findings
        return self.seen[text]


def _of_file(reading: Reading, file: SourceFile, cures: Sequence[_Cure]) -> Iterator[SuggestedChange]:
    text = file.data.decode("utf-8-sig")
    bench = _Bench(reading, file.path, {text: reading.findings})
    for hunk, taken in hunks(text, cures, bench.cured):
        yield _change(file.path, text, hunk, taken)


def _change(path: str, text: str, hunk: Hunk, taken: Sequence[_Cure]) -> SuggestedChange:
    """Return the suggestion of a hunk; what several cures are about and say is put together."""
    about = [_about(text, cure) for cure in taken]
    return SuggestedChange(
        path=path,
        start_line=hunk.start_line,
        line=hunk.line,
        original=hunk.original,
        replacement=hunk.replacement,
        key=", ".join(dict.fromkeys(key for key, _ in about)),
        before=", ".join(before for _, before in about),
        reason=" ".join(_sentence(cure.finding) for cure in taken),
    )


def _about(text: str, cure: _Cure) -> tuple[str, str]:
    root, what = _marks(text), cure.what
    line = text.split("\n")[cure.finding.position.line - 1].strip()
    if root is None:
        return what.code, line
    keys = _keys(root, what)
    span = _span(text, root, what)
    return dotted(keys) if keys else what.code, text[span[0] : span[1]] if span else line


def _sentence(finding: Finding) -> str:
    said = f"{finding.message}: {finding.hint}"
    return f"{said[:1].upper()}{said[1:]}{'' if said.endswith('?') else '.'}"


def _identity(finding: Finding) -> Identity:
    return finding.position.path, finding.code, finding.message


def _edited(text: str, what: Finding) -> str:
    """Return `text` with the cure in it; EditError where it cannot be written."""
    if isinstance(what.where, Position) and what.code in _TEXTUAL:
        return _TEXTUAL[what.code](text, what)
    root, cure = _marks(text), what.fix
    if root is None or cure is None:
        raise _unreachable()
    if isinstance(what.where, Origin) and what.where.part == "value":
        keys = what.where.keys
        if not cure:
            return without_item(text, root, keys)
        node = find(root, keys)
        if node and _COMMA_AFTER.match(text, offset_of(text, node.end) - 1):
            raise _unreachable()
        return replaced(text, keys, node, cure) if node else added(text, root, keys, cure)
    span = _span(text, root, what)
    if span is None:
        raise _unreachable()
    return f"{text[: span[0]]}{cure}{text[span[1] :]}"


def _span(text: str, root: Node, what: Finding) -> tuple[int, int] | None:
    keys = _keys(root, what)
    parent, node = (find(root, keys[:-1]), find(root, keys)) if keys else (None, None)
    if keys is None or parent is None or node is None:
        return None
    at = parent.children[keys[-1]][0]
    where = what.where
    is_key = where.part == "key" if isinstance(where, Origin) else (where.line, where.column) != node.start
    if not is_key:
        return offset_of(text, node.start), offset_of(text, node.end)
    start, key = offset_of(text, at), str(keys[-1])
    for written in (key, f'"{key}"', f"'{key}'"):
        if text.startswith(written, start):
            return start, start + len(written)
    return None


def _keys(root: Node, what: Finding) -> Keys | None:
    if isinstance(what.where, Origin):
        return what.where.keys
    return keys_at(root, (what.where.line, what.where.column))


def _joined(text: str, flaw: Finding) -> str:
    """Take the separators out of the amount whose end, between brackets, is taken for a key."""
    at = offset_of(text, (flaw.position.line, flaw.position.column))
    for match in _SEPARATED.finditer(text, text.rfind("\n", 0, at) + 1):
        if match.start() < at < match.end():
            return f"{text[: match.start()]}{match[0].replace(',', '')}{text[match.end() :]}"
    raise _unreachable()


def _pointed(text: str, flaw: Finding) -> str:
    """Write a point for the decimal comma of the number whose end, between brackets, is taken for a key."""
    at = offset_of(text, (flaw.position.line, flaw.position.column))
    for match in _POINTLESS.finditer(text, text.rfind("\n", 0, at) + 1):
        if match.start() < at < match.end():
            return f"{text[: match.start()]}{match[1]}.{match[2]}{text[match.end() :]}"
    raise _unreachable()


def _quoted(text: str, flaw: Finding) -> str:
    """Put names that begin with an at sign in quotes, in the line where YAML stops at one."""
    start = offset_of(text, (flaw.position.line, 1))
    at = start + flaw.position.column - 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    comment = text.find(" #", at, end)
    end = end if comment < 0 else comment
    if text[at : at + 1] != "@":
        raise _unreachable()
    return f"{text[:at]}{_NAME.sub(_in_quotes, text[at:end])}{text[end:]}"


def _in_quotes(match: re.Match[str]) -> str:
    return match["quoted"] or f'{match["before"]}"{match["name"]}"'


def _visible(text: str, flaw: Finding) -> str:
    start = offset_of(text, (flaw.position.line, 1))
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return f"{text[:start]}{without_unwanted(text[start:end])}{text[end:]}"


_TEXTUAL: dict[str, Callable[[str, Finding], str]] = {
    "thousands-separator": _joined,
    "decimal-comma": _pointed,
    "invisible-character": _visible,
    "yaml-syntax": _quoted,
}


def _marks(text: str) -> Node | None:
    return mark_tree(readable(text.encode("utf-8"))[0] or b"")


def _unreachable() -> EditError:
    return EditError("the fix cannot be written in place", hint="edit the file by hand")
