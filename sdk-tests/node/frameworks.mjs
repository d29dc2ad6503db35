// Vercel's AI SDK and LangChain. Both keep nothing of a model's reasoning between the steps of a tool loop
// and are before a host that refuses such requests. One line per check on stdout.

import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const { BASE_URL: origin, KEY: apiKey } = process.env;
const baseURL = `${origin}/v1`;
const text = "Hello from the scripted provider.";
const city = z.object({ city: z.string() });
const Forecast = z.object({ city: z.string(), days: z.number() });
const forecast = { city: "Lisbon", days: 2 };
const prompt = "What is the weather?";

const openai = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({ name: "keyway", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true });
const models = {
  chat: (name) => openai.chat(name),
  responses: (name) => openai.responses(name),
  compatible: (name) => compatible(name),
};
const weather = (called) =>
  tool({ description: "Weather of a city", inputSchema: city, execute: async ({ city }) => (called.push(city), "rain") });
const providerOptions = { openai: { store: false } };

const langchain = (model, more) => new ChatOpenAI({ model, apiKey, configuration: { baseURL }, maxRetries: 0, ...more });

const tests = {};
for (const [kind, model] of Object.entries(models)) {
  tests[`ai sdk ${kind} text`] = async () => {
    const answer = await generateText({ model: model("mine/small"), prompt: "Say hello.", maxRetries: 0, providerOptions });
    assert.deepEqual([answer.text, answer.usage.inputTokens, answer.usage.outputTokens], [text, 11, 5]);
  };
  tests[`ai sdk ${kind} stream`] = async () => {
    const stream = streamText({ model: model("mine/small"), prompt: "Say hello.", maxRetries: 0, providerOptions });
    assert.equal((await stream.text).trim(), text);
    assert.equal((await stream.usage).outputTokens, 5);
  };
  for (const streamed of [false, true]) {
    tests[`ai sdk ${kind} tool loop${streamed ? " streamed" : ""}`] = async () => {
      for (const name of ["mine/small", "agents/agent"]) {
        const called = [];
        const options = { model: model(name), prompt, tools: { weather: weather(called) }, stopWhen: stepCountIs(4), maxRetries: 0, providerOptions };
        const answer = streamed ? await streamText(options).text : (await generateText(options)).text;
        assert.equal(answer.trim(), text);
        assert.deepEqual(called, ["Lisbon"]);
      }
    };
  }
  tests[`ai sdk ${kind} structured output`] = async () => {
    const answer = await generateText({ model: model("mine/small"), prompt, output: Output.object({ schema: Forecast }), maxRetries: 0, providerOptions });
    assert.deepEqual(answer.output, forecast);
  };
}

Object.assign(tests, {
  async "langchain text and stream"() {
    assert.equal((await langchain("mine/small").invoke("Say hello.")).content, text);
    let said = "";
    for await (const chunk of await langchain("mine/small", { streamUsage: true }).stream("Say hello.")) said += chunk.content;
    assert.equal(said.trim(), text);
  },
  async "langchain tool loop"() {
    for (const name of ["mine/small", "agents/agent"]) {
      const rain = langchainTool(async () => "rain", { name: "weather", description: "Weather of a city", schema: city });
      const model = langchain(name).bindTools([rain]);
      const messages = [new HumanMessage(prompt)];
      const first = await model.invoke(messages);
      const [call] = first.tool_calls;
      assert.deepEqual(call.args, { city: "Lisbon" });
      messages.push(first, new ToolMessage({ content: "rain", tool_call_id: call.id }));
      assert.equal((await model.invoke(messages)).content, text);
    }
  },
  async "langchain structured output"() {
    assert.deepEqual(await langchain("mine/small").withStructuredOutput(Forecast, { method: "jsonSchema" }).invoke(prompt), forecast);
  },
  async "langchain embeddings"() {
    const embeddings = new OpenAIEmbeddings({ model: "mine/vectors", apiKey, configuration: { baseURL }, maxRetries: 0 });
    assert.deepEqual(await embeddings.embedDocuments(["a", "b"]), [[0.25, -0.5], [0.25, -0.5]]);
  },
});

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAIL ${name}: ${String(error?.stack ?? error).replaceAll("\n", " ")}`);
  }
}
