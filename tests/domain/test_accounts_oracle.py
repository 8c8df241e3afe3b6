"""Accounts against a simple oracle, which takes all members' events one after the other and knows
nothing of lines, ticks and news.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.company import Company
from tests.support.examples import examples
from tests.support.project import read_program

USERS = ("ada", "bob", "cy")
ACCOUNTS = ("acme", "globex")
DELAY, REENTRY, END = 5, 9, 1000

JOURNEYS = (
    f"""
journey: one
trigger: {{event: Go}}
one_per: account
reentry: {{after: {REENTRY}h}}
exit: {{event: Stop, scope: account}}
steps: [delay: {DELAY}h, email: one]
""",
    f"""
journey: each
trigger: {{event: Go, if: 'account.plan == "pro"'}}
reentry: {{after: {REENTRY}h}}
exit: {{if: 'account.plan == "free"'}}
steps: [delay: {DELAY}h, email: each]
""",
)


@dataclass
class Member:
    """Where somebody belongs, and of each journey when they entered last, and left."""

    account: str = ""
    entered: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int | None] = field(default_factory=dict)

    def is_open(self, journey: str, at: int) -> bool:
        if journey not in self.entered:
            return False
        ended = self.ended[journey]
        return ended is None or ended >= at

    def is_early(self, journey: str, at: int) -> bool:
        return journey in self.entered and at < self.entered[journey] + REENTRY


@dataclass
class Oracle:
    members: dict[str, Member] = field(default_factory=lambda: {user: Member() for user in USERS})
    plans: dict[str, str] = field(default_factory=dict)
    sends: list[tuple[int, str, str]] = field(default_factory=list)

    def take(self, at: int, user: str, what: str) -> None:
        self.run_timers(at)
        kind, _, name = what.partition(" ")
        one = self.members[user]
        match kind:
            case "join":
                left, one.account = one.account, name
                if not any(member.account == left for member in self.members.values()):
                    self.plans.pop(left, None)  # an account without members is forgotten
            case "plan":
                self.plans[one.account] = name if one.account else ""
        for other, member in self.members.items():
            is_told = member.account == one.account and bool(one.account)
            if kind == "Stop" and (is_told or other == user):
                self.leave(member, "one", at)
            if self.plan_of(member) == "free" and (other == user or (kind == "plan" and is_told)):
                self.leave(member, "each", at)
        if kind == "Go":
            self.enter(one, at)

    def plan_of(self, member: Member) -> str:
        return self.plans.get(member.account, "") if member.account else ""

    def enter(self, one: Member, at: int) -> None:
        team = [m for m in self.members.values() if m.account == one.account and one.account]
        if not any(m.is_open("one", at) or m.is_early("one", at) for m in [*team, one]):
            one.entered["one"], one.ended["one"] = at, None
        if self.plan_of(one) == "pro" and not (one.is_open("each", at) or one.is_early("each", at)):
            one.entered["each"], one.ended["each"] = at, None

    def leave(self, member: Member, journey: str, at: int) -> None:
        inside = journey in member.entered and member.ended[journey] is None
        if inside and member.entered[journey] < at:
            member.ended[journey] = at

    def run_timers(self, before: int) -> None:
        """Sends what is due before an instant: at it, events go first."""
        for user, member in self.members.items():
            for journey, at in member.entered.items():
                if member.ended[journey] is None and at + DELAY < before:
                    member.ended[journey] = at + DELAY
                    self.sends.append((at + DELAY, user, journey))


WHAT = st.sampled_from([
    "Go", "Go", "Go", "Stop", "join acme", "join globex", "plan pro", "plan free",
])  # fmt: skip
LIVES = st.lists(
    st.tuples(st.integers(1, 40), st.sampled_from(USERS), WHAT),
    max_size=16,
    unique_by=lambda e: e[0],
)


@settings(max_examples=examples(300))
@given(life=LIVES)
def test_members_of_accounts_do_as_a_simple_oracle_says(life: list[tuple[int, str, str]]) -> None:
    them, oracle = Company(read_program(*JOURNEYS)), Oracle()
    for user in USERS:
        them.call("-1h", "identify", user, traits={"email": f"{user}@example.com"})
    for at, user, what in sorted(life):
        oracle.take(at, user, what)
        kind, _, name = what.partition(" ")
        account = oracle.members[user].account
        match kind:
            case "join":
                them.group(f"{at}h", user, name)
            case "plan" if account:
                them.group(f"{at}h", user, account, plan=name)
            case "Go" | "Stop":
                them.track(f"{at}h", user, kind)
    oracle.run_timers(END)
    them.run(f"{END}h")
    told = [(at, user, template) for at, user, template in sorted(oracle.sends)]
    assert sorted(them.all_sends_by_hour()) == told
