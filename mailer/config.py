"""config.toml and MAILER_* variables → one frozen Config; every mistake is found at once."""

import os
import re
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mailer.config_dkim import LABELS, Dkim
from mailer.config_errors import explain, unknown_variables
from mailer.config_forms import Forms
from mailer.config_sections import (
    Archive,
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
    Watch,
    Web,
)
from mailer.errors import ConfigError

M = TypeVar("M", bound=BaseModel)


class Sections(BaseModel):
    """The tables, and how they have to fit together."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    site: Site = Site()
    store: Store = Store()
    keys: KeyFolder = KeyFolder()
    templates: Templates = Templates()
    web: Web = Web()
    signup: Signup = Signup()
    people: People = People()
    forms: Forms = Forms()
    relay: dict[str, Relay] = Field(default_factory=lambda: {"local": Relay()}, min_length=1)
    send: Send = Send()
    dkim: dict[str, Dkim] = Field(default_factory=dict, examples=["example.org"])
    archive: Archive = Archive()
    desk: Desk = Desk()
    watch: Watch = Watch()
    log: Log = Log()

    @field_validator("relay")
    @classmethod
    def _plain_names(cls, value: dict[str, Relay]) -> dict[str, Relay]:
        for name in value:
            if not re.fullmatch("[A-Za-z0-9_-]{1,40}", name):
                raise ValueError(f"{name!r} cannot be the name of a relay; use letters, digits, _ and -")
        return value

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
    def _fits_together(self) -> Self:
        found = [(name, relay.login_mistake()) for name, relay in self.relay.items()]
        found += [(name, relay.warm_up_mistake()) for name, relay in self.relay.items()]
        problems = [f"relay.{name}: {mistake}" for name, mistake in found if mistake]
        undeclared = [name for name in self.forms.attributes if name not in self.people.attributes]
        problems += [
            f"forms.attributes: {name!r} is no attribute of readers; declare it in [people]" for name in undeclared
        ]
        if self.send.relay and self.send.relay not in self.relay:
            problems.append(f"send.relay: no relay is called {self.send.relay!r}; there is {', '.join(self.relay)}")
        away = [name for name, relay in self.relay.items() if not relay.is_local]
        if away and urlsplit(self.site.base_url).scheme == "http":
            problems.append(
                "site.base_url: is http, so mail may only go to relays on this machine, "
                f"and {away[0]!r} is not; use https"
            )
        if problems:
            raise ValueError("\n".join(problems))
        return self


class Config(Sections, BaseSettings):
    """Everything an operator can set; frozen, read once at the start."""

    model_config = SettingsConfigDict(env_prefix="MAILER_", env_nested_delimiter="__")
    # The file the next Config is read from; set by load() only, because pydantic-settings asks the class.
    toml_file: ClassVar[Path | None] = None

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
        if isinstance(error, ValidationError):
            told |= {problem.place for problem in problems}
            problems += [each for each in _hidden(error, file) if each.place not in told]
    finally:
        # A Config made by anybody else reads no file.
        Config.toml_file = None
    if config is None:
        raise _all(problems)
    config = _with_secrets(_rooted(config, file.parent if there else Path()), problems)
    problems += _missing_paths(config)
    if problems:
        raise _all(problems)
    return config


def _hidden(error: ValidationError, file: Path) -> list[ConfigError]:
    """Return the mistakes that pydantic does not look for while there are others: what must fit together."""
    file_says = TomlConfigSettingsSource(Config, Config.toml_file)() if Config.toml_file else {}
    given = _merged(EnvSettingsSource(Config)(), file_says)
    for item in error.errors():
        place = item["loc"]
        if item["type"] != "extra_forbidden" and len(place) < (3 if "relay" in place[:1] else 2):
            # A whole section cannot be read: what would fit to it is unknown.
            return []
        _take_out(given, place)
    try:
        Sections.model_validate(given)
    except ValidationError as after:
        return explain(after, Config, file)
    return []


def _merged(over: Any, under: Any) -> Any:
    if isinstance(over, dict) and isinstance(under, dict):
        return {**under, **{key: _merged(value, under.get(key)) for key, value in over.items()}}
    return over


def _take_out(given: Any, place: tuple[int | str, ...]) -> None:
    for part in place[:-1]:
        given = given.get(part) if isinstance(given, dict) else None
    if isinstance(given, dict) and place:
        given.pop(place[-1], None)


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


def _missing_paths(config: Config) -> list[ConfigError]:
    """Return a mistake for each path that has to be there and is not; the store and the keys are made later."""
    folder, log = config.templates.folder, config.log.mail_log
    needed = {
        "templates.folder": (folder, folder is None or folder.is_dir(), "a folder"),
        "log.mail_log": (log, log is None or log.parent.is_dir(), "a file in a folder that is there"),
    }
    for name, relay in config.relay.items():
        there = relay.ca_file is None or relay.ca_file.is_file()
        needed[f"relay.{name}.ca_file"] = (relay.ca_file, there, "a file")
    return [
        ConfigError(f"{path} is not there", place=place, cure=f"make it, or name {what}")
        for place, (path, there, what) in needed.items()
        if not there
    ]


def _with_secrets(config: Config, problems: list[ConfigError]) -> Config:
    """Read the *_file secrets, each once; what cannot be read is added to ``problems``."""
    relays = dict(config.relay)
    for name, relay in config.relay.items():
        if relay.password_file:
            secret = _secret(relay.password_file, f"relay.{name}.password_file", problems)
            relays[name] = _replace(relay, password=SecretStr(secret))
    store = config.store
    if store.url_file and (url := _secret(store.url_file, "store.url_file", problems)):
        try:
            store = Store(url=url, url_file=store.url_file)
        except ValidationError:
            problem = f"{store.url_file} does not hold the address of a store"
            cure = "write postgresql+psycopg://user:password@host/name into it"
            problems.append(ConfigError(problem, place="store.url_file", cure=cure))
    return _replace(config, relay=relays, store=store)


def _secret(path: Path, place: str, problems: list[ConfigError]) -> str:
    try:
        secret = path.read_text(encoding="utf-8").strip()
        reason = "" if secret else "it is empty"
    except (OSError, UnicodeDecodeError) as error:
        secret, reason = "", str(error.strerror) if isinstance(error, OSError) else "it is not text"
    if reason:
        problems.append(ConfigError(f"{path} cannot be read ({reason})", place=place, cure="name a readable file"))
    return secret


def _under(folder: Path, path: Path | None) -> Path | None:
    return folder / path.expanduser() if path else None


def _replace(model: M, **changes: Any) -> M:
    return model.model_copy(update=changes)
