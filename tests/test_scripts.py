"""The scripts that pages load: the linter holds them, and finds what it is there for."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_house_rules import ROOT, tracked

OXLINT = Path(sys.executable).parent / "oxlint"
FOLDERS = re.findall(r"^SCRIPTS := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[0].split()

FAULTS = {
    "no-undef": "export const answer = missing;",
    "no-unused-vars": "const unread = 1; export {};",
    "eqeqeq": "export const isOne = (value) => value == 1;",
    "no-implicit-globals": "function visibleEverywhere() {} visibleEverywhere();",
    "no-eval": "export const run = (text) => eval(text);",
    "no-implied-eval": 'export const run = () => setTimeout("go()", 1);',
    "no-new-func": "export const run = (text) => new Function(text);",
    "no-script-url": 'export const go = () => location.assign("javascript:go()");',
    "no-restricted-properties": "export const show = (place, text) => { place.innerHTML = text; };",
}


def lint(*paths: Path | str) -> subprocess.CompletedProcess[str]:
    command = [OXLINT, "--quiet", "--format", "unix", "--config", ROOT / ".oxlintrc.json", *paths]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


class TestTheLinter:
    @pytest.mark.parametrize(("rule", "source"), FAULTS.items())
    def test_finds(self, rule: str, source: str, tmp_path: Path):
        (tmp_path / "fault.js").write_text(source)

        found = lint(tmp_path)

        assert found.returncode != 0
        assert re.findall(r"eslint\((.+?)\)", found.stdout) == [rule]

    @pytest.mark.parametrize(
        "write",
        ['place["outerHTML"] = text', 'place.insertAdjacentHTML("beforeend", text)', "document.write(text)"],
    )
    def test_finds_every_way_to_write_markup(self, write: str, tmp_path: Path):
        (tmp_path / "fault.js").write_text(f"export const show = (place, text) => {{ {write}; return place; }};")

        found = lint(tmp_path)

        assert found.returncode != 0
        assert "no-restricted-properties" in found.stdout

    def test_lets_pass_what_is_well(self, tmp_path: Path):
        (tmp_path / "well.js").write_text("export const show = (place, text) => { place.textContent = text; };")

        assert lint(tmp_path).returncode == 0

    def test_has_nothing_to_say_about_ours(self):
        found = lint(*FOLDERS)

        assert found.returncode == 0, found.stdout

    def test_sees_every_script_of_ours(self):
        scripts = {
            path.relative_to(ROOT)
            for path in tracked("*.js")
            if "vendor" not in path.parts and "tests" not in path.parts
        }

        assert len(scripts) > 15
        assert [
            path
            for path in sorted(scripts)
            if not path.is_relative_to(FOLDERS[0]) and not path.is_relative_to(FOLDERS[1])
        ] == []


class TestAPage:
    def test_loads_our_scripts_as_modules(self):
        tags = [
            tag
            for path in tracked("*.html")
            if "tests" not in path.parts
            for tag in re.findall(r"<script[^>]*src=[^>]*>", path.read_text())
            if "/vendor/" not in tag and "drf_spectacular_sidecar" not in tag
        ]

        assert tags
        assert [tag for tag in tags if 'type="module"' not in tag] == []
