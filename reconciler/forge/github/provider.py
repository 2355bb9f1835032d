"""GitHub as the registry knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.findings import UsageError
from reconciler.forge.github import ci_run

if TYPE_CHECKING:
    from reconciler.forge.ci_run import CiRun
    from reconciler.forge.protocol import Address, Forge, OwnersFile
    from reconciler.model.forge_words import ForgeWords


@dataclass(frozen=True, slots=True)
class GitHubProvider:
    words: ForgeWords

    @property
    def address(self) -> Address:
        from reconciler.forge.protocol import Address

        return Address("GITHUB_API_URL", "github.com")

    def api_at(self, host: str) -> str:
        return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"

    @property
    def owners_file(self) -> OwnersFile:
        from reconciler.forge.protocol import OwnersFile

        return OwnersFile((".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"), (".github/",))

    def output(self, name: str, value: str) -> str:
        return ci_run.output(name, value)

    def ruleset(self, variables: Mapping[str, str]) -> Mapping[str, Any]:
        from reconciler.forge.github.channel import DEFAULT_API_URL
        from reconciler.forge.github.ruleset import ruleset

        address = variables.get(self.address.setting) or DEFAULT_API_URL
        return ruleset(is_github_com=address.rstrip("/") == DEFAULT_API_URL)

    def is_named(self, variables: Mapping[str, str]) -> bool:
        return bool(variables.get("GITHUB_TOKEN"))

    def run_of(self, variables: Mapping[str, str]) -> CiRun:
        return ci_run.run_of(variables)

    @contextmanager
    def open(
        self, variables: Mapping[str, str], run: CiRun, *, repository: str | None, recorded_by: str
    ) -> Iterator[Forge]:
        from reconciler.forge.github.channel import DEFAULT_API_URL, Channel, Connection
        from reconciler.forge.github.identity import ACTIONS, identify
        from reconciler.forge.github.repository import Repository
        from reconciler.forge.github.session import GitHub

        name = repository or run.repository
        if not name:
            hint = "name it with `--repo OWNER/NAME`, or in GITHUB_REPOSITORY"
            raise UsageError("no repository was named", hint=hint)
        named = Repository.parse(name)
        connection = Connection(
            api_url=variables.get(self.address.setting) or DEFAULT_API_URL,
            token=variables.get("GITHUB_TOKEN", ""),
            members_token=variables.get("KT_BUDGETS_MEMBERS_TOKEN", ""),
        )
        with Channel(connection) as channel:
            identity = identify(channel, named=variables.get("KT_BUDGETS_GITHUB_LOGIN"))
            app = (recorded_by or identity.app or ACTIONS).removesuffix("[bot]")
            server = variables.get("GITHUB_SERVER_URL") or "https://github.com"
            yield GitHub(channel, named, identity, app, run, server, self.words)
