"""`parcours preview`: files to look at, sizes of texts, proofs that are marked and change
nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.mailbox import read_messages
from orchestrator.domain.medium import Medium
from orchestrator.links import LinkSigner
from orchestrator.render.sms_size import measure_sms
from tests.cli.conftest import ShopFolder, now, track


def test_a_template_becomes_files_that_are_named(shop: ShopFolder) -> None:
    answer = shop.run("preview", "reminder")
    assert answer.code == 0
    html = shop.folder / "var/preview/email/reminder.en.html"
    assert str(html) in answer.out
    assert "subject    Still there, Ada?" in answer.out
    assert "preheader  Your cart waits" in answer.out
    assert "<p>Hello Ada</p>" in html.read_text()
    assert "Hello Ada" in html.with_suffix(".txt").read_text()


def test_a_journey_becomes_all_its_messages(shop: ShopFolder) -> None:
    shop.write(
        "journeys/both.yaml",
        "journey: both\ntrigger: manual\nsteps: [{email: reminder}, {sms: nudge}]\n",
    )
    assert shop.run("preview", "both", "--out", shop.folder / "o").code == 0
    assert {path.name for path in (shop.folder / "o/both").iterdir()} == {
        "reminder.en.html", "reminder.en.txt", "nudge.en.txt",
    }  # fmt: skip


def test_the_subject_of_a_step_goes_before_the_template_s(shop: ShopFolder) -> None:
    step = '{email: {template: reminder, subject: "For you, {{ customer.first_name }}"}}'
    shop.write("journeys/own.yaml", f"journey: own\ntrigger: manual\nsteps: [{step}]\n")
    assert "subject    For you, Ada" in shop.run("preview", "own").out


@pytest.mark.parametrize(
    "text",
    ["first_name: Zoé\n", '{"first_name": "Zoé"}', "customer: {first_name: Zoé}\nvars: {}\n"],
)
def test_a_customer_of_one_s_own_is_shown(shop: ShopFolder, text: str) -> None:
    customer = shop.write("customer.yaml", text)
    assert (
        "subject    Still there, Zoé?"
        in shop.run("preview", "reminder", "--customer", customer).out
    )


def test_a_customer_that_is_no_map_is_refused_at_its_place(shop: ShopFolder) -> None:
    answer = shop.run("preview", "reminder", "--customer", shop.write("customer.yaml", "- Ada\n"))
    assert answer.code == 1
    assert "customer.yaml:1:1: a customer is a map" in answer.err


def test_the_language_is_the_one_asked_for_or_the_customer_s(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.fr.txt", "Bonjour {{ customer.first_name }}")
    assert "Bonjour Camille" in shop.run("preview", "nudge", "--locale", "fr").out
    customer = shop.write("customer.yaml", "{first_name: Luc, locale: fr-CA}")
    assert "Bonjour Luc" in shop.run("preview", "nudge", "--customer", customer).out


def test_a_language_that_a_template_has_not_is_said(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.fr.txt", "Bonjour")
    assert (
        "  no German form: English is shown\n" in shop.run("preview", "nudge", "--locale", "de").out
    )
    assert (
        "  no 'xx' form: English is shown\n" in shop.run("preview", "nudge", "--locale", "xx").out
    )
    customer = shop.write("customer.yaml", "{first_name: Uwe, locale: de-AT}")
    assert "no German form" in shop.run("preview", "nudge", "--customer", customer).out
    for locale in ("fr", "fr-CA", "en-GB", "en"):
        assert "is shown" not in shop.run("preview", "nudge", "--locale", locale).out


def test_a_journey_s_messages_show_the_coupon_that_it_gives_before_them(shop: ShopFolder) -> None:
    shop.write(
        "templates/sms/worth.txt",
        "{{ coupon.percent | percent }}{{ coupon.amount | money(coupon.currency) }}.",
    )
    steps = """
  - sms: {template: worth, id: nothing}
  - coupon: {percent: 15, expires: 3d}
  - sms: {template: worth, id: fifteen}
  - branch:
      - if: customer.orders >= 2
        then:
          - coupon: {amount: 5.90}
          - sms: {template: worth, id: postage}
      - else:
          - sms: {template: worth, id: still}
  - wait_for: {event: Visited, within: 1d, then: [{coupon: {percent: "{{ 10 + 10 }}"}}]}
  - sms: {template: worth, id: after}
