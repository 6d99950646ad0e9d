import * as pulumi from "@pulumi/pulumi";
import { argumentsError } from "../arguments/problem";
import { CniServiceAccountRoleArgs } from "../cniServiceAccountRoleArgs";
import { Shape } from "../shape";
import { autonamingProblems, stackAutonaming } from "./autonaming";
import { connectionProblems } from "./liveConnection";

/**
 * Throws if the live checks could connect to another cluster or account than the component's own resources, or if the engine
 * would delete a resource before its replacement exists.
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
