"""What the process of a local cloud is given of its user's environment."""

import os

from stepweave.local_client.launch import environment


def test_accounts_tests_and_a_moto_of_the_user_are_not_its_business() -> None:
    variables = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "AWS_PROFILE": "mine",
        "AWS_CONFIG_FILE": "/my/config",
        "CDK_DEFAULT_ACCOUNT": "1",
        "MOTO_ACCOUNT_ID": "1",
        "PYTEST_CURRENT_TEST": "this",
        "MALLOC_ARENA_MAX": "8",
    }
    given = environment(variables)
    assert {name: given[name] for name in given if name in variables} == {
        "PATH": "/bin",
        "HOME": "/home/me",
        "AWS_CONFIG_FILE": os.devnull,
        "MALLOC_ARENA_MAX": "8",
    }
    assert given["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
