"""The web function's handler: Zappa's for HTTP, and operators' own commands; whatever else is invoked is refused.

Zappa's own handler executes code that is sent to it (`raw_command`) and calls any function that an event names. Django
is loaded while this module is imported, when Lambda gives a full processor for nothing.
"""

import logging
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from zappa.handler import LambdaHandler

from publishing.management import commands

log = logging.getLogger(__name__)

#: What `zappa manage <stage>` may run: the application's own commands, none of Django's.
COMMANDS: Final = frozenset(module.name for module in pkgutil.iter_modules(commands.__path__))


class RefusedEventError(Exception):
    """The event is neither a request of the gateway nor one of the application's commands."""


class _Handler(LambdaHandler):  # type: ignore[misc]  # Zappa has no types
    """Zappa's handler, which adds no stage to any path and takes none away.

    By itself it drops a leading `/<stage>` where the host is AWS's: `/<stage>/api/...`, which the gateway does not
    know as protected, would then reach the API.
    """

    def _create_lambda_wsgi_environ(
        self,
        event: dict[str, Any],
        context: object,
        script_name: str,  # noqa: ARG002 - Zappa's
        settings: ModuleType,
    ) -> dict[str, Any]:
        environ: dict[str, Any] = super()._create_lambda_wsgi_environ(event, context, "", settings)
        return environ


_handler = _Handler(settings_name="omnipub.gateway")
# The application writes one line for each request, without its query; Zappa's has the query in it.
logging.getLogger("zappa").setLevel(logging.WARNING)


def handler(event: Mapping[str, Any], context: object) -> Any:  # noqa: ANN401 - as AWS wants it
    """Answer a request of the gateway, or run a command. Raises RefusedEventError for everything else."""
    if "httpMethod" in event and "requestContext" in event:
        return _handler.handler({**event}, context)
    command = event.get("manage")
    if event.keys() == {"manage"} and isinstance(command, str) and command.split(" ")[0] in COMMANDS:
        return _handler.handler({"manage": command}, context)
    log.error("web.event_refused", extra={"keys": sorted(str(key) for key in event)[:10]})
    raise RefusedEventError("This function answers the gateway's requests and the application's own commands only.")
