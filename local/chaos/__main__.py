"""`python -m local.chaos`: what `make chaos` calls. Exit code 0 only when every promise was kept."""

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from local.api import Client, NoAnswerError, RefusedError
from local.chaos.evidence import gather
from local.chaos.load import Load, Track, plan
from local.chaos.private import PrivateSystem, PrivateSystemError, free_ports, running
from local.chaos.report import report
from local.chaos.sabotage import Killer, behave, misbehave
from local.chaos.settings import Settings, check_ratios
from local.chaos.verdict import FINAL, judge
from local.picture import taking_images, upload_picture

_SAY_EVERY: Final = 10.0
#: Seconds of the limit that are kept for counting and stopping.
_COUNTING: Final = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run chaos once; return the exit code."""
    began = time.monotonic()
    settings = _settings(_parser().parse_args(arguments))
    check_ratios(settings.timing)
    print(
        f"Chaos with SEED={settings.seed}: {settings.messages} messages to {len(settings.accounts)} accounts within "
        f"{settings.seconds:g} s; durations of production divided by {settings.divisor:g}.",
        flush=True,
    )
    state = Path(tempfile.mkdtemp(prefix="omnipub-chaos-"))
    code = 1
    try:
        with running(_host(settings), state=state) as system:
            code = _run(system, settings, end_at=began + settings.limit.total_seconds() - _COUNTING)
    except (PrivateSystemError, RefusedError, NoAnswerError) as error:
        print(f"Chaos cannot go on: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
    finally:
        if code == 0:
            shutil.rmtree(state)
        else:
            print(f"Logs and data are kept in {state}. The same plan again: make chaos SEED={settings.seed}")
    return code


def _run(system: PrivateSystem, settings: Settings, *, end_at: float) -> int:
    api, wall = system.clients()
    chance = random.Random(settings.seed)  # noqa: S311 - a plan that can be repeated, no secret
    accounts = api.get("/api/v1/accounts/")["results"]
    load = Load(
        api=api,
        accounts=[account["id"] for account in accounts],
        showing=taking_images(api, accounts),
        picture=upload_picture(api),
        tracks=plan(settings, chance),
        started_at=datetime.now(UTC),
    )
    killer = Killer(system=system, settings=settings, random=chance)
    misbehave(wall, settings)
    with _side_by_side(load, killer) as stop:
        _pass_time(settings.seconds, load, killer, wall)
        stop.set()
    print("Nothing is killed any more; waiting until every message is final.", flush=True)
    _wait_until_final(api, load.tracks, end_at)
    behave(wall)
    facts = gather(api, wall, load.tracks)
    verdict = judge(facts)
    requests = wall.get("/_control/requests")["requests"]
    print(report(verdict, kills=killer.kills, restarts=killer.restarts, requests=requests))
    print(
        f"Edits around the due time: {load.edits_accepted} accepted, {load.edits_refused} too late. "
        f"Cancels: {sum(1 for track in load.tracks if track.has_cancel)}, of which {load.cancels_refused} too late."
    )
    troubles = [f"m{track.number:05d} {track.trouble}" for track in load.tracks if track.trouble]
    for trouble in troubles:
        print(f"REFUSED: {trouble}")
    is_good = not verdict.broken and not troubles and len(facts) == settings.messages
    print("Every promise was kept." if is_good else "FAILED.")
    return 0 if is_good else 1


@contextmanager
def _side_by_side(load: Load, killer: Killer) -> Iterator[threading.Event]:
    """Run people and sabotage in threads for the length of a block; the load is waited for."""
    stop, never = threading.Event(), threading.Event()
    threads = [
        threading.Thread(target=load.run, kwargs={"stop": never}, daemon=True),
        threading.Thread(target=killer.run, kwargs={"stop": stop}, daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield stop
    except BaseException:
        never.set()
        raise
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _pass_time(seconds: float, load: Load, killer: Killer, wall: Client) -> None:
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        time.sleep(min(_SAY_EVERY, seconds - passed))
        written = sum(1 for track in load.tracks if track.id)
        posts = len(wall.get("/_control/posts")["posts"])
        print(
            f"  {time.monotonic() - start:4.0f} s  messages {written}, posts {posts}, kills {killer.kills.total()}",
            flush=True,
        )


def _wait_until_final(api: Client, tracks: Sequence[Track], end_at: float) -> None:
    """Return once every message is final, or time is up."""
    left = [track for track in tracks if track.id]
    said = 0.0
    while left and time.monotonic() < end_at:
        with ThreadPoolExecutor(4) as pool:
            messages: list[Mapping[str, Any]] = list(pool.map(lambda track: _read(api, track), left))
        left = [track for track, message in zip(left, messages, strict=True) if message.get("status") not in FINAL]
        if left and time.monotonic() > said + _SAY_EVERY:
            said = time.monotonic()
            print(f"  {len(left)} messages under way", flush=True)
        time.sleep(1.0 if left else 0)


def _read(api: Client, track: Track) -> Mapping[str, Any]:
    try:
        message: Mapping[str, Any] = api.get(f"/api/v1/messages/{track.id}/")
    except (NoAnswerError, RefusedError):
        return {}
    return message


def _host(settings: Settings) -> list[str]:
    web, wall, emulator, *clocks = free_ports(3 + settings.clocks)
    command = ["local.chaos.host", "--port", str(web), "--wall-port", str(wall), "--emulator-port", str(emulator)]
    for port in clocks:
        command += ["--clock-port", str(port)]
    return [*command, "--divisor", str(settings.divisor)]


def _settings(options: argparse.Namespace) -> Settings:
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    divisor = 1.0 if options.production else Settings(seed=0).divisor
    return Settings(seed=seed, seconds=options.seconds, messages=options.messages, divisor=divisor)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long everything goes wrong")
    parser.add_argument("--messages", type=int, default=200, help="how many messages are written")
    parser.add_argument("--seed", type=int, help="repeats a run's plan")
    parser.add_argument("--production", action="store_true", help="with the durations of production")
    return parser


if __name__ == "__main__":
    sys.exit(main())
