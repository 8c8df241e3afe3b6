"""The rules that are not functions of this folder: what is found while files are read has its code
and its why here.
"""

from __future__ import annotations

from dataclasses import replace

from orchestrator.domain.errors import Problem
from orchestrator.lint.ignores import NO_EFFECT, NO_REASON
from orchestrator.lint.rules import ERROR, RuleTold

_FILE, _SETTINGS, _TEMPLATE = "file-invalid", "settings-invalid", "template-invalid"
_ADVICE = "advice"

LANGUAGE = (
    RuleTold(
        _FILE,
        "What a file of `journeys/` says cannot be read, or names what does not exist.",
        "Do what the message says, at the place it names.",
        ERROR,
    ),
    RuleTold(
        _SETTINGS,
        "A setting in parcours.toml cannot be read.",
        "Do what the message says, at the place it names.",
        ERROR,
    ),
    RuleTold(
        _TEMPLATE,
        "A template cannot be rendered: a tag, name, filter or function in it does not exist.",
        "Do what the message says, at the place it names.",
        ERROR,
    ),
    RuleTold(_ADVICE, "What was written is seldom what was meant.", "Do what the message says."),
    RuleTold(
        "always-holds",
        "A condition that is always true asks nothing: everybody passes.",
        'Compare with something: `event.name == "Lamp"`, not `"Lamp"` alone.',
    ),
    RuleTold(
        "fact-path",
        "The path of a fact begins at the event's properties, so this one leads nowhere.",
        "Write `of: total`, without `event.`.",
    ),
    RuleTold(
        "missing-template",
        "A back-test renders nothing and goes on; live the journey would be refused.",
        "Write the template.",
    ),
    RuleTold(
        "no-last-stage",
        "Customers for whom no rule holds have no stage, and no journey for a stage reaches them.",
        "End the list with a stage whose `if` is `true`.",
    ),
    RuleTold(
        "topic-id",
        "A topic's id is part of addresses and headers, where other letters are changed.",
        "Write it with a-z, 0-9, - and _.",
    ),
    RuleTold(
        "trigger-is-exit",
        "Who triggers again leaves and does not enter anew: every second time nothing happens.",
        "Leave the exit out, and write `on_repeat: restart`.",
    ),
    RuleTold(
        NO_REASON,
        "Nobody can tell later whether a silenced warning still may be silent.",
        "Write the reason behind it: `# parcours: ignore[unknown-event] begins in May`.",
    ),
    RuleTold(
        NO_EFFECT,
        "A comment that silences nothing would hide the next fault of its kind.",
        "Take it away, or name the rule that is found there.",
    ),
)


def with_code(problem: Problem) -> Problem:
    """The problem with the code of what found it, where it has none of its own."""
    if problem.rule:
        return problem
    if problem.severity != ERROR:
        return replace(problem, rule=_ADVICE)
    of_template = problem.file.startswith("templates/")
    of_settings = problem.file.endswith(".toml")
    return replace(problem, rule=_TEMPLATE if of_template else _SETTINGS if of_settings else _FILE)
