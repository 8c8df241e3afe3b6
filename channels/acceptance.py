"""What a message must be before any adapter takes it, and how a provider's words are made fit for a
log.

Every adapter asks the same, the local ones too: what the mailbox takes on a laptop, a provider
takes in production.
"""

from __future__ import annotations

import ipaddress
import re
from email.utils import parseaddr
from functools import lru_cache

from orchestrator.domain.channel import Feature
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.phrase import say

EVERYTHING = frozenset(Feature)

#: Extra headers that are ours or the provider's to write (SendGrid refuses most of them; RFC 5322
#: wants them once).
RESERVED_HEADERS = frozenset(
    (
        "from",
        "to",
        "cc",
        "bcc",
        "sender",
        "reply-to",
        "subject",
        "date",
        "message-id",
        "mime-version",
        "return-path",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "x-sg-id",
        "x-sg-eid",
    ),
)

#: An id becomes a file's name, a Message-ID, and a part of a bounce address.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 §2.2: printable ASCII but the colon
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_-]{1,63})*")
_BARE_ADDRESS = re.compile(r"[^\s<>()\",;:\\]+@[^\s<>()\",;:\\]+")
_LINE_BREAK = re.compile(r"[\r\n\0]")
_CONTROL = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_RUN = re.compile(rf" *{_CONTROL.pattern}(?:{_CONTROL.pattern}| )*")
#: A number in E.164, a short code, or a name of up to 11 characters with at least one letter.
_SMS_SENDER = re.compile(
    r"\+[1-9][0-9]{6,14}|[0-9]{3,8}|(?=.*[A-Za-z])[A-Za-z0-9&_+-](?:[A-Za-z0-9 "
    r"&_+-]{0,9}[A-Za-z0-9&_+-])?"
)
_PERSONAL = re.compile(r"<?[^\s<>]+@[^\s<>]+>?|\+?\d[\d ().-]{5,}\d")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e\xa0-\uffff]+")


class MessageRefused(ValueError):
    """This one message cannot be sent as it is; the text never quotes what it refuses."""


class RecipientRefused(MessageRefused):
    """Nobody can be reached at this address, with this message or another."""


def check(message: RenderedMessage, medium: Medium, supports: frozenset[Feature]) -> None:
    """Raises MessageRefused when no adapter, or not this one, can carry it; RecipientRefused
    when it is the address.
    """
    if message.medium is not medium:
        raise MessageRefused(
            say(
                "a message of the medium {medium} was given to a channel of {carried}",
                medium=message.medium,
                carried=medium,
            )
        )
    if not _MESSAGE_ID.fullmatch(message.message_id):
        raise MessageRefused(
            say(
                "the message's id is not made of 1 to 64 letters, digits, dots, dashes "
                "and underscores"
            )
        )
    if not (message.text or message.html):
        raise MessageRefused(say("the message has no content"))
    _check_features(message, supports)
    _check_recipient(message)
    _check_headers(message)


def _check_recipient(message: RenderedMessage) -> None:
    if message.medium.spec.by_number:
        if not _E164.fullmatch(message.to):
            raise RecipientRefused(say("the number is not in E.164 (+ and 7 to 15 digits)"))
    else:
        try:
            ascii_address(message.to)
        except MessageRefused as refused:
            raise RecipientRefused(str(refused)) from None


def _check_features(message: RenderedMessage, supports: frozenset[Feature]) -> None:
    if supports is EVERYTHING:
        return
    wanted = (
        (Feature.HTML, bool(message.html)),
        (Feature.HEADERS, bool(message.headers)),
        (Feature.REPLY_TO, bool(message.reply_to)),
        (Feature.VALIDITY, message.validity_s is not None),
    )
    lacking = [feature for feature, want in wanted if want and feature not in supports]
    if lacking:
        raise MessageRefused(say("this channel cannot carry: {listed}", listed=", ".join(lacking)))


def _check_headers(message: RenderedMessage) -> None:
    lines = "".join((
        message.to, message.sender, message.reply_to, message.subject,
        message.rfc_message_id, message.journey, message.step, message.template,
    ))  # fmt: skip
    if _LINE_BREAK.search(lines):
        raise MessageRefused(say("a line break in a header"))
    try:
        for text in (lines, message.to_name, message.sender_name, message.text, message.html):
            if not text.isascii():
                text.encode("utf-8")
    except UnicodeEncodeError:  # its text quotes the message
        raise MessageRefused(say("half of a character (a lone surrogate) in the message")) from None
    for name, value in message.headers:
        _check_header_name(name)
        if _LINE_BREAK.search(value):
            raise MessageRefused(say("a line break in the header {name}", name=name))


