"""What a plan's YAML says otherwise than before, besides the money that moves now, and what is not applied yet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef


class LaterTarget(Frozen):
    """A month after the plan's own in which a wallet's target differs from the one before.

    None: the YAML has, or had, no such wallet.
    """

    team: str = Field(description="The team.")
    environment: str = Field(description="The environment.")
    wallet: WalletRef = Field(description="The wallet's team id in Keeptrusts.")
    period: Period = Field(description="The month, YYYY-MM.")
    before: Amount | None = Field(description="Money of that month so far; null where the YAML had no such wallet.")
    after: Amount | None = Field(description="Money of that month now; null where the YAML has no such wallet.")


class LaterExpectation(Frozen):
    """Something that a team's plan expects otherwise than before; of the organization where `team` is empty.

    `monthly` is by how much that changes `period`, the first month in which it does, and `total` all months to `until`,
    the last one looked at in which it does; zero where it changes none of them, None where the plan alone cannot tell
    the money. What is expected moves no money by itself.

    A `setting` is any other value of the YAML that differs: `key` leads to it in its file, `meaning` says what follows
    from it, `amount` is the money that it stands for, by wallet in `wallets`. `approvers` are those of whom one must
    approve it, by the YAML before it, and one of `also_approvers` as well. Plans of
    earlier versions know expectations alone.
    """

    team: str = Field(description="The team; empty for the organization.")
    name: str = Field(description="What it is called.")
    before: str = Field(description="Its value so far, in words.")
    after: str = Field(description="Its value now, in words.")
    period: Period = Field(description="The first month that it changes, YYYY-MM.")
    until: Period | None = Field(None, description="The last month looked at that it changes, YYYY-MM.")
    monthly: Amount | None = Field(
        None, description="Money by which it changes the first of these months; null where that cannot be told."
    )
    total: Amount | None = Field(
        None, description="Money by which it changes all of these months; null where that cannot be told."
    )
    kind: Literal["expectation", "setting"] = Field(
        "expectation", description="Something that a plan expects, or any other value of the YAML."
    )
    key: str = Field("", description="Keys that lead to the value in its file.")
    position: str = Field("", description="Where it stands: file:line:column.")
    meaning: str = Field("", description="What follows from it, as a sentence.")
    amount: Amount | None = Field(None, description="Money that the value stands for.")
    wallets: dict[str, Amount] = Field({}, description="The same money by wallet.")
    approvers: tuple[str, ...] = Field((), description="Owners of whom one must approve it, by the YAML before it.")
    also_approvers: tuple[str, ...] = Field(
        (), description="Owners of whom one must approve it as well: of a team that is renamed, those of new teams."
    )


class Later(Frozen):
    """What the YAML says otherwise than in the commit `since`; of later months, up to the month `until`.

    `targets` are what wallets get in those months, `expectations` what plans expect, and what of the organization is
    about money, `settings` everything else that differs.
    """

    since: str = Field(description="The commit that the YAML is compared with.")
    until: Period = Field(description="The last month looked at, YYYY-MM.")
    targets: tuple[LaterTarget, ...] = Field((), description="What wallets get otherwise in later months.")
    expectations: tuple[LaterExpectation, ...] = Field(
        (), description="What plans expect otherwise, and what of the organization is about money."
    )
    settings: tuple[LaterExpectation, ...] = Field((), description="Everything else that differs.")

    @property
    def declared(self) -> tuple[LaterExpectation, ...]:
        """Every setting that differs, those among the expectations first."""
        return (*(item for item in self.expectations if item.kind == "setting"), *self.settings)


class Unapplied(Frozen):
    """A commit of the default branch that is merged and not applied yet; `teams` is None for the organization's own."""

    commit: str = Field(description="The commit.")
    teams: tuple[str, ...] | None = Field(
        description="The teams whose YAML it changes; null for the organization's own."
    )
