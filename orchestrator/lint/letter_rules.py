"""Rules about what readers get: how long it is, what they see first, and what it promises them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.formatting import format_whole_span
from orchestrator.domain.journey import Journey, Reentry
from orchestrator.domain.medium import Medium
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.offers import Coupon, Offer, Reward
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.domain.steps.waits import Delay
from orchestrator.domain.text_files import decode_text
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.step_rules import Rendered, messages, written
from orchestrator.lint.template_rules import Folder
from orchestrator.render.sample import sample_scope, with_questions
from orchestrator.render.templates import RenderedEmailParts

SUBJECT_CHARS_MAX = 70  # what a mailbox on a desktop shows; a phone shows about 40
HTML_BYTES_MAX = 102 * 1024  # Gmail cuts what is longer, and the unsubscribe link with it
FIRST_CHARS = 200  # what summaries and previews of mailboxes are made of
AGAIN_MIN = timedelta(days=30)  # a "last chance" that comes back sooner was none


@dataclass(frozen=True)  # no slots: each mail is rendered once
class Letters:
    """The mails of a project, as a made-up customer gets them."""

    rendered: Rendered

    @cached_property
    def folder(self) -> Folder:
        """Their files."""
        project = self.rendered.project
        return Folder(project.root, project.config.project.locale)

    @cached_property
    def mails(self) -> tuple[tuple[Spot, RenderedEmailParts], ...]:
        """Every form of every mail, with its file; what cannot be rendered is told elsewhere."""
        return tuple(self._render_all())

    def _render_all(self) -> Iterator[tuple[Spot, RenderedEmailParts]]:
        templates = self.rendered.templates
        for medium in Medium:
            files = self.folder.variants(medium) if medium.spec.is_mail else {}
            for name, tag in templates.variants(medium) if files else ():
                parts = self.render(name, tag)
                if parts is not None:
                    yield self.folder.spot(files[name][tag]), parts

    def render(self, name: str, tag: str, subject: str | None = None) -> RenderedEmailParts | None:
        """A mail for the made-up customer; None where it fails."""
        project = self.rendered.project
        locale = tag or project.config.project.locale
        segments = {one.name: one.condition.test for one in project.lifecycle.segments}
        scope = sample_scope(project.config, {"id": "check", "title": "Check"}, locale)
        try:
            asked = with_questions(scope, segments)
            return self.rendered.templates.render_email(name, locale, asked, subject)
        except TemplateFailed:
            return None


LETTERS: Rules[Letters] = Rules()

# ---------------------------------------------------------------- sizes and first words


@LETTERS.rule(
    "long-subject",
    why="Mailboxes cut it off: about 70 characters are seen on a desktop, 40 on a phone.",
    mend="Say in the first 40 characters what the mail is about, and the rest in `preheader`.",
)
def long_subjects(letters: Letters) -> Iterator[Finding]:
    """Subjects that are longer for a made-up customer."""
    for spot, parts in letters.mails:
        if (length := len(parts.subject)) > SUBJECT_CHARS_MAX:
            yield spot, _too_long(length)
    for journey, step in messages(letters.rendered.project):
        own = letters.render(step.template, "", step.subject) if _has_own(step) else None
        if own is not None and (length := len(own.subject)) > SUBJECT_CHARS_MAX:
            yield written(letters.rendered.project, journey, step, "subject"), _too_long(length)


def _has_own(step: Message) -> bool:
    return step.medium.spec.is_mail and bool(step.subject)


def _too_long(length: int) -> Phrase:
    return say(
        "the subject has {length} characters for a made-up customer: a phone shows 40, a desktop "
        "{chars_max}",
        length=length,
        chars_max=SUBJECT_CHARS_MAX,
    )


@LETTERS.rule(
    "clipped-mail",
    why="Gmail cuts a mail at 102 kB, and with it the link to unsubscribe.",
    mend="Take out what is not needed: inlined styles, pictures as text, long lists.",
)
def clipped_mails(letters: Letters) -> Iterator[Finding]:
    """Mails whose HTML is larger for a made-up customer."""
    for spot, parts in letters.mails:
        if (size := len(parts.html.encode())) > HTML_BYTES_MAX:
            yield spot, say("{size} kB of HTML: Gmail cuts a mail at 102 kB", size=size // 1024)


_BOILERPLATE = re.compile(
    r"\b(view|read|open|see) (this |the )?(e-?mail |message |newsletter )?(in|on) (your |a |the )?"
    r"(web ?)?browser|view (it )?online|online version|web version|trouble (viewing|reading|seeing)"
    r"|can(no|['’])t (see|read|view) (this|the)|unsubscribe|you(['’]re| are) receiving this"
    r"|add us to your|voir (dans|sur) (le|votre|un) navigateur|(voir|afficher|lire) (en ligne|dans)"
    r"|version en ligne|ne s['’]affiche pas|se désabonner|désinscri|vous recevez ce",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S+")


@LETTERS.rule(
    "first-words",
    why="Previews and summaries are made of the first 200 characters: what stands there is read.",
    mend="Begin with what the mail is about; put the link to the browser's version at its end.",
)
def first_words(letters: Letters) -> Iterator[Finding]:
    """Mails that begin with what stands in every mail."""
    for spot, parts in letters.mails:
        seen = _ADDRESS.sub("", f"{parts.preheader} {parts.text}").strip()
        found = _BOILERPLATE.search(seen[:FIRST_CHARS])
        # in a mail of two lines the foot is near, and is none of its first words
        if found is not None and len(seen) > FIRST_CHARS:
            yield spot, say("the first words that a reader sees hold '{found}'", found=found[0])


# ---------------------------------------------------------------- promises

_TODAY = re.compile(
    r"today only|only today|(ends?|expires?|closes) (today|tonight)|last day|final (day|hours?)"
    r"|(last|few) hours|hours left|aujourd['’]hui (seulement|uniquement)|dernier jour"
    r"|dernières heures|plus que quelques heures|(se termine|expire|finit) (aujourd|ce soir)"
    r"|uniquement aujourd",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"last chance|final chance|last call|don['’]t miss (out|your last)|dernière chance"
    r"|dernier appel|ultime (chance|rappel)",
    re.IGNORECASE,
)


@LETTERS.rule(
    "urgent-subject",
    why="An end that is none misleads: false urgency is an unfair practice, and is sued for.",
    mend="Give the coupon the `expires` that the subject promises, and a `reentry` of months; or "
    "write a subject that is true every time.",
)
def urgent_subjects(letters: Letters) -> Iterator[Finding]:
    """Subjects that tell of an end, against the coupon's and the journey's own."""
    project = letters.rendered.project
    for journey, step in messages(project):
        for spot, subject in _subjects(letters, journey, step):
            found = _TODAY.search(subject) or _LAST.search(subject)
            why = _untrue(journey, step, bool(_TODAY.search(subject))) if found else ""
            if found and why:
                told = say(
                    "'{found}' in the subject of '{id}': {why}", found=found[0], id=step.id, why=why
                )
                yield spot, told


def _subjects(letters: Letters, journey: Journey, step: Message) -> Iterator[tuple[Spot, str]]:
    if not step.medium.spec.is_mail:
        return
    if step.subject:
        yield written(letters.rendered.project, journey, step, "subject"), step.subject
        return
    for tag, path in letters.folder.variants(step.medium).get(step.template, {}).items():
        if parts := letters.render(step.template, tag):
            yield _head_of(letters.folder, path), parts.subject


def _head_of(folder: Folder, path: Path) -> Spot:
    """Where a template's subject stands."""
    lines = decode_text(path.read_bytes()).split("\n")
    file, line, column = folder.spot(path)
    at = next((n for n, text in enumerate(lines, 1) if text.startswith("subject:")), line)
    return file, at, column


