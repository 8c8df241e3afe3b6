"""What is asked for and answered between the HTTP side and whoever makes its pages."""

from __future__ import annotations

from dataclasses import dataclass

#: What may stand behind the `?` of a page's address; anything else changes nothing.
PARAMETERS = ("q", "journey", "done", "from", "to", "by", "model", "experiment", "currency")
PARAMETER_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class PageAsked:
    """A page that somebody asks for: `of` is what it is about, by the name or number in its path;
    `root` leads from it to the first page."""

    page: str
    of: str = ""
    query: tuple[tuple[str, str], ...] = ()
    root: str = "./"

    def get(self, name: str) -> str:
        """A parameter of the address; "" where it is not given."""
        return dict(self.query).get(name, "").strip()


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page as HTML, without its frame. `as_of` is its instant in the project's words."""

    title: str
    html: str
    as_of: str
    is_found: bool = True


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Why there is no page just now: the database is away; "" is a fault of ours."""

    trouble: str = ""
