"""How the platforms misbehave on request: which fault meets a request, and what the client then sees.

The choice is one random draw per request over all faults that match it, so that shares add up: 10 %, 5 % and 5 %
spoil 20 % of the requests. Faults live in memory: a restarted platform behaves.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Literal

from local.platforms.base import Action, Platform, Response, html_response

HUGE_BODY = 10 * 1024 * 1024
ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One way to misbehave, and for whom."""

    fault: str
    channel: str = ANY
    account: str = ANY
    #: Which requests: create, upload, read, delete, or * for all.
    on: str = "create"
    #: The probability that a matching request meets it.
    share: float = 1.0
    #: How many requests it may still spoil; None means until it is cleared.
    count: int | None = None
    #: Seconds that a rate limit asks to wait.
    retry_after: float = 30.0
    #: Seconds that `slow` waits; seconds between two bytes for `slow_drip`.
    delay: float = 1.0
    #: Whether `slow` applies the request before or after its delay.
    applied: Literal["before", "after"] = "before"

    def matches(self, channel: str, account: str, kind: str) -> bool:
        """Say whether a request to this account can meet the fault."""
        wanted = ((self.channel, channel), (self.account, account), (self.on, kind))
        return self.count != 0 and all(rule in {ANY, actual} for rule, actual in wanted)


def choose(faults: Sequence[Fault], draw: float) -> Fault | None:
    """Pick the fault whose slice of [0, 1) the draw falls into; slices lie side by side in the given order."""
    edge = 0.0
    for fault in faults:
        edge += fault.share
        # Three times 0.1 is more than 0.3 in binary; a share of 1 must still always win.
        if draw < edge or fault.share >= 1:
            return fault
    return None


class FaultBook:
    """The faults in force, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[int, Fault] = {}
        self._fired: dict[int, int] = {}
        self._next_id = 1
        self._seed: int | None = None
        self._dice: dict[tuple[str, str, str], random.Random] = {}

    def add(self, fault: Fault, *, seed: int | None = None) -> int:
        """Put a fault in force and return its id; a seed makes the draws of every account repeatable from here on."""
        with self._lock:
            number, self._next_id = self._next_id, self._next_id + 1
            self._faults[number], self._fired[number] = fault, 0
            if seed is not None:
                self._seed, self._dice = seed, {}
            return number

    def clear(self, *, number: int | None = None, channel: str = ANY, account: str = ANY) -> int:
        """End the faults with this id or made for exactly this channel and account; return how many."""
        with self._lock:
            gone = [
                key
                for key, fault in self._faults.items()
                if number in {None, key} and channel in {ANY, fault.channel} and account in {ANY, fault.account}
            ]
            for key in gone:
                del self._faults[key], self._fired[key]
            return len(gone)

    def list(self) -> list[dict[str, object]]:
        """Return the faults in force with how often each was met; `count` is what is left of it."""
        with self._lock:
            return [{"id": key, **asdict(fault), "fired": self._fired[key]} for key, fault in self._faults.items()]

    def draw(self, channel: str, account: str, kind: str) -> Fault | None:
        """Decide which fault a request meets, and use it up by one."""
        with self._lock:
            matching = {key: fault for key, fault in self._faults.items() if fault.matches(channel, account, kind)}
            if not matching:
                return None
            chosen = choose(list(matching.values()), self._die(channel, account, kind).random())
            if chosen is None:
                return None
            key = next(key for key, fault in matching.items() if fault is chosen)
            self._fired[key] += 1
            if chosen.count is not None:
                self._faults[key] = Fault(**{**asdict(chosen), "count": chosen.count - 1})
            return chosen

    def _die(self, channel: str, account: str, kind: str) -> random.Random:
        """Return the dice of one account, so that what others do does not change its draws."""
        name = (channel, account, kind)
        if name not in self._dice:
            seed = None if self._seed is None else f"{self._seed}/{'/'.join(name)}"
            self._dice[name] = random.Random(seed)  # noqa: S311 - repeatable chance, not a secret
        return self._dice[name]


# --- effects ---------------------------------------------------------------------------------------------------------

PROXY_PAGE = "<!doctype html><title>Welcome</title><h1>Welcome to this network</h1><p>Please log in to continue.</p>"

#: Faults that keep the request from being applied.
Refusal = Callable[[Platform, Fault], Response]
REFUSALS: dict[str, Refusal] = {
    "rate_limited": lambda platform, fault: platform.failure(429, retry_after=fault.retry_after),
    "unavailable_before": lambda platform, _: platform.failure(503),
    "server_error_before": lambda platform, _: platform.failure(500),
    "hang_up_before": lambda _, __: Response(hang_up=True),
    "expired_credential": lambda platform, _: platform.failure(401),
    "forbidden": lambda platform, _: platform.failure(403),
    "not_found": lambda platform, _: platform.failure(404),
    "html": lambda _, __: html_response(PROXY_PAGE),
    "empty": lambda _, __: Response(),
    "redirect": lambda platform, _: Response(
        status=HTTPStatus.TEMPORARY_REDIRECT, headers=(("Location", f"{platform.world.url}/elsewhere"),)
    ),
}

#: Faults that let the request be applied and then spoil the answer.
Spoiler = Callable[[Platform, Fault, Response], Response]
SPOILERS: dict[str, Spoiler] = {
    "unavailable_after": lambda platform, _, __: platform.failure(503),
    "server_error_after": lambda platform, _, __: platform.failure(500),
    "accept_and_hang_up": lambda _, __, ___: Response(hang_up=True),
    "malformed": lambda _, __, answer: _with_body(answer, answer.body[: len(answer.body) // 2]),
    "huge": lambda _, __, answer: _with_body(answer, answer.body + b" " * (HUGE_BODY - len(answer.body))),
    "slow_drip": lambda _, fault, answer: Response(
        status=answer.status, headers=answer.headers, body=answer.body, drip_every=fault.delay
    ),
}
NAMES = frozenset({*REFUSALS, *SPOILERS, "slow"})


def _with_body(answer: Response, body: bytes) -> Response:
    return Response(status=HTTPStatus.OK, headers=answer.headers, body=body)


def play(fault: Fault | None, action: Action, platform: Platform, sleep: Callable[[float], object]) -> Response:
    """Carry out a request as the fault wants it."""
    if fault is None:
        return action.finish()
    if fault.fault == "slow":
        return _slowly(fault, action, sleep)
    if fault.fault in REFUSALS:
        return REFUSALS[fault.fault](platform, fault)
    return SPOILERS[fault.fault](platform, fault, action.finish())


def _slowly(fault: Fault, action: Action, sleep: Callable[[float], object]) -> Response:
    begun = action.begin()
    if fault.applied == "after" or isinstance(begun, Response):
        sleep(fault.delay)
        return begun if isinstance(begun, Response) else begun()
    answer = begun()
    sleep(fault.delay)
    return answer
