"""What a run says: its name, its message, whether a person must act, and its rows of failures. No
Prefect in here.
"""

from __future__ import annotations

from collections.abc import Sequence

from flows.gate import Account, Ending, GateKey, Pace, Tally
from orchestrator.engine.report import ChannelTally, Failure, JourneyTally, TickReport

NONE_FAILED = "Nothing has failed in the last 24 hours."


def headline(account: Account) -> str:
    """A run's name: `cart-abandonment · 128 due · 120 queued`, `email · 117 sent · 3 failed`."""
    words = [*_main_words(account.tally)] or ["nothing due"]
    if account.ending is not None and account.ending.name in ("CANCELLED", "ON_HOLD"):
        words = [word for word in words if word != "nothing due"] + [
            account.ending.partition(":")[0]
        ]
    return " · ".join([account.key.name, *words])


def shift_headline(name: str, report: TickReport, ending: str = "") -> str:
    """The name of a shift's run: `up · 64 calls · 9 entered · 12 sent · 1 failed`."""
    words = _shift_words(report) or ["nothing due"]
    return " · ".join([name, *words, *([ending.partition(":")[0]] if ending else [])])


def shift_message(report: TickReport, ending: str = "") -> str:
    """The numbers of a shift in one line."""
    return ", ".join([*(_shift_words(report) or ["nothing due"]), *([ending] if ending else [])])


def _shift_words(report: TickReport) -> list[str]:
    journeys, channels = JourneyTally(), ChannelTally()
    for journey in report.journeys.values():
        journeys.add(journey)
    for channel in report.channels.values():
        channels.add(channel)
    counts = [
        (report.accepted, "calls"),
        (journeys.entered, "entered"),
        (journeys.converted, "converted"),
        (channels.sent, "sent"),
        (channels.failed, "failed"),
        (channels.unknown, "unknown"),
    ]
    return [f"{count} {word}" for count, word in counts if count]


def message(account: Account) -> str:
    """All numbers of a run in one line, for its state and its log."""
    words = [*_all_words(account.tally)] or ["nothing due"]
    if account.ending not in (None, Ending.SHIFT_OVER):
        words.append(str(account.ending))
    return ", ".join(words)


def alarm(tally: Tally, pace: Pace) -> str:
    """Why a person must act, or an empty text."""
    if isinstance(tally, JourneyTally):
        return ""
    if tally.stopped:
        return f"the channel stands still: {tally.stopped}"
    tried = tally.sent + tally.failed
    if tally.failed >= pace.failed_count_min and tally.failed > tried * pace.failed_share_max:
        return (
            f"{tally.failed} of {tried} deliveries failed (more than {pace.failed_share_max:.0%})"
        )
    return ""


def failure_rows(failures: Sequence[Failure]) -> list[dict[str, str]]:
    """Failures as rows of a table; the UI shows the first columns without scrolling, so why and
    what helps come first.
    """
    return [
        {
            "reason": failure.reason,
            "help": failure.help,
            "at": f"{failure.at:%Y-%m-%d %H:%M} UTC" if failure.at else "",
            "journey": failure.journey,
            "step": failure.step,
            "code": failure.code,
            "outcome": failure.outcome,
            "message": failure.message_id,
        }
        for failure in failures
    ]


def artifact_key(purpose: str, key: GateKey) -> str:
    """The key of an artifact, in the letters that Prefect allows: `failures-deliveries-sms`."""
    name = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in key.name.lower()
    )
    return f"{purpose}-{key.kind}-{name}"


def artifact_title(purpose: str, key: GateKey) -> str:
    """What the UI shows above an artifact."""
    return (
        f"Health of {key.name}"
        if purpose == "health"
        else f"Messages of {key.name} that failed in the last 24 hours, and what helps"
    )


def _main_words(tally: Tally) -> list[str]:
    match tally:
        case JourneyTally():
            return _counted(
                tally, ("due", "entered", "queued", "deferred", "not_sent", "converted")
            )
        case ChannelTally(stopped=stopped):
            words = _counted(tally, ("sent", "failed", "retried", "not_sent", "unknown"))
            return (words or _counted(tally, ("due",))) + (["stopped"] if stopped else [])


def _all_words(tally: Tally) -> list[str]:
    return _counted(
        tally, [name for name in tally.__slots__ if name not in ("failures", "stopped")]
    )


def _counted(tally: Tally, names: Sequence[str]) -> list[str]:
    shown = {"not_sent": "not sent", "retried": "to be tried again"}
    counts = [(name, getattr(tally, name)) for name in names]
    return [f"{count} {shown.get(name, name)}" for name, count in counts if count]
