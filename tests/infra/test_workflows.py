"""The pipeline's files are what their published schema says, and choose by INFRA_TYPE."""

import re
import subprocess
import sys
import textwrap
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
    def test_runs_others_actions_as_they_were_when_they_were_chosen(self, path):
        """By their commit: whoever owns an action can move its tag."""
        used = re.findall(r"^ *- uses: (.+)$", path.read_text(), re.MULTILINE)

        assert used
        assert [each for each in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each)] == []
        assert "uses:" not in re.sub(r"^ *- uses: .+$", "", path.read_text(), flags=re.MULTILINE)

    def test_gives_each_action_one_commit(self):
        used = {use for path in WORKFLOWS for use in re.findall(r"uses: (.+)", path.read_text())}

        assert sorted(use.partition("@")[0] for use in used) == [
            "actions/checkout", "actions/setup-python", "aws-actions/configure-aws-credentials",
        ]  # fmt: skip

    def test_is_kept_up_to_date_by_proposals(self):
        tool = Path(sys.executable).with_name("check-jsonschema")
        path = ROOT / ".github/dependabot.yml"

        done = subprocess.run(
            [str(tool), "--builtin-schema", "vendor.dependabot", str(path)], capture_output=True, text=True, check=False
        )

        assert done.returncode == 0, done.stdout + done.stderr
        assert "package-ecosystem: github-actions" in path.read_text()

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_lets_one_job_ask_for_more_than_reading_and_only_for_a_token_of_the_run(self, path):
        granted = re.findall(r"^ +([a-z-]+): (read|write)$", path.read_text(), re.MULTILINE)

        more = [("contents", "read"), ("id-token", "write")] if path.stem == "deploy" else []
        assert granted == [("contents", "read"), *more]

    @pytest.mark.parametrize(
        ("chosen", "code", "sentence"),
        [("serverless", 0, ""), ("lambda", 1, "INFRA_TYPE is 'lambda'; it should be serverless or containers.")],
    )
    def test_that_deploys_refuses_a_choice_that_there_is_not(self, chosen, code, sentence):
        job = (ROOT / ".github/workflows/deploy.yml").read_text().partition("  serverless:")[2]
        script = textwrap.dedent(job.partition("run: |\n")[2].partition("      - uses:")[0])

        done = subprocess.run(
            ["/bin/bash", "-e", "-c", script], env={"INFRA_TYPE": chosen}, capture_output=True, text=True, check=False
        )

        assert done.returncode == code
        assert sentence in done.stdout

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
    def test_grants_nothing_but_reading_by_default_and_stores_no_keys(self, path):
        text = path.read_text()

        assert "\npermissions:\n  contents: read\n" in text
        assert "secrets." not in text

    def test_that_deploys_ends_at_once_for_containers(self):
        text = (ROOT / ".github/workflows/deploy.yml").read_text()

        assert "if: vars.INFRA_TYPE == 'containers'" in text
        job = text.partition("  containers:")[2].partition("  serverless:")[0]
        assert "INFRA_TYPE is 'containers', which this version does not have. Set the variable" in job
        assert "exit 1" in job
        assert job.count("- name:") == 1

    def test_that_deploys_waits_for_an_approval_and_trusts_a_role_for_as_long_as_it_runs(self):
        job = (ROOT / ".github/workflows/deploy.yml").read_text().partition("  serverless:")[2]

        assert "environment: ${{ inputs.stage || 'prod' }}" in job
        assert "id-token: write" in job
        assert "role-to-assume: ${{ vars.AWS_DEPLOY_ROLE }}" in job
        assert not re.search(r"aws-(?:secret-)?access-key", job)

    def test_that_deploys_asks_the_stage_that_it_deployed(self, tmp_path):
        """Run as the runner does, with commands of AWS's and curl's names that say how they were called."""
        step = (ROOT / ".github/workflows/deploy.yml").read_text().partition("- name: Ask it how it is\n")[2]
        script = textwrap.dedent(step.partition("run: |\n")[2])
        for name, says in (("aws", 'echo "https://$4"'), ("curl", 'echo "{\\"omnipub\\": \\"${@: -1}\\"}"')):
            (tmp_path / name).write_text(f"#!/bin/bash\n{says}\n")
            (tmp_path / name).chmod(0o755)

        asked = {
            stage: subprocess.run(
                ["/bin/bash", "-e", "-c", script],
                env={"PATH": f"{tmp_path}:/usr/bin:/bin", "STAGE": stage},
                capture_output=True, text=True, check=True,
            ).stdout
            for stage in ("dev", "prod")
        }  # fmt: skip

        assert "https://OmnichannelApiStack/health" in asked["prod"]
        assert "https://OmnichannelApiStack-dev/health" in asked["dev"]

    def test_that_checks_builds_the_packages_as_they_are_deployed_and_walks_the_whole_system(self):
        text = (ROOT / ".github/workflows/test.yml").read_text()

        packages = text.partition("  packages:")[2].partition("  e2e:")[0]
        assert "runs-on: ubuntu-24.04-arm" in packages
        assert "make build TARGET=arm64" in packages
        assert "sha256sum --check" in packages
        assert "make e2e" in text.partition("  e2e:")[2]
