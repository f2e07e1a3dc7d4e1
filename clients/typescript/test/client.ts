// Prints what the client makes of each kind of response and error. The server is a function.
import { APIError, MiniCompete } from "../src/index.js";

const id = "019b2f00-8a10-7d0a-9b3e-5a1f0c2d4e6f";
let requests: RequestInit[] = [];

/** A client of a server that sends these responses, one after the other, and the last one again and again. */
function client(...responses: (() => Response)[]): MiniCompete {
  requests = [];
  return new MiniCompete({
    url: "http://localhost:3001",
    fetch: async (_, init) => {
      requests.push(init ?? {});
      return (responses.length > 1 ? responses.shift() : responses[0])?.() ?? Response.error();
    },
  });
}

const reply = (status: number, type: string, body: string) => () =>
  new Response(body, { status, headers: { "Content-Type": type } });
const empty = (status: number) => () => new Response(null, { status });
const unavailable = (code: string) => () =>
  new Response(JSON.stringify({ status: 503, code }), {
    status: 503,
    headers: { "Content-Type": "application/problem+json", "Retry-After": "0" },
  });
const created = reply(201, "application/json", JSON.stringify({ id }));
const lost = (): Response => {
  throw new TypeError("the connection broke");
};

const nothing: undefined = await client(empty(204)).request("delete", "/api/users/me/sessions");
const accepted: undefined = await client(empty(202)).request("post", "/api/auth/password/forgot", {
  body: { email: "ada@example.com" },
});
console.log(`No body: ${nothing} ${accepted}`);
const calendar: string = await client(reply(200, "text/calendar", "BEGIN:VCALENDAR")).request(
  "get",
  "/api/competitions/{id}.ics",
  { path: { id } },
);
console.log(`Text: ${calendar}`);
const cover: Blob = await client(reply(200, "image/jpeg", "JFIF")).request("get", "/api/competitions/{id}/cover", { path: { id } });
await client(reply(200, "application/json", "{}")).request("put", "/api/competitions/{id}/cover", { path: { id }, body: cover });
console.log(`Picture: ${cover.type}, sent as it is: ${requests[0]?.body === cover}`);

const competition = { title: "Sprint", capacity: 1, regDeadline: "2099-04-01T12:00:00Z" };

/** Creates a competition, and says how it went. */
async function create(what: string, key: string | undefined, ...responses: (() => Response)[]): Promise<void> {
  const creator = client(...responses, created);
  const headers = key === undefined ? {} : { "Idempotency-Key": key };
  const result = await creator.request("post", "/api/competitions", { headers, body: competition }).then(
    () => "created",
    (error: unknown) => (error instanceof APIError ? error.code : "failed"),
  );
  console.log(`${what}: ${result}, requests: ${requests.length}`);
}

await create("Busy", undefined, unavailable("busy"));
await create("Perhaps created already", undefined, unavailable("timed_out"));
await create("The same with a key", "a-key-of-this-request", unavailable("timed_out"));
await create("Connection lost", undefined, lost);
await create("The same with a key", "a-key-of-this-request", lost);
