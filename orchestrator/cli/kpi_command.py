"""`parcours kpi`: what the lifecycle is worth."""

from __future__ import annotations

from pathlib import Path

from orchestrator.cli.databases import opened
from orchestrator.cli.kpi_figure import print_figure
from orchestrator.cli.kpi_options import (
    By,
    Cart,
    FigureName,
    From,
    Funnels,
    Logs,
    Spend,
    To,
    Typed,
    Within,
)
from orchestrator.cli.options import AsJson, ProjectFolder, refused
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load, load_settings, settings_or_defaults, zone_of
from orchestrator.config import Config
from orchestrator.measure.kpis.answered import KpiQuestion
from orchestrator.measure.kpis.asked import (
    InvalidQuestion,
    name_of,
    read_by,
    read_steps,
    read_window,
    read_windows,
)
from orchestrator.measure.kpis.kept_answer import answer_kept
from orchestrator.measure.kpis.kpis_told import tell_kpis
from orchestrator.measure.kpis.logged_answer import answer_logged


def kpi(
    numbers: Typed = None,
    *,
    since: From = None,
    until: To = None,
    by: By = None,
    events: Logs = None,
    spend: Spend = None,
    funnel: Funnels = None,
    within: Within = None,
    cart: Cart = None,
    figure: FigureName = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell what the lifecycle is worth: customers, orders, retention, value.

    Of the database, or of a log alone. Months and days are those of the project's time zone.
    """
    if figure is not None or numbers:
        print_figure(figure or "", numbers or [], as_json)
        return
    config = settings_or_defaults(project) if events else load_settings(project)
    zone = zone_of(config)
    with refused(None, InvalidQuestion):
        start, end = read_window(since, until, zone)
        question = KpiQuestion(
            name_of(events[0]) if events else config.project.name,
            zone,
            config.project.currency,
            start=start,
            end=end,
            funnels=[read_steps(text) for text in funnel or ()],
            windows=read_windows(within or []),
            cart=cart,
            by=None if by is None else read_by(by),
        )
        found = (
            answer_logged(events, question, spend)
            if events
            else _ask_database(config, question, project)
        )
    if as_json:
        print_json(found)
    else:
        print_answer(tell_kpis(found))


def _ask_database(config: Config, question: KpiQuestion, project: Path) -> dict[str, object]:
    loaded = load(project, need_templates=False) if question.needs_project else None
    with opened(config, to_look=True) as database:
        return answer_kept(database, question, loaded)
