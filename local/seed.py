"""`python -m local.seed`: connect demonstration accounts at the simulated platforms, and write a first message.

Goes through the services, as anybody would. A second run finds everything and writes nothing.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from local.plan import WALL_URL
from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.adapters import clock
from publishing.adapters.functions import SchedulerWaker
from publishing.channels.base.registry import get_channel
from publishing.config import Config, ConfigError
from publishing.domain.account import Account
from publishing.domain.draft import UNSET, AccountChanges, AccountDraft, Draft, MessageFilter
from publishing.domain.errors import DomainError, UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.domain.schedule import Due
from publishing.http import OutgoingPolicy
from publishing.services.connecting import change_account, connect_account
from publishing.services.context import Context
from publishing.services.queries import list_accounts, list_messages
from publishing.services.scheduling import create_message
from publishing.store.binding import bind

#: When the first message is due: late enough to open the wall and watch it arrive.
FIRST_DUE: Final = timedelta(seconds=30)
_TEXT: Final = "Hello from omnipub! This message was written once, and published everywhere at its due second."


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """An account at the simulated platforms, where every name exists."""

    channel: str
    #: Its name at the platform, part of its address.
    handle: str
    #: What editors and the wall call it.
    name: str
    open_to_members: bool = False
    #: What the channel asks for besides the address.
    settings: Mapping[str, str] = field(default_factory=dict)

    def address(self, wall_url: str) -> str:
        """Return the base URL to connect."""
        return f"{wall_url}/{self.channel}/{self.handle}"

    @property
    def credential(self) -> str:
        """The credential that the simulated platform takes; empty where the role of the process signs."""
        if not get_channel(self.channel).capabilities.needs_credential:
            return ""
        form = _CREDENTIALS.get(self.channel, "{channel}-{handle}-token")
        return form.format(channel=self.channel, handle=self.handle)

    def settings_at(self, wall_url: str) -> Mapping[str, str]:
        """Return the settings to connect with; `{address}` in them is the account's base URL."""
        return {name: form.format(address=self.address(wall_url)) for name, form in self.settings.items()}


#: How the simulated platforms form their credentials, where they have a form of their own.
_CREDENTIALS: Final = {
    "bluesky": "{handle}.test:bluesky-{handle}-secret",
    "webhook": "webhook-{handle}-secret",
}
#: Posts are read on the wall, and not on the network's own web site.
READ_ON_THE_WALL: Final = {"web_url": "{address}"}

ACCOUNTS: Final = (
    DemoAccount(
        channel="bluesky",
        handle="news",
        name="Example News",
        open_to_members=True,
        settings=READ_ON_THE_WALL,
    ),
    DemoAccount(channel="facebook", handle="example", name="Example Page", open_to_members=True),
    DemoAccount(channel="linkedin", handle="company", name="Example Company", settings={"remote_id": ORGANIZATION}),
    DemoAccount(channel="linkedin", handle="founder", name="Example Founder", settings={"remote_id": MEMBER}),
    DemoAccount(channel="mastodon", handle="news", name="Example News", open_to_members=True),
    DemoAccount(channel="mastodon", handle="jobs", name="Example Jobs"),
    DemoAccount(channel="webhook", handle="intranet", name="Intranet", open_to_members=True),
    DemoAccount(channel="webhook", handle="archive", name="Press archive"),
    DemoAccount(
        channel="email",
        handle="newsletter",
        name="Newsletter",
        settings={
            "region": "us-east-1",
            "sender": "news@example.org",
            "sender_name": "Example News",
            "recipient": "readers@lists.example.org",
            # Only mail with one is reported on.
            "configuration_set": "omnipub-events",
        },
    ),
    DemoAccount(
        channel="sms",
        handle="oncall",
        name="On-call phone",
        settings={"region": "us-east-1", "number": "+12065550100", "sender_id": "EXAMPLE"},
    ),
)


def seed(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Put in what is missing in the system that the environment names; return a word for each thing that was.

    Raises ConfigError, UnavailableError, or OSError when the simulated platforms do not answer.
    """
    connected, done = connect_missing(environment, wanted=ACCOUNTS)
    config, now = Config.from_environment(environment), clock.now()
    if list_messages(actor=SYSTEM, filter=MessageFilter(), cursor=None, limit=1, now=now).rows:
        return done
    draft = Draft(text=_TEXT, account_ids=tuple(each.id for each in connected), due=Due(at=now + FIRST_DUE))
    create_message(actor=SYSTEM, draft=draft, now=now, context=_context(config))
    return (*done, "first message")


def connect_missing(
    environment: Mapping[str, str], *, wanted: Sequence[DemoAccount]
) -> tuple[tuple[Account, ...], tuple[str, ...]]:
    """Connect those accounts that are not connected yet; return all of them, and a word for each thing done."""
    config = Config.from_environment(environment, needs=(WALL_URL,))
    bind(config.table_name, timer_shards=config.timer_shards)
    wall_url, now = environment[WALL_URL], clock.now()
    context = _context(config)
    there = {(account.channel, account.name): account for account in list_accounts(actor=SYSTEM)}
    connected: list[Account] = []
    done: list[str] = []
    for demo in wanted:
        account = there.get((demo.channel, demo.name))
        if account is None:
            account = _connect(demo, wall_url=wall_url, context=context, now=now)
            done.append(f"account {demo.name}")
        elif account.base_url != demo.address(wall_url):
            # The wall listens on another port this time.
            changes = AccountChanges(
                base_url=demo.address(wall_url),
                credential=demo.credential or UNSET,
                settings=demo.settings_at(wall_url),
            )
            account = change_account(
                actor=SYSTEM, account_id=account.id, changes=changes, rev=None, now=now, context=context
            )
            done.append(f"address of {demo.name}")
        connected.append(account)
    return tuple(connected), tuple(done)


def _connect(demo: DemoAccount, *, wall_url: str, context: Context, now: datetime) -> Account:
    name_at_platform(demo, wall_url=wall_url)
    draft = AccountDraft(
        channel=demo.channel,
        name=demo.name,
        base_url=demo.address(wall_url),
        credential=demo.credential,
        open_to_members=demo.open_to_members,
        settings=demo.settings_at(wall_url),
    )
    return connect_account(actor=SYSTEM, draft=draft, now=now, context=context)


def _context(config: Config) -> Context:
    return Context(
        waker=SchedulerWaker(config.scheduler_function),
        review_on=config.review_on,
        review_own=config.review_own,
        key_id=config.kms_key_id,
        outgoing=OutgoingPolicy(allow_private=config.allow_private_networks),
    )


def name_at_platform(demo: DemoAccount, *, wall_url: str) -> None:
    """Tell the simulated platform what the account is called there. Raises OSError when it does not answer."""
    body = {
        "channel": demo.channel,
        "account": demo.handle,
        "display_name": demo.name,
        "credentials": [demo.credential] if demo.credential else [],
    }
    request = urllib.request.Request(  # noqa: S310 - the wall's own address
        f"{wall_url}/_control/accounts", data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    # No proxy of the person's environment stands before loopback.
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10):
        pass


def main() -> int:
    """Seed the system that the environment names; return the exit code."""
    try:
        done = seed(os.environ)
    except (ConfigError, DomainError, UnavailableError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for each in done:
        print(f"Put in: {each}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
