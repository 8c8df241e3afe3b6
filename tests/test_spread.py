"""How the suite is spread over processes."""

from __future__ import annotations

import pytest

from tests.support.spread import played_together, rank_of


def test_a_folder_whose_tests_share_a_server_is_played_by_one_process() -> None:
    runs = "tests/flows/test_runs.py::test_a_scheduled_run_happens"
    pool = "tests/flows/test_pool.py::test_it[a::b]"
    assert played_together(runs) == played_together(pool) == "flows"


def test_any_other_file_is_given_out_alone_and_short_ones_last() -> None:
    crash, names = "tests/engine/test_crash.py::test_it[x]", "tests/lint/test_names.py::test_it"
    docs = "tests/test_docs.py::test_it"
    assert [played_together(one) for one in (crash, docs)] == [
        "tests/engine/test_crash.py",
        "tests/test_docs.py",
    ]
    assert rank_of("tests/flows/test_pool.py::test_it") < rank_of(crash) < rank_of(names)
    assert rank_of(names) == rank_of(docs)


def test_the_scheduler_of_xdist_is_ours(pytestconfig: pytest.Config) -> None:
    hook = getattr(pytestconfig.hook, "pytest_xdist_make_scheduler", None)
    if hook is None:
        pytest.skip("without xdist there is nothing to spread over")
    assert any("conftest" in found.plugin_name for found in hook.get_hookimpls())
