// Anthropic's official Node SDK before a provider that speaks OpenAI chat. One line per check on stdout.

import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";

const { BASE_URL: origin, KEY: key } = process.env;
const model = "mine/small";
const text = "Hello from the scripted provider.";
const messages = [{ role: "user", content: "Say hello." }];
const schema = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ name: "weather", description: "Weather of a city", input_schema: schema }];
const client = (apiKey = key) => new Anthropic({ baseURL: origin, apiKey, maxRetries: 0, timeout: 20_000 });
const hello = { model, max_tokens: 64, messages };

const tests = {
  async message() {
    const message = await client().messages.create(hello);
    assert.equal(message.content[0].text, text);
    assert.deepEqual([message.stop_reason, message.usage.output_tokens], ["end_turn", 5]);
  },
  async stream() {
    const stream = client().messages.stream(hello);
    const final = await stream.finalMessage();
    assert.equal(final.content[0].text.trim(), text);
    assert.equal(final.stop_reason, "end_turn");
  },
  async toolLoop() {
    const first = await client().messages.stream({ ...hello, tools }).finalMessage();
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual([first.stop_reason, call.name, call.input], ["tool_use", "weather", { city: "Lisbon" }]);
    const result = { type: "tool_result", tool_use_id: call.id, content: "rain" };
    const turns = [...messages, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
    const last = await client().messages.create({ ...hello, tools, messages: turns });
    assert.deepEqual([last.stop_reason, last.content[0].text], ["end_turn", text]);
  },
  async countTokens() {
    const { input_tokens: tokens } = await client().messages.countTokens({ model, messages });
    assert.ok(tokens > 5 && tokens < 50, String(tokens));
  },
  async errors() {
    const error = await client("sk-ant-none").messages.create(hello).catch((error) => error);
    assert.equal(error.constructor.name, "AuthenticationError");
    assert.equal(error.error.error.details.error_code, "invalid_api_key");
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok anthropic node ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL anthropic node ${name}: ${String(error).replaceAll("\n", " ")}`);
  }
}
