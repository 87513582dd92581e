"""The sentence that a wrong Python gets."""

import sys

import pytest

from local import preflight


class TestPython:
    def test_that_runs_these_tests_will_do(self):
        assert preflight.problem() is None

    @pytest.mark.parametrize("version", [(3, 10, 14), (3, 14, 0), (3, 6, 9)])
    def test_that_is_too_old_or_too_new_is_named(self, monkeypatch, version):
        monkeypatch.setattr(sys, "version_info", version)

        sentence = preflight.problem()

        assert sentence is not None
        assert f"is {version[0]}.{version[1]}." in sentence
        assert "\n" not in sentence

    def test_without_its_venv_module_says_what_to_install(self, monkeypatch):
        found = {"ensurepip": None}
        monkeypatch.setattr("importlib.util.find_spec", lambda name: found.get(name, object()))

        sentence = preflight.problem()

        assert sentence is not None
        assert "python3-venv" in sentence
