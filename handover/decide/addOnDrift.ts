import type { AddOnSeen } from "../model/addOn";
import type { Subject } from "../model/subject";
import { tellAll } from "./driftFindings";

/** How the managed add-on differs from what the last update has told it. Undefined if it does not, or if EKS does not say it. */
export function addOnDrift({ roleArn }: Pick<Subject, "roleArn">, addOn: AddOnSeen | undefined): string | undefined {
    if (addOn?.is === "missing") {
        return tellAll([
            {
                seen: `The cluster ${addOn.clusterName} has no managed add-on vpc-cni any more. Create it again, or remove delivery: "eksAddon".`,
            },
        ]);
    }
    if (addOn?.is !== "there" || addOn.roleArn === roleArn) {
        return undefined;
    }
    const has = addOn.roleArn === undefined ? "no role any more" : `the role ${addOn.roleArn} instead of ${roleArn}`;
    const stated = `An aws.eks.Addon that does not state the role takes it away with each of its updates: add serviceAccountRoleArn: "${roleArn}" there.`;
    return tellAll([
        addOn.roleArn === undefined
            ? { seen: `The managed add-on vpc-cni has ${has}. ${stated}`, mends: "tells the add-on the role again" }
            : { seen: `The managed add-on vpc-cni has ${has}. ${stated}` },
    ]);
}
