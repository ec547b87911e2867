"""What cannot be the name of a table is refused as such.

Upstream defect: it is said to be a table that does not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend

from stepweave.local_cloud.adapters.patch import replaced

_NAME: Final = "[a-zA-Z0-9_.-]+"


@contextmanager
def table_names() -> Iterator[None]:
    """Refuse what is neither a name nor an ARN."""
    upstream = DynamoDBBackend.get_table

    def get_table(self: Any, table_name: str) -> Any:
        if not table_name.startswith("arn:") and not re.fullmatch(_NAME, table_name):
            raise MockValidationException(
                f"1 validation error detected: Value '{table_name}' at 'tableName' failed to satisfy constraint: "
                f"Member must satisfy regular expression pattern: {_NAME}"
            )
        return upstream(self, table_name)

    with replaced(DynamoDBBackend, "get_table", get_table):
        yield
