export { MiniCompete, type Answer, type Options } from "./client.js";
export { APIError } from "./error.js";
export type { components, operations, paths } from "./schema.js";
export type { Input, Method, Output, PathWith, Schemas } from "./types.js";
