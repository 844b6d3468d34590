"""`mailer dkim`: the keys that sign mail, and the records that tell the world of them."""

import json
from typing import Annotated, Any

import typer

from mailer.cli.door import AsJson, answer, room

app = room("Signatures (DKIM): keys for the domains mail comes from.")

Domain = Annotated[str, typer.Argument(metavar="DOMAIN", help="What stands behind the @ of the sender.")]


@app.command("new")
def new(
    context: typer.Context,
    domain: Domain,
    selector: Annotated[
        str, typer.Option("--selector", metavar="S", help="Name of the key in the DNS; else m and today's date.")
    ] = "",
    ed25519: Annotated[
        bool, typer.Option("--ed25519", metavar="", help="Make an Ed25519 key too, S-ed, for a second signature.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key (RSA, 2048 bits), and print the DNS record and the lines for config.toml; nothing signs yet."""
    from mailer import clock
    from mailer.cli.opened import config_of
    from mailer.errors import Refused
    from mailer.send import dkim_keys

    config, domain = config_of(context), _domain(domain)
    selector = _selector(selector or f"m{clock.now():%Y%m%d}")
    wanted: list[tuple[str, dkim_keys.Kind]] = [(selector, "rsa")]
    if ed25519:
        wanted.append((_selector(f"{selector}-ed"), "ed25519"))
    there = {key.selector: key for key in dkim_keys.kept(config, domain)}
    taken = [there[name] for name, kind in wanted if name in there and there[name].kind != kind]
    if taken or all(name in there for name, _ in wanted):
        file = (taken or [there[selector]])[0].file
        raise Refused("there is such a key already", place=str(file), cure="name another with --selector")
    made = {name: dkim_keys.make(config, domain, name, kind) for name, kind in wanted if name not in there}
    keys = [made.get(name) or there[name] for name, _ in wanted]
    facts = {
        "domain": domain,
        "made": [str(key.file) for key in made.values()],
        "keys": [_facts(key, signs=False) for key in keys],
        "config": _lines(domain, selector, keys[1].selector if ed25519 else "", config.dkim.get(domain)),
    }
    answer(facts, _told(facts, keys, config.dkim.get(domain)), as_json=as_json)


@app.command("show")
def show(context: typer.Context, domain: Domain, as_json: AsJson = False) -> None:
    """Print the DNS records of a domain's keys: those that sign, and those that are only kept."""
    from mailer.cli.opened import config_of
    from mailer.errors import NotFound
    from mailer.send import dkim_keys

    config, domain = config_of(context), _domain(domain)
    section = config.dkim.get(domain)
    signing = dkim_keys.of_domain(config.keys.folder, domain, section) if section else ()
    files = {key.file.resolve() for key in signing}
    others = [key for key in dkim_keys.kept(config, domain) if key.file.resolve() not in files]
    if not signing and not others:
        raise NotFound(
            f"there is no key for {domain}", place="domain", cure=f"make one with `mailer dkim new {domain}`"
        )
    parts = [
        f"; {key.selector} {'signs' if key in signing else 'does not sign'} ({key.file})\n{_zone(key)}"
        for key in (*signing, *others)
    ]
    facts = [_facts(key, signs=key in signing) for key in (*signing, *others)]
    answer({"domain": domain, "keys": facts}, "\n\n".join(parts), as_json=as_json)


def _told(facts: dict[str, Any], keys: list[Any], before: Any) -> str:
    """Return what was made, and what to do with it step by step; ``before`` is the section that is there already."""
    old = before.selector if before and before.selector != keys[0].selector else ""
    where = f", in place of what is there for {facts['domain']}" if before else ""
    last = f"3. Leave the record of {old} in the DNS for a month: mail signed with it is still on the way."
    return "\n\n".join(
        [
            "\n".join(f"made {file}" for file in facts["made"]),
            f"1. Publish this in the DNS of {facts['domain']}:",
            *(_zone(key) for key in keys),
            f"2. When it can be seen there, write this into config.toml{where}, and restart:",
            facts["config"],
            *([last] if old else []),
        ]
    )


def _domain(text: str) -> str:
    """Return a domain in the form it has in mail and DNS."""
    from mailer.address import parse
    from mailer.errors import BadInput

    try:
        return parse(f"postmaster@{text.strip().rstrip('.')}").domain
    except BadInput:
        raise BadInput(f"{text!r} is not a domain", place="domain", cure="write it like example.org") from None


def _selector(text: str) -> str:
    from mailer.config_dkim import LABELS
    from mailer.errors import BadInput

    if not LABELS.fullmatch(text):
        raise BadInput(f"{text!r} cannot stand in the DNS", place="selector", cure="write it like m2027")
    return text


def _zone(key: Any) -> str:
    """Return the record as a line of a zone file, its strings below each other."""
    strings = "\n  ".join(f'"{string}"' for string in key.strings)
    return f"{key.name}. 3600 IN TXT (\n  {strings} )"


def _lines(domain: str, selector: str, ed25519_selector: str, before: Any) -> str:
    """Return the section for config.toml; what is set in it already stays, but for the keys that are new."""
    kept = before.model_dump(mode="json", exclude_defaults=True) if before else {}
    kept.pop("key_file", None)
    if ed25519_selector:
        kept.pop("ed25519_key_file", None)
        kept["ed25519_selector"] = ed25519_selector
    settings = {**kept, "selector": selector}
    names = ["selector", *(name for name in settings if name != "selector")]
    return "\n".join([f'[dkim."{domain}"]', *(f"{name} = {json.dumps(settings[name])}" for name in names)])


def _facts(key: Any, *, signs: bool) -> dict[str, Any]:
    names = ("selector", "kind", "name", "record", "strings")
    return {**{name: getattr(key, name) for name in names}, "file": str(key.file), "signs": signs}
