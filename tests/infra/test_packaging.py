"""A package is refused for anything that would fail on AWS, and only there."""

import ast
import json
import platform
import py_compile
import re
import struct
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.packaging import build, checks
from infra.packaging.manifest import Manifest, PackageError, archive_of, find_package
from infra.packaging.recipes import RECIPES, WEB, WORKER

ROOT = Path(__file__).parents[2]


def write(folder, name, content=b""):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def compile_unchecked(path):
    py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH, doraise=True)


def elf(machine):
    return b"\x7fELF" + bytes(14) + struct.pack("<H", machine)


def refusal(folder, architecture="arm64"):
    with pytest.raises(PackageError) as refused:
        checks.check_contents(folder, architecture)
    return str(refused.value)


class TestContents:
    def test_that_fit_are_accepted(self, tmp_path):
        compile_unchecked(write(tmp_path, "workers/delivery.py", b"x = 1\n"))
        write(tmp_path, "regex/_regex.so", elf(183))

        checks.check_contents(tmp_path, "arm64")

    def test_for_another_processor_are_named(self, tmp_path):
        write(tmp_path, "regex/_regex.so", elf(62))

        assert "regex/_regex.so is not for arm64" in refusal(tmp_path)

    def test_for_another_system_are_named(self, tmp_path):
        write(tmp_path, "regex/_regex.so", b"\xcf\xfa\xed\xfe" + bytes(16))

        assert "is no Linux binary" in refusal(tmp_path)

    def test_for_another_python_are_named(self, tmp_path):
        other = 13 if sys.version_info.minor != 13 else 12
        write(tmp_path, f"cffi/_cffi.cpython-3{other}-aarch64-linux-gnu.so", elf(183))

        assert "is for another Python" in refusal(tmp_path)

    @pytest.mark.parametrize("name", ["tests", "infra", "local", "aws_cdk", "moto", "node_modules"])
    def test_that_no_function_runs_are_named(self, tmp_path, name):
        write(tmp_path, f"{name}/file.txt")

        assert f"{name} does not belong into it" in refusal(tmp_path)

    def test_without_a_compiled_file_are_named(self, tmp_path):
        write(tmp_path, "workers/delivery.py", b"x = 1\n")

        assert "workers/delivery.py is not compiled" in refusal(tmp_path)

    def test_compiled_by_their_time_are_named(self, tmp_path):
        py_compile.compile(str(write(tmp_path, "workers/delivery.py", b"x = 1\n")), doraise=True)

        assert "would be compiled again at each start" in refusal(tmp_path)


class TestImporting:
    """In a clean interpreter, from the package alone."""

    RECIPE = replace(WORKER, entry_points=("mine",))
    HERE = checks.MINE[platform.machine()]

    def check(self, folder, **sources):
        for name, (source, is_compiled) in sources.items():
            path = write(folder, f"content/{name}.py", source)
            if is_compiled:
                compile_unchecked(path)
        archive = folder / "package.zip"
        build._write_archive(folder / "content", archive)
        checks.check_imports(archive, self.RECIPE, self.HERE)

    def test_uses_every_compiled_file(self, tmp_path):
        self.check(tmp_path, mine=(b"import other\n", True), other=(b"x = 1\n", True))

    def test_compiles_nothing(self, tmp_path):
        with pytest.raises(PackageError, match=r"other\.py is compiled at each start"):
            self.check(tmp_path, mine=(b"import other\n", True), other=(b"x = 1\n", False))

    def test_finds_nothing_outside_of_the_package(self, tmp_path):
        # It is in this environment, and in no package.
        with pytest.raises(PackageError, match="No module named 'pytest'"):
            self.check(tmp_path, mine=(b"import pytest\n", True))

    def test_for_another_processor_is_left_to_a_machine_that_has_it(self, tmp_path):
        other = {"arm64": "x86_64", "x86_64": "arm64"}[self.HERE]

        checks.check_imports(tmp_path / "none.zip", self.RECIPE, other)

    @pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
    def test_begins_where_aws_begins(self, recipe):
        """Each package's entry points are the modules of the handlers that are deployed."""
        settings = json.loads((ROOT / "zappa_settings.json").read_text())
        handlers = {
            "web": {settings["base"]["lambda_handler"]},
            "worker": {"workers.delivery.handler", "workers.scheduler.handler", "workers.github.handler"},
        }

        assert {handler.rpartition(".")[0] for handler in handlers[recipe.name]} <= set(recipe.entry_points)


