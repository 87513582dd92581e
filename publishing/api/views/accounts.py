"""Channels and accounts, to be read."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.serializers.accounts import AccountOut, AccountsOut, ChannelOut, ChannelsOut
from publishing.api.views.base import View, actor_of
from publishing.channels.base.registry import get_channel, kinds
from publishing.services import queries


class ChannelsView(View):
    """All channels."""

    @extend_schema(operation_id="listChannels", summary="Read what each channel can do.", responses=ChannelsOut)
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - nothing of the request matters
        """Answer with the channels' capabilities, which are plain data of the code."""
        rows = [ChannelOut(get_channel(kind).capabilities).data for kind in kinds()]
        return Answer.of({"results": rows, "next": None, "previous": None}).response()


class AccountsView(View):
    """Connected accounts."""

    @extend_schema(
        operation_id="listAccounts", summary="Read the connected accounts and their health.", responses=AccountsOut
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with all accounts that the actor may see."""
        rows = [AccountOut(account).data for account in queries.list_accounts(actor=actor_of(request))]
        return Answer.of({"results": rows, "next": None, "previous": None}).response()


class AccountView(View):
    """One account."""

    has_etag = True

    @extend_schema(operation_id="getAccount", summary="Read one account.", responses=AccountOut)
    def get(self, request: Request, account_id: str) -> HttpResponse:
        """Answer with the account."""
        account = queries.get_account(actor=actor_of(request), account_id=account_id)
        return Answer.of(AccountOut(account).data, rev=account.rev).response_unless_known(request)
