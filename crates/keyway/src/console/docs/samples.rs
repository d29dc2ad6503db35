//! Samples of an endpoint in every language, from its row alone.

use super::endpoints::{Answer, Auth, Endpoint};

/// A language: its name, its place in addresses and how a sample of it is written.
pub struct Language {
    /// Its name.
    pub name: &'static str,
    /// Where it is copied from on a page.
    pub id: &'static str,
    /// What has to be there; empty: nothing.
    pub needs: &'static str,
    write: fn(&Call<'_>) -> String,
}

/// The languages, in the order of their tabs.
pub static LANGUAGES: &[Language] = &[
    Language { name: "curl", id: "curl", needs: "", write: curl },
    Language { name: "Python", id: "python", needs: "Python 3, nothing to install", write: python },
    Language { name: "Node", id: "node", needs: "Node 18 and later, nothing to install", write: node },
    Language { name: "Java", id: "java", needs: "Java 17 and later, nothing to install", write: java },
    Language { name: "Go", id: "go", needs: "Nothing to install", write: go },
    Language { name: "C#", id: "csharp", needs: ".NET 7 and later, nothing to install", write: csharp },
    Language { name: "Rust", id: "rust", needs: "cargo add ureq@3", write: rust },
];

/// An endpoint about to be called.
struct Call<'a> {
    endpoint: &'a Endpoint,
    url: String,
    body: String,
    /// Header fields but the key's: name and value.
    headers: Vec<(&'static str, &'static str)>,
    /// The field of the key: its name, and what stands before the key.
    key: (&'static str, &'static str),
}

/// A sample of an endpoint. The key is read from the environment (`KEYWAY_API_KEY`).
#[must_use]
pub fn sample(endpoint: &Endpoint, language: &Language, base_url: &str, model: &str) -> String {
    let mut headers = Vec::new();
    if !endpoint.body.is_empty() {
        headers.push(("Content-Type", "application/json"));
    }
    if endpoint.auth == Auth::Anthropic {
        headers.push(("anthropic-version", "2023-06-01"));
    }
    let key = match endpoint.auth {
        Auth::Bearer => ("Authorization", "Bearer "),
        Auth::Anthropic => ("x-api-key", ""),
        Auth::Google => ("x-goog-api-key", ""),
    };
    (language.write)(&Call {
        endpoint,
        url: format!("{base_url}{}", endpoint.path.replace("{model}", model)),
        body: endpoint.body.replace("{model}", model),
        headers,
        key,
    })
}

/// Lines after the first, each with so many spaces before it.
fn indented(text: &str, spaces: usize) -> String {
    text.replace('\n', &format!("\n{}", " ".repeat(spaces)))
}

fn curl(call: &Call<'_>) -> String {
    let mut lines = vec![format!("curl {}", call.url)];
    lines.push(format!("-H \"{}: {}$KEYWAY_API_KEY\"", call.key.0, call.key.1));
    lines.extend(call.headers.iter().map(|(name, value)| format!("-H \"{name}: {value}\"")));
    match call.endpoint.answer {
        Answer::Events => lines.push("--no-buffer".to_owned()),
        Answer::File(name) => lines.push(format!("--output {name}")),
        Answer::Object => {}
    }
    if !call.body.is_empty() {
        lines.push(format!("-d '{}'", indented(&call.body, 2)));
    }
    lines.join(" \\\n  ")
}

fn python(call: &Call<'_>) -> String {
    // What JSON and Python write differently; no sample has it within a text.
    let body = call.body.replace(": true", ": True");
    let mut headers =
        vec![format!("\"{}\": \"{}\" + os.environ[\"KEYWAY_API_KEY\"]", call.key.0, call.key.1)];
    headers.extend(call.headers.iter().map(|(name, value)| format!("\"{name}\": \"{value}\"")));
    let (set, data) = match body.is_empty() {
        true => (String::new(), ""),
        false => (format!("body = {body}\n"), "    data=json.dumps(body).encode(),\n"),
    };
    let then = match call.endpoint.answer {
        Answer::Object => "    print(json.dumps(json.load(answer), indent=2))".to_owned(),
        Answer::Events => "    for line in answer:\n        print(line.decode().rstrip())".to_owned(),
        Answer::File(name) => format!("    open(\"{name}\", \"wb\").write(answer.read())"),
    };
    format!(
        "import json\nimport os\nimport urllib.request\n\n{set}request = urllib.request.Request(\n    \"{}\",\n{data}    \
         headers={{\n        {},\n    }},\n)\nwith urllib.request.urlopen(request) as answer:\n{then}",
        call.url,
        headers.join(",\n        "),
    )
}

