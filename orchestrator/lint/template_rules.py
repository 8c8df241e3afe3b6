"""Rules about the files of templates: their names and languages, what a marketing mail must hold,
and what a made-up customer would get.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.locales import language_of, locale_tags
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import Phrase, say, strung
from orchestrator.domain.template_names import (
    is_misnamed,
    read_file_name,
    suggest_name,
)
from orchestrator.domain.text_files import decode_text
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.step_rules import Rendered, messages
from orchestrator.render.trying import try_templates


@dataclass(frozen=True, slots=True)
class Folder:
    """The templates' files of a project, whatever stands in them, and the project's locale."""

    root: Path
    locale: str

    def variants(self, medium: Medium) -> dict[str, dict[str, Path]]:
        """The files of each template by locale tag, "" being the one without."""
        found: dict[str, dict[str, Path]] = {}
        for path in sorted((self.root / "templates" / medium).glob("*")):
            template = read_file_name(medium, path.name)
            if template is not None:
                found.setdefault(template.name, {})[template.tag] = path
        return found

    def spot(self, path: Path) -> Spot:
        """A file's beginning."""
        return path.relative_to(self.root).as_posix(), 1, 1


FILES: Rules[Folder] = Rules()  # asked whatever else is broken
TEMPLATES: Rules[Rendered] = Rules()

NAMES_SHOWN = 6


@FILES.rule(
    "missing-locale",
    why="Customers of that language get the message in another one.",
    mend="Write the file of that language, or ignore it where the other language will do.",
)
def missing_locales(folder: Folder) -> Iterator[Finding]:
    """Templates that lack a locale which another template has: one finding for each locale."""
    found = {medium: folder.variants(medium) for medium in Medium}
    # The file without a locale is in the project's.
    own = {"", *locale_tags(folder.locale)}
    wanted = {tag for by_name in found.values() for tags in by_name.values() for tag in tags} - own
    for tag in sorted(wanted):
        lacking = {
            f"{medium}/{name}": tags.get("") or next(iter(tags.values()))
            for medium, by_name in found.items()
            for name, tags in sorted(by_name.items())
            if tag not in tags and language_of(tag) not in tags
        }
        if lacking:
            told = say(
                "not there in {tag}, while other templates are: {listed}",
                tag=tag,
                listed=_listed(list(lacking)),
            )
            yield folder.spot(next(iter(lacking.values()))), told


@FILES.rule(
    "misnamed-template",
    why="It looks like a template, and no step can send it.",
    mend="Give the file the name that the message proposes.",
)
def misnamed_templates(folder: Folder) -> Iterator[Finding]:
    """Files that look like templates, and that no step can name."""
    for medium in Medium:
        top = folder.root / "templates" / medium
        for path in sorted(path for path in top.rglob("*") if path.is_file()):
            inside = path.relative_to(top)
            is_deeper = len(inside.parts) > 1 and read_file_name(medium, path.name) is not None
            if is_deeper or is_misnamed(medium, path.name):
                right = suggest_name(inside.with_suffix("").as_posix()) + path.suffix
                told = say(
                    "no step can send this: a template's file is called like {right}, in "
                    "templates/{medium}",
                    right=right,
                    medium=medium,
                )
                yield folder.spot(path), told


@TEMPLATES.rule(
    "no-unsubscribe-link",
    why="Marketing that cannot be unsubscribed is unlawful.",
    mend="Write `{{ links.unsubscribe }}`, or extend a layout that has it.",
)
def unsubscribe_links(rendered: Rendered) -> Iterator[Finding]:
    """Marketing mails without a link to unsubscribe."""
    told = _must_hold(say("an unsubscribe link"), "links.unsubscribe")
    for spot in _mails_without(rendered, "links.unsubscribe", "links.preferences"):
        yield spot, told


@TEMPLATES.rule(
    "no-address-in-mail",
    why="Commercial mail must carry a postal address.",
    mend="Write `{{ project.postal_address }}`, or extend a layout that has it.",
)
def addresses_in_mails(rendered: Rendered) -> Iterator[Finding]:
    """Marketing mails that do not show the shop's postal address."""
    told = _must_hold(say("a postal address"), "project.postal_address")
    for spot in _mails_without(rendered, "project.postal_address"):
        yield spot, told


def _must_hold(what: str, name: str) -> Phrase:
    written = "{{ " + name + " }}"
    return say(
        "a marketing mail without {what}: write {written}, or extend a layout that has it",
        what=what,
        written=written,
    )


def _mails_without(rendered: Rendered, *names: str) -> Iterator[Spot]:
    """The files of marketing mails in which none of these names stands."""
    mails = {
        (step.medium, step.template)
        for journey, step in messages(rendered.project)
        if step.medium.spec.is_mail and journey.purpose is Purpose.MARKETING
    }
    folder = _folder(rendered)
    for medium, name in sorted(mails):
        for tag in rendered.templates.variants_without(name, *names):
            yield folder.spot(folder.variants(medium)[name][tag])


@TEMPLATES.rule(
    "made-up-customer",
    why="Real customers would fare like the made-up one.",
    mend='Give what may be missing a default: `{{ customer.first_name | default("") }}`.',
)
def tried_templates(rendered: Rendered) -> Iterator[Finding]:
    """Templates that fail for a made-up customer."""
    return _remarks(rendered, is_price=False)


@TEMPLATES.rule(
    "sms-size",
    why="A text in several parts is paid several times; one foreign character halves their room.",
    mend="Write the character that the message names in another way, or shorten the text.",
)
def text_sizes(rendered: Rendered) -> Iterator[Finding]:
    """Texts that are paid more than once, or have less room than it seems."""
    return _remarks(rendered, is_price=True)


def _remarks(rendered: Rendered, *, is_price: bool) -> Iterator[Finding]:
    project, folder = rendered.project, _folder(rendered)
    segments = {segment.name: segment.condition.test for segment in project.lifecycle.segments}
    media = [medium for medium in Medium if not (is_price and medium.spec.is_mail)]
    for remark in try_templates(rendered.templates, project.config, segments, media):
        if remark.is_price is not is_price:
            continue
        path = folder.variants(remark.medium)[remark.name][remark.tag]
        yield _spot_of(folder, path, remark.sign), remark.message


def _spot_of(folder: Folder, path: Path, sign: str) -> Spot:
    """Where a character first stands in a file; the beginning where none is meant."""
    before = decode_text(path.read_bytes()).partition(sign)[0] if sign else ""
    file, _, _ = folder.spot(path)
    return file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def _folder(rendered: Rendered) -> Folder:
    return Folder(rendered.project.root, rendered.project.config.project.locale)


def _listed(names: list[str]) -> Phrase:
    """The first of many names, and how many more there are."""
    shown = strung(say("'{name}'", name=name) for name in names[:NAMES_SHOWN])
    if len(names) <= NAMES_SHOWN:
        return shown
    return say("{shown} and {number} more", shown=shown, number=len(names) - NAMES_SHOWN)
