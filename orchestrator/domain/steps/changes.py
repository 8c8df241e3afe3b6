"""Steps that change something about the customer, or about their enrollment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.consent import MARKETING, MUTE, ConsentKey, medium_key, topic_key
from orchestrator.domain.effects import ConsentChange, DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Scope, Value
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Choice
from orchestrator.domain.step import Action, Step, StepMoment

#: Names with what is written into them.
Values = tuple[tuple[str, Value], ...]


def names_of(values: Values) -> list[str]:
    """The names, as they were written."""
    return [name for name, _ in values]


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def evaluate(values: Values, scope: Scope) -> dict[str, object]:
    """All of them, as JSON types."""
    return {name: _json(value.evaluate(scope)) for name, value in values}


@dataclass(frozen=True, slots=True)
class SetVariables(Step):
    """Variables of this enrollment. Nothing outside: the control group's are set too."""

    values: Values

    word = "set"

    def words(self) -> str:
        return ", ".join(names_of(self.values))

    def take(self, moment: StepMoment) -> None:
        """Sets them one after the other: each may read those before it."""
        for name, value in self.values:
            moment.enrollment.variables[name] = _json(value.evaluate(moment.scope()))
        moment.enrollment.changed = True
        moment.decide(DecisionKind.CHANGED, Reason.SET, names=names_of(self.values))
        moment.go_on()


@dataclass(frozen=True, slots=True)
class UpdateTraits(Action):
    """Traits of the customer."""

    values: Values

    word = "update"

    def words(self) -> str:
        return ", ".join(names_of(self.values))

    def act(self, moment: StepMoment) -> None:
        traits = evaluate(self.values, moment.scope())
        moment.state.take_traits(traits, moment.now)
        moment.log(Event(moment.now, Kind.IDENTIFY, "", traits, own=True))
        moment.touch()
        moment.decide(DecisionKind.CHANGED, Reason.UPDATE, names=names_of(self.values))


# ---------------------------------------------------------------- consent


@dataclass(frozen=True, slots=True)
class _ConsentStep(Action):
    """About a topic, or, with `channel`, about all messages of a medium."""

    topic: str
    channel: Medium | None = None

    def words(self) -> str:
        return self.channel.spec.plural if self.channel is not None else self.topic

    def _choose(self, moment: StepMoment, granted: bool) -> None:
        choice = _choice(moment, granted)
        said: dict[str, object]
        if self.channel is not None:
            key, said = medium_key(self.channel), {str(self.channel): granted}
        else:
            key, said = topic_key(self.topic), {"topics": {self.topic: granted}}
        moment.state.take_choice(key, choice)
        traits = {"consent": said}
        moment.log(Event(moment.now, Kind.IDENTIFY, "", traits, own=True))
        _log_consent(moment, key, choice)


@dataclass(frozen=True, slots=True)
class Subscribe(_ConsentStep):
    """The customer gets a topic, or what comes by a medium."""

    word = "subscribe"

    def act(self, moment: StepMoment) -> None:
        self._choose(moment, True)


@dataclass(frozen=True, slots=True)
class Unsubscribe(_ConsentStep):
    """The customer gets a topic, or what comes by a medium, no more."""

    word = "unsubscribe"

    def act(self, moment: StepMoment) -> None:
        self._choose(moment, False)


@dataclass(frozen=True, slots=True)
class Suppress(Action):
    """No more marketing at all."""

    word = "suppress"

    def words(self) -> str:
        return say("no more marketing at all")

    def act(self, moment: StepMoment) -> None:
        choice = _choice(moment, False)
        moment.state.suppressed[MARKETING] = choice.source
        _log_consent(moment, MARKETING, choice)


@dataclass(frozen=True, slots=True)
class Mute(Action):
    """No marketing for a while."""

    span: timedelta

    word = "mute"

    def words(self) -> str:
        """`no marketing for 30 d`."""
        return say("no marketing for {span}", span=format_whole_span(self.span))

    def act(self, moment: StepMoment) -> None:
        """Mutes the customer; an earlier mute that lasts longer holds."""
        until = max(moment.now + self.span, moment.state.muted_until or moment.now)
        moment.state.muted_until = until
        _log_consent(moment, MUTE, _choice(moment, False), until)


def _choice(moment: StepMoment, granted: bool) -> Choice:
    return Choice(granted, moment.now, f"journey {moment.enrollment.journey}")


def _log_consent(
    moment: StepMoment, key: ConsentKey, choice: Choice, until: datetime | None = None
) -> None:
    moment.touch()
    moment.add(ConsentChange(choice.at, key, choice, until))
    if until is None:
        moment.decide(DecisionKind.CHANGED, Reason.CONSENT, key=key, granted=choice.granted)
    else:
        moment.decide(DecisionKind.CHANGED, Reason.MUTE, until=until.isoformat())
