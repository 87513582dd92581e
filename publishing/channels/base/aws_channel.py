"""What channels share that reach people through a service of AWS, where the deployment's own role acts."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar

from publishing.channels.base import aws
from publishing.channels.base.contract import Channel, Trace
from publishing.domain.account import Account, Destination
from publishing.domain.errors import FieldProblem
from publishing.domain.health import Health, unusable
from publishing.domain.outcome import Finding, Reason, Undecidable
from publishing.http import Courier


class AwsChannel(Channel):
    """A channel whose service keeps no list of what it sent: a lost answer stays in doubt, and a person decides."""

    service: ClassVar[aws.Service]
    #: Why nobody can be asked what was sent, and where a person looks instead.
    cannot_ask: ClassVar[str]

    @abstractmethod
    def setting_problems(self, account: Account) -> Iterator[FieldProblem]:
        """Yield what is wrong with the account's own settings."""

    @abstractmethod
    def ask_health(self, place: str, account: Account, courier: Courier, *, now: datetime) -> Health:
        """Ask the service, at this address, whether it would send for the account, whose settings are sound."""

    def account_problems(self, account: Account) -> tuple[FieldProblem, ...]:
        """Return what is wrong with where the service is, and with the account's settings."""
        return (*aws.endpoint_problems(account, self.service), *self.setting_problems(account))

    def look_up(
        self,
        trace: Trace,  # noqa: ARG002
        destination: Destination,  # noqa: ARG002
        courier: Courier,  # noqa: ARG002
        *,
        now: datetime,  # noqa: ARG002
    ) -> Finding:
        """Answer that there is nobody to ask."""
        return Undecidable(detail=self.cannot_ask)

    def check(self, destination: Destination, courier: Courier, *, now: datetime) -> Health:
        """Ask the service about the account, unless its settings already say that nothing can be sent."""
        account = destination.account
        place, wrong = aws.endpoint(account, self.service), self.account_problems(account)
        if place is None or wrong:
            detail = wrong[0].detail if wrong else "The account's region or address cannot be used."
            return unusable(Reason.DESTINATION, f"{self.capabilities.name} was not checked. {detail}")
        return self.ask_health(place, account, courier, now=now)
