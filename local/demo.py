"""`make demo`: publish to every connected account of the running system, and prove that it arrived in time.

Where pictures are taken it shows one: it is drawn here, and goes the way of every upload.
"""

import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError

from local.api import Client, NoAnswerError, RefusedError
from local.aws import demo as demo_users
from local.aws.provision import find_pool
from local.aws.token import SignInError, sign_in
from local.picture import is_said, taking_images, upload_picture
from local.plan import WALL_URL
from local.process import state_folder
from local.runfile import NotRunningError, Run, RunFile
from local.tables import percentile, table

DUE_IN: Final = timedelta(seconds=20)
#: How long after its due time the message may still be under way before the demonstration gives up.
_PATIENCE: Final = timedelta(seconds=90)
#: What the API answers while something that it needs is away.
_AWAY: Final = 503
#: From the due time to the start of the visible call, in seconds, in a quiet system.
P95_LIMIT: Final = 1.5
MAXIMUM: Final = 4.0
_OPEN: Final = frozenset({"pending", "sending", "committing", "retry", "unknown"})
_BAR: Final = 24


class FailedError(Exception):
    """The demonstration cannot go on. The text is the one sentence to show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one delivery."""

    channel: str
    account: str
    state: str
    #: Seconds from the due time to the start of the visible call; None without one.
    lateness: float | None
    url: str
    #: How many posts with the text the platform has.
    posts: int

    @property
    def is_good(self) -> bool:
        """Whether it is published, once."""
        return self.state == "published" and self.posts == 1 and self.lateness is not None


def main() -> int:
    """Send, wait, look, print; return the exit code."""
    try:
        run = RunFile(folder=state_folder()).get_running()
        api, wall = connect(run)
        return demonstrate(api, wall)
    except (NotRunningError, FailedError, SignInError) as error:
        print(error, file=sys.stderr)
    except RefusedError as error:
        print(f"The API refused a request of the demonstration: {error}", file=sys.stderr)
    except (NoAnswerError, BotoCoreError, OSError) as error:
        print(f"The running system does not answer ({error}). Its logs say why.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. The message goes out all the same.", file=sys.stderr)
    return 1


def connect(run: Run) -> tuple[Client, Client]:
    """Sign in as the demo editor; return clients of the API and of the simulated platforms."""
    pool = find_pool(run.environment["AWS_ENDPOINT_URL"])
    if pool is None:
        raise FailedError("The emulator has no user pool. Stop the system, then start it again with: make run")
    token = sign_in(pool, user=demo_users.email("editor")).access
    return Client(url=f"http://127.0.0.1:{run.ports['web']}", token=token), Client(url=run.environment[WALL_URL])


def demonstrate(api: Client, wall: Client) -> int:
    """Publish everywhere, with a picture where one is taken, and judge what became of it; return the exit code."""
    accounts = {account["id"]: account for account in api.get("/api/v1/accounts/")["results"]}
    usable = [account_id for account_id, account in accounts.items() if account["status"] == "ok"]
    if not usable:
        raise FailedError("No account is connected. `make reset` and `make run` connect the demonstration accounts.")
    text = f"Published by make demo at its due second. ({secrets.token_hex(4)})"
    due = datetime.now(UTC) + DUE_IN
    messages = [_write(api, body) for body in _bodies(api, accounts, usable, text=text, due=due)]
    due = datetime.fromisoformat(messages[0]["scheduled_at"])
    for message in messages:
        with_picture = " with a picture" if message["media"] else ""
        print(
            f"Message {message['id']} to {len(message['accounts'])} accounts{with_picture}, due at {due:%H:%M:%S} UTC"
        )
    print(f'  "{text}"\n')
    messages = _wait(api, [message["id"] for message in messages], due)
    posts = wall.get("/_control/posts")["posts"]
    lines = [line for message in messages for line in _look(api, message, accounts, posts)]
    print(report(lines))
    print(f"\nThe wall: {wall.url}/")
    problems = judge(lines)
    for problem in problems:
        print(f"FAILED: {problem}")
    if not problems:
        print("Published everywhere, once, in time.")
    return 1 if problems else 0


def _bodies(
    api: Client, accounts: Mapping[str, Any], usable: Sequence[str], *, text: str, due: datetime
) -> Iterator[dict[str, Any]]:
    """Yield what to write: a message with a picture to accounts that take one, and one without to the others."""
    showing = taking_images(api, [accounts[account_id] for account_id in usable])
    others = [account_id for account_id in usable if account_id not in showing]
    body = {"text": text, "schedule": {"at": due.isoformat()}}
    if showing:
        yield {**body, "accounts": showing, "media": [{"id": upload_picture(api)}]}
    if others:
        yield {**body, "accounts": others}


