"""SMTP servers that answer late, drip, flood, or answer something else than was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from channels import open_channel
from channels.email_smtp import SmtpChannel
from orchestrator.domain.channel import OutcomeKind, SendOutcome
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.misbehaviour import Cut, Drip, Flood, Late, Raw, Unasked
from tests.channels.samples import EMAIL, email, settings, soon
from tests.channels.smtp_double import Answer, Plain, ScriptedSmtp

ACCEPTED, UNAVAILABLE, UNCERTAIN = (
    OutcomeKind.ACCEPTED,
    OutcomeKind.UNAVAILABLE,
    OutcomeKind.UNCERTAIN,
)
LONG_S = 60.0


@contextmanager
def opened(
    server: ScriptedSmtp,
    folder: Path,
    *,
    connections: int = 1,
    reply_s: float = LONG_S,
    answer_s: float = LONG_S,
    idle_s: float = LONG_S,
    query: str = "",
) -> Iterator[SmtpChannel]:
    with server.running() as port:
        channel = open_channel(
            Medium.EMAIL,
            "smtp",
            replace(
                settings(folder, PARCOURS_SMTP_URL=f"smtp://127.0.0.1:{port}{query}"),
                connections=connections,
                timeout_s=LONG_S,
                reply_timeout_s=reply_s,
                answer_timeout_s=answer_s,
                idle_s=idle_s,
            ),
        )
        assert isinstance(channel, SmtpChannel)
        try:
            yield channel
        finally:
            channel.close()


def send(channel: SmtpChannel, *messages: RenderedMessage) -> list[SendOutcome]:
    return [
        outcome
        for _, outcome in sorted(channel.send_batch(messages, soon()), key=lambda answer: answer[0])
    ]


def once(first: Plain, then: Plain) -> Callable[[], Plain]:
    """An answer for the first time, and another for every time after."""
    answers = iter((first,))
    return lambda: next(answers, then)


# ---------------------------------------------------------------- one reply taken for another


@pytest.mark.parametrize("takes_without_asking", [True, False])
@pytest.mark.parametrize(
    "answer", ["250 ok", "220 ready", "251 ok", "354 go on\r\n250 taken", "250-ok\r\n354 go on"]
)
def test_only_354_lets_the_body_go_and_replies_do_not_shift(
    answer: str, takes_without_asking: bool, tmp_path: Path
) -> None:
    server = ScriptedSmtp(DATA=once(answer, "354 go on"))
    server.takes_without_asking = takes_without_asking
    with opened(server, tmp_path) as channel:
        outcomes = [
            outcome.kind for outcome in send(channel, *(email(number) for number in range(4)))
        ]
    assert outcomes == [UNAVAILABLE, ACCEPTED, ACCEPTED, ACCEPTED]
    assert server.messages == 3
    assert server.connections == 2


@pytest.mark.parametrize(
    ("moment", "answer"),
    [
        ("greeting", "250 ready"),
        ("greeting", "354 ready"),
        ("EHLO", "250 hello\r\n250 mail ok"),
        ("MAIL", "354 go on"),
        ("MAIL", "220 ready"),
        ("MAIL", "251 ok"),
        ("MAIL", "221 bye"),
        ("MAIL", "503 bad sequence of commands"),
        ("MAIL", "250 ok\r\n250 ok"),
        ("RCPT", "354 go on"),
        ("RCPT", "235 welcome"),
        ("RCPT", "503 need MAIL"),
        ("RCPT", "250 ok\r\n354 go on\r\n250 taken"),
        ("DATA", "503 need RCPT"),
    ],
)
def test_an_answer_to_another_question_leaves_the_message_unsent(
    moment: str, answer: str, tmp_path: Path
) -> None:
    server = ScriptedSmtp(**{moment: answer})
    with opened(server, tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is UNAVAILABLE
    assert server.messages == 0


NOT_SMTP: list[Answer] = [
    Raw(b"\xff\xfe\x00\r\n", stays=True),
    Raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    Raw(b"\r\n", stays=True),
    "25 ok",
    "2500 ok",
    "250_ok",
    "199 ok",
    "600 ok",
    "²50 ok",
    "250-ok\r\n251 ok",
    "250-ok\r\nhello",
    Flood(b"250-more\r\n"),
    Flood(b"x" * 1000),
    Flood(b"2"),
    Cut("250 ok", at=2),
    Cut("250-ok\r\n250 ok", at=10),
]


@pytest.mark.parametrize("answer", NOT_SMTP, ids=str)
@pytest.mark.parametrize("moment", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_what_is_no_reply_leaves_the_message_to_be_sent_again(
    moment: str, answer: Answer, tmp_path: Path
) -> None:
    server = ScriptedSmtp(**{moment: answer})
    with opened(server, tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is UNAVAILABLE
    assert server.messages == 0


@pytest.mark.parametrize("answer", [*NOT_SMTP, "354 go on"], ids=str)
def test_what_is_no_reply_to_the_whole_message_says_nothing_of_it(
    answer: Answer, tmp_path: Path
) -> None:
    server = ScriptedSmtp(dot=answer)
    with opened(server, tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is UNCERTAIN
    assert server.messages == 1


def test_a_second_word_behind_the_verdict_is_not_the_answer_to_the_next_message(
    tmp_path: Path,
) -> None:
    server = ScriptedSmtp(dot=once("250 taken\r\n550 5.1.1 unknown", "250 taken"))
    with opened(server, tmp_path) as channel:
        assert [outcome.kind for outcome in send(channel, email(1), email(2))] == [
            ACCEPTED,
            ACCEPTED,
        ]
    assert len(server.taken) == server.connections == 2


@pytest.mark.parametrize(
    "stray", ["250 ok", "421 4.4.2 idle for too long", "550 5.1.1 unknown", "what?"]
)
def test_words_on_an_idle_connection_are_not_the_answer_to_the_next_command(
    stray: str, tmp_path: Path
) -> None:
    idle, said = threading.Event(), threading.Event()
    server = ScriptedSmtp(
        dot=once(Unasked("250 taken", f"{stray}\r\n".encode(), idle, said), "250 taken")
    )
    with opened(server, tmp_path) as channel:
        assert send(channel, email(1))[0].kind is ACCEPTED
        idle.set()
        assert said.wait(LONG_S)
        assert send(channel, email(2))[0].kind is ACCEPTED
    assert len(server.taken) == server.connections == 2


def test_a_refusal_before_the_message_is_in_is_heard_and_the_message_is_not_finished(
    tmp_path: Path,
) -> None:
    server = ScriptedSmtp(body="552 5.3.4 too large")
    with opened(server, tmp_path) as channel:
        [outcome] = send(channel, replace(EMAIL, html="x" * 5_000_000))
    assert (outcome.kind, outcome.code) == (OutcomeKind.REJECTED, "552 5.3.4")


def test_a_line_break_in_a_multiline_reply_is_one_reply(tmp_path: Path) -> None:
    server = ScriptedSmtp(
        MAIL="250-one\r\n250-two\r\n250", RCPT="251-fine\n251 fine", dot="250-taken\r\n250 as Q1"
    )
    with opened(server, tmp_path) as channel:
        assert [outcome.kind for outcome in send(channel, email(1), email(2))] == [
            ACCEPTED,
            ACCEPTED,
        ]
    assert server.connections == 1


# ---------------------------------------------------------------- entering


def test_a_server_of_old_that_knows_no_ehlo_is_greeted_with_helo(tmp_path: Path) -> None:
    server = ScriptedSmtp(EHLO="502 what?")
    with opened(server, tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is ACCEPTED
    assert [command[:4] for command in server.commands[:3]] == ["ehlo", "helo", "MAIL"]


@pytest.mark.parametrize(
    ("helo", "kind"), [("554 go away", OutcomeKind.MISCONFIGURED), ("451 later", UNAVAILABLE)]
)
def test_a_server_that_takes_neither_greeting_is_not_sent_to(
    helo: str, kind: OutcomeKind, tmp_path: Path
) -> None:
    with opened(ScriptedSmtp(EHLO="502 what?", HELO=helo), tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is kind


@pytest.mark.parametrize(
    "answer", [Raw(b"220 go\r\n250 AUTH PLAIN\r\n", stays=True), "250 ok", "454 later", None]
)
def test_words_behind_the_answer_to_starttls_are_not_taken_as_if_encrypted(
    answer: Answer, tmp_path: Path
) -> None:
    server = ScriptedSmtp(EHLO="250-hello\r\n250 STARTTLS", STAR=answer)
    with opened(server, tmp_path, query="?starttls=1") as channel:
        assert send(channel, EMAIL)[0].kind is UNAVAILABLE
    assert [command[:4].upper() for command in server.commands] == ["EHLO", "STAR"]


@pytest.mark.parametrize(
    "answer", ["334 not base64!", "250 ok", "454 4.7.0 later", Flood(b"334 \r\n"), None]
)
def test_an_odd_answer_to_a_password_leaves_the_message_unsent(
    answer: Answer, tmp_path: Path
) -> None:
    server = ScriptedSmtp(EHLO="250-hello\r\n250 AUTH CRAM-MD5", AUTH=answer)
    with server.running() as port:
        url = f"smtp://shop:secret@127.0.0.1:{port}"
        channel = open_channel(Medium.EMAIL, "smtp", settings(tmp_path, PARCOURS_SMTP_URL=url))
        [(_, outcome)] = channel.send_batch([EMAIL], soon())
        channel.close()
    assert outcome.kind is UNAVAILABLE


# ---------------------------------------------------------------- late, and a byte at a time


def test_the_word_that_comes_late_is_waited_for_and_holds_its_connection_only(
    tmp_path: Path,
) -> None:
    word = threading.Event()
    server = ScriptedSmtp(dot=once(Late("250 taken", word), "250 taken"))
    with opened(server, tmp_path, connections=2) as channel:
        answers = channel.send_batch([email(number) for number in range(8)], soon())
        assert [next(answers)[1].kind for _ in range(7)] == [ACCEPTED] * 7
        assert [
            outcome.kind for _, outcome in channel.send_batch([email(8), email(9)], soon())
        ] == [ACCEPTED] * 2
        word.set()
        assert [outcome.kind for _, outcome in answers] == [ACCEPTED]
    assert len(server.taken) == 10


def test_a_mail_has_the_time_that_the_standard_gives_it() -> None:
    chosen = settings(Path())
    default = {name: field.default for name, field in chosen.__dataclass_fields__.items()}
    assert default["answer_timeout_s"] == 600  # RFC 5321 §4.5.3.2.6, after the final dot
    assert default["reply_timeout_s"] == 300  # §4.5.3.2.2 and 3, MAIL and RCPT


@pytest.mark.parametrize("moment", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "dot"])
def test_a_reply_byte_by_byte_is_waited_for_as_a_whole(moment: str, tmp_path: Path) -> None:
    text = {"greeting": "220 ready", "DATA": "354 go on"}.get(moment, "250 fine")
    with opened(ScriptedSmtp(**{moment: Drip(text, 0.01)}), tmp_path) as channel:
        assert send(channel, EMAIL)[0].kind is ACCEPTED
    limits = {"answer_s": 0.5} if moment == "dot" else {"reply_s": 0.5}
    with opened(ScriptedSmtp(**{moment: Drip(text * 99, 0.1)}), tmp_path, **limits) as channel:
        assert send(channel, EMAIL)[0].kind is (UNCERTAIN if moment == "dot" else UNAVAILABLE)


@pytest.mark.parametrize(
    "reply", ["421 4.3.2 closing", "451 4.3.0 later", "450 busy", "452 full", "442 odd", "499 no"]
)
@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "dot"])
def test_a_server_in_a_bad_hour_is_tried_again_and_everything_leaves_when_it_is_back(
    moment: str, reply: str, tmp_path: Path
) -> None:
    server = ScriptedSmtp(**{moment: reply})
    messages = [email(number) for number in range(6)]
    with opened(server, tmp_path, connections=2) as channel:
        assert {outcome.kind for outcome in send(channel, *messages)} == {OutcomeKind.THROTTLED}
        server.script[moment] = {"DATA": "354 go on"}.get(moment, "250 ok")
        assert {outcome.kind for outcome in send(channel, *messages)} == {ACCEPTED}
    assert len(server.taken) == 6


def test_a_connection_that_was_idle_for_long_is_not_trusted(tmp_path: Path) -> None:
    server = ScriptedSmtp()
    with opened(server, tmp_path, idle_s=0.0) as channel:
        assert [outcome.kind for outcome in send(channel, email(1), email(2))] == [ACCEPTED] * 2
    assert server.connections == 2


# ---------------------------------------------------------------- the end of the process


@pytest.mark.parametrize(
    ("moment", "kind"),
    [("greeting", UNAVAILABLE), ("MAIL", UNAVAILABLE), ("DATA", UNAVAILABLE), ("dot", UNCERTAIN)],
)
def test_closing_ends_the_waits_and_only_what_was_out_whole_is_uncertain(
    moment: str, kind: OutcomeKind, tmp_path: Path
) -> None:
    waiting = threading.Semaphore(0)

    def say_nothing() -> str:
        waiting.release()
        return ""

    outcomes: list[OutcomeKind] = []
    with opened(ScriptedSmtp(**{moment: say_nothing}), tmp_path, connections=2) as channel:
        batch = channel.send_batch([email(number) for number in range(6)], soon())
        listener = threading.Thread(
            target=lambda: outcomes.extend(outcome.kind for _, outcome in batch)
        )
        listener.start()
        assert waiting.acquire(timeout=LONG_S)
        assert waiting.acquire(timeout=LONG_S)  # both connections wait
        channel.close()
        listener.join(LONG_S)
    assert sorted(outcomes) == sorted([kind] * 2 + [OutcomeKind.NOT_ATTEMPTED] * 4)
