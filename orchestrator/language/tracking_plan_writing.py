"""A learnt tracking plan as the text of `events.yaml`, or as what an existing one lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from orchestrator.documents.document import Document
from orchestrator.documents.yaml_nodes import resolve_plain
from orchestrator.domain.learnt_plan import Learnt, LearntPlan

HEAD = """\
# The tracking plan: what the shop sends, for `parcours check` and for people. Each event has the
# JSON Schema of its properties. `parcours events learn` adds what is new, and changes nothing.
"""
_NOTHING = re.compile(r":\s*\{\s*\}(?=\s*(?:#|$))")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_ -]*[A-Za-z0-9_]|[A-Za-z]")


def write_plan(learnt: LearntPlan) -> str:
    """The whole file."""
    events = "".join(_events(learnt.events, "  "))
    traits = "".join(_traits(learnt.traits.parts, "  "))
    account = "".join(_traits(learnt.account.parts, "  "))
    told = f"{HEAD}events:\n{events}" if events else f"{HEAD}events: {{}}\n"
    told += f"\ntraits:\n{traits}" if traits else ""
    return told + (f"\naccount:\n{account}" if account else "")


def extend_plan(document: Document, learnt: LearntPlan) -> str:
    """An existing file with the events and traits that it lacks, put at the ends of their lists;
    nothing that stands there is changed.
    """
    lines = document.text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    events, traits = lacking_events(document, learnt), lacking_traits(document, learnt)
    account = _lacking(document, "account", learnt.account.parts)
    added = {
        "events": list(_events(events, _indent(document, "events"))),
        "traits": list(_traits(traits, _indent(document, "traits"))),
        "account": list(_traits(account, _indent(document, "account"))),
    }
    keys = sorted(
        (line, str(path[0])) for path, (line, _) in document.keys.items() if len(path) == 1
    )
    for number, (line, key) in reversed(list(enumerate(keys))):
        if added.get(key):
            lines[line - 1] = _NOTHING.sub(":", lines[line - 1])
        end = keys[number + 1][0] - 1 if number + 1 < len(keys) else len(lines)
        while end and not lines[end - 1].strip():
            end -= 1
        lines[end:end] = added.pop(key, [])
    rest = [line for key, new in added.items() if new for line in (f"\n{key}:\n", *new)]
    return "".join([*lines, *rest])


def lacking_events(document: Document, learnt: LearntPlan) -> dict[str, Learnt]:
    """The events that a plan does not have."""
    return _lacking(document, "events", learnt.events)


def lacking_traits(document: Document, learnt: LearntPlan) -> dict[str, Learnt]:
    """The traits that a plan does not have."""
    return _lacking(document, "traits", learnt.traits.parts)


def lacking_properties(document: Document, learnt: LearntPlan) -> Iterator[str]:
    """The properties of known events that a plan does not have, each as `Event: a, b`."""
    for name, event in sorted(learnt.events.items()):
        written = document.get(("events", name, "properties"))
        new = sorted(set(event.parts) - set(written)) if isinstance(written, Mapping) else []
        if new:
            yield f"{name}: {', '.join(new)}"


def _lacking(document: Document, key: str, learnt: Mapping[str, Learnt]) -> dict[str, Learnt]:
    written = document.get((key,))
    known = written if isinstance(written, Mapping) else {}
    return {name: one for name, one in learnt.items() if name not in known}


def _indent(document: Document, key: str) -> str:
    columns = [column for path, (_, column) in document.keys.items() if path[:-1] == (key,)]
    return " " * (columns[0] - 1) if columns else "  "


def _events(events: Mapping[str, Learnt], indent: str) -> Iterator[str]:
    for name, event in sorted(events.items()):
        yield f"{indent}{_scalar(name)}:\n"
        for index, (part, learnt) in enumerate(sorted(event.parts.items())):
            head = f"{indent}  properties:\n" if index == 0 else ""
            yield f"{head}{indent}    {_scalar(part)}: {_flow(learnt.schema())}\n"


def _traits(traits: Mapping[str, Learnt], indent: str) -> Iterator[str]:
    for name, one in sorted(traits.items()):
        # what is known of a person is no example
        schema = {key: value for key, value in one.schema().items() if key != "examples"}
        yield f"{indent}{_scalar(name)}: {_flow(schema)}\n"


def _flow(value: object) -> str:
    if isinstance(value, Mapping):
        return (
            f"{{{', '.join(f'{_scalar(str(key))}: {_flow(one)}' for key, one in value.items())}}}"
        )
    if isinstance(value, list):
        return f"[{', '.join(_flow(one) for one in value)}]"
    return _scalar(value) if isinstance(value, str) else json.dumps(value)


def _scalar(text: str) -> str:
    is_plain = _PLAIN.fullmatch(text) and isinstance(resolve_plain(text), str)
    return text if is_plain else json.dumps(text, ensure_ascii=False)
