"""The Jinja2 environments templates run in: sandboxed, lenient about what is missing, quick with mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from jinja2 import Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from orchestrator.links import Links
from orchestrator.render import formats

#: The name under which a context carries its `Formats`.
FORMATS = "_formats"


class Missing(Undefined):
    """What is not there: prints as nothing, holds nothing, and every comparison with it is false.

    The same as in the conditions of a journey, so that one expression means one thing everywhere.
    """

    __slots__ = ()

    def _missing(self, *_: Any, **__: Any) -> Missing:
        return self

    def _false(self, _: Any) -> bool:
        return False

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):
            raise AttributeError(name)  # Python's own protocols (copy, pickle, numbers) must not be answered
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __str__(self) -> str:
        return ""

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    # jinja2 types these as never returning, since its own undefined raises in all of them.
    __getitem__ = __call__ = _missing  # type: ignore[assignment]
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _missing  # type: ignore[assignment]
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = _missing  # type: ignore[assignment]
    __rmod__ = __pow__ = __rpow__ = __pos__ = __neg__ = _missing  # type: ignore[assignment]
    __lt__ = __le__ = __gt__ = __ge__ = _false  # type: ignore[assignment]
    __eq__ = __ne__ = _false


#: One is enough: it says nothing about who asked.
MISSING = Missing()


class TemplateEnvironment(SandboxedEnvironment):
    """Looks an attribute up in the mapping first: a third quicker, and a mapping's own methods stay out of reach."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if type(obj) is dict or isinstance(obj, Mapping):  # asking the abstract class takes as long as all the rest
            value = obj.get(attribute)
            return MISSING if value is None else value
        if type(obj) is Links and attribute[0] != "_":  # all of it is meant for templates, and it is in every mail
            return getattr(obj, attribute, MISSING)
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping):
            try:
                value = obj.get(argument)
            except TypeError:  # an unhashable key is in no mapping
                return MISSING
            return MISSING if value is None else value
        return super().getitem(obj, argument)

    def unsafe_undefined(self, obj: Any, attribute: str) -> NoReturn:
        raise SecurityError(f"templates may not read '{attribute}'")


def make_environment(html: bool, trim: bool = True) -> TemplateEnvironment:
    """An environment for HTML (escapes) or for plain text (does not); `trim` drops the lines that hold tags only."""
    environment = TemplateEnvironment(
        autoescape=html,
        undefined=Missing,
        finalize=lambda value: "" if value is None else value,
        trim_blocks=trim,
        lstrip_blocks=trim,
    )
    for name in ("lipsum", "cycler", "joiner"):
        del environment.globals[name]
    environment.filters.update(
        money=pass_context(lambda context, *args, **options: formats.format_money(_of(context), *args, **options)),
        number=pass_context(lambda context, value: formats.format_number(_of(context), value)),
        percent=pass_context(lambda context, value: formats.format_points(_of(context), value)),
        date=pass_context(lambda context, *args: formats.format_day(_of(context), *args)),
        datetime=pass_context(lambda context, *args: formats.format_instant(_of(context), *args)),
    )
    return environment


def _of(context: Context) -> formats.Formats:
    found = context.get(FORMATS)
    assert isinstance(found, formats.Formats)  # every render puts it there
    return found


def find_hidden_attribute(tree: nodes.Template) -> tuple[int, str] | None:
    """The line and name of the first attribute that begins with `_`: closed by the sandbox, so refused at load."""
    for node in tree.find_all(nodes.Getattr):
        if node.attr.startswith("_"):
            return node.lineno, node.attr
    return None
