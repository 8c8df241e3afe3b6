"""One template, compiled: its parts render for one customer, and fail in a way that names a line and nobody's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Template, TemplateSyntaxError, nodes

from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.links import LINK_NAMES
from orchestrator.render.environment import TemplateEnvironment, find_hidden_attribute, make_environment
from orchestrator.render.markup import Markup
from orchestrator.render.source import TemplateBroken

_MAYBE_HIDDEN = re.compile(r"\.\s*_")
_LINK = re.compile(r"\blinks\s*\.\s*(\w+)")

HTML = make_environment(html=True)
TEXT = make_environment(html=False)
DERIVED = make_environment(html=False, trim=False)  # every line break here stands for an element of the HTML


class CompiledText:
    """A Jinja2 source, compiled at its first use, or before by `compile`."""

    __slots__ = ("_environment", "_markup", "_template")

    def __init__(self, markup: Markup, environment: TemplateEnvironment) -> None:
        self._markup, self._environment = markup, environment
        self._template: Template | None = None

    def compile(self) -> CompiledText:
        """Compiles now; raises TemplateBroken for what Jinja2 or the sandbox refuses."""
        source, environment = self._markup.source, self._environment
        try:
            tree = environment.parse(source)
            # Walking the tree costs as much as parsing it, so only where a name may be hidden at all.
            hidden = find_hidden_attribute(tree) if _MAYBE_HIDDEN.search(source) else None
            code = environment.compile(tree)
        except TemplateSyntaxError as error:
            raise TemplateBroken(*self._markup.origin(error.lineno), str(error.message)) from error
        if hidden:
            raise TemplateBroken(*self._markup.origin(hidden[0]), f"'{hidden[1]}' is closed to templates")
        if not LINK_NAMES.issuperset(_LINK.findall(source)):
            self._refuse_unknown_link(tree)
        self._template = Template.from_code(environment, code, environment.make_globals(None))
        return self

    def _refuse_unknown_link(self, tree: nodes.Template) -> None:
        """A link that does not exist would print as nothing: a dead link in somebody's mail."""
        for node in tree.find_all(nodes.Getattr):
            if isinstance(node.node, nodes.Name) and node.node.name == "links" and node.attr not in LINK_NAMES:
                hint = did_you_mean(node.attr, LINK_NAMES) or f" (known: {', '.join(sorted(LINK_NAMES))})"
                raise TemplateBroken(*self._markup.origin(node.lineno), f"there is no link '{node.attr}'{hint}")

    def mentions(self, *words: str) -> bool:
        """Whether one of these words stands in the source, layouts included."""
        return any(word in self._markup.source for word in words)

    @classmethod
    def of_line(cls, source: str, file: str, line: int = 1) -> CompiledText:
        """A text without markup, such as a subject, that begins on a line of a file."""
        return cls(Markup(source, ((1, file, line),)), TEXT)

    def render(self, context: Mapping[str, Any]) -> str:
        """The text for one customer; raises TemplateFailed."""
        if self._template is None:
            self.compile()
            assert self._template is not None  # compile has set it
        try:
            return self._template.render(context)
        except Exception as error:  # whatever one customer's data brings must not take the others down
            file, line = self._markup.origin(_failing_line(error))
            raise TemplateFailed(f"{file}:{line}: {type(error).__name__} with this customer's data") from error


def _failing_line(error: Exception) -> int:
    """The innermost line of a template in the traceback: Jinja2 has rewritten it to the template's own lines."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


@dataclass(frozen=True, slots=True)
class CompiledEmail:
    language: str  # of the variant: `fr`, or the project's for the file without a locale
    subject: CompiledText
    preheader: CompiledText
    html: CompiledText
    text: CompiledText


@dataclass(frozen=True, slots=True)
class CompiledSms:
    language: str
    text: CompiledText
