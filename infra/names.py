"""Names that more than one tool has to agree on: CDK makes them, Zappa and the commands find them."""

from typing import Final

PROJECT: Final = "omnipub"

#: The stacks in the order in which they are deployed.
STACKS: Final = ("Data", "Auth", "Security", "Frontend", "Api", "Worker", "Scheduler", "Monitoring")
#: Where CloudFront takes its certificate and its firewall from, wherever a stage lives.
EDGE_REGION: Final = "us-east-1"
#: What the Security stack has there, of a stage that lives elsewhere: a stack, because a stack has one region.
EDGE_PART: Final = "SecurityEdge"


def stack_id(part: str) -> str:
    """Return what a stack is called on the command line: `OmnichannelDataStack`."""
    return f"Omnichannel{part}Stack"


def stack_name(part: str, stage: str) -> str:
    """Return a stack's name in CloudFormation. Stages other than prod may share prod's account."""
    return stack_id(part) if stage == "prod" else f"{stack_id(part)}-{stage}"


def resource(stage: str, *parts: str) -> str:
    """Return the name of something of a stage: `omnipub-prod`, `omnipub-prod-worker`."""
    return "-".join((PROJECT, stage, *parts))


def web_function(stage: str) -> str:
    """Return the web function's name, as Zappa forms it from its project and stage."""
    return resource(stage)


def web_role(stage: str) -> str:
    """Return the name of the web function's role, which `zappa_settings.json` repeats."""
    return resource(stage, "web")


def scheduler_function(stage: str) -> str:
    """Return the scheduler function's name; the web and worker functions invoke it by that."""
    return resource(stage, "scheduler")


def worker_function(stage: str) -> str:
    """Return the worker function's name."""
    return resource(stage, "worker")
