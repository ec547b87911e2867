"""A secret has a name that Secrets Manager takes.

Upstream defect: any text is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.secretsmanager.exceptions import ValidationException
from moto.secretsmanager.models import SecretsManagerBackend

from stepweave.local_cloud.adapters.patch import replaced

_NAME: Final = re.compile(r"[A-Za-z0-9/_+=.@!-]+")


@contextmanager
def secret_names() -> Iterator[None]:
    """Refuse other names."""
    upstream = SecretsManagerBackend.create_secret

    def create_secret(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if not _NAME.fullmatch(name):
            raise ValidationException(
                "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: "
                "-/_+=.@!"
            )
        return upstream(self, name, *args, **kwargs)

    with replaced(SecretsManagerBackend, "create_secret", create_secret):
        yield
