"""Decisions say why by a closed list of words, with facts beside them; an enrollment knows what its
goal was worth.

Until now what a decision was about stood inside a sentence: `variant b`, `Order Completed came`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

#: The word, and the facts that stood in the sentence; None: it stays as it is.
Translated = tuple[str, dict[str, Any]] | None


def upgrade() -> None:
    """Applies the change."""
    op.add_column("enrollments", sa.Column("goal_value", sa.Float(), nullable=True))
    connection = op.get_bind()
    connection.execute(sa.text(_WORTH.format_map(_SPELLINGS[connection.dialect.name])))
    connection.execute(sa.text(_WAITING))
    _translate_decisions(connection)


_SPELLINGS = {
    "sqlite": {
        "is_number": "json_type(detail, '$.value') IN ('integer', 'real')",
        "value": "json_extract(detail, '$.value')",
        "status": "coalesce(json_extract(decisions.detail, '$.status'), '')",
        "merged": "json_patch(decisions.detail, t.facts)",
    },
    "postgresql": {
        "is_number": "jsonb_typeof(detail -> 'value') = 'number'",
        "value": "CAST(detail ->> 'value' AS double precision)",
        "status": "coalesce(decisions.detail ->> 'status', '')",
        "merged": "decisions.detail || CAST(t.facts AS jsonb)",
    },
}
_WORTH = """
    UPDATE enrollments SET goal_value = reached.worth FROM (
      SELECT enrollment_id, at, {value} AS worth FROM decisions
      WHERE kind = 'converted' AND {is_number}
    ) AS reached
    WHERE reached.enrollment_id = enrollments.id AND reached.at = enrollments.converted_at"""
_WAITING = "UPDATE decisions SET reason = '' WHERE kind = 'waiting' AND reason = step"
_TOLD = "SELECT DISTINCT kind, reason, {status} AS status FROM decisions WHERE kind IN ({kinds})"
_TABLE = """
    CREATE TEMPORARY TABLE translated (
      kind TEXT, status TEXT, reason TEXT, word TEXT, facts TEXT,
      PRIMARY KEY (kind, status, reason)
    )"""
_ROW = "INSERT INTO translated VALUES (:kind, :status, :reason, :word, :facts)"
_UPDATE = """
    UPDATE decisions SET reason = t.word, detail = {merged} FROM translated AS t
    WHERE t.kind = decisions.kind AND t.status = {status} AND t.reason = decisions.reason"""


def _translate_decisions(connection: sa.Connection) -> None:
    """Each sentence once, then all rows in one statement."""
    spelt = _SPELLINGS[connection.dialect.name]
    kinds = ", ".join(f"'{kind}'" for kind in _KINDS)
    found = connection.execute(sa.text(_TOLD.format(status=spelt["status"], kinds=kinds))).all()
    rows = [
        {"kind": kind, "status": status, "reason": reason, "word": told[0],
         "facts": orjson.dumps(told[1]).decode()}
        for kind, reason, status in found
        if (told := _KINDS[kind](reason, status)) is not None
    ]  # fmt: skip
    if rows:
        connection.execute(sa.text(_TABLE))
        connection.execute(sa.text(_ROW), rows)
        connection.execute(sa.text(_UPDATE.format_map(spelt)))
        connection.execute(sa.text("DROP TABLE translated"))


# ---------------------------------------------------------------- the sentences of each kind


def _ignored(reason: str, status: str) -> Translated:
    return _behind(reason, "only_if", "condition")


def _behind(reason: str, word: str, fact: str) -> Translated:
    """What stands behind a word and a colon."""
    found, colon, about = reason.partition(": ")
    return (word, {fact: about}) if colon and found == word else None


def _restarted(reason: str, status: str) -> Translated:
    found = re.fullmatch(r"again, pass (\d+)", reason)
    return found and ("again", {"pass_no": int(found[1])})


def _queued(reason: str, status: str) -> Translated:
    return "", {"medium": reason}


def _not_sent(reason: str, status: str) -> Translated:
    rewarded = re.fullmatch(r"(customer|referrer) already rewarded", reason)
    if rewarded:
        return "already rewarded", {"receiver": rewarded[1]}
    return _behind(reason, "suppressed", "because") or _behind(reason, "left before", "because")


def _branched(reason: str, status: str) -> Translated:
    if reason in ("timed out", "else", "no branch holds"):
        return None
    if reason.endswith(" came"):
        return "came", {"event": reason.removesuffix(" came")}
    if reason.startswith("variant "):
        return "variant", {"variant": reason.removeprefix("variant ")}
    past = re.fullmatch(r"the date is past: (.*) skipped", reason)
    if past:
        return "the date is past", {} if past[1] == "end" else {"skipped": past[1]}
    return "condition", {"condition": reason}


_NO_DATE = re.compile(
    r"(?P<date>.*) is (?P<lack>missing|unreadable|more than a hundred years ahead); "
    r"(?:(?P<skipped>.*) is skipped|(?P<turn>goes on|leaves))",
    re.DOTALL,
)


def _no_date(reason: str, status: str) -> Translated:
    found = _NO_DATE.fullmatch(reason)
    if found is None:
        return None
    lack = "too_far" if found["lack"].startswith("more") else found["lack"]
    facts = {"date": found["date"], "lack": lack}
    if found["skipped"] is not None:
        return "there is no date", facts | {"turn": "skip", "skipped": found["skipped"]}
    return "there is no date", facts | {"turn": "exit" if found["turn"] == "leaves" else "continue"}


def _changed(reason: str, status: str) -> Translated:
    for word in ("set", "update"):
        if reason.startswith(f"{word} "):
            return word, {"names": reason.removeprefix(f"{word} ").split(", ")}
    if reason.startswith("emits "):
        return "emits", {"event": reason.removeprefix("emits ")}
    key, _, said = reason.rpartition(": ")
    return ("consent", {"key": key, "granted": said == "yes"}) if said in ("yes", "no") else None


def _granted(reason: str, status: str) -> Translated:
    what, _, receiver = reason.partition(" for ")
    return (what, {"receiver": receiver}) if receiver else None


def _task(reason: str, status: str) -> Translated:
    return "", {"task": reason}


def _held_out(reason: str, status: str) -> Translated:
    if reason in ("email", "sms"):
        return "", {"medium": reason}
    return "", {"action": "update" if reason == "updatetraits" else reason}


def _converted(reason: str, status: str) -> Translated:
    return "goal", {"rule": reason}


def _unreadable(reason: str, status: str) -> Translated:
    return "", {"medium": "email" if reason.startswith("the email ") else "sms"}


def _overtaken(reason: str, status: str) -> Translated:
    found = re.fullmatch(r"decided before (.*) was known", reason, re.DOTALL)
    return found and ("known late", {"calls": _calls(found[1])})


def _reopened(reason: str, status: str) -> Translated:
    found = re.fullmatch(r"(\w+) is taken back: (.*) came late", reason, re.DOTALL)
    return found and ("taken back", {"ending": found[1], "calls": _calls(found[2])})


def _calls(names: str) -> list[str]:
    return [] if names == "who the customer is" else names.split(", ")


def _stuck(reason: str, status: str) -> Translated:
    return "fault", {"error": reason}


def _left(reason: str, status: str) -> Translated:
    match status:
        case "converted":
            return "goal", {"rule": reason}
        case "filtered":
            return "filtered", {"condition": reason}
        case "exited":
            return _exited(reason)
        case "" if reason == "merged":
            return "merged", {"status": "merged"}
    return None


def _exited(reason: str) -> Translated:
    if reason in ("the journey no longer exists", "the journey or step no longer exists"):
        return None
    found = re.fullmatch(r"more than (\d+) steps in one instant", reason)
    if found:
        return "too many steps in one instant", {"steps": int(found[1])}
    return "exit", {"rule": reason}


_KINDS: Mapping[str, Callable[[str, str], Translated]] = {
    "ignored": _ignored,
    "restarted": _restarted,
    "queued": _queued,
    "not_sent": _not_sent,
    "branched": _branched,
    "no_date": _no_date,
    "changed": _changed,
    "granted": _granted,
    "task": _task,
    "held_out": _held_out,
    "converted": _converted,
    "unreadable": _unreadable,
    "overtaken": _overtaken,
    "reopened": _reopened,
    "stuck": _stuck,
    "left": _left,
}
