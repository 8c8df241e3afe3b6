"""The `tests:` of a journey: what happens to one customer from `start` on, and what the journey
should do.

Times are counted from `start`, as durations, or written as instants.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, create_model

from orchestrator.domain.account import group_call
from orchestrator.domain.agreeing import CONFIRMED
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import Journey
from orchestrator.domain.journey_tests import EarlierMessage, Happening, JourneyTest
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.steps.first_of import FirstOf
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.ways import Split
from orchestrator.domain.values import as_text
from orchestrator.domain.webhook_port import ANSWERED
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import (
    EventName,
    Form,
    Span,
    Text,
    Words,
    duration,
    instant,
)

START = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a Monday morning
RUN_ON = timedelta(days=400)
_HAPPENINGS = ("event", "identify", "group", "start", "business")
MEDIA_WORDS = tuple(medium.value for medium in Medium)
#: What comes from a page of ours, or from the server that a webhook asks.
_OURS = (CONFIRMED, ANSWERED)
_YEARS = range(
    1970, 2200
)  # far from both ends of the calendar, where arithmetic with instants fails


def _moment(value: object) -> timedelta | datetime:
    if not isinstance(value, str):
        raise ValueError(
            say(
                "'{value}' is no time of a test: write 0h, 2d or 2026-01-07 10:00",
                value=as_text(value),
            )
        )
    try:
        return instant(value)
    except ValueError:  # then it is counted from the start
        return duration(value)


Moment = Annotated[timedelta | datetime, BeforeValidator(_moment, json_schema_input_type=str)]

# ---------------------------------------------------------------- the forms

SomeForm = TypeVar("SomeForm", bound=Form)


def names_messages(form: type[SomeForm]) -> type[SomeForm]:
    """The form with a key for each medium, which holds the template of a message."""
    media: dict[str, Any] = {medium.value: (Text | None, None) for medium in Medium}
    named: type[SomeForm] = create_model(
        form.__name__, __base__=form, __module__=form.__module__, **media
    )
    named.not_built = form.not_built.difference(MEDIA_WORDS)
    return named


class EventForm(Form):
    """Something that happens in a test: an event, who somebody is or where they belong, or a start
    by hand; `by` one of the others, else by the customer.
    """

    at: Moment
    event: EventName | None = None
    identify: dict[str, object] | None = None
    group: dict[str, object] | None = None
    start: Text | None = None
    business: EventName | None = None
    properties: dict[str, object] | None = None
    by: Text | None = None


@names_messages
class ExpectForm(Form):
    """Something that a test expects of the journey."""

    at: Moment
    coupon: str | int | float | None = None
    reward: Literal["customer", "referrer"] | None = None
    task: Literal["call", "letter", "visit"] | None = None
    audience: Text | None = None
    onsite: Text | None = None
    not_done: Text | None = None
    exit: Text | None = None
    not_sent: Text | None = None
    not_granted: Text | None = None
    emit: EventName | None = None
    start: Text | None = None


@names_messages
class SentForm(Form):
    """A message that the customer got before the test begins."""

    ago: Span
    journey: Text | None = None


class GivenForm(Form):
    """What already is when a test begins."""

    stage: Text | None = None
    sent: list[SentForm] = Field(default_factory=list)
    empty_pools: Words = Field(default_factory=list)
    variants: dict[str, Text] = Field(default_factory=dict)
    account: dict[str, object] | None = None
    others: dict[str, dict[str, object]] = Field(default_factory=dict)


class TestForm(Form):
    """One entry of `tests:`."""

    __test__ = False  # not a class of pytest's

    test: Text
    start: Annotated[datetime, BeforeValidator(instant, json_schema_input_type=str)] | None = None
    until: Moment | None = None
    given: GivenForm = GivenForm()
    customer: dict[str, object] = Field(default_factory=dict)
    events: list[EventForm] = Field(default_factory=list)
    expect: list[ExpectForm]


# ---------------------------------------------------------------- reading


def read_tests(forms: list[TestForm], journey: Journey, place: Place) -> tuple[JourneyTest, ...]:
    """The tests of a journey; faults are reported at their place."""
    readers = (_TestReader(form, journey, place.at(index)) for index, form in enumerate(forms))
    return tuple(reader.read() for reader in readers)


def _account_in(
    written: dict[str, object], default: str = "account"
) -> tuple[str, dict[str, object]]:
    """An account's id and traits, which are written together."""
    traits = {name: value for name, value in written.items() if name != "id"}
    return as_text(written["id"]) if written.get("id") else default, traits


def _messages_of(journey: Journey) -> Iterator[tuple[Medium, str]]:
    for step in journey.walk_steps():
        for message in step.messages if isinstance(step, FirstOf) else (step,):
            if isinstance(message, Message):
                yield message.medium, message.template


