// The program under test: a webhook app that turns calls away outside its opening hours and says so in the chat.
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";

export async function startApp({ graph, token, secret, verifyToken, isOpen }) {
  const app = createServer(async (request, response) => {
    const url = new URL(request.url, "http://app");
    if (request.method === "GET") {
      const good = url.searchParams.get("hub.verify_token") === verifyToken;
      return response.writeHead(good ? 200 : 403).end(good ? url.searchParams.get("hub.challenge") : "");
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const expected = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const given = String(request.headers["x-hub-signature-256"]);
    if (given.length !== expected.length || !timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return response.writeHead(401).end();
    const { value } = JSON.parse(body).entry[0].changes[0];
    for (const call of value.calls ?? []) {
      if (call.event === "connect" && !isOpen()) await turnAway(value.metadata.phone_number_id, call);
    }
    response.writeHead(200).end();
  });
  const post = (path, json) =>
    fetch(`${graph}/${path}`, { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(json) });
  const turnAway = (number, call) => post(`${number}/calls`, { messaging_product: "whatsapp", call_id: call.id, action: "reject" });
  app.listen(0, "127.0.0.1");
  await once(app, "listening");
  return { url: `http://127.0.0.1:${app.address().port}/`, stop: () => new Promise((done) => { app.closeAllConnections(); app.close(done); }) };
}
