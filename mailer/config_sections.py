"""The tables of config.toml: every key with its type, its default and why one would change it."""
# size: one table of all keys, read from top to bottom; docs and the example are printed from it

import re
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
PositiveInt = Annotated[int, Field(ge=1, le=1_000_000_000)]
PerSecond = Annotated[float, Field(ge=0.001, le=100_000)]
Seconds = Annotated[float, Field(ge=0, le=30 * 86400)]


def _is_web_address(value: str) -> bool:
    """Say whether this can stand in a header field and before a path: visible ASCII, a host, no query."""
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False
    return bool(whole and re.fullmatch(r"[!-~]+", value) and not re.search(r"[?#<>\"@\\]", value))


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse what is neither an address nor a network."""
    for one in value:
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise ValueError(f"{one!r} is not an address; write numbers like 10.0.0.2 or 10.0.0.0/24") from None
    return value


def _is_day(value: str) -> bool:
    try:
        return f"{date.fromisoformat(value):%Y-%m-%d}" == value
    except ValueError:
        return False


class Section(BaseModel):
    """One table of config.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _no_path_is_none(cls, given: Any) -> Any:
        """Take an empty path for none where there may be none, as variables cannot say it otherwise."""
        if not isinstance(given, dict):
            return given
        free = {name for name, field in cls.model_fields.items() if field.annotation == Path | None}
        return {key: None if key in free and value == "" else value for key, value in given.items()}

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_no_number(cls, value: object, info: ValidationInfo) -> object:
        if isinstance(value, bool) and (kind := cls.model_fields[str(info.field_name)].annotation) in (int, float):
            raise PydanticCustomError(f"{kind.__name__}_type", "this is not a number")
        return value


class Site(Section):
    """Who is writing, and where readers reach us."""

    name: str = Field(
        "Our organisation",
        min_length=1,
        max_length=100,
        description="The organisation's name, as readers see it.",
    )
    base_url: str = Field(
        "http://127.0.0.1:8000",
        description="How readers reach the public pages; every link in a mail begins with it. https, except on this machine.",
    )
    language: str = Field(
        "en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$",
        description="Language of pages and mail where nothing else is said.",
    )
    zone: str = Field("UTC", description="Time zone of times without one, such as Europe/Berlin.")

    @field_validator("name")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable() or not value.strip():
            raise ValueError("is not one line of text; write the name as readers know it")
        return value.strip()

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if not _is_web_address(value):
            raise ValueError("is not a web address; write it like https://mail.example.org")
        parts = urlsplit(value)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must begin with https:// (mail readers refuse one-click links over http)")
        return value.rstrip("/")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a time zone; write it like Europe/Berlin")
        return value


def known_store(url: str) -> str:
    """Return the address of a store; ValueError if it is of a kind we do not know."""
    if not re.match(r"sqlite:///.|postgresql(\+psycopg)?://.", url):
        raise ValueError(
            "is not a store we know; write sqlite:///subscribers.db or postgresql+psycopg://user@host/name"
        )
    if url.startswith("sqlite") and ("?" in url or ":memory:" in url):
        raise ValueError("is no plain file; write it like sqlite:///subscribers.db, without options")
    return url


class Store(Section):
    """Where everything is remembered."""

    url: str = Field(
        "sqlite:///subscribers.db",
        description="The database: sqlite:///FILE, or postgresql+psycopg://USER:PASSWORD@HOST/NAME when several machines send.",
    )
    url_file: Path | None = Field(
        None, description="A file with the address of the database instead, when it holds a password."
    )

    @field_validator("url")
    @classmethod
    def _known_store(cls, value: str) -> str:
        return known_store(value)


