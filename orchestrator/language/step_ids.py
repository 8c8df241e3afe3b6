"""The id of every step: given by the author, or derived so that it never contains a setting.

A message's id is its template; a template's second use is `<template>-2`. Any other step is named
by its word and the next message on the way: `delay-before-cart-reminder`. On the way means: the
messages inside the step itself, in written order; then those after it in its block; then those
after the step around that block. Where no message is left it is `delay-at-end`. Two steps that
would have one id ask for an `id`; only `exit`, on which nobody ever stands, is numbered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.documents.document import Path
from orchestrator.domain.phrase import say
from orchestrator.language.place import Place
from orchestrator.language.step_forms.step_form import StepForm

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]*")


def name_steps(steps: Sequence[StepForm], place: Place) -> dict[Path, str]:
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


def given_ids(steps: Sequence[StepForm]) -> frozenset[str]:
    """The ids that the author wrote."""
    return frozenset(name for _, form in _walk(steps, ()) if (name := form.given_id) is not None)


def find_targets(steps: Sequence[StepForm]) -> frozenset[str]:
    """The ids that some `goto` leads to."""
    return frozenset(form.options for _, form in _walk(steps, ()) if form.word == "goto")


def _walk(steps: Sequence[StepForm], path: Path) -> Iterator[tuple[Path, StepForm]]:
    for index, form in enumerate(steps):
        yield (*path, index), form
        for inner, block in form.blocks():
            yield from _walk(block, (*path, index, *inner))


@dataclass(slots=True)
class _Naming:
    place: Place
    ids: dict[Path, str] = field(default_factory=dict)
    owners: dict[str, Path] = field(default_factory=dict)  # the step that has an id
    uses: dict[str, int] = field(default_factory=dict)  # of a template, without a given id

    def take_given(self, path: Path, form: StepForm) -> None:
        inner = getattr(form.options, "id", None)
        at = self._at(path) if form.id is not None else self._at((*path, form.word))
        given = form.given_id
        if given is None:
            return
        if form.id is not None and inner is not None:
            at.at("id").error(say("this step has two ids: keep one"))
        if not _ID.fullmatch(given):
            at.at("id").error(
                say(
                    "the id '{given}' may hold letters, digits, '-', '_', '.' and '/' only",
                    given=given,
                )
            )
        if given in self.owners:
            at.at("id").error(
                say(
                    "the id '{given}' is already taken, in line {line}",
                    given=given,
                    line=self._at(self.owners[given]).line,
                )
            )
        self._take(path, given)

    def name_message(self, path: Path, form: StepForm) -> None:
        template = form.sends
        if template is None or path in self.ids:
            return
        count = self.uses[template] = self.uses.get(template, 0) + 1
        self._derive(path, template if count == 1 else f"{template}-{count}")

    def name_other(self, path: Path, form: StepForm, ahead: str) -> None:
        if path in self.ids:
            return
        word = form.word.replace("_", "-")
        name = f"{word}-before-{ahead}" if ahead else f"{word}-at-end"
        if form.ends:
            count = self.uses[name] = self.uses.get(name, 0) + 1
            name = name if count == 1 else f"{name}-{count}"
        self._derive(path, name)

    def look_ahead(
        self, steps: Sequence[StepForm], path: Path, after: str, ahead: dict[Path, str]
    ) -> str:
        """Fills in the next message of each step of a block; `after` follows it. Answers the first
        from its start.
        """
        following = after
        for index in range(len(steps) - 1, -1, -1):
            at, form = (*path, index), steps[index]
            inside = [
                self.look_ahead(block, (*at, *inner), following, ahead)
                for inner, block in form.blocks()
            ]
            if form.sends is not None:
                following = self.ids[at]
            else:
                following = next((name for name in inside if name != following), following)
            ahead[at] = following
        return following

    def _derive(self, path: Path, name: str) -> None:
        if name in self.owners:
            line = self._at(self.owners[name]).line
            self._at(path).error(
                say(
                    "this step and the one in line {line} would both be called '{name}': "
                    "give one an `id`",
                    line=line,
                    name=name,
                )
            )
        self._take(path, name)

    def _take(self, path: Path, name: str) -> None:
        self.ids[path] = name
        self.owners.setdefault(name, path)

    def _at(self, path: Path) -> Place:
        return self.place.at(*path[len(self.place.path) :])
