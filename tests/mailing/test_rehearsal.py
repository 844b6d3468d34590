"""Every template is tried, the operator's own too."""

from mailer.config import Config, template_folders
from mailer.mailing import rehearsal


def with_folder(config, folder):
    return config.model_copy(update={"templates": config.templates.model_copy(update={"folder": folder})})


def test_what_is_shipped_holds(config) -> None:
    assert list(rehearsal.mistakes(config)) == []


def test_every_mistake_is_named_with_its_file(config, tmp_path) -> None:
    poster, confirm = tmp_path / "editions" / "poster", tmp_path / "notices" / "confirm"
    for folder in (poster, confirm):
        folder.mkdir(parents=True)
    (poster / "page.txt").write_text("{{ statement.titel }}")
    (confirm / "subject.txt").write_text("{{ notice.nothing_of_that_name }}")
    found = [str(each) for each in rehearsal.mistakes(with_folder(config, tmp_path))]
    assert any("page.txt" in line for line in found)
    assert any("subject.txt" in line for line in found)


def test_a_declared_attribute_may_be_used_and_another_not(config, tmp_path) -> None:
    folder = tmp_path / "editions" / "statement"
    folder.mkdir(parents=True)
    page = folder / "page.txt"
    page.write_text("{{ reader.city or 'you' }}: {{ statement.body }}")
    assert list(rehearsal.mistakes(with_folder(config, tmp_path))) == []
    page.write_text("{{ reader.town or 'you' }}: {{ statement.body }}")
    assert "town" in str(next(rehearsal.mistakes(with_folder(config, tmp_path))))


def test_every_notice_is_rehearsed() -> None:
    (folder,) = template_folders(Config())
    assert set(rehearsal.SAID) == {path.name for path in (folder / "notices").iterdir() if path.is_dir()}
