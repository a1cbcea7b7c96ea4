// `ai` with `@ai-sdk/openai` and `@ai-sdk/anthropic`, unmodified: each way in which apps use it, told in the same words.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

export function ways({ url, key, tools }) {
  const provider = createOpenAI({ baseURL: url, apiKey: key });
  const anthropic = createAnthropic({ baseURL: url, apiKey: key });
  const offered = (execute) =>
    Object.fromEntries(tools.map(({ name, description, parameters }) => [name, tool({ description, inputSchema: jsonSchema(parameters), ...(execute && { execute: execute(name) }) })]));
  const seen = (text, toolCalls) => ({ text, calls: toolCalls.map(({ toolName, input }) => [toolName, input]) });

  const of = (model) => {
    const ask = (said, { headers } = {}, execute) => ({ model, prompt: said, headers, tools: offered(execute) });
    return {
      async plain(said, options) {
        const { text, toolCalls } = await generateText(ask(said, options));
        return seen(text, toolCalls);
      },
      async "raw stream"(said, options) {
        let text = "";
        const calls = [];
        for await (const part of streamText({ ...ask(said, options), onError: () => {} }).fullStream) {
          if (part.type === "text-delta") text += part.text;
          if (part.type === "tool-call") calls.push(part);
          if (part.type === "error") throw part.error;
        }
        return seen(text, calls);
      },
      async "stream helper"(said, options) {
        const result = streamText(ask(said, options));
        return seen(await result.text, await result.toolCalls);
      },
      async "agent loop"(said, options) {
        const ran = [];
        const execute = (name) => async (args) => (ran.push([name, args]), "ok");
        const { text } = await generateText({ ...ask(said, options, execute), stopWhen: stepCountIs(5) });
        return { final: text, ran };
      },
    };
  };
  return { chat: of(provider.chat("test-model")), responses: of(provider.responses("test-model")), messages: of(anthropic("test-model")) };
}
