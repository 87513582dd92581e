"""What a deployed stage does by itself through the application's own commands: which, how often, and in which stages.

EventBridge's scheduler sends each to the web function as `zappa manage` would, so a line here has to be one that the
function's handler takes; a test holds the two together.
"""

from dataclasses import dataclass
from typing import Final

from infra.stages import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedCommand:
    """A command, and when it is run."""

    #: What its schedule is called after the stage.
    name: str
    #: As it is typed after `manage.py`.
    line: str
    #: In EventBridge's words; times are UTC.
    expression: str


CANARY: Final = TimedCommand(name="canary", line="canary", expression="rate(1 hour)")
#: Six short runs a night: the function has half a minute for each, and a busy stage more to remove than fits into one.
RETENTION: Final = TimedCommand(
    name="retention", line="retention run --limit 5000 --seconds 20", expression="cron(7 0-5 * * ? *)"
)


def commands_of(site: Site) -> tuple[TimedCommand, ...]:
    """Return the commands that a stage runs by itself: none, unless its settings ask for them."""
    wanted = {
        CANARY: bool(site.canary_account),
        RETENTION: bool(site.retention_days or site.audit_retention_days),
    }
    return tuple(command for command, is_wanted in wanted.items() if is_wanted)
