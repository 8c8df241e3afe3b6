"""A deployment's page in the Prefect UI, written in markdown. No Prefect in here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flows.gate import GateKey, GateKind

#: One run a day even when nothing is due: it writes the health card, and its schedule gives the UI
#: a switch to pause. What that means is said in every description (`_SCHEDULE`).
DAILY_CRON = "0 6 * * *"


@dataclass(frozen=True, slots=True)
class StepRow:
    """One row of a journey's step table, or one fact of a channel. `when` is the condition under
    which somebody comes there.
    """

    name: str
    kind: str
    does: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """What the Prefect UI shows of one journey or channel; `version` is the hash of its content."""

    kind: GateKind
    name: str
    title: str
    description: str  # markdown, one or a few paragraphs
    version: str
    steps: tuple[StepRow, ...] = ()
    yaml: str = ""
    tags: tuple[str, ...] = ()
    cron: str = DAILY_CRON
    timezone: str = "UTC"

    @property
    def key(self) -> GateKey:
        """The gate this deployment stands for."""
        return GateKey(self.kind, self.name)


_HOW = {
    GateKind.JOURNEY: "**Hold it:** switch its schedule off; customers wait where they are. "
    "**Let it go on:** switch the "
    "schedule on again. **Run** looks for due work at once. **Cancelling** a run holds the "
    "journey until the run's "
    "minute is over.",
    GateKind.DELIVERIES: "**Hold it:** switch its schedule off; messages stay queued. **Let it "
    "go on:** switch the "
    "schedule on again. **Run** looks for queued messages at once. **Cancelling** a run "
    "holds the channel until the "
    "run's minute is over.",
    GateKind.SHIFT: "**Hold everything:** switch its schedule off; calls are accepted, and wait. "
    "**Let it go on:** switch the schedule on again. **Run** opens a shift at once. "
    "**Cancelling** a run stops its work within two seconds, and holds everything until the run's "
    "minute is over.",
    GateKind.PREDICTIONS: "**Hold it:** switch its schedule off; what is written stays. "
    "**Let it go on:** switch the schedule on again. **Run** predicts at once. The schedule is "
    "yours: move it to another hour here.",
}
_SCHEDULE = (
    "**Its schedule is no timetable:** work is done within seconds of being due, at any hour. The "
    "one run a day that it makes ({at} {zone}) looks once more where nothing was due, and its "
    "switch is what holds and releases."
)
_HEADINGS = {GateKind.JOURNEY: "## Steps", GateKind.PREDICTIONS: "## Traits"}
_COLUMNS = {
    GateKind.JOURNEY: ("step", "kind", "what it does", "if"),
    GateKind.DELIVERIES: ("fact", "kind", "value"),
    GateKind.SHIFT: ("fact", "kind", "value"),
    GateKind.PREDICTIONS: ("trait", "kind", "what it is"),
}


def markdown(spec: DeploymentSpec, links: Mapping[str, str]) -> str:
    """The whole description: title, text, links (label to address), how to steer it, steps, and the
    YAML.
    """
    parts = [f"# {spec.title}", spec.description.strip()]
    if links:
        parts.append(" · ".join(f"[{label}]({address})" for label, address in links.items()))
    parts.append(_HOW[spec.kind])
    if spec.cron == DAILY_CRON:
        parts.append(_SCHEDULE.format(at="06:00", zone=spec.timezone))
    if spec.steps:
        heading = _HEADINGS.get(spec.kind, "## Settings")
        parts += [heading, _table(spec)]
    if spec.yaml:
        parts += [
            f"## As it runs, version `{spec.version[:12]}`",
            f"{_fence(spec.yaml)}yaml\n{spec.yaml.rstrip()}\n{_fence(spec.yaml)}",
        ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(spec: DeploymentSpec) -> str:
    columns = _COLUMNS[spec.kind]
    told = ((row.name, row.kind, row.does, row.when)[: len(columns)] for row in spec.steps)
    rows = [columns, ("---",) * len(columns), *told]
    return "\n".join(f"| {' | '.join(_cell(text) for text in row)} |" for row in rows)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _fence(text: str) -> str:
    """A fence longer than any run of backticks inside."""
    fence = "```"
    while fence in text:
        fence += "`"
    return fence
