"""Templates that a provider has approved: which one, and what is put in for each of its places."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.documents.document import Document
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.render.source import TemplateBroken

_KEYS = ("content_sid", "variables", "body")
_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")
_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class ContentFile:
    """A file `templates/whatsapp/<name>.yaml`: `variables` hold Jinja2 texts by the name of their
    place, `places` the line and column at which each stands."""

    sid: str
    variables: Mapping[str, str]
    places: Mapping[str, tuple[int, int]]
    body: str

    @property
    def shown(self) -> str:
        """The message as people read it, as one Jinja2 text: what was approved where the file holds
        that, else the variables one after the other."""
        if not self.body:
            return "\n".join(f"{name}: {text}" for name, text in self.variables.items()) or self.sid
        return _PLACE.sub(lambda found: self.variables[found[1]], self.body)


def read_content(text: str, file: str) -> ContentFile:
    """The approved template that a file names; raises TemplateBroken with all that is wrong."""
    document, problems = read_yaml(text, file)
    if problems:
        raise TemplateBroken.with_all(problems)
    if not isinstance(document.data, dict):
        raise TemplateBroken(file, 1, say("write `content_sid: HX…` and `variables: {1: …}` here"))
    faults = list(_faults(document))
    if faults:
        raise TemplateBroken.with_all([one for fault in faults for one in fault.problems])
    written = document.map.get("variables") or {}
    assert isinstance(written, dict)
    places = {str(name): document.position(("variables", name)) for name in written}
    variables = {str(name): str(value) for name, value in written.items()}
    body = str(document.map.get("body") or "").strip()
    return ContentFile(str(document.map["content_sid"]), variables, places, body)


def _faults(document: Document) -> Iterator[TemplateBroken]:
    data = document.map
    for key in data:
        if key not in _KEYS:
            hint = did_you_mean(str(key), _KEYS) or say(
                " (known: {listed})", listed=", ".join(_KEYS)
            )
            yield _fault(
                document, (key,), say("there is no key '{key}' here{hint}", key=key, hint=hint)
            )
    sid = data.get("content_sid")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        what = say(
            "`content_sid` is HX and 32 hexadecimal digits: copy it from Twilio's Content Editor"
        )
        yield _fault(document, ("content_sid",), what)
    variables = data.get("variables") or {}
    if not isinstance(variables, dict):
        yield _fault(
            document, ("variables",), say('`variables` is a map, such as `{1: "{{ … }}"}`')
        )
        return
    yield from _variable_faults(document, variables)
    yield from _body_faults(document, {str(name) for name in variables})


def _variable_faults(
    document: Document, variables: Mapping[str, object]
) -> Iterator[TemplateBroken]:
    for name, value in variables.items():
        path = ("variables", name)
        if not _NAME.fullmatch(str(name)):
            yield _fault(
                document,
                path,
                say("'{name}' is no place of a template: such as 1 or name", name=name),
            )
        elif isinstance(value, bool | dict | list) or value is None or not str(value).strip():
            what = say(
                "the variable {name} is text, and never empty: the provider refuses that", name=name
            )
            yield _fault(document, path, what)


def _body_faults(document: Document, names: set[str]) -> Iterator[TemplateBroken]:
    body = document.map.get("body")
    if body is None:
        return
    if not isinstance(body, str):
        yield _fault(document, ("body",), say("`body` is the text that was approved"))
        return
    for found in _PLACE.finditer(body):
        if found[1] not in names:
            what = say(
                "`{found}` in the body has no variable: add `{name}` to `variables`",
                found=found[0],
                name=found[1],
            )
            yield _fault(document, ("body",), what)


def _fault(document: Document, path: tuple[str | int, ...], message: Phrase) -> TemplateBroken:
    line, column = document.position(path) if document.get(path) is not None else (1, 1)
    return TemplateBroken(document.file, line, message, column)
