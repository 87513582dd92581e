"""The mapping's constants and their environment."""

import pytest

from local.events.settings import MappingSettings, SettingsError, seconds_between_ticks


class TestMappingSettings:
    def test_are_those_of_the_deployment_where_nothing_else_is_said(self):
        settings = MappingSettings.from_environment({})

        assert settings.batch_size == 10
        assert settings.parallelization_factor == 10
        assert settings.maximum_retry_attempts == 2
        assert settings.maximum_record_age == 120.0
        assert settings.bisect_on_function_error
        assert settings.function_timeout == 300.0

    def test_can_each_be_set(self):
        settings = MappingSettings.from_environment(
            {
                "OMNIPUB_MAPPING_BATCH_SIZE": "100",
                "OMNIPUB_MAPPING_MAXIMUM_RECORD_AGE": "90.5",
                "OMNIPUB_MAPPING_BISECT_ON_FUNCTION_ERROR": "false",
            }
        )

        assert settings.batch_size == 100
        assert settings.maximum_record_age == 90.5
        assert not settings.bisect_on_function_error

    def test_keep_their_ratios_when_time_is_divided(self):
        settings = MappingSettings.from_environment({"OMNIPUB_TIME_DIVISOR": "6"})

        assert settings.maximum_record_age == 20.0
        assert settings.function_timeout == 50.0
        assert settings.poll_interval == MappingSettings().poll_interval
        assert settings.maximum_retry_attempts == 2

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("OMNIPUB_MAPPING_BATCH_SIZE", "ten"),
            ("OMNIPUB_MAPPING_BISECT_ON_FUNCTION_ERROR", "perhaps"),
            ("OMNIPUB_TIME_DIVISOR", "0"),
            ("OMNIPUB_TIME_DIVISOR", "six"),
        ],
    )
    def test_that_cannot_be_read_are_named(self, name, value):
        with pytest.raises(SettingsError, match=name):
            MappingSettings.from_environment({name: value})


class TestTheClocksPace:
    def test_is_a_minute_as_on_aws(self):
        assert seconds_between_ticks({}) == 60.0

    def test_is_divided_as_the_schedulers_look_ahead_is(self):
        assert seconds_between_ticks({"OMNIPUB_TIME_DIVISOR": "6"}) == 10.0

    def test_is_not_guessed(self):
        with pytest.raises(SettingsError, match="OMNIPUB_TIME_DIVISOR='six'"):
            seconds_between_ticks({"OMNIPUB_TIME_DIVISOR": "six"})
