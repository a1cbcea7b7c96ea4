// Every client × every way of using it × every verdict, through OpenAI's two forms and Anthropic's. The clients are unmodified
// but for their address and key, and ask the upstream exactly as often as without Holdpoint. What passed is written
// into docs/clients.md (`HOLDPOINT_PRINT=1`), and compared with it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pinned, python, says, version } from "../harness/clients.mjs";
import { Holdpoint } from "../harness/holdpoint.mjs";
import { TOOLS, VERDICTS, answer, expected } from "../harness/model.mjs";
import { Upstream } from "../harness/upstream.mjs";
import { POLICY, Reviewer } from "../harness/verdicts.mjs";
import * as aiSdk from "./sdk/ai_sdk.mjs";
import * as anthropicNode from "./sdk/anthropic_node.mjs";
import * as openaiNode from "./sdk/openai_node.mjs";

const OPENAI = ["chat", "responses"];
const MODES = ["plain", "raw stream", "stream helper", "agent loop"];
const WORDS = { chat: "Chat Completions", responses: "Responses", messages: "Messages" };

const CLIENTS = {
  [`openai ${version("openai")} for Node`]: { start: () => inProcess(openaiNode, "openai"), forms: OPENAI },
  [`openai ${pinned("openai")} for Python`]: { start: () => inPython("openai_python.py", "openai"), forms: OPENAI },
  [`ai ${version("ai")} with @ai-sdk/openai ${version("@ai-sdk/openai")}`]: { start: () => inProcess(aiSdk, "openai"), forms: OPENAI },
  [`@anthropic-ai/sdk ${version("@anthropic-ai/sdk")} for Node`]: { start: () => inProcess(anthropicNode, "anthropic"), forms: ["messages"], more: ["agent loop, streamed"] },
  [`anthropic ${pinned("anthropic")} for Python`]: { start: () => inPython("anthropic_python.py", "anthropic"), forms: ["messages"] },
  [`ai ${version("ai")} with @ai-sdk/anthropic ${version("@ai-sdk/anthropic")}`]: { start: () => inProcess(aiSdk, "anthropic"), forms: ["messages"] },
};
const modes = ({ more = [] }) => [...MODES, ...more];

let holdpoint, upstream, reviewer, app;
const url = (name) => `${holdpoint.url}/to/${name}/v1`;
const passed = new Set();

before(async () => {
  upstream = await Upstream.start(answer);
  const upstreams = Object.fromEntries(["openai", "anthropic"].map((dialect) => [dialect, { url: upstream.url, dialect }]));
  holdpoint = await Holdpoint.start({ policy: POLICY, upstreams });
  app = (await holdpoint.key("app")).key;
  reviewer = new Reviewer(holdpoint, (await holdpoint.key("reviewer")).key);
});
after(async () => {
  await reviewer.stop();
  await holdpoint.stop();
  await upstream.stop();
});

/** A client in this process. */
function inProcess({ ways }, name) {
  const all = ways({ url: url(name), key: app, tools: TOOLS });
  return { use: (dialect, mode, said, headers) => all[dialect][mode](said, { headers }), stop() {} };
}

/** A client in Python. */
function inPython(script, name) {
  const { use, stop } = python(script, { HOLDPOINT_URL: url(name), HOLDPOINT_KEY: app, HOLDPOINT_TOOLS: JSON.stringify(TOOLS) });
  return { use: (dialect, mode, said, headers) => use({ dialect, mode, said, headers }), stop };
}

const isLoop = (mode) => mode.startsWith("agent loop");
let next = 1000;

/** One cell: the app sees what the verdict wants it to see, and nothing tells it that anybody stood between. */
async function cell(client, dialect, mode, verdict) {
  const n = (next += 2);
  const { runs, notice } = expected(verdict, n);
  const headers = verdict === "wait over" ? { "holdpoint-wait": "0" } : {};
  const said = JSON.stringify({ verdict, n });
  const seen = await client.use(dialect, mode, said, headers);
  const text = seen.text ?? seen.final;
  if (isLoop(mode)) {
    assert.deepEqual(seen.ran, runs);
    if (runs.length > 0) assert.equal(text, "done");
  } else {
    assert.deepEqual(seen.calls, runs);
  }
  if (notice && !(isLoop(mode) && runs.length > 0)) {
    assert.match(text, /^Let me see\./);
    assert.ok(text.endsWith(notice), text);
    assert.match(text, /\[Holdpoint hp_[a-z2-7]+\]/);
  } else if (!isLoop(mode)) {
    assert.equal(text, "Let me see.");
  }
  // What goes on in a thread that the upstream keeps names its last message alone.
  const asked = upstream.requests.filter(({ text }) => text.includes(`\\"n\\":${n}}`) || text.includes(`"msg_${n}_1"`));
  assert.equal(asked.length, isLoop(mode) && runs.length > 0 ? 2 : 1, "the upstream is asked no more often than without Holdpoint");
}

for (const [name, made] of Object.entries(CLIENTS)) {
  describe(name, { concurrency: 12 }, () => {
    let client;
    before(() => (client = made.start()));
    after(() => client.stop());
    for (const dialect of made.forms) {
      for (const mode of modes(made)) {
        for (const verdict of VERDICTS) {
          test(`${WORDS[dialect]}, ${mode}: ${verdict}`, async () => {
            await cell(client, dialect, mode, verdict);
            passed.add([name, dialect, mode, verdict].join("|"));
          });
        }
      }
    }
  });
}

test("docs/clients.md says what passed", () => {
  const rows = Object.entries(CLIENTS).flatMap(([name, made]) =>
    made.forms.flatMap((dialect) =>
      modes(made).map((mode) => [[name, WORDS[dialect], mode], VERDICTS.map((verdict) => passed.has([name, dialect, mode, verdict].join("|")))]),
    ),
  );
  says("table", ["client", "form", "used as"], VERDICTS, rows);
});
