"""The steps of a journey: from the forms that were written to those of the domain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jinja2 import Environment, TemplateSyntaxError

from orchestrator.domain.effects import Receiver
from orchestrator.domain.message import Medium, Purpose
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.step import Step
from orchestrator.domain.steps.changes import (
    Mute,
    SetVariables,
    Subscribe,
    Suppress,
    Unsubscribe,
    UpdateTraits,
)
from orchestrator.domain.steps.message import Message
from orchestrator.domain.steps.offers import Coupon, Offer, Reward
from orchestrator.domain.steps.task import Task
from orchestrator.domain.steps.wait_until import IfPast, WaitUntil
from orchestrator.domain.steps.waits import Delay, WaitFor
from orchestrator.domain.steps.ways import Arm, Branch, Exit, Split, Variant
from orchestrator.domain.suggestion import closest
from orchestrator.domain.tag_faults import explain
from orchestrator.domain.template_names import is_template_name, suggest_name
from orchestrator.domain.values import iso_time
from orchestrator.language import step_forms as forms
from orchestrator.language.document import Path
from orchestrator.language.place import Place
from orchestrator.language.step_ids import blocks_of, word_of
from orchestrator.language.translation import EVENT_IN_JOURNEY, STEP

_ENVIRONMENT = Environment()
SUBJECT_MAX = 998  # characters: the longest line that a mail may have (RFC 5322 §2.1.1)


@dataclass(frozen=True, slots=True)
class StepReader:
    """Reads blocks of steps; `ids` gives each step's id by its path. A faulty step is reported and
    left out.
    """

    ids: dict[Path, str]
    purpose: Purpose

    def read_block(self, block: list[Any], place: Place) -> tuple[Step, ...]:
        """The steps of a list, those inside others included."""
        steps: list[Step] = []
        for index, form in enumerate(block):
            here = place.at(index)
            step = self._read(form, self.ids[here.path], here.in_step(self.ids[here.path]))
            if step is not None:
                steps.append(step)
            if index + 1 < len(block) and isinstance(form, forms.ExitStep):
                place.at(index + 1).warn("nobody ever comes here: the step before is `exit`")
        return tuple(steps)

    def _read(self, form: Any, step_id: str, place: Place) -> Step | None:
        inner = place.at(word_of(form))
        match form:
            case forms.EmailStep():
                return self._message(form.email, step_id, Medium.EMAIL, inner)
            case forms.SmsStep():
                return self._message(form.sms, step_id, Medium.SMS, inner)
            case forms.DelayStep():
                return _delay(form.delay, step_id, inner)
            case forms.WaitUntilStep():
                return _wait_until(form.wait_until, step_id, inner)
            case forms.SubscribeStep():
                inner.check_topic(form.subscribe)
                return Subscribe(step_id, form.subscribe)
            case forms.UnsubscribeStep():
                inner.check_topic(form.unsubscribe)
                return Unsubscribe(step_id, form.unsubscribe)
            case forms.SuppressStep():
                return Suppress(step_id)
            case forms.MuteStep():
                return Mute(step_id, form.mute.for_)
            case forms.CouponStep():
                return _coupon(form.coupon, step_id, inner)
            case forms.RewardStep():
                return Reward(step_id, Receiver(form.reward.to), _offer(form.reward, inner))
            case forms.TaskStep():
                return _task(form.task, step_id, inner)
            case forms.SetStep():
                return SetVariables(step_id, _variables(form.set, inner))
            case forms.UpdateStep():
                return UpdateTraits(step_id, _values(form.update, inner))
            case forms.ExitStep():
                return Exit(step_id)
        return self._read_with_blocks(form, step_id, place)

    def _read_with_blocks(self, form: Any, step_id: str, place: Place) -> Step | None:
        blocks = {path: self.read_block(block, place.at(*path)) for path, block in blocks_of(form)}
        match form:
            case forms.WaitForStep():
                return _wait_for(form.wait_for, step_id, place.at("wait_for"), blocks)
            case forms.BranchStep():
                return _branch(form.branch, step_id, place.at("branch"), blocks)
            case forms.SplitStep(split=list() as variants):
                return _split(variants, step_id, place.at("split"), blocks)
            case forms.SplitStep():
                place.at("split").not_built("an adaptive split")
                return None
        place.at(word_of(form)).not_built(f"`{word_of(form)}`")
        return None

    def _message(
        self, form: forms.MessageOptions, step_id: str, medium: Medium, place: Place
    ) -> Message | None:
        where = place.at("template") if isinstance(place.written, dict) else place
        _check_template(medium, form.template, where)
        if form.subject is not None:
            if medium is Medium.SMS:
                place.at("subject").error("an SMS has no subject", at_key=True)
            _check_subject(form.subject, place.at("subject"))
        if (
            form.provider is not None and place.known.templates is not None
        ):  # once it was ignored: pinned versions hold it
            place.at("provider").not_built("`provider`, one of several accounts for a medium,")
        if form.to == "referrer":
            place.at("to").not_built("`to: referrer` of a message")
            return None
        resend = form.resend_uncertain
        return Message(
            id=step_id,
            medium=medium,
            template=form.template,
            subject=form.subject,
            sender=form.from_,
            reply_to=form.reply_to,
            provider=form.provider,
            expires=form.expires,
            resend_uncertain=self.purpose is Purpose.TRANSACTIONAL if resend is None else resend,
        )


def _check_template(medium: Medium, name: str, place: Place) -> None:
    known = place.known.templates
    if known is None or (medium, name) in known:
        return
    message = f"template '{medium}/{name}' not found{_instead_of_template(medium, name, known)}"
    if place.known.templates_required:
        place.error(message)
    else:
        place.warn(message)


def _instead_of_template(medium: Medium, name: str, known: frozenset[tuple[Medium, str]]) -> str:
    bare = re.sub(
        r"\.(mjml|html|txt)$", "", name.removeprefix("templates/").removeprefix(f"{medium}/")
    )
    if bare != name and (medium, bare) in known:
        return f": write `{medium}: {bare}`, without folder and ending"
    if not is_template_name(bare) and not re.search(r"\s", bare):
        return (
            ": a template's name is made of letters, digits, - and _, so rename it to "
            f"'{suggest_name(bare)}'"
        )
    ending = "txt" if medium is Medium.SMS else "mjml (or .html)"
    if not is_template_name(bare):
        return (
            f": `{medium}` names a template; put the text into "
            f"templates/{medium}/hello.{ending} and write `hello` here"
        )
    near = closest(bare, [other for of_medium, other in known if of_medium is medium])
    hint = f"; did you mean '{medium}/{near}'?" if near else ""
    return f"{hint or ':'} {'Else write' if hint else 'write'} templates/{medium}/{bare}.{ending}"


def _check_subject(text: str, place: Place) -> None:
    """Looks at the form only: what the subject names is looked at together with its template."""
    if len(text) > SUBJECT_MAX:
        place.error(
            f"this subject is longer than {SUBJECT_MAX} characters: most readers see about sixty"
        )
        return
    try:
        _ENVIRONMENT.parse(text)
    except TemplateSyntaxError as fault:
        place.error(f"the subject: {explain(str(fault.message))[0]}")
    except RecursionError:
        place.error("the subject is nested too deeply")
    except (SyntaxError, ValueError, OverflowError):  # Python reads the numbers for Jinja2
        place.error("the subject holds a number that cannot be read: write numbers as 20 or 3.5")


# ---------------------------------------------------------------- waiting


def _delay(form: Any, step_id: str, place: Place) -> Delay | None:
    if isinstance(form, timedelta):
        return Delay(step_id, form)
    place.not_built(
        "a random delay (`between`)" if isinstance(form, forms.Between) else "a computed delay"
    )
    return None


def _wait_until(form: forms.WaitUntilOptions, step_id: str, place: Place) -> WaitUntil | None:
    if (form.time is None) == (form.date is None):
        place.error("`wait_until` needs either `time` (of day) or `date` (of the customer)")
        return None
    foreign = ("offset", "at", "if_past", "if_missing") if form.date is None else ("days",)
    written = place.written
    for key in foreign:
        if key in written:
            place.at(key).error(
                f"`{key}` goes with `{'date' if form.date is None else 'time'}`", at_key=True
            )
    if form.timezone != "customer" and find_zone(form.timezone) is None:
        place.at("timezone").error(
            f"there is no time zone '{form.timezone}': write `customer` or one such as Europe/Paris"
        )
    date = form.date
    return WaitUntil(
        id=step_id,
        clock=form.time if date is None else form.at,
        days=frozenset(form.days),
        timezone=None if form.timezone == "customer" else form.timezone,
        date=None if date is None else _date(date, place.at("date")),
        offset=form.offset,
        if_past=IfPast(form.if_past or "continue"),
        if_missing=IfPast(form.if_missing or "skip"),
    )


def _date(text: str, place: Place) -> Any:
    """A date of the customer (`customer.trial_ends_at`) or a plain one (2026-12-24)."""
    at = iso_time(text)
    if (
        at is None and text.strip()[:1].isdigit()
    ):  # 24.12.2026, 2026-2-3: as expressions they would be numbers
        place.error(
            f"'{text}' is no date: write 2026-12-24, or one of the customer's such as "
            "customer.trial_ends_at"
        )
        return None
    if at is None:
        return place.computed(text, STEP)
    if not 1900 < at.year < 2200:
        place.error(f"nobody waits until {text}: write a date of this century or the next")
    return place.value(text, STEP)


_Blocks = dict[Path, tuple[Step, ...]]


def _wait_for(form: forms.WaitForOptions, step_id: str, place: Place, blocks: _Blocks) -> WaitFor:
    if form.save_as is not None:
        _check_variable(form.save_as, place.at("save_as"))
    return WaitFor(
        id=step_id,
        event=form.event,
        within=form.within,
        condition=place.at("if").condition(form.if_, EVENT_IN_JOURNEY),
        save_as=form.save_as,
        then=blocks["wait_for", "then"],
        otherwise=blocks["wait_for", "else"],
    )


# ---------------------------------------------------------------- ways


def _branch(arms: list[Any], step_id: str, place: Place, blocks: _Blocks) -> Branch:
    found: list[Arm] = []
    for index, arm in enumerate(arms):
        here = place.at(index)
        if isinstance(arm, forms.ElseArm):
            if index != len(arms) - 1:
                here.error("`else` comes last: what follows it is never reached")
            found.append(Arm(None, blocks["branch", index, "else"]))
        else:
            condition = here.at("if").condition(arm.if_, STEP)
            found.append(Arm(condition, blocks["branch", index, "then"]))
    return Branch(step_id, tuple(found))


def _split(variants: list[forms.VariantForm], step_id: str, place: Place, blocks: _Blocks) -> Split:
    seen: set[str] = set()
    for index, form in enumerate(variants):
        if form.variant in seen:
            place.at(index, "variant").error(f"two variants are called '{form.variant}'")
        seen.add(form.variant)
    total = sum(form.share for form in variants)
    if abs(total - 100) > 0.01:
        hint = ": a half is written 50%" if abs(total - 1) < 0.01 else ""
        place.error(f"the shares add up to {total:g}%, not to 100%{hint}")
    built = [
        Variant(form.variant, form.share, blocks["split", index, "then"])
        for index, form in enumerate(variants)
    ]
    return Split(step_id, tuple(built))


# ---------------------------------------------------------------- values and offers


def _values(written: dict[str, Any], place: Place) -> tuple[tuple[str, Any], ...]:
    values = [(name, place.at(name).value(value, STEP)) for name, value in written.items()]
    for name, value in written.items():
        if value is None:
            place.at(name).error(f"`{name}` has no value", at_key=True)
    return tuple(values)


def _variables(written: dict[str, Any], place: Place) -> tuple[tuple[str, Any], ...]:
    for name in written:
        _check_variable(name, place.at(name), at_key=True)
    return _values(written, place)


def _check_variable(name: str, place: Place, at_key: bool = False) -> None:
    if not name.isidentifier():
        place.error(
            f"'{name}' is no name for a variable: use letters, digits and '_'", at_key=at_key
        )


def _coupon(form: forms.CouponOptions, step_id: str, place: Place) -> Coupon:
    if form.pool is not None:
        place.at("pool").not_built("a coupon's `pool`")
    return Coupon(step_id, _offer(form, place))


def _offer(form: forms.OfferForm, place: Place) -> Offer:
    if (form.percent is None) == (form.amount is None):
        place.error("this needs either `percent` or `amount`")
    for key in ("percent", "amount"):
        value = getattr(form, key)
        if (isinstance(value, str) and "{{" not in value) or isinstance(value, bool | list | dict):
            bare = (
                re.fullmatch(r"\s*\D?\s*([0-9]+(?:\.[0-9]+)?)\s*\D*", value)
                if isinstance(value, str)
                else None
            )
            shown = f": write {bare[1]}" if bare else ", or computed by `{{ … }}`"
            place.at(key).error(f"`{key}` is a number{shown}")
        elif isinstance(value, int | float) and not 0 < value <= (
            100 if key == "percent" else float("inf")
        ):
            limits = "between 0 and 100" if key == "percent" else "above 0"
            place.at(key).error(f"`{key}` lies {limits}, not at {value:g}")
    return Offer(
        percent=place.at("percent").value(form.percent, STEP),
        amount=place.at("amount").value(form.amount, STEP),
        currency=form.currency,
        minimum=form.minimum,
        products=tuple(form.products),
        expires=form.expires,
    )


def _task(form: forms.TaskOptions, step_id: str, place: Place) -> Task:
    return Task(
        step_id, form.type, place.at("note").value(form.note, STEP), form.assignee, form.due
    )
