import { APIError } from "./error.js";
import type { Input, Method, Output, PathWith, Rest, Schemas } from "./types.js";

export interface Options {
  /** The base URL of the API, without /api, such as https://compete.example.com. */
  url: string;
  /** The token to send with requests. logIn and signUp set it. */
  token?: string;
  /** How many times to retry when the server is busy or, if the request is safe to repeat, unreachable. Defaults to 3. */
  retries?: number;
  /** A replacement for the global fetch. */
  fetch?: typeof fetch;
}

/** A response: its body and its headers. */
export interface Answer<T> {
  data: T;
  headers: Headers;
}

/** A client for every route of the API. request() knows their parameters and responses. The other methods cover common tasks. */
export class MiniCompete {
  token: string | undefined;
  readonly #url: string;
  readonly #retries: number;
  readonly #fetch: typeof fetch;

  constructor(options: Options) {
    this.#url = options.url.replace(/\/$/, "");
    this.token = options.token;
    this.#retries = options.retries ?? 3;
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
  }

  /** Sends a request. Throws an APIError if it fails. */
  async request<M extends Method, P extends PathWith<M>>(
    method: M,
    path: P,
    ...rest: Rest<Input<M, P>>
  ): Promise<Output<M, P>> {
    return (await this.send(method, path, ...rest)).data;
  }

  /** Like request, but also returns the response headers: ETag, Link, Idempotency-Replayed. */
  async send<M extends Method, P extends PathWith<M>>(
    method: M,
    path: P,
    ...rest: Rest<Input<M, P>>
  ): Promise<Answer<Output<M, P>>> {
    const input: Loose = rest[0] ?? {};
    const url = new URL(this.#url + path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input.path?.[name]))));
    for (const [name, value] of Object.entries(input.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const answer = await this.#retried(method, url, input);
    return { data: (await content(answer)) as Output<M, P>, headers: answer.headers };
  }

  async signUp(body: Schemas["SignUpRequest"]): Promise<Schemas["User"]> {
    return this.#remember(await this.request("post", "/api/auth/signup", { body }));
  }

  /** Fails with the code second_factor_required if the account has a second factor and there's no code. */
  async logIn(email: string, password: string, code?: string): Promise<Schemas["User"]> {
    const body = code === undefined ? { email, password } : { email, password, code };
    return this.#remember(await this.request("post", "/api/auth/login", { body }));
  }

  /** Shows once more who the user is, for what takes a token that's at most 15 minutes old. */
  async confirm(password: string, code?: string): Promise<Schemas["User"]> {
    const body = code === undefined ? { password } : { password, code };
    return this.#remember(await this.request("post", "/api/auth/confirm", { body }));
  }

  /**
   * Registers the user. It's safe to call again with the same key and entry, even after an error: you never get more than one
   * registration. Without an entry, what the user prepared counts.
   */
  async register(
    competition: string,
    key: string = crypto.randomUUID(),
    entry: Schemas["RegisterRequest"] = {},
  ): Promise<Schemas["Registration"]> {
    return this.request("post", "/api/competitions/{id}/register", {
      path: { id: competition },
      headers: { "Idempotency-Key": key },
      body: entry,
    });
  }

  /** All matching competitions. Fetches further pages as needed. */
  async *competitions(query: NonNullable<Input<"get", "/api/competitions">["query"]> = {}): AsyncGenerator<Schemas["Competition"]> {
    for (let cursor = query.cursor; ; ) {
      const page = await this.send("get", "/api/competitions", { query: cursor === undefined ? query : { ...query, cursor } });
      yield* page.data;
      const next = /<([^>]+)>;\s*rel="next"/.exec(page.headers.get("Link") ?? "")?.[1];
      if (next === undefined) return;
      cursor = new URL(next, this.#url).searchParams.get("cursor") ?? undefined;
    }
  }

  #remember(login: Schemas["Login"]): Schemas["User"] {
    this.token = login.token;
    return login.user;
  }

  async #retried(method: Method, url: URL, input: Loose): Promise<Response> {
    const headers = new Headers({ Accept: "application/json" });
    for (const [name, value] of Object.entries(input.headers ?? {})) {
      if (value !== undefined) headers.set(name, String(value));
    }
    if (this.token !== undefined) headers.set("Authorization", `Bearer ${this.token}`);
    const init: RequestInit = { method: method.toUpperCase(), headers };
    if (input.signal !== undefined) init.signal = input.signal;
    if (input.body instanceof Blob) {
      init.body = input.body;
    } else if (input.body !== undefined) {
      headers.set("Content-Type", "application/json");
      init.body = JSON.stringify(input.body);
    }
    const harmless = !["post", "patch"].includes(method) || headers.has("Idempotency-Key");
    for (let left = this.#retries; ; left--) {
      let wait = 1;
      try {
        const answer = await this.#fetch(url, init);
        if (answer.ok) return answer;
        const problem = await APIError.of(answer);
        const refused = harmless || ["busy", "stopping"].includes(problem.code); // otherwise it may have taken effect
        if (left === 0 || problem.status !== 503 || problem.retryAfter === undefined || !refused) throw problem;
        wait = problem.retryAfter;
      } catch (error) {
        // A connection that broke: nobody knows whether the request was taken.
        if (error instanceof APIError || left === 0 || !harmless || input.signal?.aborted) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    }
  }
}

/** Reads the body of a response, if it has one. */
async function content(answer: Response): Promise<unknown> {
  const type = answer.headers.get("Content-Type");
  if (type === null) return undefined;
  if (type.startsWith("application/json")) return answer.json();
  return type.startsWith("text/") ? answer.text() : answer.blob();
}

/** An Input that isn't tied to a route. */
interface Loose {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  headers?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}
