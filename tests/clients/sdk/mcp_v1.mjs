// The official `@modelcontextprotocol/sdk`, unmodified: both ways in which apps call a tool, told in the same words.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** @returns what an app sees of a result. */
export function ways({ url, key }) {
  const clients = new Map();
  // As agents do it: one connection, whose tools are listed before one is called.
  const connect = async (headers) => {
    const client = new Client({ name: "an app", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}`, ...headers } } }));
    await client.listTools();
    return client;
  };
  const connected = (headers = {}) => {
    const name = JSON.stringify(headers);
    if (!clients.has(name)) clients.set(name, connect(headers));
    return clients.get(name);
  };
  const seen = ({ content, structuredContent, isError = false, _meta = {} }, progress = []) => ({ text: content.map(({ text }) => text).join("\n"), structured: structuredContent ?? null, isError, meta: _meta, progress });

  const legacy = {
    async plain(call, { headers } = {}) {
      return seen(await (await connected(headers)).callTool(call));
    },
    async "with progress"(call, { headers } = {}) {
      const progress = [];
      const onprogress = ({ message }) => progress.push(message ?? null);
      return seen(await (await connected(headers)).callTool(call, undefined, { onprogress, resetTimeoutOnProgress: true }), progress);
    },
  };
  const stop = async () => {
    for (const client of clients.values()) await (await client).close();
  };
  return { legacy, stop };
}
