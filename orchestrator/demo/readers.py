"""How the shop's people take their mail: they open its links, answer, invite friends, order, or
unsubscribe.

They know a message as its reader does: by its text and its links, never by what the engine meant
with it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from random import Random
from urllib.parse import parse_qs, urlsplit

from channels.mailbox import StoredMessage
from orchestrator.demo.chance import dice
from orchestrator.demo.deeds import Deed, Outcome, identify, track, visit
from orchestrator.demo.shoppers import Habit, Shopper, invent_shopper
from orchestrator.domain.medium import Medium

_HREF = re.compile(r'href="(https?://[^"]+)"')
_CODE = re.compile(r'class="code"[^>]*>\s*([A-Z0-9-]{6,})\s*<')
_TEXT_CODE = re.compile(r"\bcode ([A-Z0-9]{8,})\b")
_FRIEND_NUMBERS = 5001

#: Out of a hundred who find it in their mail.
_ANSWERS, _INVITES, _REDEEMS, _RETURNS, _LEAVES_TOPIC, _LEAVES_ALL = (
    0.72,
    0.6,
    0.22,
    0.09,
    0.012,
    0.005,
)

_COMMENTS = {
    "fr": (
        "Très belle qualité.",
        "Livraison un peu longue.",
        "Le bois s’est fendu au bout d’une semaine.",
        "",
    ),
    "en": (
        "Lovely, and well packed.",
        "Took a while to arrive.",
        "The oak split within a week.",
        "",
    ),
}


class Readers:
    """Everybody who has an address, and what they do with a message."""

    def __init__(self, shoppers: Iterable[Shopper]) -> None:
        self._by_address: dict[str, Shopper] = {}
        self._read: Counter[tuple[str, str]] = Counter()
        self._friends = 0
        for shopper in shoppers:
            self._remember(shopper)

    def read(self, message: StoredMessage) -> list[Deed]:
        """What a message brings its reader to do, later than it came; nothing for a reader who is
        not of the shop.
        """
        reader = self._by_address.get(message.to.lower())
        if reader is None:
            return []
        about = (reader.user_id, message.template)
        self._read[about] += 1
        return list(self._react(reader, message, dice("reads", *about, self._read[about])))

    def _remember(self, shopper: Shopper) -> None:
        for address in filter(None, (shopper.email, shopper.phone)):
            self._by_address[address.lower()] = shopper

    def _react(self, reader: Shopper, message: StoredMessage, throw: Random) -> Iterator[Deed]:
        links = find_links(message)
        if (leaving := _leave(message, links, throw)) is not None:
            yield leaving
        elif questions := [
            link for link in links if parse_qs(urlsplit(link).query).keys() & {"score", "answer"}
        ]:
            yield from _answer(reader, message, questions, throw)
        elif invitation := next(
            (link for link in links if urlsplit(link).path.startswith("/r/")), None
        ):
            if throw.random() < _INVITES:
                yield from self._invite(reader, message, invitation, throw)
        elif coupon := find_code(message):
            if throw.random() < _REDEEMS:
                yield from visit(
                    reader, _later(message, throw, 1, 40), Outcome.BUYS, throw, coupon=coupon
                )
        elif throw.random() < _RETURNS:
            yield from visit(reader, _later(message, throw, 1, 30), Outcome.BUYS, throw)

    def _invite(
        self, reader: Shopper, message: StoredMessage, link: str, throw: Random
    ) -> Iterator[Deed]:
        """A friend accepts on the page, opens an account some hours later, and most of them
        order.
        """
        friend = replace(
            invent_shopper(_FRIEND_NUMBERS + self._friends, Habit.FRIEND),
            locale=reader.locale,
            zone=reader.zone,
        )
        self._friends += 1
        self._remember(friend)
        accepted = _later(message, throw, 1, 14)
        form = (("email", friend.email), ("first_name", friend.first_name), ("consent", "yes"))
        yield Deed(accepted, url=link, form=form, language=friend.locale)
        joined = accepted + timedelta(hours=throw.uniform(1, 8))
        yield identify(friend, joined)
        yield track(friend, joined, "Signed Up")
        if throw.random() < 0.85:
            yield from visit(
                friend, joined + timedelta(hours=throw.uniform(0.5, 12)), Outcome.BUYS, throw
            )


def find_links(message: StoredMessage) -> list[str]:
    """The addresses a message links to, each once, in their order."""
    return list(dict.fromkeys(unescape(link) for link in _HREF.findall(message.html)))


def find_code(message: StoredMessage) -> str:
    """The code of the coupon in a message; "" when there is none."""
    found = _CODE.search(message.html) or _TEXT_CODE.search(message.text)
    return found[1] if found else ""


def _leave(message: StoredMessage, links: list[str], throw: Random) -> Deed | None:
    """One click in the mail program (RFC 8058), or the page with its choice of everything."""
    chance = throw.random()
    headers = {name.lower(): value for name, value in message.headers}
    one_click = headers.get("list-unsubscribe", "").strip("<>")
    if message.medium is not Medium.EMAIL or not one_click or chance > _LEAVES_TOPIC + _LEAVES_ALL:
        return None
    at = _later(message, throw, 0.2, 6)
    if chance < _LEAVES_TOPIC:
        return Deed(at, url=one_click, form=(("List-Unsubscribe", "One-Click"),))
    page = next((link for link in links if urlsplit(link).path.startswith("/u/")), one_click)
    return Deed(at, url=page, form=(("scope", "all"),))


def _answer(
    reader: Shopper, message: StoredMessage, questions: list[str], throw: Random
) -> Iterator[Deed]:
    """Follows one of the links that answer a survey, and sends the page that opens."""
    if throw.random() > _ANSWERS:
        return
    form: tuple[tuple[str, str], ...]
    offered = [parse_qs(urlsplit(link).query) for link in questions]
    if "score" in offered[0]:
        score = throw.choices(range(11), (1, 1, 1, 2, 3, 6, 9, 14, 16, 24, 23))[0]
        said = _COMMENTS["fr" if reader.locale.startswith("fr") else "en"]
        comment = said[0] if score >= 9 else said[1] if score >= 7 else said[2]
        form = (("score", str(score)), ("comment", comment if throw.random() < 0.6 else ""))
        link = next(
            link
            for link, query in zip(questions, offered, strict=True)
            if query.get("score") == [str(score)]
        )
    else:
        weights = (30, 36, 22, 12, *[10] * len(questions))[: len(questions)]
        link, query = throw.choices(list(zip(questions, offered, strict=True)), weights)[0]
        form = (("answer", query["answer"][0]),)
    yield Deed(_later(message, throw, 0.3, 9), url=link, form=form, language=reader.locale)


def _later(message: StoredMessage, throw: Random, hours_min: float, hours_max: float) -> datetime:
    return message.at + timedelta(hours=throw.uniform(hours_min, hours_max))
