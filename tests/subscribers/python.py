"""Subscribers that others wrote, in Python: httpx-sse, which reads one answer; coming back is its user's part, as here.

Takes the same environment and says the same lines as node.mjs beside it.
"""

import asyncio
import json
import os
import random
import sys

import httpx
from httpx_sse import SSEError, aconnect_sse

ADDRESS = httpx.URL(os.environ["MILEPOST_EVENTS"])
SILENCE = float(os.environ["MILEPOST_SILENCE"]) / 1000


def say(*words):
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


def heard(name, sse):
    if not sse.data:
        return  # What httpx-sse makes of a block without data.
    data = sse.json()
    if sse.event == "task":
        change = data["change"]
        if change["change"] == "tick":
            return
        if sse.id != change["cursor"]:
            say(name, "broken", f"the entry {change['cursor']} stands under the id {sse.id}")
        say(name, "entry", change["cursor"], change["task_id"], change["change"])
    elif sse.event != "ping":
        say(name, sse.event, data["id"] if sse.event == "gone" else sse.id, data.get("reason", ""))


async def subscribe(client, name, headers, after):
    last, by_header = after, False
    while True:
        # Both ways to say where to go on, one after the other.
        url = ADDRESS if by_header else ADDRESS.copy_merge_params({"after": last})
        cursor = {"Last-Event-ID": last} if by_header else {}
        try:
            async with aconnect_sse(client, "GET", url, headers=headers | cursor) as source:
                if source.response.status_code == 200:
                    async for sse in source.aiter_sse():
                        heard(name, sse)
                        last = sse.id or last
                else:
                    say(name, "refused", source.response.status_code)
        except httpx.ReadTimeout:
            say(name, "silent")
        except (httpx.TransportError, SSEError):
            pass  # A cut: come back.
        by_header = not by_header
        await asyncio.sleep(random.uniform(0.1, 1.0))


async def main():
    limits = httpx.Limits(max_connections=None)
    timeout = httpx.Timeout(SILENCE)
    async with httpx.AsyncClient(timeout=timeout, limits=limits, trust_env=False) as client:
        subscribers = json.loads(os.environ["MILEPOST_SUBSCRIBERS"])
        for each in subscribers:
            asyncio.create_task(subscribe(client, each["name"], each["headers"], each["after"]))
        # Whoever started this is gone, or needs no more.
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        os._exit(0)


asyncio.run(main())
