import OpenAI from "openai";

const client = new OpenAI({ baseURL: "{base}/v1", apiKey: "{key}" });
const answer = await client.chat.completions.create({
  model: "{model}",
  messages: [{ role: "user", content: "Hello" }],
});
console.log(answer.choices[0].message.content);
