import java.net.URI;
import java.net.http.*;

public class Sample {
  public static void main(String[] args) throws Exception {
    String body = "{\"model\": \"{model}\", \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}";
    HttpRequest request = HttpRequest.newBuilder(URI.create("{base}/v1/chat/completions"))
        .header("Authorization", "Bearer {key}")
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
    HttpClient client = HttpClient.newHttpClient();
    System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
