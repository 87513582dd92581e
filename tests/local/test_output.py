"""What of a log reaches the terminal."""

import pytest

from local.output import log_path, notable


class TestLine:
    @pytest.mark.parametrize(
        ("line", "shown"),
        [
            ("2026-11-22 12:00:00 INFO web started", None),
            ("2026-11-22 12:00:00 WARNING web is slow", "2026-11-22 12:00:00 WARNING web is slow"),
            ('{"level": "INFO", "message": "Sent."}', None),
            (
                '{"level": "error", "message": "The table does not answer.", "more": 1}',
                "ERROR: The table does not answer.",
            ),
            ('{"level": "ERROR"', None),
            ("no INFORMATION, and no ERRORS either", None),
        ],
    )
    def test_is_shown_when_it_warns(self, line, shown):
        assert notable(line) == shown


class TestLogFile:
    def test_that_grew_too_large_is_put_aside(self, tmp_path):
        (tmp_path / "web.log").write_bytes(b"x" * (10 * 1024 * 1024 + 1))

        path = log_path(tmp_path, "web")

        assert not path.exists()
        assert (tmp_path / "web.log.1").exists()
