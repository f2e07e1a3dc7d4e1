// Creates a competition with one seat and registers two people for it:
//
//     npm run example                               uses http://localhost:3001, where `make run` serves the demo
//     API_URL=https://… npm run example             uses another server
import { APIError, MiniCompete } from "../src/index.js";

declare const process: { env: Record<string, string | undefined> };

const url = process.env["API_URL"] ?? "http://localhost:3001";
const stamp = Date.now().toString(36);

/** Returns a client for a new account. */
async function newcomer(name: string, role: "ORGANIZER" | "PARTICIPANT"): Promise<MiniCompete> {
  const client = new MiniCompete({ url });
  await client.signUp({ name, email: `${name}-${stamp}@example.com`.toLowerCase(), password: "a short phrase works", role });
  return client;
}

const [olga, petra, quirin] = await Promise.all([
  newcomer("Olga", "ORGANIZER"),
  newcomer("Petra", "PARTICIPANT"),
  newcomer("Quirin", "PARTICIPANT"),
]);

const { id, title } = await olga.request("post", "/api/competitions", {
  body: {
    title: `One seat ${stamp}`,
    description: "Created by the TypeScript client's example.",
    tags: ["example", stamp],
    capacity: 1,
    regDeadline: new Date(Date.now() + 24 * 3600 * 1000).toISOString(),
    waitlist: true,
  },
});

const key = crypto.randomUUID();
const first = await petra.register(id, key);
const again = await petra.register(id, key); // as after a lost response: it's the same registration
console.log(`Petra: ${first.status}, number ${first.seq}, ${again.id === first.id ? "once" : "twice"}`);

const second = await quirin.register(id);
console.log(`Quirin: ${second.status}, place ${second.position} on the waitlist`);

try {
  await quirin.register(id);
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  console.log(`Quirin again: ${error.status} ${error.code}`);
}

await petra.request("delete", "/api/registrations/{id}", { path: { id: first.id } });
const [registration] = await quirin.request("get", "/api/users/me/registrations");
console.log(`Petra cancelled, so Quirin has the seat: ${registration?.status === "PENDING" || registration?.status === "CONFIRMED"}`);

// An edit names the version it's based on, so that nobody's edit is lost.
const { headers } = await olga.send("get", "/api/competitions/{id}", { path: { id } });
const etag = headers.get("ETag") ?? "";
const changed = await olga.request("patch", "/api/competitions/{id}", {
  path: { id },
  headers: { "If-Match": etag },
  body: { title: `${title}, changed` },
});
try {
  await olga.request("patch", "/api/competitions/{id}", { path: { id }, headers: { "If-Match": etag }, body: { title } });
} catch (error) {
  if (!(error instanceof APIError)) throw error;
  console.log(`${changed.title.endsWith("changed") ? "Changed" : "Not changed"}; with the old version: ${error.status} ${error.code}`);
}

const found: string[] = [];
for await (const competition of olga.competitions({ tags: stamp, limit: 1 })) found.push(competition.id);
console.log(`Found by its tag: ${found.length === 1 && found[0] === id}`);
