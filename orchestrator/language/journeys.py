"""One journey's YAML to the journey of the domain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from orchestrator.documents.document import Document, Path, Position
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain import journey as domain
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.expression import Name, Value, walk
from orchestrator.domain.journey_tests import JourneyTest
from orchestrator.domain.message import Purpose
from orchestrator.domain.pace import EntryPace
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import find_zone, to_instant
from orchestrator.domain.triggers import (
    BusinessTrigger,
    Called,
    DateTrigger,
    EventTrigger,
    SegmentTrigger,
    StageTrigger,
    Trigger,
)
from orchestrator.language.journey_test_forms import read_tests
from orchestrator.language.place import Known, Place
from orchestrator.language.reading import read_form
from orchestrator.language.schema import (
    ExitForm,
    GoalForm,
    JourneyForm,
    ReentryAfter,
)
from orchestrator.language.step_ids import find_targets, given_ids, name_steps
from orchestrator.language.steps import StepReader
from orchestrator.language.trigger_forms.trigger_form import check_segment
from orchestrator.language.version import version_of
from orchestrator.language.where import EVENT_IN_JOURNEY, STEP

_ACCOUNT = "account"  # of `one_per`


@dataclass(frozen=True, slots=True)
class JourneyFile:
    """What one file holds: the journey (None when it has errors) and its tests. `places` says where
    each step stands, by (step id,), and each of its options, by (step id, option); the trigger is
    the option of no step, "".
    """

    journey: domain.Journey | None
    tests: tuple[JourneyTest, ...] = ()
    places: Mapping[tuple[str, ...], Position] = field(default_factory=dict)


def parse_journey(text: str, file: str, known: Known | None = None) -> domain.Journey:
    """The journey of one YAML text; raises ProjectInvalid with all its errors.

    Without `known` nothing outside the text is checked: so a version that somebody entered long ago
    can still be read when the templates or segments of its time are gone; its tests are none of
    ours any more.
    """
    document, problems = read_yaml(text, file)
    if known is None and isinstance(document.data, dict):
        document.data.pop("tests", None)
    journey = None if problems else read_journey(document, known or Known(), problems).journey
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or journey is None:
        raise ProjectInvalid(sorted(errors, key=lambda problem: (problem.line, problem.column)))
    return journey


def read_journey(document: Document, known: Known, problems: list[Problem]) -> JourneyFile:
    """Reads a document; faults are added to `problems`."""
    place = Place(document, known, problems)
    before = len(problems)
    form = read_form(JourneyForm, place, say("a journey's file begins with `journey:` and its id"))
    if form is None:
        return JourneyFile(None)
    ids = name_steps(form.steps, place.at("steps"))
    journey = _build(form, ids, place)
    _check_while_inside(journey, place)
    _advise_on_repeats(journey, place)
    tests = read_tests(form.tests, journey, place.at("tests"))
    faulty = any(problem.severity == "error" for problem in problems[before:])
    return JourneyFile(None if faulty else journey, tests, dict(_places(document, ids)))


def _check_while_inside(journey: domain.Journey, place: Place) -> None:
    """What is asked again and again needs to know how often."""
    asks_again = any(isinstance(t, SegmentTrigger) and t.while_inside for t in journey.triggers)
    if asks_again and not isinstance(journey.reentry, timedelta):
        place.at("trigger").error(
            say(
                "`while_inside` asks again whenever `reentry` allows: write how often, "
                "as `reentry: {after: 30d}`"
            )
        )


def _places(
    document: Document, ids: Mapping[Path, str]
) -> Iterator[tuple[tuple[str, ...], Position]]:
    for key in ("journey", "trigger", "topic", "spread", "ends"):
        yield ("", key), document.position((key,))
    for path, step_id in ids.items():
        yield (step_id,), document.position(path)
        step = document.get(path)
        for word, options in step.items() if isinstance(step, dict) else ():
            for option in options if isinstance(options, dict) else ():
                yield (step_id, str(option)), document.position((*path, word, option))


def _build(form: JourneyForm, ids: dict[Path, str], place: Place) -> domain.Journey:
    has_items = any(getattr(item, "for_each", None) is not None for item in form.trigger)
    place = replace(place, known=replace(place.known, has_items=has_items))
    _check_head(form, place)
    purpose, is_per_account = Purpose(form.purpose), form.one_per == _ACCOUNT
    reader = StepReader(ids, purpose, form.journey, find_targets(form.steps))
    steps = reader.read_block(form.steps, place.at("steps"))
    triggers = [
        item.read(_item(place.at("trigger"), index)) for index, item in enumerate(form.trigger)
    ]
    exits = [_exit(item, _item(place.at("exit"), index)) for index, item in enumerate(form.exit)]
    return domain.Journey(
        id=form.journey,
        title=form.title or form.journey,
        description=form.description,
        serves=form.serves,
        purpose=purpose,
        topic=form.topic or "",
        priority=form.priority,
        triggers=tuple(trigger for trigger in triggers if trigger is not None),
        only_if=place.at("only_if").condition(form.only_if, STEP),
        pace=_pace(form, triggers, place),
        one_per=None if is_per_account else _one_per(form.one_per, place.at("one_per")),
        one_per_account=is_per_account,
        reentry=_reentry(form, triggers),
        on_repeat=domain.OnRepeat(form.on_repeat),
        exits=tuple(rule for rule in exits if rule is not None),
        goal=_goal(form.goal, place.at("goal")) if form.goal else None,
        holdout=form.holdout,
        draft=form.draft,
        ends_at=None if form.ends is None else _end_of(form.ends, place.known.timezone),
        on_change=domain.OnChange(form.on_change),
        moved=_moved(form, place.at("moved"), set(ids.values())),
        given_ids=given_ids(form.steps),
        steps=steps,
        version=version_of(place.document.map),
        source=place.document.text,
    )


def _one_per(written: str | None, place: Place) -> Value | None:
    """What a passage is for each value of."""
    value = place.computed(written, EVENT_IN_JOURNEY)
    if value is not None and any(Name(_ACCOUNT) in walk(tree) for tree in value.trees):
        place.error(
            say(
                "a passage for each value is one of the customer's own; that no other member of "
                "their account is inside, write `one_per: account`"
            )
        )
    return value


def _reentry(form: JourneyForm, triggers: Iterable[Trigger | None]) -> domain.Reentry | timedelta:
    """When somebody may enter again; where nothing is written, as often as a date comes again."""
    if isinstance(form.reentry, ReentryAfter):
        return form.reentry.after
    if form.reentry is not None:
        return domain.Reentry(form.reentry)
    comes_again = any(isinstance(one, DateTrigger) and one.every for one in triggers)
    return domain.Reentry.ALWAYS if comes_again else domain.Reentry.NEVER


def _pace(form: JourneyForm, triggers: Iterable[Trigger | None], place: Place) -> EntryPace | None:
    """How fast those enter whom an instant calls; only such triggers call many."""
    if form.spread is None and form.throttle is None:
        return None
    if not any(isinstance(one, Called | BusinessTrigger) for one in triggers if one is not None):
        place.at("spread" if form.spread is not None else "throttle").error(
            say(
                "this is for triggers that call many at one instant: `schedule`, `once` and "
                "`business_event`; who enters by themselves enters at once"
            ),
            at_key=True,
        )
    return EntryPace(form.spread or timedelta(0), form.throttle or timedelta(0))


def _end_of(last: date, timezone: str) -> datetime:
    """The instant from which nobody enters: a day counts to its end, on the project's clock."""
    day, clock = last + timedelta(days=1), time(0)
    if isinstance(last, datetime):
        day, clock = last.date(), last.time()
    return to_instant(day, clock, find_zone(timezone) or ZoneInfo("UTC"))


