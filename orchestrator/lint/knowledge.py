"""What is known of the shop's events and of its customers' traits: by the tracking plan, by what
came in, and by what Parcours itself makes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.own_events import OWN_EVENTS
from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.domain.tracking_plan import NO_PLAN, Shape, TrackingPlan
from orchestrator.domain.traits import RESERVED_TRAITS
from orchestrator.domain.triggers import EventTrigger
from orchestrator.language.lifecycle_file import BUILT_IN
from orchestrator.language.project import Project
from orchestrator.lint.rules import Spot
from orchestrator.lint.step_rules import Subject, subjects
from orchestrator.lint.uses import Mention, mentions, walk_values
from orchestrator.render import Templates
from orchestrator.render.compiled import Asked

#: Traits that the specification of `identify` reserves, and those that Parcours reads itself.
OWN_TRAITS = frozenset({
    "address", "age", "avatar", "birthday", "company", "created_at", "createdAt", "description",
    "email", "employees", "first_name", "firstName", "gender", "id", "industry", "last_name",
    "lastName", "logins", "name", "phone", "plan", "title", "username", "website",
    "city", "country", "state", "postal_code", "zip", "zone", "region", "referred_by",
    "timezone", "locale", "consent",
})  # fmt: skip
#: Traits that the specification of `group` reserves.
OWN_ACCOUNT_TRAITS = frozenset({
    "address", "avatar", "created_at", "createdAt", "description", "email", "employees", "id",
    "industry", "name", "phone", "website", "plan",
})  # fmt: skip
#: The events of Segment's specifications (ecommerce, B2B, mobile): no misspelling, where no plan
#: says better. Source: segment.com/docs/connections/spec.
COMMON_EVENTS = frozenset({
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed",
    "Promotion Clicked", "Product Clicked", "Product Viewed", "Product Added", "Product Removed",
    "Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed",
    "Payment Info Entered", "Order Updated", "Order Completed", "Order Refunded",
    "Order Cancelled", "Coupon Entered", "Coupon Applied", "Coupon Denied", "Coupon Removed",
    "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart",
    "Product Shared", "Cart Shared", "Product Reviewed",
    "Account Created", "Account Deleted", "Signed Up", "Signed In", "Signed Out", "Invite Sent",
    "Account Added User", "Account Removed User", "Trial Started", "Trial Ended",
    "Application Installed", "Application Opened", "Application Updated",
    "Application Uninstalled",
})  # fmt: skip
_ALWAYS = frozenset({"name", "at"})  # of every event


@dataclass(frozen=True)  # no slots: what is worked out is kept
class Knowledge:
    """A project, and what came in (`data`), which is empty where nobody asked for it."""

    project: Project
    templates: Templates | None
    data: TrackingPlan = NO_PLAN

    # ------------------------------------------------------------ events

    @cached_property
    def mentions(self) -> tuple[Mention, ...]:
        """Every event that a file names."""
        return tuple(mentions(self.project, self.asked))

    @cached_property
    def asked(self) -> tuple[tuple[Spot, Asked], ...]:
        """Every function of the language that a template or the subject of a step calls."""
        of_templates = self.templates.asked if self.templates else ()
        of_subjects = ((one.spot, call) for one in self.subjects for call in one.text.asked)
        return (*(((one.file, one.line, one.column), one) for one in of_templates), *of_subjects)

    @cached_property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects that steps write themselves."""
        return tuple(subjects(self.project, self.templates)) if self.templates else ()

    @cached_property
    def emitted(self) -> dict[str, frozenset[str]]:
        """The events that steps emit, with their properties."""
        found: dict[str, frozenset[str]] = {}
        for document in self.project.documents.values():
            for path, value in walk_values(document.data):
                if path[-1] == "emit" and isinstance(value, Mapping) and path[0] == "steps":
                    names = value.get("properties") or {}
                    event = str(value.get("event"))
                    found[event] = found.get(event, frozenset()) | frozenset(names)
        return found

    @cached_property
    def events(self) -> frozenset[str]:
        """The names that are known for certain."""
        planned = frozenset(self.project.plan.events) or COMMON_EVENTS
        return planned | {*self.data.events, *OWN_EVENTS, *self.emitted, ANY_EVENT}

    def witnesses(self, mention: Mention) -> bool:
        """Whether another file or a test names the same event. Where a tracking plan stands, it
        decides alone.
        """
        return not self.project.plan.events and any(
            one.event == mention.event and (one.is_test or one.file != mention.file)
            for one in self.mentions
        )

    # ------------------------------------------------------------ properties

    def shapes(self, event: str) -> Iterator[Shape]:
        """What plan and data tell of an event."""
        for source in (self.project.plan, self.data):
            if (shape := source.events.get(event)) is not None:
                yield shape

    def properties(self, events: Iterable[str]) -> frozenset[str] | None:
        """All properties that some events may have; None where one of them may have any."""
        found: set[str] = set(_ALWAYS)
        for event in events:
            names = self._properties(event)
            if names is None:
                return None
            found |= names
        return frozenset(found)

    def _properties(self, event: str) -> frozenset[str] | None:
        closed = [frozenset(shape.parts) for shape in self.shapes(event) if not shape.is_open]
        if event in self.emitted:
            closed.append(self.emitted[event])
        if (own := OWN_EVENTS.get(event)) is not None:
            closed.append(own)
        return frozenset[str]().union(*closed) if closed else None

    def shape_of(self, events: Iterable[str], path: tuple[str, ...]) -> Shape | None:
        """The shape of a property, where all that know the events tell the same of it."""
        shapes = [shape.at(path) for event in events for shape in self.shapes(event)]
        told = [shape for shape in shapes if shape is not None]
        return told[0] if told and len({shape.types for shape in told}) == 1 else None

    @cached_property
    def started(self) -> frozenset[str]:
        """The journeys that a step of another one starts."""
        documents = self.project.documents.values()
        values = [one for document in documents for one in walk_values(document.map.get("steps"))]
        started = (value for path, value in values if path[-1] == "start")
        return frozenset(value for value in started if isinstance(value, str))

    def entry_events(self, journeys: Iterable[str]) -> frozenset[str] | None:
        """The events that start some journeys; None where something else may start one."""
        names = set(journeys)
        triggers = [one for name in names for one in self.project.journeys[name].triggers]
        if names & self.started:  # with the entry of whoever starts them
            return None
        if not triggers or not all(isinstance(one, EventTrigger) for one in triggers):
            return None
        return frozenset(one.event for one in triggers if isinstance(one, EventTrigger))

    # ------------------------------------------------------------ traits

    @cached_property
    def facts(self) -> frozenset[str]:
        """The names of the facts."""
        return frozenset(fact.name for fact in self.project.lifecycle.facts)

    @cached_property
    def traits(self) -> frozenset[str]:
        """The names of customers' properties that something knows: a fact, a step, a test, the
        plan, the data, or Parcours itself.
        """
        own = {*OWN_TRAITS, *PREDICTED, *BUILT_IN, *RESERVED_TRAITS, *RESERVED_TRAITS.values()}
        tested = self._named_in("tests", "customer", "identify")
        return frozenset({*own, *self.facts, *tested}) | self.traits_of_the_shop

    @cached_property
    def traits_of_the_shop(self) -> frozenset[str]:
        """Those of them that a step writes, or that plan or data say the shop sends."""
        written = self._named_in("steps", "update")
        return frozenset({*written, *self.project.plan.traits, *self.data.traits})

    def _named_in(self, part: str, *keys: str) -> Iterator[str]:
        """The names of the maps that stand under some keys in a part of the files."""
        for document in self.project.documents.values():
            for path, value in walk_values(document.data):
                if isinstance(value, Mapping) and path[0] == part and path[-1] in keys:
                    yield from map(str, value)

    @cached_property
    def account_traits(self) -> frozenset[str]:
        """The names of accounts' traits that something knows: a test, the plan, the data."""
        named = set(OWN_ACCOUNT_TRAITS)
        for document in self.project.documents.values():
            for path, value in walk_values(document.data):
                is_test = path[0] == "tests" and path[-1] in ("account", "group")
                if isinstance(value, Mapping) and is_test:
                    named |= {str(name) for name in value}
        return frozenset({*named, *self.project.plan.account, *self.data.account})

    @property
    def tells_all_account_traits(self) -> bool:
        """Whether plan or data say which traits accounts have."""
        return bool(self.project.plan.account or self.data.account)

    @property
    def tells_all_traits(self) -> bool:
        """Whether plan or data say which traits there are."""
        return bool(self.project.plan.traits or self.data.traits)
