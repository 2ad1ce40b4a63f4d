"""The local users file: names, scrypt hashes and groups (provider ``file`` of environment.yaml).

The format, which the reader in manifests/jupyterhub/hub shares::

    users:
      - name: ada
        password: scrypt$32768$8$1$<salt, base64>$<key, base64>
        groups: [physics]
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import string
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from bedplate.config import acceptance_tenant
from bedplate.config.base import Model
from bedplate.config.environment_file import Environment
from bedplate.core.errors import InputError, SourceLocation
from bedplate.core.files import write_atomic

ACCEPTANCE = "acceptance"
"""The account of the acceptance run; it has only the group of the acceptance run's own tenant."""
ADMINISTRATOR = "administrator"
"""The account created if the environment names no users file; it has the groups of every tenant."""

COST, BLOCK, LANES, KEY_BYTES = 2**15, 8, 1, 32
MEMORY = 2 * 128 * COST * BLOCK
PASSWORD_LENGTH = 32


class Account(Model):
    """A person or program that may log in."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$", description="user name, in lowercase")
    password: str = Field(
        pattern=r"^scrypt\$[0-9]+\$[0-9]+\$[0-9]+\$[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+$",
        description="scrypt$N$r$p$salt$key, salt and key in base64; never the password itself",
    )
    groups: list[str] = Field(default_factory=list, description="groups, as in `tenants:` of environment.yaml")


class Accounts(Model):
    """The users file."""

    users: list[Account] = Field(default_factory=list, description="everyone who may log in")


def hash_password(password: str) -> str:
    """Return a new salted scrypt hash of a password."""
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=COST, r=BLOCK, p=LANES, maxmem=MEMORY, dklen=KEY_BYTES)
    return "$".join(["scrypt", str(COST), str(BLOCK), str(LANES), _text(salt), _text(key)])


def is_password(account: Account, password: str) -> bool:
    """Return whether a password is the account's."""
    _, cost, block, lanes, salt, key = account.password.split("$")
    n, r, p = int(cost), int(block), int(lanes)
    expected = base64.b64decode(key)
    actual = hashlib.scrypt(
        password.encode(), salt=base64.b64decode(salt), n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=len(expected)
    )
    return hmac.compare_digest(actual, expected)


def read(path: Path) -> Accounts:
    """Read a users file; raise InputError if it is missing or invalid."""
    where = SourceLocation(str(path))
    try:
        accounts = Accounts.model_validate(yaml.safe_load(path.read_bytes()) or {})
    except FileNotFoundError as error:
        raise InputError(
            "users file", "does not exist", "create it with `bedplate user set`, or leave identity.users empty", where
        ) from error
    except yaml.YAMLError as error:
        raise InputError(
            "users file", f"is not YAML: {' '.join(str(error).split())}", "fix the syntax there", where
        ) from error
    except ValidationError as error:
        # The message leaves out the input: it may be a password typed into the wrong field.
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InputError(f"users file: {field}", f"is invalid: {first['msg']}", "fix that field", where) from error
    _refuse_duplicates(accounts, where)
    return accounts


def write(path: Path, accounts: Accounts) -> None:
    """Write a users file that only its owner can read."""
    write_atomic(path, text(accounts), mode=0o600)


def text(accounts: Accounts) -> str:
    """Return the text of a users file; equal accounts give equal text."""
    return yaml.safe_dump(accounts.model_dump(), sort_keys=False)


def with_user(accounts: Accounts, name: str, password: str, groups: list[str]) -> Accounts:
    """Return the accounts with a user added, or with their password and groups replaced."""
    try:
        account = Account(name=name, password=hash_password(password), groups=groups)
    except ValidationError as error:
        fact = f"is invalid: {error.errors(include_input=False)[0]['msg']}"
        raise InputError(f"user {name}", fact, "use lowercase letters and digits, such as ada") from error
    return Accounts(users=[*without_user(accounts, name).users, account])


def without_user(accounts: Accounts, name: str) -> Accounts:
    """Return the accounts without a user."""
    return Accounts(users=[account for account in accounts.users if account.name != name])


def ensure_accounts(environment: Environment, folder: Path) -> Accounts:
    """Return all accounts of a site: its own users, and the account of the acceptance run.

    Accounts that Bedplate creates keep their password and hash in ``folder`` (``NAME.password``,
    ``NAME.hash``), so that a second run returns the same accounts.

    Args:
        environment: names the users file and the groups.
        folder: /var/lib/bedplate/environments/<environment>/secrets/accounts.
    """
    if environment.identity.users:
        users = list(read(Path(environment.identity.users)).users)
    else:
        users = [_ensure_account(ADMINISTRATOR, _all_groups(environment), folder)]
    accounts = Accounts(users=[*users, _ensure_account(ACCEPTANCE, list(acceptance_tenant.GROUPS.users), folder)])
    _refuse_duplicates(accounts, SourceLocation(environment.identity.users or str(folder)))
    return accounts


def account_password(folder: Path, name: str) -> str:
    """Return the password of an account that `ensure_accounts` created."""
    return (folder / f"{name}.password").read_text().strip()


def _ensure_account(name: str, groups: list[str], folder: Path) -> Account:
    secret, hashed = folder / f"{name}.password", folder / f"{name}.hash"
    if not secret.exists():
        letters = string.ascii_letters + string.digits
        write_atomic(secret, "".join(secrets.choice(letters) for _ in range(PASSWORD_LENGTH)) + "\n", mode=0o600)
        hashed.unlink(missing_ok=True)
    if not hashed.exists():
        write_atomic(hashed, hash_password(account_password(folder, name)) + "\n", mode=0o600)
    return Account(name=name, password=hashed.read_text().strip(), groups=groups)


def _all_groups(environment: Environment) -> list[str]:
    return sorted({group for tenant in environment.tenants for group in (*tenant.groups.admins, *tenant.groups.users)})


def _refuse_duplicates(accounts: Accounts, where: SourceLocation) -> None:
    names = [account.name for account in accounts.users]
    for name in sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"user {name}", "is a duplicate", "give each user a unique name", where)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
