"""A town in a temporary folder, and the site that shows every state of its pages."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from mailer.app.opening import open_app
from mailer.cli.preview.letters import letters
from mailer.cli.preview.states import STATES, State
from mailer.cli.preview.town import Town, build
from mailer.cli.preview.visitor import Visitor
from mailer.config import Config, template_folders
from mailer.store.tables import Hit
from mailer.web.preview import FAULTS, Shown, make_preview
from mailer.web.site import make_site


@contextmanager
def scene(config: Config, folder: Path, base: str) -> Iterator[Any]:
    """Yield the site of the previews, with the templates and the languages of a configuration.

    Nothing of it is outside ``folder``: the store and the keys of the configuration are not touched.
    """
    own = Config.model_validate({"store": {"url": f"sqlite:///{folder}/town.db"}, "keys": {"folder": folder / "keys"}})
    made = open_app(own, migrate=True)
    try:
        sites: list[Any] = []

        def visitor(site: Any) -> Visitor:
            sites.append(site)
            return Visitor(site, base)

        def forget() -> None:
            for each in sites:
                each.state.house.forget_templates()

        town = build(made.store, made.keys, visitor, **_settings(config, base))
        sites.append(make_site(town.config, town.store, town.keys))
        shown = Shown(_pages(town), letters(town.config, town.keys), forget)
        yield make_preview(sites[1].state.house, template_folders(town.config), sites[1], shown)
    finally:
        made.close()


def _settings(config: Config, base: str) -> dict[str, Any]:
    site = {"name": config.site.name, "base_url": base, "language": config.site.language, "zone": config.site.zone}
    return {"site": site, "templates": {"folder": config.templates.folder}}


def _pages(town: Town) -> Mapping[str, Callable[[str], str]]:
    return {name: partial(_page, town, state) for name, state in STATES.items()}


def _page(town: Town, state: State, language: str) -> str:
    visitor: Visitor = town.client
    visitor.language = language
    with town.store.write() as session:
        # Everything here comes from one network, and would soon be too much.
        session.query(Hit).delete()
    text: str = state(town).text
    if isinstance(visitor.fault, FAULTS):
        raise visitor.fault
    return text
