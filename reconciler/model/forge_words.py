"""What people on a forge call things: a pull request here is a merge request there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForgeWords:
    """`recorder` is who alone can record a plan; `recording` is how to become one.

    `sign` stands before the number of a `request`, a `pipeline` is what runs the commands in CI, and `token` is the
    variable that lets them talk to the forge. `afterwards` is how to approve what is merged, where that is another way.
    """

    forge: str
    request: str
    sign: str
    pipeline: str
    recorder: str
    recording: str
    token: str
    afterwards: str = ""
