"""The official `anthropic` for Python, unmodified: each way in which apps use it, told in the same words."""

import json
import os

from anthropic import Anthropic, beta_tool

from jobs import work_through

# Its paths begin with `/v1`.
client = Anthropic(base_url=os.environ["HOLDPOINT_URL"].removesuffix("/v1"), api_key=os.environ["HOLDPOINT_KEY"])
TOOLS = json.loads(os.environ["HOLDPOINT_TOOLS"])
OFFERED = [{"name": t["name"], "description": t["description"], "input_schema": t["parameters"]} for t in TOOLS]


def asked(said):
    messages = [{"role": "user", "content": said}]
    return {"model": "test-model", "max_tokens": 1000, "messages": messages, "tools": OFFERED}


def seen(message):
    texts = [block.text for block in message.content if block.type == "text"]
    calls = [[block.name, block.input] for block in message.content if block.type == "tool_use"]
    return {"text": "\n".join(texts), "calls": calls}


def plain(said, headers):
    return seen(client.messages.create(**asked(said), extra_headers=headers))


def raw_stream(said, headers):
    blocks = []
    for event in client.messages.create(**asked(said), stream=True, extra_headers=headers):
        if event.type == "content_block_start":
            assert event.index == len(blocks), f"block {event.index} follows {len(blocks) - 1}"
            blocks.append([event.content_block, ""])
        if event.type == "content_block_delta" and event.delta.type in ("text_delta", "input_json_delta"):
            blocks[event.index][1] += getattr(event.delta, "text", "") or getattr(event.delta, "partial_json", "")
    texts = [text for block, text in blocks if block.type == "text"]
    calls = [[block.name, json.loads(text)] for block, text in blocks if block.type == "tool_use"]
    return {"text": "\n".join(texts), "calls": calls}


def stream_helper(said, headers):
    with client.messages.stream(**asked(said), extra_headers=headers) as stream:
        return seen(stream.get_final_message())


def runnable(tool, ran):
    def run(**args):
        ran.append([tool["name"], args])
        return "ok"

    return beta_tool(run, name=tool["name"], description=tool["description"], input_schema=tool["parameters"])


def agent_loop(said, headers):
    ran = []
    rest = {**asked(said), "tools": [runnable(tool, ran) for tool in TOOLS]}
    message = client.beta.messages.tool_runner(**rest, extra_headers=headers).until_done()
    return {"final": seen(message)["text"], "ran": ran}


work_through(
    {
        ("messages", "plain"): plain,
        ("messages", "raw stream"): raw_stream,
        ("messages", "stream helper"): stream_helper,
        ("messages", "agent loop"): agent_loop,
    }
)