class _TestReader:
    """Reads one test: `start` decides what a time means."""

    def __init__(self, form: TestForm, journey: Journey, place: Place) -> None:
        self._form, self._journey, self._place = form, journey, place
        self.business: list[Event] = []
        self.of_others: list[tuple[str, Event]] = []
        given = form.given.account
        self._account = _account_in({} if given is None else given)
        self._sent_by_steps = frozenset(_messages_of(journey))
        self._start = form.start or START
        if self._start.year not in _YEARS:
            place.at("start").error(
                say("a test begins between 1970 and 2199: write a date such as 2026-01-05 10:00")
            )
            self._start = START
        self._until = timedelta(days=3650)  # no limit, while `until` itself is read
        self._until = RUN_ON if form.until is None else self._after(form.until, place.at("until"))

    def read(self) -> JourneyTest:
        form, place = self._form, self._place
        sent = tuple(self._sent())
        self._check_variants()
        if form.given.stage is not None:
            place.at("given", "stage").check_known(
                say("stage"), form.given.stage, place.known.stages
            )
        return JourneyTest(
            name=form.test,
            start=self._start,
            until=self._until,
            customer=form.customer,
            stage=form.given.stage,
            sent=sent,
            empty_pools=tuple(form.given.empty_pools),
            variants=form.given.variants,
            account=None if form.given.account is None else self._account,
            others=form.given.others,
            events=tuple(self._events()),
            events_of_others=tuple(self.of_others),
            business=tuple(sorted(self.business, key=attrgetter("at"))),
            expect=tuple(self._expected()),
            line=place.line,
        )

    def _sent(self) -> Iterator[EarlierMessage]:
        for index, form in enumerate(self._form.given.sent):
            word = self._check_words(form, MEDIA_WORDS, self._place.at("given", "sent", index))
            if word is not None:
                yield EarlierMessage(
                    form.ago, Medium(word), getattr(form, word), form.journey or ""
                )

    def _events(self) -> Iterator[Event]:
        for index, form in enumerate(self._form.events):
            place = self._place.at("events", index)
            for event in self._event(index, form, place):
                if form.by is None:
                    yield event
                elif place.at("by").check_known(say("customer"), form.by, frozenset(self._others)):
                    self.of_others.append((form.by, event))

    @property
    def _others(self) -> dict[str, dict[str, object]]:
        return self._form.given.others

    def _event(self, index: int, form: EventForm, place: Place) -> Iterator[Event]:
        word = self._check_words(form, _HAPPENINGS, place)
        at = self._start + self._after(form.at, place.at("at"))
        properties = form.properties or {}
        if word in ("identify", "group") and form.properties is not None:
            place.at("properties").error(
                say("`{word}` holds the traits itself: `{word}: {{plan: pro}}`", word=word)
            )
        if word == "identify":
            yield Event(at, Kind.IDENTIFY, "", form.identify or {}, index)
        elif word == "group":
            yield group_call(at, _account_in(form.group or {}, self._account[0]), index)
        elif word == "start":
            self._check_start(form.start or "", place.at("start"))
            yield Event(at, Kind.START, form.start or "", properties, index)
        elif word == "business":
            business = Event(at, Kind.EMITTED, form.business or "", properties, index)
            self.business.append(business)
        elif word == "event":
            name = form.event or ""
            kind = Kind.EMITTED if name in _OURS else Kind.TRACK
            yield Event(at, kind, name, properties, index)

    def _check_start(self, written: str, place: Place) -> None:
        if written != self._journey.id:
            place.error(
                say("a test runs its journey alone: write `start: {id}`", id=self._journey.id)
            )

    def _check_variants(self) -> None:
        splits = {step.id: step for step in self._journey.walk_steps() if isinstance(step, Split)}
        for step, name in self._form.given.variants.items():
            place = self._place.at("given", "variants", step)
            if place.check_known(say("split"), step, frozenset(splits)):
                named = frozenset(one.name for one in splits[step].variants)
                place.check_known(say("variant of {step}", step=step), name, named)

    def _expected(self) -> Iterator[Happening]:
        others = (name for name in ExpectForm.model_fields if name not in ("at", *MEDIA_WORDS))
        words = (*MEDIA_WORDS, *others)
        for index, form in enumerate(self._form.expect):
            place = self._place.at("expect", index)
            word = self._check_words(form, words, place)
            if word in MEDIA_WORDS:
                self._check_template(Medium(word), getattr(form, word), place.at(word))
            if word is not None:
                yield Happening(
                    self._after(form.at, place.at("at")), word, as_text(getattr(form, word))
                )

    def _check_template(self, medium: Medium, name: str, place: Place) -> None:
        known = place.known.templates
        if (medium, name) in self._sent_by_steps:
            return  # its step tells of a template that is not there
        if known is not None and place.known.templates_required:
            of_medium = frozenset(template for kind, template in known if kind is medium)
            place.check_known(say("{medium} template", medium=medium), name, of_medium)

    def _check_words(self, form: Form, words: tuple[str, ...], place: Place) -> str | None:
        """The one of several words that is written; None when it is another number, or not built
        (then reported).
        """
        written = [word for word in words if getattr(form, word) is not None]
        if len(written) != 1:
            offered = ", ".join(word for word in words if word not in form.not_built)
            place.error(say("this needs exactly one of: {offered}", offered=offered))
            return None
        if written[0] in form.not_built:
            place.at(written[0]).not_built(say("`{written}` in a test", written=written[0]))
            return None
        return written[0]

    def _after(self, moment: timedelta | datetime, place: Place) -> timedelta:
        """How long after the start a moment comes."""
        after = moment - self._start if isinstance(moment, datetime) else moment
        if after < timedelta(0):
            place.error(say("this lies before the test begins: times count from `start`"))
        elif after > self._until:
            place.error(say("this lies after the test's end: `until`, or 400 days after `start`"))
        return min(max(after, timedelta(0)), self._until)
