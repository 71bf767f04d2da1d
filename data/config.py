"""The settings read once from the environment (or a file `.env`). A bad value stops the start with one sentence."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit, urlunsplit

import idna
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.mail_account import MailAccount, Security

LIMITS = ("per_second", "per_hour", "per_day", "per_connection")
LARGEST_LIMIT = 100_000_000
WHATSAPP_API_VERSION = "v25.0"  # of the Graph API; each is kept for two years at least
A_WEB_ADDRESS = "must be a web address such as https://mail.my-shop.com"


class BadSetting(Exception):
    """One sentence about the setting that can't be used."""


class Config(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="HANDBILL_", env_file=".env", extra="ignore")

    data: Path = Path("var")
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    base_url: str = ""
    secret: SecretStr = SecretStr("")
    former_secrets: SecretStr = SecretStr("")
    owner_email: str = ""
    owner_password: SecretStr = SecretStr("")
    smtp_url: SecretStr = SecretStr("")
    whatsapp_api_url: str = "https://graph.facebook.com"
    database_url: str = ""
    redis_url: str = ""
    undo_seconds: Annotated[int, Field(ge=0, le=600)] = 30
    workers: Annotated[int, Field(ge=0, le=16)] = 4

    @field_validator("base_url", "whatsapp_api_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (
            parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment
        ):
            raise ValueError(A_WEB_ADDRESS)
        return _in_ascii(parts).rstrip("/") if value else ""

    @field_validator("database_url")
    @classmethod
    def _is_sqlite(cls, value: str) -> str:
        if value and not value.startswith("sqlite:///"):
            raise ValueError("must begin with sqlite:/// (other databases are not supported yet)")
        return value

    @field_validator("redis_url")
    @classmethod
    def _no_redis_yet(cls, value: str) -> str:
        if value:
            raise ValueError("is not supported yet; leave it out and the queue lives in the database file")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_account(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value():
            mail_account(value.get_secret_value())
            mail_limits(value.get_secret_value())
        return value

    @property
    def public_url(self) -> str:
        return (
            self.base_url
            or f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"
        )

    @property
    def database_file(self) -> Path:
        return (
            Path(self.database_url.removeprefix("sqlite:///"))
            if self.database_url
            else self.data / "handbill.db"
        )

    @property
    def fixed_mail_account(self) -> MailAccount | None:
        """The account from HANDBILL_SMTP_URL; it wins over the settings page."""
        url = self.smtp_url.get_secret_value()
        return mail_account(url) if url else None

    @property
    def fixed_mail_limits(self) -> dict[str, int]:
        """Of that account's provider; without those it does not have."""
        return mail_limits(self.smtp_url.get_secret_value())

    def master_secret(self) -> bytes:
        """HANDBILL_SECRET, or one that is made once and kept beside the database (mode 0600)."""
        given = self.secret.get_secret_value()
        return given.encode() if given else _kept_secret(self.data / "secret")

    def secrets_of_before(self) -> list[bytes]:
        """HANDBILL_FORMER_SECRETS, the newest first, with spaces between them."""
        return [one.encode() for one in self.former_secrets.get_secret_value().split()]


def read_config() -> Config:
    """Raises BadSetting with one sentence that names the variable."""
    try:
        config = Config()
        config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    except ValidationError as error:
        first = error.errors()[0]
        name = "HANDBILL_" + str(first["loc"][0]).upper()
        raise BadSetting(f"{name} {_why(first['type'], first['msg'])}.") from None
    except OSError as error:
        raise BadSetting(f"HANDBILL_DATA: the folder can't be used ({error.strerror}).") from None
    if bool(config.owner_email) != bool(config.owner_password.get_secret_value()):
        raise BadSetting("HANDBILL_OWNER_EMAIL and HANDBILL_OWNER_PASSWORD: give both or neither.")
    return config


def _why(kind: str, said: str) -> str:
    if kind in ("int_parsing", "greater_than_equal", "less_than_equal"):
        return "must be a whole number" + (", and this one is out of range" if kind != "int_parsing" else "")
    return said.removeprefix("Value error, ")


def _in_ascii(parts: SplitResult) -> str:
    """As a browser opens it, and as it may stand in a mail's header. Raises ValueError with a sentence."""
    host = parts.netloc
    if not host.isascii():
        name, colon, port = host.partition(":")
        try:
            host = idna.encode(name, uts46=True).decode() + colon + port
        except (idna.IDNAError, UnicodeError):
            raise ValueError(A_WEB_ADDRESS) from None
    return urlunsplit(parts._replace(netloc=host, path=quote(parts.path, safe="/%:@!$&'()*+,;=~")))


def mail_account(url: str) -> MailAccount:
    """smtp://user:password@host:port?security=none|starttls|tls, with `mail_limits` if need be. Raises ValueError with a sentence."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 1 to 65535") from None
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError("must look like smtp://user:password@host:port?security=starttls")
    word = parse_qs(parts.query).get("security", ["starttls"])[0]
    if word not in list(Security):
        raise ValueError("security must be none, starttls or tls")
    security = Security(word)
    usual = {Security.NONE: 25, Security.STARTTLS: 587, Security.TLS: 465}[security]
    return MailAccount(
        parts.hostname,
        port or usual,
        security,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def mail_limits(url: str) -> dict[str, int]:
    """`?per_second=14&per_hour=...&per_day=...&per_connection=...`. Raises ValueError with a sentence.

    An unknown word is refused: a limit that is misspelt would be none.
    """
    given = parse_qs(urlsplit(url).query, keep_blank_values=True)
    for name in given:
        if name not in (*LIMITS, "security"):
            raise ValueError(f"knows no {name[:40]}; it knows security, {', '.join(LIMITS)}")
    return {name: _limit(name, given[name][-1]) for name in LIMITS if name in given}


def _limit(name: str, word: str) -> int:
    if not (word.isascii() and word.isdecimal() and len(word) <= 12 and 1 <= int(word) <= LARGEST_LIMIT):
        raise ValueError(f"{name} must be a whole number from 1 to {LARGEST_LIMIT:,}")
    return int(word)


def _kept_secret(path: Path) -> bytes:
    """Written beside its place first: a full disk must not leave half a secret, or an empty one."""
    if not path.exists():
        new = path.with_suffix(f".{os.getpid()}.new")
        new.touch(mode=0o600)
        try:
            new.write_text(secrets.token_urlsafe(48))
            new.rename(path)
        finally:
            new.unlink(missing_ok=True)
    return path.read_text().strip().encode()


_config: Config | None = None


def use_config(config: Config) -> Config:
    """Called once at the start by whoever opens the shop."""
    global _config
    _config = config
    return config


def config() -> Config:
    if _config is None:
        raise RuntimeError("use_config() was not called")
    return _config
