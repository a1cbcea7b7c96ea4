// How much later the first text of a stream arrives through Holdpoint than through a Worker that only passes it on:
// the same runtime, the same upstream, one client, side by side in one run. Ratios count; times are this machine's.
//
// Beside the pass-through, which hands the body over unseen, stands a Worker of five lines of JavaScript that looks at
// each chunk and does nothing: the least that any gate can cost on this runtime. The upstream answers at once, which
// no model does, and after 10 ms, which is still sooner than any.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Holdpoint, freePort, runtime, until } from "../harness/holdpoint.mjs";
import { Upstream } from "../harness/upstream.mjs";

const ROUNDS = Number(process.env.HOLDPOINT_ROUNDS ?? 20);
const EACH = Number(process.env.HOLDPOINT_EACH ?? 50);
const CHUNKS = 64;

const PASS_THROUGH = `export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("authorization", "Bearer upstream");
    const [, mode] = url.pathname.split("/");
    const answer = await fetch(env.UPSTREAM + url.pathname.replace("/" + mode, ""), { method: request.method, headers, body: request.body });
    if (mode !== "looks") return answer;
    const reader = answer.body.getReader();
    const pull = async (to) => {
      const { value, done } = await reader.read();
      if (done) to.close();
      else to.enqueue(value);
    };
    return new Response(new ReadableStream({ pull }), answer);
  },
};`;

async function passThrough(upstream) {
  const directory = mkdtempSync(join(tmpdir(), "pass-through-"));
  const port = await freePort();
  writeFileSync(join(directory, "worker.js"), PASS_THROUGH);
  writeFileSync(
    join(directory, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .worker), (name = "internet", network = (allow = ["public", "private"]))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-10-01",
  bindings = [(name = "UPSTREAM", text = "${upstream}")],
);
`,
  );
  const child = spawn(runtime, ["serve", join(directory, "config.capnp")], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  await until("the pass-through answers", () => fetch(`${url}/healthz`).then(() => true, () => false));
  const ended = new Promise((resolve) => child.on("exit", resolve));
  return { url, stop: async () => (child.kill("SIGKILL"), await ended, rmSync(directory, { recursive: true })) };
}

const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1795363200, model: "test-model", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const PARTS = [chunk({ role: "assistant", content: "" }), ...Array.from({ length: CHUNKS }, (_, at) => chunk({ content: `text ${at} ` })), chunk({}, "stop") + "data: [DONE]\n\n"];

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const body = JSON.stringify({ model: "test-model", stream: true, messages: [{ role: "user", content: "hello ".repeat(100) }] });

/** One request; milliseconds until the first text and until the end. */
const measure = (url, key) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    let first, text = "";
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(`${url}/v1/chat/completions`, { method: "POST", agent, headers }, (response) => {
      response.on("data", (bytes) => {
        text += bytes;
        if (first === undefined && text.includes("text 0")) first = performance.now() - began;
      });
      response.on("end", () => {
        if (response.statusCode !== 200 || !text.endsWith("[DONE]\n\n")) reject(new Error(`${response.statusCode}: ${text.slice(0, 200)}`));
        else resolve({ first, whole: performance.now() - began });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });

/** Measures all ways in turn, and says the medians and their ratios. */
async function compare(title, ways, key) {
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  for (const url of Object.values(ways)) for (let at = 0; at < 20; at += 1) await measure(url, key);
  for (let round = 0; round < ROUNDS; round += 1) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${ROUNDS}${round + 1 === ROUNDS ? "\n" : ""}`);
    const order = Object.keys(ways);
    if (round % 2 === 1) order.reverse();
    for (const name of order) for (let at = 0; at < EACH; at += 1) times[name].push(await measure(ways[name], key));
  }
  const of = (name, what) => median(times[name].map((time) => time[what]));
  const ratio = (name, what) => (of(name, what) / of("a plain pass-through", what)).toFixed(2);
  console.log(`${title}: ${ROUNDS * EACH} streams of ${CHUNKS} chunks each, one at a time, in turn; medians`);
  console.log("                          first text           whole stream");
  for (const name of Object.keys(ways)) {
    const cell = (what) => `${of(name, what).toFixed(3).padStart(7)} ms ×${ratio(name, what)}`;
    console.log(`  ${name.padEnd(22)}  ${cell("first")}    ${cell("whole")}`);
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

let delay = 0;
const upstream = await Upstream.start(async (_, response) => {
  if (response.req.method !== "POST") return {};
  if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  response.writeHead(200, { "content-type": "text/event-stream" });
  // Each chunk as a model sends it: by itself, a little after the one before.
  for (const part of PARTS) {
    response.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end();
});
const plain = await passThrough(upstream.url);
const holdpoint = await Holdpoint.start({ upstreams: { ai: { url: upstream.url, dialect: "openai" } } });
try {
  const { key } = await holdpoint.key("app");
  const ways = {
    "the upstream itself": upstream.url,
    "a plain pass-through": `${plain.url}/passes`,
    "one that looks": `${plain.url}/looks`,
    Holdpoint: `${holdpoint.url}/to/ai`,
  };
  for (const wait of [0, 10]) {
    delay = wait;
    await compare(wait === 0 ? "The upstream answers at once" : `The upstream answers after ${wait} ms`, ways, key);
  }
} finally {
  agent.destroy();
  await holdpoint.stop();
  await plain.stop();
  await upstream.stop();
}
