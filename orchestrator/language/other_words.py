"""What keys and steps are called elsewhere, and how the maps and lists of the language are
written: for messages.
"""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.domain.phrase import say

#: Words of other tools, and what they may be called here: the first that fits the place.
_SYNONYMS: dict[str, tuple[str, ...]] = {
    "zone": ("timezone",), "tz": ("timezone",), "condition": ("if", "only_if"),
    "conditions": ("if", "only_if"), "when": ("if", "trigger"), "where": ("if", "only_if"),
    "filter": ("if", "only_if"), "filters": ("if", "only_if"), "triggers": ("trigger",),
    "rule": ("if", "only_if"), "entry": ("trigger",), "starts": ("trigger",), "start": ("trigger",),
    "name": ("title", "variant", "test", "stage"), "label": ("title",), "exits": ("exit",),
    "goals": ("goal",), "exit_criteria": ("exit",), "conversion": ("goal",),
    "re_entry": ("reentry",), "re-entry": ("reentry",), "frequency": ("reentry",),
    "step": ("steps",), "actions": ("steps",), "flow": ("steps",), "sequence": ("steps",),
    "duration": ("within",), "timeout": ("within",), "window": ("within",), "otherwise": ("else",),
    "no": ("else",), "yes": ("then",), "do": ("then",), "weight": ("share",),
    "percentage": ("percent", "share"), "value": ("amount",), "wait": ("delay",),
    "pause": ("delay",), "sleep": ("delay",), "message": ("email",), "mail": ("email",),
    "http": ("webhook",), "http_request": ("webhook",), "api_call": ("webhook",),
    "callback": ("webhook",), "wa": ("whatsapp",), "response": ("save_as",),
    "payload": ("body", "properties"), "text": ("sms",),
    "if": ("branch",), "if_else": ("branch",), "switch": ("branch",),
    "ab_test": ("split",), "experiment": ("split",), "random": ("split",), "tag": ("update",),
    "set_property": ("update",), "discount": ("coupon",), "voucher": ("coupon",), "stop": ("exit",),
    "end": ("exit",), "finish": ("exit",), "events": ("event",), "metric": ("event",),
    "cron": ("schedule",), "sender": ("from",), "reply-to": ("reply_to",), "after": ("at",),
    "before": ("offset",), "traits": ("customer", "identify"), "profile": ("customer",),
    "person": ("customer",), "user": ("customer",), "expected": ("expect",), "expects": ("expect",),
    "call": ("task",), "letter": ("task",), "visit": ("task",), "todo": ("task",),
    "add_tag": ("update",), "remove_tag": ("update",), "add_to_list": ("audience",),
    "slack": ("webhook",), "notify": ("webhook",), "banner": ("onsite",), "popup": ("onsite",),
    "loop": ("repeat",), "jump": ("goto",), "every": ("after",),
    "send_email": ("email",), "send_sms": ("sms",), "send_whatsapp": ("whatsapp",),
    "send_message": ("email",), "send_webhook": ("webhook",), "weekday": ("days",),
    "weekdays": ("days",), "day": ("days",), "list": ("add",), "exit_on": ("exit",),
    "given_events": ("events",), "props": ("properties",), "mail_template": ("template",),
}  # fmt: skip

#: How a map or list is written, by its key.
SHAPES = {
    "goal": "{event: Order Completed, within: 5d}", "reentry": "{after: 7d}",
    "exit": "[{event: Order Completed}]", "wait_until": "{time: 09:00}",
    "wait_for": "{event: Order Completed, within: 2d}", "mute": "{for: 30d}",
    "coupon": "{percent: 10, expires: 3d}", "reward": "{to: referrer, percent: 10}",
    "email": "cart-reminder", "task": "{type: call, note: Call them}", "set": "{name: value}",
    "update": "{trait: value}", "sms": "cart-nudge",
    "branch": "[{if: customer.orders >= 2, then: […]}, {else: […]}]",
    "then": "[{email: cart-reminder}]",
    "split": "[{variant: A, share: 50%, then: […]}, {variant: B, share: 50%}]",
    "else": "[{email: cart-reminder}]", "steps": "[{delay: 1h}, {email: cart-reminder}]",
    "moved": "{old-id: new-id}", "customer": "{email: ada@example.com}",
    "tests": "[{test: what happens, events: […], expect: […]}]",
    "events": "[{at: 0h, event: Order Completed}]", "expect": "[{at: 1h, email: cart-reminder}]",
    "facts": "{orders: {count: Order Completed}}",
    "stages": "[{stage: loyal, if: customer.orders >= 2}]",
    "segments": "{vip: 'customer.revenue >= 500'}", "options": "[{id: one, label: One}]",
    "given": "{stage: loyal}", "sent": "[{email: welcome, ago: 2d}]", "properties": "{price: 80}",
    "delay": "1h", "trigger": "{event: Order Completed}", "event": "Order Completed",
    "subscribe": "offers", "unsubscribe": "offers", "whatsapp": "cart-nudge",
    "repeat": "{times: 3, every: 1d, steps: [{email: cart-reminder}]}",
    "onsite": "{slot: home, content: 'Free postage today'}", "first_of": "[whatsapp, sms, email]",
    "audience": "{add: vip}",
    "webhook": "{url: 'https://crm.example/seen'}", "headers": "{X-Source: shop}",
}  # fmt: skip

