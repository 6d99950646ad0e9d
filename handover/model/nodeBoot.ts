import { BOOT_ACTION, type BootObstacles } from "../../documents/nodeBoot";
import { parseRoleArn } from "../../documents/arn";
import { attachCommand } from "./attachCommand";
import { listTexts } from "./listNames";
import type { Subject } from "./subject";

/**
 * That nodes of a role cannot boot, as a sentence.
 *
 * @param policies Those that leave it. Empty if they have left.
 */
export function cannotBootWords(
    roleName: string,
    policies: readonly string[],
    { overruling, uncertain }: BootObstacles,
): string {
    const obstacles = [...overruling, ...uncertain];
    return (
        `${policies.length === 0 ? "Nothing" : `Without ${policies.join(", ")}, nothing`} lets ${roleName} call ${BOOT_ACTION}, which a node needs before it joins` +
        `${obstacles.length === 0 ? "" : ` (${listTexts(obstacles)})`}.`
    );
}

/** The change of the node role with which its nodes boot. */
export function bootFix(
    { overruling, isAllowed }: BootObstacles,
    roleName: string,
    { roleArn }: Pick<Subject, "roleArn">,
): string {
    const { partition = "aws" } = parseRoleArn(roleArn) ?? {};
    const document = JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Action: BOOT_ACTION, Resource: "*" }],
    });
    return [
        ...(overruling.length === 0
            ? []
            : [`Change what overrules it: ${BOOT_ACTION} on * must be allowed there, and not be denied.`]),
        ...(isAllowed
            ? []
            : [
                  `${overruling.length === 0 ? "Run" : "Then run"} ${attachCommand(roleName, `arn:${partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy`)}. ` +
                      `Or allow this call alone: aws iam put-role-policy --role-name ${roleName} --policy-name node-boot --policy-document '${document}'. ` +
                      "If a program manages the role, give it the policy there.",
              ]),
    ].join(" ");
}
