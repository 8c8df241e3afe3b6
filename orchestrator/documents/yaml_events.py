"""The events of a YAML text, told by one of two readers.

The careful one is ruamel's, in Python (`yaml_careful`): it reads YAML 1.2, and what it says of a
fault is known. The quick one is libyaml, twenty times as fast. It reads YAML 1.1, so it is heard
only where both say the same, which a property test holds: of any text with something unusual it
says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

Event = Any  # neither library's events have a typed base that holds their anchor and tag

#: Where the two differ: tabs, what cannot be seen, what only YAML 1.1 takes for the end of a line;
#: marks of documents; blanks alone on a line and comments behind `|`, which texts over several
#: lines begin with; a sign right behind the name of an anchor.
_UNUSUAL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]"
    r"|^ +$|^---|^\.\.\.|[|>][-+0-9]*#|[&*][\w-]+[^\s\w,\]}-]",
    re.MULTILINE,
)
_QUICK = getattr(yaml, "CSafeLoader", None)  # a PyYAML that was built without libyaml has none


class Unusual(Exception):
    """A text of which only the careful reader may speak."""


def read_quickly(text: str) -> Iterator[Event]:
    """The content of a text by libyaml; raises Unusual."""
    if _QUICK is None or _UNUSUAL.search(text):
        raise Unusual
    try:
        for event in content_of(yaml.parse(text, Loader=_QUICK)):
            if getattr(event, "tag", None):
                raise Unusual
            yield event
    except (yaml.YAMLError, ValueError) as fault:
        raise Unusual from fault


def content_of(told: Iterable[Event]) -> Iterator[Event]:
    """The events of either reader that stand for something written."""
    outside = ("Stream", "Document", "Comment")
    return (event for event in told if not type(event).__name__.startswith(outside))


def is_scalar(event: Event) -> bool:
    """Whether it is a text, a number or a word: both libraries call their events the same."""
    return type(event).__name__ == "ScalarEvent"


def is_alias(event: Event) -> bool:
    """Whether it is `*name`."""
    return type(event).__name__ == "AliasEvent"


def is_sequence(event: Event) -> bool:
    """Whether a list begins."""
    return type(event).__name__ == "SequenceStartEvent"
