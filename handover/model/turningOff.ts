/**
 * The note that the program leaves to the live checks of the same run when it turns them off. There is none on a destroy.
 *
 * - `registered`: it registers the component without live checks, and the state already had its annotation. A `pulumi destroy
 *   --run-program` registers it as well.
 * - `annotated`: this update wrote the annotation.
 * - `annotatedExistingRole`: the same, and the program creates no role (`existingRoleArn`).
 */
export type TurningOff = "registered" | "annotated" | "annotatedExistingRole";
