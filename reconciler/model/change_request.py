"""What commands about a pull request print as documents: what was said there, who approved, and what is missing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen

_NUMBER = "The pull request's number."
_COMMENT = "What became of the comment, such as `created`, `updated`, `unchanged` or `superseded`."
IN_A_FORK = "in a fork"
_CHECK = (
    "What became of the check run, such as `published`, `unchanged`, `not allowed` or `left out`;"
    f" `{IN_A_FORK}` where the forge takes none of what is in a fork alone."
)


class CommentDocument(Document):
    """What became of a pull request's comment. With `--dry-run` nothing is sent, and `body` is what would be."""

    commands: ClassVar = ("pr comment",)
    format: Literal["kt-budgets.comment/1"] = "kt-budgets.comment/1"
    pull_request: int | None = Field(description=f"{_NUMBER[:-1]}; null where a dry run knows none.")
    comment: str = Field(description=_COMMENT)
    url: str = Field(description="Where it is; empty where there is none.")
    check: str = Field(description=_CHECK)
    suggestions: int | None = Field(None, description="How many suggested changes were published.")
    suggestions_outside: int | None = Field(None, description="How many are about lines that cannot be commented.")
    suggestions_held: int | None = Field(None, description="How many were held back, because there are so many.")
    body: str | None = Field(None, description="The comment in Markdown, where it was not sent.")

    def fields(self) -> dict[str, Any]:
        """Return this as a JSON object; what was not asked for is not in it."""
        return {name: value for name, value in super().fields().items() if value is not None or name == "pull_request"}


class CheckDocument(Document):
    """What became of the check run `kt-budgets / plan`, which holds the record of the plan."""

    commands: ClassVar = ("pr check",)
    format: Literal["kt-budgets.check/1"] = "kt-budgets.check/1"
    pull_request: int = Field(description=_NUMBER)
    check: str = Field(description=_CHECK)


class ApprovedInstead(Frozen):
    """The organization's owners approved in place of those who are named, because none of these could."""

    team: str | None = Field(description="The team that it is about; null for the whole change.")
    owners: tuple[str, ...] = Field(description="Who is named.")
    reason: str = Field(description="What the approval is needed for, in words.")
    approved_by: tuple[str, ...] = Field(description="Who approved instead.")
    why: str = Field(description="Why none of those who are named could, in words.")


class ApprovalDocument(Document):
    """A merge commit that may be applied: its pull request was approved as it was shown."""

    commands: ClassVar = ("pr approval",)
    format: Literal["kt-budgets.approval/1"] = "kt-budgets.approval/1"
    pull_request: int = Field(description=_NUMBER)
    head: str = Field(description="The last commit of its branch, which was approved.")
    approved_by: tuple[str, ...] = Field(description="Who approved it; empty where nobody has to.")
    stale: tuple[str, ...] = Field(description="Teams whose plan is not the one that was shown.")
    recorded: str = Field(description="Digest of the plan that was recorded for that commit.")
    stood_in: tuple[ApprovedInstead, ...] = Field(description="Who approved in place of owners who could not.")


class LastAppliedDocument(Document):
    """The budgets here are those that were applied last."""

    commands: ClassVar = ("pr approval --last-applied",)
    format: Literal["kt-budgets.last-applied/1"] = "kt-budgets.last-applied/1"
    commit: str = Field(description="The commit that was applied last.")


class MissingApproval(Frozen):
    """An approval that is missing."""

    team: str | None = Field(description="The team that alone is not applied; null for the whole change.")
    owners: tuple[str, ...] = Field(description="Of whom one must approve.")
    reason: str = Field(description="What the approval is needed for, in words.")
    near_misses: tuple[str, ...] = Field(description="Why approvals that were given do not count, in words.")
    message: str = Field(description="What is missing, as a sentence.")
    cure: str = Field(description="What is to be done.")


class Obstacle(Frozen):
    """Something that is not as it should be."""

    message: Told = Field(description="What it is, as a sentence.")
    cure: Told = Field(description="What is to be done.")


class Ruled(Frozen):
    """Whether one pull request may be merged."""

    pull_request: int = Field(description=_NUMBER)
    head: str = Field(description="The commit that was judged.")
    state: Literal["approved", "waiting", "refused", "nothing"] = Field(description="What was found.")
    title: str = Field(description="What the check says, in a line.")
    check: str = Field(description=_CHECK)
    missing: tuple[MissingApproval, ...] = Field(description="The approvals that are missing.")
    problems: tuple[Obstacle, ...] = Field(description="What else stands in the way.")


class GateDocument(Document):
    """What the check to require, `kt-budgets / approval`, says of pull requests."""

    commands: ClassVar = ("pr approval --check",)
    format: Literal["kt-budgets.gate/1"] = "kt-budgets.gate/1"
    pull_requests: tuple[Ruled, ...] = Field(description="Each that was judged.")


class Receipted(Frozen):
    """What became of a receipt on top of a pull request's comment."""

    pull_request: int = Field(description=_NUMBER)
    comment: str = Field(description=_COMMENT)
    url: str = Field(description="Where it is; empty where there is none.")


class ReceiptDocument(Receipted, Document):
    """What became of the receipt of one run of `apply`."""

    commands: ClassVar = ("pr receipt",)
    format: Literal["kt-budgets.receipt/1"] = "kt-budgets.receipt/1"


class ReceiptsDocument(Document):
    """What became of the receipts of what `pr apply` did."""

    commands: ClassVar = ("pr receipt",)
    format: Literal["kt-budgets.receipts/1"] = "kt-budgets.receipts/1"
    receipts: tuple[Receipted, ...] = Field(description="One for each pull request that was concerned.")


class Refreshed(Frozen):
    """Whether the plan of an open pull request is still what was shown."""

    pull_request: int = Field(description=_NUMBER)
    state: str = Field(description="`current`, `stale`, or why that cannot be said, in words.")
    teams: tuple[str, ...] = Field(description="Teams whose plan moved.")


class RefreshDocument(Document):
    """Which open pull requests show a plan that moved since."""

    commands: ClassVar = ("pr refresh",)
    format: Literal["kt-budgets.refresh/1"] = "kt-budgets.refresh/1"
    pull_requests: tuple[Refreshed, ...] = Field(description="Each that is open.")


class ShownRequest(Frozen):
    """What became of one pull request that was to be shown its plan."""

    pull_request: int = Field(description=_NUMBER)
    state: str = Field(
        description="`shown`, `shown as it is`, `no budgets change`, or why it was not planned, in words."
    )


class ShowDocument(Document):
    """Which open pull requests were shown their plan."""

    commands: ClassVar = ("pr show",)
    format: Literal["kt-budgets.show/1"] = "kt-budgets.show/1"
    pull_requests: tuple[ShownRequest, ...] = Field(description="Each that is open, or the one that was named.")


class CodeOwnersDocument(Document):
    """The code owners of the budget files, and what is not as it should be."""

    commands: ClassVar = ("pr codeowners",)
    format: Literal["kt-budgets.codeowners/1"] = "kt-budgets.codeowners/1"
    files: tuple[Told, ...] = Field(description="The files that were looked at.")
    changed: tuple[Told, ...] = Field(description="Those that are not what the budget files say, or were not.")
    problems: tuple[Obstacle, ...] = Field(description="With `--check`: what is not as it should be.")
