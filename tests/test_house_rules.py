"""Rules of the house that no linter knows. CONTRIBUTING.md says why."""

import re
import subprocess
from pathlib import Path

import pytest

from publishing.channels.base.registry import kinds

ROOT = Path(__file__).parent.parent
MODULE_LIMIT = 400


def tracked(pattern: str) -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in names.stdout.split() if (ROOT / name).is_file()]


class TestModules:
    def test_stay_short_enough_to_read_at_once(self):
        lengths = {path: len(path.read_text().splitlines()) for path in tracked("*.py") if "tests" not in path.parts}

        too_long = {str(path.relative_to(ROOT)): length for path, length in lengths.items() if length > MODULE_LIMIT}

        assert len(lengths) > 100
        assert too_long == {}

    def test_say_what_lives_in_them(self):
        undocumented = [
            str(path.relative_to(ROOT))
            for path in tracked("*.py")
            if "tests" not in path.parts and not re.match(r'(#!.*\n)?"""', path.read_text())
        ]

        assert undocumented == []


class TestTheTree:
    def test_leaves_nothing_to_be_done_later_in_product_code(self):
        notes = re.compile(r"\b(TODO|FIXME|XXX)\b|NotImplementedError")
        found = [
            str(path.relative_to(ROOT))
            for path in tracked("*.py")
            if "tests" not in path.parts and notes.search(path.read_text())
        ]

        assert found == []

    def test_knows_no_paths_of_one_machine(self):
        path_of_a_person = re.compile(r"(?<![\w.])/(?:root|home|tmp|Users)/\w")
        found = [
            str(path.relative_to(ROOT))
            for path in tracked("*")
            if path.suffix in {".py", ".md", ".toml", ".json", ".yaml", ".yml", ""}
            and path != Path(__file__)
            and path_of_a_person.search(path.read_text(errors="replace"))
        ]

        assert found == []

    def test_locks_every_dependency_with_its_hash(self):
        for lock in tracked("requirements/*.txt"):
            text = lock.read_text()
            pins = re.findall(r"^[a-z0-9]\S*==\S+", text, re.MULTILINE)
            assert pins
            assert "://" not in text
            assert text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize("kind", kinds())
class TestAChannel:
    def test_has_its_facts_samples_contract_and_simulated_platform(self, kind: str):
        tests = ROOT / "tests/channels" / kind

        assert (ROOT / "publishing/channels" / kind / "README.md").is_file()
        assert list((tests / "samples").glob("*.json"))
        assert "ChannelContract" in (tests / "test_channel.py").read_text()
        assert (ROOT / "local/platforms" / kind).is_dir()

    def test_names_the_source_of_every_sample(self, kind: str):
        for sample in (ROOT / "tests/channels" / kind / "samples").glob("*.json"):
            assert re.search(r'"source": "(observed|recorded|documented)', sample.read_text()), sample.name


class TestTheTable:
    def test_is_scanned_by_evolutions_only(self):
        """A scan reads and pays for everything there is; `docs/evolutions.md` has the one exception."""
        code = [
            path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in {"publishing", "workers", "omnipub"}
        ]

        scanning = [
            path for path in code if re.search(r"[\"']Scan[\"']|\.scan\(|\.rate_limited_scan\(", path.read_text())
        ]

        assert len(code) > 100
        assert [str(path.relative_to(ROOT)) for path in scanning] == [
            "publishing/services/evolving.py",  # asks the store's
            "publishing/store/evolutions.py",
        ]
