"""What the YAML parser objects to, said with its place and the usual cure."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from reconciler.findings import Finding
from reconciler.source.problem import flaw

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
    """Return the flaw that stands for what the parser stopped at."""
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
