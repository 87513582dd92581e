"""`python -m local`: what it says and what it leaves."""

import io

import pytest

from local.__main__ import main
from local.runfile import RunFile


@pytest.fixture
def state(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv("OMNIPUB_STATE", str(folder))
    return folder


@pytest.fixture
def kept(state):
    (state / "aws").mkdir(parents=True)
    (state / "aws" / "journal").write_text("everything")
    return state


class TestReset:
    @pytest.mark.parametrize("answer", ["n\n", "\n", ""])
    def test_deletes_nothing_without_a_clear_yes(self, kept, monkeypatch, answer):
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))

        assert main(["reset"]) == 0
        assert (kept / "aws" / "journal").exists()

    def test_deletes_everything_after_a_yes(self, kept, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

        assert main(["reset"]) == 0
        assert not kept.exists()

    def test_does_not_ask_a_script(self, kept):
        assert main(["reset", "--yes"]) == 0
        assert not kept.exists()

    def test_is_refused_while_the_system_runs(self, kept, capsys):
        with RunFile(folder=kept).lock():
            assert main(["reset", "--yes"]) == 1

        assert (kept / "aws" / "journal").exists()
        assert capsys.readouterr().out.startswith("omnipub already runs here.")

    def test_of_nothing_is_no_error(self, state):
        assert main(["reset"]) == 0
        assert not state.exists()


class TestToken:
    def test_is_refused_in_one_sentence_while_nothing_runs(self, state, capsys):
        assert main(["token", "--user", "editor"]) == 1

        output = capsys.readouterr()
        assert output.out == ""
        assert output.err == "omnipub is not running here. Start it with: make run\n"
