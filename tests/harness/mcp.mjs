// A server of tools in both of MCP's eras, built on the official SDKs: sessions whose streams can be resumed by
// `@modelcontextprotocol/sdk`, requests that stand alone (2026-07-28) by `@modelcontextprotocol/server`. A bridge that
// brings a server of stdin and stdout to HTTP; what an app without an SDK sends and reads.

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { toNodeHandler, toWebRequest } from "@modelcontextprotocol/node";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { CallToolRequestSchema, ListToolsRequestSchema, isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { McpServer, createMcpHandler, fromJsonSchema, isLegacyRequest } from "@modelcontextprotocol/server";
import { Reviewer } from "./verdicts.mjs";

const text = { type: "string" };
const number = { type: "number" };
const answers = (properties) => ({ type: "object", properties, required: Object.keys(properties), additionalProperties: false });
// In the modern era a proxy may route by the order, which a header repeats.
const order = { ...text, "x-mcp-header": "Order" };
const acts = { inputSchema: { type: "object", properties: { order, amount: number, decide: text }, required: ["order"] }, outputSchema: answers({ ran: text, order: text }) };
const TOOLS = {
  lookup: { inputSchema: { type: "object", properties: { id: text }, required: ["id"] }, outputSchema: answers({ ran: text, order: text }) },
  refund: acts,
  mail: acts,
  guess: acts,
  slow: acts,
  never: acts,
};

/** What a tool says where nothing else is wanted. */
const ran = ({ name, key }) => ({ content: [{ type: "text", text: `${name} ${key}` }], structuredContent: { ran: name, order: key } });

/** What a call is about. */
export const keyOf = (args = {}) => args.order ?? args.id ?? args.path;

/** What a server has sent, so that a stream can be taken up again. */
class Kept {
  events = [];
  async storeEvent(stream, message) {
    this.events.push({ stream, message });
    return String(this.events.length);
  }
  async getStreamIdForEventId(id) {
    return this.events[id - 1]?.stream;
  }
  async replayEventsAfter(id, { send }) {
    const { stream } = this.events[id - 1];
    for (const [at, event] of this.events.entries()) if (at >= id && event.stream === stream) await send(String(at + 1), event.message);
    return stream;
  }
}

const bodyOf = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** `/events` answers by streams, `/json` whole; each in both eras. */
export class ToolServer {
  static async start() {
    const tools = new ToolServer();
    /** Every request, as it came. */
    tools.requests = [];
    /** Every call that a tool was run for. */
    tools.ran = [];
    /** What a tool does instead, by the order that it is called for. */
    tools.doing = new Map();
    tools.sessions = new Map();
    const modern = Object.fromEntries(["/events", "/json"].map((path) => [path, tools.modern(path)]));
    tools.server = createServer(async (request, response) => {
      const sent = await bodyOf(request);
      const body = sent ? JSON.parse(sent) : undefined;
      tools.requests.push({ method: request.method, path: request.url, headers: request.headers, text: sent, body });
      const isLegacy = await isLegacyRequest(await toWebRequest(request, body));
      await (isLegacy ? tools.legacy(request, response, body) : modern[request.url](request, response, body));
    });
    await listening(tools);
    return tools;
  }

  /** In sessions, until 2025-11-25. */
  async legacy(request, response, body) {
    let session = this.sessions.get(request.headers["mcp-session-id"]);
    if (!session && isInitializeRequest(body)) {
      const json = request.url === "/json";
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        enableJsonResponse: json,
        // Whoever has gone is noticed when something is written.
        keepAliveMs: 500,
        ...(json ? {} : { eventStore: new Kept(), retryInterval: 50 }),
        onsessioninitialized: (id) => void this.sessions.set(id, session),
        onsessionclosed: (id) => void this.sessions.delete(id),
      });
      const server = new Server({ name: "tools", version: "1.0.0" }, { capabilities: { tools: { listChanged: true } } });
      server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: Object.entries(TOOLS).map(([name, tool]) => ({ name, ...tool })) }));
      server.setRequestHandler(CallToolRequestSchema, ({ params }, { sendNotification, closeSSEStream, requestInfo }) =>
        this.run({ name: params.name, args: params.arguments, meta: params._meta, headers: requestInfo.headers, notify: sendNotification, closeStream: closeSSEStream }),
      );
      session = { transport, server };
      await server.connect(transport);
    }
    return session ? session.transport.handleRequest(request, response, body) : noSession(response, 404);
  }

  /** Request by request, since 2026-07-28. */
  modern(path) {
    const json = path === "/json";
    const build = () => {
      const server = new McpServer({ name: "tools", version: "2.0.0" });
      for (const [name, { inputSchema, outputSchema }] of Object.entries(TOOLS)) {
        server.registerTool(name, { inputSchema: fromJsonSchema(inputSchema), outputSchema: fromJsonSchema(outputSchema) }, (args, { mcpReq, http }) =>
          this.run({ name, args, meta: mcpReq._meta, headers: Object.fromEntries(http.req.headers), notify: json ? () => {} : mcpReq.notify }),
        );
      }
      return server;
    };
    return toNodeHandler(createMcpHandler(build, { legacy: "reject", responseMode: json ? "auto" : "sse" }));
  }

  async run(called) {
    const call = { ...called, key: keyOf(called.args) };
    this.ran.push(call);
    const progressToken = call.meta?.progressToken;
    if (progressToken !== undefined) {
      await call.notify({ method: "notifications/progress", params: { progressToken, progress: 1, total: 2, message: "half of it" } });
    }
    return (await this.doing.get(call.key)?.(call)) ?? ran(call);
  }

  /** How often a tool was run for this order, and with what. */
  runs(key) {
    return this.ran.filter((call) => call.key === key).map(({ name, args }) => [name, args]);
  }

  /** Every request that mentions this order. */
  sent(key) {
    return this.requests.filter(({ text }) => text.includes(`"${key}"`));
  }

  stop() {
    return stopped(this.server);
  }
}

