"""Trees of files for the tests of agents that read a repository."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]

NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["x = 1\n"]},
            {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["import os\n"]},
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)

SHOP = '''
import os
import pickle
import subprocess

class Cart:
    """What is to be bought."""

    def total(self, prices, discount=None):
        """Add up."""
        assert prices
        if discount and discount > 0 or not prices:
            return sum(p for p in prices if p) - discount
        return sum(prices)

    def save(self, data):
        try:
            pickle.loads(data)
        except Exception:
            pass

def run(command, password="secret"):
    subprocess.call(command, shell=True)
    eval(command)  # nosec
    for part in command:
        while part:
            part = part[1:]
        else:
            break
'''


def plant(tree: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a directory; a name may hold bytes that are not UTF-8, as surrogates."""
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return tree


def awkward_tree(tree: Path) -> Path:
    """Write a tree that holds about everything that makes tools stumble."""
    plant(
        tree,
        {
            "shop/__init__.py": "",
            "shop/cart.py": SHOP,
            "shop/_private.py": SHOP,
            ".github/scripts/release.py": SHOP,
            "build/generated.py": SHOP,
            "ignored.py": SHOP,
            "syntax.py": "def f(:\n",
            "latin.py": b'name = "\xe9"\nimport os\n',
            "cookie.py": b'# -*- coding: latin-1 -*-\nimport os\nname = "\xe9"\n',
            "bom.py": b"\xef\xbb\xbfimport os\n",
            "null.py": b"import os\0\n",
            "deep.py": "x = " + "(" * 5000 + ")" * 5000 + "\n",
            "sums.py": "x = " + "1 + " * 20_000 + "1\n",
            "long.py": "import os; x = '" + "a" * 200_000 + "'\n",
            "surrogate.py": "password = '\\ud800'\ndef f():\n    '''\\ud800 half.'''\n",
            "caf\udce9.py": SHOP,
            "new\nline.py": SHOP,
            "folder.py/inside.py": SHOP,
            "script": "#!/usr/bin/env python3\ndef main():\n    if 1:\n        pass\n",
            "binary.dat": bytes(range(256)),
            "stub.pyi": "import os\n",
            "notebook.ipynb": NOTEBOOK,
            # None of these may be obeyed.
            ".gitignore": "ignored.py\n",
            ".bandit": "[bandit]\nexclude = shop\nskips = B101\n",
            "ruff.toml": "line-length = 20\n[lint]\nselect = ['ALL']\n",
            "setup.cfg": "[radon]\nexclude = shop/*\nno_assert = true\nshow_closures = true\n",
            "pyproject.toml": "[tool.ruff]\nexclude = ['shop']\n",
            # Nor may these be imported.
            "json.py": "raise SystemExit('the repository was run')\n",
            "bandit/__init__.py": "raise SystemExit('the repository was run')\n",
            "radon/__init__.py": "raise SystemExit('the repository was run')\n",
        },
    )
    (tree / "link.py").symlink_to("shop/cart.py")
    (tree / "shops").symlink_to("shop")
    return tree


def by_hand(command: str, tree: Path) -> str:
    """Run a command line at the top of a tree with the tools of this environment, and return what it prints."""
    tools = Path(sys.executable).parent
    done = subprocess.run(  # noqa: S602  - a documented command line is for a shell
        command,
        shell=True,
        cwd=tree,
        env={"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
        text=True,
        errors="surrogateescape",
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
