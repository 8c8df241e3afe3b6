"""What an adapter may know of the installation: where to write, who sends, which credentials, what
time it is.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path

from channels.acceptance import MessageRefused, read_mailbox
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.message import RenderedMessage
from orchestrator.domain.phrase import say


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Everything that opening a channel needs.

    `clock` answers an aware UTC instant and dates the e-mails: adapters do not read the wall clock,
    since a demo runs on an accelerated one. `environment` holds the credentials (see each adapter
    for the names it reads) and stays out of `repr`, so that it cannot reach a log.
    """

    var_dir: Path
    clock: Callable[[], datetime]
    from_email: str = ""
    from_name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    account: str = ""  # one of several of a provider: it stands behind the names of its variables
    connections: int = 4
    timeout_s: float = 20.0  # for connecting, and for a request's last byte to leave
    # for each reply of an SMTP server before the mail is out (RFC 5321 §4.5.3.2)
    reply_timeout_s: float = 300.0
    # for the answer to a whole mail (the same, after the final dot)
    answer_timeout_s: float = 600.0
    # then a kept connection is not trusted: what stands between may have forgotten it unsaid
    idle_s: float = 60.0

    def require(self, variable: str, example: str) -> str:
        """The value of an environment variable; raises SettingMissing with its name when it is not
        set.
        """
        value = self.optional(variable)
        if not value:
            name = self.name_of(variable)
            raise SettingMissing(
                say(
                    "set the environment variable {name} (for example {example})",
                    name=name,
                    example=example,
                )
            )
        return value

    def name_of(self, variable: str) -> str:
        """The name of a variable for this account: `PARCOURS_SMTP_URL_OFFERS`."""
        return f"{variable}_{self.account}" if self.account else variable

    def optional(self, variable: str) -> str:
        """The value of an environment variable, "" when it is not set.

        Raises ChannelMisconfigured for one that would end a header or be sent as something else.
        """
        name = self.name_of(variable)
        value = self.environment.get(name, "").strip()
        if not (value.isascii() and value.isprintable()):
            raise ChannelMisconfigured(
                say(
                    "{name} holds a line break, a control character or a letter outside "
                    "ASCII, which cannot be sent",
                    name=name,
                )
            )
        return value

    def require_key(self, variable: str, example: str) -> str:
        """As `require`, for a secret: none holds a blank."""
        key = self.require(variable, example)
        if " " in key:
            raise ChannelMisconfigured(
                say(
                    "{name} holds a blank: copy the key again, without what stands around it",
                    name=self.name_of(variable),
                )
            )
        return key

    def sender_of(self, message: RenderedMessage) -> tuple[str, str]:
        """The From address (as it travels) and name of an e-mail: the message's own, else the
        installation's.

        Both may be written as `Name <address>`: that name is meant for this address, and wins.
        """
        text, name = message.sender or self.from_email, message.sender_name
        address, own_name = read_mailbox(text) if text else ("", "")
        return address, own_name or name or ("" if message.sender else self.from_name)

    def trusted_tls(self) -> ssl.SSLContext:
        """What a server's certificate must come from: the machine's authorities, or those in
        SSL_CERT_FILE.
        """
        return trusted_tls(self.environment)

    def require_sender(self) -> None:
        """Raises ChannelMisconfigured when e-mails would have no From address, or one that nobody
        can send with.
        """
        if not self.from_email:
            raise SettingMissing(
                say("no From address: name the sender of the e-mails as `from_email` in [channels]")
            )
        if refusal := self.sender_refusal():
            raise ChannelMisconfigured(refusal)

    def sender_refusal(self) -> str | None:
        """Why no e-mail could leave with this From address; None when it can."""
        try:
            read_mailbox(self.from_email) if self.from_email else None
        except MessageRefused as refused:
            return say("`from_email` cannot be a sender: {refused}", refused=refused)
        return None


class SettingMissing(ChannelMisconfigured):
    """A credential is not there: whoever looks at the files may not hold it."""


def trusted_tls(environment: Mapping[str, str]) -> ssl.SSLContext:
    """What a server's certificate must come from; raises ChannelMisconfigured."""
    own = environment.get("SSL_CERT_FILE") or None
    try:
        return _read_authorities(own, Path(own).stat().st_mtime_ns if own else 0)
    except (OSError, ValueError) as error:
        raise ChannelMisconfigured(
            say(
                "SSL_CERT_FILE names no certificates: {own} ({error})",
                own=own,
                error=type(error).__name__,
            )
        ) from None


@cache  # it takes 50 ms, and each process that sends a batch would do it again
def _read_authorities(own: str | None, _changed_at: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=own)
