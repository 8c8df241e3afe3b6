"""Reads a project's `templates/` folder and compiles all of it, gathering every fault on the
way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.errors import Problem
from orchestrator.domain.expression import OF_RECEIPTS
from orchestrator.domain.locales import locale_tags
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.phrase import said_by, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.template_names import TemplateFile, read_file_name
from orchestrator.domain.text_files import decode_text
from orchestrator.render.compiled import (
    DERIVED,
    HTML,
    STAGE,
    TEXT,
    Asked,
    CompiledEmail,
    CompiledPlain,
    CompiledText,
    HtmlAndText,
)
from orchestrator.render.content import read_content
from orchestrator.render.markup import compile_html, compile_mjml, compile_text, derive_text
from orchestrator.render.source import (
    FrontMatter,
    Library,
    Piece,
    TemplateBroken,
    split_front_matter,
)

SOURCE_BYTES_MAX = 1_000_000

_SUFFIXES = {f".{ending}" for spec in MEDIA.values() for ending in spec.endings} | {".txt"}

#: What the functions of the language may name, by function; None or nothing: do not check.
Names = Mapping[str, frozenset[str]]
_NOUNS = {"in_segment": say("segment"), STAGE: say("stage")} | dict.fromkeys(
    ("received", *OF_RECEIPTS), say("template or journey")
)


@dataclass(frozen=True, slots=True)
class _Folder:
    """The files of one medium."""

    medium: Medium
    files: dict[str, str]
    library: Library

    def path(self, file: str) -> str:
        """Where a file stands in the project."""
        return f"templates/{self.medium}/{file}"


@dataclass(slots=True)
class Compiled:
    """What loading yields: mails by (name, locale tag), "" being the file without a locale, and
    plain texts by (medium, name, locale tag).
    """

    emails: dict[tuple[str, str], CompiledEmail] = field(default_factory=dict)
    plain: dict[tuple[Medium, str, str], CompiledPlain] = field(default_factory=dict)
    versions: dict[tuple[Medium, str], str] = field(default_factory=dict)
    broken: dict[tuple[Medium, str], list[Problem]] = field(
        default_factory=dict
    )  # by template: what is wrong
    asked: list[Asked] = field(
        default_factory=list
    )  # every function of the language that a template calls
    settings: dict[Medium, frozenset[str]] = field(
        default_factory=dict
    )  # the names that layouts may ask for
    names: Names = field(default_factory=dict)  # what may be asked about
    compared: list[Asked] = field(default_factory=list)  # every stage that one is compared with


class Loader:
    """Loads once; `problems` holds what is wrong with all files, and `compiled` those that are
    good.
    """

    def __init__(self, root: Path, project_locale: str, names: Names) -> None:
        self._root, self._project_locale, self._names = root, project_locale, names
        self._hashes: dict[tuple[Medium, str], list[str]] = {}
        self.problems: list[Problem] = []
        self.compiled = Compiled(names=names)

    def load(self) -> None:
        for medium in Medium:
            self._load_medium(medium)
        asked = (*self.compiled.asked, *self.compiled.compared)
        self.problems.extend(find_unknown(asked, self._names))
        self.problems = sorted(
            set(self.problems), key=lambda problem: (problem.file, problem.line, problem.column)
        )
        for (medium, name), parts in self._hashes.items():
            digest = hashlib.blake2b("\0".join(sorted(parts)).encode(), digest_size=6)
            self.compiled.versions[medium, name] = digest.hexdigest()

    def _load_medium(self, medium: Medium) -> None:
        files = self._read_files(f"templates/{medium}")
        folder = _Folder(medium, files, Library(files, f"templates/{medium}", HTML))
        self.compiled.settings[medium] = folder.library.settings
        variants: dict[str, set[str]] = {}
        for file in files:
            template = read_file_name(medium, file)
            if template is None:
                continue
            tags = variants.setdefault(template.name, set())
            if template.tag in tags:
                message = say(
                    "another file of '{name}' says the same in another form: keep the "
                    ".mjml or the .html",
                    name=template.name,
                )
                self.problems.append(Problem(folder.path(file), 1, 1, message))
                continue
            tags.add(template.tag)
            try:
                self._compile(folder, file, template)
            except TemplateBroken as error:
                self.problems += error.problems
                self.compiled.broken.setdefault((medium, template.name), []).extend(error.problems)
        self._check_variants(folder, variants)

    def _compile(self, folder: _Folder, file: str, template: TemplateFile) -> None:
        name, tag = template.name, template.tag
        if folder.medium.spec.is_mail:
            self.compiled.emails[name, tag] = self._compile_email(folder, file, template)
        else:
            is_content = folder.medium.spec.is_content
            compile_one = self._compile_content if is_content else self._compile_plain
            plain = compile_one(folder, file, template)
            self.compiled.plain[folder.medium, name, tag] = plain

    def _check_variants(self, folder: _Folder, variants: dict[str, set[str]]) -> None:
        fallbacks = {*locale_tags(self._project_locale), ""}
        for name, tags in variants.items():
            if not tags & fallbacks:
                message = say(
                    "exists only in {listed}; add the file without a locale, for everybody else",
                    listed=", ".join(sorted(tags)),
                )
                self.problems.append(Problem(folder.path(name), 1, 1, message))

    def _read_files(self, folder: str) -> dict[str, str]:
        files: dict[str, str] = {}
        for path in sorted(self._root.joinpath(folder).glob("*")):
            if path.suffix not in _SUFFIXES or not path.is_file():
                continue
            try:
                if path.stat().st_size > SOURCE_BYTES_MAX:
                    raise ValueError(
                        say(
                            "larger than {size} kB",
                            size=SOURCE_BYTES_MAX // 1000,
                        )
                    )
                files[path.name] = decode_text(path.read_bytes())
            except ValueError as error:  # UnicodeDecodeError is one
                is_text = not isinstance(error, UnicodeDecodeError)
                reason = said_by(error) if is_text else say("is not UTF-8")
                self.problems.append(Problem(f"{folder}/{path.name}", 1, 1, reason))
        return files

    def _compile_email(self, folder: _Folder, file: str, template: TemplateFile) -> CompiledEmail:
        path, files, library = folder.path(file), folder.files, folder.library
        front, _ = split_front_matter(files[file], path)
        if not front.values.get("subject", "").strip():
            raise TemplateBroken(
                path, 1, say("has no subject; begin the file with --- and `subject: …` and ---")
            )
        language = template.tag or self._project_locale
        pieces = _with_a_body(library.flatten(file, language), path)
        compile_markup = compile_mjml if template.ending == "mjml" else compile_html
        markup, marked = compile_markup(pieces, path)
        self._remember(folder, template.name, [*_head(template, front), *_texts(pieces)])
        own_text = f"{file.rpartition('.')[0]}.txt"
        texts = [
            _of_front(front, "subject", path, library.settings),
            _of_front(front, "preheader", path, library.settings),
            CompiledText(markup, HTML, library.settings),
        ]
        if own_text in files:
            text_pieces = library.flatten(own_text, language)
            self._remember(folder, template.name, [f"{template.tag}.txt", *_texts(text_pieces)])
            texts.append(CompiledText(compile_text(text_pieces), TEXT, library.settings))
        self._compile_all(texts)
        subject, preheader, html, *own = texts
        if own:
            return CompiledEmail(language, subject, preheader, html, own[0])
        # A text part derived from the HTML holds the same tags, already found good; it can wait for
        # its first use.
        text = CompiledText(derive_text(marked, pieces), DERIVED, library.settings)
        return CompiledEmail(language, subject, preheader, html, text, HtmlAndText(html, text))

    def _compile_plain(self, folder: _Folder, file: str, template: TemplateFile) -> CompiledPlain:
        language = template.tag or self._project_locale
        pieces = _with_a_body(folder.library.flatten(file, language), folder.path(file))
        self._remember(folder, template.name, [template.tag, *_texts(pieces)])
        text = CompiledText(compile_text(pieces), TEXT, folder.library.settings)
        self._compile_all([text])
        return CompiledPlain(language, text)

    def _compile_content(self, folder: _Folder, file: str, template: TemplateFile) -> CompiledPlain:
        path, text = folder.path(file), folder.files[file]
        content = read_content(text, path)
        variables = {
            name: CompiledText.of_line(source, path, *content.places[name])
            for name, source in content.variables.items()
        }
        self._compile_all(variables.values())
        shown = CompiledText.of_line(content.shown, path)
        shown.compile()
        self._remember(folder, template.name, [template.tag, text])
        language = template.tag or self._project_locale
        return CompiledPlain(language, shown, content.sid, variables)

    def _compile_all(self, texts: Iterable[CompiledText]) -> None:
        """Compiles the parts of a message; raises TemplateBroken with what is wrong in any of
        them.
        """
        problems: list[Problem] = []
        for text in texts:
            try:
                self.compiled.asked += text.compile().asked
                self.compiled.compared += text.stages
            except TemplateBroken as error:
                problems += error.problems
        if problems:
            raise TemplateBroken.with_all(problems)

    def _remember(self, folder: _Folder, name: str, parts: Iterable[str]) -> None:
        """What the version of a template is the hash of."""
        self._hashes.setdefault((folder.medium, name), []).append("\0".join(parts))


def find_unknown(asked: Iterable[Asked], names: Names) -> Iterator[Problem]:
    """Segments, stages, templates and journeys that are asked about, and that are not there."""
    for one in asked:
        known = names.get(one.call.function)
        if known is not None and one.name not in known:
            message = say(
                "there is no {noun} '{name}'{hint}",
                noun=_NOUNS[one.call.function],
                name=one.name,
                hint=did_you_mean(one.name, known),
            )
            yield Problem(one.file, one.line, one.column, message)


def _head(template: TemplateFile, front: FrontMatter) -> list[str]:
    return [template.tag, *(f"{key}={text}" for key, text in sorted(front.values.items()))]


def _texts(pieces: Iterable[Piece]) -> list[str]:
    return [piece.text for piece in pieces]


def _with_a_body(pieces: list[Piece], path: str) -> list[Piece]:
    if not any(piece.text.strip() for piece in pieces):
        raise TemplateBroken(path, 1, say("has nothing to send: write its text below the head"))
    return pieces


def _of_front(front: FrontMatter, key: str, path: str, settings: frozenset[str]) -> CompiledText:
    return CompiledText.of_line(
        front.values.get(key, ""), path, *front.places.get(key, (1, 1)), settings=settings
    )
