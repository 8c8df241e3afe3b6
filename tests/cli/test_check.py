"""`parcours check`: every fault at once, where it stands; advice does not fail."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.lint.project_check import RULES
from tests.cli.conftest import ShopFolder, identify, now, track
from tests.support.journeys import CART

ROOT = Path(__file__).parents[2]


def test_a_project_without_faults_is_fine(shop: ShopFolder) -> None:
    answer = shop.run("check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "2 journeys, 2 templates: 0 errors, 0 warnings\n"


def test_every_error_of_every_file_is_printed_with_its_place(shop: ShopFolder) -> None:
    shop.write(
        "journeys/cart.yaml",
        CART.replace("email: reminder", "email: remnder").replace("1h", "1 parsec"),
    )
    shop.write("templates/sms/nudge.txt", "Hello {{ customer.first_name }")
    answer = shop.run("check")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert any(re.match(r"\S*journeys/cart\.yaml:7:\d+: .*parsec", line) for line in lines), (
        answer.out
    )
    assert any(re.match(r"\S*templates/sms/nudge\.txt:1:\d+: ", line) for line in lines), answer.out
    assert lines[-1].endswith("2 errors, 0 warnings")


def test_a_missing_template_is_an_error_with_a_suggestion(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART.replace("email: reminder", "email: remnder"))
    answer = shop.run("check")
    assert answer.code == 1
    assert "template 'email/remnder' not found; did you mean 'email/reminder'?" in answer.out


def test_one_broken_template_does_not_hide_the_others(shop: ShopFolder) -> None:
    shop.write("templates/email/_part.mjml", "<mj-text>x</mj-text>")
    body = (
        '<mjml><mj-body><mj-section><mj-column>\n{% include "_part.mjml" %}<mj-text><b>{{ '
        "links.unsubscribe }}"
    )
    end = "</mj-text></mj-column></mj-section></mj-body></mjml>"
    shop.write("templates/email/other.mjml", f"---\nsubject: x\n---\n{body}{end}")
    answer = shop.run("check")
    assert answer.code == 1
    assert (
        "templates/email/other.mjml:5:36: <b> is not closed: write </b> where it ends\n"
        in answer.out
    )
    assert answer.out.endswith("2 journeys, 2 templates: 1 error, 0 warnings\n")


@pytest.mark.parametrize("folder", ["sms", "email"])
def test_a_file_that_no_step_can_send_is_advice(shop: ShopFolder, folder: str) -> None:
    ending = "txt" if folder == "sms" else "html"
    for file in ("sub/hi", "hi.v2", "über"):
        shop.write(f"templates/{folder}/{file}.{ending}", "x")
    shop.write(f"templates/{folder}/.#hi.{ending}", "an editor's own")
    answer = shop.run("check")
    assert answer.code == 0
    told = [line for line in answer.out.splitlines() if "no step can send this" in line]
    assert [line.rpartition("called like ")[2] for line in told] == [
        f"{right}.{ending}, in templates/{folder}" for right in ("hi-v2", "sub-hi", "ber")
    ]


def test_a_text_that_is_paid_more_than_once_is_advice_that_names_the_character(
    shop: ShopFolder,
) -> None:
    shop.write("templates/sms/nudge.txt", "Hello\nyour cart 🛒 " + "x" * 60)
    answer = shop.run("check")
    assert answer.code == 0
    assert (
        "templates/sms/nudge.txt:2:11: warning: 🛒 is not in the small alphabet of text messages, which halves the "
        "room to 70 characters: for a made-up customer it has 79 characters and is paid 2 times"
    ) in answer.out
    shop.write("templates/sms/nudge.txt", "x" * 161)
    assert (
        "nudge.txt:1:1: warning: for a made-up customer it has 161 characters and is paid 2 times"
        in (shop.run("check").out)
    )
    shop.write(
        "templates/sms/nudge.txt",
        "Only {{ 12.5 | money }} more, {{ customer.first_name }} {{ 10 | percent }}",
    )
    shop.write(
        "templates/sms/nudge.fr.txt",
        "Plus que {{ 12.5 | money }}, {{ customer.first_name }} {{ 10 | percent }}",
    )
    assert "alphabet" not in shop.run("check").out


def test_a_template_that_fails_for_a_made_up_customer_is_advice(shop: ShopFolder) -> None:
    shop.write(
        "templates/sms/nudge.txt",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    )
    answer = shop.run("check")
    assert answer.code == 0
    assert (
        "fails for a made-up customer: templates/sms/nudge.txt:1: it takes too much work"
        in answer.out
    )


@pytest.mark.parametrize(
    ("trigger", "is_past"),
    [
        ("{once: 2020-02-29 10:00}", True),
        ("{once: 2020-02-29 10:00, timezone: customer}", True),
        ("{once: 2199-01-01 10:00, timezone: customer}", False),
        ("{schedule: '0 9 * * mon'}", False),
    ],
)
def test_a_time_that_is_past_is_advice(shop: ShopFolder, trigger: str, is_past: bool) -> None:
    text = f"journey: news\npurpose: marketing\ntrigger: {trigger}\nsteps:\n  - sms: nudge\n"
    shop.write("journeys/news.yaml", text)
    answer = shop.run("check")
    assert answer.code == 0
    told = "journeys/news.yaml:3:10: warning: the time is past, it calls nobody any more (once, on"
    assert (told in answer.out) is is_past, answer.out


@pytest.mark.parametrize(("day", "is_past"), [("2020-12-31", True), ("2199-12-31", False)])
def test_a_last_day_that_is_past_is_advice(shop: ShopFolder, day: str, is_past: bool) -> None:
    text = f"journey: news\nends: {day}\ntrigger: manual\nsteps:\n  - sms: nudge\n"
    shop.write("journeys/news.yaml", text)
    told = "journeys/news.yaml:2:7: warning: the last day is past, nobody enters any more"
    assert (told in shop.run("check").out) is is_past


def test_the_subject_of_a_step_is_read_as_templates_are(shop: ShopFolder) -> None:
    step = 'email: {template: reminder, subject: "Hi {{ person.name | mony }}"}'
    shop.write("journeys/cart.yaml", CART.replace("email: reminder", step))
    answer = shop.run("check")
    assert answer.code == 1
    assert "the subject: there is no `person` here: write `customer`" in answer.out
    assert "the subject: there is no filter `mony`; did you mean 'money'?" in answer.out


def test_a_locale_that_another_template_has_is_advice(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.fr.txt", "Bonjour")
    answer = shop.run("check")
    assert answer.code == 0
    told = (
        "templates/email/reminder.html:1:1: warning: not there in fr, while other templates "
        "are: 'email/reminder'\n"
    )
    assert told in answer.out
    assert "sms/nudge" not in answer.out


def test_templates_that_lack_a_language_are_told_in_one_line_for_each(shop: ShopFolder) -> None:
    for name in "abcdefgh":
        shop.write(f"templates/sms/{name}.txt", "Hello")
    shop.write("templates/sms/nudge.fr.txt", "Bonjour")
    shop.write("templates/sms/nudge.de.txt", "Hallo")
    told = [
        line.partition("warning: ")[2]
        for line in shop.run("check").out.splitlines()
        if "warning: not" in line
    ]
    named = "'email/reminder', 'sms/a', 'sms/b', 'sms/c', 'sms/d', 'sms/e' and 3 more"
    assert told == [
        f"not there in {tag}, while other templates are: {named}" for tag in ("de", "fr")
    ]


def test_a_channel_that_is_unknown_is_answered_without_the_double_of_the_tests(
    shop: ShopFolder,
) -> None:
    shop.write("parcours.toml", '[channels]\nemail = "recoding"\n')
    answer = shop.run("check")
    assert (
        "no adapter 'recoding' carries email (these do: console, mailbox, sendgrid, smtp)"
        in answer.out
    )
    assert "recording" not in answer.out


def test_a_variant_for_a_country_needs_none_where_the_language_has_one(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.fr-CA.txt", "Bonjour")
    shop.write("templates/email/reminder.fr.html", "---\nsubject: Bonjour\n---\n<p>Bonjour</p>")
    answer = shop.run("check")
    assert "'email/reminder'" not in answer.out
    assert "warning: not there in fr, while other templates are: 'sms/nudge'\n" in answer.out


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            'postal_address = "1 rue des Tanneurs, Paris"',
            "commercial mail must carry a postal address",
        ),
        ('sms = {from = "20:00", to = "08:00"}', "marketing texts may leave at night"),
    ],
)
def test_what_a_sender_forgets_is_advice(shop: ShopFolder, line: str, advice: str) -> None:
    toml = (shop.folder / "parcours.toml").read_text()
    assert line in toml
    shop.write("parcours.toml", toml.replace(line, ""))
    answer = shop.run("check")
    assert answer.code == 0
    assert re.search(rf"parcours\.toml:1:1: warning: {advice}", answer.out)


def test_on_a_real_channel_links_that_would_lead_nowhere_are_advice(shop: ShopFolder) -> None:
    links = (
        "links to the shop would lead nowhere",
        "links to unsubscribe would lead to this machine only",
    )
    assert not any(link in shop.run("check").out for link in links)
    shop.write("parcours.toml", '[channels]\nemail = "smtp"\n')
    assert all(link in shop.run("check").out for link in links)
    addresses = (
        '[project]\nwebsite = "https://a.example"\n[web]\npublic_url = "https://p.example"\n'
    )
    shop.write("parcours.toml", addresses + '[channels]\nemail = "smtp"\n')
    assert not any(link in shop.run("check").out for link in links)


@pytest.mark.parametrize(
    ("channel", "variable"),
    [
        ('email = "smtp"', "PARCOURS_SMTP_URL"),
        ('email = "sendgrid"', "SENDGRID_API_KEY"),
        ('sms = "twilio"', "TWILIO_FROM"),
    ],
)
def test_what_a_provider_still_lacks_is_advice(
    shop: ShopFolder, channel: str, variable: str
) -> None:
    shop.write("parcours.toml", f"[channels]\n{channel}\n")
    answer = shop.run("check")
    assert answer.code == 0
    assert variable in answer.out


@pytest.mark.parametrize(
    ("without", "advice"),
    [
        ("{{ links.unsubscribe }}", "a marketing mail without an unsubscribe link"),
        ("{{ project.postal_address }}", "a marketing mail without a postal address"),
    ],
)
def test_what_a_marketing_mail_must_hold_is_advice(
    shop: ShopFolder, without: str, advice: str
) -> None:
    path = shop.folder / "templates/email/reminder.html"
    path.write_text(path.read_text().replace(without, ""))
    answer = shop.run("check")
    assert answer.code == 0
    assert f"templates/email/reminder.html:1:1: warning: {advice}" in answer.out


def test_a_subject_of_a_step_is_compiled_like_a_template(shop: ShopFolder) -> None:
    written = "email: {template: reminder, subject: '{{ entry.price | monney }}'}"
    shop.write("journeys/cart.yaml", CART.replace("email: reminder", written))
    answer = shop.run("check")
    assert answer.code == 1
    assert re.search(
        r"journeys/cart\.yaml:8:43: step 'reminder': the subject: .*monney", answer.out
    )


def test_a_channel_that_does_not_exist_is_an_error(shop: ShopFolder) -> None:
    shop.write("parcours.toml", '[channels]\nemail = "sendgird"\n')
    answer = shop.run("check")
    assert answer.code == 1
    assert "no adapter 'sendgird' carries email" in answer.out
    assert "did you mean 'sendgrid'?" in answer.out


def test_a_folder_or_a_file_leads_to_its_project(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART.replace("1h", "1 parsec"))
    shop.write("journeys/call-back.yaml", "journey: call-back\n")
    whole = shop.run_command(["check", str(shop.folder / "journeys")])
    assert "cart.yaml" in whole.out
    assert "call-back.yaml" in whole.out
    one = shop.run_command(["check", str(shop.folder / "journeys/cart.yaml")])
    assert one.code == 1
    assert "call-back.yaml" not in one.out
    assert shop.run_command(["check", str(shop.folder / "templates/sms/nudge.txt")]).code == 0


def test_outside_of_any_project_the_call_is_wrong(tmp_path: Path, shop: ShopFolder) -> None:
    answer = shop.run_command(["check", str(tmp_path)])
    assert answer.code == 2
    assert "lies in no project" in answer.err


def test_machines_get_the_problems_as_json(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART.replace("1h", "1 parsec"))
    answer = shop.run("check", "--json")
    assert answer.code == 1
    (problem,) = answer.json["problems"]
    assert (problem["line"], problem["severity"], problem["rule"]) == (7, "error", "file-invalid")


def test_a_finding_names_its_rule_for_machines_and_not_for_people(shop: ShopFolder) -> None:
    shop.write("templates/sms/nudge.fr.txt", "Bonjour")
    (problem,) = shop.run("check", "--json").json["problems"]
    assert problem["rule"] == "missing-locale"
    assert "missing-locale" not in shop.run("check").out


def test_every_rule_has_a_name_of_its_own_and_says_why_it_is_one() -> None:
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
        assert rule.why.endswith(".")


def test_what_a_setting_says_stands_where_it_is_written(shop: ShopFolder) -> None:
    shop.write("parcours.toml", '[channels]\nsms = "console"\nemail = "sendgird"\n')
    assert "parcours.toml:3:1: no adapter 'sendgird' carries email" in shop.run("check").out


def test_the_customers_are_looked_at_in_numbers_only(stored_shop: ShopFolder) -> None:
    at = now()
    stored_shop.ingest(
        identify("ada", at),
        identify("bob", at, timezone="Mars/Olympus", phone="0612", consent={"email": False}),
        identify(
            "cat",
            at,
            timezone=None,
            phone="+33 (0)6 12 34 56 79",
            email="cat@",
            consent={"email": True},
        ),
        track("eve@example.com", "Product Added", at),
    )
    stored_shop.run("tick")
    answer = stored_shop.run("check", "--data")
    assert answer.code == 0
    for line in (
        "4 customers",
        "  1 without a time zone: ",
        "  1 with a time zone that does not exist: ",
        "  1 without a valid time zone: that of their number or country holds",
        "  2 without an address: not reached by email",
        "  1 with an address written that cannot be read",
        "  1 with a number written that cannot be read",
        "  2 without a number that can be read: not reached by sms",
        "  2 without consent: no marketing by email",
        "  3 without consent: no marketing by sms",
    ):
        assert line in answer.out, answer.out
    assert "@" not in answer.out
    assert "bob" not in answer.out


TRIAL = """\
journey: trial
trigger: {event: Signed Up}
steps:
  - wait_until: {date: customer.trial_ends_at, offset: -3d}
  - wait_until: {id: due, date: entry.due}
  - email: reminder
