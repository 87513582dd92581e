"""Check whether an account can be used as it is. Carried out by the worker, which alone opens credentials.

Made of steps (`services.steps`) as deliveries are. Nothing is published, so a check that is lost or doubled does no
harm.
"""

from dataclasses import dataclass
from typing import Final

from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import UnknownChannelError
from publishing.domain.account import Account, AccountStatus, Destination
from publishing.domain.errors import CredentialError
from publishing.domain.events import CheckAccount
from publishing.domain.health import Health, cannot_tell, needs_reauth
from publishing.domain.outcome import Reason
from publishing.services import sentences
from publishing.services.delivering import Report, Rules
from publishing.services.job import has_time, open_credential
from publishing.services.steps import AskHealth, ReadClock, Reading, ReadLane, RecordCheck, Steps
from publishing.store.accounts import Lane

#: A person who changes the account while its platform is being asked makes the answer one about the account before.
_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoTime:
    """Working time ran out before the platform was asked."""


def check(event: CheckAccount, *, rules: Rules) -> Steps[Report]:
    """Ask the account's platform, and note the answer on the account.

    It is asked while dispatch is halted and while the account is paused too: a check publishes nothing. Raises
    UnavailableError when the table or the key service is out of reach: the event should come again.
    """
    for _ in range(_TRIES):
        lane: Lane = yield ReadLane(account_id=event.account_id)
        if lane.account is None or lane.account.status is AccountStatus.DISCONNECTED:
            return Report(what="gone")
        health = yield from _ask(lane, lane.account, rules)
        if isinstance(health, _NoTime):
            return Report(what="no_time", is_done=False)
        reading: Reading = yield ReadClock()
        is_recorded: bool = yield RecordCheck(account=lane.account.checked(health, reading.now), read=lane.account)
        if is_recorded:
            return Report(what=f"checked_{health.verdict.value}")
    return Report(what="overtaken")


def _ask(lane: Lane, account: Account, rules: Rules) -> Steps[Health | _NoTime]:
    try:
        channel: Channel = rules.get_channel(account.channel)
    except UnknownChannelError:
        return cannot_tell("This version of the code no longer knows the account's channel.")
    reading: Reading = yield ReadClock()
    if not has_time(rules.timing, reading):
        return _NoTime()
    try:
        credential = yield from open_credential(channel, lane)
    except CredentialError:
        name = channel.capabilities.name
        return needs_reauth(sentences.problem(Reason.CREDENTIAL, channel=name, retryable=True).detail)
    health: Health = yield AskHealth(destination=Destination(account=account, credential=credential))
    return health
