"""The pages for those who run the shop: kept for a while, made apart, and never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest

from orchestrator.api.desk import Desk, PageFaulty
from orchestrator.api.page_maker import Answer, PagesApart
from orchestrator.report.page_asked import MadePage, PageAsked, Unwritten
from orchestrator.store.availability import StoreUnavailable
from tests.api.site import PagesHere, Site

OVERVIEW = PageAsked("")


class SlowMaker:
    """Makes a page when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[PageAsked, Future[Answer]]] = []

    def ask(self, asked: PageAsked) -> Future[Answer]:
        self.asked.append((asked, Future()))
        return self.asked[-1][1]

    def make(self, answer: Answer | None = None) -> None:
        """Ends what was begun last."""
        number = len(self.asked)
        self.asked[-1][1].set_result(answer or MadePage(f"page {number}", "", "now"))

    def renew(self) -> None: ...

    def close(self) -> None: ...


async def settle() -> None:
    """Has what is ready be done."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_page_that_takes_long_is_not_waited_for_and_there_at_the_next_look() -> None:
    async def look() -> None:
        maker = SlowMaker()
        desk = Desk(maker, wait_s=0.01)
        assert await desk.find(OVERVIEW) is None
        assert await desk.find(OVERVIEW) is None
        assert len(maker.asked) == 1, "it is being made already"
        maker.make()
        await settle()
        found = await desk.find(OVERVIEW)
        assert found is not None
        assert (found.title, len(maker.asked)) == ("page 1", 1)

    asyncio.run(look())


def test_a_page_is_made_anew_when_it_is_old_and_the_older_one_shown_meanwhile() -> None:
    async def look() -> None:
        maker = SlowMaker()
        desk = Desk(maker, kept_s=0, wait_s=0.01)
        assert await desk.find(OVERVIEW) is None
        maker.make()
        await settle()
        assert await desk.find(OVERVIEW) == MadePage("page 1", "", "now")
        maker.make()
        await settle()
        assert await desk.find(OVERVIEW) == MadePage("page 2", "", "now")
        assert len(maker.asked) == 3

    asyncio.run(look())


def test_what_was_made_from_earlier_files_is_forgotten() -> None:
    async def look() -> None:
        maker = SlowMaker()
        desk = Desk(maker, wait_s=0.01)
        await desk.find(OVERVIEW)
        maker.make()
        await settle()
        desk.forget()
        assert await desk.find(OVERVIEW) is None

    asyncio.run(look())


@pytest.mark.parametrize(
    ("answer", "raised"),
    [(Unwritten("the database is away"), StoreUnavailable), (Unwritten(), PageFaulty)],
)
def test_why_there_is_no_page_is_told(answer: Unwritten, raised: type[Exception]) -> None:
    async def look() -> None:
        maker = SlowMaker()
        desk = Desk(maker, wait_s=5)
        finding = asyncio.create_task(desk.find(OVERVIEW))
        await settle()
        maker.make(answer)
        with pytest.raises(raised):
            await finding

    asyncio.run(look())


def test_a_fault_of_ours_is_said_on_a_page(sqlite_shop: Site) -> None:
    class FaultyMaker(SlowMaker):
        def ask(self, asked: PageAsked) -> Future[Answer]:
            made = super().ask(asked)
            made.set_result(Unwritten())
            return made

    sqlite_shop.change(pages=FaultyMaker())
    with sqlite_shop.local_client() as client:
        answer = client.get("/tasks")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text


def test_a_visitor_is_told_to_wait_and_their_browser_comes_back(sqlite_shop: Site) -> None:
    sqlite_shop.change(pages=SlowMaker())
    with sqlite_shop.local_client() as client:
        answer = client.get("/journeys")
    assert answer.status_code == 202
    assert '<meta http-equiv="refresh"' in answer.text


@pytest.fixture
def apart(sqlite_shop: Site) -> Iterator[PagesApart]:
    pages = PagesApart(sqlite_shop.services.config, idle_s=0.3)
    yield pages
    pages.close()


def test_pages_are_made_in_a_process_that_lives_while_they_are_asked_for(
    sqlite_shop: Site, apart: PagesApart
) -> None:
    sqlite_shop.add_customer("u1", email="ada@example.com")
    assert apart.process_id is None
    first, second = apart.ask(PageAsked("customers", query=(("q", "u1"),))), apart.ask(OVERVIEW)
    found, overview = first.result(60), second.result(60)
    assert isinstance(found, MadePage)
    assert isinstance(overview, MadePage)
    assert "ada@example.com" in found.html
    assert overview.title == "Atelier Nord"
    thread = apart._thread
    assert thread is not None
    thread.join(60)
    assert apart.process_id is None, "nobody asked for a while"


def test_a_process_that_ends_in_the_middle_is_started_again(apart: PagesApart) -> None:
    assert isinstance(apart.ask(OVERVIEW).result(60), MadePage)
    child = apart._child
    if child is not None:  # else it has ended already, for nobody asked
        child.process.kill()
        child.process.wait()
    assert isinstance(apart.ask(OVERVIEW).result(60), MadePage)


def test_a_closed_maker_answers_nobody(apart: PagesApart) -> None:
    apart.close()
    assert apart.ask(OVERVIEW).result(60) == Unwritten()


# ---------------------------------------------------------------- the frame


def test_the_way_around_leads_to_every_page_and_says_where_one_is(sqlite_shop: Site) -> None:
    sqlite_shop.change(prefect_ui_url="http://localhost:4200", demo=True)
    with sqlite_shop.local_client() as client:
        html = client.get("/tasks").text
    for door in ("./", "./journeys", "./customers", "./deliverability", "./coupons", "./mailbox"):
        assert f'href="{door}"' in html
    assert '<a href="./tasks" aria-current="page">Tasks</a>' in html
    assert 'href="http://localhost:4200"' in html
    assert "nothing leaves this machine" in html


def test_the_pages_speak_the_language_of_the_project(sqlite_shop: Site) -> None:
    config = sqlite_shop.services.config
    french = replace(config, project=replace(config.project, locale="fr-FR"))
    sqlite_shop.change(config=french, pages=PagesHere(french, sqlite_shop.database))
    sqlite_shop.add_customer("u1", email="ada@example.com")
    with sqlite_shop.local_client() as client:
        html = client.get("/customers?q=u1").text
        mailbox = client.get("/mailbox").text
    assert '<html lang="fr">' in html
    assert "Ce qui s’est passé" in html
    assert "Rien n’a encore été envoyé." in mailbox


def test_what_customers_wrote_is_text_on_every_page(sqlite_shop: Site) -> None:
    number = sqlite_shop.add_customer("<script>", email="<b>@x", name="<i>Ada</i>")
    with sqlite_shop.local_client() as client:
        html = client.get(f"/customers/{number}").text
    assert "&lt;i&gt;Ada&lt;/i&gt;" in html
    assert "<script>" not in html
    assert "<b>@x" not in html


def test_from_elsewhere_every_page_asks_for_the_token(sqlite_shop: Site) -> None:
    config = replace(sqlite_shop.services.config, environment={"PARCOURS_ADMIN_TOKEN": "a token"})
    sqlite_shop.change(config=config)
    paths = ("/", "/journeys", "/journeys/x", "/customers", "/customers/1", "/deliverability",
             "/tasks", "/coupons")  # fmt: skip
    with sqlite_shop.client() as client:
        assert {client.get(path).status_code for path in paths} == {401}
        client.headers["Authorization"] = "Bearer a token"
        assert client.get("/").status_code == 200
