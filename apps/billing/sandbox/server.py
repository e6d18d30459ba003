"""Puts the parts together and serves them with uvicorn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from . import browser, control
from .api import Api
from .persistence import StateFile
from .state import Sandbox


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Hands its transport to the application, so that a fault can cut the connection."""

    app_state: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def application(*, state: Path | None = None) -> Any:
    """The ASGI application: /v1 goes straight to the API, the rest to Starlette."""
    sandbox = Sandbox()
    file = StateFile(sandbox.store, state) if state else None

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if file:
            file.load()
            sandbox.dispatcher.recover()
        tasks = [asyncio.create_task(sandbox.dispatcher.run())]
        if file:
            tasks.append(asyncio.create_task(file.run()))
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        sandbox.dispatcher.close()
        if file:
            file.save()

    api = Api(sandbox)
    pages = Starlette(routes=[*browser.routes(), *control.routes(sandbox)], lifespan=lifespan)

    async def dispatch(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/v1/"):
            await api(scope, receive, send)
        else:
            await pages(scope, receive, send)

    return dispatch


def serve(*, host: str, port: int, state: Path | None) -> None:
    """Runs until SIGTERM or SIGINT."""
    uvicorn.run(
        application(state=state),
        host=host,
        port=port,
        http=Protocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        backlog=4096,
    )
