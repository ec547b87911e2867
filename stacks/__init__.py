"""CDK code of this project's own, beside what Stepweave makes of agents and workflows."""
