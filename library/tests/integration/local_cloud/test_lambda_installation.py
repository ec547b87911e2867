"""The adapter leaves moto as it found it."""

from moto.awslambda.models import LambdaBackend, LambdaFunction, LayerVersion
from moto.awslambda.responses import LambdaResponse

from stepweave.local_cloud.cloud import RUNTIME_DIRECTORY
from stepweave.local_cloud.lambda_runtime import moto_backend
from stepweave.local_cloud.lambda_runtime.host import FunctionHost

OWNERS = (LambdaBackend, LambdaFunction, LambdaResponse, LayerVersion)


def test_moto_is_as_it_was_when_the_context_ends() -> None:
    before = [dict(vars(owner)) for owner in OWNERS]
    with FunctionHost(runtime_directory=RUNTIME_DIRECTORY) as host:
        for _ in range(2):
            with moto_backend.install(host):
                assert all(dict(vars(owner)) != was for owner, was in zip(OWNERS, before, strict=True))
            assert [dict(vars(owner)) for owner in OWNERS] == before
