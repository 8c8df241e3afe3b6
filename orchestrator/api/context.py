"""What the HTTP side is given by the composition root, and how a handler gets at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request

from orchestrator.api.inbox_writer import Filing, InboxWriter
from orchestrator.api.page_maker import PageMaker
from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.friend_offer import FriendOffer
from orchestrator.domain.survey import Survey
from orchestrator.domain.topics import TopicNames
from orchestrator.links import LinkSigner
from orchestrator.store.database import Database


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything the HTTP side needs.

    `nudge` is called after new calls became durable, from the writer's thread. `render_copy` gives
    the HTML of a mail from its public id, None where there is none; it is called in a thread.
    `friend_offer` is what an invited friend gets (`find_friend_offer`). `pages` makes the
    pages for those who run the shop. `file_calls` makes calls durable, in the inbox where it is
    None.
    """

    database: Database
    clock: Clock
    config: Config
    signer: LinkSigner
    surveys: Mapping[str, Survey]
    write_key: str
    read_key: str
    onsite_secret: str
    mailbox_root: Path
    nudge: Callable[[], None]
    render_copy: Callable[[str], str | None]
    pages: PageMaker
    friend_offer: FriendOffer | None = None
    topics: TopicNames = field(default_factory=TopicNames)
    file_calls: Filing | None = None
    demo: bool = False
    prefect_ui_url: str | None = None


def services_of(request: Request) -> ApiServices:
    """The services of the application that a request came to."""
    services = request.app.state.services
    assert isinstance(services, ApiServices)
    return services


def writer_of(request: Request) -> InboxWriter:
    """The inbox writer of the application that a request came to."""
    writer = request.app.state.writer
    assert isinstance(writer, InboxWriter)
    return writer
