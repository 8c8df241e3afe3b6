"""Outcomes of tests in the XML form of JUnit, which build servers read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent

from orchestrator.domain.errors import on_one_line
from orchestrator.trial.rehearsal import Rehearsal
from orchestrator.trial.test_run import Tested


def write_junit(tested: Iterable[Tested], file: Path) -> None:
    """One suite a journey, one case a test; raises OSError."""
    root = Element("testsuites", name="parcours")
    for one in tested:
        suite = SubElement(
            root,
            "testsuite",
            name=one.journey.id,
            tests=str(len(one.outcomes)),
            failures=str(len(one.failed)),
            errors="0",
            skipped="0",
        )
        for outcome in one.outcomes:
            _add_case(suite, one.journey.id, outcome)
    indent(root)
    ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _add_case(suite: Element, journey: str, outcome: Rehearsal) -> None:
    case = SubElement(
        suite,
        "testcase",
        classname=journey,
        name=on_one_line(outcome.test.name),
        file=f"journeys/{journey}.yaml",
        line=str(outcome.test.line),
    )
    if not outcome.passed:
        first, *rest = map(on_one_line, str(outcome).splitlines())
        failure = SubElement(case, "failure", message=(rest or [first])[0].strip())
        failure.text = "\n".join([first, *rest])
