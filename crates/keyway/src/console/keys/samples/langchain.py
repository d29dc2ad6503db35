from langchain_openai import ChatOpenAI

model = ChatOpenAI(base_url="{base}/v1", api_key="{key}", model="{model}")
print(model.invoke("Hello").content)
