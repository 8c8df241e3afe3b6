"""The files of a new project, and of a programme; nothing that is there is overwritten."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.phrase import say
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.triggers import StageTrigger
from orchestrator.language.journeys import parse_journey
from orchestrator.language.lifecycle_file import PRESETS, preset_text
from orchestrator.starter.languages import in_languages, language_of
from orchestrator.starter.playbooks import SHIPPED, Playbook

BEGINNING = Path(__file__).parent / "beginning"
GITIGNORE = "# the database, previews, secrets\nvar/\n.env\n"
LIFECYCLE = "journeys/lifecycle.yaml"
EVENTS = "journeys/events.yaml"
#: By which readers know what a message is about.
TOPICS: Mapping[str, Mapping[str, str]] = {
    "offers": {"en": "Offers and reminders", "fr": "Offres et rappels"},
    "news": {"en": "News from us", "fr": "De nos nouvelles"},
    "feedback": {"en": "Questions about your orders", "fr": "Questions sur vos commandes"},
    "referral": {"en": "Invitations for your friends", "fr": "Invitations pour vos amis"},
}
_ZONES = {"fr": "Europe/Paris"}
_SERVES = re.compile(r"^serves: (\w+)\n", re.MULTILINE)
_HEAD = re.compile(r"\A(journey: .+\n)")
_DRAFT = "draft: true     # checked and tested, and nobody enters: take this line out to begin\n"

_ADVOCATES = ("Invite Sent", "Product Reviewed", "Product Shared")

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class Copied:
    """The files that were written, and those that were there and stay as they are."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def new_project(name: str, lifecycle: str, locales: Sequence[str]) -> Texts:
    """A project that runs at once, by the paths of its files. Raises ParcoursError where there is
    no such lifecycle.
    """
    mails = in_languages(SHIPPED / "templates/email", ["_layout.mjml", "_theme-pine.mjml"], locales)
    mails |= in_languages(BEGINNING, ["hello.mjml"], locales)
    return {
        "parcours.toml": _settings(name, locales),
        LIFECYCLE: preset_text(lifecycle),
        EVENTS: _events_for(preset_text(lifecycle)),
        "journeys/hello.yaml": (BEGINNING / "hello.yaml").read_text("utf-8"),
        **{f"templates/email/{file}": text for file, text in mails.items()},
        ".gitignore": GITIGNORE,
    }


def _events_for(lifecycle: str) -> str:
    """The tracking plan, with what the stages hear of and the sample shop does not send."""
    more = "".join(f"  {name}: {{}}\n" for name in _ADVOCATES if name in lifecycle)
    return _shipped(EVENTS).replace("\ntraits:", f"{more}\ntraits:", 1)


def _settings(name: str, locales: Sequence[str]) -> str:
    languages = list(dict.fromkeys(map(language_of, locales)))
    text = (BEGINNING / "parcours.toml").read_text("utf-8")
    values = {
        "name": re.sub(r'[\x00-\x1f\x7f"\\]', "", name),
        "timezone": _ZONES.get(languages[0], "UTC"),
        "locale": locales[0],
        "topics": "\n".join(f"{topic} = {_names(topic, languages)}" for topic in TOPICS),
    }
    for key, value in values.items():
        text = text.replace(f"{{{key}}}", value)
    return text


def _names(topic: str, languages: Sequence[str]) -> str:
    names = (f'{one} = "{TOPICS[topic][one]}"' for one in languages)
    return f"{{{', '.join(names)}}}"


class NoSuchStage(ValueError):
    """A programme begins at a stage that the project does not have; the text says what to do."""


def playbook_files(
    playbook: Playbook, locales: Sequence[str], stages: Collection[str] | None
) -> Texts:
    """A programme's files: its journeys as drafts, their templates and all that these are made of,
    and what they ask and hear of. `stages` are the project's; None where it has none yet. Raises
    NoSuchStage.
    """
    texts = {LIFECYCLE: preset_text(PRESETS[0]), EVENTS: _shipped(EVENTS)}
    if playbook.asks:
        texts["journeys/surveys.yaml"] = _shipped("journeys/surveys.yaml")
    for name in playbook.journeys:
        path = f"journeys/{name}.yaml"
        text = _shipped(path)
        journey = parse_journey(text, path)
        if stages is not None:
            _require_stages(journey, stages)
            text = _SERVES.sub(lambda found: found[0] if found[1] in stages else "", text)
        texts[path] = _HEAD.sub(rf"\g<1>{_DRAFT}", text)
        texts |= _templates_of(journey, locales)
    return texts


def _require_stages(journey: Journey, stages: Collection[str]) -> None:
    for trigger in journey.triggers:
        if isinstance(trigger, StageTrigger) and trigger.stage not in stages:
            raise NoSuchStage(
                say(
                    "{id} begins at the stage '{stage}', and {file} has {listed}: give it such a "
                    "stage first",
                    id=journey.id,
                    stage=trigger.stage,
                    file=LIFECYCLE,
                    listed=", ".join(sorted(stages)),
                )
            )


def _templates_of(journey: Journey, locales: Sequence[str]) -> Texts:
    texts: Texts = {}
    for step in journey.walk_steps():
        for message in messages_of(step):
            folder = f"templates/{message.medium}"
            file = f"{message.template}.{_ending(message.medium, message.template)}"
            found = in_languages(SHIPPED / folder, [file], locales)
            texts |= {f"{folder}/{name}": written for name, written in found.items()}
    return texts


def _ending(medium: Medium, template: str) -> str:
    folder = SHIPPED / "templates" / medium
    return next(one for one in MEDIA[medium].endings if (folder / f"{template}.{one}").is_file())


def _shipped(path: str) -> str:
    return (SHIPPED / path).read_text("utf-8")


def copy_into(root: Path, texts: Mapping[str, str]) -> Copied:
    """Writes what is not there yet; raises OSError."""
    written, kept = [], []
    for path, text in texts.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8") as new:
                new.write(text)
            written.append(path)
        except FileExistsError:
            kept.append(path)
    return Copied(tuple(written), tuple(kept))
