"""Staff are added, given roles and disabled; what was done is written down."""

import pytest

from mailer.errors import BadInput, NotFound, Refused
from mailer.staff import deeds, entry, team
from mailer.store.engine import Store
from mailer.store.tables import DeskSession, Staff, StaffLink

HASH = "a hash"


def make(session, name="Ann Weir", address="ann@water.example", role="operator", password=HASH) -> Staff:
    person = team.add(session, name=name, address=address, role=role, actor="test")
    person.password_hash = password
    session.flush()
    return person


def test_somebody_is_added_and_found(store: Store) -> None:
    with store.write() as session:
        assert not team.somebody(session)
        ann = make(session, "  Ann\n Weir ", " Ann@Water.example ")
        assert (ann.name, ann.address, ann.address_key) == ("Ann Weir", "Ann@water.example", "ann@water.example")
        assert team.somebody(session)
        assert team.with_address(session, "ANN@water.example").id == ann.id
        assert [person.name for person in team.every(session)] == ["Ann Weir"]
        [deed] = deeds.latest(session)
        assert (deed.actor, deed.action, deed.subject) == ("test", "staff added", f"staff {ann.id} Ann Weir")


@pytest.mark.parametrize(
    ("name", "address", "role", "place"),
    [
        (" \x00\n", "bo@water.example", "writer", "name"),
        ("Bo", "bo", "writer", "address"),
        ("Bo", "bo@water.example", "king", "role"),
        ("Bo", "ANN@WATER.example", "writer", "address"),
        ("ann weir", "bo@water.example", "writer", "name"),
    ],
)
def test_what_cannot_be_used_is_refused(store: Store, name: str, address: str, role: str, place: str) -> None:
    with store.write() as session:
        make(session)
        with pytest.raises(Refused) as refused:
            team.add(session, name=name, address=address, role=role, actor="test")
        assert refused.value.place == place
        assert refused.value.cure


def test_the_last_operator_stays(store: Store) -> None:
    with store.write() as session:
        ann = make(session)
        make(session, "Bo", "bo@water.example", "writer")
        make(session, "Cy", "cy@water.example", "operator", password="")
        for act in (
            lambda: team.disable(session, ann, actor="test"),
            lambda: team.set_role(session, ann, "writer", actor="test"),
        ):
            with pytest.raises(Refused, match="last operator"):
                act()
        team.set_role(session, team.with_address(session, "bo@water.example"), "operator", actor="test")
        team.set_role(session, ann, "writer", actor="test")
        assert ann.role == "writer"
        with pytest.raises(BadInput):
            team.set_role(session, ann, "queen", actor="test")


def test_the_disabled_are_out_at_once_and_listed_last(store: Store, config) -> None:
    with store.write() as session:
        make(session)
        bo = make(session, "Aa Bo", "bo@water.example", "writer")
        secret = entry.admit(session, bo, agent="Browser")
        url = entry.link(session, config, bo)
        team.disable(session, bo, actor="desk:Ann")
        team.disable(session, bo, actor="desk:Ann")
        assert entry.visit(session, config, secret) is None
        with pytest.raises(NotFound):
            entry.look_at(session, url.rpartition("/")[2])
        with pytest.raises(Refused, match="disabled"):
            entry.link(session, config, bo)
        assert [person.name for person in team.every(session)] == ["Ann Weir", "Aa Bo"]
        team.enable(session, bo, actor="desk:Ann")
        team.enable(session, bo, actor="desk:Ann")
        assert bo.disabled_at is None
        assert [deed.action for deed in deeds.latest(session, subject=team.subject(bo))] == [
            "staff enabled",
            "staff disabled",
            "staff added",
        ]


def test_a_new_password_ends_sessions_and_links(store: Store, config) -> None:
    with store.write() as session:
        ann, bo = make(session), make(session, "Bo", "bo@water.example")
        hers, his = entry.admit(session, ann, agent=""), entry.admit(session, bo, agent="")
        entry.link(session, config, ann)
        team.set_password(session, ann, "another hash", actor="desk:Ann")
        assert entry.visit(session, config, hers) is None
        assert entry.visit(session, config, his) is not None
        assert [row.used_at is None for row in session.query(StaffLink)] == [False]
        assert session.query(DeskSession).filter_by(ended_at=None).count() == 1


def test_nobody_is_told_apart_from_somebody_else(store: Store) -> None:
    with store.write() as session:
        unnamed = team.unnamed(session)
        assert team.unnamed(session).id == unnamed.id
        assert not team.somebody(session)
        assert list(team.every(session)) == []
        for number in (unnamed.id, 99):
            with pytest.raises(NotFound):
                team.need(session, number)
        with pytest.raises(NotFound):
            team.with_address(session, "nobody@water.example")
