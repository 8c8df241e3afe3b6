"""One template, compiled: its parts render for one customer, and fail in a way that names a line
and nobody's data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO

from jinja2 import Template, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context

from orchestrator.domain.errors import Problem, TemplateFailed
from orchestrator.domain.expression import Const, Invoke
from orchestrator.domain.phrase import said_by, say
from orchestrator.domain.tag_faults import explain
from orchestrator.render.budget import Budget, TooMuch
from orchestrator.render.constants import find_constants
from orchestrator.render.environment import TemplateEnvironment, make_environment
from orchestrator.render.formats import StyleUnknown
from orchestrator.render.generation import TEXT_PART, Generator
from orchestrator.render.markup import Markup
from orchestrator.render.pairing import NotAlike, TwoInOne, pair
from orchestrator.render.questions import QuestionInvalid, find_questions
from orchestrator.render.reads import Read, find_reads, find_stages
from orchestrator.render.source import TemplateBroken
from orchestrator.render.vetting import Fault, find_faults, find_unknown_names

HTML = make_environment(html=True)
TEXT = make_environment(html=False)
DERIVED = make_environment(
    html=False, trim=False
)  # every line break here stands for an element of the HTML


GLOBALS: Mapping[str, object] = TEXT.globals  # of each of them


STAGE = "stage"  # as if it were a function: what `customer.stage` is compared with


@dataclass(frozen=True, slots=True)
class Asked:
    """A function of the language in a template, and where it stands."""

    call: Invoke
    file: str
    line: int
    column: int

    @property
    def name(self) -> str:
        """The event, segment, template or journey that is asked about; "" for none."""
        value = self.call.args[0].value if isinstance(self.call.args[0], Const) else None
        return value if isinstance(value, str) else ""


class CompiledText:
    """A Jinja2 source, compiled at its first use, or before by `compile`."""

    __slots__ = ("_environment", "_markup", "_settings", "_template", "asked", "reads", "stages")

    def __init__(
        self,
        markup: Markup,
        environment: TemplateEnvironment,
        settings: Collection[str] = frozenset(),
    ) -> None:
        self._markup, self._environment, self._settings = markup, environment, settings
        self._template: Template | None = None
        self.asked: tuple[Asked, ...] = ()  # known once it is compiled
        self.reads: tuple[Read, ...] = ()  # likewise
        self.stages: tuple[Asked, ...] = ()  # likewise

    def compile(self) -> CompiledText:
        """Compiles now; raises TemplateBroken with all that is wrong in it."""
        try:
            tree = self.parse()
            code, unresolved = self._generate(tree)
            self._refuse(
                [*find_faults(tree), *find_unknown_names(tree, unresolved, self._settings)]
            )
            self.asked = tuple(self._read_questions(tree))
            self.reads = tuple(self._find_reads(tree))
            self.stages = tuple(self._find_stages(tree))
            program = compile(code, "<template>", "exec")
        except TemplateSyntaxError as error:
            message, word = explain(str(error.message))
            raise self._markup.broken(error.lineno, word, message) from error
        except QuestionInvalid as error:
            raise self._markup.broken(error.line, error.word, said_by(error)) from error
        except (
            RecursionError,
            SyntaxError,
            MemoryError,
            ValueError,
        ) as error:  # limits of Python's own compiler
            message = say(
                "tags or brackets are nested too deeply, or a number is too long, to be read"
            )
            raise self._markup.broken(self._markup.hardest_line, "", message) from error
        self._template = Template.from_code(
            self._environment, program, self._environment.make_globals(None)
        )
        return self

    def parse(self) -> nodes.Template:
        """The source as a tree; raises TemplateSyntaxError."""
        return self._environment.parse(self._markup.source)

    def _generate(self, tree: nodes.Template) -> tuple[str, set[str]]:
        generator = generate(self._environment, tree)
        return generator.written, generator.unknown

    def _refuse(self, faults: Iterable[Fault]) -> None:
        places = ((self._markup.place(fault.line, fault.word), fault.message) for fault in faults)
        problems = [Problem(*place, message) for place, message in places]
        if problems:
            raise TemplateBroken.with_all(problems)

    def _read_questions(self, tree: nodes.Template) -> Iterable[Asked]:
        for question in find_questions(tree):
            yield Asked(question.call, *self._markup.place(question.line, question.call.function))

    def _find_reads(self, tree: nodes.Template) -> Iterable[Read]:
        for path, line in dict.fromkeys(find_reads(tree)):
            yield Read(path, *self._markup.place(line, path[-1]))

    def _find_stages(self, tree: nodes.Template) -> Iterable[Asked]:
        for name, line in dict.fromkeys(find_stages(tree)):
            yield Asked(Invoke(STAGE, (Const(name),)), *self._markup.place(line, name))

    def mentions(self, *words: str) -> bool:
        """Whether one of these words stands in the source, layouts included."""
        return any(word in self._markup.source for word in words)

    @classmethod
    def of_line(
        cls,
        source: str,
        file: str,
        line: int = 1,
        column: int = 1,
        settings: Collection[str] = frozenset(),
    ) -> CompiledText:
        """A text without markup, such as a subject, that begins at a place of a file."""
        return cls(Markup(source, ((1, file, line, column),)), TEXT, settings)

    def make_ready(self) -> None:
        """Compiles now, if it was not yet; raises TemplateBroken."""
        if self._template is None:
            self.compile()

    def render(self, context: dict[str, object]) -> str:
        """The text for one customer; raises TemplateFailed. `context` holds the `GLOBALS` too, and
        is not copied: what a template sets is its own.
        """
        self.make_ready()
        assert self._template is not None  # it is compiled
        try:
            root = self._template.root_render_func
            return self._environment.join_output(
                root(Context(self._environment, context, None, {}))
            )
        except (
            Exception
        ) as error:  # whatever one customer's data brings must not take the others down
            file, line, _ = self._markup.place(_failing_line(error))
            told = say("{file}:{line}: {reason}", file=file, line=line, reason=_reason(error))
            raise TemplateFailed(told) from error


class HtmlAndText:
    """HTML with the text part that was derived from it, rendered in one go where they go along with
    each other: that is decided with the first.
    """

    __slots__ = ("_html", "_is_decided", "_template", "_text")

    def __init__(self, html: CompiledText, text: CompiledText) -> None:
        self._html, self._text = html, text
        self._template: Template | None = None
        self._is_decided = False

    def make_ready(self) -> None:
        """Compiles now, if it was not yet; raises TemplateBroken."""
        if not self._is_decided:
            self._template, self._is_decided = self._compile(), True
        if self._template is None:
            self._html.make_ready()
            self._text.make_ready()

    def _compile(self) -> Template | None:
        try:
            tree, text = self._html.parse(), self._text.parse()
            generator = generate(HTML, tree, pair(tree, text))
            program = compile(generator.written, "<template>", "exec")
        except (NotAlike, TemplateSyntaxError, RecursionError, SyntaxError, MemoryError):
            return None  # of the two apart, each knows its faults
        return Template.from_code(HTML, program, HTML.make_globals(None))

    def render(self, context: dict[str, object], budget: Budget) -> tuple[str, str]:
        """Both for one customer, as `CompiledText.render`."""
        self.make_ready()
        left = budget.left
        if self._template is not None:
            context[TEXT_PART] = text = list[str]()
            # Whatever it was, the two apart say where.
            with suppress(Exception):
                root = self._template.root_render_func
                html = HTML.join_output(root(Context(HTML, context, None, {})))
                return html, HTML.join_output(text)
            budget.left = left
        return self._html.render(context), self._text.render(context)


def generate(
    environment: TemplateEnvironment, tree: nodes.Template, paired: TwoInOne | None = None
) -> Generator:
    """Writes Python's code of a tree."""
    generator = Generator(environment, None, None, StringIO(), optimized=False)
    generator.paired = paired or TwoInOne()
    generator.constants = find_constants(tree)
    generator.visit(tree)
    return generator


