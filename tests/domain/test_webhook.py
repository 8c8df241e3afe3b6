"""The step `webhook`: what is asked, and how long its answer is waited for."""

from __future__ import annotations

import json

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Kind
from orchestrator.domain.steps.webhook import WebhookDue, key_of_call
from orchestrator.domain.webhook_port import (
    ANSWERED,
    Secret,
    WebhookRequest,
    fill_body,
    fill_headers,
    fill_url,
    read_request,
    request_as_data,
)
from tests.support.life import START, Life
from tests.support.project import CONSENTING, read_program

ASK = """
journey: ask
trigger: {event: Viewed}
holdout: %s
steps:
  - webhook: {id: stock, method: GET, url: "https://erp.example/stock", save_as: stock}
  - branch:
      - {if: vars.stock.body.left > 0, then: [{email: in-stock}]}
      - {else: [{email: sold-out}]}
"""


def life_of(step: str, **traits: object) -> Life:
    """A life with one webhook, which is run."""
    text = f"journey: tell\ntrigger: {{event: Viewed}}\nsteps:\n  - webhook: {step}\n"
    toml = CONSENTING + '[webhooks]\nsecrets = ["KEY", "SLACK", "K"]\n'
    life = Life(read_program(text, toml=toml), traits={"email": "ada@example.com", **traits})
    life.track("0h", "Viewed", sku="A/1", price=12.5)
    life.run()
    return life


def request_of(step: str, **traits: object) -> WebhookRequest:
    (due,) = life_of(step, **traits).of(WebhookDue)
    return due.request


def test_a_webhook_is_decided_at_once_and_nobody_waits_for_its_answer() -> None:
    life = life_of("https://crm.example/seen")
    (due,) = life.of(WebhookDue)
    assert (due.at, due.step, due.keeps_answer) == (START, "webhook-at-end", False)
    assert due.request == WebhookRequest("POST", ("https://crm.example/seen",))
    assert [at for at, _ in life.decisions(DecisionKind.WEBHOOK)] == ["0s"]
    assert not life.state.open_enrollments()


def test_what_is_computed_in_a_url_cannot_end_its_part_of_it() -> None:
    request = request_of(
        '{url: "https://crm.example/{{ entry.sku }}?who={{ customer.name }}"}',
        name="a&b=c d/../é",
    )
    url = fill_url(request, {})
    assert url == "https://crm.example/A%2F1?who=a%26b%3Dc%20d%2F..%2F%C3%A9"


def test_a_url_that_is_computed_as_a_whole_stays_as_it_is() -> None:
    request = request_of('{url: "{{ customer.hook }}"}', hook="https://a.example/x?y=1")
    assert fill_url(request, {}) == "https://a.example/x?y=1"


def test_a_body_is_json_whose_values_keep_their_types() -> None:
    body = '{price: "{{ entry.price }}", note: "Saw {{ entry.sku }}", tags: [a, 2], none: {}}'
    request = request_of(f'{{url: "https://crm.example", body: {body}}}')
    assert json.loads(fill_body(request, {}) or "") == {
        "price": 12.5, "note": "Saw A/1", "tags": ["a", 2], "none": {},
    }  # fmt: skip


def test_a_body_that_is_text_goes_out_as_it_is() -> None:
    request = request_of('{url: "https://crm.example", body: "hello {{ entry.sku }}"}')
    assert (fill_body(request, {}), str(request.body_kind)) == ("hello A/1", "text")


def test_a_secret_is_no_part_of_what_was_decided_and_is_put_in_as_its_place_wants_it() -> None:
    secret = "{{ secrets.KEY }}"
    request = request_of(
        f'{{url: "https://crm.example/?k={secret}", headers: {{Authorization: "Bearer {secret}"}},'
        f' body: {{key: "{secret}", both: "{{{{ entry.sku }}}} {secret}"}}}}'
    )
    assert Secret("KEY") in request.url
    held = {"KEY": 'a"b/c'}
    assert fill_url(request, held) == "https://crm.example/?k=a%22b%2Fc"
    assert fill_headers(request, held) == {"Authorization": 'Bearer a"b/c'}
    body = json.loads(fill_body(request, held) or "")
    assert body == {"key": 'a"b/c', "both": 'A/1 a"b/c'}


def test_a_url_may_be_a_secret_as_a_whole() -> None:
    request = request_of('{url: "{{ secrets.SLACK }}", body: {text: hello}}')
    assert fill_url(request, {"SLACK": "https://a.example/x/y"}) == "https://a.example/x/y"


def test_what_a_customer_writes_is_never_taken_for_a_secret() -> None:
    request = request_of(
        '{url: "https://crm.example", body: {name: "{{ customer.name }}"}}',
        name='{{ secrets.KEY }} {"secret": "KEY"}',
    )
    assert not any(isinstance(piece, Secret) for piece in request.body or ())


def test_a_request_is_kept_as_plain_data_and_read_again_as_it_was() -> None:
    request = request_of(
        '{url: "https://crm.example", method: PUT, headers: {X-A: b}, body: {k: "{{ secrets.K }}"}}'
    )
    assert read_request(json.loads(json.dumps(request_as_data(request)))) == request


def answer(life: Life, at: str, status: int, body: object, **other: object) -> None:
    """An answer that comes for the webhook of Ada's first passage."""
    to = key_of_call("ask", "stock", 1, START) | other
    said = {"to": to, "status": status, "body": body}
    life.tell(at, Kind.EMITTED, ANSWERED, said)


def test_an_answer_is_kept_in_vars_and_steers_the_journey_at_its_instant() -> None:
    life = Life(read_program(ASK % "0%"))
    life.track("0h", "Viewed")
    answer(life, "3s", 200, {"left": 2})
    life.run()
    assert life.sends == [("3s", "in-stock")]
    assert life.decisions(DecisionKind.CHANGED) == [("3s", "answered: stock")]


def test_without_an_answer_somebody_goes_on_after_an_hour_and_the_variable_is_undefined() -> None:
    life = Life(read_program(ASK % "0%"))
    life.track("0h", "Viewed")
    answer(life, "1h 1s", 200, {"left": 2})
    life.run()
    assert life.sends == [("1h", "sold-out")]
    assert ("1h", "no answer within the hour: stock") in life.decisions(DecisionKind.CHANGED)


def test_an_answer_is_of_one_enrollment_step_and_pass_only() -> None:
    life = Life(read_program(ASK % "0%"))
    life.track("0h", "Viewed")
    for other in ({"journey": "b"}, {"step": "b"}, {"pass": 2}, {"entered_at": "2026-01-01"}):
        answer(life, "1m", 200, {"left": 2}, **other)
    life.track("2m", ANSWERED, to=key_of_call("ask", "stock", 1, START), body={"left": 2})
    life.track("2m", ANSWERED, step="stock", status=200, body={"left": 2})  # by the API
    life.run()
    assert life.sends == [("1h", "sold-out")]  # an event from outside is no answer either


def test_the_control_group_calls_nobody_and_waits_for_nothing() -> None:
    life = Life(read_program(ASK % "100%"))
    life.track("0h", "Viewed")
    life.run()
    assert life.of(WebhookDue) == []
    held_out = life.decisions(DecisionKind.HELD_OUT)
    assert held_out[0] == ("0s", "webhook")
