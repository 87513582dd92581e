"""`python -m local.events.stream`: what Kinesis' event source mapping does on AWS, for the worker function.

Reads the stream that `KINESIS_STREAM_NAME` names, calls the handler for its records, keeps how far it is in the
state folder, and never ends because the stream is away.
"""

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local.events.checkpoint import Checkpoints
from local.events.function import OVERDUE_EXIT_CODE, Function, HandlerNotFoundError, start_function
from local.events.kinesis import KinesisStream, StreamUnavailableError
from local.events.parking import Destination, ParkingFile, ParkingQueue
from local.events.poller import Mapping, ShardPoller
from local.events.settings import MappingSettings, SettingsError
from local.process import announce_ready, aws_client, configure_logging, region, state_folder, stop_on_signals

log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the mapping until a signal ends it; return the exit code."""
    options = _parser().parse_args(arguments)
    configure_logging()
    try:
        mapping = _build(options)
    except (HandlerNotFoundError, SettingsError) as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence says it all
        return 1
    run_mapping(mapping, stop=stop_on_signals())
    return 0


def run_mapping(mapping: Mapping, *, stop: threading.Event) -> None:
    """Read all shards until `stop` is set. A new shard is picked up within seconds."""
    pollers: dict[str, threading.Thread] = {}
    announce_ready()
    while not stop.is_set():
        try:
            shards = mapping.stream.shards()
        except StreamUnavailableError as error:
            log.info("The stream %s does not answer: %s", mapping.stream.name, error)
            shards = ()
        for shard in shards:
            if shard not in pollers:
                poller = ShardPoller(mapping, shard, stop=stop, die=_die)
                pollers[shard] = threading.Thread(target=_guarded, args=(poller,), name=shard)
                pollers[shard].start()
        stop.wait(10.0 if pollers else 0.5)
    for thread in pollers.values():
        thread.join()


def _guarded(poller: ShardPoller) -> None:
    """End the process when a poller breaks: whoever started it starts it again, from the checkpoint."""
    try:
        poller.run()
    except Exception:  # the border: a dead thread in a living process would deliver nothing, and tell nobody
        log.exception("Reading the shard failed; the process ends.")
        os._exit(1)


def _die() -> None:
    os._exit(OVERDUE_EXIT_CODE)


def _build(options: argparse.Namespace) -> Mapping:
    settings = MappingSettings.from_environment(os.environ)
    folder = state_folder() / "events"
    parking_file = ParkingFile(path=folder / "parked.jsonl")
    destination: Destination = parking_file
    if options.failure_queue_url:
        destination = ParkingQueue(client=aws_client("sqs"), queue_url=options.failure_queue_url, fallback=parking_file)
    function = Function(
        name=options.function,
        handler=start_function(options.function, options.handler),
        timeout=settings.function_timeout,
        memory=1024,
        region=region(),
    )
    return Mapping(
        stream=KinesisStream(client=aws_client("kinesis"), name=options.stream),
        function=function,
        destination=destination,
        checkpoints=Checkpoints(folder=options.checkpoints or folder / "checkpoints", stream=options.stream),
        settings=settings,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.events.stream", description=__doc__)
    stream = os.environ.get("KINESIS_STREAM_NAME")
    parser.add_argument("--stream", default=stream, required=stream is None, help="the stream's name")
    parser.add_argument("--handler", default="workers.delivery:handler", help="module:function to call")
    parser.add_argument("--function", default="omnipub-worker", help="the function's name in its context")
    parser.add_argument("--checkpoints", type=Path, help="folder of the checkpoints; one per mapping on a stream")
    parser.add_argument(
        "--failure-queue-url",
        default=os.environ.get("OMNIPUB_FAILURE_QUEUE_URL"),
        help="the queue that learns what was given up; without it events/parked.jsonl in the state folder does",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
