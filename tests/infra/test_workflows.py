"""The pipeline's files are what their published schema says, and choose by INFRA_TYPE."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


class TestAWorkflow:
    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_is_valid_by_the_published_schema(self, path):
        tool = Path(sys.executable).with_name("check-jsonschema")
        command = [str(tool), "--builtin-schema", "vendor.github-workflows", str(path)]

        done = subprocess.run(command, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_grants_nothing_but_reading_by_default_and_stores_no_keys(self, path):
        text = path.read_text()

        assert "\npermissions:\n  contents: read\n" in text
        assert "secrets." not in text

    def test_that_deploys_ends_at_once_for_containers(self):
        text = (ROOT / ".github/workflows/deploy.yml").read_text()

        assert "if: vars.INFRA_TYPE == 'containers'" in text
        assert "exit 1" in text.partition("containers:")[2].partition("serverless:")[0]
