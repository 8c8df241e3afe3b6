"""`/s/<token>`: a survey's page. Opening it shows what was clicked in the mail; only sending it
records an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response

from orchestrator.api.pages import PageMissing, Visit, begin_visit, find_message, read_link
from orchestrator.api.requests import read_form
from orchestrator.domain.survey import Survey, SurveyKind, in_locale
from orchestrator.links import LinkPurpose
from orchestrator.store.inbox import has_call
from orchestrator.store.visitors import LinkedMessage

COMMENT_CHARS_MAX = 4_000


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A survey in front of the reader of one message."""

    message: LinkedMessage
    survey: Survey
    visit: Visit

    @property
    def message_id(self) -> str:
        """One answer per message and survey: sending twice is harmless, and the first one
        counts.
        """
        return f"survey-{self.survey.id}-{self.message.public_id}"

    async def is_answered(self) -> bool:
        return await to_thread.run_sync(has_call, self.visit.services.database, self.message_id)

    def show(
        self, chosen: str | int | None, comment: str = "", *, missing: bool = False
    ) -> Response:
        survey, say = self.survey, self._say
        options = [(option.id, say(option.label)) for option in survey.options]
        return self.visit.show(
            "survey.html",
            422 if missing else 200,
            kind=str(survey.kind),
            question=say(survey.question),
            choices=[(score, str(score)) for score in survey.scores] or options,
            low=say(survey.low_label),
            high=say(survey.high_label),
            chosen=chosen,
            comment=comment,
            missing=missing,
        )

    def thank(self, *, known: bool = False) -> Response:
        words = self.visit.words
        heading = words["survey_known_heading"] if known else words["survey_thanks_heading"]
        text = words["survey_known"] if known else self._say(self.survey.thanks)
        return self.visit.show("notice.html", heading=heading, text=text)

    def _say(self, texts: Mapping[str, str]) -> str:
        return in_locale(texts, self.visit.language, self.visit.services.config.project.locale)


async def show_survey(request: Request) -> Response:
    """The question, with what was clicked in the mail already chosen."""
    sheet = await _open_sheet(request)
    if await sheet.is_answered():
        return sheet.thank(known=True)
    return sheet.show(_read_answer(sheet.survey, request.query_params))


async def answer_survey(request: Request) -> Response:
    """Records an answer, once."""
    sheet = await _open_sheet(request)
    form = await read_form(request)
    answer, comment = (
        _read_answer(sheet.survey, form),
        form.get("comment", "").strip()[:COMMENT_CHARS_MAX],
    )
    if answer is None:
        return sheet.show(None, comment, missing=True)
    if await sheet.is_answered():
        return sheet.thank(known=True)
    await sheet.visit.tell(sheet.message.person, _answer_call(sheet, answer, comment))
    return sheet.thank()


async def _open_sheet(request: Request) -> _Sheet:
    message_id, _, survey_id = "\n".join(read_link(request, LinkPurpose.SURVEY)).partition("\n")
    message = await find_message(request, message_id)
    visit = begin_visit(request, message.locale)
    survey = visit.services.surveys.get(survey_id)
    if survey is None:
        raise PageMissing(gone=True)
    return _Sheet(message, survey, visit)


def _read_answer(survey: Survey, said: Mapping[str, str]) -> str | int | None:
    """The score or answer in a query or a form; None when it is not one of those offered."""
    key = "score" if survey.kind is SurveyKind.SCALE else "answer"
    text = said.get(key, "").strip()[:COMMENT_CHARS_MAX]
    if not text:
        return None
    if survey.kind is not SurveyKind.SCALE:
        return text if survey.accepts(text) else None
    score = int(text) if text.isdecimal() and len(text) <= 3 else None
    return score if score is not None and survey.accepts(score) else None


def _answer_call(sheet: _Sheet, answer: str | int, comment: str) -> Mapping[str, object]:
    key = "score" if sheet.survey.kind is SurveyKind.SCALE else "answer"
    properties: dict[str, object] = {
        "survey": sheet.survey.id,
        key: answer,
        "email_id": sheet.message.public_id,
    }
    if comment:
        properties["comment"] = comment
    return {
        "type": "track",
        "event": "Survey Answered",
        "messageId": sheet.message_id,
        "properties": {**properties, "journey": sheet.message.journey},
    }
