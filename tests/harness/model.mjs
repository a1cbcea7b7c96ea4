// An AI whose answers follow from what the user says, in OpenAI's two forms and Anthropic's, whole and as streams.
//
// The user says `{"verdict": …, "n": …}`. The model says "Let me see." and calls tools by the verdict that is wanted
// for them; once it has their results, it says "done".

/** What the model calls for each verdict. */
const CALLS = {
  proceed: (n) => [["get_order", { n }]],
  approved: (n) => [["refund", { n, decide: "approve" }]],
  edited: (n) => [["refund", { n, decide: "edit" }]],
  rejected: (n) => [["refund", { n, decide: "reject" }]],
  "partly rejected": (n) => [["refund", { n, decide: "approve" }], ["mail", { n, decide: "reject" }]],
  expired: (n) => [["slow", { n }]],
  blocked: (n) => [["never", { n }]],
  "wait over": (n) => [["refund", { n, decide: "wait" }]],
};

export const VERDICTS = Object.keys(CALLS);

/** What an app has to see of a verdict. */
export function expected(verdict, n) {
  const runs = {
    proceed: [["get_order", { n }]],
    approved: [["refund", { n, decide: "approve" }]],
    edited: [["refund", { n: n + 0.5, decide: "edit" }]],
    "partly rejected": [["refund", { n, decide: "approve" }]],
  }[verdict] ?? [];
  const notice = {
    rejected: 'Action "refund" was not executed: wrong amount',
    "partly rejected": 'Action "mail" was not executed: wrong amount',
    expired: 'Action "slow" was not executed: expired',
    blocked: 'Action "never" was not executed: blocked by never-ever',
    "wait over": 'Action "refund" was not executed: awaiting approval',
  }[verdict] ?? null;
  return { runs, notice };
}

/** The tools that an app offers, as JSON Schema. */
export const TOOLS = ["get_order", "refund", "mail", "slow", "never"].map((name) => ({
  name,
  description: name,
  parameters: { type: "object", properties: { n: { type: "number" }, decide: { type: "string" } }, required: ["n"] },
}));

const texts = (content) => (typeof content === "string" ? content : content.map((part) => part.text).join(""));

/** Answers a request of any form. */
export function answer(request, response) {
  const { body } = request;
  if (request.path.startsWith("/v1/messages")) return messages(body, response);
  const responses = request.path.startsWith("/v1/responses");
  const said = responses ? (typeof body.input === "string" ? [{ role: "user", content: body.input }] : body.input) : body.messages;
  const { verdict, n } = JSON.parse(texts(said.find(({ role }) => role === "user").content));
  const isDone = said.some((item) => item.role === "tool" || item.type === "function_call_output");
  const text = isDone ? "done" : "Let me see.";
  const calls = isDone ? [] : CALLS[verdict](n).map(([name, args], at) => ({ id: `call_${n}_${at}`, name, arguments: JSON.stringify(args) }));
  const events = responses ? responseEvents(text, calls, n) : chunks(text, calls);
  if (!body.stream) return responses ? events.at(-1).response : whole(text, calls);
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of events) response.write(`${event.type ? `event: ${event.type}\n` : ""}data: ${JSON.stringify(event)}\n\n`);
  response.end(responses ? "" : "data: [DONE]\n\n");
}

const call = ({ id, name, arguments: args }) => ({ id, type: "function", function: { name, arguments: args } });
const USAGE = { prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 };

function whole(content, calls) {
  const message = { role: "assistant", content, refusal: null, ...(calls.length > 0 && { tool_calls: calls.map(call) }) };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: calls.length > 0 ? "tool_calls" : "stop" }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 1795363200, model: "test-model", choices, usage: USAGE };
}

function chunks(content, calls) {
  const chunk = (delta, finish_reason = null) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1795363200,
    model: "test-model",
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
  });
  const half = content.length >> 1;
  const events = [chunk({ role: "assistant", content: "", refusal: null }), chunk({ content: content.slice(0, half) }), chunk({ content: content.slice(half) })];
  for (const [index, { id, name, arguments: args }] of calls.entries()) {
    events.push(chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }));
    for (const part of args.match(/.{1,5}/g)) events.push(chunk({ tool_calls: [{ index, function: { arguments: part } }] }));
  }
  events.push(chunk({}, calls.length > 0 ? "tool_calls" : "stop"));
  events.push({ ...chunk({}), choices: [], usage: USAGE });
  return events;
}

