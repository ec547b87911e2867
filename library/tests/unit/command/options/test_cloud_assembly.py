from pathlib import Path

import pytest
import typer

from stepweave.command.options.paths import cloud_assembly


def test_a_folder_with_a_manifest_is_one(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="no cloud assembly"):
        cloud_assembly(str(tmp_path))
    (tmp_path / "manifest.json").write_text("{}")
    assert cloud_assembly(str(tmp_path)) == tmp_path
