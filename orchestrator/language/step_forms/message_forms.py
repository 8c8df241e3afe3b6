"""Steps that send something."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from jinja2 import Environment, TemplateSyntaxError
from pydantic import BeforeValidator, Field

from orchestrator.domain.effects import Receiver
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.first_of import FirstOf
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.suggestion import closest
from orchestrator.domain.tag_faults import explain
from orchestrator.domain.template_names import is_template_name, suggest_name
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Span, Text
from orchestrator.language.step_forms.step_form import Site, StepForm

_ENVIRONMENT = Environment()
SUBJECT_MAX = 998  # characters: the longest line that a mail may have (RFC 5322 §2.1.1)


class MessageOptions(Form):
    id: str | None = None
    template: Text
    subject: str | None = None
    from_: str | None = Field(None, alias="from")
    reply_to: str | None = None
    provider: str | None = None
    to: Literal["customer", "referrer"] = "customer"
    expires: Span = timedelta(days=3)
    resend_uncertain: bool | None = None


def _spell_message(value: object) -> object:
    return {"template": value} if isinstance(value, str) else value


MessageSpec = Annotated[
    MessageOptions, BeforeValidator(_spell_message, json_schema_input_type=str | MessageOptions)
]


class MessageForm(StepForm):
    """A message of one medium, which is its word."""

    @property
    def sends(self) -> str | None:
        options: MessageOptions = self.options
        return options.template


class EmailForm(MessageForm, word="email"):
    email: MessageSpec

    def build(self, site: Site) -> Step | None:
        return _build_message(self.email, Medium.EMAIL, site)


class SmsForm(MessageForm, word="sms"):
    sms: MessageSpec

    def build(self, site: Site) -> Step | None:
        return _build_message(self.sms, Medium.SMS, site)


class WhatsappForm(MessageForm, word="whatsapp"):
    whatsapp: MessageSpec

    def build(self, site: Site) -> Step | None:
        return _build_message(self.whatsapp, Medium.WHATSAPP, site)


class FirstOfForm(MessageForm, word="first_of"):
    first_of: Annotated[list[Literal["whatsapp", "sms", "email"]], Field(min_length=2)]
    template: Text
    expires: Span = timedelta(days=3)

    @property
    def sends(self) -> str | None:
        return self.template

    def build(self, site: Site) -> Step | None:
        """The same message for each medium, each with a template of that name."""
        media = [Medium(word) for word in self.first_of]
        for index, medium in enumerate(media):
            place = site.place.at(index)
            if medium in media[:index]:
                place.error(say("`{medium}` stands here twice", medium=medium))
            else:
                _check_template(medium, self.template, place)
        return FirstOf(site.id, tuple(self._message(medium, site) for medium in media))

    def _message(self, medium: Medium, site: Site) -> Message:
        again = site.purpose is Purpose.TRANSACTIONAL
        return Message(site.id, medium, self.template, expires=self.expires, resend_uncertain=again)


def _build_message(form: MessageOptions, medium: Medium, site: Site) -> Message:
    place = site.place
    where = place.at("template") if isinstance(place.written, dict) else place
    _check_template(medium, form.template, where)
    if form.subject is not None:
        if not medium.spec.is_mail:
            place.at("subject").error(say("{one} has no subject", one=medium.spec.one), at_key=True)
        _check_subject(form.subject, place.at("subject"))
    # once it was ignored: pinned versions hold it
    if form.provider is not None and place.known.channels is not None:
        carried = place.known.channels.items()
        names = frozenset(str(name) for name, of in carried if of is medium)
        place.at("provider").check_known(
            say("channel for {medium}", medium=medium), form.provider, names
        )
    resend = form.resend_uncertain
    return Message(
        id=site.id,
        medium=medium,
        template=form.template,
        subject=form.subject,
        sender=form.from_,
        reply_to=form.reply_to,
        provider=form.provider,
        expires=form.expires,
        resend_uncertain=site.purpose is Purpose.TRANSACTIONAL if resend is None else resend,
        to=Receiver(form.to),
    )


def _check_template(medium: Medium, name: str, place: Place) -> None:
    known = place.known.templates
    if known is None or (medium, name) in known:
        return
    message = say(
        "template '{medium}/{name}' not found{hint}",
        medium=medium,
        name=name,
        hint=_instead_of_template(medium, name, known),
    )
    if place.known.templates_required:
        place.error(message)
    else:
        place.warn(message, rule="missing-template")


def _instead_of_template(medium: Medium, name: str, known: frozenset[tuple[Medium, str]]) -> Phrase:
    bare = re.sub(
        r"\.(mjml|html|txt)$", "", name.removeprefix("templates/").removeprefix(f"{medium}/")
    )
    if bare != name and (medium, bare) in known:
        return say(
            ": write `{medium}: {bare}`, without folder and ending", medium=medium, bare=bare
        )
    if not is_template_name(bare) and not re.search(r"\s", bare):
        return say(
            ": a template's name is made of letters, digits, - and _, so rename it to '{right}'",
            right=suggest_name(bare),
        )
    ending = say("mjml (or .html)") if medium.spec.is_mail else medium.spec.endings[0]
    if not is_template_name(bare):
        return say(
            ": `{medium}` names a template; put the text into "
            "templates/{medium}/hello.{ending} and write `hello` here",
            medium=medium,
            ending=ending,
        )
    near = closest(bare, [other for of_medium, other in known if of_medium is medium])
    file = say("templates/{medium}/{bare}.{ending}", medium=medium, bare=bare, ending=ending)
    if not near:
        return say(": write {file}", file=file)
    return say(
        "; did you mean '{medium}/{near}'? Else write {file}", medium=medium, near=near, file=file
    )


def _check_subject(text: str, place: Place) -> None:
    """Looks at the form only: what the subject names is looked at together with its template."""
    if len(text) > SUBJECT_MAX:
        place.error(
            say(
                "this subject is longer than {most} characters: most readers see about sixty",
                most=SUBJECT_MAX,
            )
        )
        return
    try:
        _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as fault:
        place.error(say("the subject: {fault}", fault=explain(str(fault.message))[0]))
    except RecursionError:
        place.error(say("the subject is nested too deeply"))
    except (SyntaxError, ValueError, OverflowError):  # Python reads the numbers for Jinja2
        place.error(
            say("the subject holds a number that cannot be read: write numbers as 20 or 3.5")
        )
