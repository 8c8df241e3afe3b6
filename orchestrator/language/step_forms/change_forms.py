"""Steps that change something about the customer, or about their enrollment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.changes import (
    Mute,
    SetVariables,
    Subscribe,
    Suppress,
    Unsubscribe,
    UpdateTraits,
)
from orchestrator.domain.steps.emit import Emit
from orchestrator.language.plain_forms import EventName, Form, MediumName, Plain, Span, Text
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.step_forms.variables import check_variable, read_values


class SetForm(StepForm, word="set"):
    set: Annotated[dict[str, Plain], Field(min_length=1)]

    def build(self, site: Site) -> Step | None:
        for name in self.set:
            check_variable(name, site.place.at(name), at_key=True)
        return SetVariables(site.id, read_values(self.set, site.place))


class UpdateForm(StepForm, word="update"):
    update: Annotated[dict[str, Plain], Field(min_length=1)]

    def build(self, site: Site) -> Step | None:
        for word in ("trait", "traits", "customer", "set"):
            if isinstance(inside := self.update.get(word), dict):
                named = ", ".join(map(str, inside)) or "trait"
                site.place.at(word).error(
                    say(
                        "`update` names traits at once: write `update: {{{named}: …}}`", named=named
                    ),
                    at_key=True,
                )
        for name in sorted(self.update.keys() & (site.place.known.facts or frozenset())):
            site.place.at(name).warn(
                say(
                    "'{name}' is a fact, counted from events: a trait of that name is never read",
                    name=name,
                ),
                at_key=True,
            )
        return UpdateTraits(site.id, read_values(self.update, site.place))


class EmitOptions(Form):
    id: str | None = None
    event: EventName
    properties: dict[str, Plain] = Field(default_factory=dict)


class EmitForm(StepForm, word="emit"):
    emit: EmitOptions

    def build(self, site: Site) -> Step | None:
        properties = read_values(self.emit.properties, site.place.at("properties"))
        return Emit(site.id, self.emit.event, properties)


class ChannelOptions(Form):
    id: str | None = None
    channel: MediumName


class SubscribeForm(StepForm, word="subscribe"):
    subscribe: Text | ChannelOptions

    def build(self, site: Site) -> Step | None:
        return Subscribe(site.id, *_what(self.subscribe, site))


class UnsubscribeForm(StepForm, word="unsubscribe"):
    unsubscribe: Text | ChannelOptions

    def build(self, site: Site) -> Step | None:
        return Unsubscribe(site.id, *_what(self.unsubscribe, site))


def _what(written: str | ChannelOptions, site: Site) -> tuple[str, Medium | None]:
    """The topic, or the medium, that a step is about."""
    if isinstance(written, ChannelOptions):
        return "", written.channel
    topics = site.place.known.topics
    if written in tuple(Medium) and written not in (topics or ()):
        told = say("`{medium}` is no topic: write `{{channel: {medium}}}`", medium=written)
        (site.place.warn if topics is None else site.place.error)(told)
    else:
        site.place.check_topic(written)
    return written, None


class SuppressForm(StepForm, word="suppress"):
    is_bare = True
    suppress: Literal[True] | None = None

    def build(self, site: Site) -> Step | None:
        return Suppress(site.id)


class MuteOptions(Form):
    id: str | None = None
    for_: Span = Field(alias="for")


class MuteForm(StepForm, word="mute"):
    mute: MuteOptions

    def build(self, site: Site) -> Step | None:
        return Mute(site.id, self.mute.for_)
