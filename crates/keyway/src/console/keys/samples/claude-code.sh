export ANTHROPIC_BASE_URL="{base}"
export ANTHROPIC_AUTH_TOKEN="{key}"
export ANTHROPIC_MODEL="{model}"
claude