def _advise_on_repeats(journey: domain.Journey, place: Place) -> None:
    """Says that who triggers again leaves instead: at the instant an enrollment ends it still
    counts as open.
    """
    if journey.reentry is domain.Reentry.NEVER:
        return
    for index, rule in enumerate(journey.exits):
        if any(_are_alike(trigger, rule) for trigger in journey.triggers):
            _item(place.at("exit"), index).warn(
                say(
                    "{again} is the trigger too: who triggers again leaves and does not "
                    "enter anew, so every second time nothing happens; leave this exit out "
                    "and write `on_repeat: restart`",
                    again=_again(rule),
                ),
                rule="trigger-is-exit",
            )
    goal = journey.goal
    if (
        goal
        and goal.ends_journey
        and any(_are_alike(trigger, goal) for trigger in journey.triggers)
    ):
        place.at("goal").warn(
            say(
                "{again} is the trigger too: who triggers again leaves and does not "
                "enter anew, so every second time nothing happens; write `exit: false` "
                "into the goal, and `on_repeat: restart`",
                again=_again(goal),
            ),
            rule="trigger-is-exit",
        )


def _are_alike(trigger: Trigger, rule: domain.Occasion) -> bool:
    """Whether whatever triggers meets the rule as well, as far as can be seen without knowing
    anybody.
    """
    same = rule.condition is None or rule.condition == trigger.condition
    if isinstance(trigger, EventTrigger):
        return rule.event == trigger.event and same
    if isinstance(trigger, SegmentTrigger):
        return rule.segment == trigger.segment and not trigger.leaves
    return isinstance(trigger, StageTrigger) and rule.stage == trigger.stage


