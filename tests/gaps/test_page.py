"""docs/gaps.md and its French twin list the programmes of the catalogue."""

from tests.support import gaps_page


def test_the_pages_list_every_programme() -> None:
    assert gaps_page.PAGE.read_text("utf-8") == gaps_page.write()
    assert gaps_page.FRENCH_PAGE.read_text("utf-8") == gaps_page.write_french()
