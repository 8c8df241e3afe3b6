"""Which customers are run together, because they belong to the same account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.domain.account import group_of
from orchestrator.domain.event import Kind
from orchestrator.domain.together import share
from orchestrator.store.account_members import find_members
from orchestrator.store.customers import lock
from orchestrator.store.line_loading import Loaded
from orchestrator.store.transaction import Transaction


def absorbed_of(life: Loaded, others: Mapping[int, Loaded]) -> list[Loaded]:
    """All who turned out to be a customer, at once or one by way of another."""
    found = [others[absorbed_id] for _, absorbed_id in life.merges]
    if not found:
        return []
    return [*found, *(one for other in found for one in absorbed_of(other, others))]


def accounts_of(life: Loaded, others: Mapping[int, Loaded]) -> set[str]:
    """The accounts to which a customer belongs, or is said to belong by what is new."""
    taken = [life, *absorbed_of(life, others)]
    known = {one.state.account.id for one in taken if one.state.account is not None}
    events = (event for one in taken for event in one.events if event.kind is Kind.GROUP)
    return (known | {group_of(event) for event in events}) - {""}


def members_missing(
    transaction: Transaction, lives: Mapping[int, Loaded], others: Mapping[int, Loaded]
) -> list[int]:
    """The members of all these accounts who are not loaded yet; they are locked now."""
    named = set[str]().union(*(accounts_of(life, others) for life in lives.values()))
    found = find_members(transaction, named)
    return lock(transaction, [one for one in found if one not in lives and one not in others])


def is_touched(life: Loaded) -> bool:
    """Whether something is to be written, though nothing was decided."""
    account = life.state.account
    is_told = account is not None and account.changed
    return is_told or not life.is_brought or bool(life.fresh or life.stale)


def mark_stale(team: Sequence[Loaded]) -> None:
    """Has all members know what one of them knows best. To whom that is news though nothing told
    it, the project has just begun to ask for accounts: what changes by it is the edit's doing.
    """
    learnt = {id(state) for state in share([one.state for one in team])}
    for one in team:
        one.stale = one.stale or id(one.state) in learnt
