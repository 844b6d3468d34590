"""Addresses we must not write to."""

import pytest
from sqlalchemy import select

from mailer.errors import BadInput
from mailer.people import suppression
from mailer.store.tables import Suppression

KEY = "ann@example.org"


def test_the_first_reason_stays_and_nothing_is_written_twice(store, keys) -> None:
    with store.write() as session:
        for reason in ("mailbox gone", "complained"):
            suppression.suppress(session, keys, KEY, scope="all", reason=reason, origin="relay")
        (row,) = suppression.find(session, keys, KEY)
        assert (row.reason, row.origin, row.scope) == ("mailbox gone", "relay", "all")
        assert KEY not in row.address_hash


def test_scopes_stand_beside_each_other(store, keys) -> None:
    digest = keys.address_hash(KEY)
    with store.write() as session:
        assert not suppression.is_suppressed(session, digest, for_mailings=True)
        suppression.suppress(session, keys, KEY, scope="mailings", reason="left everything")
        assert suppression.is_suppressed(session, digest, for_mailings=True)
        assert not suppression.is_suppressed(session, digest, for_mailings=False)
        suppression.suppress(session, keys, KEY, scope="all", reason="not me")
        assert suppression.is_suppressed(session, digest, for_mailings=False)
        assert len(suppression.find(session, keys, KEY)) == 2


@pytest.mark.parametrize(("scope", "lifted", "left"), [("all", 1, ["mailings"]), (None, 2, [])])
def test_lifting_leaves_the_row(store, keys, scope, lifted, left, moving_clock) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, KEY, scope="all", reason="mailbox gone")
        suppression.suppress(session, keys, KEY, scope="mailings", reason="left everything")
        suppression.suppress(session, keys, "bea@example.org", scope="all", reason="mailbox gone")
        assert suppression.lift(session, keys, KEY, why="it works again", scope=scope) == lifted
        assert [row.scope for row in suppression.find(session, keys, KEY)] == left
        assert suppression.lift(session, keys, KEY, why="twice", scope="all") == 0
        gone = session.scalars(
            select(Suppression).where(Suppression.scope == "all", Suppression.lifted_at.is_not(None))
        )
        assert [(row.lifted_why, row.lifted_at) for row in gone] == [("it works again", moving_clock.now())]
        assert suppression.find(session, keys, "bea@example.org")


def test_an_address_may_be_suppressed_anew(store, keys) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, KEY, scope="all", reason="mailbox gone")
        suppression.lift(session, keys, KEY, why="it works again")
        suppression.suppress(session, keys, KEY, scope="all", reason="complained")
        assert [row.reason for row in suppression.find(session, keys, KEY)] == ["complained"]


@pytest.mark.parametrize("why", ["", " \n", "\x00"])
def test_nothing_is_lifted_without_a_reason(store, keys, why) -> None:
    with store.write() as session:
        suppression.suppress(session, keys, KEY, scope="all", reason="complained")
        with pytest.raises(BadInput, match="why"):
            suppression.lift(session, keys, KEY, why=why)
        assert len(suppression.find(session, keys, KEY)) == 1
