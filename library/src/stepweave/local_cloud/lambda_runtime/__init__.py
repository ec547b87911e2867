"""AWS Lambda on this machine: functions run in warm worker processes behind the Lambda Runtime API."""
