"""The CDK application: ``cdk synth``, ``cdk deploy``, ``stepweave run`` and the tests all start here."""

from stepweave.cdk import Application

from stacks.application import customize

if __name__ == "__main__":
    Application(customize).synth()