fn node(call: &Call<'_>) -> String {
    let mut headers = vec![match call.key.1 {
        "" => format!("\"{}\": process.env.KEYWAY_API_KEY", call.key.0),
        lead => format!("\"{}\": `{lead}${{process.env.KEYWAY_API_KEY}}`", call.key.0),
    }];
    headers.extend(call.headers.iter().map(|(name, value)| format!("\"{name}\": \"{value}\"")));
    let body = match call.body.is_empty() {
        true => String::new(),
        false => format!("  body: JSON.stringify({}),\n", indented(&call.body, 2)),
    };
    let (import, then) = match call.endpoint.answer {
        Answer::Object => ("", "console.log(JSON.stringify(await answer.json(), null, 2));".to_owned()),
        Answer::Events => {
            ("", "for await (const part of answer.body) process.stdout.write(part);".to_owned())
        }
        Answer::File(name) => (
            "import { writeFileSync } from \"node:fs\";\n\n",
            format!("writeFileSync(\"{name}\", Buffer.from(await answer.arrayBuffer()));"),
        ),
    };
    format!(
        "{import}const answer = await fetch(\"{}\", {{\n  method: \"{}\",\n  headers: {{\n    {},\n  }},\n{body}}});\n\
         if (!answer.ok) throw new Error(await answer.text());\n{then}",
        call.url,
        call.endpoint.method,
        headers.join(",\n    "),
    )
}

fn java(call: &Call<'_>) -> String {
    let mut headers = vec![match call.key.1 {
        "" => format!(".header(\"{}\", System.getenv(\"KEYWAY_API_KEY\"))", call.key.0),
        lead => format!(".header(\"{}\", \"{lead}\" + System.getenv(\"KEYWAY_API_KEY\"))", call.key.0),
    }];
    headers.extend(call.headers.iter().map(|(name, value)| format!(".header(\"{name}\", \"{value}\")")));
    let (set, send) = match call.body.is_empty() {
        true => (String::new(), ".GET()"),
        false => (
            format!("        var body = \"\"\"\n            {}\"\"\";\n", indented(&call.body, 12)),
            ".POST(HttpRequest.BodyPublishers.ofString(body))",
        ),
    };
    let (handler, then) = match call.endpoint.answer {
        Answer::Object => ("ofString()".to_owned(), "System.out.println(answer.body());"),
        Answer::Events => ("ofLines()".to_owned(), "answer.body().forEach(System.out::println);"),
        Answer::File(name) => {
            (format!("ofFile(java.nio.file.Path.of(\"{name}\"))"), "System.out.println(answer.body());")
        }
    };
    format!(
        "import java.net.URI;\nimport java.net.http.HttpClient;\nimport java.net.http.HttpRequest;\n\
         import java.net.http.HttpResponse;\n\npublic class Sample {{\n    \
         public static void main(String[] args) throws Exception {{\n{set}        \
         var request = HttpRequest.newBuilder(URI.create(\"{}\"))\n            {}\n            {send}\n            \
         .build();\n        var answer = HttpClient.newHttpClient()\n            \
         .send(request, HttpResponse.BodyHandlers.{handler});\n        {then}\n    }}\n}}",
        call.url,
        headers.join("\n            "),
    )
}

fn go(call: &Call<'_>) -> String {
    let mut headers = vec![format!(
        "request.Header.Set(\"{}\", \"{}\"+os.Getenv(\"KEYWAY_API_KEY\"))",
        call.key.0, call.key.1
    )];
    headers.extend(
        call.headers.iter().map(|(name, value)| format!("request.Header.Set(\"{name}\", \"{value}\")")),
    );
    let (import, set, body) = match call.body.is_empty() {
        true => ("", String::new(), "nil"),
        false => ("\n\t\"strings\"", format!("\tbody := `{}`\n", call.body), "strings.NewReader(body)"),
    };
    let then = match call.endpoint.answer {
        Answer::File(name) => format!(
            "file, err := os.Create(\"{name}\")\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\tdefer file.Close()\n\t\
             if _, err := io.Copy(file, answer.Body); err != nil {{\n\t\tpanic(err)\n\t}}"
        ),
        _ => "io.Copy(os.Stdout, answer.Body)".to_owned(),
    };
    format!(
        "package main\n\nimport (\n\t\"io\"\n\t\"net/http\"\n\t\"os\"{import}\n)\n\nfunc main() {{\n{set}\t\
         request, err := http.NewRequest(\"{}\", \"{}\", {body})\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\t{}\n\t\
         answer, err := http.DefaultClient.Do(request)\n\tif err != nil {{\n\t\tpanic(err)\n\t}}\n\t\
         defer answer.Body.Close()\n\t{then}\n}}",
        call.endpoint.method,
        call.url,
        headers.join("\n\t"),
    )
}

