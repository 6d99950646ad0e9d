import { isAboutAction, type ReadStatement, readStatements } from "./policyStatements";

/**
 * The call that a node makes with its role before it registers, for its private DNS name. If it is denied, the node does not join the cluster.
 *
 * Nodes whose name is their instance's ID do not make it. Of what else a node calls then, nothing is needed that policies of the plugin grant:
 * without `ec2:DescribeInstanceTypes`, only an instance type that the image does not know gets other limits.
 *
 * Sources: awslabs/amazon-eks-ami `nodeadm/internal/api/status.go`, getPrivateDNSName, and `nodeadm/doc/examples.md`; bottlerocket-os/bottlerocket-core-kit
 * `sources/api/pluto/src/ec2.rs`, get_private_dns_name; for AL2 awslabs/amazon-eks-ami `templates/al2/runtime/bin/private-dns-name`
 */
export const BOOT_ACTION = "ec2:DescribeInstances";

/** A policy of a role. */
export interface PolicyRead {
    /** The ARN, or the name of an inline policy. */
    readonly name: string;
    /** Undefined if it could not be read. */
    readonly document: unknown;
}

/** Why policies let no node boot, as clauses. */
export interface BootObstacles {
    /** A Deny, and a permissions boundary: these overrule each policy that allows the call. */
    readonly overruling: readonly string[];
    /** Policies that may allow the call. Empty if one allows it for certain. */
    readonly uncertain: readonly string[];
    /** Whether a policy allows the call for certain. */
    readonly isAllowed: boolean;
}

/** Undefined if a role with these policies lets its nodes boot. Only an Allow on `*` without a condition counts. */
export function bootObstacles(
    policies: readonly PolicyRead[],
    boundary: PolicyRead | undefined,
): BootObstacles | undefined {
    const isAllowed = policies.some(allows);
    const overruling = [
        ...policies.filter(denies).map(({ name }) => `${name} denies it`),
        ...(boundary === undefined
            ? []
            : denies(boundary)
              ? [`the permissions boundary ${boundary.name} denies it`]
              : allows(boundary)
                ? []
                : [`the permissions boundary ${boundary.name} ${uncertainty(boundary)}`]),
    ];
    const uncertain = isAllowed
        ? []
        : policies
              .filter((policy) => policy.document === undefined || mayAllow(policy))
              .map((policy) => `${policy.name} ${uncertainty(policy)}`);
    return isAllowed && overruling.length === 0 ? undefined : { overruling, uncertain, isAllowed };
}

/** The action supports no resources, so only `*` covers it: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
function allows({ document }: PolicyRead): boolean {
    return statementsOf(document).some(
        ({ effect, conditionKeys, exceptResources, resources }) =>
            effect === "Allow" && conditionKeys.length === 0 && !exceptResources && resources.includes("*"),
    );
}

function mayAllow({ document }: PolicyRead): boolean {
    return statementsOf(document).some(({ effect }) => effect === "Allow");
}

function denies({ document }: PolicyRead): boolean {
    return statementsOf(document).some(({ effect }) => effect === "Deny");
}

function uncertainty(policy: PolicyRead): string {
    return policy.document === undefined
        ? "could not be read"
        : mayAllow(policy)
          ? "allows it only under a condition, or only on some resources"
          : "does not allow it";
}

function statementsOf(document: unknown): ReadStatement[] {
    return readStatements(document).filter((statement) => isAboutAction(statement, BOOT_ACTION));
}
