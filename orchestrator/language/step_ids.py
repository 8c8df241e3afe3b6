"""The id of every step: given by the author, or derived so that it never contains a setting.

A message's id is its template; a template's second use is `<template>-2`. Any other step is named
by its word and the next message on the way: `delay-before-cart-reminder`. On the way means: the
messages inside the step itself, in written order; then those after it in its block; then those
after the step around that block. Where no message is left it is `delay-at-end`. Two steps that
would have one id ask for an `id`; only `exit`, on which nobody ever stands, is numbered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.language.document import Path
from orchestrator.language.place import Place
from orchestrator.language.step_forms import (
    AdaptiveSplit,
    BranchStep,
    ElseArm,
    EmailStep,
    ExitStep,
    MessageOptions,
    RepeatStep,
    SmsStep,
    SplitStep,
    StepForm,
    WaitForStep,
    WhatsappStep,
)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")


def word_of(form: StepForm) -> str:
    """The word of a step as it is written: `wait_until`."""
    return next(name for name in type(form).model_fields if name not in ("id", "template"))


def options_of(form: StepForm) -> Any:
    """What stands behind the word of a step."""
    return getattr(form, word_of(form))


def message_of(form: StepForm) -> MessageOptions | None:
    """The options of a message step; None for other steps."""
    match form:
        case EmailStep():
            return form.email
        case SmsStep():
            return form.sms
        case WhatsappStep():
            return form.whatsapp
    return None


def blocks_of(form: StepForm) -> Iterator[tuple[Path, list[Any]]]:
    """The lists of steps inside a step, in written order, each with its path from the step."""
    match form:
        case WaitForStep():
            yield ("wait_for", "then"), form.wait_for.then
            yield ("wait_for", "else"), form.wait_for.else_
        case BranchStep():
            for index, arm in enumerate(form.branch):
                if isinstance(arm, ElseArm):
                    yield ("branch", index, "else"), arm.else_
                else:
                    yield ("branch", index, "then"), arm.then
        case SplitStep():
            nested: Path = (
                ("split", "variants") if isinstance(form.split, AdaptiveSplit) else ("split",)
            )
            variants = form.split.variants if isinstance(form.split, AdaptiveSplit) else form.split
            for index, variant in enumerate(variants):
                yield (*nested, index, "then"), variant.then
        case RepeatStep():
            yield ("repeat", "steps"), form.repeat.steps


def name_steps(steps: list[Any], place: Place) -> dict[Path, str]:
    """The id of each step by its path; ids that are taken twice are reported."""
    naming = _Naming(place)
    walked = list(_walk(steps, place.path))
    for path, form in walked:
        naming.take_given(path, form)
    for path, form in walked:
        naming.name_message(path, form)
    ahead: dict[Path, str] = {}
    naming.look_ahead(steps, place.path, "", ahead)
    for path, form in walked:
        naming.name_other(path, form, ahead[path])
    return naming.ids


def given_ids(steps: list[Any]) -> frozenset[str]:
    """The ids that the author wrote."""
    return frozenset(name for _, form in _walk(steps, ()) if (name := _given(form)) is not None)


def _given(form: StepForm) -> str | None:
    inner: str | None = getattr(options_of(form), "id", None)
    return form.id if form.id is not None else inner


def _walk(steps: list[Any], path: Path) -> Iterator[tuple[Path, StepForm]]:
    for index, form in enumerate(steps):
        yield (*path, index), form
        for inner, block in blocks_of(form):
            yield from _walk(block, (*path, index, *inner))


@dataclass(slots=True)
class _Naming:
    place: Place
    ids: dict[Path, str] = field(default_factory=dict)
    owners: dict[str, Path] = field(default_factory=dict)  # the step that has an id
    uses: dict[str, int] = field(default_factory=dict)  # of a template, without a given id

    def take_given(self, path: Path, form: StepForm) -> None:
        inner = getattr(options_of(form), "id", None)
        at = self._at(path) if form.id is not None else self._at((*path, word_of(form)))
        given = _given(form)
        if given is None:
            return
        if form.id is not None and inner is not None:
            at.at("id").error("this step has two ids: keep one")
        if not _ID.fullmatch(given):
            at.at("id").error(
                f"the id '{given}' may hold letters, digits, '-', '_', '.' and '/' only"
            )
        if given in self.owners:
            at.at("id").error(
                f"the id '{given}' is already taken, in line {self._at(self.owners[given]).line}"
            )
        self._take(path, given)

    def name_message(self, path: Path, form: StepForm) -> None:
        message = message_of(form)
        if message is None or path in self.ids:
            return
        count = self.uses[message.template] = self.uses.get(message.template, 0) + 1
        self._derive(path, message.template if count == 1 else f"{message.template}-{count}")

    def name_other(self, path: Path, form: StepForm, ahead: str) -> None:
        if path in self.ids:
            return
        word = word_of(form).replace("_", "-")
        name = f"{word}-before-{ahead}" if ahead else f"{word}-at-end"
        if isinstance(form, ExitStep):
            count = self.uses[name] = self.uses.get(name, 0) + 1
            name = name if count == 1 else f"{name}-{count}"
        self._derive(path, name)

    def look_ahead(self, steps: list[Any], path: Path, after: str, ahead: dict[Path, str]) -> str:
        """Fills in the next message of each step of a block; `after` follows it. Answers the first
        from its start.
        """
        following = after
        for index in range(len(steps) - 1, -1, -1):
            at, form = (*path, index), steps[index]
            inside = [
                self.look_ahead(block, (*at, *inner), following, ahead)
                for inner, block in blocks_of(form)
            ]
            if message_of(form) is not None:
                following = self.ids[at]
            else:
                following = next((name for name in inside if name != following), following)
            ahead[at] = following
        return following

    def _derive(self, path: Path, name: str) -> None:
        if name in self.owners:
            line = self._at(self.owners[name]).line
            self._at(path).error(
                f"this step and the one in line {line} would both be called '{name}': "
                "give one an `id`"
            )
        self._take(path, name)

    def _take(self, path: Path, name: str) -> None:
        self.ids[path] = name
        self.owners.setdefault(name, path)

    def _at(self, path: Path) -> Place:
        return self.place.at(*path[len(self.place.path) :])
