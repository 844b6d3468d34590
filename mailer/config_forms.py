"""The table [forms] of config.toml: what sign-up forms may ask, and the sites they stand in."""

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from mailer.config_sections import Section

EVERY = "*"
# As browsers write it (RFC 6454 section 6.2): no path, no port that goes without saying, xn-- for what is not ASCII.
ORIGIN = re.compile(r"https?://([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?")
SILENT_PORTS = {"http": ":80", "https": ":443"}
# What the fields of every form are called (docs/pages.md).
TAKEN = ("list", "page", "spoken", "next", "keep", "take", "website", "shown_at", "proof", "waited")
LIST_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Forms(Section):
    """Sign-up forms, our own and those in other sites."""

    sites: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description='Sites whose scripts may sign people up, and where a form may lead on to, each with its lists: "https://www.example.org" = ["press"]; ["*"] is every list. Plain forms need no leave.',
    )
    attributes: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description='Reader attributes a form may ask for, each with its lists: city = ["press"]; ["*"] is every list.',
    )
    privacy_url: str = Field("", description="Your page about personal data; forms link to it.")

    @field_validator("sites")
    @classmethod
    def _are_origins(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, lists in value.items():
            if not ORIGIN.fullmatch(name) or name.endswith(SILENT_PORTS[urlsplit(name).scheme]):
                raise ValueError(
                    f"{name!r} is not a site as browsers name it; write it like https://www.example.org, "
                    "in small letters, without a path"
                )
            _have_names(name, lists)
        return value

    @field_validator("attributes")
    @classmethod
    def _have_lists(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, lists in value.items():
            if name in TAKEN:
                raise ValueError(f"{name!r} is a field every form has; give the attribute another name in [people]")
            _have_names(name, lists)
        return value

    @field_validator("privacy_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and not (
            re.fullmatch(r"https?://[!-~]+", value) and parts.hostname and not re.search(r'[<>"]', value)
        ):
            raise ValueError("is not a web address; write it like https://www.example.org/privacy")
        return value

    def sites_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the sites that may offer all of these lists."""
        return tuple(site for site, lists in self.sites.items() if _holds(lists, names))

    def attributes_of(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the attributes a form may ask for that offers these lists: those of any of them."""
        return tuple(one for one, lists in self.attributes.items() if any(_holds(lists, (name,)) for name in names))


def _have_names(place: str, lists: tuple[str, ...]) -> None:
    if not lists:
        raise ValueError(f'{place!r} has no lists; write ["{EVERY}"] for every list')
    for name in lists:
        if name != EVERY and not LIST_NAME.fullmatch(name):
            raise ValueError(f'{name!r} cannot be the name of a list; write names like press, or ["{EVERY}"]')


def _holds(lists: tuple[str, ...], names: tuple[str, ...]) -> bool:
    return EVERY in lists or set(names) <= set(lists)
