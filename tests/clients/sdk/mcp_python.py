"""The official `mcp` for Python, unmodified, in both eras: both ways in which apps call a tool, told in the same words."""

import json
import os
import sys
from contextlib import AsyncExitStack

import anyio
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = os.environ["HOLDPOINT_URL"]
AUTHORIZATION = {"authorization": f"Bearer {os.environ['HOLDPOINT_KEY']}"}


def seen(result, progress):
    return {
        "text": "\n".join(block.text for block in result.content),
        "structured": result.structured_content,
        "isError": bool(result.is_error),
        "meta": result.meta or {},
        "progress": progress,
    }


async def plain(client, call):
    return seen(await client.call_tool(call["name"], call["arguments"]), [])


async def with_progress(client, call):
    progress = []

    async def on_progress(_progress, _total, message):
        progress.append(message)

    return seen(await client.call_tool(call["name"], call["arguments"], progress_callback=on_progress), progress)


WAYS = {"plain": plain, "with progress": with_progress}


async def connect(stack, job):
    """As agents do it: one connection, whose tools are listed before one is called."""
    headers = {**AUTHORIZATION, **job["headers"]}
    http = await stack.enter_async_context(httpx2.AsyncClient(headers=headers, timeout=httpx2.Timeout(30, read=300)))
    transport = streamable_http_client(URL, http_client=http)
    client = await stack.enter_async_context(Client(transport, mode=job["era"]))
    await client.list_tools()
    return client


async def work(job, client):
    try:
        told = await WAYS[job["mode"]](client, job["call"])
    except Exception as error:  # whatever it is, the test shows it
        told = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps({"id": job["id"], "seen": told}), flush=True)


async def main():
    clients = {}
    # The connections end before what they were made in.
    async with anyio.create_task_group() as tasks, AsyncExitStack() as stack:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            job = json.loads(line)
            which = (job["era"], *sorted(job["headers"].items()))
            if which not in clients:
                clients[which] = await connect(stack, job)
            tasks.start_soon(work, job, clients[which])


anyio.run(main)