def _untrue(journey: Journey, step: Message, is_today: bool) -> str:
    """Why a journey does not keep what such a subject says; "" where it may."""
    if any(isinstance(one, WaitUntil) and one.date for one in journey.walk_steps()):
        return ""  # a date of the customer's is an end
    offers = list(_offers_before(journey, step))
    if not offers:
        return say("nothing in this journey ends, since no coupon with `expires` is given")
    offer, waited = offers[-1]
    if offer.expires is None:
        return say("its coupon never expires: write `expires`")
    left = offer.expires - waited
    if is_today and left > timedelta(days=1):
        return say("its coupon then holds for {span} more", span=format_whole_span(left))
    again = journey.reentry
    if again is Reentry.ALWAYS or (isinstance(again, timedelta) and again < AGAIN_MIN):
        often = "always" if isinstance(again, Reentry) else format_whole_span(again)
        return say("who enters again (`reentry`: {often}) gets it again", often=often)
    return ""


def _offers_before(journey: Journey, step: Message) -> Iterator[tuple[Offer, timedelta]]:
    """The offers that stand before a message, each with the longest time between the two."""
    given: list[tuple[Offer, timedelta]] = []
    for one in journey.walk_steps():
        if one.id == step.id:
            break
        if isinstance(one, Coupon | Reward):
            given.append((one.offer, timedelta(0)))
        span = one.duration if isinstance(one, Delay) else timedelta(0)
        given = [(offer, waited + span) for offer, waited in given]
    yield from given


