"""The border around channels: whatever happens inside comes out as an outcome, a finding or a health, never raised.

One fact decides what an error means: whether bytes of the visible request may have left. The courier knows it.
"""

import logging
import traceback
from datetime import datetime
from pathlib import PurePath
from typing import Final

from publishing.channels.base.contract import Channel, Library, Payload, Prepared, Trace
from publishing.domain.account import Destination
from publishing.domain.errors import MediaGoneError, UnavailableError
from publishing.domain.health import Health, cannot_tell, unusable
from publishing.domain.outcome import (
    Absent,
    Deferred,
    Finding,
    Found,
    LookupFailed,
    Outcome,
    Published,
    Reason,
    Rejected,
    Undecidable,
    Unknown,
)
from publishing.http import Courier, CourierError, NotSentError, RefusedError

log: Final = logging.getLogger(__name__)


def publish(
    channel: Channel, payload: Payload, destination: Destination, courier: Courier, *, now: datetime
) -> Outcome:
    """Make the visible call of one attempt. Never raises (but for `KeyboardInterrupt` and its like)."""
    name = channel.capabilities.name
    try:
        outcome: object = channel.publish(payload, destination, courier, now=now)
    except RefusedError as error:
        return Rejected(reason=Reason.DESTINATION, detail=f"{name} was not called. {error}")
    except CourierError as error:
        return _of_courier_error(error, name=name, may_have_acted=courier.may_have_acted)
    except Exception as error:  # noqa: BLE001 - the border: nothing may escape a channel
        _report(error, channel=channel, call="publish", courier=courier)
        return _of_our_own_fault(name=name, may_have_acted=courier.may_have_acted)
    if isinstance(outcome, (Published, Deferred, Rejected, Unknown)):
        return outcome
    _report(TypeError("no outcome"), channel=channel, call="publish", courier=courier)
    return _of_our_own_fault(name=name, may_have_acted=courier.may_have_acted)


def prepare(
    channel: Channel, payload: Payload, destination: Destination, courier: Courier, *, library: Library, now: datetime
) -> Prepared | Deferred | Rejected:
    """Do one step of preparing. Never raises (but for `KeyboardInterrupt` and its like); nothing visible happens."""
    name = channel.capabilities.name
    try:
        prepared: object = channel.prepare(payload, destination, courier, library=library, now=now)
    except RefusedError as error:
        return Rejected(reason=Reason.DESTINATION, detail=f"{name} was not called. {error}")
    except MediaGoneError as error:
        return Rejected(reason=Reason.CONTENT, detail=f"{name} was not called. {error}")
    except (CourierError, UnavailableError) as error:
        return Deferred(reason=Reason.UNAVAILABLE, detail=f"{name} was not given the images. {error}")
    except Exception as error:  # noqa: BLE001 - the border: nothing may escape a channel
        _report(error, channel=channel, call="prepare", courier=courier)
        return _not_begun(name)
    if isinstance(prepared, (Prepared, Deferred, Rejected)) and not courier.may_have_acted:
        return prepared
    _report(TypeError("not prepared"), channel=channel, call="prepare", courier=courier)
    return _not_begun(name)


def look_up(channel: Channel, trace: Trace, destination: Destination, courier: Courier, *, now: datetime) -> Finding:
    """Search for evidence of a publication. Never raises (but for `KeyboardInterrupt` and its like)."""
    name = channel.capabilities.name
    try:
        finding: object = channel.look_up(trace, destination, courier, now=now)
    except RefusedError as error:
        return LookupFailed(reason=Reason.DESTINATION, detail=f"{name} was not asked. {error}")
    except CourierError as error:
        return LookupFailed(reason=Reason.UNAVAILABLE, detail=f"{name} could not be asked what is there. {error}")
    except Exception as error:  # noqa: BLE001 - the border: nothing may escape a channel
        _report(error, channel=channel, call="look_up", courier=courier)
        return LookupFailed(reason=Reason.INTERNAL, detail=f"Our own code failed while asking {name}.")
    if isinstance(finding, (Found, Absent, Undecidable, LookupFailed)):
        return finding
    _report(TypeError("no finding"), channel=channel, call="look_up", courier=courier)
    return LookupFailed(reason=Reason.INTERNAL, detail=f"Our own code failed while asking {name}.")


def check(channel: Channel, destination: Destination, courier: Courier, *, now: datetime) -> Health:
    """Ask whether an account can be used as it is. Never raises (but for `KeyboardInterrupt` and its like)."""
    name = channel.capabilities.name
    try:
        health: object = channel.check(destination, courier, now=now)
    except RefusedError as error:
        return unusable(Reason.DESTINATION, f"{name} was not asked. {error}")
    except CourierError as error:
        return cannot_tell(f"{name} could not be asked. {error}")
    except Exception as error:  # noqa: BLE001 - the border: nothing may escape a channel
        _report(error, channel=channel, call="check", courier=courier)
        return cannot_tell(f"Our own code failed while asking {name}.")
    if isinstance(health, Health):
        return health
    _report(TypeError("no health"), channel=channel, call="check", courier=courier)
    return cannot_tell(f"Our own code failed while asking {name}.")


def _of_courier_error(error: CourierError, *, name: str, may_have_acted: bool) -> Outcome:
    if may_have_acted:
        detail = f"{name} was called, and what it did cannot be seen. {error}"
        return Unknown(reason=Reason.LOST_SIGHT, detail=detail)
    is_out_of_reach = isinstance(error, NotSentError)
    detail = f"{name} could not be reached. {error}" if is_out_of_reach else f"{name} could not be prepared. {error}"
    return Deferred(reason=Reason.UNAVAILABLE, detail=detail)


def _not_begun(name: str) -> Deferred:
    return Deferred(reason=Reason.INTERNAL, detail=f"Our own code failed before {name} was called.")


def _of_our_own_fault(*, name: str, may_have_acted: bool) -> Outcome:
    if may_have_acted:
        detail = f"Our own code failed after {name} was called. It may have published."
        return Unknown(reason=Reason.LOST_SIGHT, detail=detail)
    return _not_begun(name)


def _report(error: Exception, *, channel: Channel, call: str, courier: Courier) -> None:
    """Log where it broke. Not what the exception says: its text may quote a credential or content."""
    frames = traceback.extract_tb(error.__traceback__)
    log.error(
        "channel.broke",
        extra={
            "channel": channel.capabilities.kind,
            "call": call,
            "error": type(error).__name__,
            "may_have_acted": courier.may_have_acted,
            "at": [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-6:]],
        },
    )
