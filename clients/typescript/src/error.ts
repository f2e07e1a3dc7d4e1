import type { Schemas } from "./types.js";

/** An error response. `code` is stable: compare it instead of the message. */
export class APIError extends Error {
  override readonly name = "APIError";
  readonly status: number;
  readonly code: string;
  /** The invalid fields, if any. */
  readonly fields: readonly Schemas["FieldError"][];
  /** How many seconds to wait before trying again; absent if waiting doesn't help. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Schemas["Problem"]>, retryAfter?: number) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.fields = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Reads the problem from a response that isn't a 2xx. */
  static async of(answer: Response): Promise<APIError> {
    let problem: Partial<Schemas["Problem"]> = {};
    if (answer.headers.get("Content-Type")?.startsWith("application/problem+json")) {
      problem = (await answer.json()) as Schemas["Problem"];
    }
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    return new APIError(answer.status, problem, Number.isNaN(wait) ? undefined : wait);
  }
}
