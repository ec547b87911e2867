import pytest

from stepweave.local_cloud.adapters.step_functions.sdk_services import (
    boto_name,
    error_prefix,
    listed_errors,
    operation_of,
)


@pytest.mark.parametrize(
    ("service", "boto", "prefix"),
    [
        ("acmpca", "acm-pca", "AcmPca"),
        ("apigatewayv2", "apigatewayv2", "ApiGatewayV2"),
        ("applicationautoscaling", "application-autoscaling", "ApplicationAutoScaling"),
        ("bedrockruntime", "bedrock-runtime", "BedrockRuntime"),
        ("cloudwatchlogs", "logs", "CloudWatchLogs"),
        ("cognitoidentityprovider", "cognito-idp", "CognitoIdentityProvider"),
        ("config", "config", "Config"),
        ("costexplorer", "ce", "CostExplorer"),
        ("databasemigration", "dms", "DatabaseMigration"),
        ("dynamodb", "dynamodb", "DynamoDb"),
        ("elasticloadbalancingv2", "elbv2", "ElasticLoadBalancingV2"),
        ("eventbridge", "events", "EventBridge"),
        ("iotdataplane", "iot-data", "IotDataPlane"),
        ("lexmodelsv2", "lexv2-models", "LexModelsV2"),
        ("rdsdata", "rds-data", "RdsData"),
        ("s3", "s3", "S3"),
        ("secretsmanager", "secretsmanager", "SecretsManager"),
        ("sesv2", "sesv2", "SesV2"),
        ("sfn", "stepfunctions", "Sfn"),
    ],
)
def test_services_have_the_names_of_the_sdk_for_java(service: str, boto: str, prefix: str) -> None:
    assert boto_name(service) == boto
    assert error_prefix(boto) == prefix


def test_what_is_not_there_has_no_name() -> None:
    assert boto_name("s4") is None
    assert operation_of("s3", "putNothing") is None


def test_actions_are_found_in_camel_and_in_snake_case() -> None:
    found = [operation_of("stepfunctions", name) for name in ("startExecution", "start_execution")]
    assert [operation.name for operation in found if operation is not None] == ["StartExecution"] * 2


def test_errors_are_known_by_their_codes() -> None:
    assert listed_errors("sns")["NotFound"] == "NotFoundException"
    assert listed_errors("lambda")["ResourceNotFoundException"] == "ResourceNotFoundException"
    assert "ValidationException" not in listed_errors("dynamodb")
