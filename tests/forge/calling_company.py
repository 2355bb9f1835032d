"""A company whose one workflow is what `init` writes. What happens there starts what GitHub would start."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from forge.company import Company
from forge.workflow_expressions import filled, value
from forge.workflow_shell import WORKFLOWS, Runner
from ruamel.yaml import YAML

from reconciler.app.starting.installed import known_by
from reconciler.app.starting.templates import workflow

FILE = ".github/workflows/budgets.yml"
_OURS = re.compile(r"keeptrusts/kt-budgets/(\.github/\S+)@v\S+")
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+(?: \|\| [\w.-]+)*)\s*\}\}")


@dataclass
class CallingCompany(Company):
    """A company that copied one file. `jobs` are those that it kept of it; `settings` its variables and secrets.

    A job of a workflow that is called knows what it is handed, and the secret of an environment only a job that
    names it, in the company's own file.
    """

    jobs: tuple[str, ...] = ("budgets", "money")
    settings: dict[str, str] = field(default_factory=dict)

    @cached_property
    def copied(self) -> dict[str, Any]:
        text = workflow("github", folder=self.budgets, runs=known_by(None))[FILE]
        document: dict[str, Any] = YAML(typ="safe").load(text)
        return document

    def happened(
        self, event: str, *, ref: str = "", commit: str = "", by_hand: Mapping[str, str] | None = None, **payload: Any
    ) -> dict[str, Runner]:
        """Run each job that an event starts, and return how it went by its name; the default is the default branch."""
        branch = self.repository.main
        starts = self.copied["on"]
        types = (starts[event] or {}).get("types") if event in starts and event != "schedule" else None
        if event not in starts or (types and payload["action"] not in types):
            return {}
        if event != "schedule":  # whose payload need not say of which repository it is
            payload |= {"repository": {"default_branch": branch, "full_name": self.github.repository}}
        ref = ref or f"refs/heads/{branch}"
        github = {
            "event_name": event,
            "event": {**payload, "inputs": by_hand},
            "ref": ref,
            "ref_name": ref.removeprefix("refs/heads/").removeprefix("refs/tags/").removeprefix("refs/pull/"),
            "repository": self.github.repository,
            "workflow_ref": f"{self.github.repository}/{FILE}@{ref}",
            "token": "ghs_actions",
        }
        variables = {"KEEPTRUSTS_API_URL": self.sandbox.url, "BUDGETS_APP_CLIENT_ID": "Iv1.app", **self.settings}
        contexts = {"github": github, "vars": variables, "inputs": by_hand or {}}
        return dict(self._started(contexts, commit or self.repository.git("rev-parse", branch)))

    def _started(self, contexts: dict[str, Any], commit: str) -> Iterator[tuple[str, Runner]]:
        for name in self.jobs:
            job = self.copied["jobs"][name]
            secrets = {"KEEPTRUSTS_READ_TOKEN": self.sandbox.read_token, "BUDGETS_APP_PRIVATE_KEY": "key"}
            if job.get("environment") == "budgets":
                secrets["KEEPTRUSTS_BILLING_TOKEN"] = self.sandbox.billing_token
            known = {**contexts, "secrets": secrets}
            if not value(job.get("if", "true"), known):
                continue
            if "uses" in job:
                handed = {part: _filled(job[part], known) for part in ("with", "secrets")}
                called = {**contexts, "inputs": handed["with"], "secrets": handed["secrets"]}
                yield from self._called(_ours(job["uses"]), called, commit)
            else:
                (step,) = job["steps"]
                given = _filled(step["with"], known)
                yield name, self._run(_ours(step["uses"])["runs"], {**contexts, "inputs": given, "secrets": {}}, commit)

    def _called(
        self, document: Mapping[str, Any], contexts: dict[str, Any], commit: str
    ) -> Iterator[tuple[str, Runner]]:
        for name, job in document["jobs"].items():
            needed = job.get("needs")
            if (needed is None or needed in contexts.get("needs", {})) and value(job.get("if", "true"), contexts):
                ran = self._run(job, contexts, commit)
                given = {output: filled(text, _nested(ran.values)) for output, text in job.get("outputs", {}).items()}
                contexts = {**contexts, "needs": {**contexts.get("needs", {}), name: {"outputs": given}}}
                yield name, ran

    def _run(self, document: Mapping[str, Any], contexts: Mapping[str, Any], commit: str) -> Runner:
        github = contexts["github"]
        given = _EXPRESSION.findall(str([document.get("env"), [step.get("env") for step in document["steps"]]]))
        names = [name for either in given for name in either.split(" || ")]
        known = {name: filled(f"${{{{ {name} }}}}", contexts) for name in names if not name.startswith("steps.app.")}
        known["github.ref"] = github["ref"]
        installed = [step["with"] for step in document["steps"] if "/actions/kt-budgets@" in step.get("uses", "")]
        assert {filled(given["budgets"], contexts) for given in installed} <= {self.budgets}
        return self.run_job(document, known, commit=commit, event=github["event"], by=github["event_name"])


def _ours(used: str) -> dict[str, Any]:
    """Return what a name of ours stands for: a workflow, or an action."""
    match = _OURS.fullmatch(used)
    assert match, used
    path = WORKFLOWS.parents[1] / match[1]
    document: dict[str, Any] = YAML(typ="safe").load(path / "action.yml" if path.is_dir() else path)
    return document


def _filled(given: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, str]:
    return {name: filled(text, contexts) for name, text in given.items()}


def _nested(values: Mapping[str, str]) -> dict[str, Any]:
    """Return values by dotted names as contexts."""
    found: dict[str, Any] = {}
    for name, text in values.items():
        *above, last = name.split(".")
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place[last] = text
    return found
