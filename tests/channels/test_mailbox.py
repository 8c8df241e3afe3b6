"""The mailbox: what lies in the folder, and how it is read back."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from channels import mailbox
from channels.mailbox import MailboxChannel, open_adapter, read_message, read_messages
from orchestrator.domain.channel import MessageLookup, OutcomeKind
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from tests.channels.samples import EMAIL, NOW, SMS, email, settings, soon


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
def channel(tmp_path: Path) -> MailboxChannel:
    return open_adapter(Medium.EMAIL, settings(tmp_path))


def file(channel: MailboxChannel, *messages: RenderedMessage) -> set[OutcomeKind]:
    return {outcome.kind for _, outcome in channel.send_batch(messages, soon())}


def test_an_email_reads_back_with_everything_that_was_in_it(
    channel: MailboxChannel, root: Path
) -> None:
    sent = replace(
        EMAIL, subject="Votre panier 🛒", to_name="Zoé", text="à bientôt\n", html="<p>à bientôt</p>"
    )
    file(channel, sent)
    stored = read_message(root, "m-1")
    assert stored is not None
    assert (stored.message_id, stored.medium, stored.at) == ("m-1", Medium.EMAIL, NOW)
    assert (stored.to, stored.subject) == ("ann@example.com", "Votre panier 🛒")
    assert (stored.text, stored.html) == ("à bientôt\n", "<p>à bientôt</p>")
    assert (stored.journey, stored.step, stored.template) == (
        "cart-abandonment",
        "reminder",
        "email/cart",
    )
    assert ("List-Unsubscribe", "<https://shop.example/u/abc>") in stored.headers
    assert ("To", "Zoé <ann@example.com>") in stored.headers


def test_an_sms_lies_there_too_under_its_number(tmp_path: Path, root: Path) -> None:
    file(
        open_adapter(Medium.SMS, settings(tmp_path)),
        replace(SMS, text="C'est prêt 🎁", sender="The Shop"),
    )
    stored = read_message(root, "s-1")
    assert stored is not None
    assert (stored.medium, stored.to, stored.text, stored.html) == (
        Medium.SMS,
        "+33612345678",
        "C'est prêt 🎁",
        "",
    )
    assert ("X-Parcours-Medium", "sms") in stored.headers


def test_the_same_message_twice_is_one_file(channel: MailboxChannel, root: Path) -> None:
    assert file(channel, EMAIL) == file(channel, EMAIL) == {OutcomeKind.ACCEPTED}
    assert len(list((root / "new").iterdir())) == 1
    assert not list((root / "tmp").iterdir())


def test_a_message_that_a_mail_program_has_shown_does_not_come_back(
    channel: MailboxChannel, root: Path
) -> None:
    file(channel, EMAIL)
    (root / "new" / "m-1").rename(root / "cur" / "m-1:2,S")
    assert file(channel, EMAIL) == {OutcomeKind.ACCEPTED}
    assert not list((root / "new").iterdir())
    assert channel.look_up("m-1")
    assert [stored.message_id for stored in read_messages(root, 10)] == ["m-1"]


def test_the_mailbox_knows_what_arrived(channel: MailboxChannel, root: Path) -> None:
    assert isinstance(channel, MessageLookup)
    file(channel, EMAIL)
    assert channel.look_up("m-1")
    assert not channel.look_up("m-2")
    assert read_message(root, "m-2") is None
    assert read_message(root, "../new/m-1") is None


def test_a_mailbox_without_mail_is_empty(tmp_path: Path) -> None:
    assert read_messages(tmp_path / "nothing-here", 10) == []
    assert read_message(tmp_path / "nothing-here", "m-1") is None


def test_pages_are_newest_first_by_the_clock_that_dated_them(tmp_path: Path, root: Path) -> None:
    instants = iter([NOW + timedelta(hours=hours) for hours in (3, 1, 2, 0)])
    channel = open_adapter(Medium.EMAIL, replace(settings(tmp_path), clock=lambda: next(instants)))
    file(channel, *(email(number) for number in (3, 1, 2, 0)))
    first = read_messages(root, 2)
    assert [stored.message_id for stored in first] == ["m-3", "m-2"]
    assert [
        stored.message_id for stored in read_messages(root, 2, before=first[-1].message_id)
    ] == ["m-1", "m-0"]
    assert first[0].at == NOW + timedelta(hours=3)


def test_messages_of_the_same_instant_are_all_on_one_page_or_another(
    channel: MailboxChannel, root: Path
) -> None:
    file(channel, *(email(number) for number in range(10)))
    seen, last = [], ""
    while page := read_messages(root, 3, before=last):
        seen += [stored.message_id for stored in page]
        last = page[-1].message_id
    assert sorted(seen) == sorted(f"m-{number}" for number in range(10))


def test_a_full_disk_leaves_nothing_and_says_so(
    channel: MailboxChannel, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*paths: str) -> None:
        raise OSError(28, "No space left on device", paths[0])

    monkeypatch.setattr("os.rename", full)
    [(_, outcome)] = channel.send_batch([EMAIL], soon())
    assert outcome.kind is OutcomeKind.UNAVAILABLE
    assert outcome.reason == "the mailbox cannot be written: No space left on device"
    assert read_messages(root, 10) == []


def test_a_page_opens_its_own_messages_only_however_many_there_are(
    channel: MailboxChannel, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert file(channel, *(email(number) for number in range(1_000))) == {OutcomeKind.ACCEPTED}
    opened: list[object] = []
    monkeypatch.setattr(mailbox, "_read", lambda path: opened.append(path) or path)
    assert len(read_messages(root, 50)) == len(opened) == 50


def test_files_are_for_their_owner_only(channel: MailboxChannel, root: Path) -> None:
    file(channel, EMAIL)
    assert os.stat(root / "new" / "m-1").st_mode & 0o777 == 0o600
