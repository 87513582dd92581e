"""Which transport a process sends hints by, as it is configured."""

from publishing.adapters.direct import Direct
from publishing.adapters.hints import Hints, Nowhere
from publishing.adapters.stream import Stream
from publishing.config import Config


def transport_of(config: Config) -> Hints:
    """Return the stream where one is named, else the worker function; what reaches nobody where neither is.

    Processes that send hints name `config.HINTS` among their needs, and so refuse to start without either.
    """
    if config.kinesis_stream_name:
        return Stream(config.kinesis_stream_name)
    if config.worker_function:
        return Direct(config.worker_function)
    return Nowhere()
