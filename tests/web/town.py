"""The town of the previews, visited by the client of the tests."""

from typing import Any

from starlette.testclient import TestClient

from mailer.cli.preview import town
from mailer.cli.preview.town import BASE, SETTINGS, Reader, Town
from mailer.store.engine import Store
from mailer.tokens import Keys

__all__ = ["BASE", "SETTINGS", "Reader", "Town", "build"]


def build(store: Store, keys: Keys, **settings: Any) -> Town:
    """Build the town for tests."""

    def client(site: Any) -> TestClient:
        return TestClient(site, base_url=BASE, raise_server_exceptions=False)

    return town.build(store, keys, client, **settings)
