"""What the errors of the AWS SDK mean in plain words."""

from botocore import exceptions as aws

from stepweave.command.errors import EXIT_FAILED, CommandError, first_line

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})


def explain_aws(error: Exception) -> CommandError:
    """Say what an exception of the AWS SDK means, and what to do about it."""
    if isinstance(error, aws.ClientError):
        details = error.response.get("Error", {})
        code, message = details.get("Code", "error"), details.get("Message", "")
        said = f"AWS refused {error.operation_name}: {code}: {message}".rstrip(": ")
        if code in _EXPIRED:
            return CommandError(
                said, "renew your AWS credentials (for example `aws sso login`) and try again", EXIT_FAILED
            )
        if code in _DENIED:
            return CommandError(said, "ask for that permission, or use another profile (AWS_PROFILE)", EXIT_FAILED)
        return CommandError(said, exit_code=EXIT_FAILED)
    if isinstance(error, aws.NoCredentialsError | aws.PartialCredentialsError | aws.ProfileNotFound):
        return CommandError(f"no usable AWS credentials: {first_line(error)}", "configure a profile, or run locally")
    if isinstance(error, aws.EndpointConnectionError | aws.ConnectTimeoutError | aws.ReadTimeoutError):
        return CommandError(first_line(error), "is the endpoint up, and the network there?", EXIT_FAILED)
    return CommandError(f"the AWS SDK failed: {first_line(error)}", exit_code=EXIT_FAILED)
