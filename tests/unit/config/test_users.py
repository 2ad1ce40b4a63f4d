import stat
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.config import users
from bedplate.config.environment_file import Environment
from bedplate.config.users import Account, Accounts
from bedplate.core.errors import InputError

HASH = users.hash_password("correct horse")


def environment(**more: Any) -> Environment:
    """Return an environment with two tenants."""
    tenants = [
        {
            "name": "physics",
            "owner": "a",
            "groups": {"admins": ["heads"], "users": ["physicists"]},
            "namespaces": [{"name": "physics"}],
        },
        {"name": "biology", "owner": "b", "groups": {"users": ["biologists"]}, "namespaces": [{"name": "biology"}]},
    ]
    return Environment.model_validate({
        "name": "site", "release": "2026.11.0", "domain": "site.test", "publisher": "ssh-ed25519 AAAA",
        "bastion": {"host": "bastion"}, "tenants": tenants,
        "network": {"nodes": "198.18.0.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17"}, **more,
    })  # fmt: skip


def test_a_hash_matches_only_its_password() -> None:
    """Only the password itself matches its hash; two hashes of one password differ."""
    account = Account(name="ada", password=HASH)
    assert users.is_password(account, "correct horse")
    assert not users.is_password(account, "Correct horse")
    assert users.hash_password("correct horse") != HASH


def test_a_file_comes_back_as_written(tmp_path: Path) -> None:
    """A users file is read back as the same accounts, and only its owner can open it."""
    accounts = Accounts(users=[Account(name="ada", password=HASH, groups=["physicists"])])
    users.write(tmp_path / "users.yaml", accounts)
    assert users.read(tmp_path / "users.yaml") == accounts
    assert stat.S_IMODE((tmp_path / "users.yaml").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("users: [", "is not YAML"),
        ("users: [{name: ada}]", "users.0.password is invalid: Field required"),
        ("users: [{name: ada, password: secret}]", "users.0.password is invalid: String should match"),
        (f"users: [{{name: Ada, password: '{HASH}'}}]", "users.0.name is invalid: String should match"),
        (f"users: [{{name: a, password: '{HASH}'}}, {{name: a, password: '{HASH}'}}]", "user a is a duplicate"),
        ("people: []", "people is invalid: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, content: str, message: str) -> None:
    """An invalid users file is refused with its path, without printing what may be a password."""
    path = tmp_path / "users.yaml"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        users.read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_accounts_that_bedplate_makes_stay(tmp_path: Path) -> None:
    """Without a users file, the administrator and the account of the acceptance run are created once."""
    accounts = users.ensure_accounts(environment(), tmp_path)
    administrator, acceptance = accounts.users
    assert (administrator.name, administrator.groups) == ("administrator", ["biologists", "heads", "physicists"])
    assert (acceptance.name, acceptance.groups) == ("acceptance", ["bedplate-acceptance"])
    assert users.is_password(acceptance, users.account_password(tmp_path, "acceptance"))
    assert users.ensure_accounts(environment(), tmp_path) == accounts
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_sites_own_users_are_kept(tmp_path: Path) -> None:
    """The users in a site's file are unchanged; only the account of the acceptance run is added."""
    path = tmp_path / "users.yaml"
    users.write(path, Accounts(users=[Account(name="ada", password=HASH, groups=["heads"])]))
    accounts = users.ensure_accounts(environment(identity={"users": str(path)}), tmp_path / "accounts")
    assert [account.name for account in accounts.users] == ["ada", "acceptance"]


def test_users_are_set_and_removed(tmp_path: Path) -> None:
    """`bedplate user` adds a user with the password on standard input, changes the user, and removes them."""
    path, runner = str(tmp_path / "users.yaml"), CliRunner()
    assert (
        runner.invoke(cli.build(["user"]), ["user", "set", path, "ada", "--group", "heads"], input="one\n").exit_code
        == 0
    )
    assert (
        runner.invoke(cli.build(["user"]), ["user", "set", path, "ada", "--group", "users"], input="two\n").exit_code
        == 0
    )
    [ada] = users.read(Path(path)).users
    assert ada.groups == ["users"]
    assert users.is_password(ada, "two")
    assert runner.invoke(cli.build(["user"]), ["user", "remove", path, "ada"]).exit_code == 0
    assert users.read(Path(path)).users == []
