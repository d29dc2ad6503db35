// Google's official Node SDK before a provider that speaks OpenAI chat. One line per check on stdout.

import assert from "node:assert/strict";
import { ApiError, GoogleGenAI } from "@google/genai";

const { BASE_URL: baseUrl, KEY: key } = process.env;
const model = "mine/small";
const text = "Hello from the scripted provider.";
const contents = "Say hello.";
const parametersJsonSchema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ functionDeclarations: [{ name: "weather", description: "Weather of a city", parametersJsonSchema }] }];
const client = (apiKey = key) => new GoogleGenAI({ apiKey, httpOptions: { baseUrl, timeout: 20_000 } });

const tests = {
  async answer() {
    const config = { systemInstruction: "Be brief.", maxOutputTokens: 64, stopSequences: ["END"] };
    const answer = await client().models.generateContent({ model, contents, config });
    assert.equal(answer.text, text);
    assert.equal(answer.candidates[0].finishReason, "STOP");
    const { promptTokenCount, candidatesTokenCount } = answer.usageMetadata;
    assert.deepEqual([promptTokenCount, candidatesTokenCount], [11, 5]);
  },
  async stream() {
    let [said, last] = ["", null];
    for await (const chunk of await client().models.generateContentStream({ model, contents })) {
      said += chunk.text ?? "";
      last = chunk;
    }
    assert.equal(said.trim(), text);
    assert.equal(last.usageMetadata.candidatesTokenCount, 5);
  },
  async toolLoop() {
    const chat = client().chats.create({ model, config: { tools } });
    const first = await chat.sendMessage({ message: "Weather?" });
    const [call] = first.functionCalls;
    assert.deepEqual([call.name, call.args], ["weather", { city: "Lisbon" }]);
    const functionResponse = { id: call.id, name: call.name, response: { result: "rain" } };
    assert.equal((await chat.sendMessage({ message: [{ functionResponse }] })).text, text);
  },
  async structuredOutput() {
    const responseJsonSchema = { type: "object", properties: { city: { type: "string" }, days: { type: "integer" } } };
    const config = { responseMimeType: "application/json", responseJsonSchema };
    const answer = await client().models.generateContent({ model, contents, config });
    assert.deepEqual(JSON.parse(answer.text), { city: "Lisbon", days: 2 });
  },
  async countTokens() {
    const { totalTokens } = await client().models.countTokens({ model, contents });
    assert.ok(totalTokens > 1 && totalTokens < 50, String(totalTokens));
  },
  async errors() {
    const error = await client("sk-kw-live-nothing").models.generateContent({ model, contents }).catch((error) => error);
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.status, 401);
  },
};

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok google node ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL google node ${name}: ${String(error).replaceAll("\n", " ")}`);
  }
}
