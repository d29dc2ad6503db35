// The official Node SDK's Responses API before a provider that speaks chat; its helpers for streams,
// structured output and embeddings. One line per check on stdout.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

const { BASE_URL: origin, KEY: key } = process.env;
const model = "mine/small";
const text = "Hello from the scripted provider.";
const Forecast = z.object({ city: z.string(), days: z.number() });
const forecast = { city: "Lisbon", days: 2 };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const tools = [{ type: "function", name: "weather", description: "Weather of a city", strict: false, parameters }];
const client = new OpenAI({ baseURL: `${origin}/v1`, apiKey: key, maxRetries: 0, timeout: 20_000 });
const messages = [{ role: "user", content: "Say hello." }];

const tests = {
  async response() {
    const response = await client.responses.create({ model, instructions: "Be brief.", input: "Say hello.", store: false });
    assert.deepEqual([response.output_text, response.status], [text, "completed"]);
    assert.deepEqual([response.usage.input_tokens, response.usage.output_tokens], [11, 5]);
  },
  async responseStream() {
    const stream = client.responses.stream({ model, input: "Say hello.", store: false });
    let said = "";
    stream.on("response.output_text.delta", (event) => (said += event.delta));
    const final = await stream.finalResponse();
    assert.deepEqual([said.trim(), final.output_text.trim()], [text, text]);
  },
  async responseToolLoop() {
    const input = [{ role: "user", content: "Weather?" }];
    const first = await client.responses.create({ model, input, tools, store: false });
    const call = first.output.find((item) => item.type === "function_call");
    assert.deepEqual([call.name, JSON.parse(call.arguments)], ["weather", { city: "Lisbon" }]);
    input.push(call, { type: "function_call_output", call_id: call.call_id, output: "rain" });
    assert.equal((await client.responses.create({ model, input, tools, store: false })).output_text, text);
  },
  async responseIsParsed() {
    const format = zodTextFormat(Forecast, "forecast");
    const response = await client.responses.parse({ model, input: "Weather?", text: { format }, store: false });
    assert.deepEqual(response.output_parsed, forecast);
  },
  async completionIsParsed() {
    const response_format = zodResponseFormat(Forecast, "forecast");
    const answer = await client.chat.completions.parse({ model, messages, response_format });
    assert.deepEqual(answer.choices[0].message.parsed, forecast);
  },
  async completionStream() {
    const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } });
    assert.equal((await stream.finalContent()).trim(), text);
    assert.equal((await stream.totalUsage()).total_tokens, 16);
  },
  async toolsAreRun() {
    const called = [];
    const weather = { name: "weather", parameters, parse: JSON.parse, function: ({ city }) => (called.push(city), "rain") };
    const runner = client.chat.completions.runTools({ model, messages, tools: [{ type: "function", function: weather }] });
    assert.equal(await runner.finalContent(), text);
    assert.deepEqual(called, ["Lisbon"]);
  },
  async embeddings() {
    for (const encoding of [{}, { encoding_format: "float" }, { encoding_format: "base64" }]) {
      const answer = await client.embeddings.create({ model: "mine/vectors", input: ["a", "b"], ...encoding });
      const { embedding } = answer.data[0];
      if (encoding.encoding_format === "base64") {
        assert.equal(Buffer.from(embedding, "base64").readFloatLE(4), -0.5);
      } else {
        assert.deepEqual([...embedding], [0.25, -0.5]);
      }
    }
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok responses node ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL responses node ${name}: ${String(error).replaceAll("\n", " ")}`);
  }
}
