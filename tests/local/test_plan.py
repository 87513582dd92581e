"""What `make run` would start, without starting it."""

from pathlib import Path

import pytest

from local.plan import Ports, Service, Step, own_environment, system, without_aws

STATE = Path("/state")


@pytest.fixture
def parts():
    step = Step(name="a step", run=lambda _: {})
    return system(root=Path("/root"), state=STATE, ports=Ports(), python="python", provision=step, seed=step)


class TestSystem:
    def test_starts_each_part_after_what_it_needs(self, parts):
        assert [part.name for part in parts] == [
            "emulator", "a step", "platforms", "web", "worker", "clock", "a step",
        ]  # fmt: skip

    def test_can_choose_every_port_that_it_needs(self, parts):
        ports = {part.port_variable: part.port for part in parts if isinstance(part, Service) and part.port}

        assert ports == {"EMULATOR_PORT": 4566, "WALL_PORT": 8010, "PORT": 8000, "CLOCK_PORT": 4567}


class TestEnvironment:
    def test_holds_nothing_of_a_persons_own_aws_settings(self):
        inherited = {"AWS_PROFILE": "production", "AWS_ACCESS_KEY_ID": "real", "PATH": "/bin"}

        assert without_aws(inherited) == {"PATH": "/bin"}

    def test_leads_the_sdk_to_the_emulator_and_lambda_to_the_clock(self):
        environment = own_environment(state=STATE, ports=Ports(emulator=1, clock=2))

        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
        assert environment["AWS_ENDPOINT_URL_LAMBDA"] == "http://127.0.0.1:2"
        assert environment["OMNIPUB_STATE"] == "/state"

    def test_lets_demo_users_in_at_the_web_process_alone(self):
        ports = Ports()
        step = Step(name="nothing", run=lambda _: {})
        parts = system(root=STATE, state=STATE, ports=ports, python="python", provision=step, seed=step)

        named = {
            part.name for part in parts if isinstance(part, Service) and "OMNIPUB_DEMO_SIGN_IN" in part.environment
        }

        assert named == {"web"}
        assert "OMNIPUB_DEMO_SIGN_IN" not in own_environment(state=STATE, ports=ports)
