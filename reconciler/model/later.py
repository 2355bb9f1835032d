"""What a plan's YAML says otherwise than before, besides the money that moves now, and what is not applied yet."""

from __future__ import annotations

from typing import Literal

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.period import Period


class LaterTarget(Frozen):
    """A month after the plan's own in which a wallet's target differs from the one before.

    None: the YAML has, or had, no such wallet.
    """

    team: str
    environment: str
    wallet: str
    period: Period
    before: Amount | None
    after: Amount | None


class LaterExpectation(Frozen):
    """Something that a team's plan expects otherwise than before; of the organization where `team` is empty.

    `monthly` is by how much that changes `period`, the first month in which it does, and `total` all months to `until`,
    the last one looked at in which it does; zero where it changes none of them, None where the plan alone cannot tell
    the money. What is expected moves no money by itself.

    A `setting` is any other value of the YAML that differs: `key` leads to it in its file, `meaning` says what follows
    from it, `amount` is the money that it stands for, by wallet in `wallets`. `approvers` are those of whom one must
    approve it, by the YAML before it. Plans of earlier versions know expectations alone.
    """

    team: str
    name: str
    before: str
    after: str
    period: Period
    until: Period | None = None
    monthly: Amount | None = None
    total: Amount | None = None
    kind: Literal["expectation", "setting"] = "expectation"
    key: str = ""
    position: str = ""
    meaning: str = ""
    amount: Amount | None = None
    wallets: dict[str, Amount] = {}
    approvers: tuple[str, ...] = ()


class Later(Frozen):
    """What the YAML says otherwise than in the commit `since`; of later months, up to the month `until`.

    `targets` are what wallets get in those months, `expectations` what plans expect, and what of the organization is
    about money, `settings` everything else that differs.
    """

    since: str
    until: Period
    targets: tuple[LaterTarget, ...] = ()
    expectations: tuple[LaterExpectation, ...] = ()
    settings: tuple[LaterExpectation, ...] = ()

    @property
    def declared(self) -> tuple[LaterExpectation, ...]:
        """Every setting that differs, those among the expectations first."""
        return (*(item for item in self.expectations if item.kind == "setting"), *self.settings)


class Unapplied(Frozen):
    """A commit of the default branch that is merged and not applied yet; `teams` is None for the organization's own."""

    commit: str
    teams: tuple[str, ...] | None
