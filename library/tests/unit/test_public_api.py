"""What is public is what the snapshot says: a change of it is a decision, and belongs into the changelog."""

import difflib

import pytest

from tests.unit.public_api import SNAPSHOT, public_api


def test_what_is_public_is_what_the_snapshot_says() -> None:
    agreed, found = SNAPSHOT.read_text(encoding="utf-8"), public_api()
    if agreed != found:
        lines = difflib.unified_diff(agreed.splitlines(), found.splitlines(), "agreed", "found", lineterm="", n=2)
        pytest.fail(
            "what is public has changed:\n\n"
            + "\n".join(lines)
            + "\n\nIf it is meant: `make public-api` writes the snapshot; say so in CHANGELOG.md. What goes must have "
            "been deprecated for a minor version: docs/upgrades.md",
            pytrace=False,
        )
