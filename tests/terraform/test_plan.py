"""What holds of everything that would be made in dev and in prod."""

from tests.terraform.addresses import FUNCTIONS, STAGE, TABLE
from tests.terraform.deployment import Deployment


def test_everything_that_can_be_tagged_tells_where_it_belongs(deployment: Deployment) -> None:
    tagged = {a: found["tags_all"] for a, found in deployment.everything_planned().items() if "tags_all" in found}
    environment = deployment.planned(STAGE)["stage_name"]

    assert TABLE in tagged
    for address, tags in tagged.items():
        assert tags == {"application": "appointments", "environment": environment, "managed-by": "terraform"}, address


def test_two_environments_share_no_name(dev: Deployment, prod: Deployment) -> None:
    def names(deployment: Deployment) -> set[str]:
        keys = ("name", "function_name", "alarm_name", "dashboard_name")
        return {
            str(found[key])
            for address, found in deployment.everything_planned().items()
            for key in keys
            if found.get(key) and ".aws_iam_role_policy." not in address and ".aws_lambda_alias." not in address
        }

    assert len(names(dev)) == len(names(prod)) > len(FUNCTIONS)
    assert names(dev) & names(prod) == set()
