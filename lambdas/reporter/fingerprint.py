"""Fingerprints by which code-scanning tools know a finding again in the next run."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator

FINGERPRINT = "findingHash/v1"
"""The fingerprint's name in SARIF.

GitHub's ``primaryLocationLineHash`` is left alone: its upload action computes that from the source itself, and warns
of every finding for which somebody else did.
"""

_NUMBER = re.compile(r"\b\d+\b")


def fingerprints(findings: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Return the fingerprint of each finding, in order.

    It is made of the file, the rule and the message without its numbers (messages name lines, lengths and
    complexities), and of the finding's rank among those that are equal in these. So it stays when code moves inside
    its file, and two findings never share one.

    Parameters
    ----------
    findings : Iterable[tuple[str, str, str]]
        Path, rule and message of all findings of one tool, ordered by path and line.
    """
    seen: Counter[str] = Counter()
    for path, rule, message in findings:
        identity = "\0".join((path, rule, _NUMBER.sub("#", message)))
        digest = hashlib.sha256(identity.encode()).hexdigest()[:32]
        seen[digest] += 1
        yield f"{digest}:{seen[digest]}"