/** A server of stdin and stdout, at HTTP: a process for each session, messages as they come. */
export class Bridge {
  static async start(command, args) {
    const bridge = new Bridge();
    const sessions = new Map();
    bridge.server = createServer(async (request, response) => {
      const body = request.method === "POST" ? JSON.parse(await bodyOf(request)) : undefined;
      let session = sessions.get(request.headers["mcp-session-id"]);
      if (!session && !isInitializeRequest(body)) return noSession(response, 400);
      if (!session) {
        const near = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized: (id) => void sessions.set(id, session) });
        const far = new StdioClientTransport({ command, args, stderr: "ignore" });
        near.onmessage = (message) => void far.send(message);
        far.onmessage = (message) => void near.send(message);
        near.onclose = () => void far.close();
        session = { near, far };
        await Promise.all([near.start(), far.start()]);
      }
      return session.near.handleRequest(request, response, body);
    });
    await listening(bridge);
    bridge.stop = async () => {
      for (const { far } of sessions.values()) await far.close();
      await stopped(bridge.server);
    };
    return bridge;
  }
}

function noSession(response, status) {
  const error = { code: -32001, message: "Session not found" };
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", error, id: null }));
}

async function listening(at) {
  await new Promise((resolve) => at.server.listen(0, "127.0.0.1", resolve));
  at.url = `http://127.0.0.1:${at.server.address().port}`;
}

async function stopped(server) {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** The events of a stream as they come: `{comment}`, or `{id, message}` where an event without data has no message. */
export async function* eventsOf(response) {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      for (const line of lines) if (line.startsWith(":")) yield { comment: line.slice(1).trim() };
      const of = (name) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim();
      if (of("data") !== undefined) yield { id: of("id"), message: of("data") ? JSON.parse(of("data")) : undefined };
    }
  }
}

/** The first event of a stream that is a message; comments may come before it. */
export async function firstMessage(response) {
  for await (const event of eventsOf(response)) if (event.message) return event;
  throw new Error("the stream is over, and no message came");
}

/** All that an answer says: its messages, of a batch or a stream too, and a stream's comments. */
export async function read(response) {
  const seen = { status: response.status, headers: response.headers, messages: [], comments: [] };
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) {
    for await (const { comment, message } of eventsOf(response)) {
      if (comment !== undefined) seen.comments.push(comment);
      // In 2025-03-26 an event can be a batch, as a body can.
      if (message) seen.messages.push(...[message].flat());
    }
  } else {
    seen.text = await response.text();
    if (response.headers.get("content-type")?.includes("json")) seen.messages = [JSON.parse(seen.text)].flat();
  }
  seen.of = (id) => seen.messages.find((message) => message.id === id && !message.method);
  return seen;
}

