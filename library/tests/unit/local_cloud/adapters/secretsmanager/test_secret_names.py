import pytest

from stepweave.local_cloud.adapters.secretsmanager.secret_names import secret_names
from tests.unit.local_cloud.adapters.conftest import Client


def test_a_name_has_only_some_signs(client: Client) -> None:
    secrets = client("secretsmanager")
    secrets.create_secret(Name="Invalid Name", SecretString="s")  # upstream
    with secret_names():
        secrets.create_secret(Name="a/b_c+d=e.f@g-h", SecretString="s")
        with pytest.raises(secrets.exceptions.ClientError, match=r"ValidationException.*Invalid name\."):
            secrets.create_secret(Name="Another Name", SecretString="s")
