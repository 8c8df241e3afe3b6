"""E-mail through an SMTP server of one's own (RFC 5321).

Environment: PARCOURS_SMTP_URL (see smtp_url.py); PARCOURS_SMTP_RETURN_PATH, the address that
bounces go to: a bounce for message m1 comes to bounces+m1@… where it is bounces@….
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from channels.acceptance import MessageRefused, ascii_address, check, read_mailbox
from channels.channel_settings import ChannelSettings
from channels.connection import Connections
from channels.delivery import Answer, Crew
from channels.mime import compose
from channels.smtp_answers import (
    OUT_OF_ORDER,
    Refused,
    about_us,
    connect_outcome,
    is_about_us,
    lost,
    reply_outcome,
)
from channels.smtp_session import NotSmtp, SmtpSession
from channels.smtp_url import parse_smtp_url
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.phrase import say

_OK, _RECIPIENT_OK, _GO_ON = frozenset({250}), frozenset({250, 251, 252}), frozenset({354})
_LEAVING = frozenset({421, 221})
_DOT = b".\r\n"
# RFC 5321 §4.5.2; `bytes.replace` takes four times as long, at each end of a line
_DOT_FIRST = re.compile(rb"\r\n\.")

_GOODBYE_S = 1.0
_RESET_S = 5.0
_RETURN_LOCAL_MAX = 38  # of 64 characters: "+" and the id of a message follow


def open_adapter(medium: Medium, settings: ChannelSettings) -> SmtpChannel:
    """Opens the channel; raises ChannelMisconfigured when the URL or the sender is missing or
    malformed.
    """
    return SmtpChannel(settings)


@dataclass(frozen=True, slots=True)
class _Mail:
    """What is said to the server for one message; `data` is dot-stuffed and ends with the final
    dot.
    """

    return_path: str
    recipient: str
    data: bytes


@dataclass(frozen=True, slots=True)
class _Command:
    text: str
    wanted: frozenset[int]


class _ConnectionGone(Exception):
    """The connection ended while the server certainly had no message; `outcome` if there is no
    other to try.
    """

    def __init__(self, outcome: SendOutcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


class SmtpChannel:
    """Sends e-mails over a few kept connections to one server."""

    name = "smtp"
    medium = Medium.EMAIL
    supports = frozenset({Feature.HTML, Feature.HEADERS, Feature.REPLY_TO})

    def __init__(self, settings: ChannelSettings) -> None:
        self._server = parse_smtp_url(settings.require("PARCOURS_SMTP_URL", "smtp://localhost:25"))
        settings.require_sender()
        self._settings = settings
        self._return_path = _own_return_path(settings)
        self._tls = settings.trusted_tls()
        self._connections = Connections()
        self._idle: deque[SmtpSession] = (
            deque()
        )  # append and pop are atomic: the threads share it without a lock
        self._crew = Crew(self.name, settings.connections)

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[Answer]:
        """One transaction per message on kept connections; see the port."""
        return self._crew.deliver(messages, deadline_s, self._prepare, self._transmit, wire)

    def reopen(self) -> SmtpChannel:
        """The same channel, without a connection."""
        return SmtpChannel(self._settings)

    def close(self) -> None:
        """Says goodbye on the idle connections, and ends the threads and the others, whatever they
        wait for.
        """
        self._crew.stop()
        until_s = time.monotonic() + _GOODBYE_S
        while self._idle:
            self._idle.pop().say_goodbye(max(0.0, until_s - time.monotonic()))
        self._connections.cut()
        self._crew.close()
        while self._idle:
            self._idle.pop().close()

    def _prepare(self, message: RenderedMessage) -> _Mail:
        check(message, self.medium, self.supports)
        sender = self._settings.sender_of(message)
        # Bounces and replies name this header. Journey and step stay with us: they tell the reader
        # how we see them.
        own = [("X-Parcours-Message-Id", message.message_id)]
        data = compose(message, sender, self._settings.clock(), own)
        return _Mail(
            return_path=_return_path(
                self._return_path or sender[0], message.message_id if self._return_path else ""
            ),
            recipient=ascii_address(message.to),
            data=_DOT_FIRST.sub(b"\r\n..", data) + _DOT,
        )

    def _transmit(self, message: RenderedMessage, mail: _Mail) -> SendOutcome:
        while (kept := self._take_kept()) is not None:
            with contextlib.suppress(_ConnectionGone):  # closed while it was idle
                return self._converse(kept, message, mail)
        try:
            session = self._connect()
        except (
            smtplib.SMTPException,
            OSError,
            ValueError,
        ) as error:  # ValueError: a challenge that makes no sense
            return connect_outcome(error, message)
        try:
            return self._converse(session, message, mail)
        except _ConnectionGone as gone:
            return gone.outcome

    def _take_kept(self) -> SmtpSession | None:
        with contextlib.suppress(IndexError):  # there is none, or no longer
            while (session := self._idle.pop()).idle_s > self._settings.idle_s:
                session.close()
            return session
        return None

    def _connect(self) -> SmtpSession:
        server, until_s = self._server, time.monotonic() + self._settings.timeout_s
        connection = self._connections.open(server.host, server.port, until_s)
        try:
            if server.implicit_tls:
                connection.start_tls(self._tls, server.host, until_s)
            session = SmtpSession(connection, self._settings.reply_timeout_s)
            session.greet()
            if server.starttls:
                session.secure(self._tls, server.host, time.monotonic() + self._settings.timeout_s)
            if server.user:
                session.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return session

    def _converse(self, session: SmtpSession, message: RenderedMessage, mail: _Mail) -> SendOutcome:
        commands = (
            _Command(f"MAIL FROM:<{mail.return_path}>", _OK),
            _Command(f"RCPT TO:<{mail.recipient}>", _RECIPIENT_OK),
            _Command("DATA", _GO_ON),
        )
        ask = _ask_at_once if session.has_extn("pipelining") else _ask_in_turn
        if (refused := ask(session, commands)) is not None:
            self._keep_after_refusal(session)
            refusal = reply_outcome(refused.code, refused.text, message)
            return about_us(refusal, refused) if is_about_us(refused) else refusal
        if (early := _hand_over(session, mail.data)) is not None:
            return reply_outcome(*early, message)
        return self._await_verdict(session, message)

    def _await_verdict(self, session: SmtpSession, message: RenderedMessage) -> SendOutcome:
        """The server has the whole message: whatever happens now, only its own word says that it
        did not take it.
        """
        try:
            code, said = session.read_reply(self._settings.answer_timeout_s)
        except NotSmtp:
            return SendOutcome(
                OutcomeKind.UNCERTAIN,
                reason="the server's answer to the whole message made no sense",
            )
        except smtplib.SMTPException:
            return SendOutcome(
                OutcomeKind.UNCERTAIN,
                reason="the connection broke after the whole message was sent",
            )
        if 300 <= code < 400:
            session.close()
            return SendOutcome(
                OutcomeKind.UNCERTAIN,
                reason="the server's answer to the whole message made no sense",
            )
        if code in _LEAVING:
            session.close()
        else:
            self._idle.append(session)
        return reply_outcome(code, said.decode("utf-8", "replace"), message)

    def _keep_after_refusal(self, session: SmtpSession) -> None:
        """The refusal is known: what the server says to RSET must not hold it back for long."""
        with contextlib.suppress(smtplib.SMTPException, OSError):  # it may be closed already
            session.putcmd("RSET")
            code, _ = session.read_reply(_RESET_S)
            if code in _OK:
                self._idle.append(session)
                return
        session.close()


def _ask_in_turn(session: SmtpSession, commands: Sequence[_Command]) -> Refused | None:
    """Says each command once the one before is answered; returns the first that is refused."""
    for command in commands:
        with _unsent_when_it_breaks(session):
            session.putcmd(command.text)
        if (refused := _read_answer(session, command)) is not None:
            return refused
    return None


def _ask_at_once(session: SmtpSession, commands: Sequence[_Command]) -> Refused | None:
    """Says all commands without waiting (RFC 2920), then reads what the server says to each."""
    with _unsent_when_it_breaks(session):
        session.put_commands([command.text for command in commands])
    waiting = iter(commands)
    for command in waiting:
        if (refused := _read_answer(session, command)) is not None:
            _read_rest(session, len(list(waiting)))
            return refused
    return None


def _read_rest(session: SmtpSession, count: int) -> None:
    """Reads the answers behind a refusal. Who waits for a message all the same is left: it would
    take the next command for it.
    """
    with contextlib.suppress(smtplib.SMTPException):
        for _ in range(count):
            code, _ = session.getreply()
            if 300 <= code < 400 or code in _LEAVING:
                session.close()
                return


@contextlib.contextmanager
def _unsent_when_it_breaks(session: SmtpSession) -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPException:
        session.close()
        raise _ConnectionGone(lost("the connection broke before the message was sent")) from None


def _read_answer(session: SmtpSession, command: _Command) -> Refused | None:
    """The refusal of a command (4xx, 5xx); None for a reply that is wanted.

    Raises _ConnectionGone when the connection ended, or its replies are out of step: a 250 that
    answers DATA belongs to another command, and so would the next.
    """
    with _unsent_when_it_breaks(session):
        code, said = session.getreply()
    if code in command.wanted:
        return None
    if code == 421:
        session.close()
        raise _ConnectionGone(
            SendOutcome(
                OutcomeKind.THROTTLED, reason="the server closes the connection", code="421"
            )
        )
    if code == OUT_OF_ORDER:
        session.close()
        raise _ConnectionGone(
            lost(f"503 to {command.text[:4]}: out of step, or it wants a user in PARCOURS_SMTP_URL")
        )
    if code < 400:
        session.close()
        raise _ConnectionGone(
            lost(f"{code} to {command.text[:4]}: the server's replies are out of step")
        )
    return Refused(command.text, code, said.decode("utf-8", "replace"))


def _hand_over(session: SmtpSession, data: bytes) -> tuple[int, str] | None:
    """Sends a message, its final dot by itself: without it the server has none, and until then it
    may still refuse.

    Returns such a refusal; raises _ConnectionGone when the connection ended before the dot.
    """
    body, dot = data[: -len(_DOT)], data[-len(_DOT) :]
    try:
        session.put(body, more=True)
        if session.is_quiet():
            session.put(dot)
            return None
    except smtplib.SMTPServerDisconnected:
        pass  # it may have said why
    refusal = session.last_words()
    session.close()
    if refusal is None:
        raise _ConnectionGone(lost("the connection broke before the message was complete"))
    return refusal[0], refusal[1].decode("utf-8", "replace")


def _own_return_path(settings: ChannelSettings) -> str:
    written = settings.optional("PARCOURS_SMTP_RETURN_PATH")
    try:
        address, name = read_mailbox(written) if written else ("", "")
        if name or len(address.rpartition("@")[0]) > _RETURN_LOCAL_MAX:
            raise MessageRefused(say("an address alone, such as bounces@shop.example"))
    except MessageRefused as refused:
        raise ChannelMisconfigured(
            say("PARCOURS_SMTP_RETURN_PATH cannot take bounces: {refused}", refused=refused)
        ) from None
    return address


def _return_path(address: str, message_id: str) -> str:
    local, _, domain = ascii_address(address).rpartition("@")
    return ascii_address(f"{local}+{message_id}@{domain}" if message_id else address)
