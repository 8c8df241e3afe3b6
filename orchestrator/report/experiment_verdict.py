"""How an experiment stands, in one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from shlex import quote

from orchestrator.domain.assignment import HELD_OUT, HOLDOUT
from orchestrator.domain.phrase import Phrase, say, say_number
from orchestrator.measure.experiments.verdict import Conclusion, Judged, Still


@dataclass(frozen=True, slots=True)
class Tried:
    """An experiment of a journey, or of the whole project; `has_goal` says whether there is
    something to decide by."""

    judged: Judged
    has_goal: bool = True

    @property
    def step(self) -> str:
        """The split, or the control group, of its journey; "" of the whole project."""
        return self.judged.experiment_id.partition("/")[2]

    @property
    def is_of_project(self) -> bool:
        """Whether it is the control group of the whole project."""
        return self.judged.experiment_id == HOLDOUT

    @property
    def is_control(self) -> bool:
        """Whether it is a control group: nothing is declared there."""
        return self.is_of_project or self.step == HOLDOUT

    @property
    def page(self) -> str:
        """The page that shows it."""
        journey = self.judged.experiment_id.partition("/")[0]
        return "journeys" if self.is_of_project else f"journeys/{journey}"

    @property
    def may_be_declared(self) -> bool:
        """Whether a split has a winner that not everybody gets yet."""
        shares = {one.variation_id: one.share for one in self.judged.variations}
        winner = self.judged.winner
        return not self.is_control and winner is not None and shares.get(winner) != 1.0

    @property
    def needs_a_look(self) -> bool:
        """Whether somebody has to act: a control group that does worse is as hoped for."""
        if self.judged.conclusion is Conclusion.BROKEN:
            return True
        return self.may_be_declared or (self.is_control and self.judged.winner == HELD_OUT)


@dataclass(frozen=True, slots=True)
class VerdictTold:
    """The sentence, its tone, and the command that acts on it."""

    text: Phrase
    tone: str = "plain"
    command: str = ""


def tell_verdict(one: Tried) -> VerdictTold:
    """What came of it so far."""
    judged = one.judged
    match judged.conclusion:
        case Conclusion.EMPTY:
            return VerdictTold(_ahead(judged.still))
        case Conclusion.BROKEN:
            return VerdictTold(say("The groups are not as drawn: do not trust it."), "bad")
        case Conclusion.DECIDED if one.is_control:
            return _control(one)
        case Conclusion.DECIDED:
            return VerdictTold(_winner(judged), "good", _declaring(one))
    if not one.has_goal:
        return VerdictTold(say("The journey has no goal: only its revenue can be compared."))
    return VerdictTold(_early(judged), "wait")


def _ahead(still: Still | None) -> Phrase:
    if still is None or not still.days:
        return say("Nobody has come to it yet.")
    return say_number(
        "Nobody has come to it yet; about {number:,} day until {percent}% more or less is seen.",
        "Nobody has come to it yet; about {number:,} days until {percent}% more or less is seen.",
        ceil(still.days),
        percent=_percent(still),
    )


def _percent(still: Still) -> str:
    return f"{still.effect * 100:g}"


def _control(one: Tried) -> VerdictTold:
    if one.judged.winner == HELD_OUT:
        harm = (
            say("Fewer order with messages than without any.")
            if one.is_of_project
            else say("Fewer reach the goal with the journey than without it.")
        )
        return VerdictTold(harm, "bad")
    good = (
        say("More order with messages than without any.")
        if one.is_of_project
        else say("More reach the goal with the journey than without it.")
    )
    return VerdictTold(good, "good")


def _winner(judged: Judged) -> Phrase:
    if judged.winner == judged.baseline:
        return say("{winner} brings more than all others.", winner=judged.winner)
    return say(
        "{winner} brings more than {baseline}.", winner=judged.winner, baseline=judged.baseline
    )


def _declaring(one: Tried) -> str:
    if not one.may_be_declared:
        return ""
    name, winner = one.judged.experiment_id, one.judged.winner or ""
    return f"parcours experiment {quote(name)} --declare {quote(winner)}"


def _early(judged: Judged) -> Phrase:
    still = judged.still
    if still is None or still.customers is None:
        return _unplanned(judged)
    if still.days is None:
        return say("Too early: how many come in a day is not known yet.")
    if not still.days:
        return say(
            "Nothing is sure, though {percent}% more or less would be seen by now: if there is a "
            "difference, it is likely smaller.",
            percent=_percent(still),
        )
    return say_number(
        "Too early: about {number:,} day still until {percent}% more or less is seen.",
        "Too early: about {number:,} days still until {percent}% more or less is seen.",
        ceil(still.days),
        percent=_percent(still),
    )


def _unplanned(judged: Judged) -> Phrase:
    base = next((one for one in judged.variations if one.variation_id == judged.baseline), None)
    if base is not None and not base.conversions:
        return say("Too early: in the group to compare with nobody has done what is hoped for.")
    return say("Nothing is sure yet: any difference may be chance.")
