// What the types of the OpenAPI document say about one request: what goes in, and what comes out.
import type { components, paths } from "./schema.js";

/** The API's types by name, such as Schemas["Competition"]. */
export type Schemas = components["schemas"];

export type Method = "get" | "post" | "put" | "patch" | "delete";

/** The paths that support the method. */
export type PathWith<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, object> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends PathWith<M>> = paths[P] extends Record<M, infer O> ? O : never;

type Parameters<O, Place extends "path" | "query" | "header"> = O extends { parameters: infer A }
  ? Place extends keyof A
    ? NonNullable<A[Place]>
    : never
  : never;

// A body that isn't JSON is a picture.
type Body<O> = O extends { requestBody?: infer B }
  ? [NonNullable<B>] extends [never]
    ? never
    : NonNullable<B> extends { content: { "application/json": infer T } }
      ? T
      : Blob
  : never;

// A part that is never asked for is left out; one with nothing required may be, and so may an optional body.
type Part<Name extends string, T, Required = true> = [T] extends [never]
  ? { [N in Name]?: never }
  : Required extends false
    ? { [N in Name]?: T }
    : object extends T
      ? { [N in Name]?: T }
      : { [N in Name]: T };

/** What a request needs in addition to its method and path. */
export type Input<M extends Method, P extends PathWith<M>> = Part<"path", Parameters<Operation<M, P>, "path">> &
  Part<"query", Parameters<Operation<M, P>, "query">> &
  Part<"headers", Parameters<Operation<M, P>, "header">> &
  Part<"body", Body<Operation<M, P>>, Operation<M, P> extends { requestBody: unknown } ? true : false> & {
    /** Aborts the request. */
    signal?: AbortSignal;
  };

/** The arguments after method and path. They're optional if nothing is required. */
export type Rest<T> = object extends T ? [input?: T] : [input: T];

type Content<A> = A extends { content: infer C }
  ? C extends { "application/json": infer T }
    ? T
    : keyof C extends `text/${string}`
      ? string
      : Blob
  : undefined;

type Good<R> = { [S in keyof R]: S extends 200 | 201 | 202 | 204 ? Content<R[S]> : never }[keyof R];

/** The body of a successful response: JSON, text such as a calendar, a Blob such as a cover, or undefined if it has none. */
export type Output<M extends Method, P extends PathWith<M>> =
  Operation<M, P> extends { responses: infer R } ? Good<R> : never;
