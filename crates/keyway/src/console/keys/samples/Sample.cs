using System.Net.Http.Json;

using var client = new HttpClient();
client.DefaultRequestHeaders.Add("Authorization", "Bearer {key}");
var body = new { model = "{model}", messages = new[] { new { role = "user", content = "Hello" } } };
using var answer = await client.PostAsJsonAsync("{base}/v1/chat/completions", body);
Console.WriteLine(await answer.Content.ReadAsStringAsync());
