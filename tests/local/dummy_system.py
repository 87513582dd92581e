"""A system of tiny services under the real supervisor. Run as a script: STATE, then the services as JSON."""

import json
import os
import sys
from pathlib import Path

from local.output import say
from local.plan import FileReady, Part, Service, Step
from local.supervisor import Supervisor


def build_part(spec: dict[str, str]) -> Part:
    if "adds" in spec:
        return Step(name="a step", run=lambda _: {spec["adds"]: "from the step"})
    return Service(
        name=spec["name"],
        title=f"the {spec['name']}",
        command=(sys.executable, "-c", spec["code"]),
        ready=FileReady(),
        port=int(spec["port"]) if "port" in spec else None,
        port_variable="PORT",
        start_within=20.0,
        stop_within=float(spec.get("stop_within", 30.0)),
    )


if __name__ == "__main__":
    supervisor = Supervisor(
        parts=tuple(build_part(spec) for spec in json.loads(sys.argv[2])),
        state=Path(sys.argv[1]),
        root=Path.cwd(),
        inherited=dict(os.environ),
        environment={"OMNIPUB_STATE": sys.argv[1]},
        announce=lambda: say("everything is up"),
    )
    sys.exit(supervisor.run())
