"""What this project deploys beside what Stepweave makes of its workflows and agents."""

from stacks.slow_executions import SlowExecutions
from stepweave.cdk import Deployment


def customize(deployment: Deployment) -> None:
    """Change what is deployed, before the templates are written.

    Parameters
    ----------
    deployment : Deployment
        The functions of the agents, the state machines of the workflows, and what both store.
    """
    for machine in deployment.workflows:
        SlowExecutions(machine, "SlowExecutions", machine=machine, alarm_topic_arn=deployment.settings.alarm_topic_arn)
