"""The review as JSON: everything, in the shape of `Review`."""

from lambdas.reporter.review import Review


def to_json(review: Review) -> str:
    """Return the review's JSON text; the same review always gives the same text."""
    return review.model_dump_json(indent=2) + "\n"
