"""A log that is kept for a while."""

from typing import Final

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from stepweave.cdk.setting_values import RETENTION_DAYS
from stepweave.cdk.settings import Settings

RETENTIONS: Final = dict(
    zip(RETENTION_DAYS, (one for one in logs.RetentionDays if one is not logs.RetentionDays.INFINITE), strict=True)
)
"""What the CDK calls a number of days."""


class ExpiringLog(logs.LogGroup):
    """A log group that forgets what is older than the settings say.

    Parameters
    ----------
    name : str
        Its name.
    settings : Settings
        What was chosen about the deployment.
    key : kms.IKey | None
        What encrypts it; a key of CloudWatch Logs if None.
    days : int
        For how long it is kept if nothing was chosen.
    """

    def __init__(  # noqa: PLR0913
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: Settings,
        key: kms.IKey | None,
        days: int = 30,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=RETENTIONS[settings.log_retention_days or days],
            encryption_key=key,
            removal_policy=cdk.RemovalPolicy.RETAIN if settings.retains_records else cdk.RemovalPolicy.DESTROY,
        )
