"""The one way in which a budget file is laid out: only blanks, line ends and empty lines differ from what was there.

Nothing is dumped again: tokens and comments keep their text and order. Blocks are two blanks further in than what they
belong to, lists too, and lines within brackets move with the line
that opens them; there is one blank after `:`, `,` and `-` and none within brackets; a comment behind a value has
two blanks or more before it. What is laid out anew is read again: where it would say anything else it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]
from ruamel.yaml.error import YAMLError

from reconciler.findings import Finding
from reconciler.source.characters import readable
from reconciler.source.parse import parse
from reconciler.source.problem import flaw, syntax_flaw

_OPENING = ("FlowSequenceStartToken", "FlowMappingStartToken")
_CLOSING = ("FlowSequenceEndToken", "FlowMappingEndToken")
_BLOCKS = ("BlockMappingStartToken", "BlockSequenceStartToken")
_CURED = ("byte-order-mark", "windows-line-ends")
_STEP = 2
_WITH_INDENT = re.compile(r"[|>][+-]?[1-9]")


class LayoutError(Exception):
    """A text cannot be laid out without saying something else; `finding` says why and where in it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def _refusal(message: str, hint: str, line: int = 1) -> LayoutError:
    return LayoutError(flaw(line, 1, "not-laid-out", message, hint))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    start: tuple[int, int]
    end: tuple[int, int]


@dataclass(slots=True)
class _Line:
    """What stands on a line: its tokens, how far in it goes, and in which block that is."""

    tokens: list[_Token] = field(default_factory=list)
    indent: int = 0
    block: int = 0
    inner: bool = False


def laid_out(text: str) -> str:
    """Return `text` in its one layout; LayoutError where that would change a value or a comment."""
    flaws = [each for each in readable(text.encode("utf-8"))[1] if each.code not in _CURED]
    if flaws:
        raise LayoutError(flaws[0])
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    parsed = parse(plain.encode("utf-8"))
    if parsed.value is None and parsed.flaws:
        raise LayoutError(parsed.flaws[-1])
    try:
        tokens = list(_tokens(plain))
    except YAMLError as error:
        raise LayoutError(syntax_flaw(error)) from error
    lines = plain.split("\n")
    result = _Layout(lines, tokens).text()
    if not _says_the_same(plain, result):
        raise _refusal("it cannot be laid out without changing what it says", "lay it out by hand")
    return result


def _tokens(text: str) -> Iterator[_Token]:
    parser = CParser(text.encode("utf-8"))
    while (token := parser.get_token()) is not None:
        start, end = token.start_mark, token.end_mark
        yield _Token(type(token).__name__, (start.line, start.column), (end.line, end.column))


def _says_the_same(before: str, after: str) -> bool:
    one, other = (parse(text.encode("utf-8")) for text in (before, after))
    told = [[(flaw.code, flaw.message) for flaw in each.flaws] for each in (one, other)]
    return (
        repr(one.value) == repr(other.value)
        and told[0] == told[1]
        and list(_comments(before)) == list(_comments(after))
    )


def _comments(text: str) -> Iterator[str]:
    """Yield the comments: what stands on a line behind its last token, or on one without any."""
    lines = text.split("\n")
    layout = _Layout(lines, list(_tokens(text)))
    for number, line in enumerate(layout.lines):
        rest = lines[number][_reached(line, number) :].strip()
        if rest.startswith("#") and (line.tokens or not line.inner):
            yield rest


def _reached(line: _Line, number: int) -> int:
    """Return the column behind the last token of a line; a token that goes on is not over there."""
    ends = [token.end[1] if token.end[0] == number else 10**9 for token in line.tokens]
    return max(ends, default=0)


