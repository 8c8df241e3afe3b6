"""`parcours status`: how everything stands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_if_sound, load_settings, zone_of
from orchestrator.clock import SystemClock
from orchestrator.measure.status import read_status
from orchestrator.measure.status_told import tell_status


def status(*, project: ProjectFolder = Path(), as_json: AsJson = False) -> None:
    """Show how everything stands.

    Journeys and who is inside, messages by channel and state, the inbox, and what waits for a
    person.
    """
    config = load_settings(project)
    with opened(config, to_look=True) as database:
        loaded = load_if_sound(project)
        journeys, now = loaded.journeys if loaded else {}, SystemClock().now()
        found = read_status(database, journeys, now, config.channels.media)
    if as_json:
        print_json(asdict(found))
    else:
        print_answer(tell_status(found, zone_of(config)))
