"""Random edits with people inside, from the files to what everybody gets: who is inside keeps their
place, gets nothing twice and misses nothing, and the plan says beforehand what happens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.clock import VirtualClock
from orchestrator.engine import standing
from orchestrator.engine.edits import PeopleWouldBeLost, Plan, read_plan
from orchestrator.engine.report import Held
from orchestrator.language.project import load_project
from orchestrator.store.settings import people_by_step
from orchestrator.wiring import build_program
from tests.conftest import DatabaseServer, Template
from tests.engine.conftest import OpenShop
from tests.support.edits import EDITS, Draft, drafts, edits
from tests.support.examples import examples
from tests.support.life import START
from tests.support.project import CONSENTING, write_project
from tests.support.shop import Shop

#: After these nobody is ever asked where people stand.
HARMLESS = {"swap template", "put in mail", "take out", "change delay", "add branch", "retitle"}


@dataclass
class Inside:
    """Somebody inside: on which step, and which mails they had, by the numbers of their steps."""

    user: str
    vip: bool
    stands_on: int
    had: list[int]


@dataclass
class Edited:
    """A shop in which people are inside while its journey is edited."""

    shop: Shop
    draft: Draft
    people: list[Inside] = field(default_factory=list)
    templates: dict[str, int] = field(default_factory=dict)  # of every version, by their steps

    def __post_init__(self) -> None:
        self._learn()

    def _learn(self) -> None:
        mails = (node for node in self.draft.nodes() if node.word == "email")
        self.templates |= {f"m{node.value}": node.number for node in mails}

    def enter(self, entered: list[tuple[int, bool]], until: int) -> None:
        """People come, and go their ways for some hours."""
        for number, (hour, vip) in enumerate(entered):
            user = f"u{number}"
            self.shop.identify("-1s", user, email=f"{user}@example.com", vip=vip)
            self.shop.track(f"{hour}h", "A", user)
        self.shop.tick(f"{until}h")
        numbers = {step: number for number, step in self.draft.ids().items()}
        for number, (_, vip) in enumerate(entered):
            user = f"u{number}"
            if step := self.place_of(user):
                self.people.append(Inside(user, vip, numbers[step], self.had(user)))

    @property
    def stood_on(self) -> frozenset[int]:
        return frozenset(one.stands_on for one in self.people)

    def place_of(self, user: str) -> str:
        query = (
            "SELECT e.step FROM enrollments e JOIN customers c ON c.id = e.customer_id"
            " WHERE c.external_id = :user AND e.status = 'active'"
        )
        return "".join(row.step for row in self.shop.rows(query, user=user))

    def had(self, user: str) -> list[int]:
        return [self.templates[mail] for _, who, mail in self.shop.sends() if who == user]

    def count_people(self) -> Counter[str]:
        """How many stand on each step, whatever version they follow."""
        with self.shop.context.database.read() as transaction:
            found = people_by_step(transaction, ["a"])
        counted: Counter[str] = Counter()
        for (_, _, step), number in found.items():
            counted[step] += number
        return counted

    def plan(self, text: str) -> Plan:
        """What opening these files will do, as the plan says."""
        write_project(self.shop.root, text, **self.shop.files)
        program = build_program(load_project(self.shop.root, {}))
        with self.shop.context.database.read() as transaction:
            return read_plan(transaction, program)

    def apply(self, draft: Draft, kind: str) -> None:
        """Opens the edited files; where people would be lost, the author says where they are."""
        before, self.draft = self.draft.ids(), draft
        self._learn()
        planned = self.plan(draft.text())
        if planned.stranded:
            assert kind not in HARMLESS
            with pytest.raises(PeopleWouldBeLost):
                self.shop.open(draft.text())
            now, lost = draft.ids(), {one.step for one in planned.stranded}
            known = {before[one.stands_on]: now[one.stands_on] for one in self.people}
            moved = ", ".join(f"{step}: {known[step]}" for step in sorted(lost))
            text = f"moved: {{{moved}}}\n{draft.text()}"
            planned = self.plan(text)
            assert not planned.stranded
            self.shop.open(text)
        else:
            self.shop.open(draft.text())
        self.look(planned)

    def look(self, planned: Plan) -> None:
        """Has everybody taken over, while nothing else is done, and counts them."""
        context = self.shop.context
        standing.hold(context, Held(journeys=frozenset({"a"})), self.shop.clock.now())
        self.shop.work()
        said: Counter[str] = Counter()
        for one in planned.people:
            said[one.to] += one.people
        assert self.count_people() == said
        standing.hold(context, Held(), self.shop.clock.now())

    def check_places(self) -> None:
        """Everybody is where they were; of two steps that say the same, perhaps on the one before
        theirs, which was put in."""
        numbers = {step: number for number, step in self.draft.ids().items()}
        for one in self.people:
            place = numbers[self.place_of(one.user)]
            if place != one.stands_on:
                here, theirs = self.draft.find(place), self.draft.find(one.stands_on)
                assert here is not None
                assert theirs is not None
                assert (here.word, here.value) == (theirs.word, theirs.value)
                assert one.stands_on in {n.number for n in self.draft.ahead(place, vip=one.vip)}
                one.stands_on = place

    def check_mails(self) -> None:
        """Everybody got what was still before them, nothing else, and nothing twice."""
        for one in self.people:
            had = self.had(one.user)
            assert max(Counter(had).values(), default=1) == 1
            ahead = self.draft.ahead(one.stands_on, vip=one.vip)
            due = {node.number for node in ahead if node.word == "email"} - set(one.had)
            assert set(had) - set(one.had) == due


#: At night mails are held back: people stand on them as well.
QUIET = CONSENTING + '[quiet_hours]\nemail = {from = "18:00", to = "09:00"}\n'


@contextmanager
def shop_with(draft: Draft, toml: str, url: str) -> Iterator[Edited]:
    with TemporaryDirectory() as folder:
        files = {"toml": toml}
        shop = Shop(Path(folder), url, [draft.text()], files, VirtualClock(START))
        try:
            yield Edited(shop, draft)
        finally:
            shop.close()


PEOPLE = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=3, max_size=6)


def edit_with_people_inside(data: st.DataObject, url: str) -> None:
    draft, toml = data.draw(drafts()), data.draw(st.sampled_from([CONSENTING, QUIET]))
    with shop_with(draft, toml, url) as edited:
        edited.enter(data.draw(PEOPLE), until=data.draw(st.integers(1, 60)))
        for _ in range(data.draw(st.integers(1, 2))):
            kind = data.draw(st.sampled_from(EDITS))
            edited.apply(data.draw(edits(edited.draft, edited.stood_on, kind)), kind)
            edited.check_places()
        edited.shop.tick("90d")
        edited.check_mails()


@given(st.data())
@settings(max_examples=examples(60), suppress_health_check=list(HealthCheck))
def test_after_a_random_edit_everybody_is_where_they_were_and_gets_what_was_before_them(
    migrated: Template, sqlite_server: DatabaseServer, data: st.DataObject
) -> None:
    with migrated.copy(sqlite_server) as url:
        edit_with_people_inside(data, url)


@given(st.data())
@settings(max_examples=5, suppress_health_check=list(HealthCheck))
def test_so_it_is_on_postgresql(
    migrated: Template, postgresql_server: DatabaseServer, data: st.DataObject
) -> None:
    with migrated.copy(postgresql_server) as url:
        edit_with_people_inside(data, url)


def test_who_is_inside_a_journey_that_is_renamed_stands_until_it_is_called_so_again(
    open_shop: OpenShop,
) -> None:
    text = "journey: %s\ntrigger: {event: A}\nsteps: [{delay: 2h}, {email: hello}]\n"
    shop = open_shop(text % "a")
    shop.identify("-1s")
    shop.track("0s", "A")
    shop.tick("1h")
    (shop.root / "journeys/a.yaml").unlink()
    shop.open(text % "b")
    shop.tick("3h")
    assert shop.sends() == []  # nobody enters b for what was before it
    assert shop.passages() == [("ada", "a", "active")]
    (shop.root / "journeys/b.yaml").unlink()
    shop.open(text % "a")
    shop.tick("4h")
    assert [(user, mail) for _, user, mail in shop.sends()] == [("ada", "hello")]
