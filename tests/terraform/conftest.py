"""One initialised copy of the configuration for all tests, and each environment planned once."""

import pytest

from tests.terraform.cli import Terraform, required
from tests.terraform.deployment import Deployment


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs Terraform where it is missing."""
    if "terraform" in getattr(item, "fixturenames", ()):
        required()


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform, ready to plan."""
    command, plugins = required()
    return Terraform(tmp_path_factory.mktemp("terraform"), command=command, plugins=plugins)


@pytest.fixture(scope="session")
def dev(terraform: Terraform) -> Deployment:
    """The environment dev."""
    return Deployment(plan=terraform.plan("dev"), mocked_state=terraform.mocked_state("dev"))


@pytest.fixture(scope="session")
def prod(terraform: Terraform) -> Deployment:
    """The environment prod."""
    return Deployment(plan=terraform.plan("prod"), mocked_state=terraform.mocked_state("prod"))


@pytest.fixture(params=["dev", "prod"])
def deployment(request: pytest.FixtureRequest, dev: Deployment, prod: Deployment) -> Deployment:
    """Each environment in turn, for what holds in both."""
    return dev if request.param == "dev" else prod