#: Likewise, where one text was written and would be enough.
OF_TEXT = {
    "goal": "{event: TEXT}", "wait_for": "{event: TEXT, within: 2d}", "mute": "{for: TEXT}",
    "task": "{type: call, note: TEXT}", "exit": "[{event: TEXT}]", "wait_until": "{time: TEXT}",
    "emit": "{event: TEXT}", "audience": "{add: TEXT}",
}  # fmt: skip

#: Triggers as other tools call them, each as it is written here.
TRIGGERS_ELSEWHERE = {
    "birthday": "{date: customer.birthday, every: year}",
    "anniversary": "{date: customer.created_at, every: year}", "api": "manual",
    "every day": "{schedule: '0 9 * * *'}", "daily": "{schedule: '0 9 * * *'}",
    "every week": "{schedule: '0 9 * * mon'}", "weekly": "{schedule: '0 9 * * mon'}",
}  # fmt: skip

#: One entry of a list, by the list's key.
ITEMS = {
    "exit": "event: Order Completed", "events": "{at: 0h, event: Order Completed}",
    "expect": "{at: 1h, email: cart-reminder}", "tests": "test: what happens",
    "sent": "{email: welcome, ago: 2d}", "stages": "{stage: loyal, if: customer.orders >= 2}",
    "branch": "{if: customer.orders >= 2, then: […]}",
    "split": "{variant: A, share: 50%, then: […]}", "options": "{id: one, label: One}",
}  # fmt: skip

#: One entry of a map with free names, by the map's key: what it is, and how it is written.
ENTRIES = {
    "facts": (say("a fact"), "{count: Order Completed}"),
    "segments": (say("a segment"), "customer.revenue >= 500"),
    "surveys": (say("a survey"), "{type: scale, question: How was it?}"),
}

#: What stands under a free key of a table in parcours.toml, by the table.
IN_TABLES = {
    "topics": '{en = "Offers", fr = "Offres"}',
    "quiet_hours": '{from = "20:00", to = "08:00"}',
    "channels": '{adapter = "smtp", medium = "email"}',
}

_IN_TOML = say("it stands in parcours.toml and holds for the whole project")
_RUNS = say("it runs as long as its file is there; `draft: true` or a pause in Prefect holds it")
#: Keys of other tools that a journey does not have, and where it is said.
NOT_OF_A_JOURNEY = {
    "quiet_hours": _IN_TOML, "caps": _IN_TOML, "cap": _IN_TOML, "frequency_cap": _IN_TOML,
    "timezone": _IN_TOML, "locale": _IN_TOML, "currency": _IN_TOML,
    "from": say("write it in the step, or as `from_email` in parcours.toml"), "status": _RUNS,
    "enabled": _RUNS, "active": _RUNS, "live": _RUNS, "state": _RUNS,
    "segment": say('write `only_if: in_segment("vip")`'),
    "audience": say('write `only_if: in_segment("vip")`'),
    "event": say("write it as `trigger: {event: …}`"),
    "if": say("write it into `trigger`, or as `only_if`"),
    "email": say("write it as a step, below `steps:`"),
    "delay": say("write it as a step, below `steps:`"),
    "channel": say("each step says its own, `email: …` or `sms: …`"),
}  # fmt: skip


def known_word(word: str, known: Collection[str]) -> str | None:
    """What a word of another tool is called here, among the words that may be written; None for
    words nobody uses.
    """
    return next(
        (here for here in _SYNONYMS.get(word.lower(), ()) if here in known and here != word), None
    )
