"""The local cloud that tests share gives the process back."""

import boto3
import pytest
from moto import mock_aws
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.eval.environment import Environment

from stepweave.local_cloud.cloud import LocalCloud
from stepweave.local_cloud.errors import AlreadyRunningError
from stepweave.testing.shared_local_cloud import SharedLocalCloud
from tests.sample_project import SAMPLE


def test_it_starts_when_needed_makes_way_and_starts_again() -> None:
    upstream = Program.eval, Environment.__init__
    shared = SharedLocalCloud()
    shared.stop()
    first = shared.start()
    assert shared.start() is first
    first.client("stepfunctions").list_state_machines()
    assert Program.eval is not upstream[0]
    with pytest.raises(AlreadyRunningError):
        LocalCloud.start()

    shared.stop()
    shared.stop()
    assert (Program.eval, Environment.__init__) == upstream
    with LocalCloud.start() as own:
        assert own.session().client("sqs").list_queues().get("QueueUrls", []) == []
    with mock_aws():
        boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="of-a-mock")

    second = shared.start()
    assert second is not first
    assert second.client("sqs").list_queues().get("QueueUrls", []) == []
    shared.stop()


PROJECT = """
import pytest
from stepweave.local_cloud.cloud import LocalCloud

def test_shared(local_cloud):
    local_cloud.client("sqs").create_queue(QueueName="of-this-test")
"""
OWN = """
import pytest
from stepweave.local_cloud.cloud import LocalCloud

pytestmark = pytest.mark.usefixtures("without_local_cloud")

@pytest.fixture(scope="module")
def cloud():
    with LocalCloud.start() as cloud:
        yield cloud

def test_own(cloud):
    assert cloud.session().client("sqs").list_queues().get("QueueUrls", []) == []
"""


@pytest.mark.parametrize("order", [("shared", "own"), ("own", "shared"), ("shared", "own", "shared_again")])
def test_modules_with_a_cloud_of_their_own_can_come_in_any_order(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, order: tuple[str, ...]
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(SAMPLE))
    names = [f"test_{position}_{name}.py" for position, name in enumerate(order)]
    for name in names:
        pytester.path.joinpath(name).write_text(OWN if name.endswith("own.py") else PROJECT)
    options = ("-p", "no:cacheprovider", "-W", "ignore")
    pytester.runpytest_subprocess(*options, *names).assert_outcomes(passed=len(order))
