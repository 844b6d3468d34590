"""The configuration: every way to be wrong has one clear line, and what is right is read as it stands."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from mailer.config import Config, load, template_folders
from mailer.config_errors import explain
from mailer.errors import ConfigError
from mailer.store.engine import Store

CASES = sorted(path.parent for path in (Path(__file__).parent / "configs").glob("*/config.toml"))


def written(folder: Path, text: str) -> Path:
    """Write a config.toml and name it."""
    path = folder / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_told_with_place_and_cure(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load(Path("config.toml"))
    problems = caught.value.problems or (caught.value,)
    assert "".join(f"{problem}\n" for problem in problems) == (case / "expected.txt").read_text()
    assert all(problem.place for problem in problems)
    assert all(problem.cure or "; " in problem.problem or "https" in problem.problem for problem in problems)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_never_shows_a_password(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)
    with pytest.raises(ConfigError) as caught:
        load(Path("config.toml"))
    chain = [caught.value, *caught.value.problems]
    shown = " ".join(f"{error} {error!r} {error.__cause__!r}" for error in chain)
    assert not re.search("correct horse|ann:secret", shown)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("MAILER_WEB__POTR", "1", "MAILER_WEB__POTR: no such key; did you mean MAILER_WEB__PORT?"),
        ("MAILER_WEBB__PORT", "1", "MAILER_WEBB__PORT: no such key; did you mean MAILER_WEB__PORT?"),
        ("MAILER_BASE_URL", "x", "MAILER_BASE_URL: no such key; did you mean MAILER_SITE__BASE_URL?"),
        ("mailer_web__potr", "1", "mailer_web__potr: no such key; did you mean MAILER_WEB__PORT?"),
        (
            "MAILER_RELAY__LOCAL__POTR",
            "1",
            "MAILER_RELAY__LOCAL__POTR: no such key; did you mean MAILER_RELAY__LOCAL__PORT?",
        ),
        ("MAILER_LOG__", "x", "MAILER_LOG__: no such key; known here: MAILER_LOG__LEVEL, MAILER_LOG__MAIL_LOG"),
        (
            "MAILER_PEOPLE__ATTRIBUTES__CITY__NAME",
            "x",
            "MAILER_PEOPLE__ATTRIBUTES__CITY__NAME: no such key; take it out",
        ),
        (
            "MAILER_WEB__PORT",
            "eighty",
            "MAILER_WEB__PORT: this is not a whole number; write it like 8000, without quotes",
        ),
        ("MAILER_WEB__PORT", "", "MAILER_WEB__PORT: this is not a whole number; write it like 8000, without quotes"),
        (
            "MAILER_WEB__TRUSTED_PROXIES",
            "10.0.0.2",
            """MAILER_WEB__TRUSTED_PROXIES: this is not JSON; write it like '["10.0.0.2"]'""",
        ),
        (
            "MAILER_SITE__BASE_URL",
            "http://mail.example.org",
            "MAILER_SITE__BASE_URL: must begin with https:// (mail readers refuse one-click links over http)",
        ),
    ],
)
def test_a_wrong_variable_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, ""))
    assert [str(problem) for problem in caught.value.problems] == [line]
    assert str(caught.value) == line


def test_several_mistakes_are_counted_and_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_WEB__POTR", "1")
    with pytest.raises(ConfigError, match=r"^2 mistakes in the configuration; `mailer check` lists them$") as caught:
        load(written(tmp_path, '[site]\nzone = "Berlin"\n'))
    assert [problem.place for problem in caught.value.problems] == ["MAILER_WEB__POTR", "config.toml: site.zone"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("MAILER_WEB_PORT", "MAILER_WEB__PORT"),
        ("MAILER_SITE_BASE_URL", "MAILER_SITE__BASE_URL"),
        ("MAILER_RELAY_MAIN_PASSWORD_FILE", "MAILER_RELAY__MAIN__PASSWORD_FILE"),
        ("MAILER_RELAY__MAIN_HOST", "MAILER_RELAY__MAIN__HOST"),
    ],
)
def test_one_underscore_for_two_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, ""))
    assert f"{name}: no such key; did you mean {meant}?" in [str(problem) for problem in caught.value.problems]


def test_a_mistake_in_a_variable_of_json_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_WEB", '{"port": "eighty"}')
    with pytest.raises(ConfigError, match=r"^MAILER_WEB: this is not a whole number"):
        load(written(tmp_path, '[web]\nhost = "::1"\n'))


def test_an_empty_path_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_LOG__MAIL_LOG", "")
    config = load(written(tmp_path, '[templates]\nfolder = ""\n[log]\nmail_log = "x.log"\n[relay.a]\nca_file = ""\n'))
    assert (config.log.mail_log, config.templates.folder, config.relay["a"].ca_file) == (None, None, None)


def test_a_variable_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_WEB__PORT", "8081")
    monkeypatch.setenv("MAILER_WEB__TRUSTED_PROXIES", '["10.0.0.2"]')
    monkeypatch.setenv("MAILER_RELAY__MAIN__PORT", "2525")
    monkeypatch.setenv("MAILER_PEOPLE__ATTRIBUTES__CITY", "Town")
    config = load(written(tmp_path, '[web]\nport = 80\nhost = "::1"\n[relay.main]\nconnections = 3\n'))
    assert (config.web.port, config.web.host, config.web.trusted_proxies) == (8081, "::1", ("10.0.0.2",))
    assert [(name, relay.port, relay.connections) for name, relay in config.relay.items()] == [("main", 2525, 3)]
    assert config.people.attributes == {"city": "Town"}


def test_variables_that_are_no_keys_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILER_CONFIG", str(written(tmp_path, '[site]\nname = "Museum"\n')))
    monkeypatch.setenv("MAILER_CRASH_AT", "somewhere")
    assert load().site.name == "Museum"


def test_a_named_file_must_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no such file; run `mailer init DIR`"):
        load(tmp_path / "config.toml")
    monkeypatch.setenv("MAILER_CONFIG", str(tmp_path))
    with pytest.raises(ConfigError, match="no such file"):
        load()


def test_without_a_file_there_are_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load()
    assert config.site == Config().site
    assert config.sending_relays() == {"local": config.relay["local"]}


def test_a_file_read_before_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(written(tmp_path, '[site]\nname = "Museum"\n'))
    monkeypatch.chdir(tmp_path.parent)
    assert load().site.name == "Our organisation"


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    text = '[templates]\nfolder = "letters"\n[log]\nmail_log = "mail.log"\n[relay.main]\nca_file = "ca.pem"\n'
    (tmp_path / "letters").mkdir()
    (tmp_path / "ca.pem").touch()
    config = load(written(tmp_path, text))
    assert config.store.url == f"sqlite:///{tmp_path}/subscribers.db"
    assert config.keys.folder == tmp_path / "keys"
    assert config.log.mail_log == tmp_path / "mail.log"
    assert config.relay["main"].ca_file == tmp_path / "ca.pem"
    assert template_folders(config)[0] == tmp_path / "letters"


def test_absolute_paths_and_servers_stay(tmp_path: Path) -> None:
    url = "postgresql+psycopg://mailer@db.example.org/mailer"
    config = load(written(tmp_path, f'[store]\nurl = "{url}"\n[keys]\nfolder = "/srv/keys"\n'))
    assert config.store.url == url
    assert config.keys.folder == Path("/srv/keys")
    absolute = load(written(tmp_path, '[store]\nurl = "sqlite:////srv/mailer.db"\n'))
    assert absolute.store.url == "sqlite:////srv/mailer.db"


def test_the_store_is_made_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    Store(load(written(tmp_path, "")).store.url).close()
    assert (tmp_path / "subscribers.db").exists()


def test_our_own_templates_come_last(tmp_path: Path) -> None:
    (ours,) = template_folders(load(written(tmp_path, "")))
    assert (ours / "editions" / "statement" / "page.html").is_file()


def test_secrets_come_from_files_and_stay_hidden(tmp_path: Path) -> None:
    (tmp_path / "relay.password").write_text("correct horse\n")
    (tmp_path / "store.url").write_text("postgresql+psycopg://mailer:battery@db.example.org/mailer\n")
    text = '[relay.main]\nusername = "m"\npassword_file = "relay.password"\n[store]\nurl_file = "store.url"\n'
    config = load(written(tmp_path, text))
    assert config.relay["main"].password.get_secret_value() == "correct horse"
    assert config.store.url == "postgresql+psycopg://mailer:battery@db.example.org/mailer"
    assert "correct horse" not in repr(config)


def test_it_is_frozen(config: Config) -> None:
    for change in ("site", "store", "relay"):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(config, change, None)
    for section in (config.web, config.relay["local"]):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(section, "port", 1)  # noqa: B010


@pytest.mark.parametrize(
    "address",
    [
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:8000/letters/",
        "https://mail.example.org",
        "https://xn--mnchen-3ya.example",
    ],
)
def test_right_web_addresses_lose_only_their_last_slash(tmp_path: Path, address: str) -> None:
    config = load(written(tmp_path, f'[site]\nbase_url = "{address}"\n'))
    assert config.site.base_url == address.rstrip("/")


def test_https_allows_a_relay_elsewhere(tmp_path: Path) -> None:
    text = (
        '[site]\nbase_url = "https://mail.example.org"\n[send]\nrelay = "main"\n[relay.spare]\n'
        '[relay.main]\nhost = "smtp.example.org"\ntls = "starttls"\nusername = "m"\npassword = "x"\n'
    )
    ((name, relay),) = load(written(tmp_path, text)).sending_relays().items()
    assert (name, relay.is_local) == ("main", False)


def test_a_file_that_cannot_be_read_is_named() -> None:
    (problem,) = explain(PermissionError(13, "Permission denied"), Config, Path("config.toml"))
    assert str(problem) == "config.toml: this cannot be read (Permission denied); let the mailer read it"


def test_a_file_that_was_read_is_not_read_again_by_a_config_made_otherwise(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[site]\nname = "Museum"\n')
    assert load(tmp_path / "config.toml").site.name == "Museum"
    assert Config().site.name == "Our organisation"