/** What an app without an SDK does in a session. */
export class Session {
  constructor(url, key, headers = {}) {
    this.url = url;
    this.headers = { authorization: `Bearer ${key}`, "content-type": "application/json", accept: "application/json, text/event-stream", ...headers };
    this.next = 1;
  }

  /** @param {{protocol?: string, headers?: object}} options */
  static async open(url, key, { protocol = "2025-11-25", headers } = {}) {
    const session = new Session(url, key, headers);
    const params = { protocolVersion: protocol, capabilities: {}, clientInfo: { name: "by hand", version: "1" } };
    session.opened = await read(await session.post({ jsonrpc: "2.0", id: 0, method: "initialize", params }));
    if (session.opened.status !== 200) throw new Error(session.opened.text);
    session.id = session.opened.headers.get("mcp-session-id");
    session.headers = { ...session.headers, "mcp-session-id": session.id, "mcp-protocol-version": protocol };
    await read(await session.post({ jsonrpc: "2.0", method: "notifications/initialized" }));
    return session;
  }

  ask(method, { headers, ...more } = {}) {
    return fetch(this.url, { method, headers: { ...this.headers, ...headers }, ...more });
  }

  post(message, options) {
    return this.ask("POST", { body: typeof message === "string" ? message : JSON.stringify(message), ...options });
  }

  /** The message that calls a tool. */
  message(name, args, meta) {
    const params = { name, ...(args && { arguments: args }), ...(meta && { _meta: meta }) };
    return { jsonrpc: "2.0", id: this.next++, method: "tools/call", params };
  }

  /** Calls a tool; the answer once it is complete, with the call's own as `answer`. */
  async call(name, args, { meta, ...options } = {}) {
    const message = this.message(name, args, meta);
    const seen = await read(await this.post(message, options));
    return { ...seen, answer: seen.of(message.id), result: seen.of(message.id)?.result };
  }
}

const VERSION = "2026-07-28";

/** What an app without an SDK does in the era without sessions. */
export async function modernCall(url, key, name, args, { headers, meta, id = 1, signal } = {}) {
  const era = "io.modelcontextprotocol";
  const _meta = { [`${era}/protocolVersion`]: VERSION, [`${era}/clientInfo`]: { name: "by hand", version: "1" }, [`${era}/clientCapabilities`]: {}, ...meta };
  const response = await fetch(url, {
    method: "POST",
    signal,
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": VERSION,
      "mcp-method": "tools/call",
      "mcp-name": name,
      ...(args.order && { "mcp-param-order": args.order }),
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params: { name, arguments: args, _meta } }),
  });
  const seen = await read(response);
  return { ...seen, answer: seen.of(id), result: seen.of(id)?.result };
}

const editedArgs = ({ order, amount, ...rest }) => ({ ...rest, order: `${order}-b`, amount: amount + 0.5 });
const call = (name, decide, more = {}) => ({ name, args: (order) => (name === "lookup" ? { id: order } : { order, amount: 10, ...(decide && { decide }) }), ...more });
const notice = (decision, says, status = decision) => ({ decision, says, status });

/** What is called for each verdict, what may run, and what stands in its place. */
export const VERDICTS = {
  proceed: [call("lookup")],
  approved: [call("refund", "approve", { status: "done" })],
  edited: [call("refund", "edit", { status: "done", edited: editedArgs })],
  rejected: [call("refund", "reject", notice("rejected", "wrong amount"))],
  "partly rejected": [call("refund", "approve", { status: "done" }), call("mail", "reject", notice("rejected", "wrong amount"))],
  expired: [call("slow", undefined, notice("expired", "expired"))],
  blocked: [call("never", undefined, notice("blocked", "blocked by never-ever"))],
  "wait over": [call("refund", "wait", notice("awaiting approval", "awaiting approval", "held"))],
};

/** Decides what is held as its arguments say, and knows which case was which call's. */
export class ToolReviewer extends Reviewer {
  cases = new Map();

  constructor(holdpoint, key) {
    super(holdpoint, key, editedArgs);
  }

  decide(held) {
    this.cases.set(`${held.action.kind} ${keyOf(held.action.args)}`, held.id);
    return super.decide(held);
  }
}
