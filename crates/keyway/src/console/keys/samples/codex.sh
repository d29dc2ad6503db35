# ~/.codex/config.toml
model = "{model}"
model_provider = "keyway"

[model_providers.keyway]
name = "Keyway"
base_url = "{base}/v1"
env_key = "KEYWAY_API_KEY"

# then, in the shell:
# export KEYWAY_API_KEY="{key}"
