//! `keyway client setup`

use crate::stage::bare;

#[test]
fn every_program_is_told_address_and_model_and_no_secret_is_written() {
    let keyway = bare().sqlite().env("HOME", "/nonexistent").prepare();
    for tool in
        ["claude-code", "codex", "opencode", "aider", "llm", "curl", "python", "node", "go", "java", "csharp"]
    {
        let arguments =
            ["client", "setup", tool, "--base-url", "https://keys.example/v1", "--model", "sandbox/echo"];
        let text = keyway.cli(&arguments).expect_code(0).stdout;
        assert!(text.contains("https://keys.example") && text.contains("sandbox/echo"), "{tool}: {text}");
        assert!(!text.contains("/v1/v1") && !text.contains("{base}"), "{tool}: {text}");
    }
    keyway.cli(&["client", "setup", "python", "--write"]).expect_code(2);
}

#[test]
fn settings_files_are_written_when_told_and_keep_what_was_there() {
    let home = tempfile::tempdir().expect("a home folder");
    let file = home.path().join(".claude/settings.json");
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("its folder");
    std::fs::write(&file, "{\n  \"theme\": \"dark\"\n}\n").expect("its settings");
    let keyway = bare()
        .sqlite()
        .env("HOME", &home.path().display().to_string())
        .env("XDG_CONFIG_HOME", "")
        .env("LLM_USER_PATH", "")
        .prepare();
    let setup = ["client", "setup", "claude-code", "--model", "sandbox/echo", "--write"];
    let diff = keyway.cli(&setup).expect_code(0).stdout;
    assert!(diff.contains("+") && diff.contains("ANTHROPIC_BASE_URL"), "{diff}");
    let text = std::fs::read_to_string(&file).expect("the settings");
    assert!(
        text.contains("dark") && text.contains("http://127.0.0.1:8080") && !text.contains("/v1"),
        "{text}"
    );
    assert_eq!(keyway.cli(&setup).expect_code(0).stdout, "nothing to change\n");
    let codex = ["client", "setup", "codex", "--model", "sandbox/echo", "--write"];
    keyway.cli(&codex).expect_code(0);
    let text = std::fs::read_to_string(home.path().join(".codex/config.toml")).expect("the settings");
    assert!(text.contains("[model_providers.keyway]") && text.contains("KEYWAY_API_KEY"), "{text}");
    for (tool, path, says) in [
        (
            "aider",
            ".aider.conf.yml",
            ["openai-api-base: \"http://127.0.0.1:8080/v1\"", "openai/sandbox/echo"],
        ),
        ("llm", ".config/io.datasette.llm/extra-openai-models.yaml", ["- model_id: keyway", "/v1\""]),
    ] {
        let arguments = ["client", "setup", tool, "--model", "sandbox/echo", "--write"];
        keyway.cli(&arguments).expect_code(0);
        let text = std::fs::read_to_string(home.path().join(path)).expect("the settings");
        assert!(says.iter().all(|said| text.contains(said)), "{text}");
        assert_eq!(keyway.cli(&arguments).expect_code(0).stdout, "nothing to change\n");
    }
    std::fs::write(&file, "not JSON").expect("its settings");
    keyway.cli(&setup).expect_code(1);
    assert_eq!(std::fs::read_to_string(&file).expect("the settings"), "not JSON");
}