function responseEvents(text, calls, n) {
  const events = [];
  const event = (type, more) => events.push({ type, sequence_number: events.length, ...more });
  const response = (status, output) => ({
    id: `resp_${n}`,
    object: "response",
    created_at: 1795363200,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: "test-model",
    output,
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: { input_tokens: 9, input_tokens_details: { cached_tokens: 0 }, output_tokens: 8, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: 17 },
  });
  event("response.created", { response: response("in_progress", []) });
  event("response.in_progress", { response: response("in_progress", []) });
  const part = (text) => ({ type: "output_text", text, annotations: [], logprobs: [] });
  const message = { id: `msg_${n}`, type: "message", status: "completed", role: "assistant", content: [part(text)] };
  const of = { item_id: message.id, output_index: 0, content_index: 0 };
  event("response.output_item.added", { output_index: 0, item: { ...message, status: "in_progress", content: [] } });
  event("response.content_part.added", { ...of, part: part("") });
  event("response.output_text.delta", { ...of, delta: text.slice(0, 3), logprobs: [] });
  event("response.output_text.delta", { ...of, delta: text.slice(3), logprobs: [] });
  event("response.output_text.done", { ...of, text, logprobs: [] });
  event("response.content_part.done", { ...of, part: part(text) });
  event("response.output_item.done", { output_index: 0, item: message });
  const output = [message];
  for (const { id, name, arguments: args } of calls) {
    const item = { id: `fc_${id}`, type: "function_call", status: "completed", call_id: id, name, arguments: args };
    const at = { item_id: item.id, output_index: output.length };
    event("response.output_item.added", { output_index: output.length, item: { ...item, status: "in_progress", arguments: "" } });
    for (const delta of args.match(/.{1,5}/g)) event("response.function_call_arguments.delta", { ...at, delta });
    event("response.function_call_arguments.done", { ...at, name, arguments: args });
    event("response.output_item.done", { output_index: output.length, item });
    output.push(item);
  }
  event("response.completed", { response: response("completed", output) });
  return events;
}

/** What was said in the threads that the upstream keeps, by the message that they go on from. */
const threads = new Map();

function messages(body, response) {
  const kept = body.thread?.type === "continue" ? threads.get(body.thread.previous_message_id) : [];
  if (!kept) {
    const error = { type: "not_found_error", message: "no such thread", details: { error_code: "thread_not_found" } };
    response.writeHead(404, { "content-type": "application/json" }).end(JSON.stringify({ type: "error", error }));
    return undefined;
  }
  const said = [...kept, ...body.messages];
  const { verdict, n } = JSON.parse(texts(said.find(({ role }) => role === "user").content));
  const blocks = said.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  const calls = blocks.filter(({ type }) => type === "tool_use").map(({ id }) => id);
  const answered = blocks.filter(({ type }) => type === "tool_result").map((result) => result.tool_use_id);
  // As the real one does, it goes on from its own calls alone, each with its result.
  if (calls.sort().join() !== answered.sort().join()) {
    const error = { type: "invalid_request_error", message: "`tool_use` ids were found without `tool_result` blocks immediately after" };
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify({ type: "error", error }));
    return undefined;
  }
  const isDone = answered.length > 0;
  const content = [{ type: "text", text: isDone ? "done" : "Let me see." }];
  if (!isDone) {
    content.unshift({ type: "thinking", thinking: "hm", signature: "c2lnbmVk" });
    content.push(...CALLS[verdict](n).map(([name, input], at) => ({ type: "tool_use", id: `toolu_${n}_${at}`, name, input })));
  }
  const usage = { input_tokens: 9, output_tokens: 8 };
  const message = { id: `msg_${n}_${isDone ? 2 : 1}`, type: "message", role: "assistant", model: "test-model", content, stop_reason: isDone ? "end_turn" : "tool_use", stop_sequence: null, usage };
  if (body.thread) threads.set(message.id, [...said, { role: "assistant", content }]);
  if (!body.stream) return message;
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const event of messageEvents(message)) response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  response.end();
  return undefined;
}

function messageEvents(message) {
  const events = [{ type: "message_start", message: { ...message, content: [], stop_reason: null } }, { type: "ping" }];
  for (const [index, block] of message.content.entries()) {
    const [start, deltas] = {
      thinking: ({ thinking, signature }) => [{ ...block, thinking: "", signature: "" }, [{ type: "thinking_delta", thinking }, { type: "signature_delta", signature }]],
      text: ({ text }) => [{ ...block, text: "" }, [text.slice(0, 3), text.slice(3)].map((text) => ({ type: "text_delta", text }))],
      tool_use: ({ input }) => [{ ...block, input: {} }, JSON.stringify(input).match(/.{1,5}/g).map((partial_json) => ({ type: "input_json_delta", partial_json }))],
    }[block.type](block);
    events.push({ type: "content_block_start", index, content_block: start });
    for (const delta of deltas) events.push({ type: "content_block_delta", index, delta });
    events.push({ type: "content_block_stop", index });
  }
  events.push({ type: "message_delta", delta: { stop_reason: message.stop_reason, stop_sequence: null }, usage: { output_tokens: 8 } }, { type: "message_stop" });
  return events;
}
