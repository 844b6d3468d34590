"""Who may do what: everybody may look, only operators keep staff."""

from mailer.staff import roles
from mailer.store.tables import ROLES


def test_every_role_may_look_and_only_what_is_known() -> None:
    assert tuple(roles.MAY) == ROLES
    for role, acts in roles.MAY.items():
        assert roles.may(role, roles.LOOK)
        assert acts <= set(roles.ACTS)
    assert roles.MAY["operator"] == set(roles.ACTS)


def test_a_writer_sends_nothing_and_sees_nobody() -> None:
    assert roles.may("writer", roles.WRITE)
    assert not any(roles.may("writer", act) for act in set(roles.ACTS) - {roles.WRITE, roles.LOOK})


def test_who_keeps_the_lists_writes_no_mailings() -> None:
    assert not any(roles.may("list keeper", act) for act in (roles.WRITE, roles.SEND, roles.KEEP_STAFF))


def test_unknown_roles_and_acts_may_nothing() -> None:
    assert not roles.may("king", roles.LOOK)
    assert not roles.may("operator", "fly")
