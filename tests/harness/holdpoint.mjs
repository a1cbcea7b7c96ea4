// Starts the built bundle in the real runtime, talks to it, kills it and starts it again on the same disk.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

const { default: workerd } = await import("workerd");
export const runtime = typeof workerd === "string" ? workerd : workerd.default;
const wrangler = readFileSync(join(root, "wrangler.toml"), "utf8");
const compatibilityDate = /compatibility_date = "(.*)"/.exec(wrangler)[1];
const compatibilityFlags = [.../compatibility_flags = \[([^\]]*)\]/.exec(wrangler)[1].matchAll(/"(.*?)"/g)].map(([, flag]) => flag);

const newKey = () => `hpk_${randomBytes(32).toString("base64url")}`;

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks again until `probe` gives something true. */
export async function until(what, probe, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${seconds} s in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function config({ port, disk, bindings }) {
  const text = (value) => JSON.stringify(value);
  const bound = Object.entries(bindings).map(([name, value]) =>
    typeof value === "string"
      ? `(name = ${text(name)}, text = ${text(value)})`
      : `(name = ${text(name)}, json = ${text(JSON.stringify(value))})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .holdpoint),
    (name = "disk", disk = (path = ${text(disk)}, writable = true)),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const holdpoint :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = ${text(compatibilityDate)},
  compatibilityFlags = [${compatibilityFlags.map(text).join(", ")}],
  bindings = [
    (name = "OFFICE", durableObjectNamespace = "Office"),
    (name = "DESK", durableObjectNamespace = "Desk"),
    (name = "ONCE", durableObjectNamespace = "Once"),
    (name = "TALLY", durableObjectNamespace = "Tally"),
    ${bound.join(",\n    ")}
  ],
  durableObjectNamespaces = [
    (className = "Office", uniqueKey = "office", enableSql = true),
    (className = "Desk", uniqueKey = "desk", enableSql = true),
    (className = "Once", uniqueKey = "once", enableSql = true),
    (className = "Tally", uniqueKey = "tally", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

export class Holdpoint {
  /** @param {{upstreams?: object, vars?: object, secrets?: object, policy?: string, without?: string[]}} options */
  static async start(options = {}) {
    const holdpoint = new Holdpoint();
    holdpoint.directory = mkdtempSync(join(tmpdir(), "holdpoint-"));
    holdpoint.port = await freePort();
    holdpoint.url = `http://127.0.0.1:${holdpoint.port}`;
    holdpoint.admin = newKey();
    holdpoint.bindings = {
      HOLDPOINT_ADMIN_KEY: holdpoint.admin,
      HOLDPOINT_SIGNING_KEY: randomBytes(32).toString("base64url"),
      UPSTREAMS: options.upstreams ?? {},
      ...options.vars,
      ...options.secrets,
    };
    for (const name of options.without ?? []) delete holdpoint.bindings[name];
    holdpoint.disk = join(holdpoint.directory, "disk");
    mkdirSync(holdpoint.disk);
    // The configuration stands beside the bundle, which it embeds by relative path.
    holdpoint.config = join(root, "build", `test-${holdpoint.port}.capnp`);
    await holdpoint.run();
    try {
      if (options.policy) await holdpoint.putPolicy(options.policy);
    } catch (error) {
      await holdpoint.stop();
      throw error;
    }
    return holdpoint;
  }

  async run() {
    writeFileSync(this.config, config(this));
    this.child = spawn(runtime, ["serve", this.config, "--experimental"], { stdio: ["ignore", "pipe", "pipe"] });
    this.log = "";
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (chunk) => (this.log += chunk));
    this.ended = new Promise((resolve) => this.child.on("exit", resolve));
    await until("the runtime answers", async () => {
      if (this.child.exitCode !== null) throw new Error(`the runtime ended: ${this.log}`);
      return fetch(`${this.url}/healthz`).then((answer) => answer.ok, () => false);
    });
  }

  /** Ends the runtime at once, as a power cut would. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Starts again, on the same disk, with another secret or variable. */
  async setSecret(name, value) {
    await this.kill();
    this.bindings[name] = value;
    await this.run();
  }

  async stop() {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
    rmSync(this.config, { force: true });
  }

  /** One request. A body that is no string is sent as JSON. */
  async ask(method, path, { key, body, headers = {}, ...rest } = {}) {
    const raw = typeof body === "string" || body instanceof Uint8Array;
    const response = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: {
        ...(key ? { authorization: `Bearer ${key}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : raw ? body : JSON.stringify(body),
      ...rest,
    });
    const text = await response.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  async putPolicy(policy) {
    const answer = await this.ask("PUT", "/v1/policy", {
      key: this.admin,
      body: policy,
      headers: { "content-type": "application/toml", "if-match": "*" },
    });
    if (answer.status !== 200) throw new Error(answer.text);
  }

  /** Makes a key and gives it with its public members. */
  async key(role, more = {}) {
    const answer = await this.ask("POST", "/v1/keys", { key: this.admin, body: { name: more.name ?? `a ${role}`, role, ...more } });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.json;
  }
}

/** A policy whose times suit a test. */
export const quick = (more = "") => `holdpoint = 1
${more}
[desks.main]
reviewers = 1000
undo = "0s"
`;
