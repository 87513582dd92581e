"""`make run` as a person uses and mistreats it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from local.api import Client, NoAnswerError, RefusedError
from local.aws import demo as demo_users
from local.aws.provision import find_pool
from local.aws.token import SignInError, sign_in
from local.chaos.private import ROOT, PrivateSystem, running
from local.chaos.verdict import FINAL
from publishing.channels.base.registry import get_channel
from tests.e2e.conftest import command

pytestmark = pytest.mark.e2e
SERVICES = ("emulator", "platforms", "web", "worker", "clock")


def eventually(ask: Callable[[], Any], *, within: float = 120.0) -> Any:
    """Ask until there is an answer that is true; what is away comes back."""
    give_up_at = time.monotonic() + within
    while True:
        try:
            if answer := ask():
                return answer
            reason = "the answer stayed false"
        except (NoAnswerError, RefusedError, SignInError, BotoCoreError, ClientError, OSError) as error:
            reason = str(error)
        assert time.monotonic() < give_up_at, f"Not within {within} s: {reason}"
        time.sleep(0.25)


def write(system: PrivateSystem, *, due_in: float) -> Any:
    """Sign in and write a message to every account."""
    api, _ = eventually(system.clients)
    accounts = [account["id"] for account in api.get("/api/v1/accounts/")["results"]]
    due = datetime.now(UTC) + timedelta(seconds=due_in)
    text = f"Written at {due.isoformat()}"
    return api.post("/api/v1/messages/", {"text": text, "accounts": accounts, "schedule": {"at": due.isoformat()}})


def administrator(system: PrivateSystem) -> Client:
    """Sign in as an administrator."""
    run = system.run()
    pool = find_pool(run.environment["AWS_ENDPOINT_URL"])
    assert pool is not None
    token = sign_in(pool, user=demo_users.email("admin")).access
    return Client(url=f"http://127.0.0.1:{run.ports['web']}", token=token)


def status_and_posts(system: PrivateSystem, message: Any) -> Any:
    """What became of a message in the end, and how many posts the platforms have of it."""

    def final():
        api, wall = system.clients()
        status = api.get(f"/api/v1/messages/{message['id']}/")["status"]
        posts = [post for post in wall.get("/_control/posts")["posts"] if post["text"] == message["text"]]
        return (status, len(posts)) if status in FINAL else None

    return eventually(final, within=240)


def everywhere(message: Any) -> tuple[str, int]:
    """One post for each account that the message goes to: tests before this one may have connected more."""
    return ("published", len(message["accounts"]))


def kill(system: PrivateSystem, name: str) -> None:
    """Kill a service's process, and wait until another one has its place."""
    victim = system.run().services[name]
    os.kill(victim.pid, signal.SIGKILL)
    eventually(lambda: system.run().services.get(name, victim) != victim)


class TestARunningSystem:
    def test_passes_the_demonstration(self, running_system):
        demo = [sys.executable, "-m", "local.demo"]
        environment = os.environ | {"OMNIPUB_STATE": str(running_system.state)}
        # On a machine that is busy with other things one run may be late.
        for _ in range(3):
            done = subprocess.run(demo, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Published everywhere, once, in time." in done.stdout

    @pytest.mark.parametrize("name", SERVICES)
    def test_publishes_a_message_once_though_a_process_is_killed_before_it_is_due(self, running_system, name):
        message = write(running_system, due_in=3)

        kill(running_system, name)

        assert status_and_posts(running_system, message) == everywhere(message)

    def test_checks_every_account_by_its_worker(self, running_system):
        admin = administrator(running_system)
        accounts = admin.get("/api/v1/accounts/")["results"]
        for account in accounts:
            admin.post(f"/api/v1/accounts/{account['id']}/check/")

        def verdicts():
            shown = admin.get("/api/v1/accounts/")["results"]
            found = {(account["channel"], account["health"]["verdict"]) for account in shown if account["health"]}
            return found if all(account["checked_at"] for account in shown) else None

        expected = {
            (account["channel"], "ok" if get_channel(account["channel"]).capabilities.can_check else "cannot_tell")
            for account in accounts
        }
        assert eventually(verdicts) == expected

    def test_carries_a_canary_there_and_back(self, running_system):
        run = running_system.run()
        webhook = {
            "channel": "webhook",
            "name": "Canary",
            "base_url": f"http://127.0.0.1:{run.ports['platforms']}/webhook/canary",
            "credential": "webhook-canary-secret",
        }
        account = administrator(running_system).post("/api/v1/accounts/", webhook)
        typed = [sys.executable, "manage.py", "canary", "--account", account["id"]]

        done = subprocess.run(
            typed, cwd=ROOT, env=os.environ | run.environment, capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"The canary arrived \d+\.\d s after its due time, as ", done.stdout)

    def test_shows_its_documentation_where_it_says(self, running_system):
        welcome = running_system.log.read_text()
        assert f"127.0.0.1:{running_system.run().ports['web']}/api/v1/docs/" in welcome


class TestAKilledSupervisor:
    def test_leaves_no_process_behind_and_the_next_run_goes_on_with_all_data(self, tmp_path):
        with running(command(), state=tmp_path) as system:
            before = write(system, due_in=0)
            assert status_and_posts(system, before) == everywhere(before)
            late = write(system, due_in=20)
            run = system.run()
            os.kill(run.supervisor.pid, signal.SIGKILL)
            eventually(lambda: not any(identity.is_alive() for identity in run.services.values()))

        with running(command(), state=tmp_path) as system:
            assert status_and_posts(system, before) == everywhere(before)
            assert status_and_posts(system, late) == everywhere(late)
            # Connected in the first run: their credentials were sealed there and are opened here.
            last = write(system, due_in=0)
            assert status_and_posts(system, last) == everywhere(last)
