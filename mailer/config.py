"""config.toml and MAILER_* variables → one frozen Config; every mistake is found at once."""

import os
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mailer.config_dkim import LABELS, Dkim
from mailer.config_errors import explain, unknown_variables
from mailer.config_sections import (
    Desk,
    KeyFolder,
    Log,
    People,
    Relay,
    Send,
    Signup,
    Site,
    Store,
    Templates,
    Web,
)
from mailer.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class Config(BaseSettings):
    """Everything an operator can set; frozen, read once at the start."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="MAILER_",
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )
    # The file the next Config is read from; set by load() only, because pydantic-settings asks the class.
    toml_file: ClassVar[Path | None] = None

    site: Site = Site()
    store: Store = Store()
    keys: KeyFolder = KeyFolder()
    templates: Templates = Templates()
    web: Web = Web()
    signup: Signup = Signup()
    people: People = People()
    relay: dict[str, Relay] = Field(default_factory=lambda: {"local": Relay()}, min_length=1)
    send: Send = Send()
    dkim: dict[str, Dkim] = Field(default_factory=dict, examples=["example.org"])
    desk: Desk = Desk()
    log: Log = Log()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let variables win over the file, and read nothing else."""
        file = (TomlConfigSettingsSource(settings_cls, cls.toml_file),) if cls.toml_file else ()
        return (init_settings, env_settings, *file)

    @field_validator("dkim", mode="before")
    @classmethod
    def _whole_domains(cls, value: Any) -> Any:
        for name, section in value.items() if isinstance(value, dict) else ():
            if isinstance(section, dict) and section and all(isinstance(part, dict) for part in section.values()):
                whole = ".".join([name, next(iter(section))])
                raise ValueError(f'a domain is written in quotes; write [dkim."{whole}"]')
            if "." not in name or not LABELS.fullmatch(name):
                raise ValueError(f"{name!r} is not a domain; write it like example.org, in its xn-- form if need be")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "Config":
        if self.send.relay and self.send.relay not in self.relay:
            raise ValueError(f"send.relay: no relay is called {self.send.relay!r}; there is {', '.join(self.relay)}")
        away = [name for name, relay in self.relay.items() if not relay.is_local]
        if away and urlsplit(self.site.base_url).scheme == "http":
            raise ValueError(
                "site.base_url: is http, so mail may only go to relays on this machine, "
                f"and {away[0]!r} is not; use https"
            )
        return self

    def sending_relays(self) -> dict[str, Relay]:
        """Return name and settings of the relays that carry mailings and notices: the chosen one, or all."""
        return {self.send.relay: self.relay[self.send.relay]} if self.send.relay else self.relay


def load(path: Path | None = None) -> Config:
    """Return the configuration of ``path``, else of $MAILER_CONFIG, else of ./config.toml, else the defaults.

    Relative paths in it count from the file's folder. Raises ConfigError with every mistake in ``problems``.
    """
    variable = os.environ.get("MAILER_CONFIG")
    named = path or (Path(variable) if variable else None)
    file = named or Path("config.toml")
    if named and not file.is_file():
        raise ConfigError("there is no such file", place=str(file), cure="run `mailer init DIR` to make one")
    problems = unknown_variables(Config)
    there = file.is_file()
    Config.toml_file = file if there else None
    try:
        config: Config | None = Config()
    except (ValueError, OSError) as error:
        config = None
        told = {problem.place for problem in problems}
        problems += [each for each in explain(error, Config, file) if each.place not in told]
    finally:
        # A Config made by anybody else reads no file.
        Config.toml_file = None
    if config is None or problems:
        raise _all(problems)
    return _with_secrets(_rooted(config, file.parent if there else Path()))


def _all(problems: list[ConfigError]) -> ConfigError:
    """Return the mistakes as one: itself if there is only one, else their number and where they are listed."""
    first = problems[0]
    if len(problems) == 1:
        return ConfigError(first.problem, place=first.place, cure=first.cure, problems=tuple(problems))
    listed = "`mailer check` lists them"
    return ConfigError(f"{len(problems)} mistakes in the configuration", cure=listed, problems=tuple(problems))


def template_folders(config: Config) -> tuple[Path, ...]:
    """Return the folders templates are looked for in, the operator's own first."""
    packaged = Path(__file__).parent / "_templates"
    ours = packaged if packaged.is_dir() else Path(__file__).parents[1] / "templates"
    return (config.templates.folder, ours) if config.templates.folder else (ours,)


def _rooted(config: Config, folder: Path) -> Config:
    """Make relative paths count from the folder of config.toml, whatever the working directory is."""
    relays = {
        name: _replace(relay, ca_file=_under(folder, relay.ca_file), password_file=_under(folder, relay.password_file))
        for name, relay in config.relay.items()
    }
    signing = {
        domain: _replace(
            keys, key_file=_under(folder, keys.key_file), ed25519_key_file=_under(folder, keys.ed25519_key_file)
        )
        for domain, keys in config.dkim.items()
    }
    url = config.store.url
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        url = f"sqlite:///{folder / url.removeprefix('sqlite:///')}"
    return _replace(
        config,
        store=_replace(config.store, url=url, url_file=_under(folder, config.store.url_file)),
        keys=_replace(config.keys, folder=_under(folder, config.keys.folder)),
        templates=_replace(config.templates, folder=_under(folder, config.templates.folder)),
        log=_replace(config.log, mail_log=_under(folder, config.log.mail_log)),
        relay=relays,
        dkim=signing,
    )


def _with_secrets(config: Config) -> Config:
    """Read the *_file secrets, each once."""
    relays = {
        name: _replace(relay, password=SecretStr(_secret(relay.password_file, f"relay.{name}.password_file")))
        if relay.password_file
        else relay
        for name, relay in config.relay.items()
    }
    store = config.store
    if store.url_file:
        try:
            store = Store(url=_secret(store.url_file, "store.url_file"), url_file=store.url_file)
        except ValidationError:
            raise ConfigError(
                f"{store.url_file} does not hold the address of a store",
                place="store.url_file",
                cure="write postgresql+psycopg://user:password@host/name into it",
            ) from None
    return _replace(config, relay=relays, store=store)


def _secret(path: Path, place: str) -> str:
    try:
        secret = path.read_text().strip()
        reason = "" if secret else "it is empty"
    except (OSError, UnicodeDecodeError) as error:
        reason = str(error.strerror) if isinstance(error, OSError) else "it is not text"
    if reason:
        raise ConfigError(f"{path} cannot be read ({reason})", place=place, cure="name a readable file")
    return secret


def _under(folder: Path, path: Path | None) -> Path | None:
    return folder / path.expanduser() if path else None


def _replace(model: M, **changes: Any) -> M:
    return model.model_copy(update=changes)
