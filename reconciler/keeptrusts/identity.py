"""Who the token is, and the check that it belongs to the organization that is meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.findings import UnauthorizedError
from reconciler.http.failures import shown
from reconciler.keeptrusts.failures import unreadable
from reconciler.keeptrusts.fields import Item
from reconciler.model.live import Identity

WHOAMI = "/v1/auth/whoami"


def read_identity(document: Any) -> Identity:
    """Return the identity that the answer to whoami describes."""
    if isinstance(document, Mapping) and isinstance(document.get("data"), Mapping):
        document = document["data"]
    if not isinstance(document, Mapping):
        raise unreadable(f"the answer to GET {WHOAMI}", "it is no object")
    item = Item(f"GET {WHOAMI}", document)
    organization = item.object("organization")
    principal = item.object("principal")
    permissions = item.raw("permissions")
    return Identity(
        organization=organization.text("id") if organization else item.text("organization", "organization_id"),
        organization_name=organization.optional_text("name") if organization else "",
        principal=principal.optional_text("id") if principal else item.optional_text("principal"),
        permissions=frozenset(str(name) for name in permissions) if isinstance(permissions, list) else frozenset(),
    )


def check_organization(identity: Identity, expected: str) -> None:
    """Raise UnauthorizedError unless `identity` belongs to the organization `expected`."""
    if identity.organization == expected:
        return
    raise UnauthorizedError(
        f"the token belongs to organization `{shown(identity.organization, limit=80)}`,"
        f" and the YAML is for `{shown(expected, limit=80)}`; nothing else was read",
        hint=f"use a token of `{shown(expected, limit=80)}`, or correct `organization` in org.yaml",
    )
