"""Reads a project's `templates/` folder and compiles all of it, gathering every fault on the way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.message import Medium
from orchestrator.render.compiled import DERIVED, HTML, TEXT, CompiledEmail, CompiledSms, CompiledText
from orchestrator.render.markup import compile_html, compile_mjml, compile_text, derive_text
from orchestrator.render.source import FrontMatter, Library, Piece, TemplateBroken, locale_tags, split_front_matter

SOURCE_BYTES_MAX = 1_000_000

_NAME = re.compile(r"([a-z0-9][\w-]*)(?:\.([a-z]{2,3}(?:[-_][a-z0-9]+)*))?\.(mjml|html|txt)", re.IGNORECASE)


@dataclass(slots=True)
class Compiled:
    """What loading yields: variants by (name, locale tag), "" being the file without a locale."""

    emails: dict[tuple[str, str], CompiledEmail] = field(default_factory=dict)
    texts: dict[tuple[str, str], CompiledSms] = field(default_factory=dict)
    versions: dict[tuple[Medium, str], str] = field(default_factory=dict)


class Loader:
    """Loads once; `load` raises ProjectInvalid with the problems of all files."""

    def __init__(self, root: Path, project_locale: str) -> None:
        self._root, self._project_locale = root, project_locale
        self._problems: list[Problem] = []
        self._hashes: dict[tuple[Medium, str], list[str]] = {}
        self._compiled = Compiled()

    def load(self) -> Compiled:
        for medium in Medium:
            self._load_medium(medium)
        if self._problems:
            raise ProjectInvalid(sorted(set(self._problems), key=lambda problem: (problem.file, problem.line)))
        for (medium, name), parts in self._hashes.items():
            digest = hashlib.blake2b("\0".join(sorted(parts)).encode(), digest_size=6)
            self._compiled.versions[medium, name] = digest.hexdigest()
        return self._compiled

    def _load_medium(self, medium: Medium) -> None:
        folder = f"templates/{medium}"
        files = self._read_files(folder)
        library = Library(files, folder, HTML)
        endings = ("mjml", "html") if medium is Medium.EMAIL else ("txt",)
        variants: dict[str, set[str]] = {}
        for file in files:
            match = _NAME.fullmatch(file)
            if match is None or match[3].lower() not in endings:
                continue
            name, tag = match[1], (match[2] or "").lower().replace("_", "-")
            if tag in variants.get(name, ()):
                message = f"another file of '{name}' says the same in another form: keep the .mjml or the .html"
                self._problems.append(Problem(f"{folder}/{file}", 1, 1, message))
                continue
            variants.setdefault(name, set()).add(tag)
            try:
                if medium is Medium.EMAIL:
                    self._compiled.emails[name, tag] = self._compile_email(library, files, file, name, tag)
                else:
                    self._compiled.texts[name, tag] = self._compile_sms(library, file, name, tag)
            except TemplateBroken as error:
                self._problems.append(error.problem)
        self._check_variants(folder, variants)

    def _check_variants(self, folder: str, variants: dict[str, set[str]]) -> None:
        fallbacks = {*locale_tags(self._project_locale), ""}
        for name, tags in variants.items():
            if not tags & fallbacks:
                message = f"exists only in {', '.join(sorted(tags))}; add the file without a locale, for everybody else"
                self._problems.append(Problem(f"{folder}/{name}", 1, 1, message))

    def _read_files(self, folder: str) -> dict[str, str]:
        files: dict[str, str] = {}
        for path in sorted(self._root.joinpath(folder).glob("*")):
            if path.suffix not in (".mjml", ".html", ".txt") or not path.is_file():
                continue
            try:
                if path.stat().st_size > SOURCE_BYTES_MAX:
                    raise ValueError(f"larger than {SOURCE_BYTES_MAX // 1000} kB")
                files[path.name] = path.read_text(encoding="utf-8")
            except ValueError as error:  # UnicodeDecodeError is one
                reason = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
                self._problems.append(Problem(f"{folder}/{path.name}", 1, 1, reason))
        return files

    def _compile_email(self, library: Library, files: dict[str, str], file: str, name: str, tag: str) -> CompiledEmail:
        path = f"templates/email/{file}"
        front, _ = split_front_matter(files[file], path)
        if not front.values.get("subject", "").strip():
            raise TemplateBroken(path, 1, "has no subject; begin the file with --- and `subject: …` and ---")
        language = tag or self._project_locale
        pieces = _with_a_body(library.flatten(file, language), path)
        compile_markup = compile_mjml if file.endswith(".mjml") else compile_html
        markup, marked = compile_markup(pieces)
        self._remember(Medium.EMAIL, name, tag, pieces, front)
        own_text = f"{file.rpartition('.')[0]}.txt"
        if own_text in files:
            text_pieces = library.flatten(own_text, language)
            self._remember(Medium.EMAIL, name, f"{tag}.txt", text_pieces)
            text = CompiledText(compile_text(text_pieces), TEXT).compile()
        else:
            text = CompiledText(derive_text(marked, pieces), DERIVED)
        return CompiledEmail(
            language,
            _of_front(front, "subject", path),
            _of_front(front, "preheader", path),
            CompiledText(markup, HTML).compile(),
            # A text part derived from the HTML holds the same tags, already found good; it can wait for its first use.
            text,
        )

    def _compile_sms(self, library: Library, file: str, name: str, tag: str) -> CompiledSms:
        language = tag or self._project_locale
        pieces = _with_a_body(library.flatten(file, language), f"templates/sms/{file}")
        self._remember(Medium.SMS, name, tag, pieces)
        return CompiledSms(language, CompiledText(compile_text(pieces), TEXT).compile())

    def _remember(
        self, medium: Medium, name: str, tag: str, pieces: Iterable[Piece], front: FrontMatter | None = None
    ) -> None:
        head = sorted(front.values.items()) if front else []
        parts = [tag, *(f"{key}={text}" for key, text in head), *(piece.text for piece in pieces)]
        self._hashes.setdefault((medium, name), []).append("\0".join(parts))


def _with_a_body(pieces: list[Piece], path: str) -> list[Piece]:
    if not any(piece.text.strip() for piece in pieces):
        raise TemplateBroken(path, 1, "has nothing to send: write its text below the head")
    return pieces


def _of_front(front: FrontMatter, key: str, path: str) -> CompiledText:
    return CompiledText.of_line(front.values.get(key, ""), path, front.lines.get(key, 1)).compile()
