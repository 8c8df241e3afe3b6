"""Who belongs to which account, with what their line knows of it. A project that asks nothing of
accounts reads and writes nothing here.

The table is declared as those of `tables` are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, select
from sqlmodel import SQLModel

from orchestrator.domain.account import KnownAccount
from orchestrator.domain.program import Program
from orchestrator.domain.state import CustomerState
from orchestrator.store.columns import big_field, json_field, time_field
from orchestrator.store.prepared import Query, among
from orchestrator.store.transaction import Transaction


class AccountMember(SQLModel, table=True):
    """A customer's account by its id, "" where they have left theirs. Each member has all that is
    known of it, as of where their line is.
    """

    __tablename__ = "account_members"
    __table_args__ = (Index("account_members_of", "account"),)
    customer_id: int = big_field(primary_key=True)
    account: str
    since: datetime = time_field(nullable=False)
    traits: dict[str, Any] = json_field(nullable=False)
    trait_times: dict[str, Any] = json_field(nullable=False)


ACCOUNT_MEMBERS = SQLModel.metadata.tables[str(AccountMember.__tablename__)]
_m = ACCOUNT_MEMBERS.c
_OF_CUSTOMERS = Query(
    select(_m.customer_id, _m.account, _m.since, _m.traits, _m.trait_times).where(
        among(_m.customer_id, "ids")
    )
)
_MEMBERS = Query(select(_m.customer_id).where(among(_m.account, "accounts")))


def give_accounts(
    transaction: Transaction, program: Program, states: Iterable[CustomerState]
) -> None:
    """Gives each customer what is known of their account, where the project asks for accounts."""
    if not program.index.accounts.are_used:
        return
    by_id = {state.id: state for state in states}
    for customer_id, account, since, traits, times in transaction.rows(
        _OF_CUSTOMERS, ids=list(by_id)
    ):
        by_id[customer_id].account = KnownAccount(account, since, traits, times, changed=False)


def find_members(transaction: Transaction, accounts: Collection[str]) -> list[int]:
    """The ids of all who belong to these accounts."""
    found = transaction.rows(_MEMBERS, accounts=sorted(accounts)) if accounts else ()
    return [customer_id for (customer_id,) in found]


def save_accounts(
    transaction: Transaction, states: Sequence[CustomerState], absorbed: Collection[int]
) -> None:
    """Writes what is new of these customers' accounts; who was absorbed is nobody's member."""
    known = [(state, state.account) for state in states if state.account is not None]
    if known and absorbed:
        gone = ACCOUNT_MEMBERS.delete().where(_m.customer_id.in_(sorted(absorbed)))
        transaction.execute(gone)
    rows = [
        {
            "customer_id": state.id,
            "account": account.id,
            "since": account.since,
            "traits": account.traits,
            "trait_times": account.trait_times,
        }
        for state, account in known
        if account is not None and account.changed
    ]
    values = ("account", "since", "traits", "trait_times")
    transaction.upsert(ACCOUNT_MEMBERS, rows, keys=["customer_id"], values=values)
