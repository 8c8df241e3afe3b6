"""Steps that choose a way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from orchestrator.documents.document import Path
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step
from orchestrator.domain.steps.ways import Arm, Branch, Split, Variant
from orchestrator.language.place import Place
from orchestrator.language.plain_forms import Form, Percent, Rule, Text
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.where import STEP


class IfArm(Form):
    if_: Rule = Field(alias="if")
    then: list[StepForm]


class ElseArm(Form):
    else_: list[StepForm] = Field(alias="else")


ArmForm = Annotated[
    Annotated[IfArm, Tag("<if>")] | Annotated[ElseArm, Tag("<else>")],
    Discriminator(
        lambda value: (
            "<else>"
            if isinstance(value, dict) and "else" in value and "if" not in value
            else "<if>"
        )
    ),
]


class BranchForm(StepForm, word="branch"):
    branch: Annotated[list[ArmForm], Field(min_length=1)]

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        for index, arm in enumerate(self.branch):
            if isinstance(arm, ElseArm):
                yield ("branch", index, "else"), arm.else_
            else:
                yield ("branch", index, "then"), arm.then

    def build(self, site: Site) -> Step | None:
        """A branch, whose `else` comes last."""
        found: list[Arm] = []
        for index, arm in enumerate(self.branch):
            here = site.place.at(index)
            if isinstance(arm, ElseArm):
                if index != len(self.branch) - 1:
                    here.error(say("`else` comes last: what follows it is never reached"))
                found.append(Arm(None, site.blocks["branch", index, "else"]))
            else:
                condition = here.at("if").condition(arm.if_, STEP)
                found.append(Arm(condition, site.blocks["branch", index, "then"]))
        return Branch(site.id, tuple(found))


class VariantForm(Form):
    variant: Text
    share: Percent
    then: list[StepForm] = Field(default_factory=list)


class AdaptiveSplit(Form):
    adaptive: bool
    variants: list[VariantForm] = Field(default_factory=list)


class SplitForm(StepForm, word="split"):
    split: Annotated[
        Annotated[Annotated[list[VariantForm], Field(min_length=1)], Tag("<variants>")]
        | Annotated[AdaptiveSplit, Tag("<adaptive>")],
        Discriminator(
            lambda value: (
                "<adaptive>" if isinstance(value, dict) and "adaptive" in value else "<variants>"
            )
        ),
    ]

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        adaptive = isinstance(self.split, AdaptiveSplit)
        nested: Path = ("split", "variants") if adaptive else ("split",)
        variants = self.split.variants if isinstance(self.split, AdaptiveSplit) else self.split
        for index, variant in enumerate(variants):
            yield (*nested, index, "then"), variant.then

    def build(self, site: Site) -> Step | None:
        if isinstance(self.split, AdaptiveSplit):
            site.place.not_built(say("an adaptive split"))
            return None
        _check_variants(self.split, site.place)
        built = [
            Variant(form.variant, form.share, site.blocks["split", index, "then"])
            for index, form in enumerate(self.split)
        ]
        return Split(site.id, tuple(built))


def _check_variants(variants: list[VariantForm], place: Place) -> None:
    seen: set[str] = set()
    for index, form in enumerate(variants):
        if form.variant in seen:
            place.at(index, "variant").error(
                say("two variants are called '{variant}'", variant=form.variant)
            )
        seen.add(form.variant)
    total = sum(form.share for form in variants)
    if abs(total - 100) > 0.01:
        hint = say(": a half is written 50%") if abs(total - 1) < 0.01 else ""
        place.error(
            say("the shares add up to {total:g}%, not to 100%{hint}", total=total, hint=hint)
        )
