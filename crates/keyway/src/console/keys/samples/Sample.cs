using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

var options = new OpenAIClientOptions { Endpoint = new Uri("{base}/v1") };
var client = new ChatClient("{model}", new ApiKeyCredential("{key}"), options);
ChatCompletion answer = client.CompleteChat("Hello");
Console.WriteLine(answer.Content[0].Text);
