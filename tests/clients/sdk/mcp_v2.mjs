// The official `@modelcontextprotocol/client`, unmodified, in both eras: both ways in which apps call a tool, told in the same words.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

/** @returns what an app sees of a result. */
export function ways({ url, key }) {
  const clients = new Map();
  // As agents do it: one connection, whose tools are listed before one is called.
  const connect = async (mode, headers) => {
    const client = new Client({ name: "an app", version: "1.0.0" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${key}`, ...headers } } }));
    await client.listTools();
    return client;
  };
  const connected = (mode, headers = {}) => {
    const name = JSON.stringify([mode, headers]);
    if (!clients.has(name)) clients.set(name, connect(mode, headers));
    return clients.get(name);
  };
  const seen = ({ content, structuredContent, isError = false, _meta = {} }, progress = []) => ({ text: content.map(({ text }) => text).join("\n"), structured: structuredContent ?? null, isError, meta: _meta, progress });

  const of = (mode) => ({
    async plain(call, { headers } = {}) {
      return seen(await (await connected(mode, headers)).callTool(call));
    },
    async "with progress"(call, { headers } = {}) {
      const progress = [];
      const onprogress = ({ message }) => progress.push(message ?? null);
      return seen(await (await connected(mode, headers)).callTool(call, { onprogress, resetTimeoutOnProgress: true }), progress);
    },
  });
  const stop = async () => {
    for (const client of clients.values()) await (await client).close();
  };
  return { legacy: of("legacy"), modern: of({ pin: "2026-07-28" }), auto: of("auto"), stop };
}