def _again(rule: domain.Occasion) -> str:
    if rule.segment is not None:
        return say("the segment '{segment}'", segment=rule.segment)
    return (
        f"'{rule.event}'"
        if rule.event is not None
        else say("the stage '{stage}'", stage=rule.stage)
    )


def _check_head(form: JourneyForm, place: Place) -> None:
    if (
        form.serves is not None and place.known.stages
    ):  # without any stage there is nothing to report on
        place.at("serves").check_known(say("stage"), form.serves, place.known.stages)
    if form.topic:
        place.at("topic").check_topic(form.topic)
    for option in sorted(form.not_built):
        if getattr(form, option):
            place.at(option).not_built(say("`{option}`", option=option))


def _item(place: Place, index: int) -> Place:
    """The place of an element that may be written alone or in a list."""
    return place.at(index) if isinstance(place.written, list) else place


def _moved(form: JourneyForm, place: Place, ids: set[str]) -> tuple[tuple[str, str], ...]:
    given = given_ids(form.steps)
    for old, new in form.moved.items():
        if old in given:  # a derived id may be that of another step now
            place.at(old).error(
                say(
                    "the step '{old}' is still there: only removed or renamed steps are moved",
                    old=old,
                ),
                at_key=True,
            )
        place.at(old).check_known(say("step"), new, frozenset(ids))
    return tuple(form.moved.items())


# ---------------------------------------------------------------- exits and the goal


def _check_rule(form: ExitForm | GoalForm, place: Place, noun: str) -> bool:
    """Whether a rule is of one of the four forms: an event (with `if`), a stage, a segment, or
    an `if` alone.
    """
    written = [
        key
        for key, value in (
            ("event", form.event),
            ("stage", form.stage),
            ("segment", form.segment),
            ("if", form.if_),
        )
        if value is not None
    ]
    if written not in (["event"], ["event", "if"], ["stage"], ["segment"], ["if"]):
        place.error(
            say(
                "{noun} is an `event` (with or without `if`), a `stage`, a `segment`, "
                "or an `if` alone",
                noun=noun,
            )
        )
        return False
    if form.scope is not None and written == ["if"]:
        place.at("scope").error(
            say(
                "`scope: account` looks at what happens to members: write it beside an `event`, a "
                "`stage` or a `segment`; a trait of the account is asked by `if: account.plan` "
                "alone"
            )
        )
        return False
    check_segment(form.segment, place)
    if form.stage is not None:
        place.at("stage").check_known(say("stage"), form.stage, place.known.stages)
    return True


def _exit(form: ExitForm, place: Place) -> domain.ExitRule | None:
    if not _check_rule(form, place, say("an exit")):
        return None
    where = EVENT_IN_JOURNEY if form.event is not None else STEP
    condition = place.at("if").condition(form.if_, where)
    return domain.ExitRule(
        form.event,
        form.stage,
        condition,
        segment=form.segment,
        of_account=form.scope is not None,
    )


def _goal(form: GoalForm, place: Place) -> domain.Goal | None:
    if not _check_rule(form, place, say("a goal")):
        return None
    where = EVENT_IN_JOURNEY if form.event is not None else STEP
    return domain.Goal(
        event=form.event,
        stage=form.stage,
        segment=form.segment,
        condition=place.at("if").condition(form.if_, where),
        within=form.within,
        value=place.at("value").computed(form.value, where),
        ends_journey=form.exit,
        of_account=form.scope is not None,
    )
