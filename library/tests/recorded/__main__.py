"""Write the recording of the current release: ``make record``."""

import json
import os
from importlib.metadata import version
from pathlib import Path

from moto import mock_aws

from tests.dynamodb_tables import create_table
from tests.recorded.recording import ENVIRONMENT, make_resources, record

os.environ.update(ENVIRONMENT)
with mock_aws():
    make_resources(create_table)
    folder = Path(__file__).parent / version("stepweave")
    folder.mkdir(exist_ok=True)
    (folder / "recorded_work.json").write_text(json.dumps(record(), indent=1, sort_keys=True) + "\n")