fn csharp(call: &Call<'_>) -> String {
    let lead = call.key.1;
    let key = "Environment.GetEnvironmentVariable(\"KEYWAY_API_KEY\")";
    let mut lines = vec![
        "using var client = new HttpClient();".to_owned(),
        format!("using var request = new HttpRequestMessage(HttpMethod.{}, \"{}\");", method(call), call.url),
        format!("request.Headers.Add(\"{}\", $\"{lead}{{{key}}}\");", call.key.0),
    ];
    let others = call.headers.iter().filter(|(name, _)| *name != "Content-Type");
    lines.extend(others.map(|(name, value)| format!("request.Headers.Add(\"{name}\", \"{value}\");")));
    if !call.body.is_empty() {
        lines.push(format!(
            "request.Content = new StringContent(\"\"\"\n    {}\n    \"\"\", System.Text.Encoding.UTF8, \"application/json\");",
            indented(&call.body, 4)
        ));
    }
    lines.push(
        "using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);"
            .to_owned(),
    );
    match call.endpoint.answer {
        Answer::Object => {
            lines.push("Console.WriteLine(await answer.Content.ReadAsStringAsync());".to_owned())
        }
        Answer::Events => lines.extend([
            "using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());".to_owned(),
            "while (await reader.ReadLineAsync() is { } line) Console.WriteLine(line);".to_owned(),
        ]),
        Answer::File(name) => lines.push(format!(
            "await File.WriteAllBytesAsync(\"{name}\", await answer.Content.ReadAsByteArrayAsync());"
        )),
    }
    lines.join("\n")
}

fn method(call: &Call<'_>) -> &'static str {
    if call.endpoint.method == "GET" { "Get" } else { "Post" }
}

fn rust(call: &Call<'_>) -> String {
    let mut headers = vec![match call.key.1 {
        "" => format!(".header(\"{}\", &key)", call.key.0),
        lead => format!(".header(\"{}\", &format!(\"{lead}{{key}}\"))", call.key.0),
    }];
    headers.extend(call.headers.iter().map(|(name, value)| format!(".header(\"{name}\", \"{value}\")")));
    let (set, send) = match call.body.is_empty() {
        true => (String::new(), ".call()?"),
        false => (format!("    let body = r#\"{}\"#;\n", indented(&call.body, 4)), ".send(body)?"),
    };
    let then = match call.endpoint.answer {
        Answer::File(name) => format!(
            "    let mut file = std::fs::File::create(\"{name}\")?;\n    \
             std::io::copy(&mut answer.body_mut().as_reader(), &mut file)?;"
        ),
        _ => "    std::io::copy(&mut answer.body_mut().as_reader(), &mut std::io::stdout())?;".to_owned(),
    };
    format!(
        "fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    let key = std::env::var(\"KEYWAY_API_KEY\")?;\n{set}    \
         let mut answer = ureq::{}(\"{}\")\n        {}\n        {send};\n{then}\n    Ok(())\n}}",
        call.endpoint.method.to_lowercase(),
        call.url,
        headers.join("\n        "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::docs::endpoints::ENDPOINTS;
    use crate::console::parts::tabs::TABS_MAX;

    #[test]
    fn every_sample_says_where_with_what_and_how() {
        assert!(LANGUAGES.len() <= TABS_MAX);
        for endpoint in ENDPOINTS {
            for language in LANGUAGES {
                let text = sample(endpoint, language, "https://keys.example", "some/model");
                let at = format!("{} in {}", endpoint.slug, language.name);
                assert!(
                    text.contains("https://keys.example/v1") && text.contains("KEYWAY_API_KEY"),
                    "{at}: {text}"
                );
                assert!(!text.contains("{model}"), "{at}");
                assert_eq!(text.contains("Bearer "), endpoint.auth == Auth::Bearer, "{at}");
                assert_eq!(text.contains("some/model"), endpoint.asks.is_some(), "{at}");
            }
            if !endpoint.body.is_empty() {
                serde_json::from_str::<serde_json::Value>(endpoint.body).unwrap();
            }
        }
    }
}
