import type { Schemas } from "./types.js";

/** An answer that is a problem. `code` is stable: compare it, not the words. */
export class APIError extends Error {
  override readonly name = "APIError";
  readonly status: number;
  readonly code: string;
  /** What is wrong with which field; empty unless fields are. */
  readonly fields: readonly Schemas["FieldError"][];
  /** How many seconds to wait before the same request may succeed; absent where waiting doesn't help. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Partial<Schemas["Problem"]>, retryAfter?: number) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.fields = problem.errors ?? [];
    this.retryAfter = retryAfter;
  }

  /** Reads the problem out of an answer that is none of the 200s. */
  static async of(answer: Response): Promise<APIError> {
    let problem: Partial<Schemas["Problem"]> = {};
    if (answer.headers.get("Content-Type")?.startsWith("application/problem+json")) {
      problem = (await answer.json()) as Schemas["Problem"];
    }
    const wait = Number(answer.headers.get("Retry-After") ?? NaN);
    return new APIError(answer.status, problem, Number.isNaN(wait) ? undefined : wait);
  }
}
