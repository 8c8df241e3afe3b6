"""Facts, stages and segments: read whole, refused at their place, and changing only when they can
be computed.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import ParcoursError, Problem, ProjectInvalid
from orchestrator.domain.lifecycle import FactKind, Lifecycle
from orchestrator.language.lifecycle_file import (
    PRESETS,
    load_preset,
    names_in,
    parse_lifecycle,
    preset_text,
    read_lifecycle,
)
from orchestrator.language.place import Known


def read(lifecycle: str | None, segments: str | None = None) -> tuple[Lifecycle, list[Problem]]:
    documents = [
        None if text is None else read_yaml(text, name)[0]
        for text, name in [(lifecycle, "l"), (segments, "s")]
    ]
    known = Known(
        facts=names_in(documents[0], "facts"),
        stages=names_in(documents[0], "stages"),
        segments=names_in(documents[1], "segments"),
    )
    problems: list[Problem] = []
    return read_lifecycle(documents[0], documents[1], known, problems), problems


def test_the_preset_of_the_relationship_has_its_facts_and_stages() -> None:
    lifecycle = load_preset("relationship")
    assert [stage.name for stage in lifecycle.stages] == [
        "inactive",
        "loyal",
        "new_customer",
        "lead",
        "prospect",
    ]
    orders, favourite = lifecycle.by_name["orders"], lifecycle.by_name["favourite"]
    assert (orders.kind, orders.event, orders.minus) == (
        FactKind.COUNT,
        "Order Completed",
        "Order Refunded",
    )
    assert (favourite.kind, favourite.of) == (FactKind.MOST_FREQUENT, "products[].category")
    assert lifecycle.by_name["orders_90d"].within == timedelta(days=90)
    assert lifecycle.by_name["last_seen_at"].event == "any event"
    assert [len(stage.candidates) for stage in lifecycle.stages] == [1, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("sterne-cutler", "awareness engagement conversion retention advocacy"),
        ("six-stages", "awareness engagement evaluation purchase post_purchase advocacy"),
        ("race", "reach act convert engage"),
    ],
)
def test_each_preset_has_its_stages_and_no_faults(name: str, stages: str) -> None:
    lifecycle, problems = read(preset_text(name))
    assert problems == []
    assert {stage.name for stage in lifecycle.stages} == set(stages.split())


def test_an_unknown_preset_is_refused_with_the_known_ones() -> None:
    assert len(PRESETS) == 4
    with pytest.raises(ParcoursError, match=r"there is no preset 'rase'; did you mean 'race'\?"):
        load_preset("rase")


def test_a_fact_counts_only_events_that_meet_its_condition() -> None:
    lifecycle, problems = read(
        "lifecycle: x\nfacts: {big: {count: Order Completed, if: event.total >= 100}}\n"
    )
    assert problems == []
    condition = lifecycle.facts[0].condition
    assert condition is not None
    assert condition.source == "event.total >= 100"


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ("{count: E, sum: E}", "l:3:3: a fact needs exactly one of count, sum, first"),
        ("{of: total}", "l:3:3: a fact needs exactly one of"),
        ("{coun: E}", "l:3:7: unknown key 'coun'; did you mean 'count'?"),
        ("{sum: E}", "l:3:6: `sum` needs `of`: the property it is about"),
        ("{count: E, of: x}", "l:3:17: `count` is about the events themselves and takes no `of`"),
        ("{sum: E, of: 'a..b'}", "l:3:20: 'a..b' is no path of a property"),
        ("{sum: E, of: 'a[0]'}", "l:3:20: 'a[0]' is no path of a property"),
        (
            "{last: E, minus: F}",
            "l:3:16: `minus` goes with count, most_frequent, sum, unique, not with `last`",
        ),
        ("{count: E, within: 90}", "l:3:25: '90' is not a duration: write it with a unit"),
        ("{count: E, if: customer.x > 1}", "l:3:21: `customer` is not known in a fact's condition"),
        ("{count: ''}", "l:3:15: `count` is empty"),
    ],
)
def test_a_faulty_fact_is_refused_at_its_place(fact: str, expected: str) -> None:
    _, problems = read(f"lifecycle: x\nfacts:\n  f: {fact}\n")
    assert len(problems) == 1, problems
    assert str(problems[0]).startswith(expected)


@pytest.mark.parametrize(
    ("name", "expected"), [("stage", "'stage' is built in"), ("a b", "'a b' is no name for a fact")]
)
def test_a_fact_s_name_hides_nothing_and_can_be_written(name: str, expected: str) -> None:
    _, problems = read(f"lifecycle: x\nfacts: {{{name}: {{count: E}}}}\n")
    assert expected in problems[0].message


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("customer.a = 1", "l:3:30: `=` does not compare"),
        ("event.a == 1", "l:3:19: `event` is not known in a stage's or segment's rule"),
        (
            "days_since(customer.a) > customer.b",
            "l:3:19: here days_since() can only be compared with a number",
        ),
        ("now - customer.a > 3", "l:3:19: here `now` can only be compared"),
        ('customer.stage == "a"', "l:3:19: a stage's rule cannot ask for the stage"),
        ('in_segment("v")', "l:3:19: there is no segment 'v'"),
    ],
)
def test_a_faulty_rule_is_refused_at_its_place(rule: str, expected: str) -> None:
    _, problems = read(
        f"lifecycle: x\nstages:\n- {{stage: a, if: '{rule}'}}\n- {{stage: b, if: true}}\n"
    )
    assert any(str(problem).startswith(expected) for problem in problems), problems


def test_stages_that_cannot_be_reached_or_leave_somebody_out_are_advice() -> None:
    _, problems = read(
        "lifecycle: x\nstages:\n- {stage: a, if: true}\n- {stage: b, if: customer.x}\n"
    )
    assert [(problem.severity, problem.line) for problem in problems] == [
        ("warning", 3),
        ("warning", 4),
    ]
    assert "never reached" in problems[0].message
    assert "the last rule is not `true`" in problems[1].message


def test_a_stage_that_comes_twice_is_refused() -> None:
    _, problems = read(
        "lifecycle: x\nstages:\n- {stage: a, if: customer.x}\n- {stage: a, if: true}\n"
    )
    assert [str(problem) for problem in problems] == [
        "l:4:11: the stage 'a' is already there; join the rules with `or`"
    ]


def test_a_stage_changes_when_time_changes_the_segment_that_it_asks_for() -> None:
    lifecycle, problems = read(
        "lifecycle: x\nstages:\n- {stage: a, if: in_segment('sleepers')}\n- {stage: b, if: true}\n",
        "segments:\n  sleepers: in_segment('idle') and customer.x\n"
        "  idle: {if: days_since(customer.seen) >= 30, description: d}\n",
    )
    assert problems == []
    assert len(lifecycle.stages[0].candidates) == 1
    assert [segment.name for segment in lifecycle.segments] == ["sleepers", "idle"]


def test_a_segment_that_leads_back_to_itself_is_refused_with_the_way() -> None:
    rules = {
        "a": "in_segment('b')",
        "b": "customer.x or in_segment('c')",
        "c": "in_segment('a')",
        "d": "in_segment('d')",
    }
    _, problems = read(
        None, "segments:\n" + "".join(f"  {name}: {rule}\n" for name, rule in rules.items())
    )
    assert [problem.message for problem in problems] == [
        "this segment asks for itself: a → b → c → a",
        "this segment asks for itself: b → c → a → b",
        "this segment asks for itself: c → a → b → c",
        "this segment asks for itself: d → d",
    ]


def test_a_stage_through_a_segment_cannot_ask_for_the_stage() -> None:
    _, problems = read(
        "lifecycle: x\nstages:\n- {stage: a, if: in_segment('s')}\n- {stage: b, if: true}\n",
        "segments: {s: customer.stage == 'b'}\n",
    )
    assert "a stage's rule cannot ask for the stage" in problems[0].message


def test_without_files_there_are_no_facts_and_no_stages() -> None:
    lifecycle, problems = read(None)
    assert (lifecycle.facts, lifecycle.stages, lifecycle.segments, problems) == ((), (), (), [])


def test_the_version_changes_with_a_rule_or_a_segment_and_not_with_a_comment() -> None:
    text, segments = "lifecycle: x\nstages: [{stage: a, if: true}]\n", "segments: {s: customer.x}\n"
    version = read(text, segments)[0].version
    assert read(f"# why\n{text}", segments)[0].version == version
    assert read(text.replace("true", "false"), segments)[0].version != version
    assert read(text, segments.replace("x", "y"))[0].version != version


def test_a_file_that_is_something_else_is_refused() -> None:
    assert [str(problem) for problem in read("- a\n")[1]] == [
        "l:1:1: this file begins with `lifecycle:`"
    ]
    assert [str(problem) for problem in read(None, "")[1]] == [
        "s:1:1: this file begins with `segments:`"
    ]
    with pytest.raises(ProjectInvalid, match="`lifecycle` is missing here"):
        parse_lifecycle("facts: {}\n", "l")


def segments_faults(text: str) -> list[str]:
    document, problems = read_yaml(text, "segments.yaml")
    names = frozenset(document.data["segments"])
    read_lifecycle(None, document, Known(segments=names), problems)
    return [str(problem) for problem in problems]


def test_a_chain_of_segments_too_long_for_an_answer_is_refused_once() -> None:
    chain = "".join(f"  s{n}: in_segment('s{n + 1}')\n" for n in range(1500)) + "  s1500: 'true'\n"
    (fault,) = segments_faults("segments:\n" + chain)
    assert "this segment asks for segments that ask for segments, too many of them" in fault


def test_segments_that_would_double_at_each_link_are_refused() -> None:
    doubled = "".join(
        f"  s{n}: in_segment('s{n + 1}') or in_segment('s{n + 1}')\n" for n in range(18)
    )
    (fault,) = segments_faults(f"segments:\n{doubled}  s18: 'true'\n")
    assert "too many of them" in fault


def test_a_chain_that_people_write_is_answered() -> None:
    chain = "".join(f"  s{n}: in_segment('s{n + 1}')\n" for n in range(19)) + "  s19: 'true'\n"
    assert segments_faults("segments:\n" + chain) == []


@pytest.mark.parametrize(
    ("fact", "message"),
    [
        ("count(Order Completed)", "a fact is written as `a: {count: Order Completed}`"),
        ("{sum: Order, of: event.total}", "`of` begins at the event's properties: write total"),
        (
            "{sum: Order, of: total, last: 90d}",
            "latest, unique, most_frequent, and here are sum and last",
        ),
    ],
)
def test_a_fact_that_is_nearly_right_says_what_to_change(fact: str, message: str) -> None:
    document, problems = read_yaml(f"lifecycle: x\nfacts:\n  a: {fact}\n", "lifecycle.yaml")
    read_lifecycle(document, None, Known(), problems)
    assert [problem.message.endswith(message) for problem in problems] == [True], problems