class _Layout:
    """Lays one text out, line by line."""

    def __init__(self, texts: Sequence[str], tokens: Sequence[_Token]) -> None:
        self.texts, self.lines = texts, [_Line() for _ in texts]
        self._blocks: list[tuple[str, int]] = []
        self._depth = 0
        for token in tokens:
            self._place(token)
        self._comment_lines()

    def _place(self, token: _Token) -> None:
        """Note a token on its line, and how far in that line goes where it is the first of it."""
        self._nest(token)
        if token.kind in _CLOSING:
            self._depth -= 1
        if token.start != token.end:
            self._on_line(token)
        if token.kind in _OPENING:
            self._depth += 1

    def _on_line(self, token: _Token) -> None:
        line = self.lines[token.start[0]]
        block = self._blocks[-1][1] if self._blocks else -_STEP
        if not line.tokens and not line.inner:
            line.indent = self._indent(token, block)
        if not line.tokens:
            line.block = block
        line.tokens.append(token)
        for number in range(token.start[0] + 1, token.end[0] + (token.end[1] > 0)):
            self.lines[number].inner = True
            self.lines[number].block = block
        if token.end[0] > token.start[0] and token.end[1] > 0:
            self.lines[token.end[0]].tokens.append(token)

    def _indent(self, token: _Token, block: int) -> int:
        """Return how far in a line goes that begins with `token`; one within brackets moves with the line they open."""
        had = token.start[1]
        if not self._depth and token.kind not in _CLOSING:
            begins = token.kind in ("KeyToken", "BlockEntryToken") or self._begins_key
            indent = max(block if begins else block + _STEP, 0)
            self._moved = indent - had
            return indent
        return max(had + self._moved, block + _STEP, 0)

    def _nest(self, token: _Token) -> None:
        """Follow blocks: each goes in two blanks further than the one that holds it, a list in a mapping too."""
        self._begins_key = token.kind == "ScalarToken" and self._awaits_key
        self._awaits_key = token.kind == "KeyToken" and token.start == token.end
        kind = self._blocks[-1][0] if self._blocks else ""
        here = self._blocks[-1][1] + _STEP if self._blocks else 0
        if token.kind in _BLOCKS:
            self._blocks.append(("list" if token.kind == _BLOCKS[1] else "mapping", here))
        elif token.kind == "BlockEntryToken" and kind == "mapping":
            self._blocks.append(("bare list", here))
        elif token.kind in ("KeyToken", "BlockEndToken") and kind == "bare list" and not self._depth:
            self._blocks.pop()
        if token.kind == "BlockEndToken":
            self._blocks.pop()

    _awaits_key = _begins_key = False
    _moved = 0

    def _comment_lines(self) -> None:
        """Put comments on lines of their own as far in as the line that they stand with."""
        full = [number for number, line in enumerate(self.lines) if line.tokens and not line.inner]
        for number, line in enumerate(self.lines):
            if line.tokens or line.inner or not self.texts[number].strip():
                continue
            after = next((each for each in full if each > number), None)
            line.indent = self._with(number, [each for each in reversed(full) if each < number], after)

    def _with(self, number: int, before: Sequence[int], after: int | None) -> int:
        """Return how far in the line is that a comment stands with: the next one, or one before of a block within."""
        column = _blanks(self.texts[number])
        if after is not None and (not before or column <= _blanks(self.texts[after])):
            return self.lines[after].indent
        alike = (each for each in before if _blanks(self.texts[each]) <= column)
        return self.lines[next(alike, before[-1])].indent if before else 0

    def text(self) -> str:
        """Return the whole text, without empty lines at its ends or two of them together."""
        made: list[str] = []
        for number, line in enumerate(self.lines):
            done = self._inner(number, line) if line.inner else self._line(number, line)
            if done or line.inner or (made and made[-1]):
                made.append(done)
        while made and not made[-1]:
            made.pop()
        return "\n".join(made) + "\n" if made else ""

    def _line(self, number: int, line: _Line) -> str:
        text = self.texts[number]
        if not line.tokens:
            return f"{' ' * line.indent}{text.strip()}" if text.strip() else ""
        return " " * line.indent + self._joined(number, line.tokens, "")

    def _joined(self, number: int, tokens: Sequence[_Token], made: str) -> str:
        """Return tokens of a line with the blanks that belong between them, and the comment behind them."""
        text, previous = self.texts[number], None
        for token in tokens:
            goes_on = token.end[0] > number
            begun = token.start[1] if token.start[0] == number else 0
            if previous is not None:
                made += _gap(previous, token, text[previous.end[1] : begun])
            made += text[begun : None if goes_on else token.end[1]].rstrip()
            if goes_on:
                return made
            previous = token
        rest = text[previous.end[1] if previous else 0 :]
        comment = rest.strip()
        blanks = rest[: len(rest) - len(rest.lstrip())].replace("\t", " ")
        return made + (f"{blanks if len(blanks) > 1 else '  '}{comment}" if comment else "")

    def _inner(self, number: int, line: _Line) -> str:
        """Return a further line of a value that goes over several: as far in as its block asks for."""
        text, owner = self.texts[number], self._owner(number)
        start = self.texts[owner.start[0]][owner.start[1] :]
        if start[:1] in ("|", ">"):
            return self._of_block(text, owner, start, line.block + _STEP)
        kept = " " * (max(line.block, 0) + _STEP) + text.strip(" \t") if text.strip(" \t") else ""
        if owner.end[0] == number and len(line.tokens) > 1:
            value = text[: owner.end[1]].strip(" \t")
            after = [_Token(owner.kind, (number, 0), owner.end), *line.tokens[1:]]
            rest = self._joined(number, after, "")[owner.end[1] :]
            return " " * (max(line.block, 0) + _STEP) + value + rest
        return kept

    def _owner(self, number: int) -> _Token:
        """Return the token that began on an earlier line and goes on in this one."""
        for line in reversed(self.lines[:number]):
            if line.tokens:
                return line.tokens[-1]
        raise _refusal("a value has no beginning", "correct the YAML first", number + 1)

    def _of_block(self, text: str, owner: _Token, header: str, indent: int) -> str:
        if _WITH_INDENT.match(header):
            hint = "write `|` or `>` without a number"
            raise _refusal("a text says itself how far in it is", hint, owner.start[0] + 1)
        body = self.texts[owner.start[0] + 1 : owner.end[0]]
        least = min((_blanks(each) for each in body if each.strip(" ")), default=0)
        return " " * indent + text[least:] if len(text) > least else ""


def _blanks(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _gap(before: _Token, after: _Token, was: str) -> str:
    """Return what belongs between two tokens of a line."""
    if before.kind in _OPENING or after.kind in (*_CLOSING, "FlowEntryToken"):
        return ""
    if after.kind == "ValueToken":
        return " " if before.kind in ("AliasToken", "KeyToken", "FlowEntryToken") and was else ""
    spaced = ("FlowEntryToken", "ValueToken", "BlockEntryToken", "KeyToken", "AnchorToken", "TagToken")
    return " " if before.kind in spaced or was else ""
