"""The names of template files: `welcome.mjml`, `welcome.fr.mjml`, `_layout.mjml`. Whoever reads a
name asks here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.domain.locales import locale_tag
from orchestrator.domain.medium import Medium

_TEMPLATE = re.compile(r"[a-z0-9][a-z0-9_-]*", re.IGNORECASE)
_FILE = re.compile(
    rf"({_TEMPLATE.pattern})(?:\.([a-z]{{2,3}}(?:[-_][a-z0-9]+)*))?\.(\w+)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A file that is one form of a template: `tag` is its locale, such as `fr-ca`, "" for the file
    without one.
    """

    name: str
    tag: str
    ending: str


def read_file_name(medium: Medium, file: str) -> TemplateFile | None:
    """What a file of a medium's folder is; None for a layout (`_…`) and for whatever is no
    template.
    """
    match = _FILE.fullmatch(file)
    if match is None or match[3].lower() not in medium.spec.endings:
        return None
    return TemplateFile(match[1], locale_tag(match[2] or ""), match[3].lower())


def is_template_name(name: str) -> bool:
    """Whether a step may name it."""
    return _TEMPLATE.fullmatch(name) is not None


def is_misnamed(medium: Medium, file: str) -> bool:
    """Whether a file looks like a template, and can be none by its name."""
    ending = file.rpartition(".")[2].lower()
    is_hidden = file[:1] in "_.#~" or file.endswith("~")
    return ending in medium.spec.endings and not is_hidden and read_file_name(medium, file) is None


def suggest_name(name: str) -> str:
    """The nearest name that a template may bear: `hi.v2` → `hi-v2`."""
    return re.sub(r"[^a-z0-9_-]+", "-", name, flags=re.IGNORECASE).strip("-_") or "hello"


def template_names(medium: Medium, files: Iterable[str]) -> frozenset[str]:
    """What steps may name, by the files of a medium's folder."""
    found = (read_file_name(medium, file) for file in files)
    return frozenset(file.name for file in found if file is not None)
