"""The step that calls a server outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from orchestrator.domain.effects import DecisionKind, Effect
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Scope, Value
from orchestrator.domain.outlets import notice
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Enrollment
from orchestrator.domain.step import Action, Step, StepMoment
from orchestrator.domain.value_class import value_class
from orchestrator.domain.values import as_text
from orchestrator.domain.webhook_port import (
    ANSWER_WAIT,
    ANSWERED,
    GIVE_UP,
    BodyKind,
    Pieces,
    Secret,
    WebhookRequest,
)

# ---------------------------------------------------------------- what a request is written as


@dataclass(frozen=True, slots=True)
class SecretText:
    """Text of values, each plain or computed, and of secrets. A lone value keeps its type."""

    parts: tuple[Value | Secret, ...]

    def pieces(self, scope: Scope, spell: Callable[[str], str] = str) -> Iterator[str | Secret]:
        """The text now; what is computed is spelled as the place wants it."""
        for part in self.parts:
            if isinstance(part, Secret):
                yield part
            else:
                text = as_text(part.evaluate(scope))
                yield spell(text) if part.trees else text

    @property
    def lone(self) -> Value | None:
        """The only value, where nothing else stands there."""
        part = self.parts[0] if len(self.parts) == 1 else None
        return part if isinstance(part, Value) else None


@dataclass(frozen=True, slots=True)
class JsonList:
    """A list of a body."""

    items: tuple[JsonNode, ...]


@dataclass(frozen=True, slots=True)
class JsonMap:
    """A map of a body."""

    members: tuple[tuple[str, JsonNode], ...]


JsonNode = SecretText | JsonList | JsonMap


@dataclass(frozen=True, slots=True)
class RequestForm:
    """A request as its journey writes it."""

    method: str
    url: SecretText
    headers: tuple[tuple[str, SecretText], ...] = ()
    body: JsonNode | None = None

    def request(self, scope: Scope) -> WebhookRequest:
        """What it is now. A body that is written as text goes out as it is, any other as JSON."""
        is_text = isinstance(self.body, SecretText) and not _is_plain_data(self.body, scope)
        return WebhookRequest(
            self.method,
            _url(self.url, scope),
            tuple((name, tuple(text.pieces(scope))) for name, text in self.headers),
            _body(self.body, scope, is_text=is_text),
            BodyKind.TEXT if is_text else BodyKind.JSON,
        )


def _url(url: SecretText, scope: Scope) -> Pieces:
    """What is put into a URL cannot end its part of it; one that is computed as a whole stays."""
    if url.lone is not None:
        return tuple(url.pieces(scope))
    return tuple(url.pieces(scope, lambda text: quote(text, safe="")))


def _is_plain_data(body: SecretText, scope: Scope) -> bool:
    return body.lone is not None and isinstance(body.lone.evaluate(scope), dict | list)


def _body(body: JsonNode | None, scope: Scope, *, is_text: bool) -> Pieces | None:
    if body is None:
        return None
    if is_text and isinstance(body, SecretText):
        return tuple(body.pieces(scope))
    return tuple(_joined(_as_json(body, scope)))


def _as_json(node: JsonNode, scope: Scope) -> Iterator[str | Secret]:
    match node:
        case JsonMap(members):
            for number, (name, item) in enumerate(members):
                yield f"{', ' if number else '{'}{_dump(name)}: "
                yield from _as_json(item, scope)
            yield "}" if members else "{}"
        case JsonList(items):
            yield "["
            for number, item in enumerate(items):
                yield ", " if number else ""
                yield from _as_json(item, scope)
            yield "]"
        case SecretText() if node.lone is not None:
            yield _dump(node.lone.evaluate(scope))
        case SecretText():
            yield '"'
            for piece in node.pieces(scope):
                yield _dump(piece)[1:-1] if isinstance(piece, str) else piece
            yield '"'


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=_spell)


def _spell(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else as_text(value)


def _joined(pieces: Iterator[str | Secret]) -> Iterator[str | Secret]:
    """The same with neighbouring texts in one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            yield from (text, piece)
            text = ""
    yield text


# ---------------------------------------------------------------- the step


@dataclass(frozen=True, slots=True)
class Webhook(Action):
    """A call to a server outside, whose answer nobody waits for."""

    form: RequestForm

    word = "webhook"
    calls_out = True

    def words(self) -> str:
        """`POST`, and no address: customers' data or a key may be part of it."""
        return say("{method}, to a server outside", method=self.form.method)

    def act(self, moment: StepMoment) -> None:
        _call(moment, self.form, keeps_answer=False)


