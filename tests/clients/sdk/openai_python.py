"""The official `openai` for Python, unmodified: each way in which apps use it, told in the same words."""

import json
import os

from openai import OpenAI

from jobs import work_through

client = OpenAI(base_url=os.environ["HOLDPOINT_URL"], api_key=os.environ["HOLDPOINT_KEY"])
TOOLS = json.loads(os.environ["HOLDPOINT_TOOLS"])
CHAT_TOOLS = [{"type": "function", "function": tool} for tool in TOOLS]
FUNCTIONS = [{"type": "function", "strict": False, **tool} for tool in TOOLS]


def chat(said):
    return {"model": "test-model", "messages": [{"role": "user", "content": said}], "tools": CHAT_TOOLS}


def responses(said):
    return {"model": "test-model", "input": [{"role": "user", "content": said}], "tools": FUNCTIONS}


def of_message(message):
    calls = [[call.function.name, json.loads(call.function.arguments)] for call in message.tool_calls or []]
    return {"text": message.content or "", "calls": calls}


def of_response(response):
    calls = [[item.name, json.loads(item.arguments)] for item in response.output if item.type == "function_call"]
    return {"text": response.output_text, "calls": calls}


def chat_plain(said, headers):
    return of_message(client.chat.completions.create(**chat(said), extra_headers=headers).choices[0].message)


def chat_raw_stream(said, headers):
    text, calls = "", {}
    for chunk in client.chat.completions.create(**chat(said), stream=True, extra_headers=headers):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                known = calls.setdefault(call.index, [call.function.name, ""])
                known[1] += call.function.arguments or ""
    return {"text": text, "calls": [[name, json.loads(args)] for name, args in calls.values()]}


def chat_stream_helper(said, headers):
    with client.chat.completions.stream(**chat(said), extra_headers=headers) as stream:
        return of_message(stream.get_final_completion().choices[0].message)


def chat_agent_loop(said, headers):
    asked, ran = chat(said), []
    for _ in range(5):
        message = client.chat.completions.create(**asked, extra_headers=headers).choices[0].message
        seen = of_message(message)
        if not seen["calls"]:
            return {"final": seen["text"], "ran": ran}
        ran += seen["calls"]
        asked["messages"].append(message.model_dump(exclude_none=True))
        for call in message.tool_calls:
            asked["messages"].append({"role": "tool", "tool_call_id": call.id, "content": "ok"})
    raise RuntimeError("the loop does not end")


def responses_plain(said, headers):
    return of_response(client.responses.create(**responses(said), extra_headers=headers))


def responses_raw_stream(said, headers):
    text, calls, last = "", [], -1
    for event in client.responses.create(**responses(said), stream=True, extra_headers=headers):
        assert event.sequence_number == last + 1, f"event {event.sequence_number} follows {last}"
        last = event.sequence_number
        if event.type == "response.output_text.delta":
            text += event.delta
        if event.type == "response.output_item.done" and event.item.type == "function_call":
            calls.append([event.item.name, json.loads(event.item.arguments)])
    return {"text": text, "calls": calls}


def responses_stream_helper(said, headers):
    with client.responses.stream(**responses(said), extra_headers=headers) as stream:
        return of_response(stream.get_final_response())


def responses_agent_loop(said, headers):
    asked, ran = responses(said), []
    for _ in range(5):
        answer = client.responses.create(**asked, extra_headers=headers)
        seen = of_response(answer)
        if not seen["calls"]:
            return {"final": seen["text"], "ran": ran}
        ran += seen["calls"]
        asked["input"] += [item.model_dump(exclude_none=True) for item in answer.output]
        outputs = [item.call_id for item in answer.output if item.type == "function_call"]
        asked["input"] += [{"type": "function_call_output", "call_id": id, "output": "ok"} for id in outputs]
    raise RuntimeError("the loop does not end")


work_through(
    {
        ("chat", "plain"): chat_plain,
        ("chat", "raw stream"): chat_raw_stream,
        ("chat", "stream helper"): chat_stream_helper,
        ("chat", "agent loop"): chat_agent_loop,
        ("responses", "plain"): responses_plain,
        ("responses", "raw stream"): responses_raw_stream,
        ("responses", "stream helper"): responses_stream_helper,
        ("responses", "agent loop"): responses_agent_loop,
    }
)
