import type { Subject } from "../model/subject";
import type { World } from "../model/world";
import { isAppliedByAddOn, isOwner } from "./delivery";
import { type Finding, tellAll } from "./driftFindings";

/** How the managed add-on differs from how the last update left it. Undefined if it does not, or if EKS does not say it. */
export function addOnDrift(subject: Subject, world: Pick<World, "cluster" | "account">): string | undefined {
    return tellAll([...roleFindings(subject, world), ...ownerFindings(subject, world)]);
}

function roleFindings({ roleArn }: Subject, { account: { addOn } }: Pick<World, "account">): Finding[] {
    if (addOn?.is === "missing") {
        const seen =
            `The cluster ${addOn.clusterName} has no managed add-on vpc-cni any more. ` +
            `Create it again with serviceAccountRoleArn: "${roleArn}", or remove delivery: "eksAddon".`;
        return [{ seen }];
    }
    if (addOn?.is !== "there" || addOn.roleArn === roleArn) {
        return [];
    }
    const has = addOn.roleArn === undefined ? "no role any more" : `the role ${addOn.roleArn} instead of ${roleArn}`;
    const seen =
        `The managed add-on vpc-cni has ${has}. A tool that manages the add-on without stating this role takes it away with each update. ` +
        `State the role there (in an aws.eks.Addon: serviceAccountRoleArn: "${roleArn}").`;
    return [addOn.roleArn === undefined ? { seen, mends: "gives the add-on the role again" } : { seen }];
}

/** An update to another role that did not finish has made the component a second owner. */
function ownerFindings(
    subject: Subject,
    { cluster, account: { addOn } }: Pick<World, "cluster" | "account">,
): Finding[] {
    const isShared = addOn?.is === "there" && addOn.roleArn === subject.roleArn && isAppliedByAddOn(cluster);
    return isShared && isOwner(subject, cluster)
        ? [
              {
                  seen: "The component still owns the role annotation, together with the managed add-on.",
                  mends: "leaves the annotation to the add-on",
              },
          ]
        : [];
}
