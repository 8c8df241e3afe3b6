"""Every command of `parcours`, in the order of its help."""

from __future__ import annotations

from orchestrator.cli.commands import Command

COMMANDS = {
    "up": Command(
        "up_command:up", "Run everything: database, Prefect, pages, events API and engine."
    ),
    "new": Command("new_command:new", "Make a project, or copy a programme into one."),
    "check": Command("check_command:check", "Check journeys, templates and settings."),
    "test": Command(
        "test_command:run", "Run the tests in the journeys' files, on a virtual clock."
    ),
    "ingest": Command("ingest_command:ingest", "Take files of calls into the inbox."),
    "import": Command(
        "import_command:import_table",
        "Take customers, consent, suppressions or orders in from a CSV file.",
    ),
    "tick": Command("tick_command:tick", "Do all the work that is due, once."),
    "backtest": Command("backtest_command:backtest", "Replay real history through the journeys."),
    "preview": Command("preview_command:preview", "Render messages to files, to be looked at."),
    "explain": Command("explain_command:explain", "Tell the story of one customer."),
    "status": Command("status_command:status", "Show how everything stands."),
    "experiment": Command(
        "experiment_command:experiment", "Judge experiments: what caused more, and how sure it is."
    ),
    "results": Command(
        "results_command:results",
        "Tell what journeys brought, and what the control group did without their messages.",
    ),
    "kpi": Command(
        "kpi_command:kpi", "Tell what the lifecycle is worth: customers, orders, retention, value."
    ),
    "export": Command(
        "export_command:export",
        "Write the views for other tools: messages, entries, orders and what results are made of.",
    ),
    "report": Command(
        "report_command:report", "Write what the pages show: one HTML file, or their tables as CSV."
    ),
    "segment": Command("segment_command:segment", "Count who belongs to a segment, and list them."),
    "predict": Command("predict_command:predict", "Tell what customers will probably do."),
    "events": Command("events_command:app", "Learn the tracking plan from what came in."),
    "gaps": Command(
        "gaps_command:gaps",
        "Show which typical programmes run here, which are missing, and whom nobody serves.",
    ),
    "start": Command("start_command:start", "Enter customers into a journey by hand."),
    "deploy": Command(
        "deploy_command:deploy", "Have the workers of a Prefect work pool take shifts."
    ),
    "messages": Command(
        "messages_command:app",
        "List messages, settle those whose outcome is unknown, and send failed ones again.",
    ),
    "coupons": Command(
        "coupons_command:app",
        "Fill a pool with codes that the shop made, or write those that customers have to a file.",
    ),
    "webhooks": Command("webhooks_command:app", "List webhooks, and make failed ones again."),
    "audience": Command("audience_command:app", "Write an audience to a file for ad platforms."),
    "tasks": Command(
        "tasks_command:app",
        "List the to-dos for people, say that one is done, or write them to a file.",
    ),
    "spend": Command(
        "spend_command:app", "Take in what was spent on marketing, by day, channel and campaign."
    ),
    "suppressions": Command(
        "suppressions_command:app",
        "List the addresses nobody writes to any more, add one, or lift one.",
    ),
}
