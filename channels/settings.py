"""What an adapter may know of the installation: where to write, who sends, which credentials, what time it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from orchestrator.config import Config
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.message import RenderedMessage


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Everything that opening a channel needs.

    `clock` answers an aware UTC instant and dates the e-mails: adapters do not read the wall clock, since a demo runs
    on an accelerated one. `environment` holds the credentials (see each adapter for the names it reads) and stays out
    of `repr`, so that it cannot reach a log.
    """

    var_dir: Path
    clock: Callable[[], datetime]
    from_email: str = ""
    from_name: str = ""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    connections: int = 4
    timeout_s: float = 20.0

    @classmethod
    def of(cls, config: Config, clock: Callable[[], datetime]) -> ChannelSettings:
        """Those of a project."""
        return cls(
            var_dir=config.var_dir,
            clock=clock,
            from_email=config.channels.from_email,
            from_name=config.project.name,
            environment=config.environment,
        )

    def require(self, variable: str, example: str) -> str:
        """The value of an environment variable; raises ChannelMisconfigured with its name when it is not set."""
        value = self.environment.get(variable, "").strip()
        if not value:
            raise ChannelMisconfigured(f"set the environment variable {variable} (for example {example})")
        return value

    def sender_of(self, message: RenderedMessage) -> tuple[str, str]:
        """The From address and name of an e-mail: the message's own, else the installation's."""
        if message.sender:
            return message.sender, message.sender_name
        return self.from_email, message.sender_name or self.from_name

    def require_sender(self) -> None:
        """Raises ChannelMisconfigured when e-mails would have no From address."""
        if not self.from_email:
            raise ChannelMisconfigured("no From address: name the sender of the e-mails in the configuration")
