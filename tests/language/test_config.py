"""parcours.toml and the environment: defaults that work, faults with their line, secrets never in a
file.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import (
    UTM,
    ChannelConfig,
    Config,
    load_secret_key,
    load_write_key,
)
from orchestrator.domain.errors import ParcoursError, ProjectInvalid
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import Cap, Policy
from orchestrator.domain.schedule import QuietHours
from orchestrator.language.config_file import load_config, read_config
from orchestrator.language.toml_keys import locate_keys

WHOLE = """\
[project]
name = "Atelier Nord"            # the sender people see
timezone = "Europe/Paris"
locale = "fr-CA"
currency = "CAD"
postal_address = "1 rue des Ateliers"
website = "https://shop.example/"

[database]
url = "sqlite:///var/shop.db"

[channels]
email = "smtp"
sms = "twilio"
from_email = "hello@shop.example"
only_to = ["me@shop.example"]

[consent]
default = "granted"
double_opt_in = false

[caps]
email = ["1/day", "3/week"]
sms = "10/30d"

[quiet_hours]
email = "none"
sms = {from = "20:00", to = "08:00", days_off = ["sunday", "sat"]}

[never]
rules = []

[holdout]
global = "5%"

[tracking]
default = "granted"
links = {utm_source = "atelier"}

[ingest]
max_age = "2d"

