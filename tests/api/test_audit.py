"""Every change through the API has its record, in the name of whoever made it."""

from typing import Any

import pytest

from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.items.message import DeliveryItem, MessageItem
from tests.api.conftest import Api, Table
from tests.api.operations import EXPECTED, OPERATIONS, World, call

pytestmark = pytest.mark.usefixtures("surroundings")

CHANGING = [name for name, (method, _) in OPERATIONS.items() if method != "get"]
#: The action that is recorded for each operation, or why there is none.
RECORDED = {
    "createMessage": "message.create",
    "editMessage": "message.edit",
    "deleteMessage": "message.delete",
    "scheduleMessage": "message.schedule",
    "publishMessage": "message.schedule",
    "cancelMessage": "message.cancel",
    "submitMessage": "message.submit",
    "approveMessage": "message.approve",
    "rejectMessage": "message.reject",
    "duplicateMessage": "message.create",
    "retryDelivery": "delivery.retry",
    "resolveDelivery": "delivery.resolve",
    "connectAccount": "account.connect",
    "changeAccount": "account.change",
    "disconnectAccount": "account.disconnect",
    "unblockAccount": "account.unblock",
    "uploadMedium": "media.upload",
    "editMedium": "media.edit",
    "deleteMedium": "media.delete",
    "createTemplate": "template.create",
    "editTemplate": "template.edit",
    "deleteTemplate": "template.delete",
    "createHashtagGroup": "hashtag_group.create",
    "editHashtagGroup": "hashtag_group.edit",
    "deleteHashtagGroup": "hashtag_group.delete",
    "createSeries": "series.create",
    "editSeries": "series.edit",
    "pauseSeries": "series.pause",
    "resumeSeries": "series.resume",
    "endSeries": "series.end",
    "deleteSeries": "series.delete",
    "createApiKey": "key.create",
    "rotateApiKey": "key.rotate",
    "revokeApiKey": "key.revoke",
}
UNRECORDED = {
    "previewMessage": "writes nothing",
    "renderTemplate": "writes nothing",
    "checkAccount": "asks the worker; a finding that changes the account is recorded by it",
}
#: In which state a delivery takes the operation.
STATES = {"retryDelivery": DeliveryState.FAILED, "resolveDelivery": DeliveryState.UNCONFIRMED}


def end(message_id: str, state: DeliveryState) -> None:
    """Let a message have ended in this state."""
    MessageItem(f"MSG#{message_id}", "METADATA").update(
        actions=[MessageItem.status.set(MessageStatus.NEEDS_ATTENTION.value)]
    )
    DeliveryItem(f"MSG#{message_id}", "CHANNEL#webhook").update(actions=[DeliveryItem.state.set(state.value)])


def records(table: Table) -> list[dict[str, Any]]:
    return [row for row in table.rows("AUDIT#2") if row["SK"]["S"] != "HEAD"]


class TestTheTable:
    def test_names_every_operation_that_changes_something(self):
        assert set(RECORDED) | set(UNRECORDED) == set(CHANGING)


class TestAChange:
    @pytest.mark.parametrize("name", RECORDED)
    def test_has_one_record_in_the_name_of_who_made_it(self, table: Table, put_account: Any, name: str):
        world = World(put_account, opened=False)
        if name in STATES:
            end(world.message, STATES[name])
        before = records(table)
        role, sub = ("editor", World.OWNER) if "ApiKey" in name else ("admin", "root")

        response = call(Api(groups=[role], sub=sub), name, world.address(name))

        assert response.status_code < 300, response.content
        (record,) = (each for each in records(table) if each not in before)
        assert (record["action"]["S"], record["actor"]["S"]) == (RECORDED[name], sub)

    @pytest.mark.parametrize("name", UNRECORDED)
    def test_that_is_none_has_none(self, table: Table, put_account: Any, name: str):
        world = World(put_account, opened=False)
        before = table.snapshot()

        response = call(Api(groups=["admin"], sub="root"), name, world.address(name))

        assert response.status_code == EXPECTED[name].status
        assert table.snapshot() == before
