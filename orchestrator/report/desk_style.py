"""The style sheet of pages and reports."""

from __future__ import annotations

from importlib.resources import files

DESK_STYLE = files(__package__).joinpath("templates/desk.css").read_text("utf-8")