[web]
public_url = "https://mail.shop.example/"
"""


def config(
    root: Path, text: str | None = None, environment: Mapping[str, str] | None = None
) -> Config:
    if text is not None:
        (root / "parcours.toml").write_text(text, encoding="utf-8")
    return load_config(root, environment or {})


def faults(root: Path, text: str) -> list[str]:
    (root / "parcours.toml").write_text(text, encoding="utf-8")
    return [str(problem).removeprefix("parcours.toml:") for problem in read_config(root, {})[1]]


def test_without_a_file_everything_has_a_default(tmp_path: Path) -> None:
    found = config(tmp_path)
    assert found.database_url == f"sqlite:///{tmp_path}/var/parcours.db"
    assert found.channels.by_name == {
        "email": ChannelConfig(Medium.EMAIL, "mailbox"),
        "sms": ChannelConfig(Medium.SMS, "mailbox"),
    }
    assert found.policy == Policy()
    assert (found.tracking_granted, found.tracking_links, found.holdout_global) == (False, UTM, 0.0)
    assert (found.ingest_max_age, found.public_url) == (
        timedelta(hours=24),
        "http://localhost:8000",
    )
    assert found.admin_token is None


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    found = config(tmp_path, WHOLE)
    assert (found.project.name, found.project.locale, found.project.website) == (
        "Atelier Nord",
        "fr-CA",
        "https://shop.example",
    )
    assert found.channels.only_to == ("me@shop.example",)
    assert found.channels.by_name == {
        "email": ChannelConfig(Medium.EMAIL, "smtp"),
        "sms": ChannelConfig(Medium.SMS, "twilio"),
    }
    assert found.policy == Policy(
        True,
        {
            Medium.EMAIL: (Cap(1, timedelta(days=1)), Cap(3, timedelta(weeks=1))),
            Medium.SMS: (Cap(10, timedelta(days=30)),),
        },
        {Medium.SMS: QuietHours(time(20), time(8), frozenset({5, 6}))},
    )
    assert (found.holdout_global, found.tracking_granted, found.tracking_links) == (
        5.0,
        True,
        {"utm_source": "atelier"},
    )
    assert (found.ingest_max_age, found.public_url) == (
        timedelta(days=2),
        "https://mail.shop.example",
    )


def test_whom_alone_a_project_writes_to_is_known_in_any_spelling(tmp_path: Path) -> None:
    found = config(tmp_path, '[channels]\nonly_to = [" Me@Shop.example", "+33 (0)6 12 34 56 78"]\n')
    assert found.channels.only_to == ("me@shop.example", "+33612345678")


TWO = """\
[channels]
email = "smtp"
[channels.offers]
medium = "email"
adapter = "smtp"
from_email = "Offers <offers@shop.example>"
[channels.alerts]
medium = "sms"
adapter = "twilio"
"""


def test_channels_are_a_map_of_names(tmp_path: Path) -> None:
    found = config(tmp_path, TWO).channels
    assert found.by_name == {
        "email": ChannelConfig(Medium.EMAIL, "smtp"),
        "offers": ChannelConfig(Medium.EMAIL, "smtp", "Offers <offers@shop.example>"),
        "alerts": ChannelConfig(Medium.SMS, "twilio"),  # and no mailbox for SMS beside it
    }
    email, offers, alerts = found.by_name
    assert (found.sender(email), found.sender(offers)) == (
        "hello@shop.example",
        "Offers <offers@shop.example>",
    )
    # the only one of its adapter needs no variables of its own
    assert [found.account(name) for name in (email, offers, alerts)] == ["", "OFFERS", ""]


def test_a_faulty_channel_leaves_the_others_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "parcours.toml").write_text(TWO.replace('medium = "sms"\n', ""), "utf-8")
    found, problems = read_config(tmp_path, {})
    assert [str(one) for one in problems] == ["parcours.toml:7:2: `medium` is missing here"]
    assert list(found.channels.by_name) == ["email", "offers", "sms"]


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("sqlite:///var/x.db", "sqlite:///{root}/var/x.db"),
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
        ("sqlite://", "sqlite://"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql+psycopg://u:p@localhost/x", "postgresql+psycopg://u:p@localhost/x"),
    ],
)
def test_a_relative_database_lies_in_the_project_s_folder(
    tmp_path: Path, written: str, resolved: str
) -> None:
    found = config(tmp_path, environment={"PARCOURS_DATABASE_URL": written})
    assert found.database_url == resolved.format(root=tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[project]\nnam = "x"', "2:1: unknown key 'nam'; did you mean 'name'?"),
        ('[projet]\nname = "x"', "1:2: unknown key 'projet'; did you mean 'project'?"),
        ("[project]\nname = 3", "2:1: `name` must be text: put it between quotes"),
        (
            '[project]\ntimezone = "Europe/Pari"',
            "2:1: there is no time zone 'Europe/Pari'; did you mean",
        ),
        ('[project]\nlocale = "french"', "2:1: `locale` must be such as en or fr-CA"),
        (
            '[project]\ncurrency = "euro"',
            "2:1: `currency` must be three capital letters, such as EUR",
        ),
        ("project = 3", "1:1: `project` must be a table"),
        (
            '[database]\nurl = "mysql://x"',
            "2:1: the database is sqlite:///… or postgresql+psycopg://…",
        ),
        (
            '[database]\nurl = "postgresql+psycopg://u:p@h/d"',
            "2:1: a password stands here: set PARCOURS_DATABASE_URL",
        ),
        (
            '[channels]\nfrom_email = "hello"',
            "2:1: `from_email` must be an address such as hello@shop.example",
        ),
        ("[channels]\nonly_to = [3]", "2:1: `only_to` must be a list of texts between quotes"),
        (
            '[channels]\nsendgrid_api_key = "x"',
            "2:1: secrets come from the environment only: remove",
        ),
        (
            '[smtp]\n[smtp.login]\npassword = "x"',
            "3:1: secrets come from the environment only: remove `password`",
        ),
        ('[channels]\nfrom_emial = "a@b.example"', "2:1: unknown key 'from_emial'; did you mean"),
        ('[channels]\nemails = "smtp"', "2:1: unknown key 'emails'; did you mean 'email'?"),
        (
            '[channels]\noffers = "smtp"',
            '2:1: `offers` must be a table, such as {adapter = "smtp", medium = "email"}',
        ),
        ("[channels]\nemail = 3", "2:1: `email` must be text: put it between quotes"),
        ('[channels.offers]\nmedium = "mail"', "2:1: `medium` must be email or sms or whatsapp"),
        (
            '[channels.offers]\nadaptr = "smtp"',
            "2:1: unknown key 'adaptr'; did you mean 'adapter'?",
        ),
        (
            '[channels.sms]\nmedium = "email"\nadapter = "smtp"',
            "1:2: the channel 'sms' carries sms: call this one differently",
        ),
        (
            '[channels."The Offers"]\nmedium = "email"\nadapter = "smtp"',
            "1:2: a channel's name is made of a-z, 0-9, - and _: 'The Offers' is not",
        ),
        (
            '[consent]\ndefault = "grant"',
            "2:1: `default` must be denied or granted; did you mean 'granted'?",
        ),
        (
            '[consent]\ndouble_opt_in = "email"',
            "2:1: `double_opt_in` must be true or false, without",
        ),
        (
            '[consent]\ndouble_opt_in = "no"',
            "2:1: `double_opt_in` must be true or false, without quotes",
        ),
        (
            '[caps]\nemail = ["1/fortnight"]',
            "2:1: '1/fortnight' is not a cap: write 1/day, 3/week or 10/30d",
        ),
        ("[caps]\nemail = 1", "2:1: a cap is text between quotes, such as 1/day"),
        ('[caps]\nemail = ["0/day"]', "2:1: '0/day' is not a cap"),
        ('[caps]\nemail = ["1/900000d"]', "2:1: '1/900000d' is not a cap"),
        ('[ingest]\nmax_age = "900000d"', "2:1: '900000d' is longer than ten years"),
        (
            '[tracking]\nclicks = "aggregate"',
            "2:1: `clicks` is part of the language but not built yet in this version",
        ),
        (
            '[tracking]\nlinks = {utm_source = "{foo}"}',
            "2:1: 'utm_source' may hold {channel}, {journey}, {template}, {step}",
        ),
        ('[caps]\nemail = ["day"]', "2:1: 'day' is not a cap"),
        ('[caps]\npush = "1/day"', "2:1: unknown key 'push' (known: email, sms, whatsapp)"),
        ('[quiet_hours]\nsms = {from = "20:00"}', "2:1: quiet hours need both `from` and `to`"),
        (
            '[quiet_hours]\nsms = {from = "25:00", to = "08:00"}',
            "2:1: '25:00' is not a time of day",
        ),
        (
            '[quiet_hours]\nsms = {days_off = ["sonday"]}',
            "2:1: 'sonday' is not a weekday; did you mean 'sunday'?",
        ),
        (
            '[quiet_hours]\nsms = {holidays = "FRA"}',
            "2:1: no holidays are known of 'FRA'; did you mean 'FR'?",
        ),
        (
            '[quiet_hours]\nsms = {holidays = "Deutschland"}',
            "2:1: no holidays are known of 'Deutschland'; did you mean 'DE'?",
        ),
        (
            '[quiet_hours]\nsms = {holidays = ["FR", "DE-BZ"]}',
            "2:1: no holidays are known of 'DE-BZ'; did you mean 'DE-HB'",
        ),
        ('[quiet_hours]\nsms = {until = "08:00"}', "2:1: unknown key 'until'"),
        ('[quiet_hours]\nsms = "always"', "2:1: `sms` must be a table"),
        (
            '[quiet_hours]\nsms = {days_off = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}',
            "2:1: with seven days off nothing would ever be sent",
        ),
        ("[never]\nrules = [3]", "2:1: a condition is text, such as customer.orders >= 2"),
        ("[topics]\noffers = 3", '2:1: `offers` must be a table, such as {en = "Offers", fr'),
        ("[topics]\noffers = {}", "2:1: `name` is missing here"),
        (
            '[topics]\noffers = {english = "Offers"}',
            '2:1: \'english\' is no language: write {en = "Offers", fr = "Offres"}',
        ),
        (
            '[topics.offers]\nname = "Offers"\ndefault = "no"',
            "3:1: `default` must be denied or granted",
        ),
        ('[topics.offers]\nname = "Offers"\nhidden = true', "3:1: unknown key 'hidden'"),
        (
            '[topics]\n"Our Offers" = "Offers"',
            "2:1: warning: a topic's id is made of a-z, 0-9, - and _",
        ),
        (
            '[topics]\noffers = "Offers"\n"Offers!" = "More"',
            "3:1: 'Offers!' and 'offers' are one and the same topic: keep one",
        ),
        (
            '[tracking]\nopens = "all"',
            "2:1: `opens` must be aggregate",
        ),
        (
            '[quiet_hours]\nsms = "night"',
            '2:1: `sms` must be a table, such as {from = "20:00", to = "08:00"}',
        ),
        ('[holdout]\nglobal = "101%"', "2:1: a share lies between 0% and 100%"),
        ('[holdout]\nglobal = "a tenth"', "2:1: a share is written as 10% or 10"),
        ('[project]\nzone = "UTC"', "2:1: unknown key 'zone'; it is called 'timezone' here"),
        ('[caps]\nemails = "1/day"', "2:1: unknown key 'emails'; did you mean 'email'?"),
        ('[ingest]\nmax_age = "soon"', "2:1: 'soon' is not a duration"),
        (
            '[web]\npublic_url = "localhost:8000"',
            "2:1: `public_url` must be an address such as https://shop.example",
        ),
        (
            '[tracking]\nlinks = {utm_source = "{channel!r:>99999999999}"}',
            "2:1: 'utm_source' may hold",
        ),
        ('[tracking]\nlinks = {utm_source = "{channel"}', "2:1: 'utm_source' may hold"),
        (
            '[web]\npublic_url = "http://[::1"',
            "2:1: `public_url` must be an address such as https://shop.example",
        ),
        ('[web]\npublic_url = "http://shop.example:web"', "2:1: `public_url` must be an address"),
        ('[database]\nurl = "postgresql+psycopg://[::1/d"', "2:1: the database is sqlite:///…"),
        (
            '[project]\nname = "Atelier\\r\\nBcc: x"',
            "2:1: `name` must be one line of text, the sender people see",
        ),
        ("x = " + "[" * 3000, "1:1: this is nested too deeply"),
        ("x" + ".x" * 3000 + " = 1", "1:1: this is nested too deeply"),
        ("x = " + "9" * 5000, "1:1: a number in this file is too large"),
        ("[a]\nb = 1\n[a]\n", "3:3: this is not TOML: a key or table is written twice; keep one"),
        (
            "[project]\nname = Atelier",
            "2:8: this is not TOML: invalid value; put text between quotes",
        ),
    ],
)
def test_a_fault_is_said_at_its_line(tmp_path: Path, text: str, expected: str) -> None:
    found = faults(tmp_path, text)
    assert any(fault.startswith(expected) for fault in found), found


def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path) -> None:
    assert config(tmp_path, '\ufeff[project]\nname = "Atelier"\n').project.name == "Atelier"


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "parcours.toml").mkdir()
    _, problems = read_config(tmp_path, {})
    assert [str(one) for one in problems] == [
        "parcours.toml:1:1: this file cannot be read: it is a folder"
    ]


def test_a_secret_in_the_file_is_said_once_and_its_value_never(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, '[channels]\ntwilio_auth_token = "hunter2"\n')
    assert "hunter2" not in fault


def test_all_faults_are_raised_at_once(tmp_path: Path) -> None:
    with pytest.raises(ProjectInvalid) as invalid:
        config(tmp_path, '[project]\nnam = "x"\nlocale = 3\n[wob]\n')
    assert [problem.line for problem in invalid.value.problems] == [2, 3, 4]


def test_the_environment_wins_over_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        (
            '# keys\nA=1\nexport B="x # y"  # '
            "why\nC='q'\nD=e#f\n\nnonsense\nPARCOURS_ADMIN_TOKEN=dotenv\n"
        ),
        encoding="utf-8",
    )
    found = config(tmp_path, environment={"A": "2"})
    assert found.environment == {
        "A": "2",
        "B": "x # y",
        "C": "q",
        "D": "e#f",
        "PARCOURS_ADMIN_TOKEN": "dotenv",
    }
    assert found.admin_token == "dotenv"


def test_a_dollar_in_a_password_of_dotenv_is_a_dollar(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "HOME_DIR=/x\nSMTP_URL=smtp://u:pa${HOME_DIR}$1@h\nEMPTY=\n", "utf-8"
    )
    assert config(tmp_path).environment == {
        "HOME_DIR": "/x",
        "SMTP_URL": "smtp://u:pa${HOME_DIR}$1@h",
        "EMPTY": "",
    }


def test_a_line_of_dotenv_that_cannot_be_read_is_said_and_the_others_hold(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('A=1\nB="never closed\nC=3\n', "utf-8")
    found, problems = read_config(tmp_path, {})
    assert found.environment == {"A": "1", "C": "3"}
    assert [str(one) for one in problems] == [
        (".env:2:1: warning: this line is no KEY=value, and is not read")
    ]


def test_a_faulty_key_leaves_the_rest_of_its_table_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "parcours.toml").write_text(
        '[project]\nname = "Atelier"\nlocale = 3\n[caps]\nemail = ["1/day"]\nsms = 3\n', "utf-8"
    )
    found, problems = read_config(tmp_path, {})
    assert [problem.line for problem in problems] == [3, 6]
    assert (found.project.name, found.project.locale) == ("Atelier", "en")
    assert found.caps == {Medium.EMAIL: (Cap(1, timedelta(days=1)),)}


def test_nothing_secret_is_in_the_text_of_a_configuration(tmp_path: Path) -> None:
    secrets = {
        "PARCOURS_SECRET_KEY": "hunter2",
        "PARCOURS_DATABASE_URL": "postgresql+psycopg://u:hunter2@h/d",
    }
    assert "hunter2" not in repr(config(tmp_path, environment=secrets))


def test_a_key_is_made_once_for_nobody_else_to_read(tmp_path: Path) -> None:
    first, again = load_secret_key(config(tmp_path)), load_secret_key(config(tmp_path))
    assert first == again
    assert len(first) >= 40
    assert load_write_key(config(tmp_path)) != first
    assert stat.S_IMODE((tmp_path / "var/secret_key").stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "var").iterdir()) == ["secret_key", "write_key"]


def test_a_key_of_the_environment_is_not_written_down(tmp_path: Path) -> None:
    found = config(tmp_path, environment={"PARCOURS_SECRET_KEY": "s", "PARCOURS_WRITE_KEY": "w"})
    assert (load_secret_key(found), load_write_key(found)) == ("s", "w")
    assert not (tmp_path / "var").exists()


def test_an_empty_key_file_is_an_error_and_not_a_key(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var/secret_key").write_text("\n", encoding="ascii")
    with pytest.raises(ParcoursError, match="is empty: delete it"):
        load_secret_key(config(tmp_path))


def test_keys_are_found_in_tables_and_dotted() -> None:
    assert locate_keys('[a]\nb = 1\n  "c d" = 2\n[a.e]\nf.g = 3\n') == {
        ("a",): (1, 2),
        ("a", "b"): (2, 1),
        ("a", "c d"): (3, 3),
        ("a", "e"): (4, 2),
        ("a", "e", "f", "g"): (5, 1),
    }


@given(
    text=st.lists(
        st.sampled_from([*WHOLE.splitlines(), "x = 1", "[caps]", "= 3", '"""', "[[a]]"]), max_size=8
    ).map("\n".join)
)
def test_any_file_is_a_configuration_or_problems(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    root = tmp_path_factory.mktemp("shop")
    (root / "parcours.toml").write_text(text, encoding="utf-8")
    found, problems = read_config(root, {})
    assert isinstance(found, Config)
    assert all(problem.line >= 1 for problem in problems)


@pytest.mark.parametrize("load", [load_secret_key, load_write_key])
def test_a_key_of_letters_outside_ascii_is_refused_with_what_to_do(
    tmp_path: Path, load: Callable[[Config], str]
) -> None:
    name = load.__name__.removeprefix("load_")
    for damaged in ("clé".encode(), "clé".encode("latin-1"), b"\xff\xfe\x00", "\u200bkey".encode()):
        (tmp_path / "var").mkdir(exist_ok=True)
        (tmp_path / "var" / name).write_bytes(damaged)
        with pytest.raises(
            ParcoursError, match="Put the key back that was there, or delete the file"
        ):
            load(config(tmp_path))


def test_a_key_with_a_byte_order_mark_is_the_same_key(tmp_path: Path) -> None:
    key = load_secret_key(config(tmp_path))
    (tmp_path / "var/secret_key").write_bytes(b"\xef\xbb\xbf" + key.encode() + b"\r\n")
    assert load_secret_key(config(tmp_path)) == key


@pytest.mark.parametrize(
    "name", ["PARCOURS_SECRET_KEY", "PARCOURS_WRITE_KEY", "PARCOURS_ADMIN_TOKEN"]
)
def test_a_variable_that_is_no_text_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(ProjectInvalid, match=f"the environment variable {name} is not UTF-8 text"):
        load_config(tmp_path, {name: os.fsdecode(b"cl\xe9")})
    assert load_config(tmp_path, {name: "clé"}).environment[name] == "clé"


def test_settings_that_are_no_text_are_refused_by_the_name_of_their_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"PARCOURS_WRITE_KEY=cl\xe9\n")
    with pytest.raises(ProjectInvalid, match=r"\.env:1:1: this file is not UTF-8 text"):
        load_config(tmp_path, {})
