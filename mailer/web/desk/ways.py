"""Every address of the desk and what one must be allowed to go there (docs/desk.md prints the same)."""

from collections.abc import Mapping
from functools import partial

from starlette.routing import BaseRoute, Route

from mailer.staff.roles import KEEP_LISTS, KEEP_PEOPLE, KEEP_STAFF, LOOK, SEE_PEOPLE, SEND, WRITE
from mailer.web.desk import (
    accounts,
    again,
    aiming,
    archiving,
    beginning,
    calendars,
    embedding,
    entrance,
    home,
    lists,
    mailings,
    one_list,
    one_reader,
    own,
    pictures,
    previews,
    readers,
    reports,
    reviewing,
    scheduling,
    staff,
    statements,
    writing,
)
from mailer.web.desk.gate import OPEN, Way, enter
from mailer.web.house import House

WAYS = (
    Way("GET", "/desk/setup/{secret}", OPEN, entrance.show_setup),
    Way("POST", "/desk/setup/{secret}", OPEN, entrance.setup),
    Way("GET", "/desk/login", OPEN, entrance.show_login),
    Way("POST", "/desk/login", OPEN, entrance.login),
    Way("POST", "/desk/logout", LOOK, entrance.logout),
    Way("GET", "/desk/me", LOOK, own.show),
    Way("POST", "/desk/me", LOOK, entrance.change_password),
    Way("POST", "/desk/me/sessions", LOOK, own.end_session),
    Way("GET", "/desk", LOOK, home.show),
    Way("GET", "/desk/calendar", LOOK, calendars.show),
    Way("GET", "/desk/statements/new", WRITE, statements.show_new),
    Way("POST", "/desk/statements/new", WRITE, statements.hand_in),
    Way("POST", "/desk/statements/fetch", WRITE, beginning.fetch_page),
    Way("POST", "/desk/statements/empty", WRITE, beginning.begin_empty),
    Way("POST", "/desk/statements/copy", WRITE, beginning.begin_with_copy),
    Way("GET", "/desk/statements/{id}", WRITE, statements.show),
    Way("POST", "/desk/statements/{id}", WRITE, statements.make_draft),
    Way("POST", "/desk/paste", WRITE, writing.paste),
    Way("GET", "/desk/mailings/{id}/write", WRITE, writing.show),
    Way("POST", "/desk/mailings/{id}/write", WRITE, writing.save),
    Way("POST", "/desk/mailings/{id}/render", WRITE, writing.render),
    Way("GET", "/desk/mailings/{id}/versions", WRITE, writing.show_versions),
    Way("POST", "/desk/mailings/{id}/versions", WRITE, writing.restore),
    Way("GET", "/desk/mailings/{id}", LOOK, mailings.show),
    Way("POST", "/desk/mailings/{id}", WRITE, mailings.edit),
    Way("GET", "/desk/mailings/{id}/preview.html", LOOK, previews.show),
    Way("GET", "/desk/mailings/{id}/strip", LOOK, previews.show_strip),
    Way("POST", "/desk/mailings/{id}/reader", SEE_PEOPLE, mailings.choose_reader),
    Way("POST", "/desk/mailings/{id}/test", WRITE, mailings.send_test),
    Way("POST", "/desk/mailings/{id}/review", WRITE, reviewing.ask),
    Way("POST", "/desk/mailings/{id}/approve", SEND, reviewing.decide),
    Way("GET", "/desk/mailings/{id}/audience", LOOK, aiming.show),
    Way("POST", "/desk/mailings/{id}/audience", WRITE, aiming.change),
    Way("POST", "/desk/mailings/{id}/audience/count", WRITE, aiming.count),
    Way("GET", "/desk/mailings/{id}/schedule", SEND, scheduling.show),
    Way("POST", "/desk/mailings/{id}/schedule", SEND, scheduling.confirm),
    Way("POST", "/desk/mailings/{id}/undo", SEND, mailings.undo),
    Way("POST", "/desk/mailings/{id}/pause", SEND, mailings.pause),
    Way("POST", "/desk/mailings/{id}/resume", SEND, mailings.resume),
    Way("GET", "/desk/mailings/{id}/stop", SEND, mailings.show_stop),
    Way("POST", "/desk/mailings/{id}/stop", SEND, mailings.stop),
    Way("POST", "/desk/mailings/{id}/again", WRITE, again.make),
    Way("GET", "/desk/mailings/{id}/archive", SEND, archiving.show),
    Way("POST", "/desk/mailings/{id}/archive", SEND, archiving.change),
    Way("GET", "/desk/mailings/{id}/watch", LOOK, accounts.show_watch),
    Way("GET", "/desk/mailings/{id}/status", LOOK, accounts.show_status),
    Way("GET", "/desk/mailings/{id}/pictures", LOOK, pictures.show),
    Way("GET", "/desk/mailings/{id}/people/twice", SEE_PEOPLE, accounts.show_twice),
    Way("GET", "/desk/mailings/{id}/people/{state}", SEE_PEOPLE, accounts.show_people),
    Way("POST", "/desk/mailings/{id}/people/{delivery}/settle", SEND, accounts.settle),
    Way("GET", "/desk/mailings/{id}/back/{kind}", SEE_PEOPLE, reports.show_returned),
    Way("GET", "/desk/mailings/{id}/print", LOOK, reports.show_print),
    Way("GET", "/desk/mailings/{id}/account.json", LOOK, accounts.as_json),
    Way("GET", "/desk/mailings/{id}/account.csv", SEE_PEOPLE, accounts.as_csv),
    Way("GET", "/desk/lists", LOOK, lists.show),
    Way("POST", "/desk/lists", KEEP_LISTS, lists.make),
    Way("POST", "/desk/lists/{id}/rule", KEEP_LISTS, lists.set_rule),
    Way("GET", "/desk/lists/{id}", KEEP_LISTS, one_list.show),
    Way("POST", "/desk/lists/{id}", KEEP_LISTS, one_list.change),
    Way("GET", "/desk/lists/{id}/readers.csv", SEE_PEOPLE, one_list.as_csv),
    Way("POST", "/desk/lists/{id}/archive", KEEP_LISTS, archiving.show_list_to),
    Way("GET", "/desk/lists/{id}/growth", LOOK, pictures.show_growth),
    Way("GET", "/desk/forms", LOOK, embedding.show),
    Way("GET", "/desk/readers", SEE_PEOPLE, readers.show),
    Way("POST", "/desk/readers", KEEP_PEOPLE, readers.add),
    Way("GET", "/desk/readers/{id}", SEE_PEOPLE, readers.show_one),
    Way("POST", "/desk/readers/{id}", KEEP_PEOPLE, one_reader.change),
    Way("POST", "/desk/readers/{id}/leave", KEEP_PEOPLE, readers.take_off),
    Way("GET", "/desk/staff", KEEP_STAFF, staff.show),
    Way("POST", "/desk/staff", KEEP_STAFF, staff.add),
    Way("POST", "/desk/staff/{id}/link", KEEP_STAFF, staff.make_link),
    Way("POST", "/desk/staff/{id}", KEEP_STAFF, staff.change),
)


def routes(house: House) -> list[BaseRoute]:
    """Return every route of the desk, with its whole path."""
    paths: dict[str, dict[str, Way]] = {}
    for way in WAYS:
        paths.setdefault(way.path, {})[way.method] = way
    return [_route(house, path, ways) for path, ways in paths.items()]


def _route(house: House, path: str, ways: Mapping[str, Way]) -> Route:
    return Route(path, partial(enter, ways, house), methods=list(ways))
