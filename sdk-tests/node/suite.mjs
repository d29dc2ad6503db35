// The official Node SDK and the HTTP clients people use instead. One line per check on stdout.

import assert from "node:assert/strict";
import axios from "axios";
import dotenv from "dotenv";
import nodeFetch from "node-fetch";
import OpenAI from "openai";

const { BASE_URL: origin, KEY: key, ADMIN_KEY: adminKey } = process.env;
const model = "mine/small";
const text = "Hello from the scripted provider.";
const messages = [{ role: "user", content: "Say hello." }];
const weather = { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } };
const tools = [{ type: "function", function: weather }];

const client = (base = "/v1", apiKey = key) =>
  new OpenAI({ baseURL: origin + base, apiKey, maxRetries: 0, timeout: 20_000 });
const body = { model: "deepseek-chat", messages, temperature: 0.7, stream: false };
const headers = { "Content-Type": "application/json", Authorization: `Bearer ${key}` };

async function raised(kind, promise) {
  const error = await promise.then(() => assert.fail(`no ${kind.name}`), (error) => error);
  assert.equal(error.constructor.name, kind.name, String(error));
  assert.match(error.requestID ?? "", /^req_/);
  return error;
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const said = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? "").join("").trim();

const tests = {
  async modelsAreListed() {
    const ids = (await collect(await client().models.list())).map((model) => model.id);
    assert.ok(ids.includes(model), ids.join());
    assert.equal((await client().models.retrieve(model)).id, model);
  },
  async chat() {
    const answer = await client().chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, text);
    assert.equal(answer.usage.total_tokens, 16);
    assert.match(answer._request_id, /^req_/);
  },
  async streamWithoutUsage() {
    const chunks = await collect(await client().chat.completions.create({ model, messages, stream: true }));
    assert.equal(said(chunks), text);
    assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && chunk.usage == null));
  },
  async streamWithUsage() {
    const stream_options = { include_usage: true };
    const chunks = await collect(await client().chat.completions.create({ model, messages, stream: true, stream_options }));
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.equal(chunks.at(-1).usage.total_tokens, 16);
    assert.equal(said(chunks), text);
  },
  async streamAborted() {
    const stream = await client().chat.completions.create({ model, messages, stream: true });
    for await (const _ of stream) break;
  },
  async toolRoundTrip() {
    const api = client();
    const first = await api.chat.completions.create({ model, messages, tools });
    const call = first.choices[0].message.tool_calls[0];
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Lisbon" });
    const result = { role: "tool", tool_call_id: call.id, content: "clear" };
    const again = [...messages, first.choices[0].message, result];
    const second = await api.chat.completions.create({ model, messages: again, tools });
    assert.equal(second.choices[0].message.content, text);
  },
  async toolRunner() {
    const weather = { type: "function", function: { name: "weather", parse: JSON.parse, function: () => "clear",
      parameters: { type: "object", properties: { city: { type: "string" } } } } };
    const runner = client().chat.completions.runTools({ model, messages, tools: [weather] });
    assert.equal(await runner.finalContent(), text);
  },
  async openaiAlias() {
    const answer = await client("/openai/v1").chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, text);
  },
  async deepseekChat() {
    const answer = await client("").chat.completions.create({ ...body, max_tokens: 64, top_p: 0.9, stop: ["END"] });
    assert.equal(answer.choices[0].message.content, text);
  },
  async badKey() {
    const error = await raised(OpenAI.AuthenticationError, client("/v1", "sk-nonsense").models.list());
    assert.equal(error.code, "invalid_api_key");
  },
  async adminKeyDoesNotInfer() {
    const error = await raised(OpenAI.PermissionDeniedError, client("/v1", adminKey).chat.completions.create({ model, messages }));
    assert.equal(error.code, "wrong_key_type");
  },
  async unknownModel() {
    const error = await raised(OpenAI.NotFoundError, client().chat.completions.create({ model: "no/such", messages }));
    assert.equal(error.code, "model_not_found");
  },
  async upstream429() {
    const error = await raised(OpenAI.RateLimitError, client().chat.completions.create({ model: "mine/limited", messages }));
    assert.equal(error.headers.get("retry-after"), "7");
  },
  async limitOfTheKey() {
    const limited = client("/v1", process.env.LIMITED_KEY).chat.completions;
    const first = await limited.create({ model, messages }).withResponse();
    assert.equal(first.response.headers.get("x-ratelimit-remaining-requests"), "0");
    const error = await raised(OpenAI.RateLimitError, limited.create({ model, messages }));
    assert.deepEqual([error.code, error.headers.get("x-ratelimit-limit-requests")], ["rate_limit_exceeded", "1"]);
    const wait = Number(error.headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 60, String(wait));
  },
  async upstream401() {
    const error = await raised(OpenAI.InternalServerError, client().chat.completions.create({ model: "mine/refused", messages }));
    assert.deepEqual([error.status, error.code], [502, "upstream_auth"]);
  },
  async builtInFetch() {
    const response = await fetch(`${origin}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.equal(response.status, 200);
    assert.equal((await response.json()).choices[0].message.content, text);
  },
  async nodeFetch() {
    const response = await nodeFetch(`${origin}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(body) });
    assert.match(response.headers.get("x-request-id"), /^req_/);
    assert.equal((await response.json()).choices[0].message.content, text);
  },
  async axios() {
    const { data } = await axios.post(`${origin}/chat/completions`, body, { headers });
    assert.equal(data.choices[0].message.content, text);
  },
  async axiosStream() {
    const { data } = await axios.post(`${origin}/v1/chat/completions`, { ...body, stream: true }, { headers, responseType: "stream" });
    const lines = (await collect(data)).join("").split("\n").filter((line) => line.startsWith("data: "));
    assert.equal(lines.at(-1), "data: [DONE]");
  },
  async axiosError() {
    const error = await axios.post(`${origin}/v1/chat/completions`, body).catch((error) => error);
    assert.equal(error.response.status, 401);
    assert.equal(error.response.data.error.code, "invalid_api_key");
  },
  async keyFromDotenv() {
    dotenv.config({ override: true, quiet: true });
    const answer = await new OpenAI({ maxRetries: 0 }).chat.completions.create({ model, messages });
    assert.equal(answer.choices[0].message.content, text);
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok node ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL node ${name}: ${String(error).replaceAll("\n", " ")}`);
  }
}
