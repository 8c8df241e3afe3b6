"""Every template rendered once for a made-up customer: what would fail, and which texts cost more
than one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.config import Config
from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.expression import Scope
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import Phrase, say
from orchestrator.render.sample import sample_scope, with_questions
from orchestrator.render.sms_size import SmsSize, measure_sms
from orchestrator.render.templates import Templates

# more different ones, and the text is written in another script: nothing could be saved
FOREIGN_MAX = 3


@dataclass(frozen=True, slots=True)
class Remark:
    """What came of one form of a template; `sign` is the character that it is about."""

    medium: Medium
    name: str
    tag: str
    message: Phrase
    sign: str = ""
    is_price: bool = False  # it works, and costs more than it may seem


def try_templates(
    templates: Templates,
    config: Config,
    segments: Mapping[str, Callable[[Scope], bool]],
    media: Iterable[Medium] = tuple(Medium),
) -> Iterator[Remark]:
    """Advice about every form of every template of some media."""
    for medium in media:
        for name, tag in templates.variants(medium):
            locale = tag or config.project.locale
            scope = with_questions(
                sample_scope(config, {"id": "check", "title": "Check"}, locale), segments
            )
            try:
                if medium.spec.is_mail:
                    templates.render_email(name, locale, scope)
                    continue
                if medium.spec.is_content:
                    templates.render_content(medium, name, locale, scope)
                    continue
                size = measure_sms(templates.render_text(medium, name, locale, scope))
            except TemplateFailed as failure:
                yield Remark(
                    medium,
                    name,
                    tag,
                    say("fails for a made-up customer: {failure}", failure=failure),
                )
                continue
            if message := _price(size):
                yield Remark(medium, name, tag, message, size.foreign[:1], is_price=True)


def _price(size: SmsSize) -> Phrase:
    """Why a text costs more than it may seem; "" for one that does not."""
    cost = say(
        "for a made-up customer it has {units} characters and is paid {parts} times",
        units=size.units,
        parts=size.parts,
    )
    if size.foreign and len(size.foreign) <= FOREIGN_MAX:
        signs = " ".join(size.foreign)
        halves = say(
            "{signs} is not in the small alphabet of text messages, which halves "
            "the room to 70 characters",
            signs=signs,
        )
        return say("{halves}: {cost}", halves=halves, cost=cost) if size.parts > 1 else halves
    return cost if size.parts > 1 else say("")
