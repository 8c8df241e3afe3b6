"""Settings that would burn every message are tried by `check`, with the rules of the channels
themselves.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.lint.project_check import check_project

MAIL = "---\nsubject: Hello\n---\n<p>{{ links.unsubscribe }} {{ project.postal_address }}</p>\n"
PROJECT = '[project]\npostal_address = "1 rue des Tanneurs"\nwebsite = "https://shop.example"\n'
PUBLIC = '[web]\npublic_url = "https://mail.shop.example"\n'


def problems(
    root: Path, step: str = "email: hello", toml: str = "", **environment: str
) -> list[str]:
    for folder in ("journeys", "templates/email", "templates/sms"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "parcours.toml").write_text(PROJECT + PUBLIC + toml, "utf-8")
    (root / "templates/email/hello.html").write_text(MAIL, "utf-8")
    (root / "templates/sms/hello.txt").write_text("Hello", "utf-8")
    (root / "journeys/x.yaml").write_text(
        f"journey: x\ntrigger: manual\npurpose: transactional\nsteps:\n  - {step}\n", "utf-8"
    )
    return [str(problem) for problem in check_project(root, environment).problems]


@pytest.mark.parametrize(
    "step",
    [
        'email: {template: hello, from: "care@shop.example"}',
        (
            'email: {template: hello, from: "The Shop <care@shop.example>", reply_to: "Ada '
            '<ada@shop.example>"}'
        ),
        'email: {template: hello, from: "care@bücher.example", reply_to: care@bücher.example}',
        'sms: {template: hello, from: "+33612345678"}',
        'sms: {template: hello, from: "A & B Shop"}',
        'sms: {template: hello, from: "38654"}',
    ],
)
def test_a_sender_that_a_channel_can_carry_is_fine(tmp_path: Path, step: str) -> None:
    assert problems(tmp_path, step) == []


@pytest.mark.parametrize(
    ("step", "column", "what"),
    [
        (
            'email: {template: hello, from: "The Shop"}',
            37,
            "'The Shop' cannot be a sender: not one address such as",
        ),
        (
            "email: {template: hello, from: a@b.example c@d.example}",
            36,
            "cannot be a sender: not one address",
        ),
        (
            'email: {template: hello, from: "élise@shop.example"}',
            37,
            "cannot be a sender: an address that cannot be",
        ),
        (
            'email: {template: hello, from: "care@-shop-.example"}',
            37,
            "cannot be a sender: an address that cannot be",
        ),
        (
            'email: {template: hello, from: "{{ customer.rep }}"}',
            37,
            "cannot be a sender: not one address such as",
        ),
        (
            'email: {template: hello, reply_to: "a@b.example\\r\\nBcc: c@d.example"}',
            40,
            "nobody can answer to 'a@b.example",
        ),
        (
            "email: {template: hello, reply_to: nobody}",
            40,
            "nobody can answer to 'nobody': not one address such as",
        ),
        (
            'sms: {template: hello, from: "Bücherstube"}',
            35,
            "'Bücherstube' cannot be a sender: neither a number",
        ),
        (
            'sms: {template: hello, from: "Atelier Nord Paris"}',
            35,
            "'Atelier Nord Paris' cannot be a sender: neither",
        ),
        (
            'sms: {template: hello, from: "+33 6 12"}',
            35,
            "'+33 6 12' cannot be a sender: neither a number",
        ),
    ],
)
def test_a_sender_of_a_step_that_no_channel_can_carry_is_an_error(
    tmp_path: Path, step: str, column: int, what: str
) -> None:
    (found,) = problems(tmp_path, step)
    assert found.startswith(f"journeys/x.yaml:5:{column}: step 'hello': ")
    assert what in found


def test_a_sender_inside_a_branch_is_found_at_its_own_place(tmp_path: Path) -> None:
    step = (
        "branch: [{if: customer.a, then: [{email: hello}]}, {else: [{email: {template: "
        "hello, from: nobody}}]}]"
    )
    (found,) = problems(tmp_path, step)
    assert found.startswith(
        f"journeys/x.yaml:5:{5 + step.index('nobody')}: step 'hello-2': 'nobody' cannot be a sender"
    )


def test_an_answer_to_a_text_is_advice(tmp_path: Path) -> None:
    assert problems(tmp_path, "sms: {template: hello, reply_to: a@b.example}") == [
        "journeys/x.yaml:5:38: warning: step 'hello': an SMS has no `reply_to`"
    ]


@pytest.mark.parametrize(
    ("sender", "fine"),
    [
        ("hello@bücher.example", True),
        ("The Shop <hello@shop.example>", True),
        ("élise@shop.example", False),
        ("hello@-shop-.example", False),
    ],
)
def test_the_sender_of_the_whole_project_is_tried(tmp_path: Path, sender: str, fine: bool) -> None:
    found = problems(tmp_path, toml=f'[channels]\nemail = "mailbox"\nfrom_email = "{sender}"\n')
    assert [line.partition(" cannot be")[0] for line in found] == (
        [] if fine else ["parcours.toml:8:1: `from_email`"]
    )


@pytest.mark.parametrize(
    ("toml", "environment", "what"),
    [
        ('email = "smtp"', {"PARCOURS_SMTP_URL": "http://localhost:25"}, "PARCOURS_SMTP_URL"),
        (
            'email = "sendgrid"',
            {"SENDGRID_API_KEY": "SG.one two"},
            "SENDGRID_API_KEY holds a blank",
        ),
        (
            'email = "sendgrid"',
            {"SENDGRID_API_KEY": "SG.one", "PARCOURS_SENDGRID_BASE_URL": "api.sendgrid.example"},
            "PARCOURS_SENDGRID_BASE_URL",
        ),
        (
            'sms = "twilio"',
            {
                "TWILIO_ACCOUNT_SID": "AC1",
                "TWILIO_AUTH_TOKEN": "x",
                "TWILIO_FROM": "Atelier Nord Paris",
            },
            "TWILIO_FROM",
        ),
    ],
)
def test_a_credential_that_cannot_work_is_an_error(
    tmp_path: Path, toml: str, environment: dict[str, str], what: str
) -> None:
    channels = f'[channels]\nfrom_email = "care@shop.example"\n{toml}\n'
    (found,) = problems(tmp_path, toml=channels, **environment)
    assert found.startswith("parcours.toml:8:1: ")
    assert what in found
    assert not any(secret in found for secret in ("SG.one", "AC1"))


def test_a_credential_that_is_not_there_is_advice(tmp_path: Path) -> None:
    (found,) = problems(
        tmp_path, toml='[channels]\nfrom_email = "care@shop.example"\nemail = "sendgrid"\n'
    )
    assert (
        "warning: no email would leave through 'sendgrid': set the environment variable "
        "SENDGRID_API_KEY"
    ) in found
