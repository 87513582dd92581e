"""The guard against requests forged into our own network."""

from collections.abc import Sequence

import pytest

from publishing.http import HttpClient, NotSentError, OutgoingPolicy, RefusedError
from tests.servers import http_answer, serving

#: Refused by their form, whatever they would resolve to.
HOSTILE_FORMS = [
    "",
    " ",
    "example.org",
    "//example.org/",
    "https:example.org",
    "https:/example.org",
    "https:///example.org",
    "https://",
    "https://.",
    "https://..",
    "https://-.example.org/",
    "http://example.org/",
    "HTTP://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:11211/",
    "data:text/html,hello",
    "javascript:alert(1)",
    "https://user@example.org/",
    "https://user:password@example.org/",
    "https://example.org@127.0.0.1/",
    "https://127.0.0.1\\@example.org/",
    "https://example.org\\.evil.test/",
    "https://exam ple.org/",
    "https://example.org/\r\nHost: 127.0.0.1",
    "https://example.org/\tpath",
    "https://example.org/\x00",
    "\thttps://example.org/",
    "https://example.org/ü",
    "https://exämple.org/",
    "https://ⓔxample.org/",
    "https://example。org/",
    "https://%31%32%37.0.0.1/",
    "https://[::1",
    "https://::1/",
    "https://[v1.fe80::a+en1]/",
    "https://[fe80::1%25eth0]/",
    "https://example.org:80/",
    "https://example.org:8443/",
    "https://example.org:0/",
    "https://example.org:65536/",
    "https://example.org:-1/",
    "https://example.org:443:80/",
    "https://example.org:22/",
    "https://example.org/" + "a" * 2_048,
    "https://" + "a" * 64 + ".org/",
    "https://127.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
]

#: Well-formed names and what a hostile resolver, or a number in disguise, makes of them.
HOSTILE_ADDRESSES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - refused, never bound
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]


def resolving_to(*addresses: str):
    return lambda host, port: addresses


class TestOutgoingPolicy:
    @pytest.mark.parametrize("url", HOSTILE_FORMS)
    def test_refuses_a_hostile_form_and_says_why(self, url):
        refusal = OutgoingPolicy().refusal(url)

        assert refusal is not None
        assert refusal.startswith("The ")
        assert refusal.endswith(".")

    @pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
    def test_refuses_a_name_that_leads_inside(self, address):
        policy = OutgoingPolicy()
        target = policy.read("https://example.org/")

        with pytest.raises(RefusedError, match="private or reserved"):
            policy.addresses(target, resolving_to(address))

    @pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
    def test_refuses_a_name_of_which_one_address_leads_inside(self, address):
        policy = OutgoingPolicy()
        target = policy.read("https://example.org/")

        with pytest.raises(RefusedError):
            policy.addresses(target, resolving_to("93.184.215.14", address))

    @pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "[::1]"])
    def test_refuses_loopback_in_disguise(self, host):
        client = HttpClient(OutgoingPolicy(), 5)

        with pytest.raises((RefusedError, NotSentError)):
            client.courier().request("POST", f"https://{host}/", acts=True)

    @pytest.mark.parametrize("address", ["93.184.215.14", "8.8.8.8", "2606:4700:4700::1111"])
    def test_lets_public_addresses_pass(self, address):
        policy = OutgoingPolicy()

        found = policy.addresses(policy.read("https://example.org/"), resolving_to(address))

        assert found == (address,)

    def test_takes_a_url_apart_once(self):
        target = OutgoingPolicy().read("https://Example.ORG/a/b%20c?d=e&f#fragment")

        assert (target.host, target.port, target.target) == ("example.org", 443, "/a/b%20c?d=e&f")

    def test_allows_further_ports_when_configured(self):
        policy = OutgoingPolicy(ports=frozenset({443, 8443}))

        assert policy.refusal("https://example.org:8443/") is None

    def test_repeats_neither_password_nor_path_in_its_refusal(self):
        refusal = OutgoingPolicy().refusal("https://user:canary@example.org/canary?canary")

        assert "canary" not in str(refusal)


class TestLocalMode:
    POLICY = OutgoingPolicy(allow_private=True)

    @pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.1"])
    def test_allows_plain_http_inside(self, address):
        target = self.POLICY.read("http://platforms:8010/mastodon/news")

        assert self.POLICY.addresses(target, resolving_to(address)) == (address,)

    @pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1"])  # noqa: S104
    def test_refuses_metadata_services_and_the_like_all_the_same(self, address):
        with pytest.raises(RefusedError):
            self.POLICY.addresses(self.POLICY.read("https://platforms/"), resolving_to(address))

    def test_refuses_plain_http_to_the_outside(self):
        with pytest.raises(RefusedError, match="https"):
            self.POLICY.addresses(self.POLICY.read("http://example.org/"), resolving_to("93.184.215.14"))


class TestAResolverThatChangesItsAnswer:
    def test_is_asked_once_a_connection_and_gains_nothing(self):
        answers = [["93.184.215.14"], ["127.0.0.1"]]
        asked: list[str] = []

        def resolve(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return answers[len(asked) - 1]

        policy = OutgoingPolicy()
        target = policy.read("https://rebound.test/")

        assert policy.addresses(target, resolve) == ("93.184.215.14",)
        with pytest.raises(RefusedError):
            policy.addresses(target, resolve)

    def test_is_judged_at_the_moment_of_connecting(self):
        with serving(http_answer()) as server:
            client = HttpClient(OutgoingPolicy(ports=frozenset({server.port})), 5, resolve=resolving_to("127.0.0.1"))
            courier = client.courier()

            with pytest.raises(RefusedError):
                courier.request("POST", f"https://rebound.test:{server.port}/", acts=True)

            assert not courier.may_have_acted
            assert server.connections == 0

    def test_is_not_asked_again_for_the_connection_that_was_judged(self):
        asked: list[str] = []

        def resolve(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"]

        with serving(http_answer()) as server:
            client = HttpClient(OutgoingPolicy(allow_private=True), 5, resolve=resolve)
            answer = client.courier().request("GET", f"http://rebound.test:{server.port}/x?y", acts=False)
            client.close_idle()

        assert answer.status == 200
        assert asked == ["rebound.test"]
        assert f"host: rebound.test:{server.port}".encode() in server.requests[0].lower()


class TestANameWithoutAddress:
    def test_is_certainly_not_reached(self):
        def resolve(host: str, port: int) -> Sequence[str]:
            raise OSError("no such name")

        client = HttpClient(OutgoingPolicy(), 5, resolve=resolve)

        with pytest.raises(NotSentError, match="resolved"):
            client.courier().request("POST", "https://gone.test/", acts=True)
