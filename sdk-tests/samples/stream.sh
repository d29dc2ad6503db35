# A stream, as a unified gateway's documentation shows it.
set -euo pipefail
curl --fail-with-body -sSN "$BASE_URL/openai/v1/chat/completions" \
  -H "Authorization: Bearer $KEY" \
  -H "Content-Type: application/json" \
  -d '{"model": "mine/small", "messages": [{"role": "user", "content": "Hello!"}], "stream": true}'
