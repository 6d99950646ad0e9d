import type { PassedToService } from "../aws/passRole";
import { roleOfAddOn } from "../model/addOn";
import type { OtherDelivery } from "../model/otherDelivery";
import type { PreflightOptions } from "../model/preflight";
import type { Preflight } from "../model/preflight";
import type { World } from "../model/world";
import { seeingOwnAssociation } from "./associations";
import { look, withOtherDelivery } from "./look";
import { lookAtOtherDelivery } from "./otherDeliveryLook";
import { RunContext } from "./runContext";
import { seeingAddOn } from "./seeingAddOn";
import { withSettingGap } from "./settingGap";

/** Looks at everything that the preflight checks. `issuer` is called only if the service account exists. */
export async function observePreflight(
    context: RunContext,
    options: PreflightOptions,
    issuer: () => Promise<string | undefined>,
): Promise<Preflight> {
    const { subject } = context;
    const { version } = await context.cluster.identity();
    const callerAccount = await context.aws.callerAccount();
    const detaches = options.detachFromNodeRoles.length > 0;
    const seen = await look(seeingOwnAssociation(seeingAddOn(context)), { searchElsewhere: detaches });
    // A preview does not know additional policies, so only the update can tell whether they grant enough.
    const isKnown = options.policyArns !== undefined || !options.additionalPolicies;
    const world = isKnown ? await withSettingGap(context, seen, options.policyArns) : seen;
    const tokenIssuer = world.cluster.serviceAccount === undefined ? undefined : await issuer();
    const otherDelivery = await lookAtOtherDelivery(context, world.account, () =>
        Promise.resolve(tokenIssuer ?? subject.issuers[0]),
    );
    if (!detaches) {
        unreadLines(otherDelivery).forEach((line) => context.progress(line));
    }
    const rolesNotPassed = await notPassed(context, world);
    const ofPodIdentity =
        subject.delivery === "podIdentity" ? await lookForPodIdentity(context, world, otherDelivery) : {};
    return {
        subject,
        ...(rolesNotPassed.length === 0 ? {} : { rolesNotPassed }),
        ...ofPodIdentity,
        world: detaches ? withOtherDelivery(world, otherDelivery) : world,
        clusterVersion: version,
        callerAccount,
        otherDelivery,
        tokenIssuer,
        overrideExistingServiceAccount: options.overrideExistingServiceAccount,
        detachFromNodeRoles: options.detachFromNodeRoles,
        injectionGuard: options.injectionGuard,
        additionalPolicies: options.additionalPolicies,
        environment: process.env,
    };
}

/** The rights of the agents on the nodes, and the platform version of the cluster. */
async function lookForPodIdentity(
    { aws, subject, roleNames }: RunContext,
    { account }: World,
    { clusterName }: OtherDelivery,
): Promise<Pick<Preflight, "agentRights" | "platformVersion">> {
    const ofNodes = Object.values(account.roleOfInstance).filter((role) => role !== undefined);
    // No canary tests a role without nodes, and its next node needs the right.
    const roles = [...new Set([...ofNodes, ...roleNames])];
    const [agentRights, cluster] = await Promise.all([
        aws.agentRights(roles, subject.clusterArn ?? ""),
        clusterName === undefined ? undefined : aws.namedCluster(clusterName),
    ]);
    const platformVersion = cluster?.is === "there" ? cluster.platformVersion : undefined;
    return { agentRights, ...(platformVersion === undefined ? {} : { platformVersion }) };
}

/**
 * The roles that the add-on or the association would get, and its own of before, which it gets back if the pods cannot use the new one, or in the
 * hand-back. IAM is asked before anything moves: later, a refused request would leave the add-on without its role, or the association with the wrong one.
 */
async function notPassed({ subject, aws }: RunContext, { account }: World): Promise<string[]> {
    const to = passing(subject, account);
    const roleArns = [...new Set([subject.roleArn, ...(to?.formerRoleArns ?? [])])];
    const answers = to === undefined ? [] : await Promise.all(roleArns.map((arn) => aws.mayPassRole(arn, to.service)));
    return roleArns.filter((_, i) => answers[i] === "denied");
}

function passing(
    { delivery }: RunContext["subject"],
    { addOn, associations }: World["account"],
): { readonly service: PassedToService; readonly formerRoleArns: readonly string[] } | undefined {
    switch (delivery) {
        case "eksAddon":
            return { service: "eks.amazonaws.com", formerRoleArns: [roleOfAddOn(addOn) ?? []].flat() };
        case "podIdentity": {
            const seen = associations?.is === "seen" ? associations.associations : [];
            const own = seen.filter(({ ownerArn }) => ownerArn === undefined);
            return { service: "pods.eks.amazonaws.com", formerRoleArns: own.map(({ roleArn }) => roleArn) };
        }
        default:
            return undefined;
    }
}

/** The lines of a run that detaches nothing, and so goes on, about other deliveries that it could not read. */
function unreadLines({ clusterNameUnknown, unread }: OtherDelivery): string[] {
    return [
        ...(clusterNameUnknown === undefined
            ? []
            : [`${clusterNameUnknown} So the add-on vpc-cni and the Pod Identity associations are not looked at.`]),
        ...unread.map(({ why }) => why),
    ];
}