@lru_cache(maxsize=64)  # the same few in all messages
def _check_header_name(name: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise MessageRefused(say("a header's name has characters that RFC 5322 does not allow"))
    if name.lower() in RESERVED_HEADERS:
        raise MessageRefused(say("the header {name} is not for a message to set", name=name))


@lru_cache(maxsize=512)  # the sender's again and again, the reader's thrice
def ascii_address(address: str) -> str:
    """An e-mail address as it travels: the domain in IDNA 2008 (punycode), the part before the @ as
    it is.

    Raises MessageRefused for letters outside ASCII before the @ (providers do not take them; few
    servers do, RFC 6531) and for what no server would take.
    """
    local, _, domain = address.rpartition("@")
    if not _LOCAL_PART.fullmatch(local):
        raise MessageRefused(say("an address that cannot be mailed (the part before the @)"))
    if not domain.isascii():
        domain = _punycode(domain)
    if not _DOMAIN.fullmatch(domain):
        raise MessageRefused(say("an address that cannot be mailed (the domain)"))
    return f"{local}@{domain}"


def _punycode(domain: str) -> str:
    import idna  # large tables: loaded for the first international domain only

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except (UnicodeError, ValueError, IndexError):  # IDNAError, and what odd code points raise
        raise MessageRefused(
            say("an address that cannot be mailed (the domain)")
        ) from None  # its text quotes the domain


@lru_cache(maxsize=64)
def ascii_host(host: str) -> str:
    """A server's name as it is asked for, in punycode, or an IP address; raises MessageRefused."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        name = host if host.isascii() else _punycode(host)
    if not _HOST.fullmatch(name):
        raise MessageRefused(say("a name that no server can have"))
    return name


def one_line(name: str) -> str:
    """A person's or shop's name as it can stand in a header: no line break, no control
    character.
    """
    return _CONTROL_RUN.sub(" ", name).strip()


@lru_cache(maxsize=64)
def read_mailbox(text: str) -> tuple[str, str]:
    """The address, as it travels, and the name in `hello@shop.example` or `The Shop
    <hello@shop.example>`.

    Raises MessageRefused for several addresses, for a control character, and for what
    `ascii_address` refuses.
    """
    text = text.strip()
    if _CONTROL.search(text):
        raise MessageRefused(say("a line break or another control character in an address"))
    if _BARE_ADDRESS.fullmatch(text):
        return ascii_address(text), ""
    name, angle, rest = text.rpartition("<")
    if not angle or not rest.endswith(">") or not _BARE_ADDRESS.fullmatch(rest[:-1]):
        raise MessageRefused(
            say("not one address such as hello@shop.example or The Shop <hello@shop.example>")
        )
    name = name.strip()
    if name.startswith('"'):
        name, address = parseaddr(text)
        if address != rest[:-1]:
            raise MessageRefused(say("a name whose quotes do not close"))
    elif any(sign in name for sign in '<>"@'):
        raise MessageRefused(say('a name with < > @ or ": put it in double quotes'))
    return ascii_address(rest[:-1]), one_line(name)


def check_sms_sender(sender: str) -> None:
    """Raises MessageRefused for what no operator shows as the sender of a text."""
    if not _SMS_SENDER.fullmatch(sender):
        raise MessageRefused(
            say(
                "neither a number (+33612345678), a short code, nor a name of up to 11 "
                "letters, digits, spaces and & - _ + with at least one letter"
            )
        )


def sender_refusal(medium: Medium, sender: str) -> str | None:
    """Why no channel could send with this `from` of a step; None when it can."""
    try:
        if medium.spec.by_number:
            check_sms_sender(sender)
        else:
            read_mailbox(sender)
    except MessageRefused as refused:
        return say("'{sender}' cannot be a sender: {refused}", sender=sender, refused=refused)
    return None


def reply_to_refusal(address: str) -> str | None:
    """Why no channel could send with this `reply_to` of a step; None when it can."""
    try:
        read_mailbox(address)
    except MessageRefused as refused:
        return say("nobody can answer to '{address}': {refused}", address=address, refused=refused)
    return None


def anonymous(text: str, message: RenderedMessage) -> str:
    """A provider's words without the person in them: addresses, numbers, and this recipient's
    names become '…'.
    """
    text = _PERSONAL.sub("…", _UNPRINTABLE.sub(" ", text[:1000]))
    for word in (
        message.to,
        message.to_name,
        message.to.partition("@")[0],
        *message.to_name.split(),
    ):
        if len(word) > 1:
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return " ".join(text.split())[:200]
