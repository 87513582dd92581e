"""What would keep a message from going out: accounts that cannot be used, and content that one would refuse.

Apart from the rest of the checks, because the scheduler asks this too, and decodes no pictures.
"""

from collections.abc import Sequence
from typing import Final

from publishing.channels.base.registry import get_channel
from publishing.domain.account import Account, AccountStatus
from publishing.domain.content import ContentProblem, Severity
from publishing.domain.errors import FieldProblem
from publishing.domain.message import Message
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.store.accounts import find_accounts

ACCOUNT_LIMIT: Final = 50


def send_problems(message: Message, accounts: Sequence[Account]) -> list[FieldProblem]:
    """Return why a message cannot go out: nobody to send to, or content that an account would refuse."""
    if not accounts:
        detail = "The message is addressed to no account. Choose at least one before scheduling."
        return [FieldProblem(pointer="/accounts", code="required", detail=detail)]
    return [
        _field_problem(problem, message, account)
        for account in accounts
        for problem in account_problems(message, account)
        if problem.severity is Severity.PROBLEM
    ]


def account_problems(message: Message, account: Account) -> tuple[ContentProblem, ...]:
    """Return what an account would refuse or change of a message."""
    return get_channel(account.channel).problems(message.content_for(account.channel), account)


def usable_accounts(actor: Actor, account_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the accounts that an actor can address a message to now, in their order."""
    found = find_accounts(account_ids)
    return tuple(
        account_id
        for place, account_id in enumerate(account_ids)
        if _account_problem(actor, account_id, found.get(account_id), account_ids[:place]) is None
    )


def addressed_accounts(actor: Actor, account_ids: tuple[str, ...]) -> tuple[tuple[Account, ...], list[FieldProblem]]:
    """Return the accounts that an actor addresses a message to, and what is wrong with them."""
    if len(account_ids) > ACCOUNT_LIMIT:
        detail = f"The message is addressed to {len(account_ids)} accounts; at most {ACCOUNT_LIMIT} are possible."
        return (), [FieldProblem(pointer="/accounts", code="too_many", detail=detail)]
    found = find_accounts(account_ids)
    problems = []
    for position, account_id in enumerate(account_ids):
        problem = _account_problem(actor, account_id, found.get(account_id), account_ids[:position])
        if problem is not None:
            problems.append(FieldProblem(pointer=f"/accounts/{position}", code=problem[0], detail=problem[1]))
    return tuple(found[account_id] for account_id in account_ids if account_id in found), problems


def _account_problem(
    actor: Actor, account_id: str, account: Account | None, before: tuple[str, ...]
) -> tuple[str, str] | None:
    if account_id in before:
        return "doubled", "This account is named twice. Name each account once."
    if account is None or not isinstance(may(actor, Action.USE_ACCOUNT, account), Allowed):
        return "unknown_account", "There is no such account. List the accounts to see which ones you can use."
    if account.status is AccountStatus.BLOCKED:
        detail = (
            f"{account.name} is blocked. {f'{account.problem.detail} ' if account.problem else ''}"
            "Choose another account, or ask an administrator to lift the block."
        )
        return "blocked_recipient", detail
    if not account.may_receive:
        return "not_connected", f"{account.name} is {account.status}. Choose another account or connect it again."
    return None


def _field_problem(problem: ContentProblem, message: Message, account: Account) -> FieldProblem:
    is_variant = problem.field == "text" and account.channel in message.variants
    pointer = f"/variants/{account.channel}/text" if is_variant else f"/{problem.field}"
    return FieldProblem(pointer=pointer, code=problem.code, detail=f"{account.name}: {problem.detail}")