"""
    shop.write("journeys/gifts.yaml", f"journey: gifts\ntrigger: manual\nsteps:{steps}")
    assert shop.run("preview", "gifts", "--out", shop.folder / "o").code == 0
    shown = {
        path.name.split(".")[0]: path.read_text() for path in (shop.folder / "o/gifts").iterdir()
    }
    assert shown == {
        "nothing": ".",
        "fifteen": "15%.",
        "postage": "€5.90.",
        "still": "15%.",
        "after": "20%.",
    }
    assert "10%" in shop.run("preview", "worth").out


def test_a_template_is_shown_while_other_files_are_broken(shop: ShopFolder) -> None:
    shop.write(
        "journeys/begun.yaml",
        "journey: begun\ntrigger: manual\nsteps:\n  - email: not-yet-written\n",
    )
    shop.write("templates/email/other.html", "---\nsubject: x\n---\n{{ person.name }}")
    answer = shop.run("preview", "reminder")
    assert answer.code == 0
    assert "Still there, Ada?" in answer.out
    assert "2 errors elsewhere in the project: `parcours check` shows what and where" in answer.err
    assert shop.run("preview", "cart").code == 0


def test_a_broken_template_or_journey_is_refused_with_its_own_errors(shop: ShopFolder) -> None:
    shop.write(
        "journeys/begun.yaml",
        "journey: begun\ntrigger: manual\nsteps:\n  - email: not-yet-written\n",
    )
    shop.write("templates/sms/nudge.fr.txt", "{{ person.name }}")
    for name, place in (
        ("begun", "journeys/begun.yaml:4:"),
        ("nudge", "templates/sms/nudge.fr.txt:1:4:"),
    ):
        answer = shop.run("preview", name)
        assert answer.code == 1
        assert answer.err.startswith(place)
        assert len(answer.err.splitlines()) == 1


def test_a_template_that_would_never_end_is_refused_with_its_reason(shop: ShopFolder) -> None:
    shop.write(
        "templates/sms/nudge.txt",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    )
    answer = shop.run("preview", "nudge")
    assert answer.code == 1
    assert answer.err.startswith("parcours: templates/sms/nudge.txt:1: it takes too much work")


def test_the_functions_of_the_language_answer_for_the_made_up_customer(shop: ShopFolder) -> None:
    shop.write(
        "templates/sms/nudge.txt",
        "{{ days_since(customer.last_order_at) }} {{ performed('A') }} {{ now | date }}",
    )
    assert "95 false January 5, 2026" in shop.run("preview", "nudge").out


def test_a_customer_s_file_may_hold_a_byte_order_mark_and_must_be_text(shop: ShopFolder) -> None:
    customer = shop.folder / "customer.yaml"
    customer.write_bytes(b"\xef\xbb\xbffirst_name: Zo\xc3\xa9\r\n")
    assert "Still there, Zoé?" in shop.run("preview", "reminder", "--customer", customer).out
    customer.write_bytes(b"first_name: Zo\xe9\n")
    answer = shop.run("preview", "reminder", "--customer", customer)
    assert (answer.code, answer.err) == (
        1,
        "customer.yaml:1:1: this is not UTF-8 (byte 15): save the file as UTF-8\n",
    )


def test_links_are_signed_with_a_key_that_no_server_uses(shop: ShopFolder) -> None:
    shop.run("preview", "reminder")
    html = (shop.folder / "var/preview/email/reminder.en.html").read_text()
    own = LinkSigner("the project's secret", "http://localhost:8000").unsubscribe("preview")
    assert "http://localhost:8000/u/" in html
    assert own not in html
    assert len(own) == len(html.partition('href="')[2].partition('"')[0])


def test_a_name_that_is_neither_is_a_wrong_call_with_a_suggestion(shop: ShopFolder) -> None:
    answer = shop.run("preview", "remnder")
    assert answer.code == 2
    assert "did you mean 'reminder'?" in answer.err


def test_a_journey_goes_before_a_template_of_the_same_name(shop: ShopFolder) -> None:
    shop.write("templates/email/cart.html", "---\nsubject: The template\n---\n<p>x</p>")
    assert "Still there, Ada?" in shop.run("preview", "cart").out
    assert "The template" in shop.run("preview", "email/cart").out


def test_a_proof_is_marked_and_has_no_effect_on_the_ledger(shop: ShopFolder) -> None:
    shop.begin()
    answer = shop.run("preview", "reminder", "--send-to", "me@example.com")
    assert answer.code == 0, answer.err
    (stored,) = read_messages(shop.folder / "var/mailbox", limit=10)
    assert (stored.to, stored.subject) == ("me@example.com", "[proof] Still there, Ada?")
    assert "A proof: nobody else gets it" in stored.html
    assert stored.text.startswith("A proof")
    assert "list-unsubscribe" not in {name.lower() for name, _ in stored.headers}
    assert shop.run("messages", "list", "--json").json == []


def test_a_proof_goes_to_a_number_by_text(shop: ShopFolder) -> None:
    assert shop.run("preview", "nudge", "--send-to", "+33612345678").code == 0
    (stored,) = read_messages(shop.folder / "var/mailbox", limit=10)
    assert (stored.medium, stored.to) == (Medium.SMS, "+33612345678")
    assert stored.text.startswith("[proof] Hello Ada")


def test_a_proof_that_no_message_fits_is_refused(shop: ShopFolder) -> None:
    answer = shop.run("preview", "nudge", "--send-to", "me@example.com")
    assert answer.code == 1
    assert "none of these messages is of the kind email" in answer.err


def test_a_project_that_writes_to_a_few_only_sends_proofs_to_them_only(shop: ShopFolder) -> None:
    shop.write("parcours.toml", '[channels]\nonly_to = ["me@example.com"]\n')
    assert shop.run("preview", "reminder", "--send-to", "me@example.com").code == 0
    answer = shop.run("preview", "reminder", "--send-to", "you@example.com")
    assert answer.code == 1
    assert "only_to" in answer.err


def test_a_number_that_no_channel_takes_fails(shop: ShopFolder) -> None:
    answer = shop.run("preview", "nudge", "--send-to", "0612")
    assert answer.code == 1
    assert "rejected" in answer.err


@pytest.mark.parametrize(
    ("text", "units", "parts", "alphabet"),
    [
        ("a" * 160, 160, 1, "GSM-7"),
        ("a" * 161, 161, 2, "GSM-7"),
        ("a" * 306, 306, 2, "GSM-7"),
        ("a" * 307, 307, 3, "GSM-7"),
        ("€" * 80, 160, 1, "GSM-7"),
        ("a" * 152 + "€" + "a" * 20, 174, 2, "GSM-7"),
        (
            "a" * 152 + "€" + "a" * 152,
            306,
            3,
            "GSM-7",
        ),  # the two places of the euro are not cut apart
        ("é" * 160, 160, 1, "GSM-7"),
        ("ç" * 70, 70, 1, "UCS-2"),
        ("ç" * 71, 71, 2, "UCS-2"),
        ("🛒" * 35, 70, 1, "UCS-2"),
        ("🛒" * 66, 132, 2, "UCS-2"),
        ("🛒" * 67, 134, 3, "UCS-2"),  # 33 carts in 66 of 67 places, and no half cart in the last
        ("", 0, 1, "GSM-7"),
    ],
)
def test_a_text_is_measured_as_it_travels(text: str, units: int, parts: int, alphabet: str) -> None:
    size = measure_sms(text)
    assert (size.units, size.parts, size.alphabet) == (units, parts, alphabet)


def test_the_signs_that_make_a_text_dear_are_named(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.txt", "Ça va, garçon ?")
    answer = shop.run("preview", "nudge")
    assert "15 characters in 1 part, UCS-2" in answer.out
    assert "which halves the room: ç" in answer.out


def test_files_go_where_they_are_asked_to(shop: ShopFolder, tmp_path: Path) -> None:
    shop.run("preview", "email/reminder", "--out", tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere/email/reminder.en.html").is_file()
    assert not (shop.folder / "var/preview").exists()


# ---------------------------------------------------------------- what cannot be shown


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"\xff\xfe{}", "customer.json:1:1: this is not UTF-8 (byte 1): save the file as UTF-8"),
        ('{"name": "Zoé"}'.encode("latin-1"), "customer.json:1:1: this is not UTF-8 (byte 13)"),
        (b"5", "customer.json:1:1: a customer is a map"),
        (b"", "customer.json:1:1: a customer is a map"),
        (b'{"customer": 5}', "customer.json:1:14: `customer` is a map here"),
        (b'{"customer": {}, "entry": [1]}', "customer.json:1:27: `entry` is a map here"),
        (b'{"customer": null}', "customer.json:1:14: `customer` is a map here"),
    ],
)
def test_a_file_that_holds_no_customer_is_refused_at_its_place(
    shop: ShopFolder, text: bytes, told: str
) -> None:
    path = shop.folder / "customer.json"
    path.write_bytes(text)
    answer = shop.run("preview", "nudge", "--customer", path)
    assert answer.code == 1
    assert told in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_file_saved_with_a_byte_order_mark_is_read(shop: ShopFolder) -> None:
    path = shop.folder / "customer.json"
    path.write_bytes(b'\xef\xbb\xbf{"first_name": "Ada"}')
    assert "Hello Ada" in shop.run("preview", "nudge", "--customer", path).out


@pytest.mark.parametrize("asked", ["zoe", "zoe@example.com", "+33 6 12 34 56 78"])
def test_a_customer_of_the_database_is_shown(stored_shop: ShopFolder, asked: str) -> None:
    text = "{{ customer.first_name }}, {{ customer.stage }}: {{ customer.orders }}"
    stored_shop.write("templates/sms/nudge.txt", text)
    stored_shop.leave_cart("zoe", firstName="Zoé", first_name=None, email="zoe@example.com")
    stored_shop.run("tick")
    assert "  Zoé, lead: 0\n" in stored_shop.run("preview", "nudge", "--customer", asked).out


def test_neither_a_file_nor_a_customer_is_answered_in_a_line(shop: ShopFolder) -> None:
    shop.begin()
    answer = shop.run("preview", "nudge", "--customer", "nobody.json")
    assert answer.code == 1
    assert answer.err == "no customer has the id, e-mail address or phone number nobody.json\n"


@pytest.mark.parametrize("address", ["notanaddress", "@", "me@", "", "+"])
def test_what_is_no_address_is_refused_before_anything_is_rendered(
    shop: ShopFolder, address: str
) -> None:
    answer = shop.run("preview", "nudge", "--send-to", address)
    assert answer.code == 2
    assert f"'{address}' is neither an e-mail address nor a number" in answer.err
    assert answer.out == ""


def test_what_is_no_language_names_no_file(shop: ShopFolder) -> None:
    assert shop.run("preview", "nudge", "--locale", "../../x").code == 2
    customer = shop.write("customer.json", '{"locale": "../../x"}')
    assert "nudge.en.txt" in shop.run("preview", "nudge", "--customer", customer).out


def test_a_customer_s_file_may_say_which_element_a_message_is_about(shop: ShopFolder) -> None:
    shop.write("templates/sms/refill.txt", "{{ item.name }} has run out")
    file = shop.write("ada.yaml", "customer: {first_name: Ada}\nitem: {name: Aspirin}\n")
    assert "Aspirin has run out" in shop.run("preview", "refill", "--customer", file).out


def test_a_customer_of_the_database_is_shown_with_their_account(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.txt", "For {{ account.name or 'nobody' }}.")
    group = {"type": "group", "groupId": "acme", "timestamp": now().isoformat()}
    shop.write("journeys/one.yaml", "journey: one\ntrigger: manual\none_per: account\nsteps: []\n")
    shop.ingest({**group, "userId": "ada", "traits": {"name": "Nord"}}, track("bob", "A", now()))
    shop.run("tick")
    assert "For Nord." in shop.run("preview", "nudge", "--customer", "ada").out
    assert "For nobody." in shop.run("preview", "nudge", "--customer", "bob").out
    assert "For Acme." in shop.run("preview", "nudge").out


def test_a_message_shows_what_its_journey_sets(shop: ShopFolder) -> None:
    shop.write("templates/sms/gift.txt", "{{ vars.gift }} for you, from {{ vars.minimum }}")
    shop.write(
        "journeys/gift.yaml",
        "journey: gift\ntrigger: manual\nsteps:\n"
        '  - set: {gift: 25, minimum: "{{ entry.value + 1 }}"}\n  - sms: gift\n',
    )
    assert "25 for you, from 215" in shop.run("preview", "gift").out
