"""CDK code of this project's own, beside what Stepweave makes of agents and workflows."""

import stepweave.cdk  # noqa: F401 - chooses the Node.js that came with it, before a module here imports aws_cdk
