"""What is wrong in one file while its place is known only by keys, or by line and column; what is no YAML."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from reconciler.findings import Finding, Keys, Origin, Part, Position, Severity


def problem(
    code: str,
    message: str,
    hint: str,
    keys: Keys = (),
    part: Part = "value",
    *,
    severity: Severity = Severity.ERROR,
    fix: str | None = None,
) -> Finding:
    """Return what is wrong at `keys` of a file that its reader knows."""
    return Finding(Origin("", keys, part), code, severity, message, hint, fix)


def flaw(
    line: int,
    column: int,
    code: str,
    message: str,
    hint: str,
    *,
    severity: Severity = Severity.ERROR,
    fix: str | None = None,
) -> Finding:
    """Return what is wrong at a place of the text of a file that its reader knows; both count from 1."""
    return Finding(Position("", line, column), code, severity, message, hint, fix)


def dotted(keys: Keys) -> str:
    """Return keys as people write a path: `billing_budgets[0].amount`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).lstrip(".")


_CURES = {
    "mapping values are not allowed": "put text that contains `: ` in quotes, or correct the indentation",
    "cannot start any token": "put text that starts with a special character in quotes, and indent with spaces only",
    "expected node content": "write the value that is missing, or close the bracket",
    "did not find expected ',' or": "close the bracket, or put the comma that is missing",
    "could not find expected ':'": "put a colon after the key, or quotes around text that goes over several lines",
    "unexpected end of stream": "close the quotation mark",
    "did not find expected key": "correct the indentation of this line, or the brackets and quotes before it",
    "did not find expected '-' indicator": "correct the indentation of this line, or the brackets and quotes before it",
}


def syntax_flaw(error: YAMLError) -> Finding:
    problem = "it cannot be read"
    line = column = 1
    if isinstance(error, MarkedYAMLError):
        problem = " ".join(filter(None, (error.problem, error.context)))
        begin, mark = error.context_mark, error.problem_mark or error.context_mark
        if begin is not None and begin.line != mark.line:
            problem += f" that begins in line {begin.line + 1}"
        if mark is not None:
            line, column = mark.line + 1, mark.column + 1
    hint = next((cure for words, cure in _CURES.items() if words in problem), "correct the YAML at this place")
    return flaw(line, column, "yaml-syntax", f"this is not YAML: {problem}", hint)
