"""Which room may import which package of others: one owner each, so that replacing one touches one room."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """A distribution in pyproject.toml, the packages it brings, and the rooms that may import them."""

    distribution: str
    packages: tuple[str, ...]
    rooms: tuple[str, ...]


MODELS = ("config", "config_sections", "config_dkim", "config_forms", "config_errors")
TABLES = ("store", "staff", "people", "sources", "mailing", "outcomes", "send")

OWNERS = (
    Owner("jinja2", ("jinja2", "markupsafe"), ("compose", "web")),
    Owner("premailer", ("premailer",), ("compose",)),
    Owner("cssselect", ("cssselect",), ("compose",)),
    Owner("cssutils", ("cssutils",), ("compose",)),
    Owner("lxml", ("lxml",), ("compose", "sources")),
    Owner("nh3", ("nh3",), ("compose", "sources")),
    Owner("markdown-it-py", ("markdown_it",), ("compose", "sources")),
    Owner("python-frontmatter", ("frontmatter",), ("compose", "sources")),
    Owner("pyyaml", ("yaml",), ("sources",)),
    Owner("babel", ("babel",), ("compose",)),
    Owner("cryptography", ("cryptography",), ("send",)),
    Owner("aiosmtplib", ("aiosmtplib",), ("send", "cli")),
    Owner("sqlalchemy", ("sqlalchemy",), TABLES),
    Owner("alembic", ("alembic",), ("store",)),
    Owner("apscheduler", ("apscheduler",), ("duties",)),
    Owner("starlette", ("starlette",), ("web", "api", "app")),
    Owner("uvicorn", ("uvicorn",), ("web", "api", "app")),
    Owner("typer", ("typer", "click"), ("cli",)),
    Owner("prometheus-client", ("prometheus_client",), ("web",)),
    Owner("rich", ("rich",), ("cli",)),
    Owner("pydantic", ("pydantic", "pydantic_core"), MODELS),
    Owner("pydantic-settings", ("pydantic_settings",), MODELS),
    Owner("email-validator", ("email_validator",), ("address",)),
    Owner("argon2-cffi", ("argon2",), ("staff",)),
    Owner("pyotp", ("pyotp",), ("staff",)),
    Owner("segno", ("segno",), ("staff",)),
    Owner("aiosmtpd", ("aiosmtpd",), ("cli",)),
)

# What only single modules of their room may import.
ONLY = {"cryptography": ("mailer.send.dkim", "mailer.send.dkim_keys")}

# Never imported by us: somebody else picks them up when they are installed, and this says who.
PICKED_UP = {
    "psycopg": "SQLAlchemy loads it for a postgresql+psycopg:// store",
    "uvloop": "uvicorn and asyncio run on it",
    "httptools": "uvicorn parses requests with it",
    "python-multipart": "Starlette reads forms and uploads with it",
    "tzdata": "zoneinfo reads it where the system has no time zones",
}
