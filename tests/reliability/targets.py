"""What each kind of input is given to, by the way it takes in life. `True` accepted, `False`
refused; anything that is raised is a fault of ours."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BufferedReader, BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import func, select

from orchestrator.clock import VirtualClock
from orchestrator.domain.errors import ExpressionInvalid, ProjectInvalid, TemplateFailed
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Scope
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.medium import Medium
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run as run_line
from orchestrator.engine.parts import Parts
from orchestrator.engine.work import work
from orchestrator.engine.worker import Worker
from orchestrator.intake.files import Intake
from orchestrator.language.expressions import parse_condition, parse_value
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project, load_project
from orchestrator.language.where import EVENT_IN_JOURNEY
from orchestrator.links import LinkSigner
from orchestrator.lint.project_check import check_project
from orchestrator.render import Templates
from orchestrator.render.sample import sample_context
from orchestrator.store.database import Database
from orchestrator.store.migrate import migrate
from orchestrator.store.tables import DECISIONS
from orchestrator.wiring import close_engine, open_engine
from tests.api.site import open_shop
from tests.bench.sample import ROOT
from tests.reliability.inputs import HOSTILE, Fuzzed

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TICK_EVERY = 100  # lines
Target = Callable[[Fuzzed], bool]


class Fault(Exception):
    """An answer that Parcours must never give."""


@contextmanager
def open_target(kind: str) -> Iterator[Target]:
    """What takes the inputs of a kind, in a folder of its own."""
    with (
        TemporaryDirectory(prefix="parcours-fuzz-") as folder,
        OPENERS[kind](Path(folder)) as target,
    ):
        yield target


def _copy_project(root: Path) -> Path:
    for name in ("journeys", "templates"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copy(ROOT / "parcours.toml", root)
    return root


def _with_place(refused: ProjectInvalid) -> bool:
    """A refusal; a fault where it does not say where."""
    for problem in refused.problems:
        if (
            problem.line < 1
            or not problem.file
            or not problem.message
            or "Traceback" in problem.message
        ):
            raise Fault(f"a refusal without a place: {problem}")
    return False


# ---------------------------------------------------------------- files of a project


@contextmanager
def _yaml_target(root: Path) -> Iterator[Target]:
    (root / "journeys").mkdir()
    for name in (
        "parcours.toml",
        "journeys/lifecycle.yaml",
        "journeys/surveys.yaml",
        "journeys/welcome.yaml",
    ):
        shutil.copy(ROOT / name, root / name)

    def take(fuzzed: Fuzzed) -> bool:
        path = root / (
            "parcours.toml" if fuzzed.what.endswith("toml") else f"journeys/{fuzzed.what}"
        )
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(fuzzed.body)
        try:
            project = load_project(root, {}, need_templates=False)
        except ProjectInvalid as refused:
            return _with_place(refused)
        finally:
            path.unlink()
            if before is not None:
                path.write_bytes(before)
        _live(project)
        return True

    yield take


def _live(project: Project) -> None:
    """Some days of a customer with everything that the journeys of the project listen to."""
    program = build_program(project)
    state = CustomerState("u1", program.lifecycle, program.zone, program.locale)
    names = ["Signed Up", *list(program.index.by_event)[:20], "Order Completed"]
    traits = {
        "email": "ada@example.com",
        "phone": "+33612345678",
        "consent": {"email": True, "sms": True},
    }
    events = [Event(NOW, Kind.IDENTIFY, "", traits)]
    for number, name in enumerate(names):
        properties = {
            "price": 80,
            "total": "99.50",
            "products": [{"name": "Lamp"}],
            "x": HOSTILE[number % 20],
        }
        events.append(Event(NOW + timedelta(hours=number), Kind.TRACK, name, properties, number))
    run_line(program, state, events, NOW + timedelta(days=30))


@contextmanager
def _expression_target(root: Path) -> Iterator[Target]:
    traits = {"orders": "2", "name": "Ada", "plan": None}
    state = CustomerState("u1", Lifecycle(), ZoneInfo("Europe/Paris"), traits=traits)
    scopes = [
        Scope(state, NOW, {"event": event, "entry": {}, "vars": {}, "coupon": None, "journey": {}})
        for event in (
            {},
            *(
                {"price": value, "total": value, "products": [value], "a": value}
                for value in HOSTILE
            ),
        )
    ]

    def take(fuzzed: Fuzzed) -> bool:
        text = fuzzed.body.decode("utf-8", "surrogatepass")
        try:
            condition = parse_condition(text, EVENT_IN_JOURNEY)
        except ExpressionInvalid as refused:
            if not str(refused) or not 0 <= refused.offset <= len(text):
                raise Fault(f"a refusal without a place: {refused.offset}") from None
            return False
        for scope in scopes:
            condition.test(scope)
        try:
            parse_value(f"a {{{{ {text} }}}}", EVENT_IN_JOURNEY).evaluate(scopes[1])
        except ExpressionInvalid:
            return False
        return True

    yield take


@contextmanager
def _template_target(root: Path) -> Iterator[Target]:
    for name in ("templates/sms", "templates/email", "journeys"):
        (root / name).mkdir(parents=True)
    (root / "journeys/x.yaml").write_text(
        "journey: x\ntrigger: manual\npurpose: transactional\nsteps: [exit: true]\n"
    )
    signer = LinkSigner("a secret", "https://shop.example")
    context = sample_context(
        {"name": "Shop", "currency": "EUR", "locale": "en"},
        {"id": "x"},
        signer,
        "https://shop.example",
    )
    context["entry"] |= {"rating": 10**8, "a": "1", "b": [2], "total": "80.00"}

    def take(fuzzed: Fuzzed) -> bool:
        path = root / "templates" / fuzzed.what
        path.write_bytes(fuzzed.body)
        try:
            report = check_project(root, {})
            if report.has_errors:
                raise ProjectInvalid([one for one in report.problems if one.severity == "error"])
            _render(Templates.load(root), Medium(fuzzed.what.partition("/")[0]), context)
        except ProjectInvalid as refused:
            return _with_place(refused)
        except TemplateFailed as refused:
            if not str(refused):
                raise Fault("a refusal that says nothing") from None
            return False
        finally:
            path.unlink()
        return True

    yield take


def _render(templates: Templates, medium: Medium, context: dict[str, Any]) -> None:
    if medium is Medium.SMS:
        templates.render_text(Medium.SMS, "bomb", "en", context)
    else:
        templates.render_email("bomb", "en", {**context, "marketing": False})


# ---------------------------------------------------------------- what comes from outside


def _fresh_database(root: Path) -> str:
    url = f"sqlite:///{root / 'fuzz.db'}"
    database = Database(url)
    migrate(database)
    database.close()
    return url


@contextmanager
def _http_target(root: Path) -> Iterator[Target]:
    shop = open_shop(_fresh_database(root), root)
    shop.add_message(shop.add_customer("user-1", email="ada@example.com"))
    with shop.client() as client:

        def take(fuzzed: Fuzzed) -> bool:
            method, _, path = fuzzed.what.partition(" ")
            headers = [(name.encode(), value.encode()) for name, value in fuzzed.headers.items()]
            request = client.build_request(
                method, _raw_url(client, path), content=fuzzed.body, headers=headers
            )
            answer = client.send(request)
            if answer.status_code >= 500:
                raise Fault(f"{answer.status_code}: {answer.text[:200]}")
            return answer.status_code < 400

        yield take
    shop.database.close()


def _raw_url(client: httpx.Client, path: str) -> httpx.URL:
    raw, _, query = path.partition("?")
    target = quote(raw, safe="/%;,").encode() + (b"?" + query.encode() if query else b"")
    return client.base_url.copy_with(raw_path=target)


@contextmanager
def _line_target(root: Path) -> Iterator[Target]:
    """Lines into the inbox, and now and then a tick, in which no life may get stuck."""
    _copy_project(root)
    project = load_project(root, {"PARCOURS_DATABASE_URL": f"sqlite:///{root / 'fuzz.db'}"})
    clock = VirtualClock(NOW)
    parts = open_engine(project, clock, apply=True)
    worker = Worker(root)
    numbers = iter(range(10**9))
    recent: list[bytes] = []

    def take(fuzzed: Fuzzed) -> bool:
        intake = Intake(parts.database, clock, timedelta(days=2))
        intake.read(BufferedReader(BytesIO(fuzzed.body)), "lines", lambda size: None)  # type: ignore[arg-type]
        if any(not reason.text or not reason.places for reason in intake.reasons.values()):
            raise Fault("a refusal without a place")
        recent.append(fuzzed.body)
        if next(numbers) % TICK_EVERY == TICK_EVERY - 1:
            _tick(parts, worker, recent)
        return bool(intake.accepted or intake.duplicates) or not fuzzed.body.strip()

    yield take
    close_engine(parts, worker)


def _tick(parts: Parts, worker: Worker, recent: list[bytes]) -> None:
    assert isinstance(parts.clock, VirtualClock)
    parts.clock.advance(timedelta(hours=1))
    work(parts, worker)
    with parts.database.read() as connection:
        stuck = select(func.count(), func.min(DECISIONS.c.detail["error"].as_string())).where(
            DECISIONS.c.kind == "stuck"
        )
        number, why = connection.execute(stuck).one()
    lines, recent[:] = list(recent), []
    if number:
        raise Fault(f"{number} lives are stuck ({why}) after these lines: {lines!r}")


OPENERS: dict[str, Callable[[Path], Any]] = {
    "yaml": _yaml_target,
    "expression": _expression_target,
    "template": _template_target,
    "http": _http_target,
    "json line": _line_target,
}
