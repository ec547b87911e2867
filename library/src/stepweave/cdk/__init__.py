"""Constructs and stacks that deploy workflows and their agents."""

from stepweave.cdk.node import use_packaged_node

use_packaged_node()  # before any module of this package imports aws_cdk, which starts Node.js
