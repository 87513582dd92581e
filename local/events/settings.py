"""The constants of the local event sources, as values. `infra/` gives AWS the same numbers; nothing here does IO."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self

_PREFIX: Final = "OMNIPUB_MAPPING_"


class SettingsError(Exception):
    """An environment variable of the event sources does not hold what it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSettings:
    """What a Kinesis event source mapping on AWS is configured with, plus its pace."""

    batch_size: int = 10
    parallelization_factor: int = 10
    #: Tries after the first one. Splitting a batch does not count, as on AWS.
    maximum_retry_attempts: int = 2
    #: Seconds since arrival after which a record is given up without being tried (again).
    maximum_record_age: float = 120.0
    bisect_on_function_error: bool = True
    #: Seconds that the function may take; what its context counts down from.
    function_timeout: float = 300.0
    #: Seconds between two reads of a shard that had nothing to give.
    poll_interval: float = 0.5
    #: Seconds before the first retry of a batch; doubles with each further one.
    retry_delay: float = 1.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read `OMNIPUB_MAPPING_<FIELD>` for each field, then divide times by `OMNIPUB_TIME_DIVISOR`.

        Raises SettingsError naming every variable that cannot be read.
        """
        values: dict[str, Any] = {}
        wrong: list[str] = []
        for field in fields(cls):
            name = _PREFIX + field.name.upper()
            if (text := environment.get(name)) is None:
                continue
            try:
                values[field.name] = _READERS[type(field.default)](text)
            except ValueError:
                wrong.append(f"{name}={text!r}")
        by = _divisor(environment.get("OMNIPUB_TIME_DIVISOR", "1"), wrong)
        if wrong:
            raise SettingsError(f"These settings cannot be read: {', '.join(wrong)}.")
        return cls(**values).divided(by)

    def divided(self, by: float) -> Self:
        """Return the same settings with the protocol's times divided; the reading pace stays."""
        return replace(
            self,
            maximum_record_age=self.maximum_record_age / by,
            function_timeout=self.function_timeout / by,
            retry_delay=self.retry_delay / by,
        )


def seconds_between_ticks(environment: Mapping[str, str]) -> float:
    """Return a minute, divided as the scheduler's look-ahead is: what it does not see yet, the next tick has to.

    Raises SettingsError where `OMNIPUB_TIME_DIVISOR` cannot be read.
    """
    wrong: list[str] = []
    by = _divisor(environment.get("OMNIPUB_TIME_DIVISOR", "1"), wrong)
    if wrong:
        raise SettingsError(f"These settings cannot be read: {', '.join(wrong)}.")
    return 60.0 / by


def _divisor(text: str, wrong: list[str]) -> float:
    try:
        if (by := float(text)) > 0:
            return by
    except ValueError:
        pass
    wrong.append(f"OMNIPUB_TIME_DIVISOR={text!r}")
    return 1.0


def _flag(text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise ValueError(text)
    return text.lower() in {"true", "1"}


_READERS: Final[Mapping[type, Callable[[str], object]]] = {bool: _flag, int: int, float: float}
