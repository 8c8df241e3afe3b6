"""The composition root: a project's files become a running engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from orchestrator.adapters import open_channels, open_webhooks
from orchestrator.clock import Clock
from orchestrator.config import Config, has_secret_key, load_secret_key
from orchestrator.domain.channel import Channel
from orchestrator.domain.errors import TemplateFailed
from orchestrator.domain.journey import Journey, OnChange
from orchestrator.domain.medium import ChannelName
from orchestrator.engine import edits, settle
from orchestrator.engine.compose import Delivery, compose
from orchestrator.engine.parts import Parts
from orchestrator.engine.turn import Turn
from orchestrator.engine.worker import Worker
from orchestrator.language.journeys import parse_journey
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.links import LinkSigner
from orchestrator.render import Templates
from orchestrator.store import messages, settings
from orchestrator.store.availability import unless_away
from orchestrator.store.database import Database
from orchestrator.store.line_loading import load_readers
from orchestrator.store.migrate import migrate

logger = logging.getLogger(__name__)

ANOTHER_KEY = (
    "The secret key is another than before: links in mails that were sent, also to "
    "unsubscribe, are dead. "
    "Put the old one back, in PARCOURS_SECRET_KEY or var/secret_key"
)


def read_pinned(database: Database, project: Project) -> dict[tuple[str, str], Journey]:
    """The earlier versions that people inside pinned journeys still follow."""
    wanted = {
        name for name, journey in project.journeys.items() if journey.on_change is OnChange.PIN
    }
    if not wanted:
        return {}
    with database.read() as transaction:
        inside = {
            (journey, version)
            for journey, version, _ in settings.people_by_step(transaction, wanted)
        }
        sources = settings.read_versions(transaction)
    return {
        key: parse_journey(sources[key], f"{key[0]}.yaml of version {key[1]}")
        for key in inside
        if key in sources and key[1] != project.journeys[key[0]].version
    }


def open_database(config: Config) -> Database:
    """The project's database, at the newest schema."""
    database = Database(config.database_url)
    migrate(database)
    return database


def open_engine(
    project: Project,
    clock: Clock,
    *,
    database: Database | None = None,
    channels: Mapping[ChannelName, Channel] | None = None,
    apply: bool = False,
) -> Parts:
    """Everything the engine needs. `apply`: what was edited since the project last ran is taken
    over now, as `up` and `tick` do.

    Raises ProjectInvalid, ChannelMisconfigured, PeopleWouldBeLost, and EditsNotApplied where there
    are edits and `apply` is not said.
    """
    config = project.config
    database = database or open_database(config)
    secret = load_secret_key(config)
    templates = Templates.load(project.root, config.project.locale, project.names_for_templates)
    pinned = read_pinned(database, project)
    calls = templates.calls(project.subjects)
    parts = Parts(
        config=config,
        program=build_program(project, secret=secret, pinned=pinned, template_calls=calls),
        database=database,
        templates=templates,
        channels=channels if channels is not None else open_channels(config, clock),
        signer=LinkSigner(secret, config.public_url),
        clock=clock,
        secret=secret,
        webhooks=open_webhooks(config),
    )
    parts = edits.take_over(parts, clock.now(), applying=apply)
    with database.write() as transaction:
        messages.reroute(transaction, parts.program.channels)
    _warn_of_another_key(database, secret)
    return parts


def _warn_of_another_key(database: Database, secret: str) -> None:
    """Says once that the key which signs links is not the one of the mails that were sent."""
    fingerprint = settings.fingerprint(secret)
    with database.write() as transaction:
        known = settings.read(transaction, settings.SECRET_KEY)
        if known != fingerprint:
            settings.write(transaction, settings.SECRET_KEY, fingerprint)
    if known not in (None, fingerprint):
        logger.warning(ANOTHER_KEY)


def is_another_key(database: Database, config: Config) -> bool:
    """Whether links of mails that were sent are signed by another key than there is now. Makes
    none.
    """
    with database.read() as transaction:
        known = settings.read(transaction, settings.SECRET_KEY)
    return known is not None and (
        not has_secret_key(config) or known != settings.fingerprint(load_secret_key(config))
    )


def settle_what_died(parts: Parts, worker: Worker) -> int:
    """For the only process on a database, at its start: nobody holds the leases that are left. How
    many there were.
    """
    return settle.settle_dead_leases(Turn(parts, worker), parts.clock.now())


def render_copy(parts: Parts, public_id: str) -> str | None:
    """The web copy of a mail, rendered anew from the ledger; None when it cannot be shown any more.

    Raises StoreUnavailable.
    """
    with unless_away(), parts.database.read() as transaction:
        found = messages.find_message(transaction, public_id)
        if found is None or not found[0].medium.spec.is_mail:
            return None
        message, entry = found
        who, now = message.customer_id, parts.clock.now()
        reader = load_readers(transaction, parts.program, [who], now).get(who)
    if reader is None:
        return None
    left_at = message.leased_at or message.decided_at
    try:
        return compose(parts, Delivery(message, reader, entry, left_at)).html
    except TemplateFailed as failure:  # the address, the template, or a file it includes is gone
        logger.warning("the web copy of message %s cannot be shown: %s", public_id, failure)
        return None


def close_engine(parts: Parts, worker: Worker | None = None) -> None:
    """Lets go of channels, notes and database. What is in the hands of a channel stays as it is."""
    for channel in parts.channels.values():
        channel.close()
    parts.webhooks.close()
    if worker is not None:
        worker.close()
    parts.database.close()
