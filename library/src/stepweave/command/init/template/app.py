"""The CDK application: ``cdk synth``, ``cdk deploy``, ``stepweave run`` and the tests all start here."""

from stacks.application import customize
from stepweave.cdk import Application

if __name__ == "__main__":
    Application(customize).synth()
