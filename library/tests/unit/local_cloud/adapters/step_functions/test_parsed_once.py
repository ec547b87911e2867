"""What is parsed once: definitions."""

import json

from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from stepweave.local_cloud.adapters.step_functions.parsed_once import parsed_once

DEFINITION = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def test_upstream_parses_a_definition_each_time() -> None:
    assert AmazonStateLanguageParser.parse(DEFINITION)[0] is not AmazonStateLanguageParser.parse(DEFINITION)[0]


def test_a_definition_is_parsed_once() -> None:
    with parsed_once():
        assert AmazonStateLanguageParser.parse(DEFINITION)[0] is AmazonStateLanguageParser.parse(DEFINITION)[0]
