import * as pulumi from "@pulumi/pulumi";
import { argumentsError } from "../arguments/problem";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { Shape } from "../shape";
import { autonamingProblems, stackAutonaming } from "./autonaming";
import { connectionProblems } from "./liveConnection";

/**
 * Refuses a stack in which the live checks would look at another cluster or account than the component's own resources, or in
 * which the engine would not keep to the order of the resources.
 *
 * @throws InputPropertiesError that lists every problem.
 */
export function refuseUnsafeStack(
    component: pulumi.ComponentResource,
    name: string,
    args: CniServiceAccountRoleArgs,
    shape: Shape,
): void {
    const problems = [
        ...connectionProblems(component, args),
        ...(shape.role ? autonamingProblems(stackAutonaming()) : []),
    ];
    if (problems.length > 0) {
        throw argumentsError(name, problems);
    }
}
