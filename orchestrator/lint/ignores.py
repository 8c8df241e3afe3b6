"""Warnings that an author has seen and wants to keep quiet: `# parcours: ignore[rule] reason`, in
templates `{# parcours: ignore[rule] reason #}`, at the end of the line or on the line above.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import FILE
from orchestrator.domain.errors import Problem
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.text_files import decode_text
from orchestrator.lint.rules import ADVICE, RuleTold

NO_REASON, NO_EFFECT = "ignore-without-reason", "ignore-without-effect"

_IGNORE = re.compile(
    r"(?P<open>\{#-?|#)\s*parcours:\s*ignore\b\s*(?:\[(?P<rules>[^\]]*)\])?(?P<reason>.*)"
)
_NOTHING_YET = re.compile(r"\s*(?:---\s*|#.*|\{#.*#\}\s*)?")  # a head's mark, or a comment
_ENDINGS = frozenset({".yaml", ".yml", ".mjml", ".html", ".txt"})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment. `lines` are those whose warnings it silences."""

    file: str
    line: int
    column: int
    rules: tuple[str, ...]
    reason: str
    lines: frozenset[int]

    def covers(self, problem: Problem) -> bool:
        """Whether it silences a warning."""
        is_here = problem.file == self.file and problem.line in self.lines
        return is_here and problem.rule in self.rules and problem.severity == ADVICE

    def problem(self, message: Phrase, rule: str) -> Problem:
        """A fault of the comment itself."""
        return Problem(self.file, self.line, self.column, message, ADVICE, rule)


def find_ignores(root: Path) -> list[Ignore]:
    """The comments of all files that `check` reads."""
    folders = (root / "journeys", root / "templates")
    files = [root / FILE, *(path for folder in folders for path in sorted(folder.rglob("*")))]
    return [found for path in files for found in _in_file(root, path)]


def _in_file(root: Path, path: Path) -> Iterator[Ignore]:
    if path.name != FILE and path.suffix not in _ENDINGS:
        return
    try:
        text = decode_text(path.read_bytes())
    except (OSError, UnicodeDecodeError):  # none there, or its fault is said already
        return
    if "parcours:" in text:
        yield from read_ignores(text, path.relative_to(root).as_posix())


def read_ignores(text: str, file: str) -> Iterator[Ignore]:
    """The comments of one text."""
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        found = _IGNORE.search(line)
        if found is None:
            continue
        reason = found["reason"]
        if found["open"] != "#":
            reason = reason.partition("#}")[0].rstrip("-")
        named = tuple(name.strip() for name in (found["rules"] or "").split(",") if name.strip())
        covered = _covered(lines, number, alone=_stands_alone(line))
        yield Ignore(file, number, found.start() + 1, named, reason.strip(" -—–:"), covered)


def _covered(lines: Sequence[str], number: int, *, alone: bool) -> frozenset[int]:
    """The lines that a comment is about: its own, or the next that is no such comment. What begins
    a file is also about the file as a whole, whose warnings stand at its first line.
    """
    if not alone:
        return frozenset({number})
    after = number
    while after < len(lines) and _stands_alone(lines[after]):
        after += 1
    begins = all(_NOTHING_YET.fullmatch(line) for line in lines[: number - 1])
    return frozenset({number, after + 1} | ({1} if begins else set()))


def _stands_alone(line: str) -> bool:
    found = _IGNORE.search(line)
    return found is not None and not line[: found.start()].strip()


def silence(problems: Iterable[Problem], ignores: Sequence[Ignore]) -> list[Problem]:
    """The problems that no comment silences."""
    return [one for one in problems if not any(ignore.covers(one) for ignore in ignores)]


def faults_of(
    ignores: Sequence[Ignore], problems: Sequence[Problem], known: Iterable[RuleTold]
) -> Iterator[Problem]:
    """Comments that give no reason, and those that silence nothing of what was found."""
    names = {rule.name for rule in known}
    for ignore in ignores:
        if not ignore.rules:
            told = say(
                "write which rule is ignored: `parcours: ignore[unknown-event] begins in May`"
            )
            yield ignore.problem(told, NO_EFFECT)
        elif not ignore.reason:
            told = say(
                "write why behind it: `parcours: ignore[{listed}] begins in May`",
                listed=", ".join(ignore.rules),
            )
            yield ignore.problem(told, NO_REASON)
        for rule in ignore.rules:
            if not any(rule == one.rule and ignore.covers(one) for one in problems):
                yield ignore.problem(_without_effect(rule, ignore, problems, names), NO_EFFECT)


def _without_effect(
    rule: str, ignore: Ignore, problems: Sequence[Problem], names: Iterable[str]
) -> Phrase:
    if rule not in names:
        return say(
            "there is no rule '{rule}'{hint}",
            rule=rule,
            hint=did_you_mean(rule, names) or say("; docs/rules.md lists them"),
        )
    if any(
        one.rule == rule and one.file == ignore.file and one.line in ignore.lines
        for one in problems
    ):
        return say("'{rule}' is an error here: nothing runs before it is mended", rule=rule)
    return say("nothing here is found by '{rule}' (any more): take this comment away", rule=rule)
