"""A stage in eu-central-1 with a firewall, deployed and destroyed: CloudFront is given the one in us-east-1."""

import pytest

from tests.e2e.deployed import Deployment
from tests.emulator import Emulator

pytestmark = [pytest.mark.e2e_full, pytest.mark.xdist_group("deployed")]
HOME, EDGE = "eu-central-1", "us-east-1"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    folder = tmp_path_factory.mktemp("abroad")
    settings = folder / "deploy.toml"
    settings.write_text(f'[prod]\nregion = "{HOME}"\n')
    emulator = Emulator(folder / "state")
    yield Deployment(emulator=emulator, region=HOME, settings=settings)
    emulator.stop()


def stacks(deployment, region):
    found = deployment.emulator.client("cloudformation", region=region).list_stacks()["StackSummaries"]
    return {each["StackName"] for each in found if each["StackStatus"] != "DELETE_COMPLETE"}


class TestAStageAbroad:
    def test_is_deployed_with_its_firewall_and_destroyed(self, deployment):
        self.refuses_regions_that_were_not_prepared(deployment)
        self.deploys_cloudfront_and_what_it_needs(deployment)
        self.leaves_nothing_in_either_region(deployment)

    def refuses_regions_that_were_not_prepared(self, deployment):
        said = deployment.cdk("deploy", "--all", fails=True)

        prepare = f"uv run cdk bootstrap aws://000000000000/{HOME} aws://000000000000/{EDGE}"
        assert f"was not prepared for the CDK in {HOME} and {EDGE}. Type: {prepare}" in said
        assert stacks(deployment, HOME) == stacks(deployment, EDGE) == set()
        deployment.cdk("bootstrap", f"aws://000000000000/{HOME}", f"aws://000000000000/{EDGE}")

    def deploys_cloudfront_and_what_it_needs(self, deployment):
        deployment.cdk("deploy", "OmnichannelApiStack", "--require-approval", "never", "--concurrency", "4")

        assert stacks(deployment, EDGE) == {"CDKToolkit", "OmnichannelSecurityEdgeStack"}
        acls = deployment.emulator.client("wafv2", region=EDGE).list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
        client = deployment.emulator.client("cloudfront", region=EDGE)
        (distribution,) = client.list_distributions()["DistributionList"]["Items"]
        assert [distribution["WebACLId"]] == [acl["ARN"] for acl in acls]
        assert ":us-east-1:" in distribution["WebACLId"]

    def leaves_nothing_in_either_region(self, deployment):
        deployment.cdk("destroy", "--all", "--force")

        assert stacks(deployment, HOME) == stacks(deployment, EDGE) == {"CDKToolkit"}
        assert deployment.emulator.client("wafv2", region=EDGE).list_web_acls(Scope="CLOUDFRONT")["WebACLs"] == []
