"""The operators' emergency stop, as they type it."""

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.domain.delivery import DeliveryState
from tests.system import System


class TestDispatch:
    def test_is_halted_at_once_and_goes_on_when_the_halt_is_lifted(self, system: System, capsys):
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id

        call_command("dispatch", "stop")
        system.tick()
        system.work()
        while_halted = system.read(message_id).deliveries[0].state
        call_command("dispatch", "resume")
        system.tick()
        system.work()

        said = capsys.readouterr().out
        assert while_halted is DeliveryState.PENDING
        assert system.read(message_id).deliveries[0].state is DeliveryState.PUBLISHED
        assert "Dispatch is halted" in said
        assert said.endswith("Dispatch is on.\n")

    def test_says_what_is_missing(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("TABLE_NAME", raising=False)

        with pytest.raises(CommandError, match="TABLE_NAME is not set"):
            call_command("dispatch", "show")
