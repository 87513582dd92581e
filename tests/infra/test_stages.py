"""An operator's settings: what is wrong is named before anything is changed, with what to write instead."""

import pytest

from infra.stages import PROD, SETTINGS, SettingsError, Site, load

ABROAD = "arn:aws:acm:eu-central-1:111122223333:certificate/1"


@pytest.fixture
def settings(tmp_path):
    def write(text):
        path = tmp_path / "deploy.toml"
        path.write_text(text)
        return path

    return write


class TestAStage:
    @pytest.mark.parametrize("name", ["dev", "prod", "regulated"])
    def test_needs_no_settings(self, name):
        assert load(name, path=SETTINGS).name == name

    def test_takes_the_operators_settings(self, settings):
        path = settings('[prod]\nalarm_email = "a@example.org"\nshards = 2\n')

        stage = load("prod", path=path)

        assert (stage.site.alarm_email, stage.shards, stage.firewall) == ("a@example.org", 2, True)

    def test_may_be_given_a_stream(self, settings):
        path = settings("[dev]\nstream = true\nshards = 2\n")

        stage = load("dev", path=path)

        assert (stage.stream, stage.shards) == (True, 2)
        assert [load(name, path=SETTINGS).stream for name in ("dev", "prod", "regulated")] == [False, True, True]

    @pytest.mark.parametrize(
        ("text", "has_edge_stack"),
        [
            ('[prod]\nregion = "eu-central-1"\n', True),
            ('[prod]\nregion = "us-east-1"\n', False),
            ('[prod]\nregion = "eu-central-1"\nfirewall = false\n', False),
        ],
    )
    def test_in_another_region_has_its_firewall_apart(self, settings, text, has_edge_stack):
        assert load("prod", path=settings(text)).has_edge_stack is has_edge_stack

    def test_takes_the_certificate_of_the_gateway_from_its_own_region(self, settings):
        text = f'[prod]\nregion = "eu-central-1"\napi_domain_name = "a.example"\napi_certificate_arn = "{ABROAD}"\n'

        assert load("prod", path=settings(text)).site.api_certificate_arn == ABROAD

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[prod]\nshard = 2\n", "unknown settings shard"),
            ('[prod]\nshards = "2"\n', "shards should be a whole number"),
            ("[prod]\nfirewall = 1\n", "firewall should be a true or false"),
            ('[prod]\nname = "other"\n', "unknown settings name"),
            ('[prod]\npublic_url = "http://a.example/"\n', "begin with https://"),
            ('[prod]\ndomain_name = "a.example"\n', "go together"),
            ('[prod]\nregion = "Frankfurt"\n', "region should be one of AWS's own, like eu-central-1"),
            ('[prod]\nregion = "cn-north-1"\n', "'cn-north-1' is none"),
            (
                f'[prod]\ndomain_name = "a.example"\ncertificate_arn = "{ABROAD}"\n',
                "certificate_arn should name a certificate in us-east-1",
            ),
            (
                f'[prod]\napi_domain_name = "a.example"\napi_certificate_arn = "{ABROAD}"\n',
                "api_certificate_arn should name a certificate in us-east-1",
            ),
            ('[prod]\nidentity_providers = { Myspace = "x" }\n', "Unknown identity providers: Myspace"),
            ('[prod]\ncors_origins = "*"\n', "cors_origins should be addresses like"),
            ('[prod]\ncors_origins = "https://a.example/x"\n', "'https://a.example/x' is none"),
            ('[prod]\nidentity_providers = { Google = "" }\n', "Google needs the name of its secret"),
            ("[prod]\nseries_horizon = 61\n", "series_horizon should be a number of days from 1 to 60"),
            ("[prod]\nseries_horizon = 0\n", "series_horizon should be a number of days from 1 to 60"),
            ("[prod]\nstream = false\nshards = 2\n", "shards are of the stream, and the stage has none"),
            ("[prod\n", "not valid TOML"),
            ("prod = 1\n", "should be a table"),
        ],
    )
    def test_names_a_setting_that_cannot_be_used(self, settings, text, sentence):
        with pytest.raises(SettingsError, match=sentence):
            load("prod", path=settings(text))

    def test_that_does_not_exist_is_refused_with_those_that_do(self, settings):
        with pytest.raises(SettingsError, match="dev, prod, regulated"):
            load("staging", path=settings(""))

    def test_says_how_to_restore_missing_settings(self, tmp_path):
        with pytest.raises(SettingsError, match="git checkout"):
            load("prod", path=tmp_path / "deploy.toml")


class TestATypeOfEverySetting:
    def test_is_known(self):
        from infra.stages import _TYPES, _WORDS

        assert {kind for types in _TYPES.values() for kind in types.values()} <= {*_WORDS, Site}
        assert PROD.site == Site()
