// The official `@anthropic-ai/sdk` for Node, unmodified: each way in which apps use it, told in the same words.

import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";

export function ways({ url, key, tools }) {
  // Its paths begin with `/v1`.
  const client = new Anthropic({ baseURL: url.replace(/\/v1$/, ""), apiKey: key });
  const offered = tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters }));
  const seen = ({ content }) => ({
    text: content.filter(({ type }) => type === "text").map(({ text }) => text).join("\n"),
    calls: content.filter(({ type }) => type === "tool_use").map(({ name, input }) => [name, input]),
  });
  const asked = (said) => ({ model: "test-model", max_tokens: 1000, messages: [{ role: "user", content: said }], tools: offered });

  const messages = {
    async plain(said, options) {
      return seen(await client.messages.create(asked(said), options));
    },
    async "raw stream"(said, options) {
      const blocks = [];
      for await (const event of await client.messages.create({ ...asked(said), stream: true }, options)) {
        if (event.type === "content_block_start") {
          if (event.index !== blocks.length) throw new Error(`block ${event.index} follows ${blocks.length - 1}`);
          blocks.push({ ...event.content_block, json: "" });
        }
        const block = blocks[event.index];
        if (event.delta?.type === "text_delta") block.text += event.delta.text;
        if (event.delta?.type === "input_json_delta") block.json += event.delta.partial_json;
      }
      return seen({ content: blocks.map((block) => (block.type === "tool_use" ? { ...block, input: JSON.parse(block.json) } : block)) });
    },
    async "stream helper"(said, options) {
      return seen(await client.messages.stream(asked(said), options).finalMessage());
    },
    async "agent loop"(said, options) {
      const ran = [];
      const runnable = tools.map(({ name, description, parameters }) => betaTool({ name, description, inputSchema: parameters, run: (args) => (ran.push([name, args]), "ok") }));
      const { tools: _, ...rest } = asked(said);
      const message = await client.beta.messages.toolRunner({ ...rest, tools: runnable }, options).runUntilDone();
      return { final: seen(message).text, ran };
    },
    async "agent loop, streamed"(said, options) {
      const ran = [];
      const runnable = tools.map(({ name, description, parameters }) => betaTool({ name, description, inputSchema: parameters, run: (args) => (ran.push([name, args]), "ok") }));
      const { tools: _, ...rest } = asked(said);
      const runner = client.beta.messages.toolRunner({ ...rest, tools: runnable, stream: true, runToolsEagerly: true }, options);
      return { final: seen(await runner.runUntilDone()).text, ran };
    },
  };
  return { messages };
}
