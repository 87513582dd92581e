"""What Amazon SES can be asked without sending: whether the AWS account may send, and in the sender's name.

`GetAccount` and `GetEmailIdentity`, in the service's model of 2026-08-07.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from publishing.channels.base import aws
from publishing.channels.base.aws_answers import read_aws_health, read_error, role_refused
from publishing.channels.email.address import ascii_address
from publishing.domain.account import Account
from publishing.domain.health import Health, healthy, unusable
from publishing.domain.outcome import Reason
from publishing.domain.wording import phrase
from publishing.http import Answer, Courier, UnreadableError

NAME: Final = "Email"
SES: Final = aws.Service(signing_name="ses", host="email")
SERVICE: Final = "Amazon SES"

_GRANTS: Final = "ses:GetAccount and ses:GetEmailIdentity"
#: An address, its domain, and the domains above that: a domain that was verified may send for all below it.
_MOST_IDENTITIES: Final = 5


class _AnsweredError(Exception):
    """What is known already is the answer; carries it."""

    def __init__(self, health: Health) -> None:
        super().__init__("The account's health is known.")
        self.health = health


class Question:
    """One check of one account, whose addresses are in order."""

    def __init__(self, place: str, account: Account, courier: Courier, *, now: datetime) -> None:
        self._place = place
        self._settings = account.settings
        self._courier = courier
        self._now = now

    def ask(self) -> Health:
        """Ask as often as it takes. Raises what the courier raises."""
        try:
            is_sandboxed = self._demand_sending()
            self._demand_verified("sender", phrase("sender's address or its domain"))
            if is_sandboxed:
                self._demand_verified("recipient", phrase("recipient, as its sandbox demands"))
        except _AnsweredError as answered:
            return answered.health
        except aws.UnsignedError:
            return role_refused(NAME, SERVICE)
        return healthy(f"{NAME} can be sent: {SERVICE} has verified the sender.")

    def _demand_sending(self) -> bool:
        """Return whether the AWS account is in the sandbox."""
        stated = self._read(self._get("/v2/email/account"))
        may_send, is_out = stated.get("SendingEnabled"), stated.get("ProductionAccessEnabled")
        if not isinstance(may_send, bool) or not isinstance(is_out, bool):
            raise UnreadableError("The answer does not say whether mail can be sent.")
        if not may_send or stated.get("EnforcementStatus") == "SHUTDOWN":
            detail = (
                f"{NAME} would be refused: {SERVICE} has paused sending. An operator must look into the AWS account."
            )
            raise _AnsweredError(unusable(Reason.PERMISSION, detail))
        return not is_out

    def _demand_verified(self, setting: str, words: str) -> None:
        for identity in identities(ascii_address(self._settings[setting])):
            answer = self._get(f"/v2/email/identities/{quote(identity, safe='')}")
            if answer.status == 404 and read_error(answer).code == "NotFoundException":
                continue
            if self._read(answer).get("VerifiedForSendingStatus") is True:
                return
        detail = f"{NAME} would be refused: {SERVICE} has not verified the {words}. An operator must verify it."
        raise _AnsweredError(unusable(Reason.PERMISSION, detail))

    def _get(self, path: str) -> Answer:
        region = self._settings["region"]
        request = aws.AwsRequest(service=SES, region=region, url=self._place + path, headers={}, method="GET")
        return aws.ask(request, self._courier, now=self._now)

    def _read(self, answer: Answer) -> Mapping[str, object]:
        health = read_aws_health(answer, name=NAME, service=SERVICE, grants=_GRANTS)
        if health:
            raise _AnsweredError(health)
        return answer.json_object()


def identities(address: str) -> tuple[str, ...]:
    """Return what may have been verified so that an address can send: itself, its domain, the domains above."""
    labels = address.rpartition("@")[2].split(".")
    domains = [".".join(labels[start:]) for start in range(max(len(labels) - 1, 1))]
    return (address, *domains)[:_MOST_IDENTITIES]
