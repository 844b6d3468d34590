"""`mailer dkim`: keys, records, and the lines for config.toml that work as they are printed."""

import asyncio
import re
import stat
from pathlib import Path

import pytest

from mailer.cli import main
from mailer.config import load
from mailer.send.dkim_keys import of_domain
from tests.relay import relay
from tests.send.signing import verified

DOMAIN = "linden.example"


def paste(house, lines: str) -> None:
    """Write printed lines into config.toml."""
    path = house.folder / "config.toml"
    path.write_text(path.read_text() + "\n" + lines + "\n")


def test_what_new_prints_can_be_pasted(house) -> None:
    done = house.do("dkim", "new", DOMAIN, "--selector", "m1")
    file = house.folder / "keys" / "dkim" / DOMAIN / "m1.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert done.out.startswith(f"made {file}\n")
    record = re.search(rf"^m1\._domainkey\.{DOMAIN}\. 3600 IN TXT \(([^()]+)\)$", done.out, re.M)
    assert record is not None
    strings = re.findall(r'"([^"]+)"', record[1])
    assert all(len(string) <= 255 for string in strings)
    lines = done.out[done.out.index("[dkim.") :]
    paste(house, lines)
    config = load(house.folder / "config.toml")
    (key,) = of_domain(config.keys.folder, DOMAIN, config.dkim[DOMAIN])
    assert (key.record, key.file) == ("".join(strings), file)
    assert house.do("check").code == 0


def test_the_same_in_json(house) -> None:
    facts = house.do("dkim", "new", DOMAIN, "--ed25519", "--json").json
    first, second = facts["keys"]
    assert re.fullmatch(r"m20\d{6}", first["selector"])
    assert second["selector"] == f"{first['selector']}-ed"
    assert (first["kind"], second["kind"]) == ("rsa", "ed25519")
    assert facts["made"] == [first["file"], second["file"]]
    assert all(Path(name).is_file() for name in facts["made"])
    assert "".join(first["strings"]) == first["record"]
    assert first["signs"] is False
    paste(house, facts["config"])
    shown = house.do("dkim", "show", DOMAIN, "--json").json
    assert shown == {"domain": DOMAIN, "keys": [{**first, "signs": True}, {**second, "signs": True}]}


def test_a_second_key_beside_the_first(house) -> None:
    house.do("dkim", "new", DOMAIN, "--selector", "m1")
    assert "there is such a key already; name another" in house.refused("dkim", "new", DOMAIN, "--selector", "m1")
    facts = house.do("dkim", "new", DOMAIN, "--selector", "m1", "--ed25519", "--json").json
    assert [Path(name).name for name in facts["made"]] == ["m1-ed.pem"]
    assert [key["selector"] for key in facts["keys"]] == ["m1", "m1-ed"]
    line = house.refused("dkim", "new", DOMAIN, "--selector", "m1", "--ed25519")
    assert "there is such a key already" in line
    line = house.refused("dkim", "new", DOMAIN, "--selector", "m1-ed", "--ed25519")
    assert "m1-ed.pem: there is such a key already" in line


def test_rotation_names_the_old_record(house) -> None:
    paste(house, house.do("dkim", "new", DOMAIN, "--selector", "m1", "--json").json["config"])
    done = house.do("dkim", "new", DOMAIN, "--selector", "m2")
    assert f"config.toml, in place of what is there for {DOMAIN}, and restart" in done.out
    assert "\n3. Leave the record of m1 in the DNS for a month: " in done.out
    shown = house.do("dkim", "show", DOMAIN).out
    assert re.findall(r"^; (\S+) (signs|does not sign) \(", shown, re.M) == [("m1", "signs"), ("m2", "does not sign")]