def _reason(error: Exception) -> str:
    """Why a rendering ended, without anything that the customer's data holds."""
    if isinstance(error, TooMuch | SecurityError | StyleUnknown):
        return str(error)
    if isinstance(error, RecursionError):
        return say("it takes too much work: a macro that calls itself without end?")
    return say("{error} with this customer's data", error=type(error).__name__)


def _failing_line(error: Exception) -> int:
    """The innermost line of a template in the traceback."""
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<template>":
            template: Template = trace.tb_frame.f_globals["__jinja_template__"]
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line


@dataclass(frozen=True, slots=True)
class CompiledEmail:
    language: str  # of the variant: `fr`, or the project's for the file without a locale
    subject: CompiledText
    preheader: CompiledText
    html: CompiledText
    text: CompiledText
    both: HtmlAndText | None = None  # where the text is derived from the HTML

    def make_ready(self) -> None:
        """Compiles what is not compiled yet; raises TemplateBroken."""
        bodies = (self.html, self.text) if self.both is None else (self.both,)
        for part in (self.subject, self.preheader, *bodies):
            part.make_ready()

    def render_bodies(self, context: dict[str, object], budget: Budget) -> tuple[str, str]:
        """The HTML and the text; raises TemplateFailed."""
        if self.both is not None:
            return self.both.render(context, budget)
        return self.html.render(context), self.text.render(context)


@dataclass(frozen=True, slots=True)
class CompiledPlain:
    language: str
    text: CompiledText
    sid: str = ""  # of a template that its provider approved …
    variables: Mapping[str, CompiledText] = field(default_factory=dict)  # … and for its places
