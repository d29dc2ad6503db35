// A provider of OpenID Connect that others wrote and certified, for signing in by it: node-oidc-provider. Whoever
// names themselves at its form is let in; what it says of them stands here.
import { pathToFileURL } from "node:url";

export const CLIENT = { id: "keyway", secret: "a secret / with & in it" };

export async function startIdp(modules, port, back) {
  const { default: Provider } = await import(pathToFileURL(modules.resolve("oidc-provider")));
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [back], response_types: ["code"], grant_types: ["authorization_code"] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, name: `${sub} of elsewhere`, email: `${sub}@elsewhere.example`, email_verified: true }) }),
    cookies: { keys: ["of a test"] },
  });
  const server = provider.listen(port, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { issuer, end: () => server.close() };
}
