/**
 * What the running program did to continue without the live checks. Undefined if it did nothing of the kind, as on a destroy.
 *
 * - `registered`: it registers the component without live checks, and the state already had its annotation. A `pulumi destroy
 *   --run-program` registers it as well.
 * - `annotated`: this update wrote the annotation.
 */
export type TurningOff = "registered" | "annotated";
