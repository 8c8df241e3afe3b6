"""Random journeys of one customer's kind, and random edits of them, for Hypothesis: what an author
does between two days, with every step known by a number of its own that no edit changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count

from hypothesis import strategies as st

from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.journey import Journey
from orchestrator.language.journeys import parse_journey

HOURS = (1, 2, 3, 5, 8, 13, 24, 48)


@dataclass
class Node:
    """One step as its author thinks of it. `number` stays; all else may be edited."""

    number: int
    word: str  # email, delay, clock, set, branch, split, wait_for
    value: int = 0  # which template, how many hours, which variable
    id: str = ""  # given by the author
    then: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)

    def written(self) -> str:
        return "{" + f"id: {self.id}, " * bool(self.id) + self._content() + "}"

    def _content(self) -> str:
        match self.word:
            case "email":
                return f"email: m{self.value}"
            case "delay":
                return f"delay: {self.value}h"
            case "clock":
                return f"wait_until: {{time: '{self.value % 24:02}:00'}}"
            case "set":
                return f"set: {{v: {self.value}}}"
            case "branch":
                other = f", {{else: {_listed(self.otherwise)}}}" * bool(self.otherwise)
                return f"branch: [{{if: customer.vip, then: {_listed(self.then)}}}{other}]"
            case "split":
                shares = {"a": 100, "b": 0}, {"a": 0, "b": 100}
                ways = zip(shares[self.value % 2].items(), self.blocks, strict=True)
                listed = (
                    f"{{variant: {name}, share: {share}, then: {_listed(block)}}}"
                    for (name, share), block in ways
                )
                return f"split: [{', '.join(listed)}]"
        blocks = f"then: {_listed(self.then)}, else: {_listed(self.otherwise)}"
        return f"wait_for: {{event: B, within: {self.value}h, {blocks}}}"

    @property
    def blocks(self) -> list[list[Node]]:
        return [self.then, self.otherwise]


def _listed(nodes: list[Node]) -> str:
    return "[" + ", ".join(node.written() for node in nodes) + "]"


@dataclass
class Draft:
    """A journey's steps, as its author has them in mind."""

    steps: list[Node]

    def copy(self) -> Draft:
        return deepcopy(self)

    def text(self) -> str:
        lines = "".join(f"  - {node.written()}\n" for node in self.steps)
        return f"journey: a\ntrigger: {{event: A}}\nsteps:\n{lines}"

    def all_blocks(self) -> Iterator[list[Node]]:
        yield self.steps
        for node in self.nodes():
            yield from node.blocks

    def nodes(self) -> Iterator[Node]:
        """In written order, those inside others included."""
        return _walk(self.steps)

    def find(self, number: int) -> Node | None:
        return next((node for node in self.nodes() if node.number == number), None)

    def block_of(self, node: Node) -> list[Node]:
        return next(block for block in self.all_blocks() if any(one is node for one in block))

    def journey(self) -> Journey:
        return parse_journey(self.text(), "a.yaml")

    def ids(self) -> dict[int, str]:
        """The id that each step has in the journey."""
        steps = self.journey().walk_steps()
        return {node.number: step.id for node, step in zip(self.nodes(), steps, strict=True)}

    def ahead(self, number: int, *, vip: bool) -> list[Node]:
        """The steps that somebody comes to who stands on one of these, that one first."""
        found = _ahead(self.steps, number, vip)
        assert found is not None
        return found

    def way(self, *, vip: bool) -> list[Node]:
        """The steps that somebody comes to from the beginning."""
        return _run(self.steps, vip)


def _walk(steps: list[Node]) -> Iterator[Node]:
    for node in steps:
        yield node
        yield from _walk(node.then)
        yield from _walk(node.otherwise)


def _run(steps: list[Node], vip: bool) -> list[Node]:
    found = []
    for node in steps:
        found.append(node)
        found += _run(node.then if _goes_first_way(node, vip) else node.otherwise, vip)
    return found


def _goes_first_way(node: Node, vip: bool) -> bool:
    """Nobody ever does what is waited for."""
    return vip if node.word == "branch" else node.word == "split" and node.value % 2 == 0