"""


def test_dates_that_waits_cannot_read_are_counted(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/trial.yaml", TRIAL)
    written = ("16.03.2026", "soon", "9999-12-31", "2026-03-16", 1797328800, None)
    stored_shop.ingest(
        *(identify(f"u{n}", now(), trial_ends_at=date) for n, date in enumerate(written))
    )
    stored_shop.run("tick")
    answer = stored_shop.run("check", "--data")
    assert answer.code == 0
    assert "  3 whose customer.trial_ends_at is no date that can be read: " in answer.out
    assert "entry.due" not in answer.out
    assert stored_shop.run("check", "--data", "--json").json["customers"][0]["no_date"] == {
        "customer.trial_ends_at": 3
    }


def test_amounts_that_a_sum_cannot_read_are_counted_by_its_fact(stored_shop: ShopFolder) -> None:
    facts = "facts:\n  revenue: {sum: Order Completed, of: total, minus: Order Refunded}\n"
    lifecycle = (stored_shop.folder / "journeys/lifecycle.yaml").read_text()
    stored_shop.write("journeys/lifecycle.yaml", lifecycle.replace("facts:\n", facts))
    totals = (80, "60.00", " 5 ", "on request", "1_000", True, None)
    stored_shop.ingest(*(track("ada", "Order Completed", now(), total=total) for total in totals))
    stored_shop.ingest(track("ada", "Order Refunded", now(), total="12,50"))
    stored_shop.run("tick")
    answer = stored_shop.run("check", "--data")
    assert "  4 amounts of 'revenue' that are no numbers: they add nothing" in answer.out


def test_people_on_a_step_that_is_gone_fail_the_check_of_the_data(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/cart.yaml", CART.replace("  - delay: 1h\n", ""))
    assert stored_shop.run("check").code == 0
    answer = stored_shop.run("check", "--data")
    assert answer.code == 1
    assert "1 people stand on step 'delay-before-reminder', which is gone" in answer.out


def test_an_edit_that_may_mean_two_steps_is_refused_by_the_check_of_the_data_and_by_whatever_would_run_it(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    edited = CART.replace("  - delay: 1h\n", "  - delay: 30m\n  - sms: nudge\n  - delay: 2h\n")
    stored_shop.write("journeys/cart.yaml", edited)
    assert stored_shop.run("check").code == 0
    advice = (
        "1 people stand on step 'delay-before-reminder', which may be 'delay-before-nudge' or 'delay-before-reminder' "
        "now; say which: `moved: {delay-before-reminder: delay-before-nudge}`"
    )
    for command in (["check", "--data"], ["tick"], ["up", "--no-prefect", "--port", "0"]):
        answer = stored_shop.run(*command)
        assert answer.code == 1, command
        assert advice in answer.out + answer.err, command
    stored_shop.write(
        "journeys/cart.yaml", edited + "moved: {delay-before-reminder: delay-before-nudge}\n"
    )
    assert stored_shop.run("check", "--data").code == 0
    assert stored_shop.run("tick").code == 0


def test_the_repository_is_a_project_without_faults() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("parcours"), "check", "journeys/", "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert [one for one in json.loads(done.stdout)["problems"] if one["severity"] == "error"] == []


def test_marketing_without_a_topic_and_a_topic_without_a_name_are_advice(shop: ShopFolder) -> None:
    shop.write("journeys/cart.yaml", CART)
    toml = (shop.folder / "parcours.toml").read_text("utf-8")
    shop.write("parcours.toml", re.sub(r"\[topics\]\n.*\n", "", toml))
    found = {
        (problem["rule"], problem["file"].rpartition("/")[2], problem["line"])
        for problem in shop.run("check", "--json").json["problems"]
    }
    assert found == {("no-topic", "cart.yaml", 1), ("undeclared-topic", "call-back.yaml", 6)}


def test_a_warning_is_silenced_by_a_comment_with_a_reason(shop: ShopFolder) -> None:
    text = "x" * 161
    shop.write("templates/sms/nudge.txt", text)
    assert "paid 2 times" in shop.run("check").out
    shop.write("templates/sms/nudge.txt", f"{{# parcours: ignore[sms-size] the law #}}{text}")
    assert shop.run("check").out.endswith("0 errors, 0 warnings\n")
    shop.write("templates/sms/nudge.txt", "{# parcours: ignore[sms-size] the law #}x")
    assert "take this comment away" in shop.run("check").out
