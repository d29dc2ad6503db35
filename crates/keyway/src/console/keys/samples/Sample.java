import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Sample {
    public static void main(String[] args) throws Exception {
        var body = """
            {"model": "{model}", "messages": [{"role": "user", "content": "Hello"}]}""";
        var request = HttpRequest.newBuilder(URI.create("{base}/v1/chat/completions"))
            .header("Authorization", "Bearer {key}")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        var answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
    }
}
