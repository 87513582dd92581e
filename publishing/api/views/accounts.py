"""Accounts: connect, list, read, change, disconnect, check."""

from datetime import datetime
from http import HTTPStatus

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import context, read_clock
from publishing.api.etags import demanded_rev
from publishing.api.idempotency import create_once, read_key
from publishing.api.serializers.accounts import AccountChangesIn, AccountIn, AccountOut, AccountsOut, present_account
from publishing.api.views.actions import ActionView
from publishing.api.views.base import View, actor_of, link, read_body, refuse_body
from publishing.domain.account import Account
from publishing.domain.permissions import Actor
from publishing.services import connecting, queries


def account_answer(account: Account, *, actor: Actor, status: int = HTTPStatus.OK, location: str = "") -> Answer:
    """Return an account as an answer with its ETag."""
    return Answer.of(present_account(account, actor=actor), status=status, rev=account.rev, location=location)


class AccountsView(View):
    """Connected accounts."""

    is_idempotent_by_key = True

    @extend_schema(
        operation_id="listAccounts", summary="Read the connected accounts and their health.", responses=AccountsOut
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with all accounts that the actor may see."""
        actor = actor_of(request)
        rows = [present_account(account, actor=actor) for account in queries.list_accounts(actor=actor)]
        return Answer.of_all(rows).response()

    @extend_schema(
        operation_id="connectAccount",
        summary="Connect an account. Its credential is sealed at once and never shown again.",
        request=AccountIn,
        responses={201: AccountOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Connect an account."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, AccountIn, now=now).draft()
        return create_once(
            key,
            create=lambda answer: connecting.connect_account(
                actor=actor, draft=draft, now=now, context=context(), answer=answer
            ),
            render=lambda made: account_answer(
                made, actor=actor, location=link(request, "account", account_id=made.id)
            ),
        )


class AccountView(View):
    """One account."""

    has_etag = True

    @extend_schema(
        operation_id="getAccount",
        summary="Read one account, with what its last check found.",
        responses=AccountOut,
    )
    def get(self, request: Request, account_id: str) -> HttpResponse:
        """Answer with the account."""
        actor = actor_of(request)
        account = queries.get_account(actor=actor, account_id=account_id)
        return account_answer(account, actor=actor).response_unless_known(request)

    @extend_schema(
        operation_id="changeAccount",
        summary="Change an account: name, settings, credential, who may use it, whether it is paused.",
        request=AccountChangesIn,
        responses={200: AccountOut},
    )
    def patch(self, request: Request, account_id: str) -> HttpResponse:
        """Change the account."""
        now, actor = read_clock(), actor_of(request)
        changes = read_body(request, AccountChangesIn, now=now).changes()
        account = connecting.change_account(
            actor=actor, account_id=account_id, changes=changes, rev=demanded_rev(request), now=now, context=context()
        )
        return account_answer(account, actor=actor).response()

    @extend_schema(
        operation_id="disconnectAccount",
        summary="Disconnect an account for good and delete its credential. What waits for it fails.",
        responses={204: None},
    )
    def delete(self, request: Request, account_id: str) -> HttpResponse:
        """Disconnect the account."""
        connecting.disconnect_account(
            actor=actor_of(request),
            account_id=account_id,
            rev=demanded_rev(request),
            now=read_clock(),
            context=context(),
        )
        return NOTHING.response()


class CheckView(ActionView):
    """Ask an account's platform how the account is."""

    @extend_schema(
        operation_id="checkAccount",
        summary="Have an account checked. The finding is on the account once its `checked_at` has moved.",
        request=None,
        responses={202: AccountOut},
    )
    def post(self, request: Request, account_id: str) -> HttpResponse:
        """Have the account checked."""
        return self.perform(request, account_id=account_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Have the account checked."""
        refuse_body(request)
        actor = actor_of(request)
        account = connecting.check_account(actor=actor, now=now, context=context(), **names)
        return account_answer(account, actor=actor, status=HTTPStatus.ACCEPTED)
