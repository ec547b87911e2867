"""Putting the report where people and the command find it: one object in S3 for each format."""

from concurrent.futures import ThreadPoolExecutor

from lambdas.reporter.contract import ReportFile, ReportFormat
from lambdas.reporter.formats import FORMATS, Format
from lambdas.reporter.review import Review
from stepweave import object_errors, s3


def publish(review: Review, bucket: str) -> dict[ReportFormat, ReportFile]:
    """Render the review in every format, then store all of them, at once.

    Nothing is stored unless all could be rendered. The keys depend on the execution alone and the content on the
    review alone, so storing a review again changes nothing.

    Parameters
    ----------
    review : Review
        What to store, below ``reports/<state machine>/<execution>/``.
    bucket : str
        Name of the bucket.

    Raises
    ------
    TransientError
        If S3 could not be reached, throttled or failed.
    ObjectMissingError
        If the bucket does not exist.
    """
    rendered = [(each, each.render(review).encode()) for each in FORMATS]
    prefix = f"reports/{review.state_machine}/{review.execution}"
    with ThreadPoolExecutor(max_workers=len(rendered)) as pool:
        stored = pool.map(lambda item: _put(bucket, prefix, *item), rendered)
        return {each.name: file for each, file in zip(FORMATS, stored, strict=True)}


def _put(bucket: str, prefix: str, report: Format, content: bytes) -> ReportFile:
    key = f"{prefix}/{report.file_name}"
    with object_errors("write", bucket, key):
        s3().put_object(Bucket=bucket, Key=key, Body=content, ContentType=report.media_type)
    return ReportFile(bucket=bucket, key=key, media_type=report.media_type)
