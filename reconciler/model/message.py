"""Messages for chats and other programs: the digest of a document, and what became of sending it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document

About = Literal["plan", "drift", "forecast", "review"]
Service = Literal["slack", "teams", "json"]


class MessageDocument(Document):
    """The digest of a document, as a generic webhook gets it.

    All of it is text for people, in which no name from outside can mention somebody or become a link: a chat that
    shows it does nothing else with it. Programs read the documents themselves.
    """

    commands: ClassVar = ()
    format: Literal["kt-budgets.message/1"] = "kt-budgets.message/1"
    about: About = Field(description="Which document it is a digest of.")
    title: str = Field(description="What is to be known, as a sentence.")
    lines: tuple[str, ...] = Field(description="What is behind it, a sentence each, what matters most first.")
    left_out: int = Field(0, description="How many lines had no room.")
    whole: str = Field(alias="text", description="Title and lines together.")


class NotifiedDocument(Document):
    """What became of a message. With `--dry-run` nothing is sent, and `body` is what would be."""

    commands: ClassVar = ("notify",)
    format: Literal["kt-budgets.notified/1"] = "kt-budgets.notified/1"
    about: About = Field(description="Which document it is a digest of.")
    service: Service = Field(description="Which kind of webhook it is for.")
    sent: bool = Field(description="Whether the service took it.")
    reason: str = Field("", description="Why it was not sent; empty where it was, or was not to be.")
    body: str | None = Field(None, description="The body of the request as JSON text, where it was not to be sent.")