@dataclass(frozen=True, slots=True)
class AskingWebhook(Action):
    """A call whose answer is kept in a variable: it is waited for, an hour at most."""

    form: RequestForm
    save_as: str

    word = "webhook"
    takes_time = True
    calls_out = True

    @property
    def awaits(self) -> str:
        return ANSWERED

    def words(self) -> str:
        """`GET, to a server outside; its answer is kept as stock`."""
        told, name = self.form.method, self.save_as
        return say(
            "{method}, to a server outside; its answer is kept as {name}", method=told, name=name
        )

    def take(self, moment: StepMoment) -> None:
        """Calls who has just come; who has waited in vain goes on."""
        enrollment = moment.enrollment
        if enrollment.held_out:
            Action.take(self, moment)
        elif _is_asked(enrollment):
            enrollment.variables.pop(self.save_as, None)
            moment.decide(DecisionKind.CHANGED, Reason.NO_ANSWER, names=[self.save_as])
            moment.go_on()
        else:
            self.act(moment)

    def act(self, moment: StepMoment) -> None:
        _call(moment, self.form, keeps_answer=True)
        enrollment = moment.enrollment
        enrollment.variables.pop(self.save_as, None)  # that of an earlier pass
        arrived = enrollment.arrived_at or moment.now
        until = max(arrived, moment.base) + ANSWER_WAIT
        moment.hold_until(until, DecisionKind.WAITING, Reason.ANSWER)

    def hear(self, moment: StepMoment, events: Sequence[Event]) -> None:
        key = answer_key(moment.enrollment)
        for event in events:
            answers = event.kind is Kind.EMITTED and event.name == ANSWERED
            said = event.properties
            # in a journey's `tests:` it is the step that is named: a test has no calls
            if answers and (said.get("to") == key or said.get("step") == moment.enrollment.step):
                self._keep(moment, event)
                return

    def waits_like(self, other: Step) -> bool:
        """What is asked does not say how long is waited."""
        return isinstance(other, AskingWebhook)

    def _keep(self, moment: StepMoment, event: Event) -> None:
        answer = {name: event.properties.get(name) for name in ("status", "body")}
        moment.enrollment.variables[self.save_as] = answer
        moment.decide(DecisionKind.CHANGED, Reason.ANSWERED, names=[self.save_as])
        moment.base = moment.count_from(event.at)
        moment.go_on()


def _is_asked(enrollment: Enrollment) -> bool:
    """Whether the call was decided: since then the step is due later than it was reached."""
    arrived, due = enrollment.arrived_at, enrollment.due_at
    return arrived is not None and due is not None and due > arrived


def _call(moment: StepMoment, form: RequestForm, *, keeps_answer: bool) -> None:
    request = form.request(moment.scope())
    moment.add(WebhookDue(moment.now, moment.enrollment, moment.enrollment.step or "",
                          moment.enrollment.pass_no, request, keeps_answer))  # fmt: skip
    moment.decide(DecisionKind.WEBHOOK)


def tell(moment: StepMoment, url: Pieces, said: Mapping[str, object]) -> None:
    """Has a server of the shop's know what a step gave; the customer's story says nothing of it."""
    enrollment = moment.enrollment
    moment.add(WebhookDue(moment.now, enrollment, enrollment.step or "", enrollment.pass_no,
                          notice(url, said), False))  # fmt: skip


def answer_key(enrollment: Enrollment) -> dict[str, object]:
    """Where an answer belongs: what stays of an enrollment whatever it is merged into."""
    return key_of_call(
        enrollment.journey, enrollment.step or "", enrollment.pass_no, enrollment.entered_at
    )


def key_of_call(journey: str, step: str, pass_no: int, entered_at: datetime) -> dict[str, object]:
    """The same, by its parts."""
    return {
        "journey": journey,
        "step": step,
        "pass": pass_no,
        "entered_at": entered_at.isoformat(),
    }


@value_class
class WebhookDue(Effect):
    """A server outside is to be called; its key is (enrollment, step, pass)."""

    at: datetime
    enrollment: Enrollment
    step: str
    pass_no: int
    request: WebhookRequest
    keeps_answer: bool

    @property
    def expires_at(self) -> datetime:
        """Until when it is tried."""
        return self.at + (ANSWER_WAIT if self.keeps_answer else GIVE_UP)
