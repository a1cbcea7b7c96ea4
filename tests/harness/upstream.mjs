// An upstream whose answers a test writes, and which keeps what it was sent.

import { createServer } from "node:http";

export class Upstream {
  /** @param {(request: {method: string, path: string, headers: object, body: any, text: string}, response: import("node:http").ServerResponse) => any} answer */
  static async start(answer) {
    const upstream = new Upstream();
    upstream.answer = answer;
    upstream.requests = [];
    upstream.server = createServer(async (request, response) => {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      let body;
      try {
        body = JSON.parse(text);
      } catch {
        body = undefined;
      }
      const seen = { method: request.method, path: request.url, headers: request.headers, body, text };
      upstream.requests.push(seen);
      const given = await upstream.answer(seen, response);
      if (given === undefined || response.writableEnded) return;
      const sent = typeof given === "string" ? given : JSON.stringify(given);
      response.writeHead(200, { "content-type": "application/json", "x-request-id": "req-1" }).end(sent);
    });
    await new Promise((resolve) => upstream.server.listen(0, "127.0.0.1", resolve));
    upstream.url = `http://127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A chat completion with one choice. */
export const completion = (message, more = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1795363200,
  model: "test-model",
  choices: [
    {
      index: 0,
      message: { role: "assistant", content: null, refusal: null, ...message },
      logprobs: null,
      finish_reason: message.tool_calls || message.function_call ? "tool_calls" : "stop",
    },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  ...more,
});

/** A function call. Arguments may be text, to be sent as they are. */
export const call = (name, args, id = `call_${name}`) => ({
  id,
  type: "function",
  function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args) },
});
