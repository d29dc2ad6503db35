# extra-openai-models.yaml, in the folder of `llm logs path`:
# - model_id: keyway
#   model_name: "{model}"
#   api_base: "{base}/v1"
#   api_key_name: keyway

llm keys set keyway
llm -m keyway "Hello"