class KeyFolder(Section):
    """Where the two keys are."""

    folder: Path = Field(
        Path("keys"),
        description="Folder of the signing and suppression keys; made on first run. Keep it with the store: links in old mail need it.",
    )

    @field_validator("folder", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        if value == "":
            raise ValueError('is empty; write it like "keys"')
        return value


class Templates(Section):
    """Templates of your own."""

    folder: Path | None = Field(
        None,
        description="A folder of your own templates; what is found here wins over the ones that come with the program.",
    )


class Web(Section):
    """The pages."""

    host: str = Field("127.0.0.1", description="Address to listen on; a reverse proxy with TLS stands before it.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses of the reverse proxies whose X-Forwarded-For is believed."
    )
    max_upload_mb: int = Field(20, ge=1, le=500, description="Largest file or form the desk accepts, in megabytes.")

    @field_validator("host")
    @classmethod
    def _one_host(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.:%-]+", value):
            raise ValueError("is no address to listen on; write 127.0.0.1, or 0.0.0.0 for every network")
        return value

    _are_addresses = field_validator("trusted_proxies")(_addresses)


class Signup(Section):
    """Limits on confirm mail, so that nobody can be bombed with it."""

    link_days: int = Field(7, ge=1, le=30, description="Days a confirm link works.")
    pending_days: int = Field(30, ge=1, le=90, description="Days after which an unconfirmed sign-up is forgotten.")
    per_address_day: int = Field(1, ge=1, le=20, description="Confirm mails to one address in 24 hours.")
    per_address_pending: int = Field(
        3, ge=1, le=100, description="Confirm mails to one address in all, until it confirms or is forgotten."
    )
    per_domain_hour: int = Field(
        60,
        ge=1,
        le=100000,
        description="Confirm mails to one receiving domain in an hour; four more for each reader there who confirmed in it.",
    )
    per_network_hour: int = Field(
        30, ge=1, le=10000, description="Sign-ups from one network (IPv4 address or IPv6 /64) in an hour."
    )
    breaker_signups: int = Field(
        20, ge=1, le=100000, description="Sign-ups to one list in an hour from which on it counts how many confirm."
    )
    breaker_percent: int = Field(
        20,
        ge=0,
        le=100,
        description="Where fewer than this percentage confirm, the form asks for a small proof of work; 0 asks never.",
    )
    consent_words: str = Field(
        "I want to receive {list} by e-mail and can leave at any time.",
        description="What people agree to when they subscribe; {list} is the list's title. Kept with every consent.",
    )


class People(Section):
    """What is known about readers."""

    attributes: dict[str, str] = Field(
        default_factory=dict,
        description='Reader attributes templates may use, name = "what it means". Each always exists and is empty until set.',
    )

    @field_validator("attributes")
    @classmethod
    def _plain_names(cls, value: dict[str, str]) -> dict[str, str]:
        taken = {"name", "address", "language", "since"}
        for name in value:
            if not (name.isidentifier() and name.isascii() and name.islower()) or name in taken:
                raise ValueError(
                    f"{name!r} cannot be an attribute; use small letters, digits and _, and none of {', '.join(sorted(taken))}"
                )
        return value


class Relay(Section):
    """One SMTP server that carries mail away."""

    host: str = Field("127.0.0.1", min_length=1, description="Name of the SMTP server.")
    port: int = Field(
        25,
        ge=1,
        le=65535,
        description="Its port: 587 with starttls, 465 with implicit, 25 for a server on this machine.",
    )
    tls: Literal["starttls", "implicit", "none"] = Field(
        "none",
        description="How the connection is protected: starttls, implicit or none. The certificate is always checked.",
    )
    ca_file: Path | None = Field(
        None,
        description="A certificate authority of your own, in PEM, if the server's certificate comes from one.",
    )
    username: str = Field("", description="Login name; empty for none. Logging in needs TLS.")
    password: SecretStr = Field(SecretStr(""), description="Password; better kept in password_file.")
    password_file: Path | None = Field(None, description="A file that holds the password, readable by the mailer only.")
    weight: int = Field(1, ge=1, le=1000, description="Its share of the mail, beside the weights of the other relays.")
    domains: tuple[str, ...] = Field(
        (), description="Sender domains it carries mail of, such as example.org; none means every domain."
    )
    connections: int = Field(8, ge=1, le=200, description="Connections held open at a time.")
    messages_per_connection: int = Field(
        1000, ge=1, le=1_000_000, description="Messages after which a connection is made anew."
    )
    per_minute: int = Field(0, ge=0, le=10_000_000, description="Messages in any minute, at most; 0 is no limit.")
    per_hour: int = Field(0, ge=0, le=100_000_000, description="Messages in any hour, at most; 0 is no limit.")
    per_day: int = Field(0, ge=0, le=1_000_000_000, description="Messages in any 24 hours, at most; 0 is no limit.")
    warm_up: tuple[PositiveInt, ...] = Field(
        (),
        description="Messages a day while a new server earns its name: a number for each day, first 200, then 500, then 1000, say; after the last per_day holds.",
    )
    warm_up_from: str = Field("", description="The first day of warm_up, such as 2027-03-01.")
    pace: dict[str, PerSecond] = Field(
        default_factory=dict,
        description="Messages a second to a receiving domain, at most, by domain.",
    )
    depth: int = Field(
        4,
        ge=1,
        le=64,
        description="Messages on the way at a time on one connection, where the server speaks CHUNKING.",
    )
    ehlo_name: str = Field("", description="Our name in the greeting; empty takes this machine's.")
    connect_seconds: Seconds = Field(60, description="Patience for connecting, greeting, TLS and login.")
    command_seconds: Seconds = Field(
        300, description="Patience for an answer to MAIL, RCPT and DATA (RFC 5321 asks for 300)."
    )
    data_seconds: Seconds = Field(
        600,
        description="Patience for the answer to the end of a message (RFC 5321 asks for 600; less makes duplicates).",
    )

    @field_validator("warm_up_from", mode="before")
    @classmethod
    def _day(cls, value: object) -> object:
        if isinstance(value, date):
            return f"{value:%Y-%m-%d}"
        if isinstance(value, str) and value and not _is_day(value):
            raise ValueError("is not a day; write it like 2027-03-01")
        return value

    @field_validator("pace", mode="before")
    @classmethod
    def _domains_of_pace(cls, value: Any) -> Any:
        for name, rate in value.items() if isinstance(value, dict) else ():
            if isinstance(rate, dict):
                raise ValueError(f'this domain is not in quotes; write "{name}.{next(iter(rate), "com")}" = 20')
            if "." not in name or not re.fullmatch(r"[a-z0-9.-]+", name):
                raise ValueError(f'{name!r} is not a domain; write it in small letters and quotes, like "gmail.com"')
        return value

    @property
    def is_local(self) -> bool:
        """Say whether the server is on this machine."""
        return self.host in LOOPBACK

    def warm_up_mistake(self) -> str:
        """Return what is wrong with the warm-up plan; "" if nothing is."""
        if self.warm_up and not self.warm_up_from:
            return "warm_up is set without warm_up_from; write its first day, like 2027-03-01"
        if self.warm_up_from and not self.warm_up:
            return "warm_up_from is set without warm_up; write the plan, like [200, 500, 1000]"
        return ""

    def login_mistake(self) -> str:
        """Return what is wrong with the login, which no key shows by itself; "" if nothing is."""
        password = bool(self.password.get_secret_value())
        if password and self.password_file:
            return "password and password_file are both set; keep one, better password_file"
        if self.username and not (password or self.password_file):
            return "username is set without a password; write it into a file and name that as password_file"
        if not self.username and (password or self.password_file):
            return "a password is set without username; set both, or neither for a relay without a login"
        if self.username and self.tls == "none" and not self.is_local:
            return 'username needs tls = "starttls" or "implicit"; a password never travels unprotected'
        return ""


class Send(Section):
    """How mail goes out."""

    relay: str = Field("", description="Name of the only relay to use; empty shares the work among all of them.")
    hold_seconds: Seconds = Field(60, description='How long "send now" waits, so that it can be undone.')
    lease_seconds: float = Field(
        45,
        ge=1,
        le=600,
        description="How long a sending process may be silent before another takes over its work.",
    )
    first_retry_seconds: Seconds = Field(
        900, description="Wait before the second try after a temporary refusal; later waits grow."
    )
    retry_growth: float = Field(
        2.0,
        ge=1,
        le=10,
        description="How much longer each wait is than the one before; none is longer than 6 hours.",
    )
    deadline_hours: float = Field(
        48, gt=0, le=240, description="How long temporary refusals are retried before they count as refused."
    )
    uncertain_seconds: Seconds = Field(900, description="Wait before the one retry of a message whose fate is unknown.")
    on_uncertain: Literal["retry", "hold"] = Field(
        "retry",
        description="What happens when a message's fate is unknown: retry once (a reader may get it twice), or hold for a person to decide.",
    )
    late_hours: float = Field(
        1,
        ge=0,
        le=720,
        description="How late a scheduled mailing may still start by itself, after the machine was off.",
    )
    tick_seconds: float = Field(1, gt=0, le=60, description="How often the clock looks for what is due.")


class Archive(Section):
    """What was sent, as everybody may read it."""

    pictures_from: tuple[str, ...] = Field(
        (),
        description="Hosts of your own whose pictures the archive may show, such as www.example.org; all other pictures become links, so that no page tells others who reads it.",
    )

    @field_validator("pictures_from")
    @classmethod
    def _are_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if not re.fullmatch(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}", one):
                raise ValueError(f"{one!r} is not a host; write it like www.example.org")
        return value


class Desk(Section):
    """The editors' pages."""

    session_hours: float = Field(
        12, gt=0, le=720, description="Hours without a click after which an editor logs in again."
    )
    link_hours: float = Field(24, gt=0, le=168, description="Hours a one-time link for staff works.")


class Watch(Section):
    """Whoever watches over the mailer by a program."""

    metrics_from: tuple[str, ...] = Field(
        (), description="Addresses that may read /metrics, such as 10.0.0.9; this machine always may."
    )
    resting_minutes: float = Field(
        10, gt=0, le=1440, description="How long a relay may rest with mail waiting before /health turns red."
    )

    _are_addresses = field_validator("metrics_from")(_addresses)


class Log(Section):
    """What is written down for the operator."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged to standard error."
    )
    mail_log: Path | None = Field(None, description="A file with one line per mail event; empty writes none.")
