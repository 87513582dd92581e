"""The registry, and what must lie beside every channel in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import publishing.channels
from publishing.channels.base.registry import CHANNELS, UnknownChannelError, get_channel, kinds
from tests.channels.samples import SOURCES, read_sample

ROOT = Path(__file__).parents[3]
FOLDERS = Path(publishing.channels.__file__).parent


class TestRegistry:
    def test_names_every_folder_and_no_other(self):
        folders = {path.parent.name for path in FOLDERS.glob("*/__init__.py")} - {"base"}

        assert folders == set(kinds()) == set(CHANNELS)

    @pytest.mark.parametrize("kind", kinds())
    def test_returns_one_instance_of_the_right_kind(self, kind):
        assert get_channel(kind).capabilities.kind == kind
        assert get_channel(kind) is get_channel(kind)

    @pytest.mark.parametrize("kind", ["", "myspace", "base", "Mastodon", "webhook "])
    def test_says_what_there_is_when_asked_for_something_else(self, kind):
        with pytest.raises(UnknownChannelError, match=f"There are: {', '.join(kinds())}"):
            get_channel(kind)

    def test_cannot_be_changed(self):
        with pytest.raises(TypeError):
            CHANNELS["myspace"] = "os.system"  # type: ignore[index]

    def test_imports_a_channel_when_it_is_asked_for(self):
        script = (
            "import sys\n"
            "from publishing.channels.base.registry import get_channel, kinds\n"
            "kinds()\n"
            "print([name for name in sys.modules if name.startswith('publishing.channels.') and '.base' not in name])\n"
            "get_channel('webhook')\n"
            "print('publishing.channels.webhook' in sys.modules, 'publishing.channels.mastodon' in sys.modules)\n"
        )

        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )

        assert ran.stdout.splitlines() == ["[]", "True False"]


class TestEveryChannel:
    @pytest.mark.parametrize("kind", kinds())
    def test_has_a_readme_and_samples_that_state_their_source(self, kind):
        samples = list((ROOT / "tests" / "channels" / kind / "samples").glob("*.json"))

        assert (FOLDERS / kind / "README.md").is_file()
        assert samples
        for path in samples:
            assert read_sample(path).source.split()[0] in SOURCES

    @pytest.mark.parametrize("kind", kinds())
    def test_passes_the_contract(self, kind):
        tests = (ROOT / "tests" / "channels" / kind / "test_channel.py").read_text()

        assert "(ChannelContract)" in tests
        assert f'kind = "{kind}"' in tests
