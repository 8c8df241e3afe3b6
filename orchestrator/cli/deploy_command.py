"""`parcours deploy`: shifts for the workers of a Prefect work pool."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from flows.server import PrefectServer, is_healthy
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import end_with
from orchestrator.cli.projects import load


def deploy(
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="A process work pool of the Prefect server.")
    ],
    project: ProjectFolder = Path(),
) -> None:
    """Have the workers of a Prefect work pool take shifts.

    `PREFECT_API_URL` says where the Prefect server is. Made again, it takes what has changed.
    """
    found = load(project)
    url = os.environ.get("PREFECT_API_URL")
    if not url or not is_healthy(url):
        raise end_with(
            f"there is no Prefect server at {url}: it does not answer"
            if url
            else "set PREFECT_API_URL to the server of the work pool, such as "
            "http://127.0.0.1:4200/api"
        )
    PrefectServer(found.config.var_dir / "prefect", api_url=url).point_client_at_it()
    # Prefect reads its settings when it is imported, which takes it two seconds.
    from flows.pool import deploy as deploy_to

    asyncio.run(deploy_to(found.root.absolute(), pool, pool))
    typer.echo(
        f"work/{pool} is deployed: a shift a minute, taken by\n"
        f"  prefect worker start --pool {pool} --type process"
    )