def _write(api: Client, body: Mapping[str, Any]) -> Mapping[str, Any]:
    message: dict[str, Any] = api.post("/api/v1/messages/", body, key=secrets.token_hex(16))
    return message


def report(lines: Sequence[Line]) -> str:
    """Return the table of all deliveries."""
    head = ("channel", "account", "state", "lateness", "posts", "where")
    rows = [
        (each.channel, each.account, each.state, _seconds(each.lateness), str(each.posts), each.url) for each in lines
    ]
    return table(head, rows, right=(3, 4))


def judge(lines: Sequence[Line]) -> list[str]:
    """Return what is wrong, one sentence each; nothing when all is as promised."""
    problems = [
        f"{each.channel} {each.account} is {each.state}, and the platform has {each.posts} posts with this text."
        for each in lines
        if not each.is_good
    ]
    measured = [each.lateness for each in lines if each.lateness is not None]
    p95, latest = percentile(measured, 0.95), max(measured, default=0.0)
    if p95 > P95_LIMIT:
        problems.append(f"95 % of the deliveries started within {p95:.2f} s of their due time, not {P95_LIMIT} s.")
    if latest > MAXIMUM:
        problems.append(f"The latest delivery started {latest:.2f} s after its due time, not within {MAXIMUM} s.")
    if any(each < 0 for each in measured):
        problems.append("A delivery started before its due time.")
    return problems


def _wait(api: Client, message_ids: Sequence[str], due: datetime) -> list[Mapping[str, Any]]:
    """Show progress until every delivery has ended; return the messages as they are then, or when patience ends.

    A part of the system may be killed meanwhile and come back: an answer that is missing is asked for again.
    """
    progress = _Progress(due)
    while True:
        now = datetime.now(UTC)
        try:
            messages: list[Mapping[str, Any]] = [api.get(f"/api/v1/messages/{each}/") for each in message_ids]
        except (NoAnswerError, RefusedError) as error:
            if now > due + _PATIENCE or (isinstance(error, RefusedError) and error.status != _AWAY):
                raise
            time.sleep(1.0)
            continue
        states = [delivery["state"] for message in messages for delivery in message["deliveries"]]
        progress.show(now, states)
        if not any(state in _OPEN for state in states) or now > due + _PATIENCE:
            progress.end()
            return messages
        time.sleep(0.25 if now > due - timedelta(seconds=1) else 1.0)


class _Progress:
    """One line that moves on a terminal; now and then a line elsewhere."""

    def __init__(self, due: datetime) -> None:
        self._due = due
        self._moves = sys.stdout.isatty()
        self._last = ""
        self._next = 0.0

    def show(self, now: datetime, states: Sequence[str]) -> None:
        """Show how far things are."""
        left = (self._due - now).total_seconds()
        done = sum(1 for state in states if state == "published")
        if self._moves:
            filled = min(max(round((1 - left / DUE_IN.total_seconds()) * _BAR), 0), _BAR)
            what = f"due in {left:2.0f} s" if left > 0 else "due      "
            bar = "#" * filled + "." * (_BAR - filled)
            print(f"\r  [{bar}] {what}   published {done} of {len(states)} ", end="", flush=True)
            return
        line = f"published {done} of {len(states)}" if left <= 0 else "waiting"
        if line != self._last or time.monotonic() >= self._next:
            print(f"  {line}" + (f", due in {left:.0f} s" if left > 0 else ""), flush=True)
            self._last, self._next = line, time.monotonic() + 5

    def end(self) -> None:
        """Leave the moving line."""
        print("\n" if self._moves else "", flush=True)


def _look(
    api: Client, message: Mapping[str, Any], accounts: Mapping[str, Any], posts: Sequence[Mapping[str, Any]]
) -> list[Line]:
    """Read every delivery's receipt, and count at the platforms."""
    due = datetime.fromisoformat(message["scheduled_at"])
    lines = []
    for delivery in message["deliveries"]:
        detail = api.get(f"/api/v1/messages/{message['id']}/deliveries/{delivery['id']}/")
        account = accounts[delivery["account"]]
        attempts = detail["receipt"]["attempts"]
        started = datetime.fromisoformat(attempts[-1]["committed_at"]) if attempts else None
        found = [post for post in posts if _is_of(post, account) and is_said(post["text"], message["text"])]
        publication = detail["publication"] or {}
        line = Line(
            channel=delivery["channel"],
            account=account["name"],
            state=delivery["state"],
            lateness=None if started is None else (started - due).total_seconds(),
            url=publication.get("url") or (found[0]["url"] if found else ""),
            posts=len(found),
        )
        lines.append(line)
    return lines


def _is_of(post: Mapping[str, Any], account: Mapping[str, Any]) -> bool:
    return str(account["base_url"]).rstrip("/").endswith(f"/{post['channel']}/{post['account']}")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
