"""GitLab as the registry knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.findings import UsageError
from reconciler.forge.gitlab import ci_run

if TYPE_CHECKING:
    from reconciler.forge.ci_run import CiRun
    from reconciler.forge.protocol import Address, Forge, OwnersFile


class _GitLab:
    words = ci_run.WORDS

    @property
    def address(self) -> Address:
        from reconciler.forge.protocol import Address

        return Address("CI_API_V4_URL", "gitlab.com")

    def api_at(self, host: str) -> str:
        return f"https://{host}/api/v4"

    @property
    def owners_file(self) -> OwnersFile:
        from reconciler.forge.protocol import OwnersFile

        return OwnersFile(
            ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"), (".gitlab/", ".gitlab-ci.yml"), section="Budgets"
        )

    def output(self, name: str, value: str) -> str:
        """Return a line of a dotenv file, which is read line by line."""
        return f"{name.upper()}={' '.join(value.split())}\n"

    def ruleset(self, variables: Mapping[str, str]) -> None:
        """GitLab takes no document: a setting of the project makes merge requests wait for their pipelines."""
        del variables

    def is_named(self, variables: Mapping[str, str]) -> bool:
        return bool(variables.get("GITLAB_TOKEN"))

    def run_of(self, variables: Mapping[str, str]) -> CiRun:
        return ci_run.run_of(variables)

    @contextmanager
    def open(
        self, variables: Mapping[str, str], run: CiRun, *, repository: str | None, recorded_by: str
    ) -> Iterator[Forge]:
        from reconciler.forge.gitlab.channel import DEFAULT_API_URL, Channel, Connection
        from reconciler.forge.gitlab.identity import identify
        from reconciler.forge.gitlab.merge_request import Project
        from reconciler.forge.gitlab.session import GitLab

        name = repository or run.repository
        if not name:
            raise UsageError("no project was named", hint="name it with `--repo GROUP/NAME`, or in CI_PROJECT_PATH")
        address, token = variables.get(self.address.setting) or DEFAULT_API_URL, variables.get("GITLAB_TOKEN", "")
        with Channel(Connection(api_url=address, token=token)) as channel:
            project, identity = Project.at(channel, name), identify(channel)
            own = identity.login if identity.is_bot else ""
            recorder = recorded_by or variables.get("KT_BUDGETS_GITLAB_BOT") or own
            yield GitLab(project, identity, run, recorder=recorder.removeprefix("@"))


PROVIDER = _GitLab()
