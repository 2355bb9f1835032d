"""Left out: a wallet that differs from git and that a run leaves as it was found, until a person says what is meant."""

from __future__ import annotations

from reconciler.model.frozen import Frozen
from reconciler.model.money import Amount


class LeftOut(Frozen):
    """What is left out of a run: `amount` of `currency` in `wallet`, why, and the cure (`hint`)."""

    wallet: str
    amount: Amount
    currency: str
    reason: str
    hint: str
