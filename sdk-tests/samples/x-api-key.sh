# The key in the other header that clients use.
set -euo pipefail
curl --fail-with-body -sS "$BASE_URL/v1/chat/completions" \
  -H "x-api-key: $KEY" -H "content-type: application/json" \
  -d '{"model": "small", "messages": [{"role": "user", "content": "Hello!"}]}'