# ---------------------------------------------------------------- links and pictures

_TAG = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
#: With http://, or with nothing before a host, a file's name or a path: a mail has no page that
#: such an address could belong to. Tags are blotted out as `xxxx`.
_INSECURE = re.compile(
    r"""\b(?:href|src|background)\s*=\s*["']?(?:http://(?!localhost|127\.)|//?(?=[\w"'])"""
    r"""|(?!xxxx)[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?=[/"'\s>?\#]))[^"'\s>]*"""
)
_NOWHERE = re.compile(r"""<(?:a|mj-button)\b[^>]*\bhref\s*=\s*(?:""|''|["']#["'])""", re.IGNORECASE)
_BARE = re.compile(r"\bhttp://(?!localhost|127\.)\S+")
_PICTURE = re.compile(r"<(?:img|mj-image)\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=", re.IGNORECASE)

SOURCES: Rules[Folder] = Rules()


def _sources(folder: Folder) -> Iterator[tuple[Path, str, Medium]]:
    """The texts of all files of templates, layouts too, tags blotted out."""
    for medium in Medium:
        for path in sorted((folder.root / "templates" / medium).glob("*")):
            if path.suffix in (".mjml", ".html", ".txt") and path.is_file():
                try:
                    text = decode_text(path.read_bytes())
                except (OSError, UnicodeDecodeError):  # told elsewhere
                    continue
                yield path, _TAG.sub(_blot, text), medium


def _blot(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", "x", match[0])


def _place(folder: Folder, path: Path, text: str, offset: int) -> Spot:
    file, _, _ = folder.spot(path)
    return file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _find(folder: Folder, sign: re.Pattern[str]) -> Iterator[tuple[Spot, str]]:
    """Everything of that look in the templates' files, with its place."""
    for path, text, _ in _sources(folder):
        for found in sign.finditer(text):
            yield _place(folder, path, text, found.start()), found[0]


@SOURCES.rule(
    "insecure-link",
    why="Readers are warned of links and pictures without https, and filters count them as spam.",
    mend="Write `https://`.",
)
def insecure_links(folder: Folder) -> Iterator[Finding]:
    """Links and pictures whose address does not begin with https://."""
    for path, text, medium in _sources(folder):
        sign = _INSECURE if medium.spec.is_mail and path.suffix != ".txt" else _BARE
        for found in sign.finditer(text):
            yield _place(folder, path, text, found.start()), say("an address without https")


@SOURCES.rule(
    "empty-link",
    why="Who taps it stays where they are: a call to action that does nothing.",
    mend="Write the address between the quotes of `href`.",
)
def links_to_nowhere(folder: Folder) -> Iterator[Finding]:
    """Links and buttons without an address, or with `#`."""
    for spot, _ in _find(folder, _NOWHERE):
        yield spot, say("this link leads nowhere: write its address into `href`")


@SOURCES.rule(
    "image-without-alt",
    why="Who cannot see it, or whose mailbox loads no pictures, gets nothing in its place.",
    mend='Say in `alt="…"` what it shows; `alt=""` where it is only for the eye.',
)
def pictures_without_alt(folder: Folder) -> Iterator[Finding]:
    """Pictures that say nothing where they are not shown."""
    for spot, picture in _find(folder, _PICTURE):
        if not _ALT.search(picture):
            yield spot, say('a picture without `alt`: write what it shows, or `alt=""`')


_PLACEHOLDER = re.compile(
    r"\*\|[A-Z][A-Z0-9_:]*\|\*|\[\[\s*\w+\s*\]\]|%%\s*\w+\s*%%|%[A-Z][A-Z_]{2,}%|(?i:lorem ipsum)"
)


@SOURCES.rule(
    "foreign-placeholder",
    why="Readers would see it as it stands: it is of another tool, or was to be filled in.",
    mend="Write `{{ customer.first_name }}`, or the text that was meant.",
)
def foreign_placeholders(folder: Folder) -> Iterator[Finding]:
    """`*|FNAME|*`, `[[first_name]]`, `%%name%%` and the like."""
    for spot, placeholder in _find(folder, _PLACEHOLDER):
        told = say(
            "'{placeholder}' is printed as it stands: write `{{{{ customer.first_name }}}}`",
            placeholder=placeholder,
        )
        yield spot, told