def manifest(**changes):
    values = {
        "package": "worker", "architecture": "arm64", "python": build.PYTHON, "inputs": "", "sha256": "", "zipped": 1,
        "unpacked": 1,
    }  # fmt: skip
    return Manifest(**{**values, **changes})


class TestAPackage:
    def test_over_its_budget_is_refused(self):
        with pytest.raises(PackageError, match=r"36\.1 MB zipped; its budget is 36 MB"):
            checks.check_size(manifest(package="web", zipped=36_100_000), WEB)
        with pytest.raises(PackageError, match="unpacked"):
            checks.check_size(manifest(package="web", unpacked=131_000_000), WEB)
        checks.check_size(manifest(zipped=16_000_000), WORKER)

    def test_that_is_missing_is_asked_for(self, tmp_path):
        with pytest.raises(PackageError, match="make build TARGET=arm64"):
            find_package(tmp_path, "arm64", python=build.PYTHON)

    def test_built_by_another_python_is_refused(self, tmp_path):
        archive = archive_of(tmp_path, "worker", "arm64")
        write(tmp_path, "arm64/worker.zip")
        manifest(python="3.99").write(archive)

        with pytest.raises(PackageError, match=r"built by Python 3\.99"):
            find_package(tmp_path, "arm64", python=build.PYTHON)

    def test_has_the_same_bytes_whenever_it_is_written(self, tmp_path):
        for name in ("first", "second"):
            write(tmp_path, f"{name}/b.txt", b"b" * 1000)
            compile_unchecked(write(tmp_path, f"{name}/a.py", b"x = 1\n"))
            # The compiled file names its source; the builder strips the folder, this test has none to strip.
            write(tmp_path, f"{name}/__pycache__/a.cpython-{sys.version_info.major}{sys.version_info.minor}.pyc")
            build._write_archive(tmp_path / name, tmp_path / f"{name}.zip")

        assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()

    def test_cannot_be_built_for_a_target_that_there_is_not(self, tmp_path):
        with pytest.raises(PackageError, match="arm64, x86_64, emulator"):
            build.build(WORKER, "riscv", root=tmp_path, output=tmp_path)

    def test_of_the_worker_holds_code_of_ours_and_nothing_else(self, tmp_path):
        """No catalogues, templates or documents: no handler reads any."""
        build._copy_sources(WORKER, ROOT, tmp_path)
        copied = [path.relative_to(tmp_path) for path in build._files(tmp_path)]

        assert [str(path) for path in copied if path.suffix != ".py"] == []
        assert {path.parts[1] for path in copied if len(path.parts) > 2} == {
            "adapters", "channels", "domain", "http", "items", "services", "store",
        }  # fmt: skip

    @pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
    def test_leaves_out_what_there_is(self, recipe):
        assert [name for name in recipe.without if not (ROOT / name).exists()] == []

    def test_names_what_its_recipe_leaves_out_in_vain(self):
        with pytest.raises(PackageError, match="which requirements/ no longer has"):
            build._without(WEB, "django==5.2 \\\n    --hash=sha256:00")

    def test_keeps_the_languages_that_the_desk_speaks(self):
        settings = (ROOT / "omnipub" / "settings.py").read_text()

        spoken = re.search(r"^LANGUAGES = (.+)$", settings, re.MULTILINE)

        assert spoken
        assert [code for code, _ in ast.literal_eval(spoken[1])] == list(build._LANGUAGES)

    def test_is_without_what_is_there_for_debuggers_and_translators(self, tmp_path):
        for name in ("app.js.map", "app.js.map.gz", "locale/de/django.po", "locale/fr/django.mo"):
            write(tmp_path, name)
        kept = [write(tmp_path, "app.js.gz"), write(tmp_path, "locale/de/django.mo")]
        (tmp_path / "botocore/data").mkdir(parents=True)

        build._prune(replace(WEB, without_files=()), tmp_path)

        assert sorted(build._files(tmp_path)) == sorted(kept)

    @pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
    def test_stays_within_the_budgets_of_the_design(self, recipe):
        assert recipe.zipped_limit <= {"worker": 16_000_000, "web": 36_000_000}[recipe.name]
        assert recipe.unpacked_limit <= 130_000_000