def _ahead(steps: list[Node], number: int, vip: bool) -> list[Node] | None:
    for place, node in enumerate(steps):
        if node.number == number:
            return _run(steps[place:], vip)
        for block in node.blocks:
            inside = _ahead(block, number, vip)
            if inside is not None:
                return inside + _run(steps[place + 1 :], vip)
    return None


# ---------------------------------------------------------------- random ones

LEAVES = ("email", "email", "delay", "delay", "delay", "clock", "set")


@st.composite
def _node(draw: st.DrawFn, numbers: count[int], depth: int) -> Node:
    number = next(numbers)
    word = draw(st.sampled_from(LEAVES + ("branch", "split", "wait_for") * (depth < 2)))
    node = Node(number, word, draw(st.sampled_from(HOURS)))
    if word == "email":
        node.value = number  # each mail has a template of its own
    if word in ("branch", "split", "wait_for"):
        node.then = draw(_block(numbers, depth + 1))
        node.otherwise = draw(_block(numbers, depth + 1)) if draw(st.booleans()) else []
    return node


@st.composite
def _block(draw: st.DrawFn, numbers: count[int], depth: int) -> list[Node]:
    return [
        draw(_node(numbers, depth))
        for _ in range(draw(st.integers(*((3, 7) if depth == 0 else (1, 2)))))
    ]


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """A journey in which nothing would have the same id as something else."""
    draft = Draft(draw(_block(count(), 0)))
    name_ties(draft, draft)
    return draft


def name_ties(draft: Draft, before: Draft) -> None:
    """Gives ids where `check` asks for one: to what is new, where that is enough."""
    known = {node.number for node in before.nodes()} if before is not draft else set()
    while True:
        try:
            draft.journey()
        except ProjectInvalid as fault:
            if "give one an `id`" not in str(fault):
                raise
            nameless = [node for node in draft.nodes() if not node.id and node.word != "email"]
            node = max(nameless, key=lambda one: (one.number not in known, one.number))
            node.id = f"n{node.number}"
        else:
            return


# ---------------------------------------------------------------- random edits

EDITS = (
    "swap template", "put in mail", "put in delay", "take out", "change delay", "swap steps",
    "add branch", "wrap", "give id", "retitle",
)  # fmt: skip


@st.composite
def edits(draw: st.DrawFn, draft: Draft, stood_on: frozenset[int], kind: str) -> Draft:
    """The journey after one edit. What is taken out holds nobody."""
    edited = draft.copy()
    fresh = 1 + max(max(node.number, node.value) for node in edited.nodes())
    nodes = list(edited.nodes())
    block = draw(st.sampled_from([one for one in edited.all_blocks() if one]))
    place = draw(st.integers(0, len(block)))
    match kind:
        case "swap template":
            mails = [node for node in nodes if node.word == "email"]
            if mails:
                draw(st.sampled_from(mails)).value = fresh
        case "put in mail":
            block.insert(place, Node(fresh, "email", fresh))
        case "put in delay":
            block.insert(place, Node(fresh, "delay", draw(st.sampled_from(HOURS))))
        case "take out":
            free = [one for one in nodes if not {n.number for n in _walk([one])} & stood_on]
            free = [one for one in free if len(edited.steps) > 1 or one is not edited.steps[0]]
            if free:
                node = draw(st.sampled_from(free))
                home = edited.block_of(node)
                home.remove(node)
        case "change delay":
            delays = [node for node in nodes if node.word in ("delay", "clock", "wait_for")]
            if delays:
                draw(st.sampled_from(delays)).value = draw(st.sampled_from((4, 6, 7, *HOURS)))
        case "swap steps":
            if len(block) > 1:
                one = draw(st.integers(0, len(block) - 2))
                block[one : one + 2] = reversed(block[one : one + 2])
        case "add branch":
            mail = Node(fresh + 1, "email", fresh + 1)
            block.insert(place, Node(fresh, "branch", then=[mail]))
        case "wrap":
            one = min(place, len(block) - 1)
            block[one] = Node(fresh, "branch", then=[block[one]])
        case "give id":
            nameless = [node for node in nodes if not node.id]
            if nameless:
                node = draw(st.sampled_from(nameless))
                node.id = f"mine-{node.number}"
    for node in edited.nodes():  # a branch with nothing in it is no branch
        if node.word == "branch" and not node.then:
            node.then = [Node(fresh + 2 + node.number, "set", 1)]
    name_ties(edited, draft)
    return edited