def test_rotation_keeps_what_else_is_set(house) -> None:
    paste(house, house.do("dkim", "new", DOMAIN, "--selector", "m1", "--ed25519", "--json").json["config"])
    paste(house, 'expire_days = 30\ncanonicalization = "relaxed/relaxed"\nkey_file = "m1.pem"')
    lines = house.do("dkim", "new", DOMAIN, "--selector", "m2", "--json").json["config"]
    (house.folder / "config.toml").write_text(lines)
    section = load(house.folder / "config.toml").dkim[DOMAIN]
    assert (section.selector, section.ed25519_selector, section.key_file) == ("m2", "m1-ed", None)
    assert (section.expire_days, section.canonicalization) == (30, "relaxed/relaxed")
    assert house.do("check").code == 0


def test_domains_are_written_as_the_dns_knows_them(house) -> None:
    facts = house.do("dkim", "new", " Bücher.Example. ", "--selector", "m1", "--json").json
    assert facts["domain"] == "xn--bcher-kva.example"
    assert facts["config"].startswith('[dkim."xn--bcher-kva.example"]\n')
    paste(house, facts["config"])
    assert load(house.folder / "config.toml").dkim["xn--bcher-kva.example"].selector == "m1"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("new", "nothing"), "domain: 'nothing' is not a domain; write it like example.org"),
        (("new", "a@b.example"), "domain: 'a@b.example' is not a domain; write it like example.org"),
        (("new", "../../x.example"), "domain: '../../x.example' is not a domain; write it like example.org"),
        (("new", DOMAIN, "--selector", "A b"), "selector: 'A b' cannot stand in the DNS; write it like m2027"),
        (("new", DOMAIN, "--selector", "../x"), "selector: '../x' cannot stand in the DNS; write it like m2027"),
        (
            ("show", DOMAIN),
            f"domain: there is no key for {DOMAIN}; make one with `mailer dkim new {DOMAIN}`",
        ),
    ],
)
def test_what_cannot_be_is_refused(house, words, line) -> None:
    assert house.refused("dkim", *words) == line
    assert not (house.folder / "keys" / "dkim").exists()


@pytest.mark.parametrize("verb", ["serve", "work"])
def test_a_key_that_cannot_be_used_stops_what_sends(house, verb) -> None:
    paste(house, f'[dkim."{DOMAIN}"]\nselector = "m1"\n')
    line = house.refused(verb)
    assert line.startswith(f'dkim."{DOMAIN}".key_file: there is no key ')
    assert line.endswith(f"run `mailer dkim new {DOMAIN} --selector m1`, or correct the path")
    assert line in house.type("check").err
    assert main.perform(["--config", str(house.folder / "config.toml"), "list", "show"]) == 0


def test_a_backup_holds_the_keys_and_says_which_it_does_not(house, tmp_path) -> None:
    paste(house, house.do("dkim", "new", DOMAIN, "--selector", "m1", "--json").json["config"])
    (house.folder / "keys" / "dkim" / DOMAIN / "m1.pem").rename(tmp_path / "m1.pem")
    house.do("dkim", "new", DOMAIN, "--selector", "m2")
    paste(house, f'key_file = "{tmp_path / "m1.pem"}"')
    done = house.do("backup", tmp_path / "backup.zip")
    assert done.err == f"not in it, because it lies outside the folder of the keys: {tmp_path / 'm1.pem'}\n"
    house.folder = tmp_path / "other"
    house.folder.mkdir()
    (house.folder / "config.toml").write_text("")
    house.do("restore", tmp_path / "backup.zip")
    assert [key["selector"] for key in house.do("dkim", "show", DOMAIN, "--json").json["keys"]] == ["m2"]


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_the_letter_that_tries_a_relay_is_signed(house) -> None:
    house.list()
    async with relay() as peer:
        paste(house, f"[relay.main]\nport = {peer.port}\nehlo_name = 'us.example'\n")
        paste(house, house.do("dkim", "new", DOMAIN, "--selector", "m1", "--json").json["config"])
        await asyncio.to_thread(house.do, "relay", "check", "main", "--to", "eva@example.org")
    config = load(house.folder / "config.toml")
    keys = of_domain(config.keys.folder, DOMAIN, config.dkim[DOMAIN])
    assert verified(peer.taken[0].message, keys) == [True]
