"""The frame of every page a customer sees: its language, its headers, and the calls it puts into
the inbox.

Pages never write a customer's state: what a visitor says becomes calls, like those of any other
client. They need no script, put nothing personal into an address, and tell no other site where the
visitor came from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from anyio import to_thread
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from orchestrator.api.context import ApiServices, services_of, writer_of
from orchestrator.api.inbox_writer import InboxFull
from orchestrator.api.words import WORDS, Words, choose_language, name_topic
from orchestrator.domain.errors import LinkInvalid
from orchestrator.domain.formatting import format_on_page
from orchestrator.domain.identity import Person
from orchestrator.domain.schedule import find_zone
from orchestrator.intake.calls import Reception, accept_call
from orchestrator.links import LinkPurpose
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.visitors import LinkedMessage, find_linked_message

#: No script, no frame around us, nothing from elsewhere.
_CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _CONTENT_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}

_TEMPLATES = Environment(
    loader=PackageLoader("orchestrator.api"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _moment(at: datetime, zone: str) -> str:
    return format_on_page(at, find_zone(zone) or UTC)


_TEMPLATES.filters["moment"] = _moment
_TEMPLATES.globals["code"] = Markup("<code>{}</code>").format


class PageMissing(Exception):
    """There is no such page: shown kindly. `gone`: the link was genuine once."""

    def __init__(self, gone: bool = False) -> None:
        self.gone = gone
        super().__init__("gone" if gone else "missing")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit to a page, in the visitor's language."""

    request: Request
    language: str

    @property
    def services(self) -> ApiServices:
        """What the page may use."""
        return services_of(self.request)

    @property
    def words(self) -> Words:
        """What pages say in this language."""
        return WORDS[self.language]

    def name_topic(self, topic: str) -> str:
        """A topic as the visitor is told of it: by the name that the project gives it."""
        fallback = self.services.config.project.locale
        own = self.services.topics.name(topic, self.language, fallback)
        return own or name_topic(topic, self.language)

    def show(self, template: str, status: int = 200, **context: object) -> Response:
        """A page from its template."""
        frame = {
            "language": self.language,
            "words": self.words,
            "project": self.services.config.project,
        }
        return render_page(
            self.request, template, status, shop_url=shop_url(self.services), **frame, **context
        )

    async def tell(self, person: Person, *calls: Mapping[str, object]) -> None:
        """Puts calls about a person into the inbox; they are durable on return."""
        services = self.services
        key = "anonymousId" if person.anonymous else "userId"
        reception = Reception(services.clock.now(), services.config.ingest_max_age, "page")
        entries = [accept_call({key: person.id, **call}, reception) for call in calls]
        await writer_of(self.request).put(entries)


def render_page(request: Request, template: str, status: int = 200, **context: object) -> Response:
    """A page from its template. `root` leads to the top, so that pages also work below a prefix of
    a proxy.
    """
    root = "../" * (request.url.path.count("/") - 1) or "./"
    html = _TEMPLATES.get_template(template).render(root=root, **context)
    return HTMLResponse(html, status, PAGE_HEADERS)


def begin_visit(request: Request, *locales: str) -> Visit:
    """A visit by somebody whose locales may be known; else the browser tells the language."""
    accepted = request.headers.get("accept-language", "")
    fallback = services_of(request).config.project.locale
    return Visit(
        request, choose_language([locale for locale in locales if locale], accepted, fallback)
    )


def read_link(request: Request, purpose: LinkPurpose) -> tuple[str, ...]:
    """The ids of the link in the address; raises LinkInvalid."""
    ids = services_of(request).signer.read(request.path_params["token"], purpose)
    if any("\x00" in one for one in ids):  # PostgreSQL cannot be asked for it
        raise PageMissing
    return ids


async def find_message(request: Request, public_id: str) -> LinkedMessage:
    """The message a link came with; raises PageMissing when it no longer exists."""
    message = await to_thread.run_sync(
        find_linked_message, services_of(request).database, public_id
    )
    if message is None:
        raise PageMissing(gone=True)
    return message


def shop_url(services: ApiServices) -> str:
    """Where the shop is; "" when nobody said. The demo serves a small one itself."""
    return services.config.project.website or (
        f"{services.config.public_url}/shop/" if services.demo else ""
    )


# ---------------------------------------------------------------- when something is wrong


def show_missing(request: Request, error: Exception) -> Response:
    """The page for a link that was altered (404), or whose message no longer exists (410)."""
    gone = isinstance(error, PageMissing) and error.gone
    return _show_notice(request, "gone" if gone else "missing", 410 if gone else 404)


def show_busy(request: Request, error: Exception) -> Response:
    """The page for what could not be saved or read just now."""
    response = _show_notice(request, "busy", 503)
    response.headers["Retry-After"] = "5"
    return response


def show_too_long(request: Request, error: Exception) -> Response:
    """The page for a form that holds more than any answer needs."""
    return _show_notice(request, "too_long", 413)


def show_fault(request: Request, error: Exception) -> Response:
    """The page for an error of ours; the server's log has its trace."""
    return _show_notice(request, "fault", 500)


def _show_notice(request: Request, name: str, status: int) -> Response:
    visit = begin_visit(request)
    heading, text = visit.words[f"{name}_heading"], visit.words[f"{name}_text"]
    return visit.show("notice.html", status, heading=heading, text=text)


ERROR_PAGES: Mapping[type[Exception], Callable[[Request, Exception], Response]] = {
    InboxFull: show_busy,
    StoreUnavailable: show_busy,
    LinkInvalid: show_missing,
    PageMissing: show_missing,
}
