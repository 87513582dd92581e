"""What docs/security.md says is proven names tests that exist."""

import re
from pathlib import Path

import pytest

from tests.security.named import DOCUMENT, here, missing, named

NAMES = named(DOCUMENT.read_text())


class TestTheDocument:
    def test_names_proof_for_what_it_claims(self):
        assert len(NAMES) > 40
        assert len(here(NAMES)) > 30

    @pytest.mark.parametrize("name", NAMES)
    def test_names_tests_that_exist(self, name: str):
        assert missing(name) == ""

    def test_shows_every_test_that_it_means(self):
        """A name that is written another way than the others would not be looked at."""
        meant = re.findall(r"`?tests/[^`]*\.py[^`]*`?", DOCUMENT.read_text())

        assert {name.strip("`") for name in meant} == set(NAMES)

    def test_says_of_each_requirement_and_risk_what_proves_it(self):
        rows = [line for line in DOCUMENT.read_text().splitlines() if line.startswith(("| API", "| V"))]

        assert len([row for row in rows if row.startswith("| API")]) == 10
        assert [row for row in rows if "`tests/" not in row and "Not " not in row] == []


class TestAName:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests/test_x.py").write_text(
            "class TestX:\n    def test_y(self): ...\n\nclass Helper:\n    def help(self): ...\n"
        )
        return tmp_path

    @pytest.mark.parametrize("name", ["tests/test_x.py", "tests/test_x.py::TestX", "tests/test_x.py::TestX::test_y"])
    def test_that_exists_is_found(self, root: Path, name: str):
        assert missing(name, root) == ""

    @pytest.mark.parametrize(
        "name",
        [
            "tests/test_gone.py", "tests/test_x.py::TestGone", "tests/test_x.py::TestX::test_gone",
            "tests/test_x.py::test_y", "tests/test_x.py::Helper",
        ],
    )  # fmt: skip
    def test_that_does_not_is_said_to_be_missing(self, root: Path, name: str):
        assert missing(name, root) != ""

    def test_of_a_file_covers_those_inside(self):
        assert here(["tests/a.py::T", "tests/a.py", "tests/e2e/b.py", "tests/infra/c.py"]) == ["tests/a.py"]
