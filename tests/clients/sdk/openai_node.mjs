// The official `openai` for Node, unmodified: each way in which apps use it, told in the same words.

import OpenAI from "openai";

/** @returns what an app sees of an answer: its text, and the calls that it is to run; of a loop: what ran, and the last text. */
export function ways({ url, key, tools }) {
  const client = new OpenAI({ baseURL: url, apiKey: key });
  const chatTools = tools.map((tool) => ({ type: "function", function: tool }));
  const functions = tools.map((tool) => ({ type: "function", ...tool, strict: false }));
  const chat = (content) => ({ model: "test-model", messages: [{ role: "user", content }], tools: chatTools });
  const responses = (content) => ({ model: "test-model", input: [{ role: "user", content }], tools: functions });

  const ofMessage = ({ content, tool_calls = [] }) => ({
    text: content ?? "",
    calls: (tool_calls ?? []).map(({ function: { name, arguments: args } }) => [name, JSON.parse(args)]),
  });
  const ofResponse = ({ output, output_text }) => ({
    text: output_text,
    calls: output.filter(({ type }) => type === "function_call").map(({ name, arguments: args }) => [name, JSON.parse(args)]),
  });

  return {
    chat: {
      async plain(said, options) {
        return ofMessage((await client.chat.completions.create(chat(said), options)).choices[0].message);
      },
      async "raw stream"(said, options) {
        const stream = await client.chat.completions.create({ ...chat(said), stream: true, stream_options: { include_usage: true } }, options);
        const message = { content: "", tool_calls: [] };
        let usage, finish;
        for await (const chunk of stream) {
          usage ??= chunk.usage;
          for (const { delta, finish_reason } of chunk.choices) {
            message.content += delta.content ?? "";
            finish ??= finish_reason;
            for (const { index, function: of } of delta.tool_calls ?? []) {
              const call = (message.tool_calls[index] ??= { function: { name: of.name, arguments: "" } });
              call.function.arguments += of.arguments ?? "";
            }
          }
        }
        if (usage?.total_tokens !== 17) throw new Error("the usage was lost");
        if (finish !== (message.tool_calls.length > 0 ? "tool_calls" : "stop")) throw new Error(`finished by ${finish}`);
        return ofMessage(message);
      },
      async "stream helper"(said, options) {
        const completion = await client.chat.completions.stream(chat(said), options).finalChatCompletion();
        return ofMessage(completion.choices[0].message);
      },
      async "agent loop"(said, options) {
        const ran = [];
        const run = (name) => (args) => (ran.push([name, args]), "ok");
        const runnable = tools.map((tool) => ({ type: "function", function: { ...tool, parse: JSON.parse, function: run(tool.name) } }));
        const runner = client.chat.completions.runTools({ ...chat(said), tools: runnable, stream: true }, options);
        return { final: await runner.finalContent(), ran };
      },
    },
    responses: {
      async plain(said, options) {
        return ofResponse(await client.responses.create(responses(said), options));
      },
      async "raw stream"(said, options) {
        const output = [];
        let text = "", last = -1, completed;
        for await (const event of await client.responses.create({ ...responses(said), stream: true }, options)) {
          if (event.sequence_number !== last + 1) throw new Error(`event ${event.sequence_number} follows ${last}`);
          last = event.sequence_number;
          if (event.type === "response.output_text.delta") text += event.delta;
          if (event.type === "response.output_item.done") output[event.output_index] = event.item;
          if (event.type === "response.completed") completed = event.response;
        }
        if (JSON.stringify(completed.output) !== JSON.stringify(output)) throw new Error("the end does not repeat what was sent");
        return ofResponse({ output, output_text: text });
      },
      async "stream helper"(said, options) {
        return ofResponse(await client.responses.stream(responses(said), options).finalResponse());
      },
      async "agent loop"(said, options) {
        const ran = [];
        const asked = responses(said);
        for (let turn = 0; turn < 5; turn += 1) {
          const answer = await client.responses.create(asked, options);
          const { text, calls } = ofResponse(answer);
          if (calls.length === 0) return { final: text, ran };
          ran.push(...calls);
          asked.input.push(...answer.output);
          for (const { call_id } of answer.output.filter(({ type }) => type === "function_call")) {
            asked.input.push({ type: "function_call_output", call_id, output: "ok" });
          }
        }
        throw new Error("the loop does not end");
      },
    },
  };
}
