"""What the scheduler tells about messages that are due and not carried out: nobody else knows."""

from datetime import timedelta

from publishing.adapters import clock as time
from publishing.domain.permissions import SYSTEM
from publishing.services.halting import set_stop_switch
from publishing.services.settling import cancel_message, retry_delivery
from tests.clock import Clock
from tests.system import System


class TestAMessageThatNobodyCarriesOut:
    def test_is_overdue_while_the_stream_is_not_read(self, system: System, clock: Clock):
        """A mapping that was switched off: the scheduler puts hints, and no worker ever comes."""
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        dispatched = system.tick()
        clock.move(minutes=3)

        report = system.tick()
        system.work()

        assert dispatched["overdue_ms"] < 20_000
        assert 180_000 <= report["overdue_ms"] < 240_000
        assert system.read(message_id).message.status == "published"

    def test_is_overdue_while_dispatch_is_halted(self, system: System, clock: Clock):
        system.publish(system.connect("webhook", "newsroom"))
        set_stop_switch(actor=SYSTEM, is_on=True, now=time.now())
        clock.move(minutes=1)

        assert system.tick()["overdue_ms"] >= 60_000

    def test_is_overdue_since_its_own_time_where_it_was_started_anew(self, system: System, clock: Clock):
        began = time.now()
        message_id = system.publish(system.connect("webhook", "newsroom")).message.id
        cancel_message(actor=SYSTEM, message_id=message_id, now=time.now(), context=system.context)
        clock.move(hours=1)
        retry_delivery(
            actor=SYSTEM, message_id=message_id, delivery_id="webhook", now=time.now(), context=system.context
        )
        system.tick()
        clock.move(minutes=2)

        overdue = timedelta(milliseconds=system.tick()["overdue_ms"])

        assert timedelta(minutes=2) <= overdue < timedelta(minutes=10)
        assert time.now() - began > timedelta(hours=1)


class TestAMessageThatIsTriedAgain:
    def test_is_not_overdue(self, system: System, clock: Clock):
        """Its worker began in time: whatever makes it wait is not the transport."""
        system.misbehave("webhook", "unavailable_before", count=1)
        system.publish(system.connect("webhook", "newsroom"))
        system.tick()
        system.work()
        clock.move(minutes=3)

        assert system.tick()["overdue_ms"] == 0
