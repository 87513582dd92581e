"""The CDK's command line: an old one is named before it does anything."""

import json
import subprocess
from pathlib import Path

import pytest

from infra import cli, install, node, preflight


def put_cli(folder, version):
    cli_path = folder / "aws-cdk/bin/cdk"
    cli_path.parent.mkdir(parents=True)
    cli_path.with_name("cdk").write_text("")
    (folder / "aws-cdk/package.json").write_text(json.dumps({"version": version}))
    return cli_path


class TestTheCommandLine:
    def test_that_is_installed_is_the_one_that_is_pinned(self):
        node.check_cli()

    @pytest.mark.parametrize("version", ["2.1100.0", "3.0.0"])
    def test_of_another_version_is_refused_before_anything_is_changed(self, tmp_path, monkeypatch, capsys, version):
        monkeypatch.setattr(node, "CLI", put_cli(tmp_path, version))
        monkeypatch.setattr(install, "install", lambda: None)
        monkeypatch.setattr(node, "run_cli", lambda _: pytest.fail("It was run."))

        code = cli.run(["deploy", "--all"])

        assert code == 1
        assert f"command line is {version}, and 2." in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "is_exclusive"),
        [(["--all"], False), (["--exclusively", "OmnichannelApiStack"], True), (["-e", "OmnichannelApiStack"], True)],
    )
    def test_looks_at_the_account_first_as_the_deployment_is_asked_for(self, monkeypatch, arguments, is_exclusive):
        looked, steps = [], []

        def deploy(_):
            steps.append("deploy")
            return 0

        monkeypatch.setattr(install, "install", lambda: None)
        monkeypatch.setattr(node, "check_cli", lambda: None)
        monkeypatch.setattr(cli, "build", lambda *_, **__: steps.append("build"))
        monkeypatch.setattr(node, "run_cli", deploy)
        monkeypatch.setattr(
            preflight, "check", lambda stage, _, *, is_exclusive: looked.append((stage.name, is_exclusive))
        )

        assert cli.run(["deploy", "-c", "stage=dev", *arguments]) == 0
        assert looked == [("dev", is_exclusive)]
        assert steps == ["build", "deploy"]

    def test_that_is_missing_is_named_with_the_command_that_installs_it(self, tmp_path, monkeypatch):
        monkeypatch.setattr(node, "CLI", tmp_path / "aws-cdk/bin/cdk")

        with pytest.raises(node.NodeMissingError, match=r"is missing, and .* make infra"):
            node.check_cli()


class TestPreparingAPlace:
    @pytest.fixture
    def ran(self, monkeypatch):
        ran: list[object] = []

        def run_cli(arguments: list[str], *, with_app: bool = True) -> int:
            ran.append((arguments, with_app))
            return 0

        monkeypatch.setattr(install, "install", lambda: None)
        monkeypatch.setattr(cli, "build", lambda recipe, *_, **__: ran.append(recipe.name))
        monkeypatch.setattr(node, "run_cli", run_cli)
        return ran

    def test_that_is_named_needs_no_stacks_and_no_package(self, ran):
        assert cli.run(["bootstrap", "aws://111122223333/us-east-1"]) == 0

        assert ran == [(["bootstrap", "aws://111122223333/us-east-1", "--no-notices"], False)]

    def test_that_the_stacks_name_needs_both(self, ran):
        assert cli.run(["bootstrap"]) == 0

        assert ran == ["worker", (["bootstrap"], True)]

    def test_without_stacks_happens_where_nothing_names_them(self, monkeypatch):
        folders = []

        def run(command: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
            folders.append(cwd)
            return subprocess.CompletedProcess(command, 3)

        monkeypatch.setattr(subprocess, "run", run)

        assert [node.run_cli(["list"], with_app=each) for each in (True, False)] == [3, 3]
        assert [(folder / "cdk.json").is_file() for folder in folders] == [True, False]
